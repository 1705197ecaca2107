//! Owns the forms of a protocol file's values: texts with holes, JSON with holes, pointers, tests.
//!
//! Law: as in the scenario, whatever reads a value describes it. The long ones are described once,
//! under `$defs`, and named where they stand.

use serde_json::{Map, Number, Value as Json, json};

use super::capture::Capture;
use super::json_template::JsonTemplate;
use super::lexicon::{self, Lexicon};
use super::pointer::Pointer;
use super::template::Template;
use crate::scenario::document::{At, Node, Table, Value};
use crate::scenario::form::{Form, Phrase, wrong_kind};
use crate::scenario::problem::{Fault, Problems};

/// The name of a value that is kept, with its scope.
pub const KEPT: Phrase<String> = Phrase {
    parse: lexicon::kept,
    says: "the name of a value to keep",
    example: "chat.id",
    pattern: r"^(user|connection|chat)\.[A-Za-z0-9_]+$",
};

/// A name without a scope.
pub const WORD: Phrase<String> = Phrase {
    parse: lexicon::word,
    says: "a name",
    example: "token",
    pattern: "^[A-Za-z0-9_]+$",
};

/// The name of a header.
pub const HEADER: Phrase<String> = Phrase {
    parse: header,
    says: "the name of a header",
    example: "Authorization",
    pattern: "^[!#$%&'*+.^_`|~A-Za-z0-9-]+$",
};

fn header(text: &str) -> Result<String, Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    match text.char_indices().find(|(_, c)| !fits(*c)) {
        Some((at, c)) => Err(Fault::new(
            at..at + c.len_utf8(),
            "no header has this in its name",
        )),
        None if text.is_empty() => Err(Fault::new(0..0, "no name")),
        None => Ok(text.to_string()),
    }
}

/// The name of a form's field, or of anything else that a server calls as it likes.
pub const FIELD: Phrase<String> = Phrase {
    parse: |text| Ok(text.to_string()),
    says: "a name",
    example: "name",
    pattern: "",
};

/// The name of a value that is kept or comes from outside.
pub const ANY_VALUE: Phrase<String> = Phrase {
    parse: lexicon::any_value,
    says: "the name of a value",
    example: "user.token",
    pattern: r"^(user|connection|chat|columns|env)\.[A-Za-z0-9_]+$",
};

/// Where something stands in a frame.
pub const POINTER: Phrase<Pointer> = Phrase {
    parse: Pointer::parse,
    says: "a pointer",
    example: "/data/id",
    pattern: "^(/.*)?$",
};

/// Where a value of this name stands in the hits of `each`, perhaps with a unit.
pub struct Captured<'a> {
    /// The name.
    pub name: &'a str,
    /// Where several events stand in one frame.
    pub each: Option<&'a Pointer>,
}

impl Form for Captured<'_> {
    type Out = Capture;

    fn says(&self) -> String {
        "a pointer, for times with a unit behind it".into()
    }

    fn example(&self) -> String {
        format!("\"/data/{}\"", self.name)
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": "^(/|@|$)", "examples": ["/data/ts:ms"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Capture> {
        let Value::Text { text, .. } = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        match Capture::parse(self.name, text, self.each) {
            Ok(capture) => Some(capture),
            Err(fault) => {
                problems.add_fault(node, format!("`{key}` points to nothing"), fault);
                None
            }
        }
    }
}

/// A text that says nothing, in place of one that cannot be read.
pub fn blank() -> Template {
    Template::parse("").expect("nothing is a text")
}

/// What a table of free keys holds.
pub type Pairs<K, V> = At<Vec<(At<K>, At<V>)>>;

/// Names and their texts, without where they stand.
pub fn texts<K, V>(pairs: Option<Pairs<K, V>>) -> Vec<(K, V)> {
    let pairs = pairs.map_or(Vec::new(), |pairs| pairs.value);
    let bare = |(name, value): (At<K>, At<V>)| (name.value, value.value);
    pairs.into_iter().map(bare).collect()
}

/// A text with holes, as `"Bearer ${user.token}"`.
pub struct Holes<'a>(pub &'a Lexicon);

impl Form for Holes<'_> {
    type Out = Template;

    fn says(&self) -> String {
        "a text, with names as `${n}` in it".into()
    }

    fn example(&self) -> String {
        "\"visitor-${n}\"".into()
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "examples": ["visitor-${n}"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Template> {
        let Value::Text { text, .. } = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        match Template::parse(text) {
            Ok(template) => {
                self.0.uses(node, text, template.names());
                Some(template)
            }
            Err(fault) => {
                problems.add_fault(node, format!("`{key}` cannot be read"), fault);
                None
            }
        }
    }
}

/// JSON with holes, as `{ chat = "${chat.id}", text = "${text}" }`.
pub struct JsonHoles<'a>(pub &'a Lexicon);

impl Form for JsonHoles<'_> {
    type Out = JsonTemplate;

    fn says(&self) -> String {
        "a value that becomes JSON".into()
    }

    fn example(&self) -> String {
        "{ text = \"${text}\" }".into()
    }

    fn schema(&self) -> Json {
        json!({ "examples": [{ "text": "${text}" }] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<JsonTemplate> {
        if !self.check(key, node, problems) {
            return None;
        }
        match JsonTemplate::parse(&plain(node)) {
            Ok(template) => Some(template),
            Err((at, fault)) => {
                let label = format!("at `{at}`: {}", fault.label);
                problems.add(
                    node.place,
                    format!("`{key}` cannot be read"),
                    label,
                    fault.help,
                );
                None
            }
        }
    }
}

impl JsonHoles<'_> {
    /// Whether every text and key of it can be read; each that cannot is noted in its place.
    fn check(&self, key: &str, node: &Node, problems: &mut Problems) -> bool {
        match &node.value {
            Value::Text { text, .. } => self.check_text(key, text, node, problems),
            Value::List(items) => {
                let checked = items.iter().map(|item| self.check(key, item, problems));
                all_of(checked)
            }
            Value::Table(table) => {
                let mut checked = |(name, node): &(At<String>, Node)| {
                    let key_node = lexicon::key_node(name);
                    let fits = self.check_text(&name.value, &name.value, &key_node, problems);
                    self.check(&name.value, node, problems) && fits
                };
                all_of(table.entries.iter().map(&mut checked))
            }
            Value::Number { .. } | Value::Boolean(_) | Value::Moment(_) => true,
        }
    }

    fn check_text(&self, key: &str, text: &str, node: &Node, problems: &mut Problems) -> bool {
        match JsonTemplate::parse(&json!(text)) {
            Ok(template) => {
                self.0.uses(node, text, template.names());
                true
            }
            Err((_, fault)) => {
                problems.add_fault(node, format!("`{key}` cannot be read"), fault);
                false
            }
        }
    }
}

/// Whether all are so; each is looked at, for its own faults.
fn all_of(checked: impl Iterator<Item = bool>) -> bool {
    let wrong = checked.filter(|fits| !fits).count();
    wrong == 0
}

/// The value as plain JSON; dates as texts.
pub fn plain(node: &Node) -> Json {
    match &node.value {
        Value::Text { text, .. } => json!(text),
        Value::Number { value, whole } => match whole {
            Some(whole) => json!(whole),
            None => Number::from_f64(*value).map_or(Json::Null, Json::Number),
        },
        Value::Boolean(value) => json!(value),
        Value::Moment(moment) => json!(moment.to_string()),
        Value::List(items) => items.iter().map(plain).collect(),
        Value::Table(table) => Json::Object(members(table)),
    }
}

fn members(table: &Table) -> Map<String, Json> {
    let entries = table.entries.iter();
    entries
        .map(|(key, node)| (key.value.clone(), plain(node)))
        .collect()
}

/// True or false.
pub struct Flag;

impl Form for Flag {
    type Out = bool;

    fn says(&self) -> String {
        "`true` or `false`".into()
    }

    fn example(&self) -> String {
        "true".into()
    }

    fn schema(&self) -> Json {
        json!({ "type": "boolean" })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<bool> {
        let Value::Boolean(value) = node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        Some(value)
    }
}
