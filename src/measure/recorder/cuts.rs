//! Owns the notes that the recorder takes of connections that are cut, and of what is held for those
//! of whom nobody has heard that they are gone.
//!
//! Law: what slots do counts when it happens, what is said to a customer when it hears it.

use super::Recorder;
use crate::measure::clock::Gauge;
use crate::measure::story::Event;
use crate::measure::tally::Count;
use crate::measure::visit::{Flag, Visit};
use crate::time::Time;

impl Recorder {
    /// The customer's connection is cut.
    #[cold]
    pub fn cut_off(&mut self, visit: &Visit, now: Time) {
        self.tell(visit, now, || Event::CutOff);
    }

    /// The customer is back, and its chat goes on.
    #[cold]
    pub fn came_back(&mut self, visit: &Visit, now: Time) {
        self.bump(visit, Count::Reconnects);
        self.tell(visit, now, || Event::CameBack);
    }

    /// The server keeps the chat, or the place in the queue, no longer.
    #[cold]
    pub fn lapsed(&mut self, visit: &Visit, now: Time) {
        self.tell(visit, now, || Event::Lapsed);
    }

    /// The customer, who has just left or was sent away, was cut off, so that nobody has heard it:
    /// its slot or its place in the queue is held until its chat is over.
    #[cold]
    pub fn left_unheard(&mut self, visit: &mut Visit, now: Time) {
        visit.set(Flag::Ghost);
        visit.set(Flag::Unheard);
        visit.pending = Time::NEVER;
        self.holds_on(visit, now);
    }

    /// For one who is gone a slot is held from now on, or else its place in the queue.
    #[cold]
    pub(super) fn holds_on(&mut self, visit: &mut Visit, now: Time) {
        if visit.agent != u32::MAX {
            self.waits_no_more(visit, now);
            self.clock.rise(Gauge::Ghosts, now);
        } else if !visit.is(Flag::Waiting) {
            self.waits(visit, now);
        }
    }
}
