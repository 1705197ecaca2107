//! Owns what an agent makes of the frames that it hears.
//!
//! Law: a chat counts as the agent's from the frame that assigns it to the one that frees it; what
//! the server says of others is remarked, but for what may have crossed a handing over.

use tokio::time::Instant;

use super::{Desk, Held, Presence};
use crate::center::ChatId;
use crate::center::agent::{AgentInput, Handover, SlotId};
use crate::center::customer::Customer;
use crate::error::Result;
use crate::live::dial::Dial;
use crate::live::journal::{ChatEvent, Event, Fault, Reader};
use crate::live::orbit::Caller;
use crate::live::parts::Parts;
use crate::live::scene::Scene;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{Said, ToAgent};
use crate::wire::marker::{Direction, Marker};

/// What the server says of a chat that it assigns.
struct Assignment {
    chat: u64,
    marker: String,
    text: Option<String>,
    turn: u8,
    answered: u32,
    pending: Option<Said>,
}

impl Assignment {
    /// The message that comes with the chat.
    fn said(&self) -> Option<&String> {
        match &self.pending {
            Some(said) => Some(&said.text),
            None => self.text.as_ref(),
        }
    }
}

impl<D: Dial> Desk<D> {
    /// Takes a frame that was read at `now`; true when the server has confirmed the log-out.
    pub(super) async fn hear(&mut self, frame: ToAgent, now: Time) -> Result<bool> {
        let waited = self.freed.is_awaited();
        match frame {
            ToAgent::Assigned {
                chat,
                marker,
                text,
                turn,
                answered,
                pending,
            } => {
                let assignment = Assignment {
                    chat,
                    marker,
                    text,
                    turn,
                    answered,
                    pending,
                };
                self.take(assignment, now).await?;
            }
            ToAgent::Message { chat, text, .. } => self.message(chat, &text, now),
            ToAgent::Left { chat } => self.left(chat, now),
            ToAgent::Freed { chat } => self.freed.settle(chat),
            ToAgent::Offline {} if self.agent.held() > 0 => {
                self.scene
                    .remark("the server logged an agent out who still had chats");
            }
            ToAgent::Offline {} => {
                self.away = self.presence == Presence::Leaving;
                return Ok(self.away);
            }
            ToAgent::Error { reason, chat } => self.refused(&reason, chat),
            ToAgent::Online { .. } => {
                if self.presence == Presence::ComingBack {
                    self.presence = Presence::OnShift;
                }
            }
            ToAgent::Typing { .. } | ToAgent::Hello(_) => {}
        }
        let goes_on = waited && !self.freed.is_awaited();
        if goes_on {
            self.held_up = now;
        }
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

    /// A message counts when it is the customer's next. What others have answered some servers show to
    /// whom a chat is handed over.
    fn message(&mut self, chat: u64, text: &str, now: Time) {
        if self.refused.contains(&chat) {
            return;
        }
        if self.has_strangers() {
            return self.stranger_says(chat, now);
        }
        let sequence = self.read(chat, text, now);
        let Some(slot) = self.slot_of(chat) else {
            return;
        };
        let Some(sequence) = sequence else {
            return;
        };
        let number = self.scene.plan.messages.number(sequence);
        let before = self.held_as(chat).map_or(0, |held| held.answered);
        if number == self.agent.exchange(slot) + 1 {
            self.part(chat, sequence, now);
        } else if number > before {
            self.scene.remark("an agent got a message out of turn");
        }
    }

    /// A part of the customer's next message is here: the agent has it when all of it is.
    fn part(&mut self, chat: u64, sequence: u32, now: Time) {
        let messages = &self.scene.plan.messages;
        let held = self.chats.iter_mut().find(|held| held.number == chat);
        let Some(held) = held else { return };
        let slot = self.agent.slot_of(held.id);
        if held.parts.come(messages, sequence)
            && let Some(slot) = slot
        {
            held.heard = Some(Instant::now());
            self.note(now, AgentInput::Message(slot));
        }
    }

    /// Takes note of a message that has come; its number, if it is the customer's whose chat it
    /// came in.
    fn read(&self, chat: u64, text: &str, now: Time) -> Option<u32> {
        let (caller, marker) = self.named(chat, text)?;
        let reader = Reader::Agent(self.shift.agent);
        self.scene.read(caller, marker, reader, now);
        Some(marker.sequence)
    }

    /// Whose message it is that came as one of this chat; none where it is no customer's of this run,
    /// or another's than this chat's. Whether it is rightly here where the chat is held no more, the
    /// ledger knows.
    fn named(&self, chat: u64, text: &str) -> Option<(Caller, Marker)> {
        let named = overheard(&self.scene, self.shift.agent, text)?;
        let strange = match self.held_as(chat) {
            Some(held) => held.caller != named.0,
            // A message of a chat that is held is in the wrong place in any other.
            None => self.chats.iter().any(|held| held.caller == named.0),
        };
        if strange {
            let reader = Reader::Agent(self.shift.agent);
            self.scene.fault(Fault::Misdelivered, reader, Some(named.1));
            return None;
        }
        Some(named)
    }

    fn held_as(&self, chat: u64) -> Option<Held> {
        let mut chats = self.chats.iter();
        chats.find(|held| held.number == chat).copied()
    }

    pub(super) fn slot_of(&self, chat: u64) -> Option<SlotId> {
        let held = self.held_as(chat);
        let slot = held.and_then(|held| self.agent.slot_of(held.id));
        let known = self.handed_over.contains(&chat) || self.refused.contains(&chat);
        if slot.is_none() && !known && !self.socket.hears_late() {
            self.scene
                .remark("the server spoke to an agent of a chat that the agent does not have");
        }
        slot
    }

    /// A chat is assigned: the customer's draws tell how long it is and what its replies take.
    async fn take(&mut self, assignment: Assignment, now: Time) -> Result<()> {
        let (chat, agent) = (assignment.chat, self.shift.agent);
        self.handed_over.remove(&chat);
        let reader = Reader::Agent(agent);
        // What a stranger has written tells nothing.
        let marker = Marker::parse(&assignment.marker).filter(|_| !self.has_strangers());
        let ours = marker.filter(|marker| marker.run == self.scene.run);
        let known = ours.and_then(|marker| self.scene.caller(marker));
        if known.is_none() && !self.has_strangers() {
            self.scene.fault(Fault::Foreign, reader, marker);
            return self.refuse(chat).await;
        }
        // A slot of its own is none that the chat takes again.
        let same = |held: &Held| known.map_or(held.number == chat, |known| held.caller == known);
        if self.chats.iter().any(same) {
            self.scene.fault(Fault::AssignedTwice, reader, marker);
            return Ok(());
        }
        if self.agent.held() >= self.scene.agents.concurrency {
            self.scene.fault(Fault::OverLimit, reader, marker);
            self.refused.insert(chat);
            return self.refuse(chat).await;
        }
        self.refused.remove(&chat);
        let caller = known.unwrap_or_else(|| self.scene.meet(agent));
        let handover = self.handover(&assignment, caller);
        let pending = handover.pending;
        self.chats.push(Held {
            number: chat,
            id: handover.chat,
            caller,
            answered: handover.answered,
            closed: false,
            parts: Parts::default(),
            heard: None,
            waiting: u32::from(pending),
        });
        self.tell_of_stranger(handover.chat, now, ChatEvent::Met { agent, pending });
        self.note_in(handover.chat, now, ChatEvent::Taken(agent));
        let said = assignment.said().filter(|_| !self.has_strangers());
        let said = said.and_then(|text| self.named(chat, text));
        if let Some((_, marker)) = said {
            self.scene.came_with(caller, marker, reader, now);
        }
        self.last = now;
        self.agent.take(now, handover, &self.scene.agents);
        if let Some((_, marker)) = said.filter(|_| !pending) {
            self.part(chat, marker.sequence, now);
        }
        self.scene.note(now, Event::SlotTaken(self.agent.held()));
        if self.presence == Presence::Leaving {
            self.stay_on(now);
        }
        Ok(())
    }

    /// What the agent has to know of the chat that is assigned.
    fn handover(&mut self, assignment: &Assignment, caller: Caller) -> Handover {
        let rules = self.scene.rules(caller.class);
        let (number, attempt) = (caller.number.into(), caller.attempt.into());
        let draws = self.scene.people.person(number, attempt);
        let customer = Customer::new(draws, caller.class, rules);
        let exchanges = customer.closed_after(rules);
        let ours = ChatId(self.taken);
        self.taken = self.taken.wrapping_add(1);
        let parts = self.scene.plan.messages.parts;
        let mut handover = Handover::of_new(ours, draws, exchanges, assignment.chat);
        // At a server that speaks another protocol the first message may still be under way; the
        // built-in protocol hands it over with the chat.
        let is_native = self.scene.abroad.protocol.is_none();
        handover.pending &= is_native || assignment.text.is_some();
        if assignment.turn > 0 {
            handover.turn = assignment.turn;
            handover.answered = (assignment.answered / parts).min(customer.exchanges());
            handover.pending = assignment.pending.is_some();
        }
        if self.has_strangers() {
            handover.pending = assignment.said().is_some();
        } else {
            // The rest of a message follows.
            handover.pending &= parts == 1;
        }
        handover
    }

    /// A chat came that had crossed the end of the shift: the agent is there for it, in overtime,
    /// and it goes the way of the others.
    fn stay_on(&mut self, now: Time) {
        if !std::mem::replace(&mut self.staffed, true) {
            self.scene.note(now, Event::Comes { late: false });
        }
        if !std::mem::replace(&mut self.late, true) {
            self.scene.note(now, Event::Comes { late: true });
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
        let held = self.chats.iter_mut().find(|held| held.number == chat);
        if let Some(held) = held {
            held.closed = true;
            let ours = held.id;
            self.composed(ours, spent, now);
            self.tell_of_stranger(ours, now, ChatEvent::Parted);
            self.over(ours, now);
        }
        self.note(now, AgentInput::Left(slot));
    }
}

/// Whose message it is that came to an agent, in whatever chat; none where it is no customer's of this
/// run, which is a fault.
pub(super) fn overheard<D>(scene: &Scene<D>, agent: u32, text: &str) -> Option<(Caller, Marker)> {
    let reader = Reader::Agent(agent);
    let marker = Marker::of(text);
    let ours = marker.filter(|marker| marker.run == scene.run);
    let Some((marker, caller)) = ours.and_then(|m| Some((m, scene.caller(m)?))) else {
        scene.fault(Fault::Foreign, reader, marker);
        return None;
    };
    if marker.direction != Direction::Customer {
        scene.fault(Fault::Misdelivered, reader, Some(marker));
        return None;
    }
    Some((caller, marker))
}
