//! Owns `Patience`: how long a customer is ready to wait, as theory needs to know it.
//!
//! Law: the three figures that M/M/n+G needs are closed forms that lose no digits for short waits.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::stats::law::Impossible;

/// The law of the time that a customer is ready to wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Patience {
    /// Nobody ever leaves.
    Never,
    /// Exponential: the model of Erlang A.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Evenly between zero and `high`.
    Uniform {
        /// The longest.
        high: f64,
    },
    /// Lognormal.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

impl Patience {
    /// Exponential with this mean.
    ///
    /// # Errors
    /// The mean is not above zero and finite.
    pub fn exponential(mean: f64) -> Result<Patience, Impossible> {
        positive("mean patience", mean)?;
        Ok(Patience::Exponential { mean })
    }

    /// Evenly between zero and `high`.
    ///
    /// # Errors
    /// `high` is not above zero and finite.
    pub fn uniform(high: f64) -> Result<Patience, Impossible> {
        positive("longest patience", high)?;
        Ok(Patience::Uniform { high })
    }

    /// Lognormal with this mean and coefficient of variation.
    ///
    /// # Errors
    /// One of them is not above zero and finite.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Patience, Impossible> {
        positive("mean patience", mean)?;
        positive("cv of patience", cv)?;
        let variance = (cv * cv).ln_1p();
        Ok(Patience::LogNormal {
            mu: mean.ln() - variance / 2.0,
            sigma: variance.sqrt(),
        })
    }

    /// The probability that patience ends by `t`.
    pub fn ended(&self, t: f64) -> f64 {
        match *self {
            Patience::Never => 0.0,
            Patience::Exponential { mean } => -(-t / mean).exp_m1(),
            Patience::Uniform { high } => (t / high).clamp(0.0, 1.0),
            Patience::LogNormal { mu, sigma } => normal((t.ln() - mu) / sigma),
        }
    }

    /// The probability that patience lasts beyond `t`.
    pub fn lasts(&self, t: f64) -> f64 {
        match *self {
            Patience::Exponential { mean } => (-t / mean).exp(),
            Patience::LogNormal { mu, sigma } => normal((mu - t.ln()) / sigma),
            _ => 1.0 - self.ended(t),
        }
    }

    /// The mean of the shorter of patience and `t`: the integral of [`lasts`](Patience::lasts).
    pub fn mean_up_to(&self, t: f64) -> f64 {
        match *self {
            Patience::Never => t,
            Patience::Exponential { mean } => mean * self.ended(t),
            _ => t * self.lasts(t) + self.mean_of_ended(t),
        }
    }

    /// The mean of patience counted where it ends by `t`, as zero where it lasts.
    pub fn mean_of_ended(&self, t: f64) -> f64 {
        match *self {
            Patience::Never => 0.0,
            // 1 - e^-x (1 + x) loses its digits below x = 0.01: x^2/2 - x^3/3 + x^4/8 - ...
            Patience::Exponential { mean } if t < 0.01 * mean => {
                let x = t / mean;
                let series = [
                    0.5,
                    -1.0 / 3.0,
                    0.125,
                    -1.0 / 30.0,
                    1.0 / 144.0,
                    -1.0 / 840.0,
                ];
                mean * x * x * series.iter().rev().fold(0.0, |sum, term| sum * x + term)
            }
            Patience::Exponential { mean } => mean * self.ended(t) - t * self.lasts(t),
            Patience::Uniform { high } => t.min(high).powi(2) / (2.0 * high),
            Patience::LogNormal { mu, sigma } => {
                let mean = (mu + sigma * sigma / 2.0).exp();
                mean * normal((t.ln() - mu) / sigma - sigma)
            }
        }
    }

    /// The time that a share `p` of customers loses patience by; infinite for [`Patience::Never`].
    pub fn quantile(&self, p: f64) -> f64 {
        match *self {
            Patience::Never => f64::INFINITY,
            Patience::Exponential { mean } => -mean * (-p).ln_1p(),
            Patience::Uniform { high } => high * p,
            Patience::LogNormal { mu, sigma } => {
                (mu + sigma * Normal::standard().inverse_cdf(p)).exp()
            }
        }
    }

    /// Where an integral over the law has to be cut: where it is not smooth, and where it changes
    /// from one order of magnitude to another.
    pub(super) fn cuts(&self) -> Vec<f64> {
        match *self {
            Patience::Never => Vec::new(),
            Patience::Exponential { mean } => [1.0, 8.0, 45.0].map(|times| times * mean).into(),
            Patience::Uniform { high } => vec![high],
            Patience::LogNormal { mu, sigma } => {
                let at = |step: i32| (mu + f64::from(step) * sigma).exp();
                (-8..=8).map(at).collect()
            }
        }
    }
}

/// The share of the standard normal law below `z`.
fn normal(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Refuses what is not above zero and finite.
pub(super) fn positive(name: &str, value: f64) -> Result<(), Impossible> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(format!("the {name} must be above zero"))
}
