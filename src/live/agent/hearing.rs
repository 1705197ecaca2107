//! Owns what an agent makes of the frames that it hears.
//!
//! Law: a chat counts as the agent's from the frame that assigns it to the one that frees it; what
//! the server says of others is remarked, but for what may have crossed a handing over.

use super::{Desk, Presence};
use crate::center::agent::{AgentInput, Handover, SlotId};
use crate::center::customer::Customer;
use crate::error::Result;
use crate::live::dial::Dial;
use crate::measure::clock::Gauge;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{Said, ToAgent};
use crate::wire::marker::{Direction, Marker};

/// What the server says of a chat that it assigns.
struct Assignment {
    chat: u64,
    marker: String,
    turn: u8,
    answered: u32,
    pending: Option<Said>,
}

impl<D: Dial> Desk<D> {
    /// Takes a frame that was read at `now`; true when the server has confirmed the log-out.
    pub(super) async fn hear(&mut self, frame: ToAgent, now: Time) -> Result<bool> {
        let waited = self.freed.is_awaited();
        match frame {
            ToAgent::Assigned {
                chat,
                marker,
                turn,
                answered,
                pending,
                ..
            } => {
                let assignment = Assignment {
                    chat,
                    marker,
                    turn,
                    answered,
                    pending,
                };
                self.take(assignment, now).await?;
            }
            ToAgent::Message { chat, text, .. } => {
                if let Some(slot) = self.slot_of(chat) {
                    self.message(chat, slot, &text, now);
                }
            }
            ToAgent::Left { chat } => self.left(chat, now),
            ToAgent::Freed { chat } => self.freed.settle(chat),
            ToAgent::Offline {} if self.agent.held() > 0 => {
                self.scene
                    .remark("the server logged an agent out who still had chats");
            }
            ToAgent::Offline {} => return Ok(self.presence == Presence::Leaving),
            ToAgent::Error { reason, chat } => self.refused(&reason, chat),
            ToAgent::Online { .. } => {
                if self.presence == Presence::ComingBack {
                    self.presence = Presence::OnShift;
                }
            }
            ToAgent::Typing { .. } | ToAgent::Hello(_) => {}
        }
        let goes_on = waited && !self.freed.is_awaited();
        let now = if goes_on { self.last } else { now };
        self.drain(now).await?;
        Ok(false)
    }

    /// The server has not followed what it was told of a chat: no more comes of that.
    fn refused(&mut self, reason: &str, chat: Option<u64>) {
        self.scene
            .remark(format!("the server to an agent: {}", clean(reason)));
        if let Some(chat) = chat {
            self.freed.settle(chat);
        }
    }

    /// A message counts when it is the customer's next.
    fn message(&mut self, chat: u64, slot: SlotId, text: &str, now: Time) {
        let caller = self.scene.ledger.borrow().caller(self.chats[&chat]);
        let next = self.agent.exchange(slot) + 1;
        let expected = self.scene.marker(caller, Direction::Customer, next);
        if Marker::of(text) != Some(expected) {
            self.scene.remark("an agent got a message out of turn");
            return;
        }
        self.scene.read(expected);
        self.note(now, AgentInput::Message(slot));
    }

    fn slot_of(&self, chat: u64) -> Option<SlotId> {
        let slot = self
            .chats
            .get(&chat)
            .and_then(|ours| self.agent.slot_of(*ours));
        if slot.is_none() && !self.handed_over.contains(&chat) {
            self.scene
                .remark("the server spoke to an agent of a chat that the agent does not have");
        }
        slot
    }

    /// A chat is assigned: the customer's draws tell how long it is and what its replies take.
    async fn take(&mut self, assignment: Assignment, now: Time) -> Result<()> {
        let chat = assignment.chat;
        self.handed_over.remove(&chat);
        let marker = Marker::parse(&assignment.marker);
        let ours = marker.filter(|marker| marker.run == self.scene.run);
        let ours = ours.and_then(|m| self.scene.ledger.borrow().find(m.customer, m.attempt));
        let Some(ours) = ours else {
            self.scene
                .remark("the server assigned a chat that is not of this run");
            return self.refuse(chat).await;
        };
        if self.agent.held() >= self.scene.agents.concurrency {
            self.scene.over_limit.set(self.scene.over_limit.get() + 1);
            return self.refuse(chat).await;
        }
        if self.agent.slot_of(ours).is_some() {
            self.scene.remark("the server assigned a chat twice");
            return Ok(());
        }
        let caller = self.scene.ledger.borrow().caller(ours);
        let rules = self.scene.rules(caller.class);
        let (number, attempt) = (caller.number.into(), caller.attempt.into());
        let draws = self.scene.people.person(number, attempt);
        let customer = Customer::new(draws, caller.class, rules);
        let exchanges = customer.closed_after(rules);
        let mut handover = Handover::of_new(ours, draws, exchanges, chat);
        if assignment.turn > 0 {
            handover.turn = assignment.turn;
            handover.answered = assignment.answered.min(customer.exchanges());
            handover.pending = assignment.pending.is_some();
        }
        if let Some(marker) = assignment.pending.and_then(|said| Marker::of(&said.text)) {
            self.scene.forget(marker);
        }
        self.last = now;
        self.agent.take(now, handover, &self.scene.agents);
        self.chats.insert(chat, ours);
        let held = self.agent.held();
        self.scene
            .record(now, |recorder, now| recorder.slot_taken(held, now));
        if self.presence == Presence::Leaving {
            self.stay_on(now);
        }
        Ok(())
    }

    /// A chat came that had crossed the end of the shift: the agent is there for it, in overtime,
    /// and it goes the way of the others.
    fn stay_on(&mut self, now: Time) {
        if !std::mem::replace(&mut self.staffed, true) {
            self.record(now, |recorder, now| recorder.rise(Gauge::Staffed, now));
        }
        if !std::mem::replace(&mut self.late, true) {
            self.record(now, |recorder, now| recorder.rise(Gauge::Overtime, now));
        }
        self.note(now, AgentInput::Leaving(self.shift.end));
    }

    /// The customer has left, or the server has ended the chat: composing for it stops at once and
    /// wrap-up starts.
    fn left(&mut self, chat: u64, now: Time) {
        let Some(slot) = self.slot_of(chat) else {
            return;
        };
        let spent = self.agent.attended(slot, now);
        if let Some(ours) = self.chats.get(&chat) {
            self.composed(*ours, spent, now);
        }
        self.note(now, AgentInput::Left(slot));
    }
}
