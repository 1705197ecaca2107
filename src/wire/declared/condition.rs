//! Owns `Condition`: what has to hold of a part of a hit.
//!
//! Law: a condition is met or not, and never an error: what a server leaves out is absent, and a
//! name that has no value yet is equal to nothing.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::aim::{Aim, Hit};
use super::pattern::Pattern;
use super::place::Place;
use super::pointer::{Pointer, as_text};
use super::template::{Template, Values};
use crate::scenario::problem::Fault;

/// What has to hold of a part of a hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Of which part; of any one that is there, where it has `*`.
    pub aim: Aim,
    /// What.
    pub test: Test,
}

/// What can hold of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// It is this value; numbers by their worth, 1 is 1.0.
    Equals(Value),
    /// It is one of these.
    In(Vec<Value>),
    /// It is there, and not null.
    Exists,
    /// It is not there, or null.
    Absent,
    /// It is a string, a number or a boolean that the pattern is found in.
    Matches(Pattern),
    /// As text it is this one.
    Same(Template),
    /// As text it is not this one, or it is not there: a message that is not mine.
    Differs(Template),
}

impl Condition {
    /// A condition of the part that `text` points to in the hits of `each`.
    ///
    /// # Errors
    /// It does not point; the fault says where.
    pub fn parse(text: &str, test: Test, each: Option<&Pointer>) -> Result<Condition, Fault> {
        let aim = Aim::parse(text, each)?;
        Ok(Condition { aim, test })
    }

    /// Whether it is met; `scratch` is room to write in.
    pub fn is_met(&self, hit: &Hit<'_>, values: &dyn Values, scratch: &mut String) -> bool {
        let any = |pass: &dyn Fn(&Value) -> bool| self.aim.any(hit, pass);
        match &self.test {
            Test::Equals(wanted) => any(&|value| same(value, wanted)),
            Test::In(wanted) => any(&|value| wanted.iter().any(|one| same(value, one))),
            Test::Exists => any(&|value| !value.is_null()),
            Test::Absent => !any(&|value| !value.is_null()),
            Test::Matches(pattern) => {
                any(&|value| scalar(value).is_some_and(|text| pattern.is_in(&text)))
            }
            Test::Same(template) => self.is_same(template, hit, values, scratch),
            Test::Differs(template) => !self.is_same(template, hit, values, scratch),
        }
    }

    fn is_same(
        &self,
        template: &Template,
        hit: &Hit<'_>,
        values: &dyn Values,
        scratch: &mut String,
    ) -> bool {
        scratch.clear();
        let rendered = template.render(values, Place::Plain, scratch);
        let is_text = |value: &Value| scalar(value).is_some_and(|text| text == *scratch);
        rendered.is_ok() && self.aim.any(hit, is_text)
    }
}

/// A string, number or boolean as text.
fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    let is_scalar = !value.is_array() && !value.is_object();
    is_scalar.then(|| as_text(value)).flatten()
}

/// Whether two values are the same; numbers by their worth.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || worth(a) == worth(b),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let member = |(key, a): (&String, &Value)| b.get(key).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(member)
        }
        _ => a == b,
    }
}

/// Large whole numbers have none: they are ids, and must not be mistaken for their neighbours.
fn worth(number: &Number) -> Result<f64, &Number> {
    let worth = number.as_f64().filter(|worth| worth.abs() < 9e15);
    worth.ok_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_met(at: &str, test: Test, root: &Value) -> bool {
        let condition = Condition::parse(at, test, None).unwrap();
        let values = |name: &str, into: &mut String| {
            into.push_str(if name == "user.id" { "u1" } else { "7" });
            name != "none"
        };
        let mut scratch = "left over".to_string();
        condition.is_met(&Hit::whole(root), &values, &mut scratch)
    }

    #[test]
    fn values_are_compared_by_worth() {
        let root = json!({"n": 1, "f": 1.0, "s": "1", "l": [1, {"a": 2}], "id": u64::MAX});
        let equals = |at: &str, value: Value| is_met(at, Test::Equals(value), &root);
        assert!(equals("/n", json!(1.0)) && equals("/f", json!(1)) && equals("/s", json!("1")));
        assert!(
            !equals("/n", json!("1")) && !equals("/s", json!(1)) && !equals("/no", json!(null))
        );
        assert!(equals("/l", json!([1.0, {"a": 2.0}])) && !equals("/l", json!([1])));
        assert!(equals("/l/*", json!(1)) && !equals("/l/*", json!(2)));
        assert!(equals("/id", json!(u64::MAX)) && !equals("/id", json!(u64::MAX - 1)));
        assert!(is_met("/n", Test::In(vec![json!("x"), json!(1)]), &root));
        assert!(!is_met("/n", Test::In(vec![]), &root));
    }

    #[test]
    fn null_is_as_good_as_absent() {
        let root = json!({"a": null, "b": 0, "c": [null, null], "d": [null, 1]});
        for (at, is_there) in [
            ("/a", false),
            ("/b", true),
            ("/x", false),
            ("/c/*", false),
            ("/d/*", true),
        ] {
            assert_eq!(is_met(at, Test::Exists, &root), is_there, "{at}");
            assert_eq!(is_met(at, Test::Absent, &root), !is_there, "{at}");
        }
    }

    #[test]
    fn patterns_look_at_what_is_one_value() {
        let root = json!({"s": "agent-7", "n": 42, "l": ["agent-7"], "none": null});
        let found = |at: &str, pattern: &str| {
            is_met(at, Test::Matches(Pattern::parse(pattern).unwrap()), &root)
        };
        assert!(found("/s", "^agent-[0-9]$") && found("/n", "^42$") && found("/l/0", "agent"));
        assert!(!found("/l", "agent") && !found("/none", "") && !found("/x", ""));
    }

    #[test]
    fn mine_is_told_from_theirs() {
        let root = json!({"from": "u1", "to": "u2", "n": 7, "b": true});
        let same = |at: &str, text: &str| {
            let template = || Template::parse(text).unwrap();
            let same = is_met(at, Test::Same(template()), &root);
            assert_eq!(is_met(at, Test::Differs(template()), &root), !same);
            same
        };
        assert!(same("/from", "${user.id}") && same("/n", "${x}") && same("/b", "true"));
        assert!(!same("/to", "${user.id}") && !same("/none", "${user.id}"));
        assert!(!same("/from", "${none}") && !same("", "${user.id}"));
    }
}
