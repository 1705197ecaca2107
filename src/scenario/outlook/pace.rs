//! Owns `Pace`: how fast agents handle chats, by means, and what collects when they cannot.
//!
//! Law: an agent with n chats is a closed queue: n customers circle between one composer and
//! their own thinking (or the wrap-up). Mean value analysis gives its throughput, exactly so for
//! exponential times; the holding time of a slot is then n over the throughput.

use super::flow::Flow;
use super::staff::Staff;
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};

/// Means of what one chat takes, in seconds, and what an agent makes of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    exchanges: f64,
    /// Composing one reply, alone.
    reply: f64,
    /// Away from the agent's attention, in all of a chat: thinking and wrap-up.
    elsewhere: f64,
    /// Squared coefficient of variation of a chat's length: that of the number of exchanges, and
    /// one exchange's, taken as 1, over their mean number.
    spread: f64,
    /// Chats held, ascending from 0 to K, and chats a second that an agent with so many handles.
    levels: Vec<(f64, f64)>,
}

/// What collects at the worst time.
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
}

/// How many standard deviations of chance are added to a mean number of chats; 3 for 99.9 %.
const CHANCE: f64 = 3.0;

/// Throughput is computed for so many levels at most, and straight between them.
const LEVELS: u32 = 64;

/// Steps a holding time, and at most in all, by which the open chats are followed.
const STEPS: (f64, f64) = (8.0, 2e6);

impl Pace {
    /// The pace of a plan's agents and customers.
    pub fn of(plan: &Plan) -> Pace {
        let exchanges = plan.customers.mean(|class| class.exchanges.mean());
        let reply = plan.agents.reply.mean();
        // Zero times an endless mean is nothing: a single exchange has no thinking.
        let thinking = plan.customers.mean(|class| match class.exchanges.mean() {
            exchanges if exchanges > 1.0 => (exchanges - 1.0) * class.think.mean(),
            _ => 0.0,
        });
        let elsewhere = thinking + plan.agents.wrap_up.mean();
        let k = plan.agents.concurrency;
        let each = k.div_ceil(LEVELS);
        let held = (0..k).step_by(each as usize).chain([k]);
        let level = |held: u32| {
            let composing = reply * plan.agents.slowed(held);
            (
                f64::from(held),
                throughput(held, composing, elsewhere / exchanges) / exchanges,
            )
        };
        Pace {
            exchanges,
            reply: reply * plan.agents.slowed(1),
            elsewhere,
            spread: plan
                .customers
                .mean(|class| class.exchanges.variance() / class.exchanges.mean().powi(2))
                + 1.0 / exchanges,
            levels: held.map(level).collect(),
        }
    }

    /// Mean time a chat holds its slot when its agent has no other, seconds.
    pub fn holding_alone(&self) -> f64 {
        self.attention_alone() + self.elsewhere
    }

    /// Mean time a chat takes of its agent's attention when the agent has no other, seconds.
    pub fn attention_alone(&self) -> f64 {
        self.exchanges * self.reply
    }

    /// Chats a second that one agent handles with all K slots in use.
    pub fn chats_per_second(&self) -> f64 {
        self.levels.last().map_or(0.0, |level| level.1)
    }

    /// Mean time a chat holds its slot when its agent has all K in use, seconds.
    pub fn holding_full(&self) -> f64 {
        self.levels.last().map_or(0.0, |level| level.0 / level.1)
    }

    /// Seconds that so many open chats are likely to take until the last is over: for lengths that
    /// spread like an exponential h (1 + ln n), less for those that spread less:
    /// h ((1 + c^2) / 2 + c^2 ln n), h being the holding time of a chat
    /// whose agent has no other, since a drain is quiet.
    pub fn draining(&self, chats: f64) -> f64 {
        if chats < 0.5 {
            return 0.0;
        }
        let last = (1.0 + self.spread) / 2.0 + self.spread * chats.max(1.0).ln();
        self.holding_alone() * last
    }

    /// Chats a second that one agent handles while it holds so many.
    fn handled(&self, held: f64) -> f64 {
        let next = self.levels.partition_point(|level| level.0 < held);
        let Some(upper) = self.levels.get(next) else {
            return self.chats_per_second();
        };
        let lower = self.levels[next.saturating_sub(1)];
        let share = if upper.0 > lower.0 {
            (held - lower.0) / (upper.0 - lower.0)
        } else {
            0.0
        };
        lower.1 + (upper.1 - lower.1) * share
    }

    /// What collects at the worst time. The mean number x of open chats is followed from none at
    /// the start by
    ///
    /// dx/dt = rate - handled(min(x, slots)) - max(x - slots, 0) / mean queue patience,
    ///
    /// with the staffed slots shared evenly among the agents. Agents whose shift ends take the
    /// chats they hold out of x and finish them, at the pace of K slots; those stay open as well.
    /// 3 sqrt(open) is added for chance. Never more than slots and the queue's limit, nor than all
    /// chats expected and their chance.
    pub fn open_chats(&self, plan: &Plan, flow: &Flow, staff: &Staff) -> Collected {
        let k = f64::from(plan.agents.concurrency);
        let limit = match plan.router.queue_limit {
            u32::MAX => f64::INFINITY,
            limit => f64::from(limit),
        };
        // Patience ends at a rate: a class that never gives up adds none.
        let impatience = plan
            .customers
            .mean(|class| 1.0 / class.queue_patience.mean());
        let patience = 1.0 / impatience;
        let horizon = plan.outline.horizon;
        let step = self.step(horizon);
        let (mut open, mut finishing, mut last) = (0.0, 0.0, 0.0);
        let mut worst = Collected {
            open: 0.0,
            queue: 0.0,
            queue_at: Time::ZERO,
            at_end: 0.0,
        };
        let mut from = plan.begin;
        while from < horizon {
            let until = (from + step).min(horizon);
            let length = until.since(from).as_secs_f64();
            let (rate, agents) = (flow.offered(from, until) / length, staff.mean(from, until));
            let slots = agents * k;
            if agents < last {
                let taken = f64::min(open, last * k) * (1.0 - agents / last);
                (open, finishing) = (open - taken, finishing + taken);
            }
            open = f64::min(
                self.after(open, rate, agents, k, patience, length),
                slots + limit,
            );
            finishing *= (-length / self.holding_full()).exp();
            let chance = CHANCE * (open + finishing).sqrt();
            worst.open = worst
                .open
                .max(finishing + (open + chance).min(slots + limit));
            if open - slots > worst.queue {
                (worst.queue, worst.queue_at) = (open - slots, until);
            }
            (from, last) = (until, agents);
        }
        worst.at_end = open + finishing;
        let all = flow.offered(plan.begin, horizon);
        worst.open = worst.open.min(all + CHANCE * all.sqrt());
        worst
    }

    fn step(&self, horizon: Time) -> Span {
        let (least, all) = (self.holding_alone() / STEPS.0, horizon.as_secs_f64());
        Span::from_secs_f64(least.clamp(all / STEPS.1, all / 8.0))
    }

    /// The open chats a step later. The rate of leaving is taken per open chat, so that a step of
    /// any length stays stable and above zero.
    fn after(&self, open: f64, rate: f64, agents: f64, k: f64, patience: f64, length: f64) -> f64 {
        let slots = agents * k;
        // With nobody there yet, what one chat would be handled at.
        let at = f64::max(open, 1e-3);
        let busy = f64::min(at, slots);
        let handled = if agents > 0.0 {
            agents * self.handled(busy / agents)
        } else {
            0.0
        };
        let leaving = (handled + f64::max(at - slots, 0.0) / patience) / at;
        if leaving.is_infinite() {
            return 0.0;
        }
        if leaving <= 0.0 {
            return open + rate * length;
        }
        let rest = rate / leaving;
        rest + (open - rest) * (-leaving * length).exp()
    }
}

/// Replies a second of a composer among so many customers, each of whom is away from it for a
/// while after each reply.
fn throughput(customers: u32, composing: f64, away: f64) -> f64 {
    let (mut waiting, mut replies) = (0.0, 0.0);
    for customers in 1..=customers {
        let there = composing * (1.0 + waiting);
        replies = f64::from(customers) / (there + away);
        waiting = replies * there;
        if !replies.is_finite() {
            return f64::INFINITY;
        }
    }
    replies
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With equal means of composing and thinking, K customers in a closed queue of one server and
    /// a delay: the throughput is 1 - the chance that nobody is at the server; by hand, with
    /// weights 1/(K - n)! for n at the server: 1/2, 4/5, 15/16 for K = 1, 2, 3.
    #[test]
    fn throughput_is_that_of_the_closed_queue() {
        for (k, exact) in [(1, 0.5), (2, 0.8), (3, 15.0 / 16.0)] {
            let found = throughput(k, 1.0, 1.0);
            assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        }
        assert_eq!(throughput(3, 0.0, 0.0), f64::INFINITY);
        assert_eq!(throughput(0, 1.0, 1.0), 0.0);
    }

    fn pace() -> Pace {
        Pace {
            exchanges: 1.0,
            reply: 10.0,
            elsewhere: 0.0,
            spread: 1.0,
            levels: vec![(0.0, 0.0), (1.0, 0.1), (2.0, 0.15)],
        }
    }

    #[test]
    fn open_chats_come_to_rest_where_as_many_leave_as_come() {
        let rest = |rate: f64, agents: f64, patience: f64| {
            (0..20_000).fold(0.0, |open, _| {
                pace().after(open, rate, agents, 2.0, patience, 1.0)
            })
        };
        // Four agents handle 0.4 a second with a chat each, 0.6 with two.
        assert!((rest(0.4, 4.0, f64::INFINITY) - 4.0).abs() < 1e-6);
        assert!((rest(0.5, 4.0, f64::INFINITY) - 6.0).abs() < 1e-6);
        // Beyond that the waiting lose patience: 0.1 a second too many, 50 s each.
        assert!((rest(0.7, 4.0, 50.0) - (8.0 + 5.0)).abs() < 1e-6);
        // Nobody there: all wait.
        assert!((rest(0.7, 0.0, 50.0) - 35.0).abs() < 1e-6);
        assert_eq!(pace().after(3.0, 0.5, 0.0, 2.0, f64::INFINITY, 60.0), 33.0);
    }
}
