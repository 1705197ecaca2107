//! Owns `slow_down`: how much longer composing takes with more chats.
//!
//! Law: a number is a slope, a list has one factor a level; both become a list.

use serde_json::{Value as Json, json};

use crate::scenario::document::{Node, Value};
use crate::scenario::form::{Form, List, Number, wrong_kind};
use crate::scenario::problem::Problems;

/// A slow-down by chats held.
pub enum Slowing {
    /// So much for each chat beyond the first.
    Linear(f64),
    /// One factor a level.
    Levels(Vec<f64>),
}

impl Slowing {
    /// f(1), f(2), ... up to K, or to where nothing changes any more.
    pub fn factors(&self, concurrency: u64) -> Vec<f64> {
        match self {
            Slowing::Linear(0.0) => vec![1.0],
            Slowing::Linear(step) => (0..concurrency).map(|n| 1.0 + step * n as f64).collect(),
            Slowing::Levels(factors) => factors.clone(),
        }
    }
}

/// The form of a slow-down: a number or a list.
pub struct SlowDown;

const STEP: Number = Number::up_to(100.0, "0.05");
const FACTORS: List<Number> = List {
    of: Number::above_zero(1_000.0, "1.0"),
    may_be_empty: false,
};

impl Form for SlowDown {
    type Out = Slowing;

    fn says(&self) -> String {
        "a number, or a list with one factor a level".into()
    }

    fn example(&self) -> String {
        "0.05".into()
    }

    fn schema(&self) -> Json {
        json!({ "anyOf": [STEP.schema(), FACTORS.schema()] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Slowing> {
        match &node.value {
            Value::Number { .. } => STEP.read(key, node, problems).map(Slowing::Linear),
            Value::List(_) => {
                let factors = FACTORS.read(key, node, problems)?;
                Some(Slowing::Levels(
                    factors.into_iter().map(|factor| factor.value).collect(),
                ))
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}
