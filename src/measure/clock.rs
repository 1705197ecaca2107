//! Owns `Clock`: how many slots, agents and chats there are at each instant, integrated over time.
//!
//! Law: the integral of a count over a segment is exact in integers: a rise at t counts -t, a fall
//! +t, and the segment's end settles the rest. One addition a change, no multiplication.

use crate::time::{Span, Time};

/// What is counted by the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// Slots in use, wrap-up included.
    Active,
    /// Agents composing a reply.
    Composing,
    /// Agents with at least one slot in use.
    Busy,
    /// Chats waiting.
    Queue,
    /// Agents there, those in overtime included.
    Staffed,
    /// Agents whose shift is over and who still have chats.
    Overtime,
    /// Customers who will come again.
    Orbit,
    /// Slots held for customers who are gone and have told nobody.
    Ghosts,
}

/// How many gauges there are.
pub const GAUGES: usize = 8;

/// Count-time by gauge, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Integrals([u128; GAUGES]);

impl Integrals {
    /// Seconds times count.
    pub fn seconds(&self, gauge: Gauge) -> f64 {
        self.0[gauge as usize] as f64 * 1e-9
    }

    /// Adds another stretch.
    pub fn add(&mut self, other: &Integrals) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// The counts of one run over the current segment of time.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    counts: [u32; GAUGES],
    /// Wrapping: sums of instants, settled at the segment's end.
    sums: [i64; GAUGES],
}

impl Clock {
    /// One more from `now` on.
    #[inline]
    pub fn rise(&mut self, gauge: Gauge, now: Time) {
        self.counts[gauge as usize] += 1;
        let sum = &mut self.sums[gauge as usize];
        *sum = sum.wrapping_sub(now.0 as i64);
    }

    /// One less from `now` on.
    #[inline]
    pub fn fall(&mut self, gauge: Gauge, now: Time) {
        debug_assert!(
            self.counts[gauge as usize] > 0,
            "{gauge:?} falls below zero"
        );
        self.counts[gauge as usize] -= 1;
        let sum = &mut self.sums[gauge as usize];
        *sum = sum.wrapping_add(now.0 as i64);
    }

    /// How many there are.
    #[inline]
    pub fn count(&self, gauge: Gauge) -> u32 {
        self.counts[gauge as usize]
    }

    /// Ends the segment at `now`, starts the next, and gives the integrals of the one ended.
    pub fn settle(&mut self, now: Time) -> Integrals {
        let mut integrals = Integrals::default();
        for gauge in 0..GAUGES {
            let level = i64::from(self.counts[gauge]).wrapping_mul(now.0 as i64);
            let settled = self.sums[gauge].wrapping_add(level);
            // Late notes of a live run may reach back into a segment already settled.
            integrals.0[gauge] = settled.max(0) as u128;
            self.sums[gauge] = level.wrapping_neg();
        }
        integrals
    }
}

/// The segments of a run: cut at the warm-up's end, at each interval and at the horizon.
#[derive(Clone, Debug)]
pub struct Segments {
    warm_up: Time,
    horizon: Time,
    interval: Span,
    from: Time,
    next: Time,
}

/// Where a segment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the warm-up's end.
    WarmUp,
    /// In this interval.
    Interval(usize),
    /// After the horizon.
    Drain,
}

impl Segments {
    /// The segments of a run.
    pub fn new(warm_up: Time, horizon: Time, interval: Span) -> Segments {
        let mut segments = Segments {
            warm_up,
            horizon,
            interval,
            from: Time::ZERO,
            next: Time(0),
        };
        segments.next = segments.cut_after(Time::ZERO);
        segments
    }

    /// The end of the current segment; `Time::NEVER` after the horizon.
    #[inline]
    pub fn next(&self) -> Time {
        self.next
    }

    /// Ends the current segment at `now` or at its own end, whichever is first, and says where it
    /// lay and when it ended.
    pub fn cut(&mut self, now: Time) -> (Place, Time) {
        let (from, until) = (self.from, self.next.min(now));
        let place = if from >= self.horizon {
            Place::Drain
        } else if from < self.warm_up {
            Place::WarmUp
        } else {
            Place::Interval((from.0 / self.interval.0) as usize)
        };
        (self.from, self.next) = (until, self.cut_after(until));
        (place, until)
    }

    fn cut_after(&self, instant: Time) -> Time {
        if instant >= self.horizon {
            return Time::NEVER;
        }
        let boundary = Time((instant.0 / self.interval.0 + 1) * self.interval.0);
        let warm_up = if self.warm_up > instant {
            self.warm_up
        } else {
            Time::NEVER
        };
        boundary.min(warm_up).min(self.horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn integrals_are_exact_over_segments() {
        let mut clock = Clock::default();
        clock.rise(Gauge::Active, at(2));
        clock.rise(Gauge::Active, at(5));
        assert_eq!(clock.settle(at(10)).seconds(Gauge::Active), 13.0);
        clock.fall(Gauge::Active, at(11));
        assert_eq!(clock.settle(at(20)).seconds(Gauge::Active), 11.0);
        assert_eq!(clock.count(Gauge::Active), 1);
    }

    #[test]
    fn segments_end_at_warm_up_intervals_and_horizon() {
        let mut segments = Segments::new(at(15), at(35), Span::from_secs(10));
        let mut cuts = Vec::new();
        while segments.next().comes() {
            cuts.push(segments.cut(Time::NEVER));
        }
        let places = [
            (Place::WarmUp, at(10)),
            (Place::WarmUp, at(15)),
            (Place::Interval(1), at(20)),
            (Place::Interval(2), at(30)),
            (Place::Interval(3), at(35)),
        ];
        assert_eq!(cuts, places);
        assert_eq!(segments.cut(at(50)), (Place::Drain, at(50)));
    }
}
