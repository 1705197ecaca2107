//! Owns `Visit`: what is known of one chat while it goes on.
//!
//! Law: only the recorder writes here; when the chat is over it becomes a `Record`.

use prefetch_index::prefetch_index;

use super::record::Record;
use crate::center::agent::SlotId;
use crate::center::fate::Fate;
use crate::time::{Span, Time};

/// Offered during the warm-up: in no measure.
pub(super) const EXCLUDED: u32 = u32::MAX;

/// What is so or not of a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    /// Had to wait.
    Delayed = 1,
    /// Waits now.
    Waiting = 2,
    /// The customer is gone and nobody has heard of it.
    Ghost = 4,
    /// The last message has got no reply: the customer left before it.
    Unanswered = 8,
    /// The last message of a ghost has got its reply, though nobody read it.
    Answered = 16,
    /// Somebody follows it: what happens is told.
    Followed = 32,
    /// It left openly while it was cut off, so that nobody has heard it.
    Unheard = 64,
}

/// What is known of one chat while it goes on; instants that have not come are `Time::NEVER`.
///
/// The order of the fields is kept: what a message touches stands in the first 32 bytes, so that a
/// large center, whose chats do not fit into the processor's nearest memory, fetches one line for a
/// message and the rest only when a chat begins or ends.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Visit {
    /// Since when a message is pending; never while none is. Once a ghost's chat is closed, since
    /// when that is.
    pub(super) pending: Time,
    pub(super) composed: Span,
    /// The interval of the offer, or `EXCLUDED`.
    pub(super) interval: u32,
    /// Who has it; `u32::MAX` for nobody.
    pub(super) agent: u32,
    pub(super) replies: u32,
    slot: SlotId,
    flags: u8,
    pub(super) fate: Option<Fate>,
    pub(super) offered: Time,
    /// When an agent first got it.
    pub(super) assigned: Time,
    pub(super) first_reply: Time,
    /// When it ended for the customer; while it waits a second time, since when.
    pub(super) closed: Time,
    /// Slot time so far: the sum of the ends of its spells less the sum of their starts, wrapping.
    pub(super) held: u64,
    pub(super) latency_sum: Span,
    pub(super) latency_max: Span,
    pub(super) number: u32,
    attempt: u16,
    transfers: u8,
    class: u8,
}

impl Visit {
    pub(super) fn new(number: u32, attempt: u16, class: u8, offered: Time, interval: u32) -> Visit {
        Visit {
            offered,
            pending: Time::NEVER,
            assigned: Time::NEVER,
            first_reply: Time::NEVER,
            closed: Time::NEVER,
            held: 0,
            composed: Span::ZERO,
            latency_sum: Span::ZERO,
            latency_max: Span::ZERO,
            interval,
            number,
            agent: u32::MAX,
            replies: 0,
            slot: SlotId(0),
            attempt,
            transfers: 0,
            class,
            fate: None,
            flags: 0,
        }
    }

    #[inline]
    pub(super) fn is(&self, flag: Flag) -> bool {
        self.flags & flag as u8 != 0
    }

    #[inline]
    pub(super) fn set(&mut self, flag: Flag) {
        self.flags |= flag as u8;
    }

    #[inline]
    pub(super) fn unset(&mut self, flag: Flag) {
        self.flags &= !(flag as u8);
    }

    /// Sends for the memory of what is touched seldom.
    #[inline]
    pub fn foresee(&self) {
        prefetch_index(std::slice::from_ref(&self.offered), 0);
    }

    /// The customer's number.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Which try of the customer this is, from 0.
    #[inline]
    pub fn attempt(&self) -> u16 {
        self.attempt
    }

    /// The customer's class.
    #[inline]
    pub fn class(&self) -> u8 {
        self.class
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

    /// The agent who has it; none while it waits.
    #[inline]
    pub fn agent(&self) -> Option<u32> {
        Some(self.agent).filter(|agent| *agent != u32::MAX)
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
        self.is(Flag::Delayed)
    }

    /// Whether it waits, for the first time or again.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        self.is(Flag::Waiting)
    }

    /// Whether the customer is gone and nobody has heard of it.
    #[inline]
    pub fn is_ghost(&self) -> bool {
        self.is(Flag::Ghost)
    }

    /// Whether the last message of a ghost has got its reply.
    pub fn is_answered(&self) -> bool {
        self.is(Flag::Answered)
    }

    /// When an agent first got it; `Time::NEVER` before.
    pub fn assigned(&self) -> Time {
        self.assigned
    }

    /// How often it was handed over.
    #[inline]
    pub fn transfers(&self) -> u8 {
        self.transfers
    }

    #[inline]
    pub(super) fn transferred(&mut self) {
        self.transfers = self.transfers.saturating_add(1);
    }

    /// Replies delivered so far.
    pub fn replies(&self) -> u32 {
        self.replies
    }

    /// When the agent was through with it, but for the wrap-up.
    pub fn over(&self) -> Time {
        match self.is_ghost() {
            true => self.pending,
            false => self.closed,
        }
    }

    /// Whether the customer is gone, and the system knows.
    pub fn is_over(&self) -> bool {
        self.fate.is_some() && self.over().comes()
    }

    /// The row of this chat, which was `over` then for its agent, and its slot free at `freed`.
    pub(super) fn record(&self, over: Time, freed: Time) -> Record {
        let pending = self.pending.comes() && !self.is_ghost();
        let unanswered = pending || self.is(Flag::Unanswered);
        Record {
            number: self.number,
            attempt: self.attempt.into(),
            class: self.class,
            offered: self.offered,
            fate: self.fate,
            silent: self.is_ghost() && !self.is(Flag::Unheard),
            transfers: self.transfers.into(),
            delayed: self.is_delayed(),
            assigned: self.assigned,
            first_reply: self.first_reply,
            closed: self.closed,
            over,
            freed,
            held: Span(self.held),
            agent: self.agent,
            messages: self.replies + u32::from(unanswered),
            replies: self.replies,
            latency_sum: self.latency_sum,
            latency_max: self.latency_max,
            composed: self.composed,
        }
    }
}
