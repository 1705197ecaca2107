//! Owns `Answerer`: what an agent's frames come to at another server than the built-in one.
//!
//! Law: a chat that the server assigns is the agent's from its first message on, which tells whose it
//! is, a stranger's at once; and only while the agent has a slot for it that the server takes for free.
//! Where the agents' work after a chat is nothing to the server, a chat stays open there until it is
//! done. A message that was said to another agent comes with the chat, from the dispatcher; each is
//! heard once of each. Where agents take the chats, one asks for the next only while it holds fewer than
//! its limit.

mod had;
mod held;

use std::collections::VecDeque;

use super::Persona;
use super::around::Around;
use super::asker::name;
use crate::error::Result;
use crate::live::switchboard::Delivery;
use crate::wire::frame::{AgentSide, Frame, FromAgent, ToAgent};
use crate::wire::marker::{Direction, Marker};
use crate::wire::speaker::{ChatNumber, Deed, Dispatch, Tidings, WrapUp};
use had::Had;
use held::{Held, Stage};

/// Messages of chats that are not known yet are kept so many.
const STRANGERS_MOST: usize = 64;

/// An agent at a foreign server.
#[derive(Debug, Default)]
pub struct Answerer {
    agent: u32,
    limit: u32,
    is_online: bool,
    chats: Vec<Held>,
    /// What came of chats that are not known yet.
    strangers: VecDeque<(Option<ChatNumber>, String)>,
    /// The last chats that the agent was through with.
    done: VecDeque<ChatNumber>,
    /// Whether it is told to the server that no more are taken.
    leaves: bool,
    /// Whether it is told to the server that the agent is away, to wrap up.
    is_away: bool,
    /// Where agents take chats: whether some are known to wait.
    some_wait: bool,
    /// Whether it has asked for one, and it is not known yet what comes of that.
    asks: bool,
}

impl Answerer {
    /// How many messages of chats that are not known are kept.
    #[cfg(test)]
    pub fn strangers(&self) -> usize {
        self.strangers.len()
    }

    fn find(&mut self, number: ChatNumber) -> Option<&mut Held> {
        self.chats.iter_mut().find(|held| held.number == number)
    }

    fn is_over_for_the_server(&mut self, chat: ChatNumber) -> bool {
        self.find(chat)
            .is_some_and(|held| held.stage == Stage::Over)
    }

    /// The agent takes the next chat, if it has room and one waits.
    fn reach(&mut self, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let is_there = self.is_online && !self.leaves && !self.is_away;
        let has_slot = self.chats.len() < self.limit as usize;
        if !self.some_wait || self.asks || !is_there || !has_slot {
            return Ok(());
        }
        self.asks = true;
        around.act(Deed::Take)
    }

    /// How many slots the agent holds.
    fn held(&self) -> usize {
        let waits = |held: &&Held| held.stage == Stage::Waiting;
        self.chats.len() - self.chats.iter().filter(waits).count()
    }

    /// The chat that the agent has, where it has one alone.
    fn only_chat(&self) -> Option<ChatNumber> {
        match &self.chats[..] {
            [held] => Some(held.number),
            _ => None,
        }
    }

    /// A chat more, of which it may not be known whose it is.
    fn add(&mut self, number: ChatNumber, marker: Option<Marker>, stage: Stage) {
        self.chats.retain(|held| held.number != number);
        self.chats.push(Held {
            number,
            marker,
            kept: Vec::new(),
            had: None,
            stage,
        });
    }

    /// A message has come, in a chat that the server names or that its marker does.
    fn message(
        &mut self,
        chat: Option<ChatNumber>,
        text: String,
        around: &mut Around<'_, AgentSide>,
    ) {
        let marker = Marker::of(&text);
        if around.is_of_agent(marker) {
            // One's own, or another agent's.
            return;
        }
        let strangers = around.has_strangers();
        let marker = marker.filter(|_| !strangers);
        // A message that names no chat is of the only one that there is.
        let chat = chat.or_else(|| self.only_chat().filter(|_| strangers));
        let whose = marker.map(|marker| marker.at(Direction::Customer, 0));
        let same = |held: &&mut Held| match chat {
            Some(number) => held.number == number,
            None => whose.is_some() && held.marker == whose,
        };
        let Some(held) = self.chats.iter_mut().find(same) else {
            return match chat.filter(|number| self.done.contains(number)) {
                // It was on its way when the agent was through with the chat.
                Some(chat) => {
                    let seq = marker.map_or(0, |marker| marker.sequence);
                    around.hear(Some(ToAgent::Message { chat, seq, text }));
                }
                None => self.set_aside(chat, text),
            };
        };
        if held.stage == Stage::Waiting {
            held.marker = held.marker.or(whose);
            if held.kept.len() < STRANGERS_MOST {
                held.kept.push(text);
            }
            return self.take_up(around);
        }
        let chat = held.number;
        let seq = marker.map_or(0, |marker| marker.sequence);
        let had = held.had.as_mut().filter(|_| whose.is_some());
        if had.is_some_and(|had| !had.comes(seq)) {
            return;
        }
        around.hear(Some(ToAgent::Message { chat, seq, text }));
    }

    fn set_aside(&mut self, chat: Option<ChatNumber>, text: String) {
        if self.strangers.len() == STRANGERS_MOST {
            self.strangers.pop_front();
        }
        self.strangers.push_back((chat, text));
    }

    /// What was set aside of a chat that is known now is heard, but for what another agent has
    /// answered.
    fn recall(&mut self, number: ChatNumber, around: &mut Around<'_, AgentSide>) {
        for (chat, text) in std::mem::take(&mut self.strangers) {
            let marker = Marker::of(&text);
            let whose = marker.map(|marker| marker.at(Direction::Customer, 0));
            let sequence = marker.map_or(0, |marker| marker.sequence);
            let known = self.find(number).filter(|held| match chat {
                Some(chat) => chat == number,
                None => whose.is_some() && held.marker == whose,
            });
            let answered = known.map(|held| held.had.as_ref().map_or(0, |had| had.answered));
            match answered {
                None => self.set_aside(chat, text),
                Some(answered) if answered > 0 && sequence <= answered => {}
                Some(_) => self.message(chat, text, around),
            }
        }
    }

    /// Whether the agent can hear of one more chat: it has a slot for it, or it has none because the
    /// server gave it too many.
    fn has_room(&self) -> bool {
        let wrapping = self.chats.iter().any(|held| held.stage == Stage::Over);
        self.held() < self.limit as usize || !wrapping
    }

    /// Chats that waited for a slot, and of which it is known whose they are, are the agent's. A
    /// stranger need not have said anything.
    fn take_up(&mut self, around: &mut Around<'_, AgentSide>) {
        while self.has_room() {
            let strange = around.has_strangers();
            let known = |held: &&mut Held| {
                held.stage == Stage::Waiting && (strange || !held.kept.is_empty())
            };
            let Some(held) = self.chats.iter_mut().find(known) else {
                return;
            };
            held.stage = Stage::Open;
            let chat = held.number;
            let mut kept = std::mem::take(&mut held.kept).into_iter();
            let marker = held.marker.map(|marker| marker.to_string());
            around.hear(Some(ToAgent::Assigned {
                chat,
                marker: marker.unwrap_or_default(),
                text: kept.next(),
                turn: 0,
                answered: 0,
                pending: None,
            }));
            for text in kept {
                let seq = Marker::of(&text).map_or(0, |marker| marker.sequence);
                around.hear(Some(ToAgent::Message { chat, seq, text }));
            }
        }
    }

    /// The dispatcher says something.
    fn dispatched(
        &mut self,
        frame: ToAgent,
        carried: bool,
        peer: Option<&str>,
        around: &mut Around<'_, AgentSide>,
    ) -> Result<()> {
        match &frame {
            ToAgent::Message { chat, seq, .. } if carried => {
                let had = self.find(*chat).and_then(|held| held.had.as_mut());
                if !had.is_some_and(|had| had.carries(*seq)) {
                    return Ok(());
                }
            }
            ToAgent::Left { chat } => {
                if let Some(held) = self.find(*chat) {
                    held.stage = Stage::Over;
                }
            }
            // What was said comes over the server.
            ToAgent::Message { .. } | ToAgent::Typing { .. } => return Ok(()),
            ToAgent::Assigned {
                chat,
                marker,
                turn,
                answered,
                pending,
                ..
            } => {
                let (chat, marker) = (*chat, Marker::parse(marker));
                if let Some(peer) = peer {
                    around.act(Deed::Meet { chat, peer })?;
                }
                self.add(chat, marker, Stage::Open);
                if let Some(held) = self.find(chat).filter(|_| *turn > 0) {
                    let (answered, carried) = (*answered, pending.iter().map(|said| said.seq));
                    held.had = Some(Box::new(Had {
                        answered,
                        carried: carried.collect(),
                        came: Vec::new(),
                    }));
                }
                around.hear(Some(frame));
                self.recall(chat, around);
                return Ok(());
            }
            _ => {}
        }
        around.hear(Some(frame));
        Ok(())
    }

    /// The server has ended the chat, or the customer has.
    fn ended(&mut self, chat: ChatNumber, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let Some(held) = self.find(chat) else {
            return Ok(());
        };
        let before = std::mem::replace(&mut held.stage, Stage::Over);
        match before {
            // The agent has never had it.
            Stage::Waiting => self.chats.retain(|held| held.number != chat),
            Stage::Open => {
                around.hear(Some(ToAgent::Left { chat }));
                self.go_away(around)?;
            }
            Stage::Closing | Stage::Over => {}
        }
        Ok(())
    }

    /// The agent ends the chat: where it goes on wrapping up, the server hears of it once that is
    /// done.
    fn close(&mut self, chat: ChatNumber, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let delays = around.manners().wrap_up == WrapUp::DelayClose;
        let Some(held) = self.find(chat).filter(|held| held.stage == Stage::Open) else {
            return Ok(());
        };
        if delays && !around.dispatches() {
            held.stage = Stage::Closing;
            return Ok(());
        }
        held.stage = Stage::Over;
        around.act(Deed::Close { chat })?;
        self.go_away(around)
    }

    /// Where an agent who wraps up is away meanwhile, the server hears of it.
    fn go_away(&mut self, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let goes = around.manners().wrap_up == WrapUp::StatusAway && !self.is_away;
        if !goes || around.dispatches() {
            return Ok(());
        }
        self.is_away = true;
        around.act(Deed::Offline)
    }

    /// Who was away for wrapping up, and has nothing left of that, takes chats again.
    fn come_back(&mut self, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let wraps_up = self.chats.iter().any(|held| held.stage == Stage::Over);
        if wraps_up || !std::mem::take(&mut self.is_away) || self.leaves {
            return Ok(());
        }
        let limit = self.limit;
        around.act(Deed::Online { limit })?;
        self.reach(around)
    }

    /// The slot is free: here, and at the server.
    fn free(&mut self, chat: ChatNumber, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let stage = self.find(chat).map(|held| held.stage);
        self.chats.retain(|held| held.number != chat);
        self.done.extend(stage.map(|_| chat));
        if self.done.len() > STRANGERS_MOST {
            self.done.pop_front();
        }
        if stage == Some(Stage::Closing) {
            around.act(Deed::Close { chat })?;
        }
        around.act(Deed::Free { chat })?;
        self.come_back(around)?;
        if !around.dispatches() {
            around.hear(Some(ToAgent::Freed { chat }));
            self.take_up(around);
            self.reach(around)?;
            self.go_if_done(around);
        }
        Ok(())
    }

    /// An agent who takes no more is away with the last chat, and one that was asked for may still come.
    fn go_if_done(&mut self, around: &mut Around<'_, AgentSide>) {
        if self.leaves && self.chats.is_empty() && !self.asks {
            (self.leaves, self.is_online) = (false, false);
            around.hear(Some(ToAgent::Offline {}));
        }
    }
}

impl Persona for Answerer {
    type Side = AgentSide;

    fn says(&mut self, frame: &FromAgent, around: &mut Around<'_, AgentSide>) -> Result<()> {
        if around.dispatches() {
            around.post(&match frame {
                FromAgent::Reply { chat, seq, text } => FromAgent::Reply {
                    chat: *chat,
                    seq: *seq,
                    text: name(text),
                },
                frame => frame.clone(),
            });
        }
        match frame {
            FromAgent::Online { agent, limit } => {
                (self.agent, self.limit) = (*agent, *limit);
                (self.leaves, self.is_online) = (false, false);
                let limit = *limit;
                around.act(Deed::Online { limit })
            }
            FromAgent::Reply { chat, text, .. } => {
                if let Some(had) = self.find(*chat).and_then(|held| held.had.as_mut()) {
                    // What comes from now on is said to this agent.
                    had.came.clear();
                }
                around.act(Deed::Say { chat: *chat, text })
            }
            FromAgent::Typing { chat } => around.act(Deed::Typing { chat: *chat }),
            FromAgent::Close { chat } => self.close(*chat, around),
            FromAgent::Free { chat } => self.free(*chat, around),
            FromAgent::HandOver { chat } => {
                self.chats.retain(|held| held.number != *chat);
                around.act(Deed::Transfer { chat: *chat })?;
                if !around.dispatches() {
                    around.hear(Some(ToAgent::Freed { chat: *chat }));
                    self.reach(around)?;
                    self.go_if_done(around);
                }
                Ok(())
            }
            FromAgent::Offline {} => {
                around.act(Deed::Offline)?;
                if !around.dispatches() {
                    self.leaves = true;
                    self.go_if_done(around);
                }
                Ok(())
            }
        }
    }

    fn told(&mut self, tidings: Tidings, around: &mut Around<'_, AgentSide>) -> Result<()> {
        match tidings {
            Tidings::Message { chat, text, .. } => self.message(chat, text, around),
            Tidings::Typing { chat } => {
                let frame = chat.map(|chat| ToAgent::Typing { chat });
                around.hear(frame);
            }
            // What crossed the end of the chat is nobody's fault.
            Tidings::Refused {
                chat: Some(chat), ..
            } if self.is_over_for_the_server(chat) => {}
            Tidings::Refused { chat, kind } => {
                let reason = kind;
                around.hear(Some(ToAgent::Error { reason, chat }));
            }
            _ if around.dispatches() => {}
            // Who comes back from wrapping up has been online for us all the time.
            Tidings::Online if !self.is_online => {
                self.is_online = true;
                let (agent, limit) = (self.agent, self.limit);
                around.hear(Some(ToAgent::Online { agent, limit }));
                self.reach(around)?;
            }
            Tidings::Queued { position } if around.manners().dispatch == Dispatch::Pull => {
                self.some_wait = position != Some(0);
                self.reach(around)?;
            }
            Tidings::Untaken { more } => {
                (self.asks, self.some_wait) = (false, more);
                self.reach(around)?;
                self.go_if_done(around);
            }
            Tidings::Assigned { chat } => {
                self.asks = false;
                self.add(chat, None, Stage::Waiting);
                self.recall(chat, around);
                if around.has_strangers() {
                    self.take_up(around);
                }
                self.reach(around)?;
            }
            Tidings::Closed { chat } => {
                self.ended(chat, around)?;
                self.reach(around)?;
                self.go_if_done(around);
            }
            _ => {}
        }
        Ok(())
    }

    fn delivered(&mut self, delivery: Delivery, around: &mut Around<'_, AgentSide>) -> Result<()> {
        let frame = delivery.frame.as_deref().map(ToAgent::decode);
        match frame.and_then(std::result::Result::ok) {
            Some(frame) => {
                let (carried, peer) = (delivery.carried, delivery.peer.as_deref());
                self.dispatched(frame, carried, peer, around)
            }
            None => Ok(()),
        }
    }

    fn gives_up_waiting(&mut self, _: &mut Around<'_, AgentSide>) -> Result<()> {
        Ok(())
    }

    fn whose(&self, chat: ChatNumber) -> Option<Marker> {
        let held = self.chats.iter().find(|held| held.number == chat)?;
        held.marker
    }

    fn is_over(&self) -> bool {
        false
    }

    fn is_back(&mut self, _: bool, _: u32) {}
}
