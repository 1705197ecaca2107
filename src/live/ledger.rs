//! Owns `Ledger`: every chat of a live run, by the number of its offer and by customer and attempt.
//!
//! Law: a chat that was entered stays, since both its customer and its agents write to it, each in
//! their own time.

use std::collections::HashMap;

use super::orbit::Caller;
use crate::center::ChatId;
use crate::measure::visit::Visit;
use crate::time::Time;

#[derive(Debug)]
struct Entry {
    visit: Visit,
    /// When the slot was free for good.
    freed: Time,
    /// How often an agent has let it go, handed over or free, and when last; its customer hears of
    /// it later.
    let_go: (u8, Time),
}

/// Every chat of a live run.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    by_attempt: HashMap<(u32, u32), ChatId>,
}

impl Ledger {
    /// Enters a chat that has just been offered.
    pub fn enter(&mut self, visit: Visit) -> ChatId {
        let chat = ChatId(self.entries.len() as u32);
        let attempt = (visit.number(), visit.attempt().into());
        self.by_attempt.insert(attempt, chat);
        self.entries.push(Entry {
            visit,
            freed: Time::NEVER,
            let_go: (0, Time::NEVER),
        });
        chat
    }

    /// The chat of a customer's attempt, if there is one.
    pub fn find(&self, number: u32, attempt: u32) -> Option<ChatId> {
        self.by_attempt.get(&(number, attempt)).copied()
    }

    /// Whose chat it is.
    pub fn caller(&self, ChatId(chat): ChatId) -> Caller {
        let visit = &self.entries[chat as usize].visit;
        Caller {
            number: visit.number(),
            attempt: visit.attempt(),
            class: visit.class(),
        }
    }

    /// What is known of a chat.
    pub fn visit(&mut self, ChatId(chat): ChatId) -> &mut Visit {
        &mut self.entries[chat as usize].visit
    }

    /// The chat's slot is free for good.
    pub fn free(&mut self, ChatId(chat): ChatId, now: Time) {
        self.entries[chat as usize].freed = now;
    }

    /// Whether the chat's slot is free for good.
    pub fn is_free(&self, ChatId(chat): ChatId) -> bool {
        self.entries[chat as usize].freed.comes()
    }

    /// An agent gives the chat's slot to others; true where it is the agent whom the customer knows
    /// of as its own.
    pub fn let_go(&mut self, ChatId(chat): ChatId, now: Time) -> bool {
        let Entry { visit, let_go, .. } = &mut self.entries[chat as usize];
        let known = let_go.0 <= visit.transfers() && visit.agent().is_some();
        *let_go = (let_go.0.saturating_add(1), now);
        known
    }

    /// Since when the agent whom the customer knows of has not had the chat any more, if that is
    /// so: the customer has not heard of it yet.
    pub fn let_go_since(&self, ChatId(chat): ChatId) -> Option<Time> {
        let Entry { visit, let_go, .. } = &self.entries[chat as usize];
        let unheard = visit.agent().is_some() && let_go.0 > visit.transfers();
        unheard.then_some(let_go.1)
    }

    /// How many chats there are.
    pub fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Whether nobody has come yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All chats, and when their slots were free.
    pub fn iter(&self) -> impl Iterator<Item = (&Visit, Time)> {
        self.entries.iter().map(|entry| (&entry.visit, entry.freed))
    }
}
