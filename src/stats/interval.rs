//! Owns `Estimate`: a value with its 95 % confidence interval over replications.
//!
//! Law: under two replications there is no interval. Replications are independent, so Student's t
//! serves; ratios are sums over sums, so the jackknife does.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// A value and its 95 % confidence interval; `None` where there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The point estimate; `None` without samples.
    pub value: Option<f64>,
    /// Lower and upper end of the interval.
    pub ends: Option<(f64, f64)>,
}

impl Estimate {
    /// No samples.
    pub const NONE: Estimate = Estimate {
        value: None,
        ends: None,
    };

    /// A value without an interval.
    pub fn point(value: f64) -> Estimate {
        Estimate {
            value: Some(value),
            ends: None,
        }
    }

    fn around(value: f64, half: f64) -> Estimate {
        Estimate {
            value: Some(value),
            ends: Some((value - half, value + half)),
        }
    }

    /// The mean of one figure a replication.
    pub fn of_mean(figures: &[f64]) -> Estimate {
        let n = figures.len() as f64;
        if figures.is_empty() {
            return Estimate::NONE;
        }
        let mean = figures.iter().sum::<f64>() / n;
        if figures.len() < 2 {
            return Estimate::point(mean);
        }
        let square = figures.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Estimate::around(mean, student(figures.len() - 1) * (square / n).sqrt())
    }

    /// The ratio of two sums over replications, with the jackknife interval (Quenouille 1956,
    /// Tukey 1958): the value is the plain ratio, the spread that of the pseudo-values.
    pub fn of_ratio(above: &[f64], below: &[f64]) -> Estimate {
        let (a, b) = (above.iter().sum::<f64>(), below.iter().sum::<f64>());
        if b == 0.0 {
            return Estimate::NONE;
        }
        let (ratio, n) = (a / b, above.len() as f64);
        let without = |(x, y): (&f64, &f64)| if b > *y { (a - x) / (b - y) } else { ratio };
        let pairs = || above.iter().zip(below);
        if pairs().filter(|(_, y)| **y > 0.0).count() < 2 {
            return Estimate::point(ratio);
        }
        let mean = pairs().map(without).sum::<f64>() / n;
        let square = pairs()
            .map(|pair| (without(pair) - mean).powi(2))
            .sum::<f64>();
        Estimate::around(
            ratio,
            student(above.len() - 1) * (square * (n - 1.0) / n).sqrt(),
        )
    }

    /// The difference of two ratios of sums over blocks of time, the first less the other, where the
    /// blocks of both are of the same people: the spread is that of the paired blocks' parts in it
    /// (batch means; the ratios taken as linear). What neighbouring blocks still have in common widens
    /// it: their covariance is counted twice, as for a mean over a stretch of time.
    pub fn of_paired_ratios(pairs: &[[(f64, f64); 2]]) -> Estimate {
        let sum = |which: usize| {
            let parts = pairs.iter().map(|pair| pair[which]);
            parts.fold((0.0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
        };
        let sums = [sum(0), sum(1)];
        if sums.iter().any(|(_, below)| *below == 0.0) {
            return Estimate::NONE;
        }
        let ratios = sums.map(|(above, below)| above / below);
        let difference = ratios[0] - ratios[1];
        if pairs.len() < 2 {
            return Estimate::point(difference);
        }
        let n = pairs.len() as f64;
        let part = |pair: &[(f64, f64); 2]| {
            let of = |which: usize| {
                let (above, below) = pair[which];
                (above - ratios[which] * below) / sums[which].1
            };
            n * (of(0) - of(1))
        };
        let parts: Vec<f64> = pairs.iter().map(part).collect();
        let square = parts.iter().map(|part| part * part).sum::<f64>();
        let shared = parts.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>();
        let variance = (square + 2.0 * shared.max(0.0)) / (n - 1.0) / n;
        Estimate::around(difference, student(pairs.len() - 1) * variance.sqrt())
    }

    /// A pooled figure with the interval by sectioning (Asmussen and Glynn 2007, section III.5):
    /// the same figure of each replication, spread around the pooled one.
    pub fn of_sections(pooled: f64, sections: &[f64]) -> Estimate {
        if sections.len() < 2 {
            return Estimate::point(pooled);
        }
        let n = sections.len() as f64;
        let square = sections.iter().map(|x| (x - pooled).powi(2)).sum::<f64>() / (n - 1.0);
        Estimate::around(pooled, student(sections.len() - 1) * (square / n).sqrt())
    }

    /// Half the width of the interval.
    pub fn half_width(&self) -> Option<f64> {
        self.ends.map(|(low, high)| (high - low) / 2.0)
    }
}

/// Student's two-sided 95 % quantile.
pub fn student(degrees: usize) -> f64 {
    StudentsT::new(0.0, 1.0, degrees.max(1) as f64).map_or(1.96, |law| law.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_have_students_interval() {
        let estimate = Estimate::of_mean(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(estimate.value, Some(3.0));
        // t(4) = 2.776, s = 1.5811, half = 1.9632
        assert!((estimate.half_width().unwrap() - 1.9632).abs() < 1e-3);
        assert_eq!(Estimate::of_mean(&[2.0]), Estimate::point(2.0));
        assert_eq!(Estimate::of_mean(&[]), Estimate::NONE);
    }

    /// With equal weights below, the interval of paired ratios is that of the mean difference; blocks
    /// that follow their neighbours have a wider one.
    #[test]
    fn paired_ratios_of_equal_weights_are_the_mean_difference() {
        let pair = |(above, other): (f64, f64)| [(above, 2.0), (other, 2.0)];
        let (ours, theirs) = ([5.0, 1.0, 9.0, 2.0, 8.0], [4.0, 3.0, 5.0, 2.0, 7.0]);
        let both = || ours.into_iter().zip(theirs);
        let pairs: Vec<_> = both().map(pair).collect();
        let differences: Vec<f64> = both().map(|(a, b)| (a - b) / 2.0).collect();
        let (paired, mean) = (
            Estimate::of_paired_ratios(&pairs),
            Estimate::of_mean(&differences),
        );
        assert!((paired.value.unwrap() - mean.value.unwrap()).abs() < 1e-12);
        assert!((paired.half_width().unwrap() - mean.half_width().unwrap()).abs() < 1e-12);
        let rising: Vec<_> = (0..8).map(|i| pair((f64::from(i), 0.0))).collect();
        let mixed: Vec<_> = [0, 7, 1, 6, 2, 5, 3, 4].map(|i| rising[i]).to_vec();
        let half = |pairs: &[_]| Estimate::of_paired_ratios(pairs).half_width().unwrap();
        assert!(half(&rising) > 1.4 * half(&mixed));
        assert_eq!(
            Estimate::of_paired_ratios(&[[(1.0, 0.0), (1.0, 1.0)]]),
            Estimate::NONE
        );
        let alone = Estimate::of_paired_ratios(&[[(3.0, 1.0), (1.0, 1.0)]]);
        assert_eq!(alone, Estimate::point(2.0));
    }

    /// With equal weights below, the jackknife of a ratio is the interval of a mean.
    #[test]
    fn the_jackknife_of_equal_weights_is_the_mean() {
        let above = [1.0, 4.0, 2.0, 8.0];
        let (mean, ratio) = (
            Estimate::of_mean(&above),
            Estimate::of_ratio(&above, &[1.0; 4]),
        );
        assert!((mean.value.unwrap() - ratio.value.unwrap()).abs() < 1e-12);
        assert!((mean.half_width().unwrap() - ratio.half_width().unwrap()).abs() < 1e-9);
        assert_eq!(Estimate::of_ratio(&[0.0, 0.0], &[0.0, 0.0]), Estimate::NONE);
        assert_eq!(
            Estimate::of_ratio(&[1.0, 0.0], &[4.0, 0.0]),
            Estimate::point(0.25)
        );
    }
}
