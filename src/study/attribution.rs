//! Owns the attribution of a live run's figures: the same people are simulated twice, by themselves
//! and late as the run's generator was, and held against what was measured.
//!
//! Law: measured less predicted is the generator's part and the server's, and nothing besides. Where
//! the prediction would be of another center than was measured, nothing is attributed, and it is said
//! why. The simulations cost little: a live run of as many messages takes a hundred times as long.
//!
//! A live run is one realisation, so that its intervals come from blocks of time: those of the run
//! and of the prediction hold the same people, and differ by what differs between the two.

use std::ops::Range;
use std::sync::atomic::Ordering;

use crate::live::Evidence;
use crate::live::terms::Difference;
use crate::measure::attribution::{Attribution, Parts};
use crate::measure::cast::Cast;
use crate::measure::cells::{Cell, Cells};
use crate::measure::histogram::decoded;
use crate::measure::result::{Measure, RunResult};
use crate::measure::tally::Latency;
use crate::scenario::plan::Plan;
use crate::simulation::{Options, Watch, simulate_into};
use crate::stats::interval::Estimate;
use crate::stats::law::Law;

/// More blocks than this tell little more of the spread (Schmeiser 1982).
const BLOCKS_MOST: u64 = 20;
/// Fewer than this tell too little of it.
const BLOCKS_LEAST: usize = 5;
/// Chats offered that a block has to have, about.
const CHATS_A_BLOCK: u64 = 10;

/// Where a larger share of the chats failed or was cut than is predicted, the center had other work.
const LOST_MOST: f64 = 0.02;

/// The share of n chats is not known better than to this many of them: as many may fare otherwise
/// where none is seen to (Hanley and Lippman-Hand 1983).
const RULE_OF_THREE: f64 = 3.0;

/// How many lags stand for all that were recorded.
const LAGS: u64 = 10_000;

/// Why nothing can be attributed where the customers alone were played.
const STAFF_UNKNOWN: &str = "the staff is the server's own: how it works, and for how long it wraps up, \
                             is not known";

/// Why nothing can be attributed where the agents alone were played.
const VISITORS_UNKNOWN: &str = "the visitors are the server's own: when they come, and how they wait \
                                and think, is not known";

/// What the figures of a live run of this plan are due to.
pub fn attribute(
    plan: &Plan,
    result: &RunResult,
    evidence: &Evidence,
    watch: &Watch,
) -> Attribution {
    let count = |name: &str| result.measure(name).map_or(0, |measure| measure.samples);
    let mut attribution = Attribution {
        reasons: reasons(plan, result, evidence),
        failed: count("failed"),
        broken: count("broken"),
        ..Attribution::default()
    };
    if !attribution.reasons.is_empty() {
        return attribution;
    }
    let predicted = simulated(plan, result, evidence, None, watch);
    attribution.broken_by_plan = Some(predicted.sum().broken);
    if let Some(words) = too_many_lost(result, &predicted) {
        attribution.reasons.push(words);
        return attribution;
    }
    let with_lag = match lag(result) {
        None => predicted.clone(),
        lag => simulated(plan, result, evidence, lag, watch),
    };
    if watch.stop.load(Ordering::Relaxed) {
        let words = "the prediction was stopped";
        attribution.reasons.push(words.into());
        return attribution;
    }
    let blocks = blocks(&predicted);
    attribution.blocks = if blocks.len() > 1 { blocks.len() } else { 0 };
    let runs = [&predicted, &with_lag, &evidence.cells];
    let names = Cell::default().measures().map(|(name, _)| name);
    let parts = names.into_iter().enumerate();
    let parts = parts.map(|(which, name)| (name.to_string(), compare(runs, which, &blocks)));
    attribution.measures = parts.collect();
    attribution
}

/// Why nothing can be attributed; empty where it can.
fn reasons(plan: &Plan, result: &RunResult, evidence: &Evidence) -> Vec<String> {
    let mut reasons = Vec::new();
    let verdict = &result.verdict;
    if verdict.failed.is_some() {
        reasons.push("the run failed".into());
    } else if evidence.stopped || verdict.stopped_by.is_some() {
        reasons.push("the run was stopped before its end".into());
    }
    if verdict.valid == Some(false) {
        reasons.push("the run is INVALID: the generator did not do what the plan says".into());
    }
    if !plan.outline.messages {
        reasons.push("the scenario is a level model, which has no messages".into());
    }
    reasons.extend(match result.scenario.cast {
        Cast::Everybody => None,
        Cast::Customers => Some(STAFF_UNKNOWN.into()),
        Cast::Agents => Some(VISITORS_UNKNOWN.into()),
    });
    let differing = |which: Difference| {
        format!(
            "the server's {} is not the scenario's, which is what would be predicted",
            which.words()
        )
    };
    reasons.extend(evidence.differences.each().map(differing));
    let count = |name: &str| result.value(name).unwrap_or(0.0);
    if count("over_limit") > 0.0 {
        let words = "the server gave agents chats beyond their limit: it does not hold a slot \
                     through the wrap-up, or not as the scenario has it";
        reasons.push(words.into());
    }
    reasons
}

/// Why nothing can be attributed where more chats failed or were cut than is predicted.
fn too_many_lost(result: &RunResult, predicted: &Cells) -> Option<String> {
    let count = |name: &str| result.value(name).unwrap_or(0.0);
    let lost = count("failed") + count("broken");
    let by_plan = predicted.sum().broken as f64;
    (lost - by_plan > LOST_MOST * count("offered")).then(|| {
        format!(
            "{lost} of {} chats failed or were cut: the agents had other work than is predicted",
            count("offered")
        )
    })
}

/// What the same people find in a simulation, late by `lag` or not at all; each in its center.
fn simulated(
    plan: &Plan,
    result: &RunResult,
    evidence: &Evidence,
    lag: Option<Law>,
    watch: &Watch,
) -> Cells {
    let mut alone = plan.clone();
    alone.first_replication = result.scenario.replication.unwrap_or(0);
    alone.replications = 1;
    alone.precision.clear();
    alone.lag = lag;
    let options = Options {
        threads: 1,
        records: true,
        trace: None,
    };
    let mut cells = Cells::new(&plan.outline);
    let centers = evidence.centers.max(1);
    for index in 0..centers {
        let mut center = alone.clone();
        if centers > 1 {
            center.narrow_to(index, centers);
        }
        simulate_into(&center, &options, watch, &mut |_, rows| {
            rows.iter().for_each(|row| cells.add(row));
        });
    }
    cells
}

/// The lag of a live run's generator, in scenario time; none where it was not late at all.
fn lag(result: &RunResult) -> Option<Law> {
    let counts = decoded(result.histograms.get(Latency::ScheduleLag.name())?)?;
    let total: u64 = counts.iter().map(|(_, count)| count).sum();
    let speed = result.scenario.speed.unwrap_or(1.0);
    let kept = total.min(LAGS);
    let mut lags = Vec::new();
    let mut passed = 0;
    for (micros, count) in counts {
        passed += count;
        // Those of the middle ranks of as many equal parts.
        let upto = (2 * passed * kept + total) / (2 * total);
        lags.resize(upto as usize, micros as f64 * 1e-6 * speed);
    }
    if lags.iter().all(|lag| *lag == 0.0) {
        return None;
    }
    Law::empirical(&lags).ok()
}

/// Cuts the time into blocks of about as many chats: at most twenty, each of at least ten chats and as
/// long as a chat lasts, so that what happens in one is mostly over in the next; a single one where
/// that leaves too few.
fn blocks(predicted: &Cells) -> Vec<Range<usize>> {
    let (cells, sum) = (predicted.all(), predicted.sum());
    let stays = match sum.stay.mean() {
        Some(stay) if stay > 0.0 => (predicted.length().as_secs_f64() / stay) as u64,
        _ => BLOCKS_MOST,
    };
    let wanted = BLOCKS_MOST.min(stays).min(sum.offered / CHATS_A_BLOCK);
    let (mut blocks, mut offered) = (Vec::new(), 0);
    let mut from = 0;
    for (index, cell) in cells.iter().enumerate() {
        offered += cell.offered;
        let next = blocks.len() as u64 + 1;
        if cell.offered > 0 && next < wanted && offered * wanted >= sum.offered * next {
            blocks.push(from..index + 1);
            from = index + 1;
        }
    }
    blocks.push(from..cells.len());
    if blocks.len() < BLOCKS_LEAST {
        blocks.clear();
        blocks.push(0..cells.len());
    }
    blocks
}

/// One measure of the runs: predicted, with lag, measured.
fn compare(runs: [&Cells; 3], which: usize, blocks: &[Range<usize>]) -> Parts {
    let part = |cells: &Cells, block: &Range<usize>| {
        let mut sum = Cell::default();
        cells.all()[block.clone()]
            .iter()
            .for_each(|cell| sum.add(cell));
        sum.measures()[which].1
    };
    let parts = runs.map(|cells| {
        blocks
            .iter()
            .map(|block| part(cells, block))
            .collect::<Vec<_>>()
    });
    let of_chats = Cell::default().measures()[which].0.ends_with("_ratio");
    let value = |run: usize| {
        let (above, below) = runs[run].sum().measures()[which].1;
        Measure {
            value: (below > 0.0).then(|| above / below),
            samples: below as u64,
            ..Measure::NONE
        }
    };
    let difference = |one: usize, other: usize| {
        let pairs = parts[one].iter().zip(&parts[other]);
        let pairs: Vec<_> = pairs.map(|(one, other)| [*one, *other]).collect();
        let estimate = Estimate::of_paired_ratios(&pairs);
        let samples = value(one).samples;
        // Two runs without any difference are one run.
        let least = match of_chats && runs[one] != runs[other] {
            true => RULE_OF_THREE / samples as f64,
            false => 0.0,
        };
        let middle = estimate.value.unwrap_or_default();
        let ends = estimate.ends.unzip();
        Measure {
            value: estimate.value,
            low: ends.0.map(|low| low.min(middle - least)),
            high: ends.1.map(|high| high.max(middle + least)),
            samples,
        }
    };
    Parts {
        predicted: value(0),
        predicted_with_lag: value(1),
        measured: value(2),
        generator: difference(1, 0),
        server: difference(2, 1),
    }
}

#[cfg(test)]
mod tests;
