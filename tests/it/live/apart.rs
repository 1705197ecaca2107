//! Agents who have a connection for each chat: what is said in it goes over that, and what breaks it
//! ends that chat alone.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use busyhour::center::fate::Fate;
use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::scenario::plan::Plan;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::wire::declared::read_text;

use super::counter::{self, Counter, Shared};
use super::{EVER, timed};
use crate::stage::Stage;

const CUSTOMERS: usize = 8;

/// Eight customers of two messages each, to two agents of two chats each.
fn plan() -> Plan {
    let arrivals: Vec<f64> = (0..CUSTOMERS).map(|n| 1.0 + 0.5 * n as f64).collect();
    let mut plan = timed(&arrivals, &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    plan.agents.concurrency = 2;
    plan.agents.slow_down = vec![1.0];
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
        rules.think = Law::constant(5.0).unwrap();
    });
    plan
}

fn played(breaks: &[&str]) -> (Outcome, Shared) {
    let text = counter::apart();
    let protocol = read_text("counter.toml", &text, Path::new("")).unwrap();
    let mut stage = Stage::new(plan(), 5);
    stage.options.protocol = Some(Arc::new(protocol));
    let mut counter = Counter::default();
    counter.is_apart = true;
    counter.breaks = breaks.iter().map(|chat| (*chat).to_owned()).collect();
    let counter = Rc::new(counter.into());
    let there = Rc::clone(&counter);
    let outcome = stage.against(|door| counter::serve(door, there));
    (outcome.expect("the run starts"), counter)
}

fn fated(outcome: &Outcome, fate: Fate) -> usize {
    let records = outcome.records[0].iter();
    records.filter(|record| record.fate == Some(fate)).count()
}

fn faultless(outcome: &Outcome) {
    let verdict = &outcome.result.verdict;
    assert_eq!((verdict.valid, &verdict.failed), (Some(true), &None));
    for fault in Fault::ALL.map(Fault::measure) {
        let found = &outcome.result.faults;
        assert_eq!(outcome.result.value(fault), Some(0.0), "{fault}: {found:?}");
    }
}

#[test]
fn what_is_said_in_a_chat_goes_over_its_connection() {
    let (outcome, counter) = played(&[]);
    faultless(&outcome);
    assert_eq!(outcome.result.verdict.reasons, [""; 0]);
    assert_eq!(fated(&outcome, Fate::Handled), CUSTOMERS);
    let seen = &counter.borrow().seen;
    assert_eq!(
        (seen.joined, seen.parted),
        (CUSTOMERS, CUSTOMERS),
        "{seen:?}"
    );
    assert_eq!((seen.taken, seen.most), (CUSTOMERS, 2), "{seen:?}");
}

#[test]
fn a_connection_that_breaks_costs_its_chat() {
    let (outcome, counter) = played(&["c3", "c5"]);
    faultless(&outcome);
    let verdict = &outcome.result.verdict;
    assert_eq!(fated(&outcome, Fate::Handled), CUSTOMERS - 2, "{verdict:?}");
    // The server tells their customers that the agent is gone.
    assert_eq!(fated(&outcome, Fate::Dropped), 2, "{verdict:?}");
    let told = verdict.reasons.join("\n");
    assert!(told.contains("the connection of a chat"), "{told}");
    assert!(!told.contains("an agent's connection was lost"), "{told}");
    let seen = &counter.borrow().seen;
    assert_eq!(
        (seen.joined, seen.parted),
        (CUSTOMERS, CUSTOMERS),
        "{seen:?}"
    );
}
