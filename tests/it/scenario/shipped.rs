//! The scenarios that come with the program.

use std::path::{Path, PathBuf};

use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::plan::Plan;
use busyhour::scenario::{read, schema};
use busyhour::time::Time;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name)
}

fn plan(name: &str) -> Plan {
    read(&file(name), &[]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_shipped_scenario_resolves_and_names_its_schema() {
    let mut count = 0;
    for entry in std::fs::read_dir(file("")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.lines().next(),
            Some("#:schema ../docs/scenario.schema.json")
        );
        let plan = read(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        let outlook = Outlook::of(&plan);
        assert!(
            outlook.live.speed <= outlook.live.sound_speed.unwrap(),
            "{}",
            plan.name
        );
        count += 1;
    }
    assert_eq!(count, 9);
    assert_eq!(schema()["additionalProperties"], false);
}

fn by_day(plan: &Plan) -> Vec<f64> {
    Outlook::of(plan)
        .days
        .iter()
        .map(|day| day.arrived.round())
        .collect()
}

/// 1200 an hour times the mean of 0.4 + 1.2 sin over twelve hours.
#[test]
fn the_reference_is_the_formula() {
    let plan = plan("reference.toml");
    let sum: f64 = (0..48)
        .map(|i| 0.4 + 1.2 * (std::f64::consts::PI * (f64::from(i) + 0.5) / 48.0).sin())
        .sum();
    assert!((plan.arrivals.expected() / (300.0 * sum) - 1.0).abs() < 1e-6);
    // To ten digits, as worked out apart from this program.
    assert!((plan.arrivals.expected() - 16_762.753_41).abs() < 0.02);
    assert_eq!(
        (plan.team, plan.agents.concurrency, plan.outline.days.len()),
        (140, 3, 1)
    );
}

/// Agent-hours and open hours of the night that begins two hours after the start, and its chats.
fn night(start: &str) -> (f64, f64, f64) {
    let set = format!("calendar.start={start}T18:00:00");
    let plan = read(&file("overnight.toml"), &[set]).unwrap_or_else(|error| panic!("{error}"));
    let dusk = plan.calendar.start().date().at(20, 0, 0, 0);
    let length = |from: Time, until: Time| {
        let until = until.min(plan.outline.horizon);
        until.since(from).as_secs_f64() / 3_600.0
    };
    let shifts = plan
        .shifts
        .iter()
        .filter(|shift| plan.calendar.local(shift.from).datetime() >= dusk);
    let staffed = shifts.map(|shift| length(shift.from, shift.until)).sum();
    let open = plan
        .open
        .iter()
        .map(|period| length(period.from, period.until))
        .sum();
    (staffed, open, Outlook::of(&plan).offered)
}

/// An ordinary night has 4 x (8 - 0.5) + 3 x (10 - 0.75) agent-hours in 12 hours; the long one an
/// hour more of each agent, the short one an hour less. The points of the curve are 0.2 at 18:00,
/// 1.6 at 22:00, 1.2 at 02:00, 0.5 at 06:00 and 0 at 10:00: from 20:00 on 2.5, 3.2 to midnight, where
/// the day's curve begins anew, 2.4 to 02:00, 3.4 to 06:00, 0.75 to 08:00; 40 times 12.25 chats. By
/// the clock, 02:00 to 03:00 is an hour of 40 x (1.2 + 1.025) / 2 chats more or less.
#[test]
fn the_night_is_as_long_as_the_clocks_make_it() {
    let repeated = 44.5;
    let (ordinary, long, short) = (
        night("2026-10-17"),
        night("2026-10-24"),
        night("2026-03-28"),
    );
    let chats = ordinary.2;
    assert_eq!((ordinary.0, ordinary.1), (57.75, 12.0));
    assert_eq!((long.0, long.1), (64.75, 13.0));
    assert_eq!((short.0, short.1), (50.75, 11.0));
    assert!((chats - 490.0).abs() < 1e-6, "{chats}");
    assert!((long.2 - chats - repeated).abs() < 1e-6, "{}", long.2);
    assert!((short.2 - chats + repeated).abs() < 1e-6, "{}", short.2);
}

#[test]
fn the_bank_has_its_weekdays() {
    let plan = plan("bank-weekdays.toml");
    assert_eq!(
        by_day(&plan),
        [36_352.0, 32_587.0, 30_737.0, 30_704.0, 31_905.0]
    );
    let peak = Outlook::of(&plan).peak;
    assert_eq!(
        (plan.calendar.local(peak.from).hour(), peak.chats.round()),
        (10, 1_908.0)
    );
}

#[test]
fn the_shop_has_its_season() {
    let plan = plan("online-shop-week.toml");
    let week = 14_000.0 * 1.15;
    let surge = plan.arrivals.expected() - week;
    assert!((200.0..500.0).contains(&surge), "{surge}");
    let outlook = Outlook::of(&plan);
    assert!(
        outlook.offered < outlook.arrived * 0.95,
        "some come at night"
    );
}

#[test]
fn the_quickstart_takes_less_than_a_minute() {
    let plan = plan("quickstart.toml");
    let live = Outlook::of(&plan).live;
    assert!(live.wall_s + live.drain_most_s < 58.0, "{live:?}");
    assert!((100.0..=150.0).contains(&plan.arrivals.expected()));
    // One percent of what people usually take is well above a timer's grain.
    assert!(plan.median_human_time() / plan.live.speed * 0.01 >= 0.005);
}

#[test]
fn the_help_desk_has_two_classes_and_fits_its_day() {
    let plan = plan("two-classes.toml");
    assert_eq!(plan.outline.classes, ["private", "business"]);
    assert_eq!((plan.router.levels, plan.customers.rules(1).level), (2, 1));
    let outlook = Outlook::of(&plan);
    assert_eq!(outlook.warnings, Vec::<String>::new());
    // Of all handled a tenth comes again, and a tenth of those.
    let returns = outlook.again / outlook.offered;
    assert!((0.09..0.12).contains(&returns), "{returns}");
}

#[test]
fn the_level_model_has_capacity_for_its_peak() {
    let plan = plan("level-model.toml");
    assert!(!plan.outline.messages && !plan.precision.is_empty());
    let outlook = Outlook::of(&plan);
    assert_eq!(outlook.warnings, Vec::<String>::new());
    assert!(outlook.load.capacity_per_hour > outlook.peak.per_hour);
}
