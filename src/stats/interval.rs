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
