//! Owns the rules that people and router go by: numbers only, resolved from the scenario.

use crate::random::{Draws, Purpose};
use crate::stats::law::{CountLaw, Law};
use crate::time::Span;

/// How customers of one class behave.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRules {
    /// How long a customer waits in the queue, from the offer.
    pub queue_patience: Law,
    /// How long a customer waits for a reply; drawn anew for each message.
    pub reply_patience: Law,
    /// Reading, thinking and typing between a reply and the next message.
    pub think: Law,
    /// Exchanges a chat.
    pub exchanges: CountLaw,
}

impl CustomerRules {
    /// How many exchanges this customer's chat has.
    #[inline]
    pub fn exchanges(&self, draws: Draws) -> u32 {
        self.exchanges.sample(&mut draws.at(Purpose::Exchanges, 0))
    }
}

/// How agents of one team work.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRules {
    /// Slots of an agent: the concurrency limit K, at least 1.
    pub concurrency: u32,
    /// Composing one reply, before the slow-down.
    pub reply: Law,
    /// The work after the close, which holds the slot.
    pub wrap_up: Law,
    /// f(n) at index n - 1 for n = 1..K slots held; beyond the list the last factor holds.
    pub slow_down: Vec<f64>,
}

impl AgentRules {
    /// The factor f(n) for `held` slots.
    #[inline]
    pub fn slowed(&self, held: u32) -> f64 {
        let last = self.slow_down.len() - 1;
        self.slow_down[(held.max(1) as usize - 1).min(last)]
    }

    /// What composing the reply of `exchange` takes with `held` slots held.
    #[inline]
    pub fn composing(&self, draws: Draws, exchange: u32, held: u32) -> Span {
        self.reply
            .sample(&mut draws.at(Purpose::Reply, exchange))
            .scaled(self.slowed(held))
    }
}

/// How chats are queued and given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterRules {
    /// The most that may wait; beyond it chats are rejected. `u32::MAX` for no limit.
    pub queue_limit: u32,
    /// Which agent with room gets the next chat.
    pub policy: Policy,
}

/// Which agent with room gets the next chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Fewest slots held, wrap-up included; ties: longest since last assigned; never assigned
    /// first, then lowest index.
    FewestActive,
}

impl Policy {
    /// The name in scenarios and in the server's hello.
    pub fn name(self) -> &'static str {
        match self {
            Policy::FewestActive => "fewest-active",
        }
    }
}
