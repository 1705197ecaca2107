//! Owns `Pace`: how fast agents handle chats, by means.
//!
//! Law: an agent with n chats is a closed queue: n customers circle between one composer and
//! their own thinking (or the wrap-up). Mean value analysis gives its throughput, exactly so for
//! exponential times, and the same whether replies are composed in turn or all at once; the holding
//! time of a slot is then n over the throughput.

use crate::center::rules::Attention;
use crate::scenario::plan::Plan;

/// Means of what one chat takes, in seconds, and what an agent makes of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Of the agent's attention, in all of a chat, when there is no other; zero in the level model.
    pub attention_alone: f64,
    /// Holding a slot, when its agent has no other chat.
    pub holding_alone: f64,
    /// Squared coefficient of variation of a chat's length: that of the number of exchanges, and
    /// one exchange's, taken as 1, over their mean number.
    spread: f64,
    /// Chats held, ascending from 0 to K, and chats a second that an agent with so many handles.
    levels: Vec<(f64, f64)>,
}

/// Throughput is computed for so many levels at most, and straight between them.
const LEVELS: u32 = 64;

/// What a chat takes by means, in seconds.
struct Means {
    exchanges: f64,
    thinking: f64,
    /// Composing one reply, without slow-down.
    reply: f64,
    wrap_up: f64,
}

impl Means {
    fn of(plan: &Plan) -> Means {
        Means {
            exchanges: plan.customers.mean(|class| class.exchanges.mean()),
            // Zero times an endless mean is nothing: a single exchange has no thinking.
            thinking: plan.customers.mean(|class| match class.exchanges.mean() {
                exchanges if exchanges > 1.0 => (exchanges - 1.0) * class.think.mean(),
                _ => 0.0,
            }),
            reply: plan.agents.reply.mean(),
            wrap_up: plan.agents.wrap_up.mean(),
        }
    }

    /// What a chat takes of its agent's attention and what it takes elsewhere, with so many held.
    fn split(&self, plan: &Plan, held: u32) -> (f64, f64) {
        let composing = self.exchanges * self.reply * plan.agents.slowed(held);
        if plan.agents.wrap_up_attends {
            (composing + self.wrap_up, self.thinking)
        } else {
            (composing, self.thinking + self.wrap_up)
        }
    }
}

impl Pace {
    /// The pace of a plan's agents and customers.
    pub fn of(plan: &Plan) -> Pace {
        let means = Means::of(plan);
        let k = plan.agents.concurrency;
        let each = k.div_ceil(LEVELS);
        let held = (0..k).step_by(each as usize).chain([k]);
        let by_levels = plan.agents.attention == Attention::Levels;
        let handled = |held: u32| {
            let (composing, away) = means.split(plan, held);
            if by_levels {
                f64::from(held) / composing
            } else {
                throughput(held, composing, away)
            }
        };
        let (attention, away) = means.split(plan, 1);
        let squares = |number: f64| number * number;
        let second = plan
            .customers
            .mean(|class| class.exchanges.variance() + squares(class.exchanges.mean()));
        Pace {
            attention_alone: if by_levels { 0.0 } else { attention },
            holding_alone: attention + away,
            spread: second / squares(means.exchanges) - 1.0 + 1.0 / means.exchanges,
            levels: held.map(|held| (f64::from(held), handled(held))).collect(),
        }
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
        self.holding_alone * last
    }

    /// Chats a second that one agent handles while it holds so many.
    pub fn handled(&self, held: f64) -> f64 {
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

    /// Chats that take so long alone, of which agents with 0, 1, ... handle so many a second.
    #[cfg(test)]
    pub fn by_levels(holding_alone: f64, levels: Vec<(f64, f64)>) -> Pace {
        Pace {
            attention_alone: holding_alone,
            holding_alone,
            spread: 1.0,
            levels,
        }
    }
}

/// Chats a second of a composer among so many customers, each of whom asks for so many seconds of
/// it in all of a chat and is away for so many.
fn throughput(customers: u32, composing: f64, away: f64) -> f64 {
    let (mut waiting, mut chats) = (0.0, 0.0);
    for customers in 1..=customers {
        let there = composing * (1.0 + waiting);
        chats = f64::from(customers) / (there + away);
        waiting = chats * there;
        if !chats.is_finite() {
            return f64::INFINITY;
        }
    }
    chats
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
}
