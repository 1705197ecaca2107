//! Servers that make mistakes: what a run counts is exactly what was done to it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use busyhour::center::rules::ShiftEnd;
use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::scenario::plan::{Arrivals, EndsQuiet, Plan, Shift};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use crate::faulty_server::{Imp, Trick, serve};
use crate::plans::Center;
use crate::stage::{Delay, Stage};

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
    let scale = 1e9 * stage.plan.live.speed;
    let ended = stage.watch.now.load(Ordering::Relaxed) as f64 / scale;
    if ended > stage.plan.outline.horizon.0 as f64 / scale + 400.0 {
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
        // Once with frames that take no time, and once with such that do; but where a chat is one too
        // many, the agent may have freed a slot meanwhile.
        let takes_time = speed > 1.0 && trick != Trick::OverLimit;
        let most_ms = if takes_time { 100 } else { 0 };
        let stage = Stage {
            delay: Delay::up_to(most_ms, 5),
            ..Stage::new(plan(speed, ends, parts), 0)
        };
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
        (Trick::LoseAssignment, 20),
        (Trick::TwoAgents, 1),
        (Trick::OneAgentTwice, 7),
        (Trick::OverLimit, 1),
    ];
    alone(1.0, Ends::Patience, 1, &tricks);
    alone(60.0, Ends::Patience, 2, &tricks[1..]);
}

/// The same center, where agents take turns and hand their chats over, and some customers lose
/// patience.
fn in_turns(speed: f64, parts: u32) -> Plan {
    let mut plan = plan(speed, Ends::Patience, parts);
    let at = |secs: f64| Time::from_secs_f64(secs * speed);
    let shift = |(agent, from, until)| Shift {
        agent,
        from: at(from),
        until: at(until),
        end: ShiftEnd::HandOver,
    };
    let turns = (0..3).flat_map(|agent| {
        let own = f64::from(agent);
        [
            (agent, 0.0, 90.3 + 7.0 * own),
            (agent + 3, 88.1 + 7.0 * own, 190.7 + 7.0 * own),
            (agent, 180.9 + 7.0 * own, 1e6),
        ]
    });
    plan.shifts = turns.map(shift).collect();
    plan.shifts.sort_by_key(|shift| shift.from);
    plan.team = 6;
    plan.live.connect_lead = Span::from_secs(5);
    let customers = plan.customers.rules_mut();
    customers.for_each(|rules| {
        rules.reply_patience = Law::uniform(2.0 * speed, 40.0 * speed).unwrap();
    });
    plan
}

/// Each alone, of these.
fn alone_in_turns(speed: f64, parts: u32, tricks: &[(Trick, u32)]) {
    let mut faults = Vec::new();
    for &(trick, every) in tricks {
        let stage = Stage::new(in_turns(speed, parts), 0);
        let (outcome, imp) = played(&stage, &[(trick, every)]);
        let imp = imp.borrow();
        let case = format!("{trick:?}, in turns, {parts} parts, speed {speed}");
        faults.extend(wrong(&case, &stage, &outcome, &imp));
        let records = outcome.records[0].iter();
        let transfers = records.filter(|record| record.transfers > 0).count();
        let done = imp.done(trick.fault());
        println!("{case}: {done} done, {transfers} handed over");
        if done < 3 || transfers < 5 {
            faults.push(format!("{case}: {done} done, {transfers} handed over"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn where_chats_are_handed_over_it_is_counted_all_the_same() {
    let tricks = [
        (Trick::Away, 1),
        (Trick::TooEarly, 1),
        (Trick::TwiceSaid, 3),
        (Trick::AgainLeft, 1),
        (Trick::AgainFreed, 2),
        (Trick::AgainSaid, 2),
        (Trick::WrongAgent, 3),
        (Trick::NoChat, 3),
        (Trick::ForeignSaid, 3),
        (Trick::TwoAgents, 2),
        (Trick::OneAgentTwice, 3),
    ];
    alone_in_turns(1.0, 1, &tricks);
    alone_in_turns(60.0, 2, &tricks);
}

/// All that may happen to a chat that is not handed over.
const AT_ONCE: [(Trick, u32); 26] = [
    (Trick::LoseSaid, 97),
    (Trick::LoseSaidEarly, 97),
    (Trick::LoseReply, 97),
    (Trick::LoseLast, 23),
    (Trick::LoseFirst, 41),
    (Trick::TwiceReply, 97),
    (Trick::TwiceSaid, 97),
    (Trick::TwiceLast, 23),
    (Trick::AgainReply, 97),
    (Trick::AgainSaid, 97),
    (Trick::AgainClosed, 11),
    (Trick::AgainFreed, 11),
    (Trick::SwapReply, 61),
    (Trick::SwapSaid, 61),
    (Trick::WrongCustomer, 61),
    (Trick::WrongAgent, 97),
    (Trick::WrongChat, 61),
    (Trick::NoChat, 97),
    (Trick::Echo, 97),
    (Trick::ForeignReply, 97),
    (Trick::ForeignSaid, 97),
    (Trick::Unmarked, 97),
    (Trick::ForeignChat, 31),
    (Trick::TwoAgents, 5),
    (Trick::OneAgentTwice, 31),
    (Trick::OverLimit, 3),
];

#[test]
fn all_at_once_is_counted() {
    let mut faults = Vec::new();
    let mut done = BTreeMap::new();
    for (seed, speed) in [(1, 1.0), (2, 60.0), (3, 1.0)] {
        let mut plan = plan(speed, Ends::Patience, 2);
        plan.seed = seed;
        let second = |n: u32| Time::from_secs_f64((1.0 + 5.0 * f64::from(n)) * speed);
        plan.arrivals = Arrivals::Replay((0..400).map(second).collect());
        plan.outline.horizon = second(400);
        let stage = Stage::new(plan, 0);
        let (outcome, imp) = played(&stage, &AT_ONCE);
        let imp = imp.borrow();
        faults.extend(wrong(&format!("seed {seed}"), &stage, &outcome, &imp));
        for (trick, times) in imp.tricks() {
            *done.entry(trick).or_insert(0) += times;
        }
        println!("{:?}", Fault::ALL.map(|fault| (fault, imp.done(fault))));
    }
    println!("{done:?}");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let never = done
        .iter()
        .filter(|(trick, times)| **times == 0 && **trick != Trick::OverLimit);
    assert_eq!(never.count(), 0, "{done:?}");
}
