//! Owns when a run is over: nothing can change any more.
//!
//! Law: nobody is waited for who cannot change anything: those who are gone silently, whom nothing
//! ends, and workers that were lost. What may be on its way from people of others is waited for.

use std::time::Duration;

use tokio::time::Instant;

use super::{Coordinator, State};
use crate::center::rules::ShiftEnd;
use crate::measure::clock::Gauge;
use crate::scenario::plan::Shift;

/// Wall time for which a part of a run has to be quiet before its agents go: what is on its way from
/// customers of others comes by then.
const LINGER: Duration = Duration::from_secs(5);

impl Coordinator<'_> {
    /// Whether nothing can change any more: nobody is there but those who are gone silently, whom
    /// nothing ends.
    pub(super) fn is_over(&mut self) -> bool {
        let nobody = self.is_nobody_there();
        let over = nobody && self.now() >= self.plan.outline.horizon && self.ledger.is_up_to_date();
        match self.apart || !self.cast.plays_customers() {
            true => self.is_quiet(over),
            false => over && self.are_slots_free() && !self.ledger.awaits_messages(self.now()),
        }
    }

    /// Whether a part of the run, whose own people are done or not, has been done for so long that
    /// no other part needs its agents: none has a chat, nor will one be handed over by another's. Where
    /// the agents alone are played, no stranger does: with the horizon they are on their way home.
    fn is_quiet(&mut self, done: bool) -> bool {
        let at_work = self.hands.iter().filter(|hand| hand.lost.is_none());
        let slots: u32 = at_work.clone().map(|hand| hand.state.slots).sum();
        let online: u32 = at_work.map(|hand| hand.state.online).sum();
        let (now, horizon) = (self.now(), self.plan.outline.horizon);
        let hands_over = |shift: &Shift| {
            let ends = now < shift.until && shift.until < self.plan.end();
            shift.end == ShiftEnd::HandOver && shift.from < horizon && ends
        };
        let meets_others = self.cast.plays_customers();
        if !done || slots > 0 || (meets_others && self.plan.shifts.iter().any(hands_over)) {
            self.quiet = None;
            return false;
        }
        let gone = !meets_others && online == 0;
        gone || self.quiet.get_or_insert_with(Instant::now).elapsed() >= LINGER
    }

    /// Whether nobody of this run's customers is there or is still to come.
    fn is_nobody_there(&self) -> bool {
        let server_ends = self.hands.iter().any(|hand| hand.state.server_ends_quiet);
        let at_work = || self.hands.iter().filter(|hand| !hand.over);
        at_work().all(|hand| {
            let State {
                customers,
                ghosts,
                more_come,
                ..
            } = hand.state;
            let ended = server_ends || self.agents_end;
            let stay = if ended { 0 } else { ghosts };
            !more_come && customers == stay
        })
    }

    /// Whether no slot is in use but for those who are gone silently. Of workers that were lost it
    /// will never be known.
    fn are_slots_free(&self) -> bool {
        if self.hands.iter().any(|hand| hand.lost.is_some()) {
            let at_work = self.hands.iter().filter(|hand| !hand.over);
            return at_work.map(|hand| hand.state.slots).sum::<u32>() == 0;
        }
        let ledger = &self.ledger;
        // Of a staff of the server's own no slots are known.
        ledger.count(Gauge::Active) <= ledger.count(Gauge::Ghosts)
            && ledger.count(Gauge::Composing) == 0
    }
}
