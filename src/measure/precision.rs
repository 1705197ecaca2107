//! Owns `Precise`: whether a measure is known as well as was asked.
//!
//! Law: a measure without an interval is not known at all, however many samples it has.

use serde::{Deserialize, Serialize};

use super::catalogue::STATISTICS;
use super::result::Measure;

/// How well a measure had to be known, and how well it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Precise {
    /// The measure's name.
    pub measure: String,
    /// The half-width of its 95 % interval had to be at most this share of its value,
    pub relative: f64,
    /// or at most this, in the measure's unit.
    pub absolute: f64,
    /// The greater of both, in the measure's unit; null without samples.
    pub wanted: Option<f64>,
    /// The half-width reached; null where there is no interval.
    pub half_width: Option<f64>,
    /// Whether it is at most what was wanted.
    pub reached: bool,
}

impl Precise {
    /// Holds a measure against what was asked of it.
    pub fn of(name: &str, relative: f64, absolute: f64, measure: Option<&Measure>) -> Precise {
        let value = measure.and_then(|measure| measure.value);
        let wanted = value.map(|value| (relative * value.abs()).max(absolute));
        let half_width = measure.and_then(Measure::half_width);
        // A share of zero is no width: what was never seen is not known to be zero.
        let unseen = value == Some(0.0) && absolute == 0.0 && !is_percentile(name);
        Precise {
            measure: name.into(),
            relative,
            absolute,
            wanted,
            half_width,
            reached: half_width
                .zip(wanted)
                .is_some_and(|(half, wanted)| half <= wanted && !unseen),
        }
    }

    /// Whether the measure has samples at all.
    pub fn has_samples(&self) -> bool {
        self.wanted.is_some()
    }
}

/// Whether a measure is a quantile, which may well be zero where many are.
fn is_percentile(name: &str) -> bool {
    STATISTICS.iter().any(|statistic| {
        statistic.starts_with('p')
            && name
                .strip_suffix(statistic)
                .is_some_and(|rest| rest.ends_with('_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(value: f64, half: Option<f64>) -> Precise {
        let measure = Measure {
            value: Some(value),
            low: half.map(|half| value - half),
            high: half.map(|half| value + half),
            samples: 3,
        };
        Precise::of("wait_s_mean", 0.02, 0.1, Some(&measure))
    }

    #[test]
    fn the_greater_of_share_and_floor_is_wanted() {
        assert_eq!(judged(50.0, Some(0.75)).wanted, Some(1.0));
        assert!(judged(50.0, Some(0.75)).reached && !judged(50.0, Some(1.25)).reached);
        assert_eq!(judged(1.0, Some(0.0625)).wanted, Some(0.1));
        assert!(judged(1.0, Some(0.0625)).reached && judged(-50.0, Some(0.5)).reached);
        assert!(!judged(50.0, None).reached && judged(50.0, None).has_samples());
    }

    #[test]
    fn a_share_of_zero_is_not_reached_but_by_percentiles() {
        let zero = Measure {
            value: Some(0.0),
            low: Some(0.0),
            high: Some(0.0),
            samples: 3,
        };
        let reached = |name, absolute| Precise::of(name, 0.05, absolute, Some(&zero)).reached;
        assert!(!reached("abandoned_ratio", 0.0) && reached("abandoned_ratio", 0.001));
        assert!(reached("wait_s_p50", 0.0));
    }

    #[test]
    fn nothing_is_reached_without_samples() {
        let none = Precise::of("wait_s_mean", 1.0, 1.0, Some(&Measure::NONE));
        assert!(!none.reached && !none.has_samples());
        assert!(!Precise::of("wait_s_mean", 1.0, 1.0, None).reached);
    }
}
