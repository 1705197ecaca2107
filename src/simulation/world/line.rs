//! Owns `Line`: a customer's line to the server, and what waits for its return.
//!
//! Law: at one instant a return comes first, then what is due of the customer, then the end of what is
//! kept, a cut last.

use super::Chat;
use super::coming::has_pending;
use super::late::lag;
use crate::center::connection::Connection;
use crate::measure::recorder::Recorder;
use crate::measure::visit::Visit;
use crate::scenario::plan::Plan;
use crate::time::Time;

/// What is said to one who is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    Assigned,
    Replied,
    HandedOver,
    AssignedAgain,
    Closed,
}

/// A customer's line to the server, and what waits for its return.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// None where it is never cut, or the customer is off it for good.
    pub(super) connection: Option<Connection>,
    /// What the customer has still to hear, in order.
    pub(super) unheard: Vec<News>,
    /// When the server gives up what it keeps; never where the customer is back by then.
    pub(super) lapses: Time,
    /// When the chat was over for all but its customer.
    pub(super) over: Time,
    /// When its slot was free since.
    pub(super) freed: Time,
}

/// What comes next of a customer and its line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    Return,
    Act,
    Lapse,
    Cut,
}

impl Default for Line {
    fn default() -> Line {
        Line {
            connection: None,
            unheard: Vec::new(),
            lapses: Time::NEVER,
            over: Time::NEVER,
            freed: Time::NEVER,
        }
    }
}

impl Line {
    /// Whether the customer is cut off and may come back.
    pub(super) fn is_off(&self) -> bool {
        self.connection
            .is_some_and(|connection| !connection.is_up())
    }

    /// When the connection takes its next turn.
    pub(super) fn turn(&self) -> Time {
        let connection = self.connection.as_ref();
        connection.map_or(Time::NEVER, Connection::turn)
    }

    /// What comes next by `now`: of several the earliest, since who comes late to the desk may have
    /// missed some.
    pub(super) fn next(&self, place: &Chat, now: Time) -> Option<Turn> {
        let (back, acts, cut) = match self.is_off() {
            true => (self.turn(), place.customer.patience_ends(), Time::NEVER),
            false => (Time::NEVER, place.customer.deadline(), self.turn()),
        };
        let all = [
            (back, Turn::Return),
            (acts, Turn::Act),
            (self.lapses, Turn::Lapse),
            (cut, Turn::Cut),
        ];
        let next = all.into_iter().min_by_key(|(at, _)| *at);
        next.filter(|(at, _)| *at <= now).map(|(_, turn)| turn)
    }

    /// The customer is on the line no more, and nothing is kept for it.
    pub(super) fn hang_up(&mut self) {
        (self.connection, self.lapses) = (None, Time::NEVER);
    }

    /// Whether a message of the chat, which was handed over, waits for its reply.
    pub(super) fn has_pending(&self, place: &Chat) -> bool {
        let first = self.unheard.first() == Some(&News::Assigned);
        (first || has_pending(place)) && !self.unheard.contains(&News::Replied)
    }

    /// The run is over and the chat is not: its row, with what its slot has been.
    pub(super) fn leave_open(&self, visit: &mut Visit, recorder: &mut Recorder) {
        if !self.over.comes() {
            return recorder.keep(visit, Time::NEVER);
        }
        if self.freed.comes() {
            recorder.handled_over(visit, self.over, self.freed);
        }
        recorder.keep_over(visit, self.over, self.freed);
    }
}

/// When the customer is to be woken: to do what it does next, or since its line takes a turn. Who
/// is cut off is on time, and can only lose patience; so is who leaves the queue.
pub(super) fn wake(plan: &Plan, place: &Chat, line: Option<&Line>) -> Time {
    let customer = &place.customer;
    let off = line.is_some_and(Line::is_off);
    let acts = match () {
        () if off => customer.patience_ends(),
        () if customer.is_queued() => customer.deadline(),
        () => customer.deadline() + lag(plan, customer),
    };
    line.map_or(acts, |line| acts.min(line.turn()).min(line.lapses))
}
