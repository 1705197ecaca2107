//! Owns `run.precision`: how well measures have to be known before a simulation may stop.
//!
//! Law: only what has an interval can be waited for; a percentage is of the value, a bare number in
//! the measure's own unit.

use serde_json::{Value as Json, json};

use super::document::{At, Node, Value};
use super::form::{Form, Number, Phrase, Whole, wrong_kind};
use super::gates::Measure;
use super::plan;
use super::problem::{Fault, Problems};
use super::section::{self, Section};
use crate::measure::catalogue;
use crate::measure::result::RunKind;

/// `precision` as written.
pub struct Precision {
    /// What is to be known how well.
    pub bounds: Vec<At<plan::Precision>>,
    /// The most replications.
    pub at_most: u32,
}

/// How well one measure is to be known: a share of its value, and a floor in its unit.
#[derive(Clone, Copy)]
struct Bound {
    relative: f64,
    absolute: f64,
}

/// Reads `precision`.
pub fn ask(section: &mut Section) -> Precision {
    let at_most = section.or(
        "at_most",
        "The most replications that are made for it.",
        &Whole {
            least: 10,
            most: 1_000_000,
        },
        "10000",
    );
    let wanted = section.others(&Measure, &BoundForm);
    if !section.has_free_keys() {
        let help = "write for example `precision = { wait_s_mean = \"2%\" }`".to_string();
        let title = "`precision` names no measure";
        section.problem(section.place(), title, "of what?", Some(help));
    }
    let mut bounds = Vec::new();
    for (measure, bound) in wanted {
        if let Some((title, help)) = unfit(&measure.value) {
            section.problem(measure.place, title, "no interval to wait for", Some(help));
        }
        let place = measure.place;
        let value = plan::Precision {
            measure: measure.value,
            relative: bound.relative,
            absolute: bound.absolute,
        };
        bounds.push(At { value, place });
    }
    Precision {
        bounds,
        at_most: at_most.value as u32,
    }
}

/// Why a measure cannot be waited for, and what to do about it.
fn unfit(measure: &str) -> Option<(String, String)> {
    let entry = catalogue::find(measure)?;
    if !entry.applies_to(RunKind::Simulate, true) {
        let title = format!("`{measure}` is measured in live runs only");
        return Some((title, "precision is of simulations: take it out".into()));
    }
    let series = measure.strip_suffix("_max")?;
    let high = format!("{series}_p99");
    catalogue::find(&high)?;
    let title = format!("the greatest value has no interval: `{measure}`");
    Some((title, format!("write `{high}` or `{series}_mean`")))
}

/// A share of the value, as `2%`.
const RELATIVE: Phrase<f64> = Phrase {
    parse: percentage,
    says: "a percentage of the value",
    example: "2%",
    pattern: r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$",
};

const ABSOLUTE: Number = Number::above_zero(1e9, "0.5");

fn percentage(text: &str) -> Result<f64, Fault> {
    let number = text.trim().strip_suffix('%').map(str::trim_end);
    let digits = |n: &&str| n.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value: Option<f64> = number.filter(digits).and_then(|n| n.parse().ok());
    match value {
        Some(percent) if percent > 0.0 && percent <= 100.0 => Ok(percent / 100.0),
        _ => {
            let fault = Fault::new(0..text.len(), "above 0 % and at most 100 % is expected");
            Err(fault.with_help("write for example `\"2%\"`"))
        }
    }
}

/// The form of a bound: a percentage, a number, or a table with either or both.
struct BoundForm;

fn ask_bound(section: &mut Section) -> Option<Bound> {
    let relative = section.optional("relative", "A share of the measure's value.", &RELATIVE);
    let says = "In the measure's unit; whichever of both is wider will do.";
    let absolute = section.optional("absolute", says, &ABSOLUTE);
    let written = |key| section.key_place(key).is_some();
    if !written("relative") && !written("absolute") {
        let title = "this does not say how well the measure is to be known";
        let help = "write `{ relative = \"2%\", absolute = 0.5 }`, or one of both".to_string();
        let label = "neither `relative` nor `absolute`";
        section.problem(section.place(), title, label, Some(help));
    }
    Some(Bound {
        relative: relative.map_or(0.0, |share| share.value),
        absolute: absolute.map_or(0.0, |floor| floor.value),
    })
}

impl Form for BoundForm {
    type Out = Bound;

    fn says(&self) -> String {
        "a percentage, a number in the measure's unit, or a table with both".into()
    }

    fn example(&self) -> String {
        "\"2%\"".into()
    }

    fn schema(&self) -> Json {
        let mut both = section::describe(ask_bound);
        both["minProperties"] = json!(1);
        json!({ "anyOf": [RELATIVE.schema(), ABSOLUTE.schema(), both] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Bound> {
        match &node.value {
            Value::Text { .. } => RELATIVE.read(key, node, problems).map(|relative| Bound {
                relative,
                absolute: 0.0,
            }),
            Value::Number { .. } => ABSOLUTE.read(key, node, problems).map(|absolute| Bound {
                relative: 0.0,
                absolute,
            }),
            Value::Table(table) => {
                section::read(&format!("`{key}`"), table, node.place, problems, ask_bound)
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_shares() {
        assert_eq!(percentage("2%"), Ok(0.02));
        assert_eq!(percentage(" 2.5 % "), Ok(0.025));
        for wrong in ["2", "%", "-2%", "0%", "101%", "1e1%", "two%", ""] {
            assert!(percentage(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_has_an_interval_can_be_waited_for() {
        for fit in [
            "wait_s_mean",
            "queue_max",
            "abandoned_ratio",
            "service_level_45s",
        ] {
            assert_eq!(unfit(fit), None);
        }
        assert!(unfit("wait_s_max").unwrap().1.contains("`wait_s_p99`"));
        assert!(
            unfit("delivery_ms_p99")
                .unwrap()
                .0
                .contains("live runs only")
        );
        assert!(unfit("over_limit").is_some());
    }
}
