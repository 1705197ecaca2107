//! What calendar and curves resolve to: expected chats, days, hours and shifts.

use busyhour::center::rules::ShiftEnd;
use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::outlook::flow::Flow;
use busyhour::scenario::plan::{Period, Plan, Shift};
use busyhour::time::{Span, Time};

use super::plan;

const HOUR: Span = Span::from_secs(3_600);

/// Expected chats by local day.
fn by_day(plan: &Plan) -> Vec<f64> {
    Outlook::of(plan)
        .days
        .iter()
        .map(|day| day.arrived)
        .collect()
}

#[track_caller]
fn assert_near(found: &[f64], exact: &[f64]) {
    assert_eq!(found.len(), exact.len(), "{found:?} {exact:?}");
    for (found, exact) in found.iter().zip(exact) {
        assert!(
            (found - exact).abs() < 1e-6 * exact.max(1.0),
            "{found} is not {exact}"
        );
    }
}

#[test]
fn an_ordinary_week_has_its_volume_whatever_the_shares() {
    for season in [
        "",
        "weekday = { mon = 3, tue = 1, wed = 1, thu = 1, fri = 2, sat = 0, sun = 0.5 }",
        "intraday = { from = \"08:00\", every = \"45m\", weights = [1, 5, 2.5, 0, 7] }",
        "weekday = { mon = 1, tue = 1, wed = 1, thu = 1, fri = 1, sat = 9, sun = 9, holiday = 4 }
         intraday = { every = \"6h\", weights = [1, 2, 3, 4] }
         month = { dec = 2.0 }",
    ] {
        let plan = plan(&format!(
            "[calendar]\nstart = 2026-06-03T11:17:00\nhorizon = \"1w\"\ntime_zone = \"Asia/Tokyo\"
             [arrivals]\nvolume = \"14000 per week\"\n{season}"
        ));
        assert_near(&[plan.arrivals.expected()], &[14_000.0]);
    }
}

#[test]
fn other_periods_are_parts_of_the_same_week() {
    let week = |volume: &str| {
        let text = format!("[calendar]\nhorizon = \"7d\"\n[arrivals]\nvolume = \"{volume}\"");
        plan(&text).arrivals.expected()
    };
    let year = 365.2425;
    let weeks = [
        "10 per hour",
        "240 per day",
        "12000 per year",
        "1000 per month",
    ]
    .map(week);
    assert_near(
        &weeks,
        &[
            1_680.0,
            1_680.0,
            12_000.0 * 7.0 / year,
            12_000.0 * 7.0 / year,
        ],
    );
}

#[test]
fn months_multiply_and_weekdays_share() {
    let plan = plan(
        "[calendar]\nstart = 2026-11-29\nhorizon = \"3d\"
         [arrivals]\nvolume = \"7000 per week\"\nmonth = { nov = 1.5, dec = 2 }
         weekday = { mon = 2, tue = 1, wed = 1, thu = 1, fri = 1, sat = 1, sun = 0 }",
    );
    assert_near(&by_day(&plan), &[0.0, 3_000.0, 2_000.0]);
}

#[test]
fn rates_use_factors_as_written() {
    let plan = plan(
        "[calendar]\nstart = 2026-11-30\nhorizon = \"2d\"
         [arrivals]\nrate = \"10 per hour\"\nmonth = { dec = 2 }\nweekday = { mon = 3 }
         scale = 0.5\nintraday = { from = \"22:00\", every = \"1h\", weights = [4, 1] }",
    );
    assert_near(&by_day(&plan), &[75.0, 50.0]);
}

#[test]
fn holidays_have_their_own_row_or_nobody_or_are_ordinary() {
    let days = |weekday: &str| {
        by_day(&plan(&format!(
            "[calendar]\nstart = 2026-12-07\nhorizon = \"2d\"\nholidays = [2026-12-08]
             [arrivals]\nrate = \"10 per hour\"\n{weekday}"
        )))
    };
    assert_near(&days("weekday = { holiday = 0.3 }"), &[240.0, 72.0]);
    assert_near(&days("weekday = { mon = 2 }"), &[480.0, 0.0]);
    assert_near(&days(""), &[240.0, 240.0]);
}

/// Central European clocks go from 02:00 to 03:00 on 29 March 2026 and back on 25 October.
#[test]
fn the_short_day_loses_an_hour_and_the_long_one_repeats_it() {
    let days = |start: &str, arrivals: &str| {
        let plan = plan(&format!(
            "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = {start}\nhorizon = \"3d\"
             [arrivals]\n{arrivals}"
        ));
        let lengths: Vec<f64> = plan
            .outline
            .days
            .windows(2)
            .map(|d| d[1].since(d[0]).0 as f64 / 3.6e12)
            .collect();
        (
            by_day(&plan),
            lengths,
            plan.outline.horizon.0 as f64 / 3.6e12,
        )
    };
    let flat = "rate = \"100 per hour\"";
    let (spring, lengths, horizon) = days("2026-03-28", flat);
    assert_near(&spring, &[2_400.0, 2_300.0, 2_400.0]);
    assert_eq!((lengths, horizon), (vec![24.0, 23.0], 71.0));
    let (autumn, lengths, horizon) = days("2026-10-24", flat);
    assert_near(&autumn, &[2_400.0, 2_500.0, 2_400.0]);
    assert_eq!((lengths, horizon), (vec![24.0, 25.0], 73.0));
    // 10 in the hour from 01:00, 20 from 02:00, 40 from 03:00.
    let curve = "rate = \"1 per hour\"
                 intraday = { from = \"01:00\", every = \"1h\", weights = [10, 20, 40] }";
    assert_near(&days("2026-03-28", curve).0, &[70.0, 50.0, 70.0]);
    assert_near(&days("2026-10-24", curve).0, &[70.0, 90.0, 70.0]);
    // Bins that begin inside the repeated hour: the half-hour from 02:30 comes twice.
    let halves = "volume = \"700 per week\"
                  intraday = { from = \"02:30\", every = \"30m\", weights = [3, 1] }";
    assert_near(&days("2026-10-24", halves).0, &[100.0, 175.0, 100.0]);
    assert_near(&days("2026-03-28", halves).0, &[100.0, 25.0, 100.0]);
}

#[test]
fn a_horizon_in_hours_is_hours_of_the_clock_on_the_wall() {
    let plan = plan(
        "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = 2026-03-29\nhorizon = \"24h\"
         [arrivals]\nrate = \"100 per hour\"",
    );
    assert_near(&by_day(&plan), &[2_300.0, 100.0]);
}

/// Volume 700 a week: 100 on each day, whatever its curve; Saturday has its own, and a holiday has
/// that of holidays, not of its weekday.
#[test]
fn days_may_have_curves_of_their_own() {
    let plan = plan(
        r#"[calendar]
        start = 2026-11-26
        horizon = "4d"
        holidays = [2026-11-28]
        [arrivals]
        volume = "700 per week"
        [arrivals.intraday]
        every = "12h"
        weights = [1, 3]
        fri = { from = "06:00", every = "6h", weights = [1] }
        sat = { every = "1h", weights = [1] }
        holiday = { every = "8h", weights = [0, 1, 0] }
        [run]
        interval = "6h""#,
    );
    let flow = Flow::of(&plan);
    let quarters = (0..16u64).map(|quarter| {
        let ends = [quarter, quarter + 1].map(|quarter| Time::ZERO + HOUR * (6 * quarter));
        flow.arrived(ends[0], ends[1])
    });
    let exact = [
        [12.5, 12.5, 37.5, 37.5],
        [0.0, 100.0, 0.0, 0.0],
        [0.0, 50.0, 50.0, 0.0],
        [12.5, 12.5, 37.5, 37.5],
    ];
    assert_near(&quarters.collect::<Vec<_>>(), exact.as_flattened());
}

/// Points in the middle of the bins, 01:00, 03:00 and 05:00: 10 up to the first, 30, then 20. By
/// the hour: 10, (10 + 20)/2, (20 + 30)/2, (30 + 25)/2, (25 + 20)/2, 20; 120 in all, as in steps. On
/// the short day 02:00 to 03:00 is lost, and with it 25.
#[test]
fn a_linear_curve_goes_straight_between_the_middles_of_its_bins() {
    let by_hour = |start: &str, hours: u64, shape: &str| {
        let plan = plan(&format!(
            "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = {start}\nhorizon = \"1d\"
             [arrivals]\nrate = \"1 per hour\"\nshape = \"{shape}\"
             intraday = {{ every = \"2h\", weights = [10, 30, 20] }}"
        ));
        let flow = Flow::of(&plan);
        let ends = |hour: u64| (Time::ZERO + HOUR * hour, Time::ZERO + HOUR * (hour + 1));
        let hours = (0..hours).map(ends);
        hours
            .map(|(from, until)| flow.arrived(from, until))
            .collect::<Vec<_>>()
    };
    assert_near(
        &by_hour("2026-03-28", 7, "linear"),
        &[10.0, 15.0, 25.0, 27.5, 22.5, 20.0, 0.0],
    );
    assert_near(
        &by_hour("2026-03-28", 7, "steps"),
        &[10.0, 10.0, 30.0, 30.0, 20.0, 20.0, 0.0],
    );
    assert_near(
        &by_hour("2026-03-29", 6, "linear"),
        &[10.0, 15.0, 27.5, 22.5, 20.0, 0.0],
    );
    assert_near(
        &by_hour("2026-10-25", 8, "linear"),
        &[10.0, 15.0, 25.0, 25.0, 27.5, 22.5, 20.0, 0.0],
    );
}

/// A slope under a ramp is a parabola, cut by the minute: 0 to 100 an hour over an hour (the points
/// of two bins of an hour), times 1 to 3: the integral of 100 x (1 + 2x) is 116.67.
#[test]
fn a_ramp_on_a_slope_is_cut_by_the_minute() {
    let plan = plan(
        r#"[calendar]
        start = 2026-11-27
        horizon = "1d"
        [arrivals]
        rate = "100 per hour"
        shape = "linear"
        intraday = { from = "09:30", every = "1h", weights = [0, 1] }
        surges = [{ at = 2026-11-27T10:00:00, factor = 3, rise = "1h" }]"#,
    );
    let flow = Flow::of(&plan);
    let found = flow.arrived(Time::ZERO + HOUR * 10, Time::ZERO + HOUR * 11);
    assert!(
        (found - 350.0 / 3.0).abs() < 200.0 / 6.0 / 3_600.0 + 1e-9,
        "{found}"
    );
}

#[test]
fn surges_rise_hold_and_fall() {
    let expected = |surges: &str| {
        plan(&format!(
            "[calendar]\nstart = 2026-11-27\nhorizon = \"12h\"
             [arrivals]\nrate = \"60 per hour\"\nsurges = [{surges}]"
        ))
        .arrivals
        .expected()
    };
    let newsletter =
        r#"{ at = 2026-11-27T02:00:00, factor = 3, rise = "10m", hold = "1h", fall = "2h" }"#;
    // Twice the rate more for 5 + 60 + 60 minutes.
    assert_near(&[expected(newsletter)], &[720.0 + 2.0 * 125.0]);
    // Two ramps at once: the integral of (1 + x)^2 over an hour is 7/3, of straight cuts within
    // a minute's square over six.
    let ramp = r#"{ at = 2026-11-27T02:00:00, factor = 2, rise = "1h" }"#;
    let both = expected(&format!("{ramp}, {ramp}"));
    assert!(
        (both - (660.0 + 140.0)).abs() < 60.0 / 60.0 / 60.0,
        "{both}"
    );
    // A lull, and a surge that began before the start.
    assert_near(
        &[expected(
            r#"{ at = 2026-11-27T02:00:00, factor = 0, hold = "1h" }"#,
        )],
        &[660.0],
    );
    assert_near(
        &[expected(
            r#"{ at = 2026-11-26T23:00:00, factor = 2, hold = "2h" }"#,
        )],
        &[780.0],
    );
}

fn hours(from: u64, until: u64) -> (Time, Time) {
    (Time::ZERO + HOUR * from, Time::ZERO + HOUR * until)
}

#[test]
fn opening_hours_go_by_the_local_clock_and_close_on_holidays() {
    let plan = plan(
        r#"[calendar]
        time_zone = "Europe/Madrid"
        start = 2026-03-27
        horizon = "4d"
        holidays = [2026-03-30]
        opening_hours = { fri = "08:00-12:00, 13:00-24:00", sat-sun = "00:00-04:00" }
        [arrivals]
        rate = "60 per hour"
        [run]
        drain_limit = "1h""#,
    );
    // On Sunday the four hours to 04:00 are three.
    let open =
        [hours(8, 12), hours(13, 28), hours(48, 51)].map(|(from, until)| Period { from, until });
    assert_eq!(plan.open, open);
    let offered = Outlook::of(&plan).offered;
    assert_near(&[offered], &[60.0 * 22.0]);
    assert!(plan.is_open(Time::ZERO + HOUR * 27) && !plan.is_open(Time::ZERO + HOUR * 28));
}

#[test]
fn rosters_number_agents_by_line_and_cut_the_night_before() {
    let text = r#"
        [calendar]
        time_zone = "Europe/Madrid"
        start = 2026-03-28T02:00:00
        horizon = "1d"
        holidays = [2026-03-29]
        opening_hours = { "mon-sun,holiday" = "00:00-08:00, 22:00-24:00" }
        [arrivals]
        rate = "60 per hour"
        [run]
        drain_limit = "6h"
        [agents]
        concurrency = 1
        reply = "constant(30s)"
        roster = [
          { days = "fri-sat", shift = "22:00-06:00", agents = 2 },
          { days = "sat,holiday", shift = "06:00-08:00", agents = 1 },
          { days = "sun", shift = "05:00-09:00", agents = 7 },
        ]"#;
    let plan = busyhour::scenario::read_text("x", text, std::path::Path::new(""), &[]).unwrap();
    let shift = |agent, (from, until): (Time, Time)| Shift {
        agent,
        from,
        until,
        end: ShiftEnd::Finish,
    };
    // The scenario starts at 02:00 and ends at 03:00 summer time, 24 hours later; the second
    // night lasts seven hours. Sunday is a holiday: the last line has nobody.
    let shifts = [
        shift(0, hours(0, 4)),
        shift(1, hours(0, 4)),
        shift(2, hours(4, 6)),
        shift(0, hours(20, 27)),
        shift(1, hours(20, 27)),
        shift(2, hours(27, 29)),
    ];
    assert_eq!((plan.shifts.as_slice(), plan.team), (shifts.as_slice(), 10));
}

#[test]
fn a_count_is_there_always() {
    let plan = plan("[calendar]\nhorizon = \"1h\"\n[arrivals]\nrate = \"60 per hour\"");
    assert_eq!((plan.team, plan.shifts.len()), (5, 5));
    assert!(
        plan.shifts
            .iter()
            .all(|s| s.from == Time::ZERO && s.until == Time::NEVER)
    );
    assert_eq!(
        plan.open,
        [Period {
            from: Time::ZERO,
            until: Time::NEVER
        }]
    );
}
