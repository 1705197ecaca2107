//! Owns `ArrivalStream`: the instants at which customers come in one replication.
//!
//! Law: arrival i depends on the seed, the replication and the draws before it in the stream's own
//! numbering alone, so that simulated and live runs see the same customers come.

use super::busyness::Busyness;
use super::plan::{Arrivals, Piece, Plan, RateCurve};
use crate::random::{Draws, Kind, Population, Purpose};
use crate::stats::ziggurat::exponential;
use crate::time::Time;

/// The instants at which customers come, ascending, from the plan's begin to its horizon.
#[derive(Debug)]
pub struct ArrivalStream<'p> {
    source: Source<'p>,
    /// The number of the next customer: the plan's, not the window's.
    number: u32,
    horizon: Time,
    grain: u64,
}

#[derive(Debug)]
enum Source<'p> {
    Rate(Poisson<'p>),
    Replay(&'p [Time]),
}

/// A Poisson process by inversion of the cumulated rate.
#[derive(Clone, Debug)]
struct Poisson<'p> {
    curve: &'p RateCurve,
    gaps: Draws,
    busyness: Busyness,
    now: f64,
    /// The piece that `now` lies in.
    piece: usize,
    /// When it starts and ends.
    from: f64,
    until: f64,
    /// The factor of its day.
    factor: f64,
    /// Its rate at the start and at the end, with that factor.
    rates: [f64; 2],
}

impl<'p> ArrivalStream<'p> {
    /// The arrivals of a replication.
    pub fn new(plan: &'p Plan, replication: u32) -> ArrivalStream<'p> {
        let (source, number) = match &plan.arrivals {
            Arrivals::Replay(times) => {
                let first = times.partition_point(|time| *time < plan.begin);
                (Source::Replay(times), first as u32)
            }
            Arrivals::Rate(curve) => {
                let mut process = Poisson::new(curve, plan.seed, replication);
                let first = process.skip(plan.begin);
                (Source::Rate(process), first)
            }
        };
        ArrivalStream {
            source,
            number,
            horizon: plan.outline.horizon,
            grain: plan.grain.0,
        }
    }

    /// The number of the customer that comes next, counted from the scenario's start: more than
    /// zero at first when the plan begins later.
    pub fn first_number(&self) -> u32 {
        self.number
    }
}

impl Iterator for ArrivalStream<'_> {
    type Item = Time;

    #[inline]
    fn next(&mut self) -> Option<Time> {
        let number = self.number;
        self.number += 1;
        let at = match &mut self.source {
            Source::Rate(process) => process.next(number),
            Source::Replay(times) => times.get(number as usize).copied(),
        };
        let at = at.filter(|at| *at < self.horizon);
        match self.grain {
            1 => at,
            grain => at.map(|at| Time(at.0 - at.0 % grain)),
        }
    }
}

impl<'p> Poisson<'p> {
    fn new(curve: &'p RateCurve, seed: u64, replication: u32) -> Poisson<'p> {
        let mut process = Poisson {
            curve,
            gaps: Population::new(seed, replication, Kind::Arrivals).person(0, 0),
            busyness: Busyness::new(curve, seed, replication),
            now: 0.0,
            piece: 0,
            from: 0.0,
            until: 0.0,
            factor: 1.0,
            rates: [0.0; 2],
        };
        process.enter(0);
        process
    }

    /// Draws all arrivals before `begin`, and says how many there were.
    fn skip(&mut self, begin: Time) -> u32 {
        let mut number = 0;
        if begin == Time::ZERO {
            return number;
        }
        loop {
            let before = self.clone();
            if self.next(number).is_none_or(|time| time >= begin) {
                *self = before;
                return number;
            }
            number += 1;
        }
    }

    /// Turns to a piece: a new day has a factor of its own.
    fn enter(&mut self, piece: usize) {
        (self.piece, self.from) = (piece, self.now);
        if let Some(piece) = self.curve.pieces.get(piece) {
            self.factor = self.busyness.of(piece.day);
            self.until = piece.until.0 as f64;
            self.rates = [piece.from_rate, piece.to_rate].map(|rate| rate * self.factor);
        }
    }

    #[inline]
    fn next(&mut self, number: u32) -> Option<Time> {
        // A standard exponential is the expected chats up to the next.
        let mut chats = exponential(&mut self.gaps.at(Purpose::Gap, number));
        loop {
            let piece = self.curve.pieces.get(self.piece)?;
            let (here, there) = (self.rate_at(piece), self.rates[1]);
            let length = self.until - self.now;
            let left = length * (here + there) / 2.0;
            if chats < left {
                let slope = (there - here) / length;
                self.now += reach(chats, here, slope);
                return Some(Time((self.now as u64).min(piece.until.0 - 1)));
            }
            chats -= left;
            self.now = self.until;
            self.enter(self.piece + 1);
        }
    }

    /// The rate at `now`, within the piece.
    #[inline]
    fn rate_at(&self, piece: &Piece) -> f64 {
        if piece.from_rate == piece.to_rate {
            return self.rates[0];
        }
        let share = (self.now - self.from) / (self.until - self.from);
        (piece.from_rate + (piece.to_rate - piece.from_rate) * share) * self.factor
    }
}

/// How far a rate that starts at `rate` and grows by `slope` goes until it has made `chats`.
#[inline]
fn reach(chats: f64, rate: f64, slope: f64) -> f64 {
    if slope == 0.0 {
        return chats / rate;
    }
    // The stable root of slope/2 x^2 + rate x = chats.
    2.0 * chats / (rate + (rate * rate + 2.0 * slope * chats).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    fn curve(cv: f64) -> RateCurve {
        let hour = 3_600_000_000_000u64;
        let piece = |hours: u64, from: f64, to: f64, day| Piece {
            until: Time(hours * hour),
            from_rate: from / hour as f64,
            to_rate: to / hour as f64,
            day,
        };
        let pieces = vec![
            piece(1, 100.0, 100.0, 0),
            piece(2, 100.0, 500.0, 0),
            piece(3, 0.0, 0.0, 0),
            piece(4, 300.0, 0.0, 1),
        ];
        RateCurve {
            pieces,
            busyness_cv: cv,
            day_correlation: 0.0,
        }
    }

    fn counts(cv: f64, replications: u32) -> Vec<[f64; 4]> {
        let curve = curve(cv);
        let count = |replication| {
            let mut process = Poisson::new(&curve, 3, replication);
            let (mut counts, mut last) = ([0.0; 4], Time::ZERO);
            for time in (0..).map_while(|number| process.next(number)) {
                assert!(time >= last);
                last = time;
                counts[(time.0 / Span::from_secs(3_600).0) as usize] += 1.0;
            }
            counts
        };
        (0..replications).map(count).collect()
    }

    /// Means 100, 300, 0 and 150, variance equal to the mean; 400 replications, 3.9 standard errors
    /// (99.99 %), the variance within 30 %.
    #[test]
    fn counts_are_poisson_with_the_curves_means() {
        let counts = counts(0.0, 400);
        for (hour, expected) in [100.0, 300.0, 0.0, 150.0f64].into_iter().enumerate() {
            let mean = counts.iter().map(|c| c[hour]).sum::<f64>() / 400.0;
            assert!(
                (mean - expected).abs() <= 3.9 * (expected / 400.0).sqrt(),
                "{hour}: {mean}"
            );
            let square = counts.iter().map(|c| (c[hour] - mean).powi(2)).sum::<f64>() / 399.0;
            assert!(
                (square - expected).abs() <= 0.3 * expected,
                "{hour}: {square}"
            );
        }
    }

    /// A day's factor is shared within the day and independent between days: variances 300 + (0.3 x
    /// 300)^2 and 150 + (0.3 x 150)^2, within 30 %; their correlation within 4 / sqrt(400).
    #[test]
    fn busyness_is_drawn_by_day() {
        let counts = counts(0.3, 400);
        let series = |hour: usize| counts.iter().map(move |c| c[hour]);
        let mean = |hour| series(hour).sum::<f64>() / 400.0;
        let product = |a: usize, b: usize| {
            series(a)
                .zip(series(b))
                .map(|(x, y)| (x - mean(a)) * (y - mean(b)))
                .sum::<f64>()
                / 399.0
        };
        assert!((product(1, 1) / (300.0 + 8_100.0) - 1.0).abs() < 0.3);
        assert!((product(3, 3) / (150.0 + 2_025.0) - 1.0).abs() < 0.3);
        let correlation = |a, b| product(a, b) / (product(a, a) * product(b, b)).sqrt();
        assert!(correlation(0, 1) > 0.6 && correlation(1, 3).abs() < 0.2);
    }
}
