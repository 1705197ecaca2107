//! Owns `Phases`: the exponentials that a hyperexponential law chooses from.
//!
//! Law: the chances sum to one; which phase it is takes one draw, how long it lasts another.

use rand::RngExt;

use super::{Impossible, NS, bisect, positive};
use crate::random::Stream;
use crate::stats::ziggurat::exponential;

/// Exponentials, one of which is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Phases {
    /// Chance and mean in nanoseconds; the chances are added up, the last is 1.
    phases: Box<[(f64, f64)]>,
}

/// How far from 1 the chances may sum.
const SLACK: f64 = 1e-6;

impl Phases {
    /// By chances, which sum to 1, and means in seconds.
    pub(super) fn new(given: &[(f64, f64)]) -> Result<Phases, Impossible> {
        let sum: f64 = given.iter().map(|phase| phase.0).sum();
        let sound = given.iter().all(|phase| phase.0 > 0.0) && (sum - 1.0).abs() <= SLACK;
        if !sound {
            return Err("the chances must be above zero and sum to 1".into());
        }
        let mut up_to = 0.0;
        let mut phases = Vec::with_capacity(given.len());
        for (chance, mean) in given {
            positive("mean", *mean)?;
            up_to += chance / sum;
            phases.push((up_to, mean * NS));
        }
        Ok(Phases {
            phases: phases.into(),
        })
    }

    /// Two phases with balanced means (p1 m1 = p2 m2), by mean in seconds and cv above 1:
    /// p1 = (1 + sqrt((cv^2 - 1) / (cv^2 + 1))) / 2, m = mean / (2 p). Tijms, Stochastic Models
    /// (1994), appendix B.
    pub(super) fn balanced(mean: f64, cv: f64) -> Result<Phases, Impossible> {
        if cv <= 1.0 {
            return Err("a hyperexponential law has a cv above 1".into());
        }
        let square = cv * cv;
        let often = (1.0 + ((square - 1.0) / (square + 1.0)).sqrt()) / 2.0;
        let phase = |chance: f64| (chance, mean / (2.0 * chance));
        Phases::new(&[phase(often), phase(1.0 - often)])
    }

    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        let lot: f64 = stream.random();
        let last = self.phases.len() - 1;
        let phase = self.phases[..last].iter().find(|phase| lot < phase.0);
        phase.unwrap_or(&self.phases[last]).1 * exponential(stream)
    }

    /// The mean of something over phases, by their means.
    fn over(&self, of: impl Fn(f64) -> f64) -> f64 {
        let mut before = 0.0;
        let part = |(up_to, mean): &(f64, f64)| {
            let chance = up_to - before;
            before = *up_to;
            chance * of(*mean)
        };
        self.phases.iter().map(part).sum()
    }

    pub(super) fn mean(&self) -> f64 {
        self.over(|mean| mean)
    }

    pub(super) fn quantile(&self, p: f64) -> f64 {
        let means = || self.phases.iter().map(|phase| phase.1);
        let (least, most) = (
            means().fold(f64::MAX, f64::min),
            means().fold(0.0, f64::max),
        );
        let unit = -(-p).ln_1p();
        let excess = |length: f64| 1.0 - p - self.over(|mean| (-length / mean).exp());
        // Between the quantiles of the shortest and the longest phase, with room for rounding.
        bisect(least * unit * 0.999, most * unit * 1.001, excess).unwrap_or(f64::NAN)
    }
}
