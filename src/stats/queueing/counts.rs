//! Owns `Counts`: how many chats come in a day whose rate is itself random.

use statrs::distribution::{Discrete, DiscreteCDF, NegativeBinomial, Poisson};

use super::patience::positive;
use crate::stats::law::Impossible;

/// A Poisson count whose mean is multiplied by a Gamma factor of mean 1: negative binomial
/// (Greenwood and Yule 1920).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    mean: f64,
    law: Law,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Law {
    Even(Poisson),
    Busy(f64, NegativeBinomial),
}

impl Counts {
    /// Counts of this mean, with this coefficient of variation of the factor; zero for none.
    ///
    /// # Errors
    /// The mean is not above zero, or the coefficient is below zero.
    pub fn new(mean: f64, cv: f64) -> Result<Counts, Impossible> {
        positive("mean count", mean)?;
        let impossible = |_| "no count has this mean and cv".to_string();
        if cv == 0.0 {
            let law = Poisson::new(mean).map_err(|_| "no count has this mean".to_string())?;
            return Ok(Counts {
                mean,
                law: Law::Even(law),
            });
        }
        positive("cv of busyness", cv)?;
        let shape = cv.powi(-2);
        let law = NegativeBinomial::new(shape, shape / (shape + mean)).map_err(impossible)?;
        Ok(Counts {
            mean,
            law: Law::Busy(cv, law),
        })
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The variance: m + (m cv)^2.
    pub fn variance(&self) -> f64 {
        match self.law {
            Law::Even(_) => self.mean,
            Law::Busy(cv, _) => self.mean + (self.mean * cv).powi(2),
        }
    }

    /// The probability of more than `count`.
    pub fn more_than(&self, count: u64) -> f64 {
        match self.law {
            Law::Even(law) => law.sf(count),
            Law::Busy(_, law) => law.sf(count),
        }
    }

    /// The least count that a share `p` of days does not exceed.
    pub fn quantile(&self, p: f64) -> u64 {
        let mut below = 0.0;
        let chance = |count: u64| match self.law {
            Law::Even(law) => law.pmf(count),
            Law::Busy(_, law) => law.pmf(count),
        };
        // Where the share is met exactly, the sum may fall short by its rounding.
        let mut reached = |count: &u64| {
            below += chance(*count);
            below >= p * (1.0 - 1e-12)
        };
        (0..).find(|count| reached(count)).unwrap_or(u64::MAX)
    }
}
