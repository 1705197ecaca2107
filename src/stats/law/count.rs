//! Owns `CountLaw`: the distribution of a count of one or more.
//!
//! Law: a draw takes one word and costs no allocation; counts without a formula of their own are a
//! table of shares.

use std::sync::Arc;

use rand::RngExt;

use super::{Impossible, exponential};
use crate::random::Stream;

/// The distribution of a count of one or more.
#[derive(Clone, Debug, PartialEq)]
pub enum CountLaw {
    /// Always the same.
    Constant(u32),
    /// Geometric on 1, 2, ...
    Geometric {
        /// The mean, at least 1.
        mean: f64,
        /// `-1 / ln(1 - 1/mean)`: how many counts one standard exponential is worth.
        per_exponential: f64,
    },
    /// By the share of each count.
    Table {
        /// The share of draws of at most 1, 2, ...; the last is 1.
        up_to: Arc<[f64]>,
        /// The mean.
        mean: f64,
    },
}

/// The greatest mean of a Poisson law.
const MOST_POISSON: f64 = 1_000.0;

impl CountLaw {
    /// The greatest recorded count.
    pub const MOST: u32 = 100_000;

    /// Always `count`.
    pub fn constant(count: u32) -> Result<CountLaw, Impossible> {
        if count == 0 {
            return Err("a chat has at least one exchange".into());
        }
        Ok(CountLaw::Constant(count))
    }

    /// Geometric on 1, 2, ... by its mean.
    pub fn geometric(mean: f64) -> Result<CountLaw, Impossible> {
        if mean == 1.0 {
            return Ok(CountLaw::Constant(1));
        }
        if !(mean > 1.0 && mean <= 1e6) {
            return Err("a geometric law on 1, 2, ... has a mean between 1 and 1000000".into());
        }
        Ok(CountLaw::Geometric {
            mean,
            per_exponential: -1.0 / (-1.0 / mean).ln_1p(),
        })
    }

    /// One and a Poisson count of mean `more`, so that the mean is 1 + `more`.
    pub fn one_and_poisson(more: f64) -> Result<CountLaw, Impossible> {
        if more == 0.0 {
            return Ok(CountLaw::Constant(1));
        }
        if !(more > 0.0 && more <= MOST_POISSON) {
            return Err(format!(
                "a poisson law has a mean between 0 and {MOST_POISSON}"
            ));
        }
        // Beyond mean + 12 deviations + 40 nothing is left that a double could hold.
        let most = (more + 12.0 * more.sqrt() + 40.0) as u32;
        let chance = |n: u32| {
            let n = f64::from(n);
            (n * more.ln() - more - statrs::function::gamma::ln_gamma(n + 1.0)).exp()
        };
        Ok(CountLaw::table((0..=most).map(chance), 1.0 + more))
    }

    /// Recorded counts, in any order: each is drawn as often as any other.
    pub fn empirical(counts: &[u32]) -> Result<CountLaw, Impossible> {
        let most = counts.iter().copied().max().unwrap_or(0);
        if counts.contains(&0) || !(1..=CountLaw::MOST).contains(&most) {
            return Err(format!(
                "recorded counts lie between 1 and {}",
                CountLaw::MOST
            ));
        }
        let mut times = vec![0u32; most as usize];
        for count in counts {
            times[*count as usize - 1] += 1;
        }
        let sum: f64 = counts.iter().map(|count| f64::from(*count)).sum();
        let mean = sum / counts.len() as f64;
        Ok(CountLaw::table(times.into_iter().map(f64::from), mean))
    }

    /// A table from the weights of 1, 2, ...
    fn table(weights: impl Iterator<Item = f64>, mean: f64) -> CountLaw {
        let mut sum = 0.0;
        let mut up_to: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        for share in &mut up_to {
            *share /= sum;
        }
        CountLaw::Table {
            up_to: up_to.into(),
            mean,
        }
    }

    /// One draw, at least 1.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> u32 {
        match self {
            CountLaw::Constant(count) => *count,
            CountLaw::Geometric {
                per_exponential, ..
            } => 1 + (exponential(stream) * per_exponential) as u32,
            CountLaw::Table { up_to, .. } => {
                let lot: f64 = stream.random();
                1 + up_to.partition_point(|share| *share <= lot) as u32
            }
        }
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        match self {
            CountLaw::Constant(count) => f64::from(*count),
            CountLaw::Geometric { mean, .. } | CountLaw::Table { mean, .. } => *mean,
        }
    }

    /// The variance.
    pub fn variance(&self) -> f64 {
        match self {
            CountLaw::Constant(_) => 0.0,
            CountLaw::Geometric { mean, .. } => mean * (mean - 1.0),
            CountLaw::Table { up_to, mean } => {
                let (mut before, mut sum) = (0.0, 0.0);
                for (index, share) in up_to.iter().enumerate() {
                    sum += (share - before) * ((index + 1) as f64 - mean).powi(2);
                    before = *share;
                }
                sum
            }
        }
    }
}
