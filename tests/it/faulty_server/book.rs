//! Owns `Book`: who is who at the server, by what passes the imp.
//!
//! Law: it knows no more than the frames say, in the order in which the server has them; what an
//! agent holds is counted as the agent counts, shadows and refused chats included.

use std::collections::{BTreeMap, HashMap, HashSet};

use busyhour::server::desk::ConnId;
use busyhour::wire::frame::Said;

/// A chat that an agent has got.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Its name: the marker that it was opened with.
    pub name: String,
    pub customer: ConnId,
    pub agent: ConnId,
    /// What its agent was told last.
    pub said: Option<Said>,
    /// Neither customer nor agent has ended it.
    pub open: bool,
}

/// An agent's connection.
#[derive(Clone, Debug, Default)]
pub struct Seat {
    pub number: u32,
    pub limit: u32,
    /// Slots in use, as the agent counts.
    pub held: u32,
    /// Told that it takes chats, and not that it is away.
    pub online: bool,
    pub leaving: bool,
}

#[derive(Debug, Default)]
pub struct Book {
    /// By the server's number, once an agent has got it.
    pub chats: BTreeMap<u64, Chat>,
    pub seats: BTreeMap<ConnId, Seat>,
    /// The connections of those who have opened a chat, by its name.
    pub customers: HashMap<String, ConnId>,
    /// Chats with which nothing more is to be done, by name.
    pub spoiled: HashSet<String>,
    /// Chats that were given away twice: who has them besides.
    pub shadows: BTreeMap<u64, ConnId>,
}

impl Book {
    /// The chat of a customer's connection.
    pub fn chat_of(&self, customer: ConnId) -> Option<(u64, &Chat)> {
        let mut chats = self.chats.iter();
        let found = chats.find(|(_, chat)| chat.customer == customer);
        found.map(|(number, chat)| (*number, chat))
    }

    /// The connection of another customer, whose chat goes on.
    pub fn other_customer(&self, than: ConnId) -> Option<ConnId> {
        let mut chats = self.chats.values();
        let other = chats.find(|chat| chat.open && chat.customer != than && !self.is_spoiled(chat));
        other.map(|chat| chat.customer)
    }

    /// The connection of another agent, who is there and has never had the chat.
    pub fn other_agent(&self, than: ConnId) -> Option<ConnId> {
        let mut seats = self.seats.iter();
        let other = seats.find(|(conn, seat)| **conn != than && seat.online && !seat.leaving);
        other.map(|(conn, _)| *conn)
    }

    /// The same, with a slot that is free.
    pub fn agent_with_room(&self, than: ConnId) -> Option<ConnId> {
        let mut seats = self.seats.iter();
        let there = |seat: &Seat| seat.online && !seat.leaving && seat.held < seat.limit;
        let other = seats.find(|(conn, seat)| **conn != than && there(seat));
        other.map(|(conn, _)| *conn)
    }

    /// The number of another open chat of the same agent.
    pub fn other_chat(&self, chat: u64) -> Option<u64> {
        let agent = self.chats.get(&chat)?.agent;
        let mut chats = self.chats.iter();
        let other = chats.find(|(n, other)| **n != chat && other.agent == agent && other.open);
        other.map(|(number, _)| *number)
    }

    fn is_spoiled(&self, chat: &Chat) -> bool {
        self.spoiled.contains(&chat.name)
    }
}
