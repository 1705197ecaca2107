//! Owns how laws of times are built: from moments, quantiles, bounds or recorded lengths.
//!
//! Law: whoever builds a law gets one that can be sampled, or half a sentence that says why not.

use statrs::distribution::ContinuousCDF;
use statrs::function::gamma::ln_gamma;

use super::super::exp::STEPS;
use super::{Impossible, Law, NS, Phases, Quantile, bisect, normal_quantile};
use crate::time::Span;

/// The longest length that can be recorded, in seconds: some three hundred years.
const MOST_SECS: f64 = 1e10;

pub(super) fn positive(name: &str, value: f64) -> Result<(), Impossible> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(format!("{name} must be greater than zero"))
}

/// Checks that two quantiles ascend, and returns them in order.
fn ascending(a: Quantile, b: Quantile) -> Result<(Quantile, Quantile), Impossible> {
    let (low, high) = if a.0 <= b.0 { (a, b) } else { (b, a) };
    positive("a quantile", low.1)?;
    if low.0 == high.0 || low.1 >= high.1 {
        return Err("the higher quantile must lie at a longer time".into());
    }
    Ok((low, high))
}

impl Law {
    /// Exponential with a mean in seconds.
    pub fn exponential(mean: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        Ok(Law::Exponential { mean: mean * NS })
    }

    /// Exponential through one quantile.
    pub fn exponential_through((p, secs): Quantile) -> Result<Law, Impossible> {
        positive("a quantile", secs)?;
        Law::exponential(-secs / (1.0 - p).ln())
    }

    /// Always `secs` seconds; zero is allowed.
    pub fn constant(secs: f64) -> Result<Law, Impossible> {
        Ok(Law::Constant(Span::from_secs_f64(secs)))
    }

    /// Uniform between two lengths in seconds.
    pub fn uniform(low: f64, high: f64) -> Result<Law, Impossible> {
        if low < 0.0 || low >= high {
            return Err("low must be zero or more and less than high".into());
        }
        Ok(Law::Uniform {
            low: low * NS,
            high: high * NS,
        })
    }

    /// Uniform by mean in seconds and coefficient of variation.
    pub fn uniform_by(mean: f64, cv: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        let half = mean * cv * 3f64.sqrt();
        if half > mean {
            return Err("a uniform law above zero has a cv of at most 0.577".into());
        }
        Law::uniform(mean - half, mean + half)
    }

    /// Uniform through two quantiles.
    pub fn uniform_through(a: Quantile, b: Quantile) -> Result<Law, Impossible> {
        let (a, b) = ascending(a, b)?;
        let slope = (b.1 - a.1) / (b.0 - a.0);
        // Differences of shares are not exact: what is next to zero is zero.
        let low = Some(a.1 - slope * a.0).filter(|low| low.abs() > 1e-9 * b.1);
        Law::uniform(low.unwrap_or(0.0), a.1 + slope * (1.0 - a.0))
            .map_err(|_| "a uniform law through these quantiles starts below zero".into())
    }

    /// Lognormal by mean in seconds and coefficient of variation.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        let variance = (1.0 + cv * cv).ln();
        Ok(Law::LogNormal {
            mu: ((mean * NS).ln() - variance / 2.0) * STEPS,
            sigma: variance.sqrt() * STEPS,
        })
    }

    /// Lognormal through two quantiles.
    pub fn lognormal_through(a: Quantile, b: Quantile) -> Result<Law, Impossible> {
        let (a, b) = ascending(a, b)?;
        let (za, zb) = (normal_quantile(a.0), normal_quantile(b.0));
        let sigma = (b.1 / a.1).ln() / (zb - za) * STEPS;
        Ok(Law::LogNormal {
            mu: (a.1 * NS).ln() * STEPS - sigma * za,
            sigma,
        })
    }

    fn gamma_of(shape: f64, scale: f64) -> Result<Law, Impossible> {
        let sampler = rand_distr::Gamma::new(shape, scale * NS)
            .map_err(|_| "no gamma law has these parameters".to_string())?;
        Ok(Law::Gamma {
            sampler,
            shape,
            scale: scale * NS,
        })
    }

    /// Gamma by mean in seconds and coefficient of variation.
    pub fn gamma(mean: f64, cv: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        Law::gamma_of(1.0 / (cv * cv), mean * cv * cv)
    }

    /// Gamma through two quantiles.
    pub fn gamma_through(a: Quantile, b: Quantile) -> Result<Law, Impossible> {
        let (a, b) = ascending(a, b)?;
        let unit = |shape: f64, p| {
            statrs::distribution::Gamma::new(shape, 1.0).map_or(f64::NAN, |law| law.inverse_cdf(p))
        };
        // The ratio of two quantiles falls as the shape grows.
        let excess = |shape| b.1 / a.1 - unit(shape, b.0) / unit(shape, a.0);
        let shape = bisect(0.05, 1e4, excess).ok_or("no gamma law goes through these quantiles")?;
        Law::gamma_of(shape, a.1 / unit(shape, a.0))
    }

    fn weibull_of(shape: f64, scale: f64) -> Law {
        Law::Weibull {
            shape,
            scale: scale * NS,
        }
    }

    /// Weibull by mean in seconds and coefficient of variation.
    pub fn weibull(mean: f64, cv: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        // 1 + cv^2 = G(1 + 2/k) / G(1 + 1/k)^2, which falls as the shape k grows.
        let ratio = |k: f64| ln_gamma(1.0 + 2.0 / k) - 2.0 * ln_gamma(1.0 + 1.0 / k);
        let target = (1.0 + cv * cv).ln();
        let shape = bisect(0.1, 1e3, |k| target - ratio(k))
            .ok_or("a weibull law has a cv between 0.002 and 400")?;
        Ok(Law::weibull_of(
            shape,
            mean / ln_gamma(1.0 + 1.0 / shape).exp(),
        ))
    }

    /// Weibull through two quantiles.
    pub fn weibull_through(a: Quantile, b: Quantile) -> Result<Law, Impossible> {
        let (a, b) = ascending(a, b)?;
        let hazard = |p: f64| -(-p).ln_1p();
        let shape = (hazard(b.0) / hazard(a.0)).ln() / (b.1 / a.1).ln();
        Ok(Law::weibull_of(shape, a.1 / hazard(a.0).powf(1.0 / shape)))
    }

    /// Erlang by its shape, the number of phases, and its mean in seconds.
    pub fn erlang(shape: u32, mean: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        Law::gamma_of(f64::from(shape), mean / f64::from(shape))
    }

    /// Erlang by its shape, through one quantile.
    pub fn erlang_through(shape: u32, (p, secs): Quantile) -> Result<Law, Impossible> {
        positive("a quantile", secs)?;
        let unit = Law::erlang(shape, 1.0)?.quantile(p);
        Law::erlang(shape, secs / unit)
    }

    /// Hyperexponential with two phases of balanced means, by mean in seconds and a coefficient of
    /// variation above 1.
    pub fn hyperexponential(mean: f64, cv: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        Ok(Law::Hyperexponential(Phases::balanced(mean, cv)?))
    }

    /// Hyperexponential by the chance of each phase, which sum to 1, and its mean in seconds.
    pub fn hyperexponential_of(phases: &[(f64, f64)]) -> Result<Law, Impossible> {
        Ok(Law::Hyperexponential(Phases::new(phases)?))
    }

    /// Triangular by its shortest, likeliest and longest length in seconds.
    pub fn triangular(low: f64, mode: f64, high: f64) -> Result<Law, Impossible> {
        if low < 0.0 || low > mode || mode > high || low >= high {
            return Err(
                "low must be zero or more, mode from low to high, and high above low".into(),
            );
        }
        Ok(Law::Triangular {
            low: low * NS,
            mode: mode * NS,
            high: high * NS,
        })
    }

    /// Recorded lengths in seconds, in any order: each is drawn as often as any other, without
    /// interpolation.
    pub fn empirical(secs: &[f64]) -> Result<Law, Impossible> {
        if secs.is_empty() || secs.iter().any(|secs| !(0.0..MOST_SECS).contains(secs)) {
            return Err("recorded times must be there, zero or more, and end".into());
        }
        let mut lengths: Vec<u64> = secs.iter().map(|secs| (secs * NS).round() as u64).collect();
        lengths.sort_unstable();
        Ok(Law::Empirical(lengths.into()))
    }
}
