//! Owns `Backlog`: what collects over a plan when more come than agents handle, by means.
//!
//! Law: a fluid: chats flow in at the expected rate, and with those who come again, and out as fast
//! as agents handle and patience ends. Chance enters only as the margin that is added and said.

use super::flow::Flow;
use super::orbit::Orbit;
use super::pace::Pace;
use super::staff::Staff;
use crate::center::rules::ShiftEnd;
use crate::scenario::plan::{AtClosing, Plan};
use crate::time::{Span, Time};

/// What collects at the worst time, and who comes again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Collected {
    /// Chats open at once.
    pub open: f64,
    /// Chats waiting, by the means alone.
    pub queue: f64,
    /// When the most are waiting.
    pub queue_at: Time,
    /// Chats still open at the horizon, by the means alone.
    pub at_end: f64,
    /// Chats of customers who come again before the horizon, by the means alone.
    pub again: f64,
    /// Those of them within the stretch that was asked for.
    pub again_then: f64,
}

/// How many standard deviations of chance are added to a mean number of chats; 3 for 99.9 %.
const CHANCE: f64 = 3.0;

/// Steps a holding time, and at most in all, by which the open chats are followed.
const STEPS: (f64, f64) = (8.0, 2e6);

/// Steps a patience, and at most in all, of a flood.
const PATIENT: (f64, f64) = (4.0, 2e5);

/// What bounds the open chats.
pub struct Backlog<'a> {
    plan: &'a Plan,
    pace: &'a Pace,
    /// Those who give up openly, a second and a chat waiting.
    impatience: f64,
    /// The most that may wait.
    limit: f64,
    shift_end: ShiftEnd,
}

/// One step of the fluid.
struct Step {
    from: Time,
    until: Time,
    agents: f64,
}

/// Seconds of patience, at least: who does not wait at all still leaves at a finite rate.
const LEAST_PATIENCE: f64 = 1e-3;

/// The state of the fluid.
struct State {
    /// Chats waiting or held by agents on their shift.
    open: f64,
    /// Chats held by agents whose shift is over.
    finishing: f64,
    orbit: Orbit,
}

impl<'a> Backlog<'a> {
    /// The bounds of a plan.
    pub fn of(plan: &'a Plan, pace: &'a Pace) -> Backlog<'a> {
        // Patience ends at a rate: a class that never gives up adds none, and who goes silently
        // keeps the place.
        let impatience = plan
            .customers
            .mean(|class| (1.0 - class.silent) / class.queue_patience.mean().max(LEAST_PATIENCE));
        let ends = plan.shifts.iter().filter(|shift| shift.until.comes());
        Backlog {
            plan,
            pace,
            impatience,
            limit: match plan.router.queue_limit {
                u32::MAX => f64::INFINITY,
                limit => f64::from(limit),
            },
            // A break ends by finishing whatever the policy is.
            shift_end: ends
                .map(|shift| shift.end)
                .find(|end| *end != ShiftEnd::Finish)
                .unwrap_or_default(),
        }
    }

    /// What collects at the worst time. The mean number x of open chats is followed from none at
    /// the start by
    ///
    /// dx/dt = rate - handled(min(x, slots)) - max(x - slots, 0) x impatience,
    ///
    /// with the staffed slots shared evenly among the agents, and those who come again in the rate.
    /// Agents whose shift ends take the chats they hold out of x and finish them, at the pace of K
    /// slots; those stay open as well. 3 sqrt(open) is added for chance. Never more than slots and
    /// the queue's limit, nor than all chats expected and their chance. `then` is the stretch for
    /// which those who come again are counted apart.
    pub fn collect(&self, flow: &Flow, staff: &Staff, then: (Time, Time)) -> Collected {
        let horizon = self.plan.outline.horizon;
        let (length, patient) = (self.step(horizon), self.patient(horizon));
        let mut state = State {
            open: 0.0,
            finishing: 0.0,
            orbit: Orbit::of(&self.plan.customers),
        };
        let mut worst = Collected {
            open: 0.0,
            queue: 0.0,
            queue_at: Time::ZERO,
            at_end: 0.0,
            again: 0.0,
            again_then: 0.0,
        };
        let (mut from, mut last) = (self.plan.begin, 0.0);
        while from < horizon {
            let length = match self.is_flooded(flow, staff, from, length) {
                true => length.min(patient),
                false => length,
            };
            let until = (from + length).min(horizon);
            let step = Step {
                from,
                until,
                agents: staff.mean(from, until),
            };
            self.end_shifts(&mut state, last, step.agents);
            let again = self.advance(&mut state, flow, &step);
            worst.again += again;
            let shared = until.min(then.1).since(from.max(then.0));
            worst.again_then += again * shared.0 as f64 / until.since(from).0 as f64;
            self.note(&mut worst, &state, &step);
            (from, last) = (until, step.agents);
        }
        worst.at_end = state.open + state.finishing;
        let all = flow.offered(self.plan.begin, horizon) + worst.again;
        worst.open = worst.open.min(all + CHANCE * all.sqrt());
        worst
    }

    fn step(&self, horizon: Time) -> Span {
        let least = self.pace.holding_alone / STEPS.0;
        let all = horizon.since(self.plan.begin).as_secs_f64();
        Span::from_secs_f64(least.clamp(all / STEPS.1, all / 8.0)).max(Span(1))
    }

    /// Whether more come in a step than there are slots.
    fn is_flooded(&self, flow: &Flow, staff: &Staff, from: Time, length: Span) -> bool {
        let until = (from + length).min(self.plan.outline.horizon);
        flow.offered(from, until) > self.slots(staff.mean(from, until))
    }

    /// A step of a flood: those who come in a longer one would not all wait until its end.
    fn patient(&self, horizon: Time) -> Span {
        let all = horizon.since(self.plan.begin).as_secs_f64();
        let patience = 1.0 / self.impatience / PATIENT.0;
        Span::from_secs_f64(patience.clamp(all / PATIENT.1, all)).max(Span(1))
    }

    fn slots(&self, agents: f64) -> f64 {
        agents * f64::from(self.plan.agents.concurrency)
    }

    /// The chats of agents who go are finished by them, given back or dropped.
    fn end_shifts(&self, state: &mut State, before: f64, now: f64) {
        if now >= before {
            return;
        }
        let held = f64::min(state.open, self.slots(before)) * (1.0 - now / before);
        match self.shift_end {
            ShiftEnd::Finish => {
                state.open -= held;
                state.finishing += held;
            }
            ShiftEnd::HandOver => {}
            ShiftEnd::Drop => state.open -= held,
        }
    }

    /// Follows the fluid over a step; how many came again in it.
    fn advance(&self, state: &mut State, flow: &Flow, step: &Step) -> f64 {
        let length = step.until.since(step.from).as_secs_f64();
        let open = self.plan.is_open(step.from);
        // Who comes again to a closed desk goes away.
        let again = state.orbit.come(length) * f64::from(u8::from(open));
        let came = flow.offered(step.from, step.until) + again;
        let before = state.open;
        let slots = self.slots(step.agents);
        let (handled, left) = leaving(self.pace, before, step.agents, slots, self.impatience);
        let after = decayed(before, came / length, handled + left, length);
        let gone = f64::max(before + came - after, 0.0);
        let by_handling = if handled.is_finite() && handled + left > 0.0 {
            handled / (handled + left)
        } else {
            1.0
        };
        let sent_away = !open && self.plan.at_closing == AtClosing::SentAway;
        let queue = if sent_away { 0.0 } else { self.limit };
        state.open = after.min(slots + queue);
        let finishing = state.finishing * (-length / self.pace.holding_full()).exp();
        let handled = gone * by_handling + state.finishing - finishing;
        state.finishing = finishing;
        let rejected = after - state.open;
        state
            .orbit
            .join(gone * (1.0 - by_handling), rejected, handled);
        again
    }

    fn note(&self, worst: &mut Collected, state: &State, step: &Step) {
        let slots = self.slots(step.agents);
        let chance = CHANCE * (state.open + state.finishing).sqrt();
        let open = (state.open + chance).min(slots + self.limit);
        worst.open = worst.open.max(state.finishing + open);
        if state.open - slots > worst.queue {
            (worst.queue, worst.queue_at) = (state.open - slots, step.until);
        }
    }
}

/// The rates of being handled and of giving up, a second and an open chat.
fn leaving(pace: &Pace, open: f64, agents: f64, slots: f64, impatience: f64) -> (f64, f64) {
    // With nobody there yet, what one chat would be handled at.
    let at = f64::max(open, 1e-3);
    let handled = if agents > 0.0 {
        agents * pace.handled(f64::min(at, slots) / agents)
    } else {
        0.0
    };
    (handled / at, f64::max(at - slots, 0.0) * impatience / at)
}

/// The open chats a step later. The rate of leaving is taken per open chat, so that a step of any
/// length stays stable and above zero.
fn decayed(open: f64, rate: f64, leaving: f64, length: f64) -> f64 {
    if leaving.is_infinite() {
        return 0.0;
    }
    if leaving <= 0.0 {
        return open + rate * length;
    }
    let rest = rate / leaving;
    rest + (open - rest) * (-leaving * length).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four agents handle 0.4 a second with a chat each, 0.6 with two.
    fn rest(rate: f64, agents: f64, impatience: f64) -> f64 {
        let pace = Pace::by_levels(10.0, vec![(0.0, 0.0), (1.0, 0.1), (2.0, 0.15)]);
        (0..20_000).fold(0.0, |open, _| {
            let (handled, left) = leaving(&pace, open, agents, agents * 2.0, impatience);
            decayed(open, rate, handled + left, 1.0)
        })
    }

    #[test]
    fn open_chats_come_to_rest_where_as_many_leave_as_come() {
        assert!((rest(0.4, 4.0, 0.0) - 4.0).abs() < 1e-6);
        assert!((rest(0.5, 4.0, 0.0) - 6.0).abs() < 1e-6);
        // Beyond that the waiting lose patience: 0.1 a second too many, 50 s each.
        assert!((rest(0.7, 4.0, 0.02) - (8.0 + 5.0)).abs() < 1e-6);
        // Nobody there: all wait.
        assert!((rest(0.7, 0.0, 0.02) - 35.0).abs() < 1e-6);
        // Nobody leaves, or all do at once.
        assert_eq!(decayed(3.0, 0.5, 0.0, 60.0), 33.0);
        assert_eq!(decayed(3.0, 0.5, f64::INFINITY, 60.0), 0.0);
    }
}
