//! What a rate does that changes, by the clock or at random.

use std::f64::consts::{PI, TAU};

use super::super::case::{Case, See, Takes};
use super::super::center::{Center, Rate, constant, exponential};
use super::super::figures::{Counts, Exact, Figures, Present, RandomRate};
use super::super::observe::present_at;
use super::case;
use crate::stats::law::Law;

pub(super) fn all(figures: &Figures) -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(figures.present.iter().map(present));
    cases.extend(reference_day(figures));
    cases.extend(figures.counts.iter().map(counts));
    cases.extend(figures.random_rate.iter().map(random_rate));
    cases
}

const HOUR_S: f64 = 3600.0;

/// Straight pieces along a curve over hours.
fn along(hours: f64, pieces: u32, curve: impl Fn(f64) -> f64) -> Vec<Rate> {
    let end = |number: u32| hours * f64::from(number) / f64::from(pieces);
    let piece = |number: u32| Rate {
        until_hours: end(number + 1),
        from: curve(end(number)),
        to: curve(end(number + 1)),
        day: 0,
    };
    (0..pieces).map(piece).collect()
}

/// M(t)/G/inf with a rate of 100 + 20 sin(t) an hour (Eick, Massey and Whitt 1993): 250 agents are
/// never all taken. Seen over six periods after two of warm-up, or over the first one from empty.
fn present(row: &Present) -> Case {
    let periods = if row.from_empty { 1 } else { 8 };
    let hours = f64::from(periods) * TAU;
    // A piece of 0.02 hours is off the sine by less than 10^-5 of the rate.
    let rates = along(hours, periods * 314, |hour| 100.0 + 20.0 * hour.sin());
    let center = Center {
        per_hour: 100.0,
        rates,
        hours,
        warm_up_hours: 0.0,
        agents: 250,
        reply: match row.law.as_str() {
            "exponential" => exponential(HOUR_S),
            "constant" => constant(HOUR_S),
            _ => Law::lognormal(HOUR_S, 0.8).expect("mean and cv are above zero"),
        },
        ..Center::default()
    };
    let hours: Vec<f64> = row
        .present
        .keys()
        .filter_map(|hour| hour.parse().ok())
        .collect();
    let exact: Exact = hours
        .iter()
        .zip(row.present.values())
        .map(|(hour, count)| (present_at(*hour), *count))
        .collect();
    let from = if row.from_empty { ", from empty" } else { "" };
    Case {
        see: See::Present {
            hours,
            period: TAU,
            seen: if row.from_empty { (0, 1) } else { (2, periods) },
        },
        takes: Takes::Replications(if row.from_empty { 800 } else { 120 }),
        ..case(
            format!("M(t)/G/inf, {}{from}", row.law),
            center,
            &exact,
            0.0,
        )
    }
}

/// The curve of the reference scenario: 48 quarter-hours of 0.4 + 1.2 sin(pi (i + 0.5) / 48) times
/// the rate.
fn reference_day(figures: &Figures) -> Vec<Case> {
    let day = |(per_hour, expected): (&String, &f64)| {
        let rate: f64 = per_hour.parse().expect("rates are numbers");
        let quarter = |number: u32| {
            let weight = 0.4 + 1.2 * (PI * (f64::from(number) + 0.5) / 48.0).sin();
            Rate {
                until_hours: f64::from(number + 1) / 4.0,
                from: rate * weight,
                to: rate * weight,
                day: 0,
            }
        };
        let center = Center {
            per_hour: rate,
            rates: (0..48).map(quarter).collect(),
            hours: 12.0,
            ..Center::default()
        };
        let exact = Exact::from([("mean".to_string(), *expected)]);
        Case {
            see: See::Daily {
                mean: *expected,
                days: 1,
            },
            // A small day varies more.
            takes: Takes::Replications(if rate < 100.0 { 100 } else { 30 }),
            ..case(
                format!("a reference day at {per_hour} an hour"),
                center,
                &exact,
                0.0,
            )
        }
    };
    figures.reference.arrivals.iter().map(day).collect()
}

/// Customers a day, each day with a Gamma factor of its own: negative binomial (Greenwood and Yule
/// 1920).
fn counts(row: &Counts) -> Case {
    const DAYS: u32 = 500;
    let day = |day: u32| Rate {
        until_hours: 24.0 * f64::from(day + 1),
        from: row.mean / 24.0,
        to: row.mean / 24.0,
        day,
    };
    let center = Center {
        per_hour: row.mean / 24.0,
        rates: (0..DAYS).map(day).collect(),
        busyness_cv: row.busyness_cv,
        hours: 24.0 * f64::from(DAYS),
        ..Center::default()
    };
    let name = format!("{} customers a day, busyness {}", row.mean, row.busyness_cv);
    Case {
        see: See::Daily {
            mean: row.mean,
            days: DAYS,
        },
        takes: Takes::Replications(row.replications),
        ..case(name, center, &row.exact, 0.0)
    }
}

/// Erlang A, each replication with a factor of its own. Where patience and handle time have the same
/// mean, the number present in the long run is Poisson, and so is it after a first second in which so
/// many come that, less those who go again, the right number is left: nothing has to settle.
fn random_rate(row: &RandomRate) -> Case {
    let handle = row.handle_s / HOUR_S;
    let (first, end) = (1.0 / HOUR_S, 3.0 * handle);
    let fill = row.per_hour / -(-first / handle).exp_m1();
    let constant = |until_hours, rate| Rate {
        until_hours,
        from: rate,
        to: rate,
        day: 0,
    };
    let center = Center {
        per_hour: row.per_hour,
        rates: vec![constant(first, fill), constant(end, row.per_hour)],
        busyness_cv: row.busyness_cv,
        hours: end,
        warm_up_hours: first,
        agents: row.agents,
        reply: exponential(row.handle_s),
        queue_patience: exponential(row.patience_s),
        ..Center::default()
    };
    let name = format!("Erlang A at a random rate, cv {}", row.busyness_cv);
    Case {
        takes: Takes::Replications(row.replications),
        ..case(name, center, &row.exact, 0.0)
    }
}
