//! Windows and scale: what part of a scenario is meant, and how much of it.

use std::path::Path;

use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::outlook::flow::Flow;
use busyhour::scenario::plan::{Headcount, Plan};
use busyhour::scenario::scaling::Scaling;
use busyhour::scenario::window::Window;
use busyhour::scenario::{read_scaled, read_text};
use busyhour::time::{Span, Time};

const WEEK: &str = r#"
[calendar]
time_zone = "Europe/Madrid"
start = 2026-03-27T12:00:00
horizon = "7d"
[arrivals]
rate = "60 per hour"
intraday = { every = "6h", weights = [0.5, 2, 3, 1] }
scale = 1.3
[run]
warm_up = "30m"
interval = "20m"
[agents]
concurrency = 2
reply = "constant(9s)"
roster = [
  { days = "mon-sun", shift = "06:00-14:00", agents = 2 },
  { days = "mon-sun", shift = "14:00-22:00", agents = 3 },
  { days = "mon-sun", shift = "22:00-06:00", agents = 1 },
]
"#;

fn week() -> Plan {
    read_text("week.toml", WEEK, Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn narrowed(window: &str) -> Plan {
    let mut plan = week();
    let which = match window {
        "busy" => Window::BusyHour,
        text => Window::Written(text.into()),
    };
    which
        .narrow(&mut plan)
        .unwrap_or_else(|error| panic!("{error}"));
    plan
}

fn hours(at: Time) -> f64 {
    at.0 as f64 / 3.6e12
}

/// Begin, end of the warm-up and horizon in hours since Friday noon, and the words.
fn stretch(plan: &Plan) -> ([f64; 3], &str) {
    let ends = [plan.begin, plan.outline.warm_up, plan.outline.horizon].map(hours);
    (ends, plan.source.window.as_deref().unwrap())
}

/// The scenario starts on Friday noon; on Sunday at 02:00 the clocks go on an hour.
#[test]
fn the_first_such_stretch_within_the_scenario_is_meant() {
    let check = |window: &str, ends: [f64; 3], words: &str| {
        let plan = narrowed(window);
        assert_eq!(stretch(&plan), (ends, words), "{window}");
        assert_eq!(plan.outline.end, plan.outline.horizon + plan.drain_limit);
    };
    check(
        "fri 14:00/15:30",
        [1.5, 2.0, 3.5],
        "Fri 2026-03-27 14:00 to 15:30, played from 13:30 on",
    );
    // This Friday morning is over: next Friday's, an hour less than seven days later.
    check(
        "fri 09:00/10:00",
        [163.5, 164.0, 165.0],
        "Fri 2026-04-03 09:00 to 10:00, played from 08:30 on",
    );
    check(
        "2026-03-28 23:00/01:00",
        [34.5, 35.0, 37.0],
        "Sat 2026-03-28 23:00 to Sun 2026-03-29 01:00, played from 22:30 on",
    );
    check(
        "sun 01:00/04:00",
        [36.5, 37.0, 39.0],
        "Sun 2026-03-29 01:00 to 04:00, played from 00:30 on",
    );
    // Before the scenario there is nothing to warm up with.
    check(
        "fri 12:10/13:00",
        [0.0, 1.0 / 6.0, 1.0],
        "Fri 2026-03-27 12:10 to 13:00, played from 12:00 on, with 10m of its warm-up of 30m: the \
         scenario starts then",
    );
    check(
        "2026-03-27 12:00/24:00",
        [0.0, 0.0, 12.0],
        "Fri 2026-03-27 12:00 to Sat 2026-03-28 00:00, without its warm-up of 30m: the scenario \
         starts then",
    );
}

#[test]
fn a_window_that_is_none_is_refused() {
    let says = |window: &str, words: [&str; 2]| {
        let error = Window::Written(window.into())
            .narrow(&mut week())
            .unwrap_err();
        assert_eq!(error.exit().code(), 2);
        let message = error.message(false);
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    };
    let goes = "the scenario goes from Fri 2026-03-27 12:00 to Fri 2026-04-03 12:00";
    says("2026-04-04 09:00/10:00", ["does not lie within", goes]);
    says("2026-04-03 11:00/13:00", ["does not lie within", goes]);
    says(
        "friday morning",
        ["is no window", "write it as 'fri 09:00/10:00'"],
    );
    says(
        "sun 02:30/04:00",
        [
            "the local time 2026-03-29T02:30:00 does not exist",
            "the nearest times that exist are 2026-03-29T01:59:59 and 2026-03-29T03:00:00",
        ],
    );
}

/// From 12:00 to 18:00 the rate is highest: the first hour of it on an interval's start. The
/// scenario itself starts at noon.
#[test]
fn the_busy_hour_begins_with_an_interval() {
    let plan = narrowed("busy");
    let words = "the busy hour, Fri 2026-03-27 12:00 to 13:00, without its warm-up of 30m: the \
                 scenario starts then";
    assert_eq!(stretch(&plan), ([0.0, 0.0, 1.0], words));
    let surge = "arrivals.surges=[{ at=2026-03-30T09:50:00, factor=9, hold=\"30m\" }]".to_string();
    let mut plan = read_text("x", WEEK, Path::new(""), &[surge]).unwrap();
    Window::BusyHour.narrow(&mut plan).unwrap();
    // Monday 09:40 to 10:40 holds all of the half-hour, as does 09:20 to 10:20: the first.
    assert_eq!(
        stretch(&plan).1,
        "the busy hour, Mon 2026-03-30 09:20 to 10:20, played from 08:50 on"
    );
}

/// Who is there when play begins is there from then on, who left before is not.
#[test]
fn shifts_and_counts_are_cut_where_play_begins() {
    let plan = narrowed("sat 15:00/23:00");
    let shifts = |plan: &Plan, agent| {
        let shifts = plan.shifts.iter().filter(move |shift| shift.agent == agent);
        shifts
            .map(|shift| (hours(shift.from), hours(shift.until)))
            .take(2)
            .collect::<Vec<_>>()
    };
    assert_eq!(hours(plan.begin), 26.5);
    // Sunday's 06:00 is 41 hours after Friday noon.
    assert_eq!(shifts(&plan, 0), [(41.0, 49.0), (65.0, 73.0)]);
    assert_eq!(shifts(&plan, 2), [(26.5, 34.0), (49.0, 57.0)]);
    assert!(
        plan.shifts
            .is_sorted_by_key(|shift| (shift.from, shift.agent))
    );
    assert_eq!(plan.outline.days.len(), 2);
    let outlook = Outlook::of(&plan);
    // 78 an hour times 3 to 18:00 and 1 to 23:00, from 14:30 on.
    assert!(
        (outlook.arrived - 78.0 * (3.0 * 3.5 + 5.0)).abs() < 1e-6,
        "{}",
        outlook.arrived
    );
    assert_eq!(outlook.days.len(), 1);
    assert_eq!((outlook.staff.least, outlook.staff.greatest), (1, 3));
    assert!((outlook.live.wall_s - 8.5 * 3_600.0).abs() < 1e-6);
    let counts = "agents.count={ every=\"8h\", values=[1, 4, 2] }".to_string();
    let set = ["agents.roster=".into(), counts];
    let mut plan = read_text("x", WEEK, Path::new(""), &set).unwrap();
    Window::Written("sat 15:00/17:00".into())
        .narrow(&mut plan)
        .unwrap();
    let first = Headcount {
        at: plan.begin,
        agents: 4,
    };
    let next = Headcount {
        at: Time::ZERO + Span::from_secs(28 * 3_600),
        agents: 2,
    };
    assert_eq!(plan.headcounts[..2], [first, next]);
}

/// Scaling is a row of changes that `--set` takes as well.
#[test]
fn scaling_is_told_as_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("week.toml");
    std::fs::write(&file, WEEK).unwrap();
    let scaled = |set: &[&str], factor, with_agents| {
        let set: Vec<String> = set.iter().map(ToString::to_string).collect();
        let plan = read_scaled(
            &file,
            &set,
            Some(Scaling {
                factor,
                with_agents,
            }),
        )
        .unwrap();
        let again = busyhour::scenario::read(&file, &plan.source.overrides).unwrap();
        assert_eq!(
            (plan.team, plan.shifts.len()),
            (again.team, again.shifts.len())
        );
        assert_eq!(plan.arrivals.expected(), again.arrivals.expected());
        plan
    };
    let chats = week().arrivals.expected();
    let plan = scaled(&[], 3.0, false);
    assert!((plan.arrivals.expected() - 3.0 * chats).abs() < 1e-6);
    assert_eq!(
        (plan.team, &*plan.source.overrides),
        (6, &["arrivals.scale=3.9".to_string()][..])
    );
    assert_eq!(
        plan.source.scaled.unwrap(),
        "3 times the customers, the agents as they are"
    );
    let plan = scaled(&[], 2.5, true);
    let changes = ["scale=3.25", "0.agents=5", "1.agents=8", "2.agents=3"];
    assert_eq!(plan.team, 16);
    assert!(
        plan.source
            .overrides
            .iter()
            .zip(changes)
            .all(|(found, end)| found.ends_with(end))
    );
    assert_eq!(
        plan.source.scaled.unwrap(),
        "2.5 times the customers, and the agents"
    );
    // 1.1 x 10 is 11, though not in binary; a count over time goes along value by value.
    let plan = scaled(&["agents.roster=", "agents.count=10"], 1.1, true);
    assert_eq!(plan.source.overrides[3], "agents.count=11");
    let over_time = "agents.count={ every=\"12h\", values=[3, 5] }";
    let plan = scaled(&["agents.roster=", over_time], 1.5, true);
    assert_eq!(plan.source.overrides[3], "agents.count.values=[5, 8]");
    assert_eq!(
        Flow::of(&plan).arrived(Time::ZERO, plan.outline.horizon),
        plan.arrivals.expected()
    );
}
