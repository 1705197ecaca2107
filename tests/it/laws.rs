//! Conservation laws of the simulation over random scenarios.

mod cut_off;
mod cuts;
mod early;
mod every_feature;
mod late;

use busyhour::center::fate::Fate;
use busyhour::center::rules::ShiftEnd;
use busyhour::measure::record::Record;
use busyhour::measure::recorder::Recorder;
use busyhour::scenario::plan::{Plan, Shift};
use busyhour::simulation::world::{Watcher, World};
use busyhour::simulation::{Options, Outcome, Watch, simulate};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::plans::Center;

fn law() -> impl Strategy<Value = Law> {
    prop_oneof![
        (1.0..120.0f64).prop_map(|mean| Law::exponential(mean).unwrap()),
        (1.0..120.0f64, 0.2..2.0f64).prop_map(|(mean, cv)| Law::lognormal(mean, cv).unwrap()),
        (1.0..120.0f64, 0.3..2.0f64).prop_map(|(mean, cv)| Law::gamma(mean, cv).unwrap()),
        (1.0..120.0f64, 0.3..2.0f64).prop_map(|(mean, cv)| Law::weibull(mean, cv).unwrap()),
        // Whole numbers of ten seconds, so that many things happen at the same instant.
        (0u32..12).prop_map(|tens| Law::constant(f64::from(tens) * 10.0).unwrap()),
    ]
}

fn patience() -> impl Strategy<Value = Law> {
    prop_oneof![1 => Just(Law::Never), 4 => law()]
}

prop_compose! {
    fn center()(
        (per_hour, hours) in (20.0..400.0f64, 0.5..3.0f64),
        (agents, concurrency) in (1u32..6, 1u32..5),
        (reply, think, wrap_up) in (law(), law(), law()),
        (queue_patience, reply_patience) in (patience(), patience()),
        exchanges in prop_oneof![
            (1u32..5).prop_map(|count| CountLaw::constant(count).unwrap()),
            (1.1..6.0f64).prop_map(|mean| CountLaw::geometric(mean).unwrap()),
        ],
        slow_down in prop_oneof![Just(0.0), 0.0..0.5f64],
        queue_limit in prop_oneof![Just(u32::MAX), 0u32..10],
        warm_up_hours in prop_oneof![Just(0.0), 0.0..0.4f64],
        seed in any::<u64>(),
    ) -> Center {
        Center {
            per_hour, hours, warm_up_hours, agents, concurrency, reply, think, wrap_up, exchanges,
            queue_patience, reply_patience, slow_down, queue_limit, replications: 3, seed,
            ..Center::default()
        }
    }
}

prop_compose! {
    /// A plan whose agents come and go.
    fn plan()(center in center(), roster in any::<bool>(), cuts in prop::collection::vec(0.0..1.0f64, 6)) -> Plan {
        let mut plan = center.plan();
        if roster {
            let horizon = plan.outline.horizon.0 as f64;
            plan.shifts = (0..plan.team).flat_map(|agent| {
                let cut = |i: usize| Time((cuts[(agent as usize + i) % 6] * horizon) as u64);
                let (from, until) = (cut(0).min(cut(1)), cut(0).max(cut(1)) + Span(1));
                let again = Shift { agent, from: until + Span::from_secs(600), until: Time::NEVER, end: ShiftEnd::Finish };
                [Shift { agent, from, until, end: ShiftEnd::Finish }, again]
            }).collect();
            plan.shifts.sort_by_key(|shift| (shift.from, shift.agent));
        }
        plan
    }
}

fn run(plan: &Plan, threads: usize) -> Outcome {
    simulate(
        plan,
        &Options {
            threads,
            records: true,
            ..Options::default()
        },
        &Watch::default(),
    )
}

/// The result file, but for what stands under `environment`.
fn bytes(plan: &Plan, threads: usize) -> String {
    let mut result = run(plan, threads).result;
    result.environment = Default::default();
    serde_json::to_string(&result).unwrap()
}

/// Slots of one agent in use at the same time, from the records.
fn most_held(records: &[Record], agent: u32) -> usize {
    let own = || records.iter().filter(|r| r.agent == agent);
    let held = |at: Time| own().filter(|r| r.assigned <= at && at < r.freed).count();
    own().map(|r| held(r.assigned)).max().unwrap_or(0)
}

struct Nobody;

impl Watcher for Nobody {
    fn look(&mut self, _: u64, _: u64) -> bool {
        false
    }
}

/// The rows of one replication, played with or without every patience in the queue.
fn rows(plan: &Plan, eager: bool) -> Vec<Record> {
    let mut world = World::new(plan);
    if eager {
        world = world.eager();
    }
    let mut recorder = Recorder::new(&plan.outline, false, true);
    let (end, stopped) = world.play(0, &mut recorder, &mut Nobody);
    recorder.finish(end, stopped).1
}

/// The same scenarios in every run.
fn config() -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(20_261_121);
    ProptestConfig {
        cases: 96,
        rng_seed,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// A center so large that the memory of people is sent for ahead, which changes nothing.
#[test]
fn a_large_center_has_the_same_rows_without_foresight() {
    let center = Center {
        per_hour: 7_000.0,
        hours: 0.5,
        agents: 700,
        concurrency: 3,
        reply: Law::lognormal(40.0, 0.8).unwrap(),
        think: Law::lognormal(60.0, 1.0).unwrap(),
        wrap_up: Law::exponential(30.0).unwrap(),
        exchanges: CountLaw::geometric(5.0).unwrap(),
        queue_patience: Law::exponential(60.0).unwrap(),
        reply_patience: Law::lognormal(120.0, 0.8).unwrap(),
        ..Center::default()
    };
    let plan = center.plan();
    let ahead = rows(&plan, false);
    assert!(ahead.len() > 3_000);
    assert_eq!(ahead, rows(&plan, true));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_chat_offered_has_one_fate(plan in plan()) {
        let outcome = run(&plan, 1);
        let count = |name: &str| outcome.result.measures[name].samples;
        let fates = Fate::ALL.iter().filter(|f| !matches!(f, Fate::Failed | Fate::Broken));
        prop_assert_eq!(count("offered"), fates.map(|fate| count(fate.name())).sum::<u64>());
        for record in outcome.records.iter().flatten() {
            let fate = record.fate.expect("the desk is always open");
            prop_assert_eq!(record.assigned.comes(), record.agent != u32::MAX);
            prop_assert!(record.replies <= record.messages && record.messages <= record.replies + 1);
            match fate {
                Fate::Handled => prop_assert_eq!(record.messages, record.replies),
                Fate::AbandonedChat => prop_assert_eq!(record.messages, record.replies + 1),
                Fate::AbandonedQueue | Fate::Rejected => prop_assert!(!record.assigned.comes()),
                _ => {}
            }
            let order = [record.offered, record.assigned, record.first_reply, record.closed];
            let order: Vec<_> = order.into_iter().filter(|time| time.comes()).collect();
            prop_assert!(order.is_sorted(), "{:?}", record);
        }
    }

    #[test]
    fn nobody_holds_more_than_k_and_the_queue_is_kept(plan in plan()) {
        let outcome = run(&plan, 1);
        for records in &outcome.records {
            for agent in 0..plan.team {
                prop_assert!(most_held(records, agent) <= plan.agents.concurrency as usize);
            }
            let waits = |at: Time| records.iter().filter(|r| {
                let left = r.assigned.min(r.closed);
                r.delayed && r.offered <= at && at < left
            }).count();
            let most = records.iter().filter(|r| r.delayed).map(|r| waits(r.offered)).max();
            prop_assert!(most.unwrap_or(0) <= plan.router.queue_limit as usize);
        }
    }

    /// Little's law on one sample path: the queue's integral is the waits' sum, the slots'
    /// integral the handle times' sum, as far as all of both lies within the horizon.
    #[test]
    fn littles_law_holds(mut center in center()) {
        center.warm_up_hours = 0.0;
        center.replications = 1;
        let mut plan = center.plan();
        let first = run(&plan, 1);
        // A center that collects work for longer than the drain has no end to hold the law at.
        prop_assume!(first.records[0].iter().all(|r| r.fate != Some(Fate::OpenAtEnd)));
        let ends = first.records[0].iter().flat_map(|r| [r.freed, r.closed, r.assigned]);
        let end = ends.filter(|time| time.comes()).max().unwrap_or_default();
        // Beyond the last event nothing is left to count.
        let last = plan.outline.horizon;
        plan.outline.horizon = end.max(last) + Span::from_secs(1);
        plan.outline.end = plan.outline.horizon + plan.drain_limit;
        let outcome = run(&plan, 1);
        let (result, records) = (&outcome.result, &outcome.records[0]);
        let seconds = plan.outline.horizon.as_secs_f64();
        let wait = |r: &Record| r.assigned.min(r.closed).since(r.offered).as_secs_f64();
        let waited: f64 = records.iter().filter(|r| r.delayed).map(wait).sum();
        let held: f64 = records.iter().filter(|r| r.freed.comes())
            .map(|r| r.freed.since(r.assigned).as_secs_f64()).sum();
        let value = |name: &str| result.value(name).unwrap_or(0.0) * seconds;
        prop_assert!((value("queue_mean") - waited).abs() < 1e-6 * waited + 1e-6);
        prop_assert!((value("active_chats_mean") - held).abs() < 1e-6 * held + 1e-6);
    }

    #[test]
    fn the_same_bytes_for_any_number_of_threads(plan in plan()) {
        prop_assert_eq!(bytes(&plan, 1), bytes(&plan, 2));
    }

    /// A patience that cannot matter is not queued; one that is changes nothing.
    #[test]
    fn lazy_patience_gives_the_same_rows(plan in plan()) {
        prop_assert_eq!(rows(&plan, false), rows(&plan, true));
    }

    /// Common random numbers: who comes and how many exchanges they have does not depend on the
    /// agents.
    #[test]
    fn a_variant_changes_only_what_it_changes(center in center()) {
        let more = Center { agents: center.agents + 1, ..center.clone() };
        let (ours, theirs) = (run(&center.plan(), 1), run(&more.plan(), 1));
        for (a, b) in ours.records[0].iter().zip(&theirs.records[0]) {
            prop_assert_eq!((a.number, a.offered), (b.number, b.offered));
            if a.fate == Some(Fate::Handled) && b.fate == a.fate {
                prop_assert_eq!(a.messages, b.messages);
            }
        }
        prop_assert_eq!(ours.records[0].len(), theirs.records[0].len());
    }

    /// All times twice as long, twice the waits. Draws are whole nanoseconds, so that each act of a
    /// busy spell may add two: 100 us for 50,000 of them.
    #[test]
    fn waits_scale_with_the_unit_of_time(center in center()) {
        let slower = |law: &Law| match law {
            Law::Constant(span) => Law::Constant(*span * 2),
            Law::Exponential { mean } => Law::Exponential { mean: mean * 2.0 },
            Law::LogNormal { mu, sigma } => Law::LogNormal { mu: mu + 64.0, sigma: *sigma },
            Law::Weibull { shape, scale } => Law::Weibull { shape: *shape, scale: scale * 2.0 },
            Law::Gamma { shape, .. } => Law::gamma(law.mean() * 2.0, shape.powf(-0.5)).unwrap(),
            other => other.clone(),
        };
        let slow = Center {
            per_hour: center.per_hour / 2.0,
            hours: center.hours * 2.0,
            warm_up_hours: center.warm_up_hours * 2.0,
            reply: slower(&center.reply),
            think: slower(&center.think),
            wrap_up: slower(&center.wrap_up),
            queue_patience: slower(&center.queue_patience),
            reply_patience: slower(&center.reply_patience),
            ..center.clone()
        };
        let (mut ours, mut theirs) = (center.plan(), slow.plan());
        // Ties of constant laws would be broken by the last nanosecond.
        prop_assume!(!has_constants(&ours));
        theirs.drain_limit = ours.drain_limit * 2;
        theirs.outline.end = theirs.outline.horizon + theirs.drain_limit;
        (ours.replications, theirs.replications) = (1, 1);
        let (ours, theirs) = (run(&ours, 1), run(&theirs, 1));
        prop_assert_eq!(ours.records[0].len(), theirs.records[0].len());
        for (a, b) in ours.records[0].iter().zip(&theirs.records[0]) {
            prop_assert_eq!((a.number, a.fate, a.agent, a.replies), (b.number, b.fate, b.agent, b.replies));
            for (a, b) in [(a.assigned, b.assigned), (a.first_reply, b.first_reply), (a.closed, b.closed), (a.freed, b.freed)] {
                prop_assert!(!a.comes() || (2 * a.0).abs_diff(b.0) < 100_000, "{:?} {:?}", a, b);
            }
        }
    }
}

fn has_constants(plan: &Plan) -> bool {
    let rules = plan.customers.rules(0);
    let laws = [
        &plan.agents.reply,
        &plan.agents.wrap_up,
        &rules.think,
        &rules.queue_patience,
        &rules.reply_patience,
    ];
    laws.iter().any(|law| matches!(law, Law::Constant(_)))
}
