//! Owns `Staff`: how many agents of a plan are there, as a step function of time.
//!
//! Law: an agent counts from the start of a shift to its end; who finishes chats afterwards is no
//! longer staff.

use crate::scenario::plan::{Headcount, Plan};
use crate::time::Time;

/// How many agents are there over time.
pub struct Staff {
    /// From when so many are there, ascending; the first is the start.
    steps: Vec<(Time, u32)>,
}

impl Staff {
    /// The staff of a plan.
    pub fn of(plan: &Plan) -> Staff {
        Staff::widened(plan, 0.0, 0.0)
    }

    /// As [`Staff::of`], with each shift begun and ended so many scenario seconds off; a mere count
    /// over time has no shifts.
    pub fn widened(plan: &Plan, earlier: f64, later: f64) -> Staff {
        if !plan.headcounts.is_empty() {
            let step = |count: &Headcount| (count.at, count.agents);
            let mut steps = vec![(Time::ZERO, 0)];
            steps.extend(plan.headcounts.iter().map(step));
            return Staff { steps };
        }
        let [earlier, later] =
            [earlier, later].map(|secs| Time::from_secs_f64(secs).since(Time::ZERO));
        let mut changes: Vec<(Time, i64)> = Vec::with_capacity(plan.shifts.len() * 2);
        for shift in &plan.shifts {
            changes.push((shift.from - earlier, 1));
            changes.push((shift.until + later, -1));
        }
        changes.sort_unstable();
        let (mut steps, mut there) = (vec![(Time::ZERO, 0)], 0i64);
        for (at, change) in changes {
            there += change;
            let now = there.max(0) as u32;
            match steps.last_mut() {
                Some(last) if last.0 == at => last.1 = now,
                _ => steps.push((at, now)),
            }
        }
        Staff { steps }
    }

    /// Most agents at once before `end`.
    pub fn greatest(&self, end: Time) -> u32 {
        let steps = self.steps.iter().take_while(|step| step.0 < end);
        steps.map(|step| step.1).max().unwrap_or(0)
    }

    /// The mean over [from, until).
    pub fn mean(&self, from: Time, until: Time) -> f64 {
        let length = until.since(from).as_secs_f64();
        if length > 0.0 {
            self.seconds(from, until) / length
        } else {
            0.0
        }
    }

    /// The fewest, and the mean, over the time within the horizon that the desk is open.
    pub fn while_open(&self, plan: &Plan) -> (u32, f64) {
        let horizon = plan.outline.horizon;
        let (mut least, mut seconds, mut open) = (u32::MAX, 0.0, 0.0);
        for period in plan.open.iter().take_while(|period| period.from < horizon) {
            let until = period.until.min(horizon);
            let from = period.from.max(plan.begin);
            if from >= until {
                continue;
            }
            seconds += self.seconds(from, until);
            open += until.since(from).as_secs_f64();
            let there = self.stretches(from, until).map(|(.., there)| there);
            least = least.min(there.min().unwrap_or(u32::MAX));
        }
        if open > 0.0 {
            (least, seconds / open)
        } else {
            (0, 0.0)
        }
    }

    /// Agent-seconds in [from, until).
    fn seconds(&self, from: Time, until: Time) -> f64 {
        let stretches = self.stretches(from, until);
        stretches
            .map(|(from, until, there)| until.since(from).as_secs_f64() * f64::from(there))
            .sum()
    }

    /// The stretches of [from, until) over which the number stays the same.
    fn stretches(&self, from: Time, until: Time) -> impl Iterator<Item = (Time, Time, u32)> {
        let first = self.steps.partition_point(|step| step.0 <= from) - 1;
        let steps = &self.steps[first..];
        let ends = steps.iter().skip(1).map(|step| step.0).chain([Time::NEVER]);
        let stretches = steps.iter().zip(ends);
        let inside = stretches.take_while(move |(step, _)| step.0 < until);
        inside.map(move |(step, end)| (step.0.max(from), end.min(until), step.1))
    }
}
