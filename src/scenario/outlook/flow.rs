//! Owns `Flow`: how many customers a plan expects between two instants.
//!
//! Law: exact, as the integral of the rate or the count of the replay; no interval is assumed.

use crate::scenario::plan::{Arrivals, Plan};
use crate::time::Time;

/// How many customers a plan expects between two instants.
pub struct Flow<'a> {
    plan: &'a Plan,
    /// Expected chats before the start of each piece of the rate.
    sums: Vec<f64>,
}

impl<'a> Flow<'a> {
    /// The flow of a plan.
    pub fn of(plan: &'a Plan) -> Flow<'a> {
        let mut sums = vec![0.0];
        if let Arrivals::Rate(curve) = &plan.arrivals {
            let (mut from, mut sum) = (0, 0.0);
            for piece in &curve.pieces {
                sum += (piece.until.0 - from) as f64 * (piece.from_rate + piece.to_rate) / 2.0;
                sums.push(sum);
                from = piece.until.0;
            }
        }
        Flow { plan, sums }
    }

    /// Customers expected to come in [from, until).
    pub fn arrived(&self, from: Time, until: Time) -> f64 {
        self.before(until) - self.before(from)
    }

    /// Those of them who come while the desk is open.
    pub fn offered(&self, from: Time, until: Time) -> f64 {
        let open = &self.plan.open;
        let first = open.partition_point(|period| period.until <= from);
        let overlapping = open[first..]
            .iter()
            .take_while(|period| period.from < until);
        overlapping
            .map(|p| self.arrived(p.from.max(from), p.until.min(until)))
            .sum()
    }

    /// Customers expected to come before an instant.
    fn before(&self, instant: Time) -> f64 {
        let curve = match &self.plan.arrivals {
            Arrivals::Replay(times) => return times.partition_point(|at| *at < instant) as f64,
            Arrivals::Rate(curve) => curve,
        };
        let index = curve.pieces.partition_point(|piece| piece.until <= instant);
        let Some(piece) = curve.pieces.get(index) else {
            return self.sums[index];
        };
        let from = index
            .checked_sub(1)
            .map_or(0, |last| curve.pieces[last].until.0);
        let (into, length) = ((instant.0 - from) as f64, (piece.until.0 - from) as f64);
        let slope = (piece.to_rate - piece.from_rate) / length;
        self.sums[index] + into * (piece.from_rate + slope * into / 2.0)
    }
}
