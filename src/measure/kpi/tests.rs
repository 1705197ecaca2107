//! KPIs worked out by hand.

use super::*;
use crate::measure::clock::Clock;
use crate::measure::histogram::Series;

/// 410 of 460 answered within T, 510 offered, 10 of the 50 who left did so within T.
#[test]
fn the_four_forms_of_the_service_level() {
    let mut counts = Counts::default();
    (0..460).for_each(|_| counts.bump(Count::Assigned));
    (0..50).for_each(|_| counts.bump_fate(Fate::AbandonedQueue));
    let within = Within {
        answered: 410,
        short: 10,
        overdue: 0,
    };
    let level = |form| {
        let (good, base) = service_level(&counts, &within, form);
        (good as f64 / base as f64 * 1e4).round() / 1e4
    };
    assert_eq!(
        SERVICE_LEVEL_FORMS.map(level),
        [0.8039, 0.8913, 0.82, 0.8235]
    );
}

fn outline() -> Outline {
    Outline {
        warm_up: Time::ZERO,
        short_abandon: Span::ZERO,
        horizon: Time::ZERO + Span::from_secs(3_600),
        end: Time::ZERO + Span::from_secs(7_200),
        interval: Span::from_secs(1_800),
        days: vec![Time::ZERO],
        service_levels: vec![Span::from_secs(120)],
        concurrency: 2,
        classes: vec!["all".into()],
        messages: true,
        cuts: false,
    }
}

/// A replication with so many of each, waits of `wait` seconds, and one slot held for a ghost
/// and one customer to come again for so many seconds.
fn tally(offered: u64, left: u64, wait: u64, seconds: u64, pool: &mut Pool) -> Tally {
    let mut counts = Counts::default();
    (0..offered).for_each(|_| counts.bump(Count::Offered));
    (0..left).for_each(|_| {
        counts.bump_fate(Fate::AbandonedQueue);
        counts.bump(Count::Silent);
        counts.bump(Count::Retried);
    });
    (left..offered).for_each(|_| {
        counts.bump(Count::Assigned);
        counts.bump_fate(Fate::Dropped);
    });
    let mut clock = Clock::default();
    let (start, end) = (Time::ZERO, Time::ZERO + Span::from_secs(seconds));
    for gauge in [Gauge::Ghosts, Gauge::Orbit] {
        clock.rise(gauge, start);
    }
    let mut series = vec![Series::new(pool_bound()); pool.histograms.len()];
    for _ in left..offered {
        series[Latency::Wait as usize].record(Span::from_secs(wait));
    }
    let drained = series.iter_mut().zip(&mut pool.histograms);
    Tally {
        counts,
        within: vec![Within {
            answered: offered - left,
            ..Within::default()
        }],
        series: drained.map(|(one, all)| one.drain_into(all)).collect(),
        clock: clock.settle(end),
        observed: 3_600.0,
        ..Tally::default()
    }
}

fn pool_bound() -> Span {
    outline().end.since(Time::ZERO)
}

/// Two replications: 10 offered, 2 left; 40 offered, 6 left.
fn found(outline: &Outline, replications: usize) -> Measures {
    let mut pool = Pool::new(outline, false);
    let tallies = [
        tally(10, 2, 10, 1_800, &mut pool),
        tally(40, 6, 20, 3_600, &mut pool),
    ];
    let findings = Findings {
        outline,
        tallies: &tallies[..replications],
        pool: &pool,
        live: None,
        sight: Sight::Whole,
    };
    findings.measures()
}

#[track_caller]
fn about(measure: &Measure, value: f64, half: f64, samples: u64) {
    let near = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() <= 2e-3 * b;
    assert!(near(measure.value, value), "{measure:?}");
    assert!(near(measure.half_width(), half), "{measure:?}");
    assert_eq!(measure.samples, samples);
}

/// Student's t with one degree of freedom is 12.706.
#[test]
fn counts_are_means_and_ratios_sums_over_sums() {
    let found = found(&outline(), 2);
    // 12.706 x sqrt(((2 - 4)^2 + (6 - 4)^2) / 2) = 35.94 / sqrt(2) = 25.41
    about(&found["abandoned_silent"], 4.0, 25.412, 8);
    about(&found["retried"], 4.0, 25.412, 8);
    // 8 and 34: mean 21, spread 13.
    about(&found["dropped"], 21.0, 165.18, 42);
    // 8 / 50; without the first 6 / 40, without the second 2 / 10: 0.025 from their mean.
    about(&found["abandoned_ratio"], 0.16, 0.317_66, 50);
    // (8 x 10 + 34 x 20) / 42; without one or the other 20 and 10: 5 from their mean.
    about(&found["wait_s_mean"], 760.0 / 42.0, 63.53, 42);
}

#[test]
fn percentiles_are_pooled_with_the_spread_of_the_replications() {
    let found = found(&outline(), 2);
    // 34 of 42 are 20; the replications have 10 and 20: sqrt(100 / 2) x 12.706.
    about(&found["wait_s_p50"], 20.0, 89.85, 42);
    assert_eq!(found["wait_s_max"].value, Some(20.0));
    assert_eq!(found["wait_s_max"].half_width(), None);
}

#[test]
fn clocks_are_read_inside_the_horizon() {
    let found = found(&outline(), 2);
    // Half an hour and an hour of two hours; without one or the other 1 and 0.5.
    about(&found["orbit_mean"], 0.75, 3.1766, 50);
    about(&found["wasted_slot_s"], 2_700.0, 11_435.4, 50);
}

/// Dropped chats had been answered.
#[test]
fn the_service_level_counts_the_dropped_as_answered() {
    let found = found(&outline(), 2);
    about(&found["service_level_120s"], 0.84, 0.317_66, 50);
    assert_eq!(
        named(&found, "service_level_2m"),
        Some(&found["service_level_120s"])
    );
    assert_eq!(named(&found, "service_level_3m"), None);
}

#[test]
fn a_single_replication_has_no_intervals() {
    let found = found(&outline(), 1);
    assert_eq!(found["abandoned_ratio"].value, Some(0.2));
    assert!(found.values().all(|measure| measure.half_width().is_none()));
}

#[test]
fn the_level_model_measures_no_messages() {
    let levels = Outline {
        messages: false,
        ..outline()
    };
    let (found, all) = (found(&levels, 2), found(&outline(), 2));
    assert_eq!(found["utilisation_ratio"], Measure::NONE);
    for (name, measure) in &found {
        let kept = *measure == all[name];
        assert!(kept || tells_of_messages(name), "{name}");
    }
}

/// Days that start at midnight, intervals that start at noon: a day's row is of the intervals that
/// start in it, and of as much time.
#[test]
fn a_day_is_as_long_as_its_intervals() {
    let hours = |hours: u64| Time::ZERO + Span::from_secs(hours * 3_600);
    let outline = Outline {
        horizon: hours(48),
        end: hours(72),
        interval: Span::from_secs(24 * 3_600),
        days: vec![Time::ZERO, hours(12), hours(36)],
        ..outline()
    };
    let mut pool = Pool::new(&outline, false);
    let mut clock = Clock::default();
    (0..140).for_each(|_| clock.rise(Gauge::Staffed, Time::ZERO));
    for (slice, until) in pool.slices.iter_mut().zip([hours(24), hours(48)]) {
        slice.clock.add(&clock.settle(until));
    }
    let findings = Findings {
        outline: &outline,
        tallies: &[Tally::default()],
        pool: &pool,
        live: None,
        sight: Sight::Whole,
    };
    let staffed = |rows: Vec<Row>| {
        rows.iter()
            .map(|row| row.staffed_mean.unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(staffed(findings.intervals(|_| String::new())), [140.0; 2]);
    let days = staffed(findings.days(|_| String::new()));
    assert_eq!(days, [140.0, 140.0, 0.0]);
}
