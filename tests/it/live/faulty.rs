//! Servers that make mistakes: what a run counts is exactly what was done to it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::scenario::plan::{Arrivals, EndsQuiet, Plan};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use crate::faulty_server::{Imp, Trick, serve};
use crate::plans::Center;
use crate::stage::Stage;

const EXCHANGES: u32 = 3;

/// How customers are given up on whose message is lost, or who lose one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    /// They have patience.
    Patience,
    /// They have none, and the server, or the agent, ends quiet chats.
    Server,
    Agent,
}

/// Sixty customers of three exchanges, one every five seconds on the wall, at three agents of two
/// slots; at any speed what people do takes as long on the wall.
fn plan(speed: f64, ends: Ends, parts: u32) -> Plan {
    let uniform = |from: f64, to: f64| Law::uniform(from * speed, to * speed).unwrap();
    let constant = |secs: f64| Law::constant(secs * speed).unwrap();
    let center = Center {
        hours: 330.0 * speed / 3_600.0,
        warm_up_hours: 0.0,
        agents: 3,
        concurrency: 2,
        reply: uniform(2.0, 6.0),
        think: uniform(2.0, 9.0),
        wrap_up: constant(3.0),
        exchanges: CountLaw::constant(EXCHANGES).unwrap(),
        reply_patience: match ends {
            Ends::Patience => constant(40.0),
            Ends::Server | Ends::Agent => Law::Never,
        },
        replications: 1,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.live.speed = speed;
    plan.messages.parts = parts;
    let second = |n: u32| Time::from_secs_f64((1.0 + 5.0 * f64::from(n)) * speed);
    plan.arrivals = Arrivals::Replay((0..60).map(second).collect());
    if ends != Ends::Patience {
        plan.agents.inactivity = Span::from_secs_f64(40.0 * speed);
        plan.live.inactivity = match ends {
            Ends::Agent => EndsQuiet::Agent,
            _ => EndsQuiet::Server,
        };
    }
    plan
}

const FATES: [&str; 8] = [
    "handled",
    "abandoned_queue",
    "abandoned_chat",
    "rejected",
    "dropped",
    "open_at_end",
    "failed",
    "broken",
];

/// Plays the plan with this imp, and says what was counted, what done, and what came of it.
fn played(stage: &Stage, tricks: &[(Trick, u32)]) -> (Outcome, Rc<RefCell<Imp>>) {
    let parts = stage.plan.messages.parts;
    let imp = Rc::new(RefCell::new(Imp::new(tricks, EXCHANGES, parts)));
    let at_work = Rc::clone(&imp);
    let outcome = stage.against(|door| serve(door, &stage.plan, at_work));
    (outcome.expect("the run starts"), imp)
}

/// What is wrong with a run at an imp's: a count, a fate, an end that did not come.
fn wrong(case: &str, stage: &Stage, outcome: &Outcome, imp: &Imp) -> Vec<String> {
    let result = &outcome.result;
    let mut wrong = Vec::new();
    for fault in Fault::ALL {
        let counted = result.value(fault.measure()).unwrap() as u64;
        if counted != imp.done(fault) {
            let done = imp.done(fault);
            wrong.push(format!("{case}: {fault:?} done {done}, counted {counted}"));
        }
    }
    let count = |name: &str| result.value(name).unwrap();
    let fated: f64 = FATES.map(count).iter().sum();
    let records = &outcome.records[0];
    if count("offered") != fated || records.iter().any(|record| record.fate.is_none()) {
        wrong.push(format!(
            "{case}: {} offered, {fated} fates",
            count("offered")
        ));
    }
    let ended = stage.watch.now.load(Ordering::Relaxed) as f64 / 1e9 / stage.plan.live.speed;
    if ended > 700.0 {
        wrong.push(format!("{case}: over after {ended} s"));
    }
    if result.verdict.failed.is_some() || count("open_at_end") > 0.0 {
        let failed = &result.verdict.failed;
        wrong.push(format!("{case}: {failed:?}, {} open", count("open_at_end")));
    }
    if !wrong.is_empty() {
        wrong.push(format!("{:?} {:#?}", result.verdict.reasons, result.faults));
    }
    wrong
}

/// Each alone: what is done is counted, and nothing else.
fn alone(speed: f64, ends: Ends, parts: u32, tricks: &[(Trick, u32)]) {
    let mut faults = Vec::new();
    for &(trick, every) in tricks {
        let stage = Stage::new(plan(speed, ends, parts), 0);
        let (outcome, imp) = played(&stage, &[(trick, every)]);
        let imp = imp.borrow();
        let case = format!("{trick:?}, {ends:?}, {parts} parts, speed {speed}");
        faults.extend(wrong(&case, &stage, &outcome, &imp));
        let done = imp.done(trick.fault());
        println!(
            "{case}: {done} done, undelivered {:?}",
            outcome.result.value("undelivered")
        );
        if done < 3 {
            faults.push(format!("{case}: done {done} times only"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

const LOSSES: [(Trick, u32); 5] = [
    (Trick::LoseSaid, 9),
    (Trick::LoseSaidEarly, 9),
    (Trick::LoseReply, 9),
    (Trick::LoseLast, 7),
    (Trick::LoseFirst, 7),
];

#[test]
fn what_is_lost_is_counted() {
    for speed in [1.0, 60.0] {
        alone(speed, Ends::Patience, 1, &LOSSES);
        alone(speed, Ends::Patience, 2, &LOSSES);
    }
}

#[test]
fn what_is_lost_on_those_without_patience_is_counted() {
    let server = [
        (Trick::LoseSaidEarly, 9),
        (Trick::LoseReply, 9),
        (Trick::LoseLast, 7),
        (Trick::LoseFirst, 7),
    ];
    for speed in [1.0, 60.0] {
        alone(speed, Ends::Server, 1, &server);
        alone(speed, Ends::Agent, 1, &LOSSES);
    }
}

#[test]
fn what_comes_twice_or_late_is_counted() {
    let tricks = [
        (Trick::TwiceReply, 5),
        (Trick::TwiceSaid, 5),
        (Trick::TwiceLast, 5),
        (Trick::AgainReply, 5),
        (Trick::AgainSaid, 5),
        (Trick::AgainClosed, 5),
        (Trick::AgainFreed, 5),
    ];
    alone(1.0, Ends::Patience, 1, &tricks);
    alone(60.0, Ends::Patience, 2, &tricks);
    let swaps = [(Trick::SwapReply, 7), (Trick::SwapSaid, 7)];
    alone(1.0, Ends::Patience, 2, &swaps);
    alone(60.0, Ends::Patience, 2, &swaps);
}

#[test]
fn what_comes_to_somebody_else_is_counted() {
    let tricks = [
        (Trick::WrongCustomer, 7),
        (Trick::WrongAgent, 7),
        (Trick::WrongChat, 7),
        (Trick::NoChat, 7),
        (Trick::Echo, 7),
    ];
    alone(1.0, Ends::Patience, 1, &tricks);
    alone(60.0, Ends::Patience, 2, &tricks);
}

#[test]
fn what_is_of_another_run_is_counted() {
    let tricks = [
        (Trick::ForeignReply, 7),
        (Trick::ForeignSaid, 7),
        (Trick::Unmarked, 7),
        (Trick::ForeignChat, 7),
    ];
    alone(1.0, Ends::Patience, 1, &tricks);
    alone(60.0, Ends::Patience, 2, &tricks);
}

#[test]
fn who_is_assigned_wrongly_is_counted() {
    let tricks = [
        (Trick::TwoAgents, 1),
        (Trick::OneAgentTwice, 7),
        (Trick::OverLimit, 1),
    ];
    alone(1.0, Ends::Patience, 1, &tricks);
    alone(1.0, Ends::Patience, 2, &tricks);
}
