//! Observes a case: plays it and takes its measures from what was found.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::case::{Case, See};
use super::center::Center;
use crate::measure::record::Record;
use crate::measure::result::{Measure, RunResult};
use crate::scenario::plan::Plan;
use crate::scenario::stream::ArrivalStream;
use crate::simulation::{Options, Watch, simulate};
use crate::stats::interval::Estimate;
use crate::time::{Span, Time};

/// An estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Its value.
    pub value: f64,
    /// Half of its 95 % interval.
    pub half_width: f64,
}

/// Estimates by measure.
type SeenBy = HashMap<String, Seen>;

/// Plays the center and finds the case's measures; `None` when it was stopped.
pub(super) fn observe(
    case: &Case,
    center: &Center,
    threads: usize,
    watch: &Watch,
) -> Option<SeenBy> {
    let plan = center.plan();
    if let See::Daily { mean, days } = case.see {
        return daily(&plan, mean, days, watch);
    }
    let records = matches!(case.see, See::Present { .. });
    let outcome = {
        let options = Options {
            threads,
            records,
            ..Options::default()
        };
        simulate(&plan, &options, watch)
    };
    if watch.stop.load(Ordering::Relaxed) {
        return None;
    }
    Some(match &case.see {
        See::Present {
            hours,
            period,
            seen,
        } => hours
            .iter()
            .map(|hour| present(&outcome.records, *hour, *period, *seen))
            .collect(),
        _ => {
            let names = case.exact.keys();
            let seen = |name: &String| Some((name.clone(), of(named(&outcome.result, name)?)?));
            names.filter_map(seen).collect()
        }
    })
}

/// A measure of the result, or of one class of it, as in `class 1: wait_s_mean`.
fn named(result: &RunResult, name: &str) -> Option<Measure> {
    match name.split_once(": ") {
        Some((class, measure)) => of_class(result, class, measure),
        None => result.measures.get(name).copied(),
    }
}

/// A measure of a class.
fn of_class(result: &RunResult, class: &str, measure: &str) -> Option<Measure> {
    let row = result.classes.iter().find(|row| row.name == class)?;
    row.measures.get(measure).copied()
}

fn of(measure: Measure) -> Option<Seen> {
    let Measure {
        value, low, high, ..
    } = measure;
    let (low, high) = low.zip(high)?;
    Some(Seen {
        value: value?,
        half_width: (high - low) / 2.0,
    })
}

fn of_mean(figures: &[f64]) -> Option<Seen> {
    let estimate = Estimate::of_mean(figures);
    Some(Seen {
        value: estimate.value?,
        half_width: estimate.half_width()?,
    })
}

/// The name of the measure of chats in progress at a time.
pub(super) fn present_at(hour: f64) -> String {
    format!("active_chats_at_{hour}h")
}

/// Chats in progress at `hour` of each period seen.
fn present(
    records: &[Vec<Record>],
    hour: f64,
    period: f64,
    (first, end): (u32, u32),
) -> (String, Seen) {
    let instant = |number: u32| Time::from_secs_f64((f64::from(number) * period + hour) * 3600.0);
    let there = |row: &&Record, at: Time| row.assigned <= at && at < row.freed;
    let count = |rows: &Vec<Record>| {
        let at = |number: u32| {
            rows.iter()
                .filter(|row| there(row, instant(number)))
                .count()
        };
        (first..end).map(at).sum::<usize>() as f64 / f64::from(end - first)
    };
    let counts: Vec<f64> = records.iter().map(count).collect();
    let seen = of_mean(&counts).expect("there are several replications");
    (present_at(hour), seen)
}

/// Mean, variance and share of busy days of the numbers of customers by day.
fn daily(plan: &Plan, mean: f64, days: u32, watch: &Watch) -> Option<SeenBy> {
    let [mut means, mut variances, mut busy] = [const { Vec::new() }; 3];
    let day = Span::from_secs(86_400).0;
    for replication in 0..plan.replications {
        let mut counts = vec![0u32; days as usize];
        for at in ArrivalStream::new(plan, replication) {
            counts[(at.0 / day) as usize] += 1;
        }
        let number = f64::from(days);
        let average = counts.iter().map(|count| f64::from(*count)).sum::<f64>() / number;
        let square = |count: &u32| (f64::from(*count) - average).powi(2);
        means.push(average);
        variances.push(counts.iter().map(square).sum::<f64>() / (number - 1.0).max(1.0));
        let above = counts
            .iter()
            .filter(|count| f64::from(**count) > 1.2 * mean)
            .count();
        busy.push(above as f64 / number);
        watch
            .chats
            .fetch_add((average * number) as u64, Ordering::Relaxed);
        if watch.stop.load(Ordering::Relaxed) {
            return None;
        }
    }
    let figures = [
        ("mean", means),
        ("variance", variances),
        ("above_1_2_mean", busy),
    ];
    let seen = |(name, figures): (&str, Vec<f64>)| Some((name.to_string(), of_mean(&figures)?));
    figures.into_iter().map(seen).collect()
}
