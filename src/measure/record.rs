//! Owns `Record`: one customer's row, from arrival to the end.
//!
//! Law: a record is what is known when the chat's slot is free, or when the run ends; open and
//! abandoned customers have one too.

use crate::center::fate::Fate;
use crate::time::{Span, Time};

/// One customer's row in the records file. Instants count from the scenario's start; an instant
/// that did not come is `Time::NEVER`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Number by arrival order, from 0.
    pub number: u32,
    /// 0 for the first try.
    pub attempt: u32,
    /// The class of customers, as an index into the outline's.
    pub class: u8,
    /// When an agent was asked for, or the closed desk was met.
    pub offered: Time,
    /// How it ended; `None` for one who met the closed desk and went away.
    pub fate: Option<Fate>,
    /// Whether it left without telling anybody.
    pub silent: bool,
    /// How often it went from one agent to another.
    pub transfers: u16,
    /// Whether it had to wait.
    pub delayed: bool,
    /// When an agent got it.
    pub assigned: Time,
    /// When the first reply was delivered.
    pub first_reply: Time,
    /// When the chat closed or the customer left.
    pub closed: Time,
    /// When the agent was through with it, but for the wrap-up: later than `closed` where the
    /// customer left silently.
    pub over: Time,
    /// When the slot was free again.
    pub freed: Time,
    /// The slot time: the sum of its spells, where the chat was handed over; known once freed.
    pub held: Span,
    /// The agent; `u32::MAX` for none.
    pub agent: u32,
    /// Messages the customer sent.
    pub messages: u32,
    /// Replies delivered.
    pub replies: u32,
    /// Sum of the inter-message latencies of the replies delivered.
    pub latency_sum: Span,
    /// The longest of them.
    pub latency_max: Span,
    /// What the agent spent composing for this chat; endless where the agents' side was not seen.
    pub composed: Span,
}
