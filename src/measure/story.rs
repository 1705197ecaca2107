//! Owns `Story`: what one customer went through, event by event.
//!
//! Law: a story takes note of what is measured and changes none of it. Whoever is not followed
//! costs one look at a flag.

use super::seen::Seen;
use super::visit::Visit;
use crate::center::fate::Fate;
use crate::time::{Span, Time};

/// What happened to a customer, or what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Met the closed desk and went away.
    ClosedDesk,
    /// Asked for an agent.
    Offered,
    /// No agent had room: it waits, and so many did before it.
    Queued {
        /// Chats that waited already.
        before: u32,
    },
    /// An agent got the chat.
    Assigned {
        /// Who.
        agent: u32,
    },
    /// The agent's shift is over: the chat goes back to the queue.
    HandedOver,
    /// Its connection is cut: what is said to it from now on it hears when it is back.
    CutOff,
    /// It is back after a cut, in time.
    CameBack,
    /// While it was away the server has given up keeping its chat.
    Lapsed,
    /// Its message is pending.
    Sent {
        /// The message's number, from 1.
        message: u32,
    },
    /// The agent's reply was delivered.
    Replied {
        /// The reply's number, from 1.
        reply: u32,
        /// The message pending to its reply delivered.
        latency: Span,
        /// What the agent spent composing for this chat since the last reply.
        composed: Span,
    },
    /// The agent replied to one who had left silently.
    Unread,
    /// The chat of one who had left silently was closed.
    GivenUp,
    /// The chat ended for the customer.
    Ended {
        /// How.
        fate: Fate,
        /// Whether it left without telling anybody.
        silent: bool,
    },
    /// The chat's slot is free again.
    Freed {
        /// Assignment to slot free.
        handle: Span,
        /// Close to slot free.
        wrap_up: Span,
    },
}

/// An event with its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Time,
    /// In which attempt; 0 is the first.
    pub attempt: u32,
    /// What.
    pub event: Event,
}

/// What one customer went through, in all attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    customer: u32,
    told: Vec<Told>,
    /// What was composed for the customer up to the last reply.
    composed: Span,
    /// Its frames, in a live run, in the order in which they passed.
    seen: Vec<Seen>,
}

impl Story {
    /// Follows nobody.
    pub const NOBODY: Story = Story {
        customer: u32::MAX,
        told: Vec::new(),
        composed: Span::ZERO,
        seen: Vec::new(),
    };

    /// Follows the customer of this number.
    pub fn of(customer: u32) -> Story {
        Story {
            customer,
            ..Story::NOBODY
        }
    }

    /// The number of the customer who is followed.
    #[inline]
    pub fn customer(&self) -> u32 {
        self.customer
    }

    /// How many attempts it has told of.
    pub fn attempts(&self) -> u32 {
        let attempts = self.told.iter().map(|told| told.attempt + 1);
        attempts.max().unwrap_or(0)
    }

    /// The events in order.
    pub fn told(&self) -> &[Told] {
        &self.told
    }

    /// Tells what was seen on its connection and on agents', each in order.
    pub fn see(&mut self, mut seen: Vec<Seen>) {
        self.seen.append(&mut seen);
        self.seen.sort_by_key(|seen| (seen.passed, seen.wall));
    }

    /// Its frames, in the order in which they passed.
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Tells an event of an attempt, in its place: that a slot was free may be told later, once the
    /// customer of the chat is back.
    #[cold]
    pub fn tell(&mut self, attempt: u32, at: Time, event: Event) {
        if event == Event::Offered {
            self.composed = Span::ZERO;
        }
        let place = self.told.partition_point(|told| told.at <= at);
        self.told.insert(place, Told { at, attempt, event });
    }

    /// Tells the reply that was just delivered.
    #[cold]
    pub(super) fn tell_reply(&mut self, visit: &Visit, at: Time, latency: Span) {
        let composed = Span(visit.composed.0.saturating_sub(self.composed.0));
        let reply = visit.replies;
        self.composed = visit.composed;
        let event = Event::Replied {
            reply,
            latency,
            composed,
        };
        self.tell(visit.attempt().into(), at, event);
    }
}
