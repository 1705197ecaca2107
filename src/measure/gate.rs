//! Owns `Gate`: a bound on a measure, and the judge that holds a run against it.
//!
//! Law: a gate without samples fails; what this kind of run cannot have is not applicable and
//! fails nothing.

use serde::{Deserialize, Serialize};

use super::result::Measure;

/// A bound on a measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// The measure's name, one of the catalogue.
    pub measure: String,
    /// How value and bound compare.
    pub relation: Relation,
    /// The bound, in the measure's unit.
    pub bound: f64,
    /// Whether nobody asked for it: a server must not do what it bounds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub implied: bool,
}

impl Gate {
    /// What must not happen, whether or not somebody asks for a gate on it.
    pub fn none_of(measure: &str) -> Gate {
        Gate {
            measure: measure.into(),
            relation: Relation::AtMost,
            bound: 0.0,
            implied: true,
        }
    }
}

/// How a value must compare with its bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Less than.
    #[serde(rename = "<")]
    Below,
    /// Less or equal.
    #[serde(rename = "<=")]
    AtMost,
    /// Greater than.
    #[serde(rename = ">")]
    Above,
    /// Greater or equal.
    #[serde(rename = ">=")]
    AtLeast,
}

/// Whether simulated measures are judged with their interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// Pass if the worse end passes, fail if the better end fails, else undecided.
    Interval,
    /// The value alone.
    Point,
}

/// What became of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The bound is kept.
    Pass,
    /// The bound is not kept, or there are no samples.
    Fail,
    /// The interval straddles the bound: counted as a failure.
    Undecided,
    /// This kind of run cannot have the measure.
    NotApplicable,
    /// The run is INVALID or was interrupted: no gate passes.
    NotJudged,
}

/// A gate with what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The gate.
    #[serde(flatten)]
    pub gate: Gate,
    /// The measure it was held against, where there is one.
    pub measured: Option<Measure>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Relation {
    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Relation::Below => "<",
            Relation::AtMost => "<=",
            Relation::Above => ">",
            Relation::AtLeast => ">=",
        }
    }

    /// Whether `value` keeps the bound.
    pub fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Relation::Below => value < bound,
            Relation::AtMost => value <= bound,
            Relation::Above => value > bound,
            Relation::AtLeast => value >= bound,
        }
    }

    /// Whether every value from `low` to `high` keeps the bound, or none; `None` where it tells
    /// them apart.
    pub fn settled(self, (low, high): (f64, f64), bound: f64) -> Option<bool> {
        let (worse, better) = self.ends(low, high);
        match (self.holds(worse, bound), self.holds(better, bound)) {
            (false, true) => None,
            (_, better) => Some(better),
        }
    }

    /// The worse and the better end of an interval.
    fn ends(self, low: f64, high: f64) -> (f64, f64) {
        match self {
            Relation::Below | Relation::AtMost => (high, low),
            Relation::Above | Relation::AtLeast => (low, high),
        }
    }
}

impl Gate {
    /// Holds a measure against the gate, if it `applies` to the run: if the run can have the
    /// measure.
    pub fn judge(&self, measure: Option<&Measure>, judge: Judge, applies: bool) -> Judgement {
        let outcome = match measure {
            _ if !applies => Outcome::NotApplicable,
            Some(Measure {
                value: Some(value),
                low,
                high,
                ..
            }) => self.outcome(*value, low.zip(*high).filter(|_| judge == Judge::Interval)),
            _ => Outcome::Fail,
        };
        Judgement {
            gate: self.clone(),
            measured: measure.copied(),
            outcome,
        }
    }

    fn outcome(&self, value: f64, interval: Option<(f64, f64)>) -> Outcome {
        let (low, high) = interval.unwrap_or((value, value));
        let (worse, better) = self.relation.ends(low, high);
        if self.relation.holds(worse, self.bound) {
            Outcome::Pass
        } else if self.relation.holds(better, self.bound) {
            Outcome::Undecided
        } else {
            Outcome::Fail
        }
    }
}

impl Outcome {
    /// Whether the run fails by it.
    pub fn fails(self) -> bool {
        matches!(
            self,
            Outcome::Fail | Outcome::Undecided | Outcome::NotJudged
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(value: f64, ends: Option<(f64, f64)>, judge: Judge) -> Outcome {
        let (low, high) = ends.unzip();
        let measure = Measure {
            value: Some(value),
            low,
            high,
            samples: 9,
        };
        let gate = Gate {
            measure: "wait_s_p95".into(),
            relation: Relation::Below,
            bound: 60.0,
            implied: false,
        };
        gate.judge(Some(&measure), judge, true).outcome
    }

    #[test]
    fn the_worse_end_decides() {
        assert_eq!(
            judged(50.0, Some((45.0, 55.0)), Judge::Interval),
            Outcome::Pass
        );
        assert_eq!(
            judged(58.0, Some((50.0, 66.0)), Judge::Interval),
            Outcome::Undecided
        );
        assert_eq!(
            judged(70.0, Some((65.0, 75.0)), Judge::Interval),
            Outcome::Fail
        );
        assert_eq!(
            judged(58.0, Some((50.0, 66.0)), Judge::Point),
            Outcome::Pass
        );
        assert_eq!(judged(60.0, None, Judge::Interval), Outcome::Fail);
    }

    #[test]
    fn bounds_beyond_what_can_be_measured_are_settled() {
        let share = |relation: Relation, bound| relation.settled((0.0, 1.0), bound);
        assert_eq!(share(Relation::Below, 5.0), Some(true));
        assert_eq!(share(Relation::Above, 90.0), Some(false));
        assert_eq!(share(Relation::AtLeast, 0.0), Some(true));
        assert_eq!(share(Relation::AtLeast, 1.0), None);
        assert_eq!(share(Relation::AtMost, 0.0), None);
        let time = |relation: Relation, bound| relation.settled((0.0, f64::INFINITY), bound);
        assert_eq!(time(Relation::Below, 0.0), Some(false));
        assert_eq!(time(Relation::Above, 1e9), None);
        assert_eq!(time(Relation::AtMost, 1e9), None);
    }

    #[test]
    fn a_gate_without_samples_fails_and_a_live_measure_does_not_apply() {
        let gate = |name: &str| Gate {
            measure: name.into(),
            relation: Relation::Below,
            bound: 1.0,
            implied: false,
        };
        let none = Measure {
            value: None,
            low: None,
            high: None,
            samples: 0,
        };
        let wait = gate("wait_s_p95").judge(Some(&none), Judge::Interval, true);
        assert_eq!(wait.outcome, Outcome::Fail);
        let live = gate("delivery_ms_p99").judge(None, Judge::Interval, false);
        assert_eq!(live.outcome, Outcome::NotApplicable);
        let missing = gate("delivery_ms_p99").judge(None, Judge::Interval, true);
        assert_eq!(missing.outcome, Outcome::Fail);
    }
}
