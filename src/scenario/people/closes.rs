//! Owns `closes`: who closes a chat after the last reply.
//!
//! Law: it becomes the share of chats that the customer closes.

use serde_json::{Value as Json, json};

use crate::scenario::document::{Node, Value};
use crate::scenario::form::{Choice, Form, Number, wrong_kind};
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};

/// The form of who closes: a word, or a table with the customer's share.
pub struct Closes;

const WHO: Choice<f64> = Choice(&[("agent", 0.0), ("customer", 1.0)]);

fn ask(section: &mut Section) -> Option<f64> {
    let says = "The share of chats that the customer closes.";
    let share = section.required("customer", says, &Number::up_to(1.0, "0.3"));
    share.map(|share| share.value)
}

impl Form for Closes {
    type Out = f64;

    fn says(&self) -> String {
        "`agent`, `customer`, or a table with the customer's share".into()
    }

    fn example(&self) -> String {
        "{ customer = 0.3 }".into()
    }

    fn schema(&self) -> Json {
        json!({ "anyOf": [WHO.schema(), section::describe(ask)] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<f64> {
        match &node.value {
            Value::Text { .. } => WHO.read(key, node, problems),
            Value::Table(table) => {
                section::read(&format!("`{key}`"), table, node.place, problems, ask)
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}
