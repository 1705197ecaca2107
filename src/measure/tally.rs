//! Owns `Tally` and `Slice`: what one replication counted, in all and by interval.
//!
//! Law: integers only, so that adding replications in any order gives the same.

use super::clock::Integrals;
use super::histogram::{Moments, Reading, SUB_BUCKETS, Summary, value_at};
use super::visit::Visit;
use crate::center::fate::Fate;
use crate::time::Span;

/// What is counted by the customer or by the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Customers who came, those who came again included.
    Arrived,
    /// Customers who came for the first time.
    Customers,
    /// Offered chats of customers who came again.
    Retried,
    /// Met the closed desk and went away.
    Closed,
    /// Asked for an agent.
    Offered,
    /// Had to wait.
    Delayed,
    /// Got an agent.
    Assigned,
    /// Messages sent.
    Messages,
    /// Messages without a reply: the customer left before it.
    Unanswered,
    /// Abandonments, in the queue or in the chat, that were silent.
    Silent,
    /// Left the queue so early that they are in no other count.
    ShortAbandoned,
    /// Times a customer was back in time after its connection was cut.
    Reconnects,
    /// `Fate`s follow from here on, in the order of `Fate::ALL`.
    Fates,
}

/// How many counts there are.
pub const COUNTS: usize = Count::Fates as usize + Fate::ALL.len();

/// Counts by `Count`, fates behind them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts([u64; COUNTS]);

impl Counts {
    /// Counts one.
    #[inline]
    pub fn bump(&mut self, count: Count) {
        self.0[count as usize] += 1;
    }

    /// Takes back one that was counted.
    pub fn take_back(&mut self, count: Count) {
        self.0[count as usize] -= 1;
    }

    /// Counts one fate.
    #[inline]
    pub fn bump_fate(&mut self, fate: Fate) {
        self.0[Count::Fates as usize + fate as usize] += 1;
    }

    /// How many.
    pub fn of(&self, count: Count) -> u64 {
        self.0[count as usize]
    }

    /// How many ended so.
    pub fn of_fate(&self, fate: Fate) -> u64 {
        self.0[Count::Fates as usize + fate as usize]
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Counts) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// What a service level within T needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Within {
    /// Assigned after at most T.
    pub answered: u64,
    /// Left the queue before T.
    pub short: u64,
    /// Never assigned, still there at the end, having waited longer than T.
    pub overdue: u64,
}

impl Within {
    /// Adds another's counts.
    pub fn add(&mut self, other: &Within) {
        self.answered += other.answered;
        self.short += other.short;
        self.overdue += other.overdue;
    }
}

/// The latencies that are kept as series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Latency {
    /// Offer to assignment.
    Wait,
    /// Offer to leaving the queue.
    WaitAbandoned,
    /// Back in the queue to assigned again.
    RequeueWait,
    /// Offer to the first reply delivered.
    FirstResponse,
    /// Message pending to its reply delivered.
    InterMessage,
    /// Message pending to the customer leaving.
    PendingAbandoned,
    /// Assignment to slot free.
    Handle,
    /// Close to slot free.
    WrapUp,
    /// Composing for one chat.
    ComposingPerChat,
    /// Live: message written to read.
    Delivery,
    /// Live: message due to read.
    DeliveryFromDue,
    /// Live: a customer's message written to its reply read, less what the agent has held it.
    RoundTrip,
    /// Live: dialling to the server's hello.
    Connect,
    /// Live: opening a chat to its assignment, where nobody waited.
    Assignment,
    /// Live: asking the run's own dispatcher for an agent to its assignment, where nobody waited.
    Dispatch,
    /// Live: message written to the server's own word that it has it.
    Acknowledged,
    /// Live: dialling to the confirmation of an agent.
    AgentOnline,
    /// Live: due to written.
    ScheduleLag,
}

/// How many series a simulated run has; the live ones follow.
pub const SIMULATED: usize = Latency::Delivery as usize;
/// How many series there are in all.
pub const LATENCIES: usize = Latency::ScheduleLag as usize + 1;

impl Latency {
    /// All series, in order of their numbers.
    pub const ALL: [Latency; LATENCIES] = [
        Latency::Wait,
        Latency::WaitAbandoned,
        Latency::RequeueWait,
        Latency::FirstResponse,
        Latency::InterMessage,
        Latency::PendingAbandoned,
        Latency::Handle,
        Latency::WrapUp,
        Latency::ComposingPerChat,
        Latency::Delivery,
        Latency::DeliveryFromDue,
        Latency::RoundTrip,
        Latency::Connect,
        Latency::Assignment,
        Latency::Dispatch,
        Latency::Acknowledged,
        Latency::AgentOnline,
        Latency::ScheduleLag,
    ];

    /// The name in measures, with its unit.
    pub fn name(self) -> &'static str {
        match self {
            Latency::Wait => "wait_s",
            Latency::WaitAbandoned => "wait_abandoned_s",
            Latency::RequeueWait => "requeue_wait_s",
            Latency::FirstResponse => "first_response_s",
            Latency::InterMessage => "inter_message_s",
            Latency::PendingAbandoned => "pending_abandoned_s",
            Latency::Handle => "handle_s",
            Latency::WrapUp => "wrap_up_s",
            Latency::ComposingPerChat => "composing_per_chat_s",
            Latency::Delivery => "delivery_ms",
            Latency::DeliveryFromDue => "delivery_from_due_ms",
            Latency::RoundTrip => "round_trip_ms",
            Latency::Connect => "connect_ms",
            Latency::Assignment => "assignment_ms",
            Latency::Dispatch => "dispatch_ms",
            Latency::Acknowledged => "acknowledged_ms",
            Latency::AgentOnline => "agent_online_ms",
            Latency::ScheduleLag => "schedule_lag_ms",
        }
    }

    /// How many of the measure's units a second has.
    pub fn per_second(self) -> f64 {
        if self as usize >= SIMULATED { 1e3 } else { 1.0 }
    }
}

/// What one replication counted of one class of customers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassTally {
    /// Counts of customers and messages.
    pub counts: Counts,
    /// For the first service level of the outline.
    pub within: Within,
    /// Offer to assignment.
    pub wait: Moments,
    /// All waits in the queue, of assigned, abandoned and rejected chats.
    pub wait_all: Moments,
    /// Offer to the first reply delivered.
    pub first_response: Moments,
    /// Message pending to its reply delivered.
    pub inter_message: Moments,
    /// Assignment to slot free.
    pub handle: Moments,
}

/// What one replication counted in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Counts of customers and messages.
    pub counts: Counts,
    /// By service level of the outline.
    pub within: Vec<Within>,
    /// By class of customers; empty where there is only one.
    pub classes: Vec<ClassTally>,
    /// By `Latency`.
    pub series: Vec<Summary>,
    /// All waits in the queue, of assigned, abandoned and rejected chats.
    pub wait_all: Summary,
    /// By the clock, from the warm-up's end to the horizon.
    pub clock: Integrals,
    /// Composing from the warm-up's end to the end of the drain, in seconds.
    pub composing_total: f64,
    /// Chats that got to their end between the warm-up's end and the horizon, whenever offered.
    pub handled_by_clock: u64,
    /// The most chats that waited at once within the horizon.
    pub queue_max: u32,
    /// Seconds between the warm-up's end and the horizon, or the stop.
    pub observed: f64,
}

impl Tally {
    /// Counts something of the visit's class, where there are several.
    #[inline]
    pub fn of_class(&mut self, visit: &Visit, count: impl FnOnce(&mut ClassTally)) {
        // The visit's class lies far from what a message touches: it is not looked at in vain.
        if !self.classes.is_empty() {
            self.of_several(visit, count);
        }
    }

    /// Apart, so that it does not stand in the way where there is one class.
    #[cold]
    fn of_several(&mut self, visit: &Visit, count: impl FnOnce(&mut ClassTally)) {
        if let Some(class) = self.classes.get_mut(usize::from(visit.class())) {
            count(class);
        }
    }
}

/// A latency in one interval: moments and coarse counts.
#[derive(Clone, Debug)]
pub struct Coarse {
    /// Count, sum and greatest value.
    pub moments: Moments,
    counts: Vec<u32>,
    /// A bit a doubling: whether one of its places has a count.
    touched: u64,
}

/// How many places of a histogram make one here: 32 a doubling, at most 1.6 % from the middle of a
/// place, from 1 ms on; below it places are 32 us wide.
const MERGED: usize = 32;

/// Places of a doubling. There are fewer than 64 doublings: times are 64 bits of nanoseconds.
const A_DOUBLING: usize = SUB_BUCKETS as usize / 2 / MERGED;

impl Coarse {
    /// Empty, for values up to `bound`.
    pub fn new(bound: Span) -> Coarse {
        let counts = vec![0; Reading::of(bound).place / MERGED + 2];
        Coarse {
            moments: Moments::default(),
            counts,
            touched: 0,
        }
    }

    /// Counts one value.
    #[inline]
    pub fn record(&mut self, reading: Reading) {
        self.moments.record(reading.span);
        // The first place is for exact zeros.
        let place = match reading.span {
            Span::ZERO => 0,
            _ => (reading.place / MERGED + 1).min(self.counts.len() - 1),
        };
        self.counts[place] += 1;
        self.touched |= 1 << (place / A_DOUBLING);
    }

    /// Moves all values into another.
    pub fn drain_into(&mut self, other: &mut Coarse) {
        other.moments.add(&std::mem::take(&mut self.moments));
        let parts = self.counts.chunks_mut(A_DOUBLING);
        let others = other.counts.chunks_mut(A_DOUBLING);
        for ((counts, others), part) in parts.zip(others).zip(0..) {
            if self.touched >> part & 1 != 0 {
                for (count, other) in counts.iter_mut().zip(others) {
                    *other = other.saturating_add(std::mem::take(count));
                }
            }
        }
        other.touched |= std::mem::take(&mut self.touched);
    }

    /// The seconds that a share `p` of values lies at or below, within 2 %; `None` without values.
    pub fn quantile(&self, p: f64) -> Option<f64> {
        let wanted = ((p * self.moments.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        reached.map(|place| {
            let Some(place) = place.checked_sub(1) else {
                return 0.0;
            };
            let low = value_at(place * MERGED, SUB_BUCKETS / 2).0;
            let next = value_at((place + 1) * MERGED, SUB_BUCKETS / 2).0;
            let middle = (low + next) as f64 / 2.0 * 1e-6;
            middle.min(self.moments.max.as_secs_f64())
        })
    }
}

/// What happened to the customers offered in one interval.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Counts of customers and messages.
    pub counts: Counts,
    /// For the first service level of the outline.
    pub within: Within,
    /// Offer to assignment.
    pub wait: Coarse,
    /// Offer to the first reply.
    pub first_response: Coarse,
    /// Message pending to reply.
    pub inter_message: Coarse,
    /// Assignment to slot free.
    pub handle: Moments,
    /// By the clock.
    pub clock: Integrals,
}

impl Slice {
    /// Empty, for values up to `bound`.
    pub fn new(bound: Span) -> Slice {
        Slice {
            counts: Counts::default(),
            within: Within::default(),
            wait: Coarse::new(bound),
            first_response: Coarse::new(bound),
            inter_message: Coarse::new(bound),
            handle: Moments::default(),
            clock: Integrals::default(),
        }
    }

    /// Moves everything into another.
    pub fn drain_into(&mut self, other: &mut Slice) {
        other.counts.add(&std::mem::take(&mut self.counts));
        other.within.add(&std::mem::take(&mut self.within));
        self.wait.drain_into(&mut other.wait);
        self.first_response.drain_into(&mut other.first_response);
        self.inter_message.drain_into(&mut other.inter_message);
        other.handle.add(&std::mem::take(&mut self.handle));
        other.clock.add(&std::mem::take(&mut self.clock));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_quantiles_are_within_two_percent() {
        let mut coarse = Coarse::new(Span::from_secs(100_000));
        (1..=10_000).for_each(|i| coarse.record(Reading::of(Span::from_millis(i * 37))));
        for p in [0.01, 0.1, 0.5, 0.9, 0.95, 0.999] {
            let exact = 10_000.0 * p * 0.037;
            assert!(
                (coarse.quantile(p).unwrap() / exact - 1.0).abs() < 0.02,
                "{p}"
            );
        }
        let mut zeros = Coarse::new(Span::from_secs(10));
        zeros.record(Reading::of(Span::ZERO));
        assert_eq!(zeros.quantile(0.5), Some(0.0));
    }

    #[test]
    fn latencies_stand_in_the_order_of_their_numbers() {
        for (number, latency) in Latency::ALL.into_iter().enumerate() {
            assert_eq!(latency as usize, number);
        }
        for (number, fate) in Fate::ALL.into_iter().enumerate() {
            assert_eq!(fate as usize, number);
        }
    }
}
