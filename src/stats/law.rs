//! Owns `Law` and `CountLaw`: the distributions of times and of counts.
//!
//! Law: a distribution that was built can be sampled; impossible parameters never get this far.
//! A closed enum, because a `match` is cheaper than a call through a table.

use rand::RngExt;
use rand_distr::{Distribution, Exp1, StandardNormal};
use statrs::distribution::ContinuousCDF;
use statrs::function::gamma::ln_gamma;

use crate::random::Stream;
use crate::time::Span;

/// The distribution of a length of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// Without end.
    Never,
    /// Always the same.
    Constant(Span),
    /// Evenly between two lengths, in nanoseconds.
    Uniform {
        /// The shortest.
        low: f64,
        /// The longest.
        high: f64,
    },
    /// Memoryless.
    Exponential {
        /// Mean in nanoseconds.
        mean: f64,
    },
    /// The logarithm is normal.
    LogNormal {
        /// Mean of the logarithm of nanoseconds.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Gamma.
    Gamma {
        /// The ready sampler, in nanoseconds.
        sampler: rand_distr::Gamma<f64>,
        /// Shape, a pure number.
        shape: f64,
        /// Scale in nanoseconds.
        scale: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape, a pure number.
        shape: f64,
        /// Scale in nanoseconds.
        scale: f64,
    },
}

/// Why parameters make no distribution, as half a sentence.
pub type Impossible = String;

/// A quantile: the share of draws at or below, and the seconds there.
pub type Quantile = (f64, f64);

const NS: f64 = 1e9;

fn positive(name: &str, value: f64) -> Result<(), Impossible> {
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

/// The standard normal's quantile.
fn normal_quantile(p: f64) -> f64 {
    statrs::distribution::Normal::standard().inverse_cdf(p)
}

/// The root of an increasing `f` between `low` and `high`, by bisection on the logarithm.
fn bisect(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> Option<f64> {
    if f(low) > 0.0 || f(high) < 0.0 {
        return None;
    }
    for _ in 0..200 {
        let middle = (low * high).sqrt();
        *(if f(middle) < 0.0 { &mut low } else { &mut high }) = middle;
    }
    Some((low * high).sqrt())
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
        Law::uniform(a.1 - slope * a.0, a.1 + slope * (1.0 - a.0))
            .map_err(|_| "a uniform law through these quantiles starts below zero".into())
    }

    /// Lognormal by mean in seconds and coefficient of variation.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Law, Impossible> {
        positive("mean", mean)?;
        positive("cv", cv)?;
        let variance = (1.0 + cv * cv).ln();
        Ok(Law::LogNormal {
            mu: (mean * NS).ln() - variance / 2.0,
            sigma: variance.sqrt(),
        })
    }

    /// Lognormal through two quantiles.
    pub fn lognormal_through(a: Quantile, b: Quantile) -> Result<Law, Impossible> {
        let (a, b) = ascending(a, b)?;
        let (za, zb) = (normal_quantile(a.0), normal_quantile(b.0));
        let sigma = (b.1 / a.1).ln() / (zb - za);
        Ok(Law::LogNormal {
            mu: (a.1 * NS).ln() - sigma * za,
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

    /// One draw.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> Span {
        Span(match self {
            Law::Never => return Span::ENDLESS,
            Law::Constant(span) => return *span,
            Law::Uniform { low, high } => low + (high - low) * stream.random::<f64>(),
            Law::Exponential { mean } => mean * exponential(stream),
            Law::LogNormal { mu, sigma } => (mu + sigma * normal(stream)).exp(),
            Law::Gamma { sampler, .. } => sampler.sample(stream),
            Law::Weibull { shape, scale } => scale * exponential(stream).powf(1.0 / shape),
        } as u64)
    }

    /// The mean in seconds; infinite for `Never`.
    pub fn mean(&self) -> f64 {
        match self {
            Law::Never => f64::INFINITY,
            Law::Constant(span) => span.as_secs_f64(),
            Law::Uniform { low, high } => (low + high) / 2.0 / NS,
            Law::Exponential { mean } => mean / NS,
            Law::LogNormal { mu, sigma } => (mu + sigma * sigma / 2.0).exp() / NS,
            Law::Gamma { shape, scale, .. } => shape * scale / NS,
            Law::Weibull { shape, scale } => scale / NS * ln_gamma(1.0 + 1.0 / shape).exp(),
        }
    }

    /// The seconds that a share `p` (0 < p < 1) of draws stays under; infinite for `Never`.
    pub fn quantile(&self, p: f64) -> f64 {
        match self {
            Law::Never => f64::INFINITY,
            Law::Constant(span) => span.as_secs_f64(),
            Law::Uniform { low, high } => (low + (high - low) * p) / NS,
            Law::Exponential { mean } => -mean / NS * (-p).ln_1p(),
            Law::LogNormal { mu, sigma } => (mu + sigma * normal_quantile(p)).exp() / NS,
            Law::Gamma { shape, scale, .. } => {
                let unit = statrs::distribution::Gamma::new(*shape, 1.0);
                unit.map_or(f64::NAN, |law| law.inverse_cdf(p)) * scale / NS
            }
            Law::Weibull { shape, scale } => scale / NS * (-(-p).ln_1p()).powf(1.0 / shape),
        }
    }
}

/// A standard exponential draw (ziggurat).
#[inline]
pub fn exponential(stream: &mut Stream) -> f64 {
    Exp1.sample(stream)
}

/// A standard normal draw (ziggurat).
#[inline]
pub fn normal(stream: &mut Stream) -> f64 {
    StandardNormal.sample(stream)
}

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
}

impl CountLaw {
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

    /// One draw, at least 1.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> u32 {
        match self {
            CountLaw::Constant(count) => *count,
            CountLaw::Geometric {
                per_exponential, ..
            } => 1 + (exponential(stream) * per_exponential) as u32,
        }
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        match self {
            CountLaw::Constant(count) => f64::from(*count),
            CountLaw::Geometric { mean, .. } => *mean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population, Purpose};

    /// Mean and standard deviation of `n` draws in seconds.
    fn moments(law: &Law, n: u32) -> (f64, f64) {
        let draws = Population::new(7, 0, Kind::Customer).person(1, 0);
        let sample = |i| law.sample(&mut draws.at(Purpose::Think, i)).as_secs_f64();
        let mean = (0..n).map(sample).sum::<f64>() / f64::from(n);
        let square = (0..n).map(|i| (sample(i) - mean).powi(2)).sum::<f64>() / f64::from(n - 1);
        (mean, square.sqrt())
    }

    fn laws() -> Vec<(Law, f64)> {
        vec![
            (Law::exponential(60.0).unwrap(), 1.0),
            (Law::lognormal(60.0, 0.8).unwrap(), 0.8),
            (Law::gamma(60.0, 0.7).unwrap(), 0.7),
            (Law::gamma(60.0, 1.5).unwrap(), 1.5),
            (Law::weibull(60.0, 0.6).unwrap(), 0.6),
            (Law::weibull(60.0, 1.4).unwrap(), 1.4),
            (Law::uniform_by(60.0, 0.5).unwrap(), 0.5),
        ]
    }

    /// 3.9 standard errors (99.99 %) at 100,000 draws; the spread within 3 %.
    #[test]
    fn draws_have_the_mean_and_the_spread_asked_for() {
        for (law, cv) in laws() {
            assert!((law.mean() - 60.0).abs() < 1e-6, "{law:?}");
            let (mean, spread) = moments(&law, 100_000);
            assert!(
                (mean - 60.0).abs() < 3.9 * 60.0 * cv / 100_000f64.sqrt(),
                "{law:?} {mean}"
            );
            assert!((spread / 60.0 / cv - 1.0).abs() < 0.03, "{law:?} {spread}");
        }
    }

    /// The share of draws under each quantile, within 3.9 standard errors of a proportion.
    #[test]
    fn draws_fall_under_their_quantiles() {
        let draws = Population::new(7, 0, Kind::Customer).person(2, 0);
        for (law, _) in laws() {
            for p in [0.1, 0.5, 0.9] {
                let bound = law.quantile(p);
                let under = (0..50_000)
                    .filter(|i| law.sample(&mut draws.at(Purpose::Reply, *i)).as_secs_f64() < bound)
                    .count() as f64;
                let spread = (50_000.0 * p * (1.0 - p)).sqrt();
                assert!(
                    (under - 50_000.0 * p).abs() < 3.9 * spread,
                    "{law:?} {p} {under}"
                );
            }
        }
    }

    #[test]
    fn laws_go_through_their_two_quantiles() {
        let (a, b) = ((0.5, 40.0), (0.9, 100.0));
        for law in [
            Law::lognormal_through(a, b).unwrap(),
            Law::gamma_through(a, b).unwrap(),
            Law::weibull_through(b, a).unwrap(),
        ] {
            assert!((law.quantile(0.5) - 40.0).abs() < 1e-6, "{law:?}");
            assert!((law.quantile(0.9) - 100.0).abs() < 1e-6, "{law:?}");
        }
        let law = Law::uniform_through((0.25, 10.0), (0.75, 20.0)).unwrap();
        assert!((law.quantile(0.0) - 5.0).abs() < 1e-9 && (law.quantile(1.0) - 25.0).abs() < 1e-9);
        let law = Law::exponential_through((0.5, 40.0)).unwrap();
        assert!((law.quantile(0.5) - 40.0).abs() < 1e-9);
    }

    #[test]
    fn impossible_parameters_are_refused() {
        assert!(Law::exponential(0.0).is_err());
        assert!(Law::lognormal(60.0, -1.0).is_err());
        assert!(Law::uniform_by(60.0, 0.6).is_err());
        assert!(Law::uniform(20.0, 10.0).is_err());
        assert!(Law::lognormal_through((0.5, 100.0), (0.9, 40.0)).is_err());
        assert!(Law::uniform_through((0.5, 10.0), (0.9, 100.0)).is_err());
        assert!(CountLaw::geometric(0.5).is_err());
        assert!(CountLaw::constant(0).is_err());
    }

    /// Mean 5 within 3.9 standard errors; a share of 1/5 has one exchange, likewise.
    #[test]
    fn geometric_counts_start_at_one() {
        let law = CountLaw::geometric(5.0).unwrap();
        let draws = Population::new(7, 0, Kind::Customer).person(3, 0);
        let counts: Vec<u32> = (0..100_000)
            .map(|i| law.sample(&mut draws.at(Purpose::Exchanges, i)))
            .collect();
        let mean = counts.iter().map(|c| f64::from(*c)).sum::<f64>() / 1e5;
        assert!(
            (mean - 5.0).abs() < 3.9 * 20f64.sqrt() / 1e5f64.sqrt(),
            "{mean}"
        );
        let ones = counts.iter().filter(|c| **c == 1).count() as f64;
        assert!((ones - 2e4).abs() < 3.9 * (1e5f64 * 0.16).sqrt(), "{ones}");
    }
}
