//! Owns `Sweep`: live runs of a scenario with one key at several values.
//!
//! Law: customers and their draws are the same at each value, and so is what is simulated beside
//! each run, so that two rows differ by the key and by the server alone.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::probe::Load;
use crate::live::Outcome;
use crate::measure::result::{Measure, Verdict};
use crate::scenario::plan::Plan;

/// The most values of a sweep.
pub const VALUES_MOST: usize = 1_000;

/// A key, and the values that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Vary {
    /// As `--set` names it.
    pub key: String,
    /// In the order in which they are played, each once.
    pub values: Vec<f64>,
}

/// What live runs at several values found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sweep {
    /// The scenario's key.
    pub key: String,
    /// A run a value, in order.
    pub points: Vec<Point>,
}

/// A live run at one value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The key's value.
    pub value: f64,
    /// The seed of its draws.
    pub seed: u64,
    /// Whether it was valid, and what broke it.
    pub verdict: Verdict,
    /// What was asked of the server; null where the run did not begin, or did not get to its end.
    pub load: Option<Load>,
    /// By name, as in the result of a run.
    pub measures: IndexMap<String, Measure>,
    /// Of the same people, simulated: nothing takes time but what people do. Empty where the run
    /// cannot be held against a simulation.
    pub predicted: IndexMap<String, Measure>,
    /// Why nothing is predicted; empty where it is.
    pub not_predicted: Vec<String>,
    /// Wall seconds it took.
    pub took_s: f64,
}

impl Point {
    /// A run that was played.
    pub fn played(value: f64, plan: &Plan, outcome: &Outcome) -> Point {
        let result = &outcome.result;
        let found = result.attribution.clone().unwrap_or_default();
        let predicted = found.measures.into_iter();
        Point {
            value,
            seed: plan.seed,
            verdict: result.verdict.clone(),
            load: Load::of(plan, result, outcome.evidence.sent),
            measures: result.measures.clone(),
            predicted: predicted
                .map(|(name, parts)| (name, parts.predicted))
                .collect(),
            not_predicted: found.reasons,
            took_s: result.environment.duration_s,
        }
    }

    /// A run that failed before it began.
    pub fn failed(value: f64, plan: &Plan, words: String) -> Point {
        let failed = Some(words);
        Point::unplayed(
            value,
            plan,
            Verdict {
                failed,
                ..Verdict::default()
            },
        )
    }

    /// A run for which this machine, or the scenario, has no room.
    pub fn not_played(value: f64, plan: &Plan, words: String) -> Point {
        let verdict = Verdict {
            valid: Some(false),
            reasons: vec![words],
            ..Verdict::default()
        };
        Point::unplayed(value, plan, verdict)
    }

    /// Whether there was no room for it.
    pub fn is_not_played(&self) -> bool {
        self.verdict.failed.is_none() && self.measures.is_empty()
    }

    fn unplayed(value: f64, plan: &Plan, verdict: Verdict) -> Point {
        Point {
            value,
            seed: plan.seed,
            verdict,
            load: None,
            measures: IndexMap::new(),
            predicted: IndexMap::new(),
            not_predicted: Vec::new(),
            took_s: 0.0,
        }
    }
}

impl Vary {
    /// Reads `agents.concurrency=1..8`, `=1..8:2` or `=1,2,4`.
    ///
    /// # Errors
    /// What is wrong and what to write, in half a sentence.
    pub fn parse(text: &str) -> Result<Vary, String> {
        let (key, values) = text
            .split_once('=')
            .ok_or("KEY=VALUES is expected, as in agents.concurrency=1..8")?;
        let key = key.trim();
        if key.is_empty() {
            return Err("a key is expected before the `=`, as in agents.concurrency=1..8".into());
        }
        let values = match values.split_once("..") {
            Some((from, rest)) => range(from, rest)?,
            None => values.split(',').map(number).collect::<Result<_, _>>()?,
        };
        let twice = (1..values.len()).find(|index| values[..*index].contains(&values[*index]));
        if let Some(index) = twice {
            return Err(format!("the value {} stands there twice", values[index]));
        }
        let key = key.to_string();
        Ok(Vary { key, values })
    }

    /// What is changed for a value.
    pub fn change(&self, value: f64) -> String {
        format!("{}={value}", self.key)
    }
}

/// `1..8` or `1..8:2`, both ends included.
fn range(from: &str, rest: &str) -> Result<Vec<f64>, String> {
    let (until, step) = rest.split_once(':').unwrap_or((rest, "1"));
    let (from, until, step) = (number(from)?, number(until)?, number(step)?);
    if step <= 0.0 {
        return Err(format!("the step {step} is not above zero"));
    }
    if until < from {
        return Err(format!("{from}..{until} ends before it begins"));
    }
    let steps = ((until - from) / step * (1.0 + 1e-12)).floor();
    if steps >= VALUES_MOST as f64 {
        return Err(format!("there are more than {VALUES_MOST} values"));
    }
    // Twelve digits, lest 0.1 and two steps of 0.1 read 0.30000000000000004.
    let value = |index: u32| ((from + f64::from(index) * step) * 1e12).round() / 1e12;
    Ok((0..=steps as u32).map(value).collect())
}

fn number(text: &str) -> Result<f64, String> {
    let value = text
        .trim()
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite());
    value.ok_or_else(|| {
        format!(
            "`{}` is no number; write 1..8, 1..8:2 or 1,2,4",
            text.trim()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<f64> {
        Vary::parse(text).unwrap().values
    }

    #[test]
    fn ranges_lists_and_steps_are_read() {
        assert_eq!(values("k=1..4"), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(values("k=1..8:2"), [1.0, 3.0, 5.0, 7.0]);
        assert_eq!(values("k=4, 1,2"), [4.0, 1.0, 2.0]);
        assert_eq!(values("k=0.1..0.3:0.1"), [0.1, 0.2, 0.3]);
        assert_eq!(values("k=5..5"), [5.0]);
        assert_eq!(values("k=-2..-1"), [-2.0, -1.0]);
        let vary = Vary::parse(" agents.concurrency =3").unwrap();
        assert_eq!(vary.change(3.0), "agents.concurrency=3");
        assert_eq!(vary.change(0.25), "agents.concurrency=0.25");
    }

    #[test]
    fn what_is_none_says_what_to_write() {
        for (text, words) in [
            ("agents.concurrency", "KEY=VALUES"),
            ("=1..2", "before the `=`"),
            ("k=", "`` is no number"),
            ("k=one", "1..8, 1..8:2 or 1,2,4"),
            ("k=1..", "`` is no number"),
            ("k=2..1", "ends before it begins"),
            ("k=1..2:0", "not above zero"),
            ("k=0..1e9", "more than 1000 values"),
            ("k=1..inf", "`inf` is no number"),
            ("k=1,2,1", "1 stands there twice"),
        ] {
            let error = Vary::parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
