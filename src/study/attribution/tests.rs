//! What is attributed where it is known what was added, and by whom.

use indexmap::IndexMap;

use super::*;
use crate::center::rules::DisconnectRules;
use crate::live::ledger::Sent;
use crate::live::terms::Differences;
use crate::measure::cells::TURNED_AWAY;
use crate::measure::histogram::{Histogram, Series};
use crate::measure::result::RunKind;
use crate::simulation::simulate;
use crate::stats::law::CountLaw;
use crate::study::validate::center::{Center, constant, exponential};
use crate::time::Span;

const SPEED: f64 = 4.0;

/// Agents for everybody: what is added to one chat is added to no other.
fn roomy() -> Plan {
    let center = Center {
        per_hour: 60.0,
        hours: 10.0,
        warm_up_hours: 1.0,
        agents: 100,
        reply: exponential(40.0),
        think: exponential(60.0),
        exchanges: CountLaw::Constant(4),
        replications: 3,
        ..Center::default()
    };
    center.plan()
}

/// A run that looks live: what everybody does is late by `added`, of which the generator says that it
/// was late by `lag` wall seconds.
fn live(plan: &Plan, added: Option<Law>, lag: f64) -> (RunResult, Evidence) {
    let mut plan = plan.clone();
    (plan.replications, plan.lag) = (1, added);
    let options = Options {
        threads: 1,
        records: true,
        trace: None,
    };
    let outcome = simulate(&plan, &options, &Watch::default());
    let mut result = outcome.result;
    (result.kind, result.scenario.speed) = (RunKind::Load, Some(SPEED));
    let bound = Span::from_secs(1_000);
    let (mut series, mut pool) = (Series::new(bound), Histogram::new(bound));
    (0..500).for_each(|_| series.record(Span::from_secs_f64(lag)));
    series.drain_into(&mut pool);
    let name = Latency::ScheduleLag.name().to_string();
    result.histograms.insert(name, pool.encoded());
    let mut cells = Cells::new(&plan.outline);
    outcome.records[0].iter().for_each(|row| cells.add(row));
    let evidence = Evidence {
        cells,
        sent: Sent::new(plan.outline.warm_up, plan.outline.horizon),
        differences: Differences::default(),
        stopped: false,
        centers: 1,
    };
    (result, evidence)
}

fn attributed(plan: &Plan, (result, evidence): &(RunResult, Evidence)) -> Attribution {
    attribute(plan, result, evidence, &Watch::default())
}

/// The value of a part of each measure in the order of the table.
fn values(found: &Attribution, part: impl Fn(&Parts) -> Measure) -> Vec<f64> {
    let values = found.measures.values();
    values.map(|parts| part(parts).value.unwrap()).collect()
}

/// One latency in the wait, two in a first reply, two in each but the first of a chat; to the three
/// digits of the histogram.
fn close(values: &[f64], latency: f64) {
    let per_reply = 7.0 / 4.0;
    let expected = [1.0, 2.0, per_reply, 0.0, 0.0].map(|times| times * latency);
    for (value, expected) in values.iter().zip(expected) {
        assert!(
            (value - expected).abs() < 1e-3,
            "{values:?}, not {expected}"
        );
    }
}

#[test]
fn what_the_server_adds_is_the_servers() {
    let plan = roomy();
    let found = attributed(&plan, &live(&plan, Some(constant(0.5)), 0.0));
    assert_eq!(found.reasons, Vec::<String>::new());
    assert_eq!(found.blocks, 20);
    assert_eq!(values(&found, |parts| parts.generator), [0.0; 5]);
    close(&values(&found, |parts| parts.server), 0.5);
    // Nobody left in either run, which is no proof that nobody would.
    let left = found.measures["abandoned_ratio"];
    let most = Some(3.0 / left.measured.samples as f64);
    assert_eq!((left.server.value, left.server.high), (Some(0.0), most));
    assert_eq!(left.generator.high, Some(0.0));
}

#[test]
fn what_the_generator_adds_is_the_generators() {
    let plan = roomy();
    let found = attributed(&plan, &live(&plan, Some(constant(0.5)), 0.5 / SPEED));
    close(&values(&found, |parts| parts.server), 0.0);
    close(&values(&found, |parts| parts.generator), 0.5);
    let sum = values(&found, |parts| parts.measured);
    let predicted = values(&found, |parts| parts.predicted);
    let added: Vec<f64> = sum.iter().zip(predicted).map(|(a, b)| a - b).collect();
    close(&added, 0.5);
}

/// Whose connection the scenario cuts loses its chat in the simulation as well.
#[test]
fn chats_cut_by_plan_are_told() {
    let mut plan = roomy();
    plan.outline.cuts = true;
    for rules in plan.customers.rules_mut() {
        rules.disconnect = Some(DisconnectRules {
            every: exponential(300.0),
            away: exponential(60.0),
            kept_for: Span::from_secs(60),
        });
    }
    let run = live(&plan, None, 0.0);
    let (cut, found) = (run.1.cells.sum().broken, attributed(&plan, &run));
    assert!(cut > 10, "{cut}");
    assert_eq!(found.broken_by_plan, Some(cut));
    let whole = attributed(&roomy(), &live(&roomy(), None, 0.0));
    assert_eq!(whole.broken_by_plan, Some(0));
}

/// Centers of their own are predicted each by itself: as many people, and none of them helps another.
#[test]
fn centers_of_their_own_are_predicted_apart() {
    let mut plan = roomy();
    plan.team = 6;
    plan.shifts.truncate(6);
    plan.agents.reply = exponential(150.0);
    let mut sound = live(&plan, None, 0.0);
    let whole = attributed(&plan, &sound);
    assert_eq!(values(&whole, |parts| parts.server), [0.0; 5]);
    sound.1.centers = 2;
    let apart = attributed(&plan, &sound);
    let wait = |found: &Attribution| found.measures["wait_s_mean"].predicted;
    assert_eq!(wait(&apart).samples, wait(&whole).samples);
    assert!(wait(&apart).value > wait(&whole).value, "{apart:?}");
    // Nobody comes to both, and everybody to one.
    let halves = [0, 1].map(|index| {
        let mut half = plan.clone();
        half.narrow_to(index, 2);
        live(&half, None, 0.0).1.cells.sum().offered
    });
    let offered = sound.1.cells.sum().offered;
    assert_eq!(halves.iter().sum::<u64>(), offered);
    assert!(halves[0].abs_diff(halves[1]) <= 1, "{halves:?}");
}

#[test]
fn both_are_told_apart() {
    let plan = roomy();
    let found = attributed(&plan, &live(&plan, Some(constant(0.5)), 0.2 / SPEED));
    close(&values(&found, |parts| parts.generator), 0.2);
    close(&values(&found, |parts| parts.server), 0.3);
}

/// Of forty runs in which latencies are drawn, nearly all intervals hold their mean.
#[test]
fn intervals_hold_what_was_added() {
    let mut held = 0;
    for seed in 0..40 {
        let mut plan = roomy();
        (plan.seed, plan.replications) = (seed, 1);
        let found = attributed(&plan, &live(&plan, Some(exponential(0.5)), 0.0));
        let wait = found.measures["wait_s_mean"].server;
        held += u32::from(wait.low < Some(0.5) && wait.high > Some(0.5));
    }
    assert!((35..40).contains(&held), "{held} of 40");
}

/// What cells sum up to is what the run says itself.
#[test]
fn measured_is_what_the_result_says() {
    let mut plan = roomy();
    plan.outline.short_abandon = Span::from_secs(20);
    plan.team = 2;
    plan.shifts.truncate(2);
    plan.customers.rules_mut().for_each(|rules| {
        (rules.queue_patience, rules.reply_patience) = (exponential(60.0), exponential(90.0));
        rules.silent = 0.3;
    });
    plan.agents.inactivity = Span::from_secs(100);
    let (result, evidence) = live(&plan, None, 0.0);
    for (name, (above, below)) in evidence.cells.sum().measures() {
        let count = |name: &str| result.value(name).unwrap();
        let value = match name {
            // Results count the two apart.
            TURNED_AWAY => (count("rejected") + count("dropped")) / count("offered"),
            name => count(name),
        };
        assert!(
            value > 0.0 && (above / below - value).abs() < 1e-9 * value,
            "{name}"
        );
    }
}

#[test]
fn blocks_are_the_whole_in_parts_alike() {
    let plan = roomy();
    let (_, evidence) = live(&plan, None, 0.0);
    let cells = &evidence.cells;
    let blocks = blocks(cells);
    assert_eq!(blocks.len(), 20);
    assert_eq!((blocks[0].start, blocks[19].end), (0, cells.all().len()));
    assert!(blocks.windows(2).all(|pair| pair[0].end == pair[1].start));
    let offered = |block: &Range<usize>| {
        let cells = cells.all()[block.clone()].iter();
        cells.map(|cell| cell.offered).sum::<u64>()
    };
    let each = cells.sum().offered / 20;
    assert!(blocks.iter().all(|b| offered(b).abs_diff(each) < each / 2));
}

#[test]
fn too_few_chats_have_no_interval() {
    let mut plan = roomy();
    plan.outline.warm_up = crate::time::Time::ZERO + Span::from_secs(35_400);
    let found = attributed(&plan, &live(&plan, Some(constant(0.5)), 0.0));
    assert_eq!(found.blocks, 0);
    let wait = found.measures["wait_s_mean"].server;
    assert!(wait.value.is_some() && wait.low.is_none() && wait.high.is_none());
}

/// No prediction is held against a run that it is not of.
#[test]
fn what_cannot_be_attributed_says_why() {
    let plan = roomy();
    let sound = live(&plan, None, 0.0);
    let told = |change: &dyn Fn(&mut RunResult, &mut Evidence), words: &str| {
        let (mut result, mut evidence) = sound.clone();
        change(&mut result, &mut evidence);
        let found = attributed(&plan, &(result, evidence));
        assert!(
            found.reasons.iter().any(|r| r.contains(words)),
            "{words}: {found:?}"
        );
        assert_eq!(found.measures, IndexMap::new());
    };
    let put = |result: &mut RunResult, name: &str, value: f64| {
        let measure = Measure {
            value: Some(value),
            ..Measure::NONE
        };
        result.measures.insert(name.into(), measure);
    };
    told(
        &|result, _| result.verdict.failed = Some("agent".into()),
        "the run failed",
    );
    told(&|result, _| result.verdict.valid = Some(false), "INVALID");
    told(
        &|result, _| result.verdict.stopped_by = Some("SIGINT".into()),
        "stopped",
    );
    told(&|_, evidence| evidence.stopped = true, "stopped");
    told(&|result, _| put(result, "over_limit", 1.0), "wrap-up");
    told(
        &|result, _| result.scenario.cast = Cast::Customers,
        "wraps up",
    );
    told(
        &|result, _| result.scenario.cast = Cast::Agents,
        "the visitors are the server's own",
    );
    told(
        &|result, _| put(result, "failed", 400.0),
        "failed or were cut",
    );
    let stopped = Watch::default();
    stopped.stop.store(true, Ordering::Relaxed);
    let found = attribute(&plan, &sound.0, &sound.1, &stopped);
    assert_eq!(found.reasons, ["the prediction was stopped"]);
}
