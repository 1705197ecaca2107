//! Arrivals in law: Poisson within a day, over-dispersed between days, the same in a window.

use std::path::Path;

use busyhour::scenario::plan::{Arrivals, Plan};
use busyhour::scenario::read_text;
use busyhour::scenario::stream::ArrivalStream;
use busyhour::scenario::window::Window;
use busyhour::time::Time;

use crate::brown::{block_gaps, by_expectation, exponential_p, p_value};

const PEOPLE: &str = "\n[agents]\nconcurrency = 2\ncount = 5\nreply = \"exponential(mean=30s)\"\n";

fn plan(text: &str) -> Plan {
    let folder = Path::new("");
    read_text("test.toml", &format!("{text}{PEOPLE}"), folder, &[])
        .unwrap_or_else(|error| panic!("{error}"))
}

fn arrivals(plan: &Plan, replication: u32) -> Vec<Time> {
    ArrivalStream::new(plan, replication).collect()
}

/// Three days about the short one, with a curve, surges that overlap, and busy and quiet days.
fn season(shape: &str) -> Plan {
    plan(&format!(
        r#"seed = 11
        [calendar]
        time_zone = "Europe/Madrid"
        start = 2026-03-28
        horizon = "3d"
        [arrivals]
        rate = "250 per hour"
        shape = "{shape}"
        busyness = {{ cv = 0.3, day_correlation = 0.5 }}
        surges = [
          {{ at = 2026-03-29T10:00:00, factor = 4, rise = "1h", hold = "1h", fall = "90m" }},
          {{ at = 2026-03-29T10:30:00, factor = 0.5, rise = "1h", hold = "2h", fall = "1h" }},
        ]
        [arrivals.intraday]
        every = "1h"
        weights = [1, 0.5, 0.4, 3, 0.2, 0, 0.7, 1, 2, 2, 1.5, 1, 1, 1.2, 1, 1, 1, 1, 1, 0.8, 0.7, 0.6, 0.5, 2]
        [run]
        interval = "15m"
        "#
    ))
}

/// The counts of an hour each, a day long, as a CSV and the plan that replays it.
fn recorded(resample: &str) -> Plan {
    let folder = tempfile::tempdir().unwrap();
    let count = |hour: i32| 200 + 40 * (hour % 7) - 25 * (hour % 3);
    let row = |hour| format!("2026-11-23T{hour:02}:00:00,{}\n", count(hour));
    let rows: String = (0..24).map(row).collect();
    std::fs::write(folder.path().join("counts.csv"), format!("t,n\n{rows}")).unwrap();
    let text = format!(
        "seed = 4\n[calendar]\nstart = 2026-11-23\nhorizon = \"1d\"\n[run]\ninterval = \"1h\"
         [arrivals.replay]\nfile = \"counts.csv\"\ntime = \"t\"\ncount = \"n\"\nevery = \"1h\"
         {resample}{PEOPLE}"
    );
    read_text("test.toml", &text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// At the 1 % level, with fixed seeds: steps, lines, surges, a day of 23 hours, busy days.
#[test]
fn gaps_pass_the_test_of_brown_and_others() {
    for shape in ["steps", "linear"] {
        let plan = season(shape);
        for replication in 0..3 {
            let times = arrivals(&plan, replication);
            assert!(times.len() > 10_000, "{}", times.len());
            let p = p_value(&plan, &times);
            assert!(p > 0.01, "{shape}, replication {replication}: {p}");
        }
    }
}

/// Counts spread evenly at random in their hours, as recorded or drawn anew: the same test, hours as
/// blocks.
#[test]
fn replayed_counts_pass_it_too() {
    let resampled = recorded("resample = \"poisson\"");
    let fixed = recorded("");
    let hours: Vec<f64> = (0..=24).map(f64::from).collect();
    for (name, plan, replication) in [
        ("fixed", &fixed, 0),
        ("resampled", &resampled, 0),
        ("resampled", &resampled, 1),
    ] {
        let times = arrivals(plan, replication);
        let at: Vec<f64> = times.iter().map(|at| at.as_secs_f64() / 3_600.0).collect();
        let p = exponential_p(&block_gaps(&at, &hours));
        assert!(p > 0.01, "{name} {replication}: {p}");
    }
    assert_eq!(arrivals(&fixed, 0), arrivals(&fixed, 1));
    assert_ne!(arrivals(&resampled, 0), arrivals(&resampled, 1));
    let expected: f64 = resampled.arrivals.expected();
    assert!((expected - arrivals(&fixed, 0).len() as f64).abs() < 1e-6);
}

/// What is no Poisson process of that rate fails: arrivals at even distances, a rate taken for level
/// that is not, and, by the gaps themselves, a rate one tenth off.
#[test]
fn the_test_has_power() {
    let plan = season("steps");
    let times = arrivals(&plan, 0);
    let all = times.len() as u64;
    let even: Vec<Time> = (0..all)
        .map(|index| Time(plan.outline.horizon.0 / all * index + 1))
        .collect();
    assert!(p_value(&plan, &even) < 1e-9);
    // Six hours as one block, whose curve goes from 0 to 3.
    let at: Vec<f64> = times.iter().map(|at| at.as_secs_f64()).collect();
    let coarse: Vec<f64> = (0..=11).map(|block| f64::from(block) * 21_600.0).collect();
    assert!(exponential_p(&block_gaps(&at, &coarse)) < 1e-9);
    // The plan without busyness has the rate of its own expectation, and no other.
    let mut level = plan.clone();
    let Arrivals::Rate(curve) = &mut level.arrivals else {
        panic!("a rate");
    };
    curve.busyness_cv = 0.0;
    let ticks = by_expectation(&level, &arrivals(&level, 0));
    let gaps = |factor: f64| -> Vec<f64> {
        let ticks = std::iter::once(&0.0).chain(&ticks);
        let pairs = ticks.clone().zip(ticks.skip(1));
        pairs.map(|(a, b)| (b - a) * factor).collect()
    };
    assert!(exponential_p(&gaps(1.0)) > 0.01);
    assert!(exponential_p(&gaps(1.1)) < 1e-6);
}

/// Counts of a day of mean 100 in many replications.
fn day_counts(cv: f64, correlation: f64, replications: u32) -> Vec<f64> {
    let plan = plan(&format!(
        "seed = 5\n[calendar]\nstart = 2026-01-05\nhorizon = \"1d\"\n[arrivals]
         rate = \"100 per day\"\nbusyness = {{ cv = {cv}, day_correlation = {correlation} }}"
    ));
    let count = |replication| ArrivalStream::new(&plan, replication).count() as f64;
    (0..replications).map(count).collect()
}

/// A Poisson count of Gamma mean has variance m + (m cv)^2 and these quantiles (negative binomial,
/// exactly): over 20,000 replications within 3.3 standard errors, tied days or not.
#[test]
fn counts_of_days_are_as_dispersed_as_busyness_says() {
    let n = 20_000;
    for (cv, variance, quantiles) in [
        (0.1, 200.0, [78.0, 99.0, 124.0]),
        (0.3, 1_000.0, [54.0, 97.0, 157.0]),
    ] {
        for correlation in [0.0, 0.6] {
            let counts = day_counts(cv, correlation, n);
            let mean = |of: &dyn Fn(f64) -> f64| {
                counts.iter().map(|count| of(*count)).sum::<f64>() / f64::from(n)
            };
            let centre = mean(&|count| count);
            let square = mean(&|count| (count - centre).powi(2));
            let fourth = mean(&|count| (count - centre).powi(4));
            let root = f64::from(n).sqrt();
            assert!(
                (centre - 100.0).abs() < 3.3 * square.sqrt() / root,
                "{centre}"
            );
            let error = (fourth - square * square).sqrt() / root;
            assert!((square - variance).abs() < 3.3 * error, "{cv}: {square}");
            for (p, quantile) in [0.05, 0.5, 0.95].into_iter().zip(quantiles) {
                let error = 3.3 * f64::sqrt(p * (1.0 - p)) / root;
                let at_most = mean(&|count| f64::from(u8::from(count <= quantile)));
                let below = mean(&|count| f64::from(u8::from(count < quantile)));
                assert!(
                    at_most >= p - error && below < p + error,
                    "{cv} {p}: {below} {at_most}"
                );
            }
        }
    }
}

/// A window has the customers of the whole plan, by number and time, whatever makes them come.
#[test]
fn a_window_keeps_who_comes_and_when() {
    let (season, fixed) = (season("linear"), recorded(""));
    for (plan, text) in [(&season, "sun 10:17/12:41"), (&fixed, "mon 22:30/24:00")] {
        let mut window = plan.clone();
        window.outline.warm_up = Time::from_secs_f64(1_200.0);
        Window::Written(text.into()).narrow(&mut window).unwrap();
        let (begin, end) = (window.begin, window.outline.horizon);
        assert_eq!(window.outline.warm_up.since(begin).as_secs_f64(), 1_200.0);
        for replication in [0, 4] {
            let whole = arrivals(plan, replication);
            let first = whole.partition_point(|at| *at < begin);
            let until = whole.partition_point(|at| *at < end);
            assert!(until - first > 300, "{}", until - first);
            let stream = ArrivalStream::new(&window, replication);
            assert_eq!(stream.first_number() as usize, first);
            assert_eq!(stream.collect::<Vec<_>>(), whole[first..until]);
        }
    }
}
