//! Owns `Visit`: what is known of one chat while it goes on.
//!
//! Law: only the recorder writes here; when the chat is over it becomes a `Record`.

use super::record::Record;
use crate::center::agent::SlotId;
use crate::center::fate::Fate;
use crate::time::{Span, Time};

/// Offered during the warm-up: in no measure.
pub(super) const EXCLUDED: u32 = u32::MAX;

/// What is known of one chat while it goes on; instants that have not come are `Time::NEVER`.
///
/// The order of the fields is kept: what a message touches stands in the first 32 bytes, so that a
/// large center, whose chats do not fit into the processor's nearest memory, fetches one line for a
/// message and the rest only when a chat begins or ends.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Visit {
    /// Since when a message is pending; never while none is.
    pub(super) pending: Time,
    pub(super) composed: Span,
    /// The interval of the offer, or `EXCLUDED`.
    pub(super) interval: u32,
    pub(super) agent: u32,
    pub(super) replies: u32,
    slot: SlotId,
    pub(super) delayed: bool,
    pub(super) fate: Option<Fate>,
    pub(super) offered: Time,
    pub(super) assigned: Time,
    pub(super) first_reply: Time,
    pub(super) closed: Time,
    pub(super) freed: Time,
    pub(super) latency_sum: Span,
    pub(super) latency_max: Span,
    pub(super) number: u32,
    attempt: u16,
    /// The class of customers, as an index into the outline's.
    pub(super) class: u8,
    /// Whether the customer's story is told.
    pub(super) traced: bool,
}

impl Visit {
    pub(super) fn new(number: u32, attempt: u32, offered: Time, interval: u32) -> Visit {
        Visit {
            offered,
            pending: Time::NEVER,
            assigned: Time::NEVER,
            first_reply: Time::NEVER,
            closed: Time::NEVER,
            freed: Time::NEVER,
            composed: Span::ZERO,
            latency_sum: Span::ZERO,
            latency_max: Span::ZERO,
            interval,
            number,
            agent: u32::MAX,
            replies: 0,
            slot: SlotId(0),
            attempt: attempt as u16,
            fate: None,
            delayed: false,
            class: 0,
            traced: false,
        }
    }

    /// The customer's number.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Which try this is; 0 for the first.
    pub fn attempt(&self) -> u32 {
        u32::from(self.attempt)
    }

    /// The class of customers, as an index into the outline's.
    #[inline]
    pub fn class(&self) -> u8 {
        self.class
    }

    /// Whether the customer's story is told.
    #[inline]
    pub fn is_traced(&self) -> bool {
        self.traced
    }

    /// When an agent was asked for.
    #[inline]
    pub fn offered(&self) -> Time {
        self.offered
    }

    /// How it ended, once it has.
    pub fn fate(&self) -> Option<Fate> {
        self.fate
    }

    /// The agent who has it; `u32::MAX` before.
    #[inline]
    pub fn agent(&self) -> u32 {
        self.agent
    }

    /// The agent's slot, as `seat` noted it.
    #[inline]
    pub fn slot(&self) -> SlotId {
        self.slot
    }

    /// Notes which slot the agent has given to the chat.
    #[inline]
    pub fn seat(&mut self, slot: SlotId) {
        self.slot = slot;
    }

    /// Whether it had to wait.
    #[inline]
    pub fn is_delayed(&self) -> bool {
        self.delayed
    }

    /// When an agent got it; `Time::NEVER` before.
    pub fn assigned(&self) -> Time {
        self.assigned
    }

    /// Replies delivered so far.
    pub fn replies(&self) -> u32 {
        self.replies
    }

    /// The row of this chat.
    pub fn record(&self) -> Record {
        Record {
            number: self.number,
            attempt: self.attempt(),
            class: self.class,
            offered: self.offered,
            fate: self.fate,
            silent: false,
            transfers: 0,
            delayed: self.delayed,
            assigned: self.assigned,
            first_reply: self.first_reply,
            closed: self.closed,
            freed: self.freed,
            agent: self.agent,
            messages: self.replies + u32::from(self.pending.comes()),
            replies: self.replies,
            latency_sum: self.latency_sum,
            latency_max: self.latency_max,
            composed: self.composed,
        }
    }
}
