//! Owns `Chats`: the table of open chats, by dense number.
//!
//! Law: a place is used again, so that the router's tables stay as small as the most chats open at
//! once; the number on the wire never is, so that a late frame cannot hit another's chat.

use std::collections::BTreeSet;
use std::iter;
use std::ops::{Index, IndexMut};

use super::lines::Peer;
use crate::center::{AgentId, ChatId};
use crate::time::Time;
use crate::wire::frame::{Said, ToAgent};
use crate::wire::limits::KEPT_MOST;

/// An open chat.
#[derive(Debug)]
pub(super) struct Chat {
    /// On the wire, from 1.
    pub number: u64,
    /// As the customer gave it.
    pub marker: String,
    /// The level of priority.
    pub level: u8,
    /// When an agent was asked for.
    pub offered: Time,
    /// The customer's messages to which there is no reply: the last [`KEPT_MOST`], so that an agent
    /// who gets the chat knows what was said.
    pub kept: Vec<Said>,
    /// How many of them an agent has got.
    handed_on: usize,
    /// Replies so far.
    pub answered: u32,
    /// How often it was handed over.
    pub turn: u8,
    /// Where it stands.
    pub stage: Stage,
    /// When it is ended if the customer goes on saying nothing.
    quiet_until: Time,
}

impl Chat {
    /// Keeps what was said; false when as many are kept as may be, and none of them can go because
    /// no agent has got it.
    pub fn keep(&mut self, said: Said) -> bool {
        if self.kept.len() >= KEPT_MOST {
            if self.handed_on == 0 {
                return false;
            }
            self.kept.remove(0);
            self.handed_on -= 1;
        }
        self.kept.push(said);
        true
    }

    /// What is kept is the agent's now; says how much of it no agent had before.
    pub fn hand_on(&mut self) -> u64 {
        let before = std::mem::replace(&mut self.handed_on, self.kept.len());
        (self.kept.len() - before) as u64
    }

    /// There is a reply to what is kept.
    pub fn answer(&mut self) {
        self.answered = self.answered.saturating_add(1);
        self.kept.clear();
        self.handed_on = 0;
    }

    /// What its agent is told: the assignment, with the first message that is kept, and the others.
    pub fn assignment(&self) -> impl Iterator<Item = ToAgent> {
        let first = self.kept.first();
        let (first, pending) = match self.turn {
            0 => (first.filter(|said| said.seq == 1), None),
            _ => (None, first.cloned()),
        };
        let along = usize::from(first.is_some() || pending.is_some());
        let chat = self.number;
        let assigned = ToAgent::Assigned {
            chat,
            marker: self.marker.clone(),
            text: first.map(|said| said.text.clone()),
            turn: self.turn,
            answered: self.answered,
            pending,
        };
        let others = self.kept[along..].iter().cloned();
        let others = others.map(move |Said { seq, text }| ToAgent::Message { chat, seq, text });
        iter::once(assigned).chain(others)
    }
}

/// Where a chat stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// The customer waits for an agent.
    Waiting(Peer),
    /// Customer and agent talk.
    Talking {
        /// How the customer is reached.
        customer: Peer,
        /// Who has it.
        agent: AgentId,
    },
    /// The customer has left, or the server has ended the chat; the agent's slot is held.
    Left,
    /// The agent has closed it; its slot is held.
    Closed,
}

/// The open chats.
#[derive(Debug, Default)]
pub(super) struct Chats {
    places: Vec<Option<Chat>>,
    free: Vec<ChatId>,
    /// Those in which the agent waits for the customer, by when they are ended.
    quiet: BTreeSet<(Time, ChatId)>,
    /// Numbers given so far.
    given: u64,
}

impl Chats {
    /// A new chat, waiting, with the first message if there is one.
    pub fn add(
        &mut self,
        customer: Peer,
        marker: String,
        text: Option<String>,
        level: u8,
        now: Time,
    ) -> ChatId {
        self.given += 1;
        let chat = Chat {
            number: self.given,
            marker,
            level,
            offered: now,
            kept: text.map(|text| Said { seq: 1, text }).into_iter().collect(),
            handed_on: 0,
            answered: 0,
            turn: 0,
            stage: Stage::Waiting(customer),
            quiet_until: Time::NEVER,
        };
        let id = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            let last = u32::try_from(self.places.len() - 1);
            ChatId(last.expect("a chat needs a connection, and a process has fewer"))
        });
        self.places[id.index()] = Some(chat);
        id
    }

    /// The chat is over and its slot free.
    pub fn remove(&mut self, id: ChatId) {
        self.unquiet(id);
        self.places[id.index()] = None;
        self.free.push(id);
    }

    /// From now on the agent waits for the customer, until the chat is ended.
    pub fn quiet(&mut self, id: ChatId, until: Time) {
        self.unquiet(id);
        if until.comes() {
            self[id].quiet_until = until;
            self.quiet.insert((until, id));
        }
    }

    /// Nobody waits for the customer any more.
    pub fn unquiet(&mut self, id: ChatId) {
        let until = std::mem::replace(&mut self[id].quiet_until, Time::NEVER);
        if until.comes() {
            self.quiet.remove(&(until, id));
        }
    }

    /// The chat that is ended next because its customer is quiet, and when.
    pub fn quietest(&self) -> Option<(Time, ChatId)> {
        self.quiet.first().copied()
    }

    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }
}

impl Index<ChatId> for Chats {
    type Output = Chat;
    fn index(&self, id: ChatId) -> &Chat {
        let chat = self.places[id.index()].as_ref();
        chat.expect("whoever keeps an id keeps the chat")
    }
}

impl IndexMut<ChatId> for Chats {
    fn index_mut(&mut self, id: ChatId) -> &mut Chat {
        let chat = self.places[id.index()].as_mut();
        chat.expect("whoever keeps an id keeps the chat")
    }
}
