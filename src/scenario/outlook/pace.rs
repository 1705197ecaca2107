//! Owns `Pace`: how fast agents handle chats, by means, and what collects when they cannot.
//!
//! Law: an agent with K chats is a closed queue: K customers circle between one composer and
//! their own thinking (or the wrap-up). Mean value analysis gives its throughput, exactly so for
//! exponential times; the holding time of a slot is then K over the throughput.

use super::flow::Flow;
use super::staff::Staff;
use crate::scenario::plan::Plan;

/// Means of what one chat takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    exchanges: f64,
    /// Composing one reply, alone.
    reply: f64,
    /// The same with all K slots in use.
    reply_full: f64,
    /// Away from the agent's attention, in all of a chat: thinking and wrap-up.
    elsewhere: f64,
    concurrency: u32,
}

/// What collects at the worst time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Collected {
    /// Chats open at once.
    pub open: f64,
    /// Chats waiting, by the means alone.
    pub queue: f64,
}

/// How many standard deviations of chance are added to a mean number of chats; 3 for 99.9 %.
const CHANCE: f64 = 3.0;

impl Pace {
    /// The pace of a plan's agents and customers.
    pub fn of(plan: &Plan) -> Pace {
        let (exchanges, reply) = (plan.customers.exchanges.mean(), plan.agents.reply.mean());
        let think = plan.customers.think.mean();
        // Zero times an endless mean is nothing: a single exchange has no thinking.
        let thinking = if exchanges > 1.0 {
            (exchanges - 1.0) * think
        } else {
            0.0
        };
        Pace {
            exchanges,
            reply: reply * plan.agents.slowed(1),
            reply_full: reply * plan.agents.slowed(plan.agents.concurrency),
            elsewhere: thinking + plan.agents.wrap_up.mean(),
            concurrency: plan.agents.concurrency,
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
        let (away, mut waiting, mut replies) = (self.elsewhere / self.exchanges, 0.0, 0.0);
        for chats in 1..=self.concurrency {
            let there = self.reply_full * (1.0 + waiting);
            replies = f64::from(chats) / (there + away);
            waiting = replies * there;
            if !replies.is_finite() {
                return f64::INFINITY;
            }
        }
        replies / self.exchanges
    }

    /// Mean time a chat holds its slot when its agent has all K in use, seconds.
    pub fn holding_full(&self) -> f64 {
        f64::from(self.concurrency) / self.chats_per_second()
    }

    /// Chats open at the worst time, by interval: with a = rate x holding time at K chats, it is
    /// a + 3 sqrt(a) where that is less than the slots staffed; where the slots are all in use and
    /// a queue q has collected, slots + q + 3 sqrt(slots + q). Never more than slots and the
    /// queue's limit, nor than all chats expected and their chance.
    ///
    /// The queue collects by dq/dt = rate - capacity - q / mean patience.
    pub fn open_chats(&self, plan: &Plan, flow: &Flow, staff: &Staff) -> Collected {
        let (holding, each) = (self.holding_full(), self.chats_per_second());
        let (patience, k) = (
            plan.customers.queue_patience.mean(),
            f64::from(self.concurrency),
        );
        let limit = match plan.router.queue_limit {
            u32::MAX => f64::INFINITY,
            limit => f64::from(limit),
        };
        let (mut queue, mut worst) = (
            0.0,
            Collected {
                open: 0.0,
                queue: 0.0,
            },
        );
        for interval in 0..plan.outline.intervals() {
            let from = plan.outline.interval_start(interval);
            let until = (from + plan.outline.interval).min(plan.outline.horizon);
            let length = until.since(from).as_secs_f64();
            let (rate, agents) = (flow.offered(from, until) / length, staff.mean(from, until));
            let (slots, before) = (agents * k, queue);
            queue = collect(before, rate - capacity(agents, each), patience, length).min(limit);
            let waiting = f64::max(before, queue);
            let load = if rate > 0.0 { rate * holding } else { 0.0 };
            let busy = if waiting > 0.0 {
                slots + waiting
            } else {
                load.min(slots)
            };
            let open = (busy + CHANCE * busy.sqrt()).min(slots + limit);
            worst = Collected {
                open: worst.open.max(open),
                queue: worst.queue.max(waiting),
            };
        }
        let all = flow.offered(crate::time::Time::ZERO, plan.outline.horizon);
        worst.open = worst.open.min(all + CHANCE * all.sqrt());
        worst
    }
}

/// Chats a second that so many agents handle; nobody handles none, however fast.
fn capacity(agents: f64, each: f64) -> f64 {
    if agents > 0.0 { agents * each } else { 0.0 }
}

/// The queue after `length` seconds with so much more offered than handled a second.
fn collect(queue: f64, excess: f64, patience: f64, length: f64) -> f64 {
    if !excess.is_finite() {
        return 0.0;
    }
    if patience.is_infinite() {
        return f64::max(queue + excess * length, 0.0);
    }
    let rest = excess * patience;
    f64::max(rest + (queue - rest) * (-length / patience).exp(), 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(concurrency: u32) -> Pace {
        Pace {
            exchanges: 1.0,
            reply: 1.0,
            reply_full: 1.0,
            elsewhere: 1.0,
            concurrency,
        }
    }

    /// With equal means of composing and thinking, K customers in a closed queue of one server and
    /// a delay: the throughput is 1 - the chance that nobody is at the server (by hand: the
    /// weights are 1, 1/1! ... so that for K = 1: 1/2, K = 2: 4/5, K = 3: 15/16).
    #[test]
    fn throughput_is_that_of_the_closed_queue() {
        let found = [1, 2, 3].map(|k| pace(k).chats_per_second());
        for (found, exact) in found.into_iter().zip([0.5, 0.8, 15.0 / 16.0]) {
            assert!((found - exact).abs() < 1e-12, "{found} {exact}");
        }
        assert!((pace(3).holding_full() - 3.2).abs() < 1e-12);
        assert_eq!(pace(3).holding_alone(), 2.0);
    }

    #[test]
    fn a_queue_collects_the_excess_until_patience_balances_it() {
        assert_eq!(collect(0.0, 0.5, f64::INFINITY, 60.0), 30.0);
        assert_eq!(collect(10.0, -1.0, f64::INFINITY, 60.0), 0.0);
        assert!((collect(0.0, 0.5, 100.0, 1e5) - 50.0).abs() < 1e-9);
    }
}
