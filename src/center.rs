//! The heart: what happens to customers and agents, and who gets which chat.
//!
//! Law: pure. People and router take the time, an input and their draws, hand back at most one act,
//! and have one instant at which they want to be woken. They know no clock, socket, thread,
//! text or global, so the simulation, the live generator and the server share every rule.

pub mod agent;
pub mod connection;
pub mod customer;
pub mod fate;
pub mod order;
pub mod router;
pub mod rules;
pub mod sharing;

/// A chat, by the number its driver gave it; numbers are dense and used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatId(pub u32);

/// An agent, by index in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(pub u32);

impl ChatId {
    /// The number as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl AgentId {
    /// The number as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}
