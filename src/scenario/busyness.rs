//! Owns `Busyness`: the factor by which a local date is busier or quieter than expected.
//!
//! Law: a factor depends on the seed, the replication and the date's number in the plan alone. Every
//! date's factor is Gamma with mean 1; dates in a row are tied by a Gaussian copula: their normal
//! scores are an autoregression of order 1, begun on the plan's first date from its stationary law,
//! so that no date is distributed otherwise than another, wherever the plan begins.

use rand_distr::{Distribution, StandardNormal};
use statrs::distribution::{ContinuousCDF, Gamma, Normal};

use super::plan::RateCurve;
use crate::random::{Kind, Population, Purpose, Stream};

/// The factors of the dates of one replication, asked for in order.
#[derive(Clone, Debug)]
pub struct Busyness {
    days: Population,
    cv: f64,
    correlation: f64,
    /// The number of the next date whose score is to be drawn.
    next: u32,
    /// The normal score of the date before it.
    score: f64,
    factor: f64,
}

/// Below this spread a Gamma of mean 1 is its third-order expansion around the normal to 1e-9, and
/// statrs would sum a million terms.
const NARROW: f64 = 1e-3;

impl Busyness {
    /// The factors of a replication.
    pub fn new(curve: &RateCurve, seed: u64, replication: u32) -> Busyness {
        Busyness {
            days: Population::new(seed, replication, Kind::Day),
            cv: curve.busyness_cv,
            correlation: curve.day_correlation,
            next: 0,
            score: 0.0,
            factor: 1.0,
        }
    }

    /// The factor of a date, by its number; never of one before the last.
    pub fn of(&mut self, day: u32) -> f64 {
        if self.cv <= 0.0 || day < self.next {
            return self.factor;
        }
        if self.correlation == 0.0 {
            self.next = day + 1;
            // Gamma of mean 1: shape 1 / cv^2, scale cv^2.
            self.factor = rand_distr::Gamma::new(self.cv.powi(-2), self.cv * self.cv)
                .map_or(1.0, |gamma| gamma.sample(&mut self.stream(day)));
            return self.factor;
        }
        while self.next <= day {
            self.score = self.score_of(self.next);
            self.next += 1;
        }
        self.factor = quantile(self.score, self.cv);
        self.factor
    }

    /// The normal score of the date after the last.
    fn score_of(&self, day: u32) -> f64 {
        let drawn: f64 = StandardNormal.sample(&mut self.stream(day));
        if day == 0 {
            return drawn;
        }
        let rest = (1.0 - self.correlation * self.correlation).sqrt();
        self.correlation * self.score + rest * drawn
    }

    fn stream(&self, day: u32) -> Stream {
        self.days.person(u64::from(day), 0).at(Purpose::Busyness, 0)
    }
}

/// The Gamma variate of mean 1 that a normal score stands for.
fn quantile(score: f64, cv: f64) -> f64 {
    if cv < NARROW {
        // Cornish and Fisher (1938): skewness is 2 cv.
        return 1.0 + cv * score + cv * cv * (score * score - 1.0) / 3.0;
    }
    let below = Normal::standard().cdf(score).clamp(1e-300, 1.0 - 1e-15);
    let shape = cv.powi(-2);
    Gamma::new(shape, shape).map_or(1.0, |gamma| gamma.inverse_cdf(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(cv: f64, correlation: f64, replication: u32, days: u32) -> Vec<f64> {
        let curve = RateCurve {
            pieces: Vec::new(),
            busyness_cv: cv,
            day_correlation: correlation,
        };
        let mut busyness = Busyness::new(&curve, 7, replication);
        (0..days).map(|day| busyness.of(day)).collect()
    }

    /// Over 4,000 replications of three dates: the mean of each is 1 and its variance cv^2 within
    /// 3.9 standard errors (99.99 %; a Gamma's kurtosis is 3 + 6 cv^2), by Gamma's own quantiles;
    /// the scores' correlation is r after one date and r^2 after two, within 3.9 / sqrt(4,000).
    #[test]
    fn dates_are_gamma_and_their_scores_an_autoregression() {
        let (n, cv, r) = (4_000, 0.3, 0.6);
        let rows: Vec<Vec<f64>> = (0..n).map(|rep| factors(cv, r, rep, 3)).collect();
        let gamma = Gamma::new(1.0 / (cv * cv), 1.0 / (cv * cv)).unwrap();
        let root = f64::from(n).sqrt();
        for day in 0..3 {
            let mean = rows.iter().map(|row| row[day]).sum::<f64>() / f64::from(n);
            assert!((mean - 1.0).abs() < 3.9 * cv / root, "{day}: {mean}");
            let square = rows.iter().map(|row| (row[day] - 1.0).powi(2)).sum::<f64>();
            let ratio = square / f64::from(n) / (cv * cv);
            let spread = (2.0 + 6.0 * cv * cv).sqrt() / root;
            assert!((ratio - 1.0).abs() < 3.9 * spread, "{day}: {ratio}");
            for p in [0.05, 0.5, 0.95] {
                let at = gamma.inverse_cdf(p);
                let below = rows.iter().filter(|row| row[day] <= at).count() as f64;
                let share = below / f64::from(n);
                assert!(
                    (share - p).abs() < 3.9 * (p * (1.0 - p)).sqrt() / root,
                    "{share}"
                );
            }
        }
        let normal = Normal::standard();
        let score = |row: &[f64], day: usize| normal.inverse_cdf(gamma.cdf(row[day]));
        let together = |a, b| {
            let products = rows.iter().map(|row| score(row, a) * score(row, b));
            products.sum::<f64>() / f64::from(n)
        };
        for (a, b, expected) in [(0, 1, r), (1, 2, r), (0, 2, r * r)] {
            let found = together(a, b);
            let spread = (1.0 + expected * expected).sqrt() / root;
            assert!((found - expected).abs() < 3.9 * spread, "{a} {b}: {found}");
        }
    }

    /// A date's factor is the same whichever dates were asked for before it.
    #[test]
    fn dates_may_be_skipped() {
        for correlation in [0.0, 0.6, -1.0] {
            let all = factors(0.2, correlation, 3, 6);
            let curve = RateCurve {
                pieces: Vec::new(),
                busyness_cv: 0.2,
                day_correlation: correlation,
            };
            let mut busyness = Busyness::new(&curve, 7, 3);
            assert_eq!(
                [2, 2, 5].map(|day| busyness.of(day)),
                [all[2], all[2], all[5]]
            );
        }
    }

    #[test]
    fn a_correlation_of_one_gives_every_date_the_same() {
        let all = factors(0.3, 1.0, 0, 4);
        assert!(all.iter().all(|factor| *factor == all[0]), "{all:?}");
    }

    /// The expansion for narrow spreads meets the quantile where it takes over.
    #[test]
    fn narrow_spreads_join_the_wide_ones() {
        for score in [-3.0, -0.5, 0.0, 2.0, 4.0] {
            let (below, above) = (quantile(score, NARROW * 0.999_999), quantile(score, NARROW));
            assert!((below - above).abs() < 2e-8, "{score}: {below} {above}");
        }
    }
}
