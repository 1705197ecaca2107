//! Owns `Sent`: how many messages the people of a live run have sent, and in how long.
//!
//! Law: by the clock: what was due between the warm-up and the horizon counts, whatever becomes of
//! it, so that it is what the server was asked to carry. What is said in a drain is left out.

use crate::time::{Span, Time};
use crate::wire::marker::Direction;

/// Messages sent between the warm-up and the horizon; each part of one that goes out in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    from: Time,
    until: Time,
    /// By customers, the first of each chat included.
    pub by_customers: u64,
    /// By agents.
    pub by_agents: u64,
}

impl Sent {
    /// Nothing yet, of what is due from then until then.
    pub fn new(from: Time, until: Time) -> Sent {
        Sent {
            from,
            until,
            by_customers: 0,
            by_agents: 0,
        }
    }

    /// Counts a message that was due at `at`.
    pub(super) fn count(&mut self, direction: Direction, at: Time) {
        if at < self.from || at >= self.until {
            return;
        }
        match direction {
            Direction::Customer => self.by_customers += 1,
            Direction::Agent => self.by_agents += 1,
        }
    }

    /// The scenario's time in which they were sent.
    pub fn within(&self) -> Span {
        self.until.since(self.from)
    }
}
