//! Owns the notes that the recorder takes of strangers' chats, which agents alone see.
//!
//! Law: such a chat begins with its assignment, so that it has no wait; each message of the stranger's
//! counts when it comes, and is pending since then, whatever was pending before it.

use super::Recorder;
use crate::center::fate::Fate;
use crate::measure::tally::Count;
use crate::measure::visit::{Flag, Visit};
use crate::time::Time;

impl Recorder {
    /// An agent is given the chat of a stranger, whose first message may have come with it.
    pub fn met(&mut self, visit: &mut Visit, agent: u32, pending: bool, now: Time) {
        self.taken(visit, agent, now);
        visit.assigned = now;
        self.bump(visit, Count::Assigned);
        if pending {
            self.sent(visit, now);
        }
    }

    /// A stranger says something more while a message of its is pending.
    pub fn said_more(&mut self, visit: &Visit) {
        self.bump(visit, Count::Messages);
    }

    /// A message is the next that is pending: it was said then, while another was.
    pub fn pends_since(&mut self, visit: &mut Visit, then: Time) {
        visit.pending = then;
    }

    /// So many messages more than the one that was pending get no reply.
    pub fn stay_unanswered(&mut self, visit: &Visit, messages: usize) {
        (0..messages).for_each(|_| self.bump(visit, Count::Unanswered));
    }

    /// The stranger leaves: with a message pending, or before anything was answered, it has given up;
    /// else the chat has got to its end.
    pub fn parted(&mut self, visit: &mut Visit, now: Time) {
        if visit.pending.comes() {
            return self.left_chat(visit, false, now);
        }
        let fate = match visit.replies() {
            0 => Fate::AbandonedChat,
            _ => Fate::Handled,
        };
        self.ended(visit, fate, now);
    }
}

impl Visit {
    /// Whether a message of the customer's is pending.
    pub fn is_pending(&self) -> bool {
        self.pending.comes() && !self.is(Flag::Ghost)
    }
}
