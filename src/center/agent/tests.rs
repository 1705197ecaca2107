//! The laws of one agent, told input by input.

use super::*;
use crate::random::{Kind, Population};
use crate::stats::law::Law;
use crate::time::Span;

fn rules(slow_down: Vec<f64>) -> AgentRules {
    AgentRules::new(
        2,
        Law::constant(40.0).unwrap(),
        Law::constant(30.0).unwrap(),
        slow_down,
    )
}

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

/// An agent on its shift, with what it did so far.
struct Desk {
    agent: Agent,
    rules: AgentRules,
    wake: Time,
}

impl Desk {
    fn new(slow_down: Vec<f64>) -> Desk {
        let rules = rules(slow_down);
        let mut desk = Desk {
            agent: Agent::new(&rules),
            rules,
            wake: Time::NEVER,
        };
        desk.tell(0, AgentInput::Online);
        desk
    }

    fn tell(&mut self, secs: u64, input: AgentInput) -> Vec<AgentAct> {
        self.agent.handle(at(secs), input, &self.rules);
        self.wake(secs)
    }

    fn assign(&mut self, secs: u64, chat: u32, exchanges: u32) -> Vec<AgentAct> {
        let draws = Population::new(1, 0, Kind::Customer).person(u64::from(chat), 0);
        self.tell(
            secs,
            AgentInput::Assigned {
                chat: ChatId(chat),
                draws,
                exchanges,
            },
        )
    }

    fn wake(&mut self, secs: u64) -> Vec<AgentAct> {
        let mut acts = Vec::new();
        loop {
            let step = self.agent.next(at(secs), &self.rules);
            self.wake = step.wake;
            match step.act {
                Some(act) => acts.push(act),
                None => return acts,
            }
        }
    }
}

fn composing(chat: u32, until: u64) -> AgentAct {
    AgentAct::Composing {
        chat: ChatId(chat),
        until: at(until),
    }
}

fn reply(slot: u16, chat: u32, last: bool) -> AgentAct {
    AgentAct::Reply {
        slot: SlotId(slot),
        chat: ChatId(chat),
        last,
    }
}

fn freed(slot: u16, chat: u32) -> AgentAct {
    AgentAct::Freed {
        slot: SlotId(slot),
        chat: ChatId(chat),
    }
}

#[test]
fn one_composer_serves_pending_messages_in_order() {
    let mut desk = Desk::new(vec![1.0, 1.5]);
    assert_eq!(desk.assign(0, 7, 1), [composing(7, 40)]);
    assert_eq!(desk.assign(10, 8, 2), []);
    assert_eq!(desk.agent.pending().collect::<Vec<_>>(), [ChatId(8)]);
    // The last reply of chat 7 starts its wrap-up; the slot still counts in f(2) = 1.5.
    assert_eq!(desk.wake(40), [reply(0, 7, true), composing(8, 100)]);
    assert_eq!(desk.wake, at(70));
    assert_eq!(desk.wake(70), [freed(0, 7)]);
    assert_eq!(desk.wake(100), [reply(1, 8, false)]);
    assert_eq!(desk.wake, Time::NEVER);
    assert_eq!(
        desk.tell(160, AgentInput::Message(SlotId(1))),
        [composing(8, 200)]
    );
}

#[test]
fn composing_stops_at_once_when_the_customer_leaves() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 3);
    desk.assign(0, 2, 3);
    assert_eq!(
        desk.tell(15, AgentInput::Left(SlotId(0))),
        [composing(2, 55)]
    );
    assert_eq!(desk.wake, at(45));
    // The one still in the composer's queue leaves as well.
    desk.wake(45);
    desk.assign(46, 3, 1);
    assert_eq!(desk.tell(50, AgentInput::Left(SlotId(0))), []);
    assert_eq!(desk.agent.pending().count(), 0);
    assert_eq!(desk.wake(55), [reply(1, 2, false)]);
}

#[test]
fn who_leaves_finishes_first() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 1);
    assert_eq!(desk.tell(5, AgentInput::Leaving), []);
    assert_eq!(desk.wake(40), [reply(0, 1, true)]);
    assert_eq!(desk.wake(70), [freed(0, 1), AgentAct::Offline]);
    let mut idle = Desk::new(vec![1.0]);
    assert_eq!(idle.tell(5, AgentInput::Leaving), [AgentAct::Offline]);
}

#[test]
fn repeated_and_crossed_inputs_are_let_pass() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 1);
    assert_eq!(desk.tell(5, AgentInput::Message(SlotId(0))), []);
    assert_eq!(desk.wake(40), [reply(0, 1, true)]);
    assert_eq!(desk.tell(45, AgentInput::Left(SlotId(0))), []);
    assert_eq!(desk.wake(70), [freed(0, 1)]);
}
