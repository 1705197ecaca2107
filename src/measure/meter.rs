//! Owns `Meter`: what a run has counted so far, for whoever looks in while it lasts.
//!
//! Law: it counts what happens as it is noted, warm-up and drain included, and forgets nothing; so
//! that its counts only grow. The figures of the result are the recorder's.

use super::story::Event;
use super::tally::Latency;
use super::visit::Visit;
use crate::center::fate::Fate;
use crate::time::{Span, Time};

/// Bounds of the buckets for what people take, in milliseconds.
const HUMAN: [u64; BOUNDS] = [
    1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 45_000, 60_000, 90_000, 120_000, 180_000, 300_000,
    600_000, 1_200_000, 1_800_000, 3_600_000,
];

/// Bounds of the buckets for what machines take, in microseconds.
const MACHINE: [u64; BOUNDS] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000,
];

/// How many bounds buckets have.
const BOUNDS: usize = 16;

/// The latencies of which there are buckets.
pub const METERED: [Latency; 9] = [
    Latency::Wait,
    Latency::FirstResponse,
    Latency::InterMessage,
    Latency::Handle,
    Latency::Delivery,
    Latency::Connect,
    Latency::Assignment,
    Latency::AgentOnline,
    Latency::ScheduleLag,
];

/// Counts of a latency by exact bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    bounds: [Span; BOUNDS],
    /// Values at or below the bound and above the one before; last, those above all.
    counts: [u64; BOUNDS + 1],
    /// Of all values, in nanoseconds.
    sum: u128,
}

impl Buckets {
    fn of(latency: Latency) -> Buckets {
        let bounds = match is_of_people(latency) {
            true => HUMAN.map(Span::from_millis),
            false => MACHINE.map(|micros| Span(micros * 1_000)),
        };
        Buckets {
            bounds,
            counts: [0; BOUNDS + 1],
            sum: 0,
        }
    }

    fn record(&mut self, value: Span) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place] += 1;
        self.sum += u128::from(value.0);
    }

    /// The bounds in seconds.
    pub fn bounds(&self) -> impl Iterator<Item = f64> {
        // Divided, not multiplied: 100 us is 0.0001, not a hair beside it.
        self.bounds.iter().map(|bound| bound.0 as f64 / 1e9)
    }

    /// Counts of values between the bounds; last, of those above all.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How many values.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum in seconds.
    pub fn sum(&self) -> f64 {
        self.sum as f64 * 1e-9
    }
}

/// Whether a latency is in scenario time; else it is on the wall.
pub fn is_of_people(latency: Latency) -> bool {
    latency.per_second() == 1.0
}

/// What a run has counted so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Meter {
    /// Attempts of customers who came, those who met the closed desk included.
    pub arrived: u64,
    /// Those who met the closed desk.
    pub closed_desk: u64,
    /// Chats that asked for an agent.
    pub offered: u64,
    /// Messages of customers that were pending.
    pub messages: u64,
    /// Replies that were delivered.
    pub replies: u64,
    fates: [u64; Fate::ALL.len()],
    buckets: [Buckets; METERED.len()],
}

impl Default for Meter {
    fn default() -> Meter {
        Meter {
            arrived: 0,
            closed_desk: 0,
            offered: 0,
            messages: 0,
            replies: 0,
            fates: [0; Fate::ALL.len()],
            buckets: METERED.map(Buckets::of),
        }
    }
}

impl Meter {
    /// How many chats have ended so.
    pub fn fate(&self, fate: Fate) -> u64 {
        self.fates[fate as usize]
    }

    /// The buckets of a latency; none where it has none.
    pub fn buckets(&self, latency: Latency) -> Option<&Buckets> {
        let place = METERED.iter().position(|metered| *metered == latency)?;
        Some(&self.buckets[place])
    }

    /// Counts a value of a latency, if it is one that has buckets.
    pub fn record(&mut self, latency: Latency, value: Span) {
        if let Some(place) = METERED.iter().position(|metered| *metered == latency) {
            self.buckets[place].record(value);
        }
    }

    /// Counts the reply that was just delivered.
    pub(super) fn replied(&mut self, visit: &Visit, at: Time, latency: Span) {
        self.replies += 1;
        self.record(Latency::InterMessage, latency);
        if visit.replies() == 1 {
            self.record(Latency::FirstResponse, at.since(visit.offered()));
        }
    }

    /// Counts what is told of a chat, but for its wait and its replies.
    pub(super) fn take(&mut self, event: Event) {
        match event {
            Event::ClosedDesk => {
                self.arrived += 1;
                self.closed_desk += 1;
            }
            Event::Offered => {
                self.arrived += 1;
                self.offered += 1;
            }
            Event::Sent { .. } => self.messages += 1,
            Event::Ended { fate, .. } => self.fates[fate as usize] += 1,
            Event::Freed { handle, .. } => self.record(Latency::Handle, handle),
            Event::Assigned { .. }
            | Event::CutOff
            | Event::CameBack
            | Event::Lapsed
            | Event::Queued { .. }
            | Event::Replied { .. }
            | Event::HandedOver
            | Event::Unread
            | Event::GivenUp => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_a_bound_is_below_it() {
        let mut meter = Meter::default();
        for millis in [0, 1_000, 1_001, 3_600_000, 3_600_001] {
            meter.record(Latency::Wait, Span::from_millis(millis));
        }
        let wait = meter.buckets(Latency::Wait).unwrap();
        assert_eq!(wait.counts()[..2], [2, 1]);
        assert_eq!(wait.counts()[BOUNDS - 1..], [1, 1]);
        assert_eq!((wait.count(), wait.bounds().last()), (5, Some(3_600.0)));
        assert!((wait.sum() - 7_202.002).abs() < 1e-9);
        assert!(meter.buckets(Latency::WrapUp).is_none());
    }
}
