//! A server that makes no mistakes: whatever crosses, none is counted.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::center::rules::{Policy, ShiftEnd};
use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::scenario::plan::{Arrivals, EndsQuiet, Plan, Shift};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};
use tokio::time::sleep;

use crate::agreement::cases::{Pace, everything};
use crate::faulty_server::{Imp, serve};
use crate::plans::Center;
use crate::stage::{Delay, Stage};

/// Plays it at a server without an imp; stopped after so many seconds, if any.
fn played(stage: &Stage, stop: Option<f64>) -> Outcome {
    let imp = Rc::new(RefCell::new(Imp::new(&[], 1, 1)));
    let watch = Rc::clone(&stage.watch);
    let stopping = async move {
        if let Some(secs) = stop {
            sleep(Duration::from_secs_f64(secs)).await;
            watch.stop.store(true, Ordering::Relaxed);
        }
    };
    let outcome = stage.against(|door| {
        let serving = serve(door, &stage.plan, imp);
        async { ((), ()) = tokio::join!(serving, stopping) }
    });
    outcome.expect("the run starts")
}

fn stage(plan: Plan, delay: Delay) -> Stage {
    Stage {
        delay,
        ..Stage::new(plan, 0)
    }
}

/// What is counted of a server that made no mistakes.
fn counted(case: &str, outcome: &Outcome) -> Vec<String> {
    let result = &outcome.result;
    let mut counted = Vec::new();
    for fault in Fault::ALL {
        let times = result.value(fault.measure()).unwrap();
        if times > 0.0 {
            counted.push(format!("{case}: {fault:?} {times}: {:?}", result.faults));
        }
    }
    if result.verdict.failed.is_some() {
        counted.push(format!("{case}: {:?}", result.verdict.failed));
    }
    let invented = |reason: &&String| reason.contains("nobody had sent");
    if let Some(reason) = result.verdict.reasons.iter().find(invented) {
        counted.push(format!("{case}: {reason}"));
    }
    counted
}

#[test]
fn everything_crosses_everything() {
    let mut faults = Vec::new();
    let (mut undelivered, mut handed_over) = (0.0, 0);
    for seed in 0..16 {
        let (speed, pace) = [(1.0, 1.0), (60.0, 10.0)][seed as usize % 2];
        let mut plan = everything(Pace(pace), Policy::FewestActive);
        (plan.live.speed, plan.seed) = (speed, seed);
        plan.messages.parts = 1 + (seed / 2 % 2) as u32;
        let outcome = played(&stage(plan, Delay::up_to(700, seed)), None);
        faults.extend(counted(&format!("seed {seed}"), &outcome));
        undelivered += outcome.result.value("undelivered").unwrap();
        let records = outcome.records[0].iter();
        handed_over += records.filter(|record| record.transfers > 0).count();
    }
    println!("undelivered {undelivered}, handed over {handed_over}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(
        undelivered > 0.0 && handed_over > 20,
        "{undelivered} {handed_over}"
    );
}

/// Ten agents take turns of a minute; customers are impatient and some leave silently, chats are
/// handed over, dropped, and ended where they are quiet.
fn restless(seed: u64, parts: u32, ends: EndsQuiet) -> Plan {
    let center = Center {
        hours: 0.1,
        warm_up_hours: 0.0,
        agents: 10,
        concurrency: 3,
        reply: Law::exponential(2.0).unwrap(),
        think: Law::exponential(3.0).unwrap(),
        wrap_up: Law::exponential(0.5).unwrap(),
        exchanges: CountLaw::geometric(6.0).unwrap(),
        queue_patience: Law::exponential(8.0).unwrap(),
        reply_patience: Law::exponential(12.0).unwrap(),
        replications: 1,
        seed,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.live.speed = 1.0;
    plan.live.inactivity = ends;
    plan.messages.parts = parts;
    plan.agents.inactivity = Span::from_secs(7);
    let at = Time::from_secs_f64;
    plan.arrivals = Arrivals::Replay((0..150).map(|n| at(1.0 + 2.3 * f64::from(n))).collect());
    let ends = [ShiftEnd::HandOver, ShiftEnd::HandOver, ShiftEnd::Drop];
    let shift = |n: u32| Shift {
        agent: n % 10,
        from: at(30.0 * f64::from(n)),
        until: at(30.0 * f64::from(n) + 61.7),
        end: ends[n as usize % 3],
    };
    plan.shifts = (0..20).map(shift).collect();
    plan.customers.rules_mut().for_each(|rules| {
        (rules.silent, rules.closes) = (0.3, 0.3);
    });
    plan
}

#[test]
fn frames_that_take_long_are_no_faults() {
    let mut faults = Vec::new();
    for seed in 0..8 {
        let ends = [EndsQuiet::Server, EndsQuiet::Agent][seed as usize % 2];
        let parts = 1 + (seed / 2 % 2) as u32;
        for most_ms in [200, 700, 3_000] {
            for delay in [Delay::of(most_ms), Delay::up_to(most_ms, seed)] {
                let stage = stage(restless(seed, parts, ends), delay);
                let outcome = played(&stage, None);
                let case = format!("seed {seed}, {delay:?}");
                faults.extend(counted(&case, &outcome));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_stop_loses_nothing() {
    let mut faults = Vec::new();
    let mut open = 0;
    for seed in 0..12 {
        let parts = 1 + (seed % 2) as u32;
        for (most_ms, secs) in [(0, 61.0), (700, 93.3), (3_000, 75.0), (3_000, 200.9)] {
            let plan = restless(seed, parts, EndsQuiet::Server);
            let stage = stage(plan, Delay::up_to(most_ms, seed));
            let outcome = played(&stage, Some(secs));
            let case = format!("seed {seed}, up to {most_ms} ms, stopped at {secs}");
            faults.extend(counted(&case, &outcome));
            let records = outcome.records[0].iter();
            open += records.filter(|r| r.fate == Some(Fate::OpenAtEnd)).count();
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(open > 50, "{open}");
}
