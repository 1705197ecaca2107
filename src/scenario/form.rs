//! Owns `Form`: how one value is written, read and described.
//!
//! Law: whatever reads a value also describes it for the JSON Schema, so the two cannot part.

use std::fmt::Debug;

use serde_json::{Value as Json, json};

use super::document::{At, Node, Value};
use super::names::{did_you_mean, list};
use super::problem::{Fault, Problems};

/// How one value is written, read and described.
pub trait Form {
    /// What is read.
    type Out;
    /// What it is, with an article: "a length of time".
    fn says(&self) -> String;
    /// A value as it would be written in the file.
    fn example(&self) -> String;
    /// Its JSON Schema.
    fn schema(&self) -> Json;
    /// The value; `None` after noting what is wrong. `key` names it in problems.
    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Self::Out>;
}

/// What kind of value stands there, for people.
pub fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::Text { .. } => "a string",
        Value::Number { .. } => "a number",
        Value::Boolean(_) => "true or false",
        Value::Moment(_) => "a date or time",
        Value::List(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// Notes that a value is of the wrong kind.
pub fn wrong_kind(form: &impl Form, key: &str, node: &Node, problems: &mut Problems) {
    let title = format!("`{key}` is {}, not {}", form.says(), kind(node));
    let help = match &node.value {
        Value::Text { text, .. }
            if form.example().parse::<f64>().is_ok() && text.parse::<f64>().is_ok() =>
        {
            format!("write `{key} = {text}`, without quotes")
        }
        _ => format!("write `{key} = {}`", form.example()),
    };
    let label = format!("{} is expected here", form.says());
    problems.add(node.place, title, label, Some(help));
}

/// A string with a grammar of its own.
pub struct Phrase<T> {
    /// Reads it.
    pub parse: fn(&str) -> Result<T, Fault>,
    /// What it is, with an article.
    pub says: &'static str,
    /// An example, without quotes.
    pub example: &'static str,
    /// A regular expression that every readable string matches.
    pub pattern: &'static str,
}

impl<T> Form for Phrase<T> {
    type Out = T;

    fn says(&self) -> String {
        self.says.into()
    }

    fn example(&self) -> String {
        format!("\"{}\"", self.example)
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": self.pattern, "examples": [self.example] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<T> {
        let Value::Text { text, .. } = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        match (self.parse)(text) {
            Ok(value) => Some(value),
            Err(fault) => {
                let title = format!("`{key}` is not {}", self.says);
                problems.add_fault(node, title, fault);
                None
            }
        }
    }
}

/// A number between two bounds.
#[derive(Clone, Copy)]
pub struct Number {
    /// The least.
    pub least: f64,
    /// The greatest.
    pub most: f64,
    /// Whether the least itself is allowed.
    pub least_allowed: bool,
    /// An example.
    pub example: &'static str,
}

impl Number {
    /// A number from zero up to `most`, zero included.
    pub const fn up_to(most: f64, example: &'static str) -> Number {
        Number {
            least: 0.0,
            most,
            least_allowed: true,
            example,
        }
    }

    /// A number above zero, up to `most`.
    pub const fn above_zero(most: f64, example: &'static str) -> Number {
        Number {
            least: 0.0,
            most,
            least_allowed: false,
            example,
        }
    }
}

impl Form for Number {
    type Out = f64;

    fn says(&self) -> String {
        let bound = if self.least_allowed { "from" } else { "above" };
        format!("a number {bound} {} up to {}", self.least, self.most)
    }

    fn example(&self) -> String {
        self.example.into()
    }

    fn schema(&self) -> Json {
        let least = if self.least_allowed {
            "minimum"
        } else {
            "exclusiveMinimum"
        };
        json!({ "type": "number", least: self.least, "maximum": self.most })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<f64> {
        let Value::Number { value, .. } = node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        let least = value > self.least || (self.least_allowed && value == self.least);
        if least && value <= self.most {
            return Some(value);
        }
        let title = format!("`{key}` is out of range");
        problems.add(
            node.place,
            title,
            format!("{} is expected", self.says()),
            None,
        );
        None
    }
}

/// A whole number between two bounds.
#[derive(Clone, Copy)]
pub struct Whole {
    /// The least.
    pub least: i64,
    /// The greatest.
    pub most: i64,
}

impl Form for Whole {
    type Out = u64;

    fn says(&self) -> String {
        format!("a whole number from {} to {}", self.least, self.most)
    }

    fn example(&self) -> String {
        self.least.max(3).min(self.most).to_string()
    }

    fn schema(&self) -> Json {
        json!({ "type": "integer", "minimum": self.least, "maximum": self.most })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<u64> {
        let Value::Number { whole, .. } = node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        if let Some(value) = whole.filter(|value| (self.least..=self.most).contains(value)) {
            return u64::try_from(value).ok();
        }
        let title = match whole {
            Some(_) => format!("`{key}` is out of range"),
            None => format!("`{key}` is not a whole number"),
        };
        problems.add(
            node.place,
            title,
            format!("{} is expected", self.says()),
            None,
        );
        None
    }
}

/// Any string that is not empty.
pub struct Text {
    /// What it is, with an article.
    pub says: &'static str,
    /// An example, without quotes.
    pub example: &'static str,
}

impl Form for Text {
    type Out = String;

    fn says(&self) -> String {
        self.says.into()
    }

    fn example(&self) -> String {
        format!("\"{}\"", self.example)
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "minLength": 1, "examples": [self.example] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<String> {
        match &node.value {
            Value::Text { text, .. } if !text.is_empty() => Some(text.clone()),
            Value::Text { .. } => {
                problems.add(
                    node.place,
                    format!("`{key}` is empty"),
                    "nothing here",
                    None,
                );
                None
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}

/// One of a few words, each of which stands for a value.
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Copy + Debug> Form for Choice<T> {
    type Out = T;

    fn says(&self) -> String {
        match self.0 {
            [only] => format!("`{}`", only.0),
            words => format!("one of {}", list(words.iter().map(|word| word.0))),
        }
    }

    fn example(&self) -> String {
        format!("\"{}\"", self.0[0].0)
    }

    fn schema(&self) -> Json {
        let words: Vec<&str> = self.0.iter().map(|word| word.0).collect();
        json!({ "enum": words })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<T> {
        let Value::Text { text, .. } = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        let found = self.0.iter().find(|word| word.0 == text);
        if found.is_none() {
            let title = format!("`{key}` is none of the words it can be");
            let help = did_you_mean(text, self.0.iter().map(|word| word.0));
            problems.add(
                node.place,
                title,
                format!("{} is expected", self.says()),
                Some(help),
            );
        }
        found.map(|word| word.1)
    }
}

/// A list of values of one form.
pub struct List<F> {
    /// The form of each.
    pub of: F,
    /// Whether it may be empty.
    pub may_be_empty: bool,
}

impl<F: Form> Form for List<F> {
    type Out = Vec<At<F::Out>>;

    fn says(&self) -> String {
        let each = self.of.says();
        format!("a list, each {each}")
    }

    fn example(&self) -> String {
        format!("[{}]", self.of.example())
    }

    fn schema(&self) -> Json {
        let least = u32::from(!self.may_be_empty);
        json!({ "type": "array", "items": self.of.schema(), "minItems": least })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Self::Out> {
        let Value::List(items) = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        if items.is_empty() && !self.may_be_empty {
            let help = format!("write `{key} = {}`", self.example());
            problems.add(
                node.place,
                format!("`{key}` is empty"),
                "nothing here",
                Some(help),
            );
            return None;
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.of.read(key, item, problems);
            let place = item.place;
            values.extend(value.map(|value| At { value, place }));
        }
        (values.len() == items.len()).then_some(values)
    }
}
