//! Live runs of plans made in code: what is refused, and what the report says of the server.

mod alone;
mod apart;
mod arrivals;
mod clerk;
mod counter;
mod crossings;
mod doors;
mod faulty;
mod freed;
mod honest;
mod hostile;
mod ledger;
mod lost;
mod nagle;
mod polls;
mod pulled;
mod rehearsed;
mod resumed;
mod round_trips;
mod scripts;
mod socketio;
mod stops;
mod strangers;
mod visitor;
mod waits;

use busyhour::center::fate::Fate;
use busyhour::center::rules::{Policy, RouterRules, ShiftEnd};
use busyhour::error::Exit;
use busyhour::live::target::Target;
use busyhour::live::{Options, load, watch::Watch};
use busyhour::scenario::plan::{Arrivals, Headcount, Plan, Shift};
use busyhour::server::{Server, ServerOptions};
use busyhour::stats::law::{CountLaw, Law, SizeLaw};
use busyhour::time::{Span, Time};

use crate::plans::Center;

/// Two customers of one short exchange, at speed 60; done within a second.
pub fn small() -> Plan {
    let center = Center {
        hours: 10.0 / 3600.0,
        warm_up_hours: 0.0,
        agents: 2,
        reply: Law::constant(5.0).unwrap(),
        exchanges: CountLaw::constant(1).unwrap(),
        replications: 1,
        ..Center::default()
    };
    let mut plan = center.plan();
    let second = |n| Time::ZERO + Span::from_secs(n);
    plan.arrivals = Arrivals::Replay([second(1), second(2)].into());
    // What a busy machine does to the schedule is not the question here.
    (plan.validity.lag_ms_p99, plan.validity.lag_share) = (10_000.0, 1e6);
    plan.validity.stood_still_ratio = 1.0;
    plan
}

/// Half an hour of customers who come at these seconds, at speed 1, at agents of one slot who are
/// there by these shifts: agent, from, until. Each chat is one message, its reply of 20 s and a
/// wrap-up of 5 s.
fn timed(arrivals: &[f64], shifts: &[(u32, f64, f64)]) -> Plan {
    let center = Center {
        hours: 0.5,
        warm_up_hours: 0.0,
        agents: 1 + shifts.iter().map(|shift| shift.0).max().unwrap(),
        reply: Law::constant(20.0).unwrap(),
        exchanges: CountLaw::constant(1).unwrap(),
        wrap_up: Law::constant(5.0).unwrap(),
        replications: 1,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.live.speed = 1.0;
    let at = |secs: &f64| Time::from_secs_f64(*secs);
    plan.arrivals = Arrivals::Replay(arrivals.iter().map(at).collect());
    let shift = |(agent, from, until): &(u32, f64, f64)| Shift {
        agent: *agent,
        from: at(from),
        until: at(until),
        end: ShiftEnd::Finish,
    };
    plan.shifts = shifts.iter().map(shift).collect();
    plan
}

/// Until when an agent is there who never goes.
const EVER: f64 = 1e9;

#[test]
fn a_headcount_is_refused() {
    let mut plan = small();
    plan.shifts.clear();
    plan.headcounts = vec![Headcount {
        at: Time::ZERO,
        agents: 2,
    }];
    let error = load(&plan, &Options::default(), &Watch::default()).unwrap_err();
    assert_eq!(error.exit(), Exit::Refused);
    assert!(error.message(false).contains("agents.roster"), "{error}");
}

/// Plays the plan against a server that goes by these rules, and gives the remarks.
fn against(plan: &Plan, change: impl FnOnce(&mut ServerOptions)) -> Vec<String> {
    let rules = RouterRules::new(u32::MAX, Policy::FewestActive);
    let mut options = ServerOptions::new("127.0.0.1:0".parse().unwrap(), rules);
    change(&mut options);
    let server = Server::spawn_thread(options).unwrap();
    let options = Options {
        targets: vec![Target::from(server.local_addr())],
        ..Options::default()
    };
    let outcome = load(plan, &options, &Watch::default()).unwrap();
    assert_eq!(outcome.result.value("offered"), Some(2.0));
    outcome.result.verdict.reasons
}

#[test]
fn what_a_server_does_otherwise_is_remarked() {
    let mut plan = small();
    plan.messages.bytes = Some(SizeLaw::new(Law::constant(600.0).unwrap(), 8_000));
    assert_eq!(against(&plan, |_| {}), Vec::<String>::new());
    let told = against(&plan, |options| {
        (options.rules.policy, options.rules.queue_limit) = (Policy::Random, 7);
        (options.rules.levels, options.speed) = (3, 60.0);
        options.rules.age_after = Span::from_secs(600);
        options.inactivity = Span::from_secs(300);
        options.frame_limit = 1_000;
    });
    for words in [
        "random",
        "queue limit",
        "priorities",
        "age_after",
        "inactivity",
        "1000 bytes a message, the scenario's may need 1500",
    ] {
        assert!(
            told.iter().any(|told| told.contains(words)),
            "{words}: {told:?}"
        );
    }
    plan.agents.inactivity = Span::from_secs(300);
    plan.router.age_after = Span::from_secs(600);
    let told = against(&plan, |options| {
        options.speed = 60.0;
        (options.rules.age_after, options.inactivity) =
            (plan.router.age_after, plan.agents.inactivity);
    });
    assert_eq!(told, Vec::<String>::new());
}

/// Over sockets: a chat handed over at the end of a shift is finished by the next agent, and a
/// customer who is quiet for too long is given up by the server.
#[test]
fn chats_are_handed_over_and_given_up_over_sockets() {
    let mut plan = small();
    plan.outline.horizon = Time::from_secs_f64(60.0);
    plan.agents.reply = Law::constant(15.0).unwrap();
    let handed = &mut plan.shifts[0];
    (handed.until, handed.end) = (Time::from_secs_f64(10.0), ShiftEnd::HandOver);
    let options = Options {
        records: true,
        ..Options::default()
    };
    let outcome = load(&plan, &options, &Watch::default()).unwrap();
    let records = &outcome.records[0];
    assert_eq!(outcome.result.verdict.reasons, Vec::<String>::new());
    // The second agent has one slot: it takes the first customer when it is done with the second.
    let first = records[0];
    assert_eq!((first.fate, first.agent), (Some(Fate::Handled), 1));
    assert!(first.closed > records[1].closed && first.held < first.freed.since(first.assigned));
    // Now the customers think for longer than the server waits.
    plan.shifts
        .iter_mut()
        .for_each(|shift| shift.until = Time::NEVER);
    plan.agents.inactivity = Span::from_secs(20);
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
        rules.think = Law::constant(40.0).unwrap();
    });
    let outcome = load(&plan, &options, &Watch::default()).unwrap();
    assert_eq!(outcome.result.verdict.reasons, Vec::<String>::new());
    for record in &outcome.records[0] {
        assert_eq!((record.fate, record.replies), (Some(Fate::Dropped), 1));
        let quiet = record.closed.since(record.first_reply).as_secs_f64();
        // Twenty seconds at speed 60, from the relaying of the reply, which the customer has read so
        // much later at most; two wall seconds for a busy machine.
        let read_late = outcome.result.value("delivery_ms_max").unwrap() * 1e-3 * plan.live.speed;
        assert!((19.9 - read_late..140.0).contains(&quiet), "{quiet}");
    }
}
