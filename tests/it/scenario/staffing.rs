//! Breaks, nights and counts over time, by numbers worked out by hand.

use std::path::Path;

use busyhour::center::rules::ShiftEnd;
use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::plan::{Headcount, Plan};
use busyhour::scenario::read_text;
use busyhour::time::{Span, Time};

fn staffed(calendar: &str, agents: &str) -> Plan {
    let text = format!(
        "[calendar]\ntime_zone = \"Europe/Madrid\"\n{calendar}\n[arrivals]\nrate = \"60 per hour\"
         [run]\ndrain_limit = \"6h\"\n[agents]\nconcurrency = 1\nreply = \"constant(9s)\"\n{agents}"
    );
    read_text("x", &text, Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// Hours since the start.
fn hours(at: Time) -> f64 {
    at.0 as f64 / 3.6e12
}

/// Who, from when, until when.
fn shifts(plan: &Plan) -> Vec<(u32, f64, f64)> {
    let shifts = plan.shifts.iter();
    shifts
        .map(|shift| (shift.agent, hours(shift.from), hours(shift.until)))
        .collect()
}

/// A break after midnight makes two of the night, on the short and on the long one too; it lasts its
/// time on the wall. The day's line bridges it.
#[test]
fn a_break_parts_a_shift() {
    let roster = r#"roster = [
        { days = "fri-sat", shift = "22:00-06:00", agents = 1, breaks = [
            { at = "04:00", for = "15m" }, { at = "01:30", for = "1h" } ] },
        { days = "mon-sun", shift = "00:00-24:00", agents = 1 },
    ]"#;
    let night = |start: &str| {
        let plan = staffed(&format!("start = {start}\nhorizon = \"2d\""), roster);
        assert!(
            plan.shifts
                .iter()
                .all(|shift| shift.end == ShiftEnd::Finish)
        );
        let first: Vec<_> = shifts(&plan)
            .into_iter()
            .filter(|shift| shift.0 == 0)
            .collect();
        first
    };
    // Friday's night from the start to 06:00; Saturday's from 22:00: 3.5 h, a break, and the rest.
    let before = [(0, 0.0, 1.5), (0, 2.5, 4.0), (0, 4.25, 6.0)];
    let after = |parts: [(f64, f64); 3]| -> Vec<(u32, f64, f64)> {
        let parts = parts.map(|(from, until)| (0, from, until));
        before.into_iter().chain(parts).collect()
    };
    assert_eq!(
        night("2026-03-21"),
        after([(22.0, 25.5), (26.5, 28.0), (28.25, 30.0)])
    );
    // From 01:30 an hour to 03:30 by the clock; 04:00 is 27 hours after Saturday's midnight.
    assert_eq!(
        night("2026-03-28"),
        after([(22.0, 25.5), (26.5, 27.0), (27.25, 29.0)])
    );
    // From 01:30 an hour to the first 02:30; 04:00 is 29 hours after.
    assert_eq!(
        night("2026-10-24"),
        after([(22.0, 25.5), (26.5, 29.0), (29.25, 31.0)])
    );
}

/// Shifts of one agent that touch are one, over midnights and holidays and where the clocks change.
#[test]
fn shifts_that_touch_are_one() {
    let roster = r#"roster = [
        { days = "mon-sun", shift = "00:00-24:00", agents = 1 },
        { days = "sat-sun", shift = "20:00-20:00", agents = 1 },
    ]"#
    .replace("20:00-20:00", "20:00-19:00");
    let plan = staffed("start = 2026-03-27\nhorizon = \"3d\"", &roster);
    // Monday's day goes on beyond the drain; the second line pauses for an hour a day.
    assert_eq!(
        shifts(&plan),
        [(0, 0.0, 95.0), (1, 44.0, 66.0), (1, 67.0, 90.0)]
    );
}

#[test]
fn a_count_over_time_has_no_shifts() {
    // From 08:00 on, hour by hour; the last holds on in the drain.
    let plan = staffed(
        "start = 2026-11-23T08:00:00\nhorizon = \"5h\"",
        "count = { every = \"1h\", values = [2, 2, 1, 7, 3] }",
    );
    let count = |hour: u64, agents| Headcount {
        at: Time::ZERO + Span::from_secs(3_600) * hour,
        agents,
    };
    assert_eq!(
        plan.headcounts,
        [count(0, 2), count(2, 1), count(3, 7), count(4, 3)]
    );
    assert_eq!((plan.team, plan.shifts.len()), (7, 0));
    let staff = Outlook::of(&plan).staff;
    assert_eq!((staff.least, staff.greatest, staff.mean), (1, 7, 3.0));
}

/// Numbers of a whole day hold from midnight on, every day, in the drain too; they go by the clock.
#[test]
fn the_numbers_of_a_day_hold_on_every_day() {
    let day = "count = { every = \"8h\", values = [1, 5, 3] }";
    let counts = |start: &str| {
        let plan = staffed(&format!("start = {start}\nhorizon = \"1d\""), day);
        let counts = plan
            .headcounts
            .iter()
            .map(|count| (hours(count.at), count.agents));
        counts.collect::<Vec<_>>()
    };
    assert_eq!(
        counts("2026-11-23T10:00:00"),
        [(0.0, 5), (6.0, 3), (14.0, 1), (22.0, 5), (30.0, 3)]
    );
    // The short day, and the long one.
    assert_eq!(
        counts("2026-03-29"),
        [(0.0, 1), (7.0, 5), (15.0, 3), (23.0, 1)]
    );
    assert_eq!(
        counts("2026-10-25"),
        [(0.0, 1), (9.0, 5), (17.0, 3), (25.0, 1), (33.0, 5)][..4]
    );
}

/// A list from the start on goes by the clock as well: what is skipped is skipped, what is repeated
/// holds twice. So two days are 48 numbers, whatever the clocks do.
#[test]
fn a_list_skips_and_repeats_with_the_clocks() {
    let values: Vec<String> = (0..48).map(|hour| (hour + 1).to_string()).collect();
    let list = format!(
        "count = {{ every = \"1h\", values = [{}] }}",
        values.join(", ")
    );
    let after = |start: &str, hour: u64| {
        let plan = staffed(&format!("start = {start}\nhorizon = \"2d\""), &list);
        let at = Time::ZERO + Span::from_secs(3_600) * hour;
        let there = plan.headcounts.partition_point(|count| count.at <= at);
        plan.headcounts[there - 1].agents
    };
    // Saturday's 25 hours of the clock, then 02:00 is 03:00.
    let spring = [24, 25, 26, 27, 46].map(|hour| after("2026-03-28", hour));
    assert_eq!(spring, [25, 26, 28, 29, 48]);
    let autumn = [25, 26, 27, 28, 48].map(|hour| after("2026-10-24", hour));
    assert_eq!(autumn, [26, 27, 27, 28, 48]);
}
