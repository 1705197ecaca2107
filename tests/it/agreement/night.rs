//! Live and simulated runs of a night in which the clocks change, and over the hours skipped.

use std::path::Path;
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::live::{Options, Outcome};
use busyhour::scenario::read_text;

use super::exact::{agree, fated, in_grains, simulated};
use super::line::played;

/// The night in which the hour from two to three comes twice, with a shift over it.
const LONG_NIGHT: &str = r#"
name = "The long night"
seed = 3
[calendar]
time_zone = "Europe/Madrid"
start = 2026-10-24T21:00:00
horizon = "15h"
opening_hours = { sat = "21:30-24:00", sun = "00:00-11:00" }
[arrivals]
rate = "14 per hour"
[customers]
queue_patience = "exponential(mean=5m)"
reply_patience = "lognormal(mean=5m, cv=0.5)"
think = "lognormal(mean=90s, cv=0.7)"
exchanges = "geometric(mean=4)"
[agents]
concurrency = 2
reply = "lognormal(mean=70s, cv=0.5)"
slow_down = 0.1
wrap_up = "exponential(mean=40s)"
roster = [
  { days = "sat", shift = "21:20-02:30", agents = 1 },
  { days = "sat", shift = "22:00-03:15", agents = 1 },
  { days = "sun", shift = "02:10-11:00", agents = 1 },
]
[run]
drain_limit = "4h"
[live]
speed = 60
"#;

#[test]
fn a_night_on_which_the_clocks_change() {
    let plan = read_text("night", LONG_NIGHT, Path::new(""), &[]).unwrap();
    // 21:30 to 11:00 are fourteen hours and a half that night.
    let open: f64 = plan
        .open
        .iter()
        .map(|p| p.until.since(p.from).as_secs_f64())
        .sum();
    assert_eq!(open, 14.5 * 3600.0);
    let records = agree("night", &plan, 3);
    assert!(fated(&records, Fate::Handled) > 200 && fated(&records, Fate::AbandonedQueue) > 10);
    assert!(records.iter().filter(|r| r.fate.is_none()).count() > 5);
}

/// Closed hours are jumped over, and nothing else is different.
#[test]
fn skipped_hours_change_no_record_and_no_gauge() {
    let plan = read_text(
        "night",
        LONG_NIGHT,
        Path::new(""),
        &[
            "calendar.start=2026-10-23T12:00:00".into(),
            "calendar.horizon=60h".into(),
            "live.connect_lead=500ms".into(),
        ],
    );
    let plan = in_grains(&plan.unwrap(), 0);
    let run = |skip_closed| {
        let options = Options {
            records: true,
            skip_closed,
            ..Options::default()
        };
        played(&plan, &options)
    };
    let (whole, _, long) = run(false);
    let (skipped, _, short) = run(true);
    assert_eq!(whole.records, skipped.records);
    assert_eq!(skipped.records[0], simulated(&plan, 0));
    for gauge in [
        "occupancy_ratio",
        "utilisation_ratio",
        "queue_mean",
        "overtime_h",
    ] {
        let of = |outcome: &Outcome| outcome.result.value(gauge).unwrap();
        assert!((of(&whole) - of(&skipped)).abs() < 1e-9, "{gauge}");
    }
    assert_eq!(
        whole.result.value("arrived"),
        skipped.result.value("arrived")
    );
    // Sixty hours at speed 60 are an hour, of which the desk is open for a quarter.
    assert!(long > Duration::from_secs(3_500), "{long:?}");
    assert!(short < Duration::from_secs(1_100), "{short:?}");
    let reasons = &skipped.result.verdict.reasons;
    assert!(
        reasons.iter().any(|r| r.contains("over closed hours, 1d")),
        "{reasons:?}"
    );
    assert_eq!(skipped.result.verdict.valid, Some(true));
}
