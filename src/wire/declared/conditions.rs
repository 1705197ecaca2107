//! Owns the reading of conditions: a table of tests by what they are of.
//!
//! Law: a plain value is what has to be there; anything else says what it asks in a word, so that a
//! test reads as it is meant.

use serde_json::{Value as Json, json};

use super::condition::{Condition, Test};
use super::form::{Flag, Holes, plain};
use super::lexicon::Lexicon;
use super::matcher::Matcher;
use super::pattern::Pattern;
use super::pointer::Pointer;
use crate::scenario::document::{At, Node, Table, Value};
use crate::scenario::form::{Form, Phrase, wrong_kind};
use crate::scenario::names::did_you_mean;
use crate::scenario::problem::Problems;

/// Reads conditions on the hits of `each`.
pub struct Conditions<'a> {
    /// The names of the file.
    pub lexicon: &'a Lexicon,
    /// Where several events stand in one frame.
    pub each: Option<&'a Pointer>,
}

/// Reads conditions on whole frames.
pub fn whole(lexicon: &Lexicon) -> Conditions<'_> {
    let each = None;
    Conditions { lexicon, each }
}

/// A matcher of whole frames.
pub fn matcher(when: Option<At<Vec<Condition>>>) -> Option<Matcher> {
    let when = when?.value;
    Some(Matcher {
        when,
        ..Matcher::default()
    })
}

const WORDS: [&str; 5] = ["in", "exists", "matches", "is", "not"];

const PATTERN: Phrase<Pattern> = Phrase {
    parse: Pattern::parse,
    says: "a regular expression",
    example: "^chat-",
    pattern: "",
};

impl Form for Conditions<'_> {
    type Out = Vec<Condition>;

    fn says(&self) -> String {
        "a table of tests by pointer".into()
    }

    fn example(&self) -> String {
        "{ \"/type\" = \"message\" }".into()
    }

    fn schema(&self) -> Json {
        json!({ "$ref": "#/$defs/tests" })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Vec<Condition>> {
        let Value::Table(table) = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        if table.entries.is_empty() {
            let help = Some(format!("write `{key} = {}`", self.example()));
            let title = format!("`{key}` tests nothing");
            problems.add(node.place, title, "every frame would do", help);
            return None;
        }
        let read = table.entries.iter();
        let read = read.map(|(pointer, node)| self.one(pointer, node, problems));
        let read: Vec<Option<Condition>> = read.collect();
        read.into_iter().collect()
    }
}

impl Conditions<'_> {
    fn one(&self, key: &At<String>, node: &Node, problems: &mut Problems) -> Option<Condition> {
        let test = self.test(&key.value, node, problems);
        // To be read for its faults also where the test has some.
        let parsed = Condition::parse(&key.value, Test::Exists, self.each);
        match parsed {
            Ok(condition) => Some(Condition {
                test: test?,
                ..condition
            }),
            Err(fault) => {
                let title = format!("`{}` points to nothing", key.value);
                problems.add(key.place, title, fault.label, fault.help);
                None
            }
        }
    }

    fn test(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Test> {
        let Value::Table(table) = &node.value else {
            return Some(Test::Equals(plain(node)));
        };
        let [(word, value)] = &table.entries[..] else {
            return not_one(table, node, problems);
        };
        let holes = Holes(self.lexicon);
        match word.value.as_str() {
            "in" => match &value.value {
                Value::List(items) => Some(Test::In(items.iter().map(plain).collect())),
                _ => {
                    let help = "write `{ in = [\"a\", \"b\"] }`".to_string();
                    let title = "`in` is a list of values";
                    problems.add(value.place, title, "a list is expected here", Some(help));
                    None
                }
            },
            "exists" => Some(match Flag.read("exists", value, problems)? {
                true => Test::Exists,
                false => Test::Absent,
            }),
            "matches" => PATTERN.read("matches", value, problems).map(Test::Matches),
            "is" => holes.read("is", value, problems).map(Test::Same),
            "not" => holes.read("not", value, problems).map(Test::Differs),
            other => {
                let title = format!("`{other}` is no test");
                let label = format!("no test of `{key}`");
                let help = did_you_mean(other, WORDS);
                problems.add(word.place, title, label, Some(help));
                None
            }
        }
    }
}

fn not_one(table: &Table, node: &Node, problems: &mut Problems) -> Option<Test> {
    let many = table.entries.len();
    let title = format!("a test is one word and its value, not {many}");
    let help = "write for example `{ exists = true }`".to_string();
    problems.add(node.place, title, "one test is expected here", Some(help));
    None
}

/// The JSON Schema of a table of tests.
pub fn schema() -> Json {
    let test = json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {
            "in": { "type": "array" },
            "exists": { "type": "boolean" },
            "matches": { "type": "string" },
            "is": { "type": "string" },
            "not": { "type": "string" },
        },
        "additionalProperties": false,
    });
    let value = json!({ "type": ["string", "number", "boolean", "array"] });
    json!({
        "type": "object",
        "minProperties": 1,
        "propertyNames": { "pattern": "^(/|@|$)" },
        "additionalProperties": { "anyOf": [value, test] },
    })
}
