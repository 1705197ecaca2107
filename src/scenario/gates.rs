//! Owns `[gate]`: bounds on measures, as `wait_s_p95 = "< 60"`.
//!
//! Law: a gate names a measure of the catalogue; a bound on anything else could never be judged.
//! What it asks can be kept and can be missed; a bound that every run keeps guards nothing.

use serde_json::{Value as Json, json};

use super::document::{At, Node};
use super::form::{Form, Phrase};
use super::names::nearest;
use super::problem::{Fault, Problems};
use super::section::Section;
use crate::measure::catalogue::{self, SERVICE_LEVEL_FORMS};
use crate::measure::gate::{Gate, Relation};

/// Reads `[gate]`.
pub fn ask(section: &mut Section) -> Vec<At<Gate>> {
    let gates = section.map(
        "gate",
        "Bounds that the run has to keep, by the measure's name.",
        &Measure,
        &BOUND,
    );
    let gates = gates.map_or(Vec::new(), |gates| gates.value);
    let gate = |(measure, bound): (At<String>, At<(Relation, f64)>)| {
        check_range(section, &measure.value, &bound);
        let (relation, bound) = bound.value;
        measure.map(|measure| Gate {
            measure,
            relation,
            bound,
            implied: false,
        })
    };
    gates.into_iter().map(gate).collect()
}

/// Notes a bound that every value of its measure keeps, or none.
fn check_range(section: &mut Section, measure: &str, bound: &At<(Relation, f64)>) {
    let (relation, number) = bound.value;
    let (low, high) = catalogue::range(measure);
    let Some(kept) = relation.settled((low, high), number) else {
        return;
    };
    let label = match kept {
        true => "every run keeps this bound",
        false => "no run can keep this bound",
    };
    let symbol = relation.symbol();
    let (title, help) = if high.is_infinite() {
        let help = "write a bound above zero, or take the gate out".to_string();
        (format!("`{measure}` is never below zero"), help)
    } else if number > 1.0 && number <= 100.0 {
        let share = (number * 1e10).round() / 1e12;
        let help = format!("for {number} % write `{symbol} {share}`");
        (format!("`{measure}` goes from 0 to 1"), help)
    } else {
        let help = "write a bound between 0 and 1, as 0.9 for 90 %".to_string();
        (format!("`{measure}` goes from 0 to 1"), help)
    };
    section.problem(bound.place, title, label, Some(help));
}

/// A bound on a measure.
const BOUND: Phrase<(Relation, f64)> = Phrase {
    parse: bound,
    says: "a bound",
    example: "< 60",
    pattern: r"^\s*(<|<=|>|>=)\s*[0-9]+(\.[0-9]+)?\s*$",
};

fn bound(text: &str) -> Result<(Relation, f64), Fault> {
    let word = text.trim_start();
    let start = text.len() - word.len();
    let relations = [
        Relation::AtMost,
        Relation::AtLeast,
        Relation::Below,
        Relation::Above,
    ];
    let Some(relation) = relations.into_iter().find(|r| word.starts_with(r.symbol())) else {
        let fault = Fault::new(
            0..text.len(),
            "`<`, `<=`, `>` or `>=` and a number are expected",
        );
        return Err(fault.with_help("write for example `< 60`"));
    };
    let start = start + relation.symbol().len();
    let number = text[start..].trim();
    let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    match number.parse() {
        Ok(value) if digits => Ok((relation, value)),
        _ => {
            let fault = Fault::new(start..text.len(), "a plain number is expected here");
            Err(fault.with_help("the unit is in the measure's name; ratios go from 0 to 1"))
        }
    }
}

/// The name of a measure.
pub struct Measure;

impl Form for Measure {
    type Out = String;

    fn says(&self) -> String {
        "the name of a measure".into()
    }

    fn example(&self) -> String {
        "wait_s_p95".into()
    }

    fn schema(&self) -> Json {
        let forms = SERVICE_LEVEL_FORMS.join("|");
        let level = format!("^service_level_[0-9]+(ms|s|m|h)({forms})$");
        json!({ "anyOf": [{ "enum": catalogue::names() }, { "pattern": level }] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<String> {
        if catalogue::find(key).is_some() {
            return Some(key.to_string());
        }
        let names = catalogue::names();
        let help = match nearest(key, names.iter().map(String::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "a name such as `wait_s_p95` or `service_level_30s` is expected".into(),
        };
        let title = format!("`{key}` is no measure");
        problems.add(node.place, title, "no run measures this", Some(help));
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_a_relation_and_a_number() {
        assert_eq!(bound("< 60"), Ok((Relation::Below, 60.0)));
        assert_eq!(bound(" >=0.80 "), Ok((Relation::AtLeast, 0.8)));
        assert_eq!(bound("< 60s").unwrap_err().at, 1..5);
        assert!(bound("60").is_err() && bound("<").is_err() && bound("= 1").is_err());
        assert!(bound("< inf").is_err() && bound("< -1").is_err());
    }
}
