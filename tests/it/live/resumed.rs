//! Customers of a declared protocol who are cut off: they go on where the server keeps their chats, and
//! say again what it has lost.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use busyhour::center::fate::Fate;
use busyhour::center::rules::DisconnectRules;
use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::scenario::plan::Plan;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Span;
use busyhour::wire::declared::read_text;

use super::counter::{self, Counter, PROTOCOL, Shared};
use super::{EVER, timed};
use crate::stage::Stage;

const CUSTOMERS: usize = 6;

/// Six customers of three messages each, at agents who have room for all.
fn plan() -> Plan {
    let arrivals: Vec<f64> = (0..CUSTOMERS).map(|n| 1.0 + n as f64).collect();
    let mut plan = timed(&arrivals, &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    plan.agents.concurrency = 3;
    plan.agents.slow_down = vec![1.0];
    plan.agents.reply = Law::constant(4.0).unwrap();
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(3).unwrap();
        rules.think = Law::constant(5.0).unwrap();
    });
    plan
}

/// The same, each cut off every seven seconds for three.
fn cut() -> Plan {
    let mut plan = plan();
    plan.customers.rules_mut().for_each(|rules| {
        rules.disconnect = Some(DisconnectRules {
            every: Law::constant(7.0).unwrap(),
            away: Law::constant(3.0).unwrap(),
            kept_for: Span::from_secs(60),
        });
    });
    plan
}

fn played(plan: Plan, protocol: &str, counter: Counter) -> (Outcome, Shared) {
    let protocol = read_text("counter.toml", protocol, Path::new("")).unwrap();
    let mut stage = Stage::new(plan, 5);
    stage.options.protocol = Some(Arc::new(protocol));
    let counter = Rc::new(counter.into());
    let there = Rc::clone(&counter);
    let outcome = stage.against(|door| counter::serve(door, there));
    (outcome.expect("the run starts"), counter)
}

fn keeping() -> Counter {
    let mut counter = Counter::default();
    counter.keeps = true;
    counter
}

fn all_come_to(outcome: &Outcome, fate: Fate) {
    let verdict = &outcome.result.verdict;
    assert_eq!((verdict.valid, &verdict.failed), (Some(true), &None));
    let fates = outcome.records[0].iter().map(|record| record.fate);
    assert_eq!(
        fates.collect::<Vec<_>>(),
        [Some(fate); CUSTOMERS],
        "{verdict:?}"
    );
}

fn faultless(outcome: &Outcome) {
    for fault in Fault::ALL.map(Fault::measure) {
        let found = &outcome.result.faults;
        assert_eq!(outcome.result.value(fault), Some(0.0), "{fault}: {found:?}");
    }
}

#[test]
fn who_is_cut_off_goes_on_with_the_chat() {
    let (outcome, counter) = played(cut(), PROTOCOL, keeping());
    all_come_to(&outcome, Fate::Handled);
    faultless(&outcome);
    assert_eq!(outcome.result.verdict.reasons, [""; 0]);
    let seen = &counter.borrow().seen;
    assert!(seen.resumed > CUSTOMERS && seen.missed > 0, "{seen:?}");
    let back = outcome.result.value("reconnects");
    assert_eq!(back, Some(seen.resumed as f64));
}

/// Who is cut off once more before it is back in goes on at the next return.
#[test]
fn who_is_cut_off_on_the_way_back_loses_nothing() {
    let mut counter = keeping();
    counter.hesitates = true;
    let (outcome, counter) = played(cut(), PROTOCOL, counter);
    all_come_to(&outcome, Fate::Handled);
    faultless(&outcome);
    assert!(counter.borrow().seen.resumed >= CUSTOMERS);
}

#[test]
fn a_chat_that_is_not_kept_is_broken_at_the_return() {
    let gone = r#"gone = { when = { "/t" = "gone" }, chat = "/chat" }"#;
    let told = PROTOCOL.replace("[customer.on]\n", &format!("[customer.on]\n{gone}\n"));
    let (outcome, counter) = played(cut(), &told, Counter::default());
    all_come_to(&outcome, Fate::Broken);
    faultless(&outcome);
    assert_eq!(counter.borrow().seen.resumed, 0);
}

/// The server has got a message of each, and has not said so, when the connection breaks.
#[test]
fn what_the_server_has_lost_is_said_again() {
    let resaid = PROTOCOL
        .replace(
            r#"say = [{ send = { t = "say", chat = "${chat.id}", text = "${text}" } }]"#,
            r#"say = [{ send = { t = "say", re = "${seq}", chat = "${chat.id}", text = "${text}" }, ack = { by = "/re", equals = "${seq}" } }]"#,
        )
        .replace("within = \"60s\"", "within = \"60s\"\nresay = true");
    let mut counter = keeping();
    counter.loses = true;
    let (outcome, counter) = played(plan(), &resaid, counter);
    all_come_to(&outcome, Fate::Handled);
    faultless(&outcome);
    let seen = &counter.borrow().seen;
    assert_eq!(seen.resumed, CUSTOMERS, "{seen:?}");
    assert!(outcome.result.value("acknowledged_ms_max").is_some());
}

/// The same, at whom nobody says anything again: what was lost is waited for in vain.
#[test]
fn what_is_not_said_again_is_missed() {
    let mut plan = plan();
    plan.customers.rules_mut().for_each(|rules| {
        rules.reply_patience = Law::constant(40.0).unwrap();
    });
    let mut counter = keeping();
    counter.loses = true;
    let (outcome, counter) = played(plan, PROTOCOL, counter);
    all_come_to(&outcome, Fate::AbandonedChat);
    assert_eq!(counter.borrow().seen.resumed, CUSTOMERS);
    let result = &outcome.result;
    let counts = ["lost", "undelivered", "duplicated"].map(|name| result.value(name));
    assert_eq!(counts, [Some(CUSTOMERS as f64), Some(0.0), Some(0.0)]);
}
