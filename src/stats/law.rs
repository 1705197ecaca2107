//! Owns `Law`: the distribution of a length of time.
//!
//! Law: a distribution that was built can be sampled; impossible parameters never get this far.
//! A closed enum, because a `match` is cheaper than a call through a table; the laws that are used
//! seldom stand behind one arm of it.

mod build;
mod count;
mod phases;
mod size;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rand::RngExt;
use rand_distr::Distribution;
use statrs::distribution::ContinuousCDF;
use statrs::function::gamma::ln_gamma;

pub use count::CountLaw;
pub use phases::Phases;
pub use size::SizeLaw;

use build::positive;

use super::exp::{STEPS, power};
use super::ziggurat::{exponential, normal};
use crate::random::Stream;
use crate::time::Span;

/// The distribution of a length of time.
#[derive(Clone, Debug, PartialEq)]
#[repr(u8)]
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
    /// The logarithm is normal. It is kept in the steps of `stats::exp`, 64 to a doubling.
    LogNormal {
        /// Mean of the logarithm of nanoseconds, in steps.
        mu: f64,
        /// Standard deviation of the logarithm, in steps.
        sigma: f64,
    },
    /// Gamma; with a whole shape, Erlang.
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
    /// Triangular, in nanoseconds.
    Triangular {
        /// The shortest.
        low: f64,
        /// The likeliest.
        mode: f64,
        /// The longest.
        high: f64,
    },
    /// Hyperexponential: one of several exponentials, by lot.
    Hyperexponential(Phases),
    /// Recorded lengths, ascending, in nanoseconds: each is drawn as often as any other, and
    /// nothing between them.
    Empirical(Arc<[u64]>),
    /// A law whose draws are whole grains.
    Grained {
        /// What is drawn.
        law: Box<Law>,
        /// What it is rounded to.
        grain: Span,
    },
}

/// Why parameters make no distribution, as half a sentence.
pub type Impossible = String;

/// A quantile: the share of draws at or below, and the seconds there.
pub type Quantile = (f64, f64);

const NS: f64 = 1e9;

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
    /// The same law with every draw rounded to whole grains; `Never` stays as it is.
    pub fn in_grains(self, grain: Span) -> Law {
        match self {
            law if grain.0 <= 1 => law,
            Law::Never => Law::Never,
            Law::Constant(span) => Law::Constant(span.in_grains(grain)),
            law => Law::Grained {
                law: Box::new(law),
                grain,
            },
        }
    }

    /// One draw; at most 292 years.
    #[inline(always)]
    pub fn sample(&self, stream: &mut Stream) -> Span {
        match self {
            Law::LogNormal { mu, sigma } => nanoseconds(power(mu + sigma * normal(stream))),
            Law::Exponential { mean } => nanoseconds(mean * exponential(stream)),
            other => other.sample_other(stream),
        }
    }

    /// One draw of the laws that are not part of whoever draws.
    #[inline(never)]
    fn sample_other(&self, stream: &mut Stream) -> Span {
        nanoseconds(match self {
            Law::Never => return Span::ENDLESS,
            Law::Constant(span) => return *span,
            Law::Uniform { low, high } => low + (high - low) * stream.random::<f64>(),
            Law::Gamma { sampler, .. } => sampler.sample(stream),
            Law::Weibull { shape, scale } => scale * exponential(stream).powf(1.0 / shape),
            Law::Triangular { low, mode, high } => triangular(*low, *mode, *high, stream.random()),
            Law::Hyperexponential(phases) => phases.sample(stream),
            Law::Empirical(lengths) => {
                return Span(lengths[(stream.random::<f64>() * lengths.len() as f64) as usize]);
            }
            Law::Grained { law, grain } => return law.sample(stream).in_grains(*grain),
            Law::LogNormal { .. } | Law::Exponential { .. } => return self.sample(stream),
        })
    }

    /// The mean in seconds; infinite for `Never`, and to half a grain where draws are rounded.
    pub fn mean(&self) -> f64 {
        match self {
            Law::Never => f64::INFINITY,
            Law::Constant(span) => span.as_secs_f64(),
            Law::Uniform { low, high } => (low + high) / 2.0 / NS,
            Law::Exponential { mean } => mean / NS,
            Law::LogNormal { mu, sigma } => power(mu + sigma * sigma / STEPS / 2.0) / NS,
            Law::Gamma { shape, scale, .. } => shape * scale / NS,
            Law::Weibull { shape, scale } => scale / NS * ln_gamma(1.0 + 1.0 / shape).exp(),
            Law::Triangular { low, mode, high } => (low + mode + high) / 3.0 / NS,
            Law::Hyperexponential(phases) => phases.mean() / NS,
            Law::Empirical(lengths) => {
                let sum: f64 = lengths.iter().map(|length| *length as f64).sum();
                sum / lengths.len() as f64 / NS
            }
            Law::Grained { law, .. } => law.mean(),
        }
    }

    /// The seconds that a share `p` (0 < p < 1) of draws stays under; infinite for `Never`.
    pub fn quantile(&self, p: f64) -> f64 {
        match self {
            Law::Never => f64::INFINITY,
            Law::Constant(span) => span.as_secs_f64(),
            Law::Uniform { low, high } => (low + (high - low) * p) / NS,
            Law::Exponential { mean } => -mean / NS * (-p).ln_1p(),
            Law::LogNormal { mu, sigma } => power(mu + sigma * normal_quantile(p)) / NS,
            Law::Gamma { shape, scale, .. } => {
                let unit = statrs::distribution::Gamma::new(*shape, 1.0);
                unit.map_or(f64::NAN, |law| law.inverse_cdf(p)) * scale / NS
            }
            Law::Weibull { shape, scale } => scale / NS * (-(-p).ln_1p()).powf(1.0 / shape),
            Law::Triangular { low, mode, high } => triangular(*low, *mode, *high, p) / NS,
            Law::Hyperexponential(phases) => phases.quantile(p) / NS,
            Law::Empirical(lengths) => {
                let rank = (p * lengths.len() as f64).ceil() as usize;
                lengths[rank.clamp(1, lengths.len()) - 1] as f64 / NS
            }
            Law::Grained { law, grain } => Span::from_secs_f64(law.quantile(p))
                .in_grains(*grain)
                .as_secs_f64(),
        }
    }

    /// The seconds that no draw is longer than; infinite where there is no such bound.
    pub fn longest(&self) -> f64 {
        match self {
            Law::Constant(span) => span.as_secs_f64(),
            Law::Uniform { high, .. } | Law::Triangular { high, .. } => high / NS,
            Law::Empirical(lengths) => lengths.last().map_or(0.0, |most| *most as f64 / NS),
            Law::Grained { law, grain } => {
                let longest = Span::from_secs_f64(law.longest());
                longest.in_grains(*grain).as_secs_f64()
            }
            Law::Never
            | Law::Exponential { .. }
            | Law::LogNormal { .. }
            | Law::Gamma { .. }
            | Law::Weibull { .. }
            | Law::Hyperexponential(_) => f64::INFINITY,
        }
    }

    /// The share of draws that are longer than so many seconds, by bisection of the quantile: to
    /// within 1e-9, or an atom of the law.
    pub fn share_above(&self, secs: f64) -> f64 {
        let (mut under, mut above) = (0.0, 1.0);
        for _ in 0..30 {
            let middle = (under + above) / 2.0;
            *(if self.quantile(middle) > secs {
                &mut above
            } else {
                &mut under
            }) = middle;
        }
        1.0 - (under + above) / 2.0
    }
}

/// The quantile of a triangular law, which is also how it is drawn.
fn triangular(low: f64, mode: f64, high: f64, p: f64) -> f64 {
    let (width, rise) = (high - low, mode - low);
    if p * width < rise {
        low + (p * width * rise).sqrt()
    } else {
        high - ((1.0 - p) * width * (high - mode)).sqrt()
    }
}

/// So many whole nanoseconds; the signed conversion is the cheaper one.
#[inline]
fn nanoseconds(value: f64) -> Span {
    Span(value as i64 as u64)
}
