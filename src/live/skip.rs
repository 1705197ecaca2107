//! Owns `Skip`: which closed hours a live run may jump over.
//!
//! Law: it jumps only while the desk is closed and nobody has a chat, and never over anything that
//! an agent does: shifts, with the time to connect for them, happen on the clock.

use std::cell::Cell;

use crate::scenario::plan::Plan;
use crate::time::{Span, Time};

/// Wall time before what comes next at which a jump ends.
const BEFORE: Span = Span::from_secs(1);

/// Wall time after what came last before which none begins: agents have to tell the server.
const AFTER: Span = Span::from_millis(200);

/// Which closed hours a live run may jump over.
#[derive(Debug)]
pub struct Skip {
    /// Openings, shifts with their leads, the horizon, ascending.
    matters: Vec<Time>,
    before: Span,
    after: Span,
    skipped: Cell<Span>,
    jumps: Cell<u32>,
}

impl Skip {
    /// The jumps of a run of the plan.
    pub fn new(plan: &Plan) -> Skip {
        let speed = plan.live.speed;
        let lead = plan.live.connect_lead.scaled(speed);
        let shifts = plan.shifts.iter();
        let shifts = shifts.flat_map(|shift| [shift.from - lead, shift.from, shift.until]);
        let openings = plan.open.iter().map(|period| period.from);
        let horizon = std::iter::once(plan.outline.horizon);
        let mut matters: Vec<Time> = shifts.chain(openings).chain(horizon).collect();
        matters.sort_unstable();
        Skip {
            matters,
            before: BEFORE.scaled(speed),
            after: AFTER.scaled(speed),
            skipped: Cell::default(),
            jumps: Cell::default(),
        }
    }

    /// Where the clock may jump to from `now`, while the desk is closed and nobody is there.
    pub fn target(&self, now: Time) -> Option<Time> {
        let next = self.matters.partition_point(|matter| *matter <= now);
        let last = next.checked_sub(1).map(|last| self.matters[last]);
        if last.is_some_and(|last| now.since(last) < self.after) {
            return None;
        }
        let next = *self.matters.get(next)?;
        let target = next - self.before;
        (next.comes() && target > now).then_some(target)
    }

    /// Takes note of a jump.
    pub fn note(&self, length: Span) {
        self.skipped.set(self.skipped.get() + length);
        self.jumps.set(self.jumps.get() + 1);
    }

    /// How many were noted.
    pub fn jumps(&self) -> u32 {
        self.jumps.get()
    }

    /// What was jumped over, for the report.
    pub fn remark(&self) -> Option<String> {
        let jumps = self.jumps.get();
        let times = if jumps == 1 { "time" } else { "times" };
        let skipped = self.skipped.get();
        (jumps > 0).then(|| {
            format!("the clock jumped {jumps} {times} over closed hours, {skipped} in all")
        })
    }
}
