//! Days on which the clocks change, by numbers worked out by hand.

use std::path::Path;

use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::plan::Plan;
use busyhour::time::{Span, Time};

use super::{plan, refused};

const HOUR: Span = Span::from_secs(3_600);

/// Hours of each day, and the chats expected on it.
fn days(zone: &str, start: &str, arrivals: &str) -> Vec<(f64, f64)> {
    let plan = plan(&format!(
        "[calendar]\ntime_zone = \"{zone}\"\nstart = {start}\nhorizon = \"3d\"\n[arrivals]\n{arrivals}"
    ));
    let starts = &plan.outline.days;
    let ends = starts.iter().skip(1).copied().chain([plan.outline.horizon]);
    let length = |(from, until): (&Time, Time)| until.since(*from).as_secs_f64() / 3_600.0;
    let arrived = Outlook::of(&plan).days.into_iter().map(|day| day.arrived);
    let rounded = |chats: f64| (chats * 1e6).round() / 1e6;
    starts
        .iter()
        .zip(ends)
        .map(length)
        .zip(arrived.map(rounded))
        .collect()
}

/// The day in the middle is the one on which the clocks change.
#[test]
fn days_are_as_long_as_the_clocks_make_them() {
    let rate = "rate = \"100 per hour\"";
    for (zone, start, hours) in [
        ("Europe/Madrid", "2026-03-28", 23.0),
        ("Europe/Madrid", "2026-10-24", 25.0),
        ("America/New_York", "2026-03-07", 23.0),
        ("America/New_York", "2026-10-31", 25.0),
        // Half an hour, at two o'clock.
        ("Australia/Lord_Howe", "2026-10-03", 23.5),
        ("Australia/Lord_Howe", "2026-04-04", 24.5),
        // At midnight: to 01:00, and back to 23:00 of the day before.
        ("America/Sao_Paulo", "2018-11-03", 23.0),
        ("America/Sao_Paulo", "2018-02-16", 25.0),
        ("Africa/Cairo", "2024-04-25", 23.0),
        ("Africa/Cairo", "2024-10-30", 25.0),
        ("Asia/Beirut", "2026-03-28", 23.0),
        ("Asia/Beirut", "2026-10-23", 25.0),
    ] {
        let exact = [(24.0, 2_400.0), (hours, 100.0 * hours), (24.0, 2_400.0)];
        assert_eq!(days(zone, start, rate), exact, "{zone} {start}");
    }
}

/// 10 in the hour from 01:00, 20 from 02:00, 5 from 23:00. Lord Howe skips 02:00 to 02:30 and
/// repeats 01:30 to 02:00; New York and Madrid an hour from 02:00, from 01:00 and from 02:00; Cairo
/// skips midnight to 01:00 and repeats 23:00 to midnight.
#[test]
fn curves_lose_what_is_skipped_and_repeat_what_is_repeated() {
    let curve = "rate = \"1 per hour\"
        intraday = { from = \"01:00\", every = \"1h\", weights = [10, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5] }";
    for (zone, start, chats) in [
        ("Australia/Lord_Howe", "2026-10-03", 10.0 + 10.0 + 5.0),
        ("Australia/Lord_Howe", "2026-04-04", 10.0 + 5.0 + 20.0 + 5.0),
        ("America/New_York", "2026-03-07", 10.0 + 5.0),
        ("America/New_York", "2026-10-31", 10.0 + 10.0 + 20.0 + 5.0),
        ("Europe/Madrid", "2026-10-24", 10.0 + 20.0 + 20.0 + 5.0),
        ("Africa/Cairo", "2024-04-25", 10.0 + 20.0 + 5.0),
        ("Africa/Cairo", "2024-10-30", 10.0 + 20.0 + 5.0 + 5.0),
    ] {
        let found: Vec<f64> = days(zone, start, curve)
            .into_iter()
            .map(|day| day.1)
            .collect();
        assert_eq!(found, [35.0, chats, 35.0], "{zone} {start}");
    }
}

/// Shifts and opening hours of a Saturday to Monday, in hours since Saturday's midnight.
fn team(zone: &str, start: &str, roster: &str, opening: &str) -> [Vec<(f64, f64)>; 2] {
    let text = format!(
        "[calendar]\ntime_zone = \"{zone}\"\nstart = {start}\nhorizon = \"2d\"\n{opening}
         [arrivals]\nrate = \"1 per hour\"\nintraday = {{ every = \"12h\", from = \"12:00\", weights = [1] }}
         [run]\ndrain_limit = \"0s\"
         [agents]\nconcurrency = 1\nreply = \"constant(9s)\"
         roster = [{roster}, {{ days = \"mon-sun\", shift = \"12:00-24:00\", agents = 1 }}]"
    );
    let plan = busyhour::scenario::read_text("x", &text, Path::new(""), &[]);
    let plan: Plan = plan.unwrap_or_else(|error| panic!("{error}"));
    let hours = |from: Time, until: Time| (from.0 as f64 / 3.6e12, until.0 as f64 / 3.6e12);
    let last = plan.team - 1;
    let shifts = plan.shifts.iter().filter(|shift| shift.agent != last);
    let open = plan
        .open
        .iter()
        .map(|period| hours(period.from, period.until));
    let shifts = shifts.map(|shift| hours(shift.from, shift.until));
    [shifts.collect(), open.collect()]
}

/// An edge that is skipped is where the clocks go on; one that comes twice is its first coming.
#[test]
fn edges_of_shifts_and_hours_move_to_where_the_clocks_go_on() {
    let line = |shift: &str| format!("{{ days = \"sat-sun\", shift = \"{shift}\", agents = 1 }}");
    let madrid = |start, shift: &str| team("Europe/Madrid", start, &line(shift), "")[0].clone();
    // Saturday's night shift ends at 02:00, when it is 03:00; it leaves as the next ones come.
    assert_eq!(
        madrid("2026-03-28", "22:00-02:30"),
        [(0.0, 2.5), (22.0, 26.0), (45.0, 49.5)][1..]
    );
    assert_eq!(
        madrid("2026-03-28", "02:30-10:00"),
        [(2.5, 10.0), (26.0, 33.0)]
    );
    assert_eq!(madrid("2026-03-28", "02:15-02:45"), [(2.25, 2.75)]);
    // In autumn the first 02:30 is the one that is meant.
    assert_eq!(madrid("2026-10-24", "22:00-02:30")[0], (22.0, 26.5));
    assert_eq!(
        madrid("2026-10-24", "02:30-10:00"),
        [(2.5, 10.0), (26.5, 35.0)]
    );
    // Midnight is skipped: the shift that ends there meets the one that begins there.
    let cairo = |shift: &str| {
        team(
            "Africa/Cairo",
            "2024-04-25",
            &line(shift).replace("sat-sun", "thu-fri"),
            "",
        )[0]
        .clone()
    };
    assert_eq!(cairo("20:00-24:00"), [(20.0, 24.0), (43.0, 47.0)]);
    assert_eq!(cairo("00:00-08:00"), [(0.0, 8.0), (24.0, 31.0)]);
    assert_eq!(cairo("22:00-00:30"), [(22.0, 24.0), (45.0, 47.5)]);
    // Hours that only the gap parts are one.
    let opening = "opening_hours = { mon-sun = \"00:00-02:30, 02:45-05:00, 12:00-24:00\" }";
    let open = team("Europe/Madrid", "2026-03-28", &line("00:00-05:00"), opening)[1].clone();
    assert_eq!(open, [(0.0, 2.5), (2.75, 5.0), (12.0, 28.0), (35.0, 47.0)]);
}

/// A start that comes twice is the first, or what its offset says.
#[test]
fn a_start_that_comes_twice_is_the_first_or_what_its_offset_says() {
    let chats = |start: &str| {
        let text = format!(
            "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = {start}\nhorizon = \"2h\"
             [arrivals]\nrate = \"1 per hour\"\nintraday = {{ every = \"1h\", weights = [0, 0, 20, 40, 80] }}"
        );
        let plan = plan(&text);
        let begin = plan.calendar.start().timestamp().to_string();
        (begin, plan.arrivals.expected().round())
    };
    let first = ("2026-10-25T00:30:00Z".to_string(), 10.0 + 20.0 + 20.0);
    let second = ("2026-10-25T01:30:00Z".to_string(), 10.0 + 40.0 + 40.0);
    assert_eq!(chats("2026-10-25T02:30:00"), first);
    assert_eq!(chats("2026-10-25T02:30:00+02:00"), first);
    assert_eq!(chats("2026-10-25T02:30:00+01:00"), second);
    let wrong = refused(
        "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = 2026-10-25T02:30:00Z\nhorizon = \"2h\"
         [arrivals]\nrate = \"1 per hour\"\n[agents]\ncount = 1\nconcurrency = 1\nreply = \"constant(9s)\"",
        &[],
    );
    assert!(
        wrong.contains("Europe/Madrid has +02 or +01 then"),
        "{wrong}"
    );
}

/// A surge at a time that comes twice: 60 an hour more from the first or the second 02:30 on.
#[test]
fn a_surge_may_choose_which_half_past_two_it_means() {
    let chats = |at: &str| {
        let plan = plan(&format!(
            "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = 2026-10-25\nhorizon = \"3h\"
             [arrivals]\nrate = \"60 per hour\"\nsurges = [{{ at = {at}, factor = 2, hold = \"1h\" }}]"
        ));
        plan.arrivals.expected().round()
    };
    // Three hours after midnight it is 02:00 for the second time.
    assert_eq!(HOUR * 3, Span::from_secs(10_800));
    assert_eq!(chats("2026-10-25T02:30:00"), 180.0 + 30.0);
    assert_eq!(chats("2026-10-25T02:30:00+01:00"), 180.0);
}

/// Days end at an edge: the horizon ends where the clocks go on, or at the first of two comings.
#[test]
fn a_horizon_in_days_ends_at_an_edge() {
    let hours = |zone: &str, start: &str, horizon: &str| {
        let plan = plan(&format!(
            "[calendar]\ntime_zone = \"{zone}\"\nstart = {start}\nhorizon = \"{horizon}\"
             [arrivals]\nrate = \"1 per hour\""
        ));
        plan.outline.horizon.0 as f64 / 3.6e12
    };
    let madrid = |start, horizon| hours("Europe/Madrid", start, horizon);
    // 02:30 is skipped: the clocks go on at 02:00, which is 03:00.
    assert_eq!(madrid("2026-03-28T02:30:00", "1d"), 23.5);
    assert_eq!(madrid("2026-03-22T02:30:00", "1w"), 7.0 * 24.0 - 0.5);
    assert_eq!(madrid("2026-03-28T02:30:00", "1d12h"), 23.5 + 12.0);
    assert_eq!(madrid("2026-03-28T01:30:00", "1d"), 24.0);
    assert_eq!(madrid("2026-03-28T03:30:00", "1d"), 23.0);
    // 02:30 comes twice: the first ends the day, also of who began at a second one.
    assert_eq!(madrid("2026-10-24T02:30:00", "1d"), 24.0);
    assert_eq!(madrid("2026-10-24T03:30:00", "1d"), 25.0);
    assert_eq!(madrid("2026-10-25T02:30:00+01:00", "1d"), 24.0);
    assert_eq!(madrid("2026-10-25T02:30:00+01:00", "90m"), 1.5);
    // Lord Howe skips half an hour, and Apia a whole day.
    let howe = "Australia/Lord_Howe";
    assert_eq!(hours(howe, "2026-10-03T02:15:00", "1d"), 23.75);
    assert_eq!(hours("Pacific/Apia", "2011-12-29T05:00:00", "1d"), 19.0);
}

/// On the long day the clock has shown 03:00 before it shows 02:00 again, where the horizon ends.
#[test]
fn a_count_reaches_all_that_the_clock_shows_before_the_horizon() {
    let text = |horizon: &str, values: &str| {
        format!(
            "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = 2026-10-25\nhorizon = \"{horizon}\"
             [arrivals]\nrate = \"1 per hour\"\n[run]\ndrain_limit = \"2h\"\n[agents]
             concurrency = 1\nreply = \"constant(9s)\"\ncount = {{ every = \"30m\", values = [{values}] }}"
        )
    };
    let counts = |horizon: &str, values: &str| {
        let plan = busyhour::scenario::read_text("x", &text(horizon, values), Path::new(""), &[]);
        let counts = plan.unwrap_or_else(|error| panic!("{error}")).headcounts;
        let minutes = counts
            .iter()
            .map(|count| (count.at.as_secs_f64() / 60.0, count.agents));
        minutes.collect::<Vec<_>>()
    };
    // It ends at 02:00 for the second time, as the clocks are put back, and at 02:30.
    for horizon in ["3h", "3h30m"] {
        let short = refused(&text(horizon, "1, 2, 3, 4, 5"), &[]);
        assert!(
            short.contains("`count` has 5 values, the horizon needs 6"),
            "{short}"
        );
    }
    let first: Vec<(f64, u32)> = (0..6).map(|n| (30.0 * f64::from(n), n + 1)).collect();
    // 02:00 and 02:30 come again; what comes after the last value is the last.
    let again = [(180.0, 5), (210.0, 6)];
    let all = [first, again.to_vec()].concat();
    assert_eq!(counts("3h", "1, 2, 3, 4, 5, 6"), all);
    assert_eq!(counts("3h30m", "1, 2, 3, 4, 5, 6"), all);
    // Where it ends before 03:00 is shown less is enough.
    let short = counts("2h30m", "1, 2, 3, 4, 5");
    assert_eq!(short[..5], all[..5]);
}
