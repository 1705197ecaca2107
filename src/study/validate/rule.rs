//! Owns the rule by which an estimate agrees with theory.
//!
//! Law: an estimate agrees within 3.3 standard errors. Of twenty or more one may be farther off,
//! none by more than 4. With several hundred estimates, of some tens of replications each, a right
//! program would fail at about one in five sets of seeds, and fixed seeds are one set; a wrong one is
//! found. And an estimate has to be good enough to tell: half of its 95 % interval is 1 % of the
//! exact value, 5 % for what is rarer than one in twenty; what is rarer than 1 in 500 is left out.

use indexmap::IndexMap;
use serde::Serialize;

use super::observe::Seen;
use crate::stats::interval::student;

/// More standard errors than this are too many for all estimates but one.
pub const FAR: f64 = 3.3;
/// More standard errors than this are too many for any.
pub const TOO_FAR: f64 = 4.0;

/// One measure against theory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// Its name.
    pub measure: String,
    /// What theory says.
    pub exact: f64,
    /// What was found; none without samples.
    pub estimate: Option<f64>,
    /// Half of its 95 % interval.
    pub half_width: f64,
    /// How many standard errors it is off.
    pub z: f64,
    /// What `half_width` may be, over `exact`; none where precision is not asked for.
    pub wanted: Option<f64>,
    /// How that is judged.
    pub verdict: Verdict,
}

/// How an estimate is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As theory says.
    Agrees,
    /// Not known well enough to tell.
    Imprecise,
    /// Off by more than 3.3 standard errors.
    Far,
    /// Off by more than 4 standard errors, or not there at all.
    TooFar,
}

impl Held {
    /// Judges an estimate of so many replications.
    pub(super) fn new(
        measure: &str,
        exact: f64,
        seen: Option<&Seen>,
        replications: u32,
        wanted: Option<f64>,
    ) -> Held {
        let estimate = seen.map(|seen| seen.value);
        let half_width = seen.map_or(f64::INFINITY, |seen| seen.half_width);
        let off = estimate.map_or(f64::INFINITY, |value| value - exact);
        let z = if off == 0.0 {
            0.0
        } else {
            off / half_width * student(replications.saturating_sub(1) as usize)
        };
        let verdict = match z.abs() {
            _ if estimate.is_none() => Verdict::TooFar,
            z if z.is_nan() || z > TOO_FAR => Verdict::TooFar,
            z if z > FAR => Verdict::Far,
            _ if !is_precise(half_width, exact, wanted) => Verdict::Imprecise,
            _ => Verdict::Agrees,
        };
        Held {
            measure: measure.into(),
            exact,
            estimate,
            half_width,
            z,
            wanted,
            verdict,
        }
    }
}

/// Whether the interval is as narrow as wanted.
fn is_precise(half_width: f64, exact: f64, wanted: Option<f64>) -> bool {
    wanted.is_none_or(|share| half_width <= share * exact.abs())
}

/// The relative half-width that a measure has to reach; `None` for what is too rare to be held.
pub(super) fn wanted(measure: &str, exact: &IndexMap<String, f64>) -> Option<f64> {
    let of = |name: &str| exact.get(name).copied().unwrap_or(1.0);
    let is_share = measure.ends_with("_ratio") || measure.starts_with("service_level_");
    // The probability that a measure is, or that its mean is over.
    let chance = match measure {
        _ if is_share || measure == "above_1_2_mean" => of(measure),
        _ if measure.starts_with("wait_abandoned_s") => of("abandoned_queue_ratio"),
        _ if measure.starts_with("wait_") || measure == "queue_mean" => of("delayed_ratio"),
        _ if measure.starts_with("pending_abandoned_s") => of("unanswered_ratio"),
        _ => 1.0,
    };
    let is_mean = !is_percentile(measure) && measure != "variance";
    match chance {
        chance if chance < 0.002 => None,
        chance if chance >= 0.05 && is_mean => Some(0.01),
        _ => Some(0.05),
    }
}

/// Whether a measure is a percentile.
pub(super) fn is_percentile(measure: &str) -> bool {
    ["_p50", "_p90", "_p95", "_p99"]
        .iter()
        .any(|end| measure.ends_with(end))
}

/// What all estimates together come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Estimates held against theory.
    pub held: usize,
    /// Of them, off by more than 3.3 standard errors.
    pub far: usize,
    /// Of them, off by more than 4, or not there.
    pub too_far: usize,
    /// Not known well enough.
    pub imprecise: usize,
    /// Whether the rule is kept.
    pub passed: bool,
}

impl Ledger {
    /// Counts them.
    pub fn of<'a>(held: impl Iterator<Item = &'a Held>) -> Ledger {
        let mut ledger = Ledger::default();
        for estimate in held {
            ledger.held += 1;
            ledger.far += usize::from(matches!(estimate.verdict, Verdict::Far | Verdict::TooFar));
            ledger.too_far += usize::from(estimate.verdict == Verdict::TooFar);
            let Held {
                half_width,
                exact,
                wanted,
                ..
            } = *estimate;
            ledger.imprecise += usize::from(!is_precise(half_width, exact, wanted));
        }
        let may = usize::from(ledger.held >= 20);
        ledger.passed =
            ledger.held > 0 && ledger.far <= may && ledger.too_far == 0 && ledger.imprecise == 0;
        ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An estimate that is `z` standard errors off, with a half-width of so much of the exact 2.
    fn held(z: f64, width: f64) -> Held {
        let half_width = 2.0 * width;
        let seen = Seen {
            value: 2.0 + z * half_width / student(29),
            half_width,
        };
        Held::new("queue_mean", 2.0, Some(&seen), 30, Some(0.01))
    }

    #[test]
    fn estimates_are_judged_by_their_standard_error() {
        assert_eq!(held(3.2, 0.01).verdict, Verdict::Agrees);
        assert_eq!(held(-3.4, 0.01).verdict, Verdict::Far);
        assert_eq!(held(4.1, 0.01).verdict, Verdict::TooFar);
        assert_eq!(held(1.0, 0.02).verdict, Verdict::Imprecise);
        let none = Held::new("queue_mean", 2.0, None, 30, Some(0.01));
        assert_eq!(none.verdict, Verdict::TooFar);
        let certain = Seen {
            value: 0.0,
            half_width: 0.0,
        };
        let zero = Held::new("wait_s_p50", 0.0, Some(&certain), 30, Some(0.05));
        assert_eq!((zero.z, zero.verdict), (0.0, Verdict::Agrees));
        let wrong = Seen {
            value: 1.0,
            half_width: 0.0,
        };
        let wrong = Held::new("wait_s_p50", 0.0, Some(&wrong), 30, Some(0.05));
        assert_eq!(wrong.verdict, Verdict::TooFar);
    }

    #[test]
    fn one_of_twenty_may_be_far_and_none_too_far() {
        let passes = |near: usize, others: &[Held]| {
            let all = vec![held(0.5, 0.005); near];
            Ledger::of(all.iter().chain(others)).passed
        };
        assert!(passes(1, &[]) && !passes(0, &[]));
        assert!(passes(19, &[held(3.5, 0.01)]) && !passes(18, &[held(3.5, 0.01)]));
        assert!(!passes(40, &[held(3.5, 0.01), held(-3.5, 0.01)]));
        assert!(!passes(40, &[held(4.5, 0.01)]));
        assert!(!passes(40, &[held(0.0, 0.02)]));
        let any = Held {
            wanted: None,
            ..held(0.0, 0.02)
        };
        assert!(passes(40, &[any]));
    }

    #[test]
    fn what_is_rare_needs_less_precision() {
        let rows = [("delayed_ratio", 0.04), ("abandoned_queue_ratio", 0.001)];
        let exact = rows.map(|(name, value)| (name.to_string(), value)).into();
        assert_eq!(wanted("delayed_ratio", &exact), Some(0.05));
        assert_eq!(wanted("wait_s_mean", &exact), Some(0.05));
        assert_eq!(wanted("queue_mean", &exact), Some(0.05));
        assert_eq!(wanted("abandoned_queue_ratio", &exact), None);
        assert_eq!(wanted("wait_abandoned_s_mean", &exact), None);
        assert_eq!(wanted("first_response_s_mean", &exact), Some(0.01));
        assert_eq!(wanted("first_response_s_p90", &exact), Some(0.05));
    }
}
