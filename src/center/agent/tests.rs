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
        Desk::by(rules(slow_down))
    }

    fn by(rules: AgentRules) -> Desk {
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

    /// Chats with a lesser number are older.
    fn assign(&mut self, secs: u64, chat: u32, exchanges: u32) -> Vec<AgentAct> {
        let draws = Population::new(1, 0, Kind::Customer).person(u64::from(chat), 0);
        let chat = Handover::of_new(ChatId(chat), draws, exchanges, chat.into());
        self.take(secs, chat)
    }

    fn take(&mut self, secs: u64, chat: Handover) -> Vec<AgentAct> {
        self.agent.take(at(secs), chat, &self.rules);
        self.wake(secs)
    }

    fn at_work_on(&self) -> Option<(u32, Time)> {
        self.agent.composing().map(|(chat, until)| (chat.0, until))
    }

    fn pending(&self) -> Vec<u32> {
        let mut pending = Vec::new();
        self.agent.each_pending(|chat| pending.push(chat.0));
        pending
    }

    fn wake(&mut self, secs: u64) -> Vec<AgentAct> {
        let (now, rules, agent) = (at(secs), &self.rules, &mut self.agent);
        let acts = std::iter::from_fn(|| agent.next(now, rules)).collect();
        self.wake = agent.deadline();
        acts
    }
}

fn deed(deed: Deed, slot: u16, chat: u32, composed: u64) -> AgentAct {
    act(deed, SlotId(slot), ChatId(chat), Span::from_secs(composed))
}

fn reply(slot: u16, chat: u32, last: bool, composed: u64) -> AgentAct {
    deed(Deed::Reply { last }, slot, chat, composed)
}

fn freed(slot: u16, chat: u32) -> AgentAct {
    deed(Deed::Free, slot, chat, 0)
}

#[test]
fn one_composer_serves_pending_messages_in_order() {
    let mut desk = Desk::new(vec![1.0, 1.5]);
    assert_eq!(desk.assign(0, 7, 1), []);
    assert_eq!(desk.agent.turned(), Some(true));
    assert_eq!(desk.assign(10, 8, 2), []);
    assert_eq!(desk.agent.turned(), None);
    assert_eq!(desk.at_work_on(), Some((7, at(40))));
    assert_eq!(
        desk.pending(),
        [8, 7],
        "the queue, then what is being composed"
    );
    // The last reply of chat 7 starts its wrap-up; the slot still counts in f(2) = 1.5.
    assert_eq!(desk.wake(40), [reply(0, 7, true, 40)]);
    assert_eq!(desk.at_work_on(), Some((8, at(100))));
    assert_eq!(desk.wake, at(70));
    assert_eq!(desk.wake(70), [freed(0, 7)]);
    assert_eq!(desk.wake(100), [reply(1, 8, false, 60)]);
    assert_eq!(desk.wake, Time::NEVER);
    assert_eq!(desk.agent.turned(), Some(false));
    assert_eq!(desk.tell(160, AgentInput::Message(SlotId(1))), []);
    assert_eq!(desk.at_work_on(), Some((8, at(200))));
}

#[test]
fn composing_stops_at_once_when_the_customer_leaves() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 3);
    desk.assign(0, 2, 3);
    assert_eq!(desk.agent.attended(SlotId(0), at(15)), Span::from_secs(15));
    assert_eq!(desk.tell(15, AgentInput::Left(SlotId(0))), []);
    assert_eq!(desk.at_work_on(), Some((2, at(55))));
    assert_eq!(desk.wake, at(45));
    // The one still in the composer's queue leaves as well.
    desk.wake(45);
    desk.assign(46, 3, 1);
    assert_eq!(desk.tell(50, AgentInput::Left(SlotId(0))), []);
    assert_eq!(desk.pending(), [2]);
    assert_eq!(desk.wake(55), [reply(1, 2, false, 40)]);
}

#[test]
fn who_leaves_finishes_first() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 1);
    let leaving = AgentInput::Leaving(ShiftEnd::Finish);
    assert_eq!(desk.tell(5, leaving), []);
    assert_eq!(desk.wake(40), [reply(0, 1, true, 40)]);
    assert!(!desk.agent.leaves());
    assert_eq!(desk.wake(70), [freed(0, 1)]);
    assert_eq!([desk.agent.leaves(), desk.agent.leaves()], [true, false]);
    let mut idle = Desk::new(vec![1.0]);
    assert_eq!(idle.tell(5, leaving), []);
    assert!(idle.agent.leaves());
}

#[test]
fn repeated_and_crossed_inputs_are_let_pass() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 1);
    assert_eq!(desk.tell(5, AgentInput::Message(SlotId(0))), []);
    assert_eq!(desk.wake(40), [reply(0, 1, true, 40)]);
    assert_eq!(desk.tell(45, AgentInput::Left(SlotId(0))), []);
    assert_eq!(desk.wake(70), [freed(0, 1)]);
}

#[test]
fn open_chats_are_handed_over_at_the_end_of_the_shift() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 1);
    assert_eq!(desk.wake(40), [reply(0, 1, true, 40)]);
    desk.assign(50, 2, 3);
    let gone = deed(Deed::HandOver, 1, 2, 10);
    // Wrap-up is not handed over.
    assert_eq!(
        desk.tell(60, AgentInput::Leaving(ShiftEnd::HandOver)),
        [gone]
    );
    assert_eq!(desk.wake, at(70));
    assert_eq!(desk.wake(70), [freed(0, 1)]);
    assert!(desk.agent.leaves());
}

#[test]
fn open_chats_are_dropped_at_the_end_of_the_shift() {
    let mut desk = Desk::new(vec![1.0]);
    desk.assign(0, 1, 2);
    assert_eq!(desk.wake(40), [reply(0, 1, false, 40)]);
    let dropped = deed(Deed::Drop, 0, 1, 0);
    assert_eq!(
        desk.tell(60, AgentInput::Leaving(ShiftEnd::Drop)),
        [dropped]
    );
    assert_eq!(desk.wake(90), [freed(0, 1)]);
    assert!(desk.agent.leaves());
}

#[test]
fn a_chat_that_was_handed_over_goes_on() {
    let mut desk = Desk::new(vec![1.0]);
    let draws = Population::new(1, 0, Kind::Customer).person(1, 0);
    let waits_for_its_customer = Handover {
        answered: 2,
        pending: false,
        turn: 1,
        ..Handover::of_new(ChatId(1), draws, 3, 1)
    };
    assert_eq!(desk.take(0, waits_for_its_customer), []);
    assert_eq!((desk.wake, desk.at_work_on()), (Time::NEVER, None));
    assert_eq!(desk.tell(10, AgentInput::Message(SlotId(0))), []);
    assert_eq!(desk.wake(50), [reply(0, 1, true, 40)]);
}

#[test]
fn quiet_chats_are_closed_after_a_time() {
    let mut rules = rules(vec![1.0]);
    rules.inactivity = Span::from_secs(300);
    let mut desk = Desk::by(rules);
    desk.assign(0, 1, 3);
    assert_eq!(desk.wake(40), [reply(0, 1, false, 40)]);
    assert_eq!(desk.wake, at(340));
    assert_eq!(desk.tell(339, AgentInput::Message(SlotId(0))), []);
    assert_eq!(desk.wake(379), [reply(0, 1, false, 40)]);
    let expired = deed(Deed::Expire, 0, 1, 0);
    assert_eq!(desk.wake(679), [expired]);
    assert_eq!(desk.wake(709), [freed(0, 1)]);
    assert_eq!(desk.wake, Time::NEVER);
}

#[test]
fn the_oldest_customer_is_answered_first_and_wrap_ups_last() {
    let mut rules = rules(vec![1.0]);
    (rules.attention, rules.concurrency) = (Attention::OldestCustomer, 4);
    rules.wrap_up_attends = true;
    let mut desk = Desk::by(rules);
    for chat in [5, 3, 1, 4] {
        desk.assign(0, chat, 1);
    }
    // The first was begun before the others came; wrap-ups wait for all messages.
    for (secs, slot, chat) in [(40, 0, 5), (80, 2, 1), (120, 1, 3), (160, 3, 4)] {
        assert_eq!(desk.wake(secs), [reply(slot, chat, true, 40)]);
    }
    for (secs, slot, chat) in [(190, 0, 5), (220, 2, 1), (250, 1, 3), (280, 3, 4)] {
        assert_eq!(desk.wake(secs), [freed(slot, chat)]);
    }
}

#[test]
fn wrap_up_that_takes_attention_joins_the_tail() {
    let mut rules = rules(vec![1.0]);
    rules.wrap_up_attends = true;
    let mut desk = Desk::by(rules);
    desk.assign(0, 1, 1);
    desk.assign(10, 2, 1);
    assert_eq!(desk.wake(40), [reply(0, 1, true, 40)]);
    assert_eq!(desk.wake(80), [reply(1, 2, true, 40)]);
    assert_eq!(desk.wake(110), [freed(0, 1)]);
    assert_eq!(desk.wake(140), [freed(1, 2)]);
}

#[test]
fn shared_attention_divides_itself() {
    let mut rules = rules(vec![1.0, 1.5]);
    rules.attention = Attention::Shared;
    let mut desk = Desk::by(rules);
    // Alone for 10 s; then two replies at a rate of 1 / (2 x 1.5): 30 s more take 90 s.
    desk.assign(0, 1, 2);
    desk.assign(10, 2, 2);
    assert_eq!(desk.at_work_on(), Some((1, at(100))));
    assert_eq!(desk.agent.attended(SlotId(0), at(100)), Span::from_secs(55));
    assert_eq!(desk.wake(100), [reply(0, 1, false, 55)]);
    // The other has had 30 of its 40 s and goes on alone at 1 / 1.5, both slots held.
    assert_eq!(desk.at_work_on(), Some((2, at(115))));
    assert_eq!(desk.tell(109, AgentInput::Left(SlotId(0))), []);
    assert_eq!(desk.wake(115), [reply(1, 2, false, 60)]);
}

#[test]
fn in_the_level_model_chats_go_on_beside_each_other() {
    let mut rules = rules(vec![1.0, 1.25]);
    rules.attention = Attention::Levels;
    rules.wrap_up = Law::constant(0.0).unwrap();
    let mut desk = Desk::by(rules);
    // Alone for 10 s, then at rate 1 / 1.25 each: 30 s more take 37.5 s.
    desk.assign(0, 1, 1);
    desk.assign(10, 2, 1);
    assert_eq!(desk.wake, at(10) + Span::from_millis(37_500));
    assert_eq!(desk.wake(47), []);
    let deeds: Vec<Deed> = desk.wake(48).iter().map(|act| act.deed).collect();
    assert_eq!(deeds, [Deed::Reply { last: true }, Deed::Free]);
    // Alone again: it has had 10 s less 2.5 s of 40, the rest takes 40 - 37.5 x 0.8.
    assert_eq!(desk.at_work_on().map(|(chat, _)| chat), Some(2));
}
