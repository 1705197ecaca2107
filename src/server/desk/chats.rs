//! Owns `Chats`: the table of open chats, by dense number.
//!
//! Law: a place is used again, so that the router's tables stay as small as the most chats open at
//! once; the number on the wire never is, so that a late frame cannot hit another's chat.

use std::ops::{Index, IndexMut};

use super::ConnId;
use crate::center::{AgentId, ChatId};

/// An open chat.
#[derive(Debug)]
pub(super) struct Chat {
    /// On the wire, from 1.
    pub number: u64,
    /// As the customer gave it, until it is handed to an agent.
    pub marker: String,
    /// The first message, until it is handed to an agent.
    pub first: Option<String>,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a chat stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// The customer waits for an agent.
    Waiting(ConnId),
    /// Customer and agent talk.
    Talking {
        /// The customer's connection.
        customer: ConnId,
        /// Who has it.
        agent: AgentId,
    },
    /// The customer has left; the agent's slot is held.
    Left,
    /// The agent has closed it; its slot is held.
    Closed,
}

/// The open chats.
#[derive(Debug, Default)]
pub(super) struct Chats {
    places: Vec<Option<Chat>>,
    free: Vec<ChatId>,
    /// Numbers given so far.
    given: u64,
}

impl Chats {
    /// A new chat, waiting.
    pub fn add(&mut self, customer: ConnId, marker: String, first: Option<String>) -> ChatId {
        self.given += 1;
        let chat = Chat {
            number: self.given,
            marker,
            first,
            stage: Stage::Waiting(customer),
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
        let chat = self.places[id.index()].take();
        assert!(chat.is_some(), "a chat is removed once");
        self.free.push(id);
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
