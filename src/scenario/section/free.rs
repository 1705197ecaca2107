//! Owns the keys that a scenario chooses itself: measures of gates, days of opening hours, classes.
//!
//! Law: a free key has a grammar of its own; what does not fit it is refused like an unknown key.

use serde_json::json;

use super::{Mode, Section, describe, read};
use crate::scenario::document::{At, Node, Place, Table, Value};
use crate::scenario::form::{Form, kind};
use crate::scenario::names::{misspelt, nearest};
use crate::scenario::problem::Problems;

/// A free key and its value, as read.
pub type Pair<K, V> = (At<<K as Form>::Out>, At<<V as Form>::Out>);

/// A key and its value, as they stand in the text.
type Entry = (At<String>, Node);

impl Section<'_> {
    /// A table whose keys are words of a grammar, such as `mon-fri`.
    pub fn map<K: Form, V: Form>(
        &mut self,
        key: &'static str,
        doc: &str,
        keys: &K,
        values: &V,
    ) -> Option<At<Vec<Pair<K, V>>>> {
        self.property(key, doc, || {
            json!({
                "type": "object",
                "propertyNames": keys.schema(),
                "additionalProperties": values.schema(),
            })
        });
        let node = self.node(key)?;
        let Value::Table(table) = &node.value else {
            let title = format!("`{key}` is a table, not {}", kind(node));
            let help = format!(
                "write `{key} = {{ {} = {} }}`",
                keys.example(),
                values.example()
            );
            self.problem(node.place, title, "a table is expected here", Some(help));
            self.unread.push(key);
            return None;
        };
        Some(At {
            value: pairs(table.entries.iter(), keys, values, self.problems()?),
            place: node.place,
        })
    }

    /// All keys of this section that have not been asked for, as words of a grammar: to be called
    /// last.
    pub fn others<K: Form, V: Form>(&mut self, keys: &K, values: &V) -> Vec<Pair<K, V>> {
        if let Mode::Describe(description) = &mut self.mode {
            let names = json!({ "anyOf": [{ "enum": self.asked }, keys.schema()] });
            description.rules.insert("propertyNames".into(), names);
            let values = values.schema();
            description
                .rules
                .insert("additionalProperties".into(), values);
        }
        let others = self.unasked(|_, _| true);
        self.problems().map_or(Vec::new(), |problems| {
            pairs(others.into_iter(), keys, values, problems)
        })
    }

    /// Whether the section has keys of its own choosing, readable or not.
    pub fn has_free_keys(&self) -> bool {
        !self.free.is_empty()
    }

    /// All tables of this section that have not been asked for, each under its name: to be called
    /// last. They have the keys of the section itself, so that one without any of them and with a
    /// name like one of them is no such table but a key that is misspelt.
    pub fn named<T>(
        &mut self,
        names: &impl Form<Out = String>,
        ask: impl Fn(&mut Section) -> T,
    ) -> Vec<(At<String>, At<T>)> {
        if let Mode::Describe(description) = &mut self.mode {
            let names = json!({ "anyOf": [{ "enum": self.asked }, names.schema()] });
            description.rules.insert("propertyNames".into(), names);
            let table = describe(&ask);
            description
                .rules
                .insert("additionalProperties".into(), table);
        }
        let asked = self.asked.clone();
        let tables = self.unasked(|key, node| match &node.value {
            Value::Table(table) => !is_slip(key, table, &asked),
            _ => false,
        });
        let (section, Some(problems)) = (self.name.clone(), self.problems()) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (key, node) in tables {
            let (Value::Table(table), Some(name)) = (&node.value, word(key, names, problems))
            else {
                continue;
            };
            let title = format!("{}.{}]", section.trim_end_matches(']'), key.value);
            let value = read(&title, table, node.place, problems, &ask);
            let place = node.place;
            found.push((name, At { value, place }));
        }
        found
    }
}

impl<'a> Section<'a> {
    /// Entries that have not been asked for, now known.
    fn unasked(&mut self, which: impl Fn(&str, &Node) -> bool) -> Vec<&'a Entry> {
        let Mode::Read { table, .. } = &self.mode else {
            return Vec::new();
        };
        let table: &'a Table = table;
        let free = |(key, node): &&Entry| {
            !self.asked.contains(&key.value.as_str()) && which(&key.value, node)
        };
        let found: Vec<&Entry> = table.entries.iter().filter(free).collect();
        let places: Vec<Place> = found.iter().map(|(key, _)| key.place).collect();
        self.free.extend(places);
        found
    }
}

/// Whether the name of a table is more likely one of the keys, misspelt.
fn is_slip(name: &str, table: &Table, keys: &[&str]) -> bool {
    let mut written = table.entries.iter().map(|(key, _)| key.value.as_str());
    if written.any(|key| keys.contains(&key)) {
        return false;
    }
    let near = nearest(name, keys.iter().copied()).is_some();
    misspelt(name, keys.iter().copied()) || (near && !table.entries.is_empty())
}

/// A key read as a word.
fn word<K: Form>(key: &At<String>, keys: &K, problems: &mut Problems) -> Option<At<K::Out>> {
    // A quoted key begins after its quote.
    let quoted = (key.place.until - key.place.from) as usize > key.value.len();
    let text = Value::Text {
        text: key.value.clone(),
        raw: Some(key.place.from + u32::from(quoted)),
    };
    let place = key.place;
    let node = Node { place, value: text };
    let value = keys.read(&key.value, &node, problems)?;
    Some(At { value, place })
}

fn pairs<'n, K: Form, V: Form>(
    entries: impl Iterator<Item = &'n Entry>,
    keys: &K,
    values: &V,
    problems: &mut Problems,
) -> Vec<Pair<K, V>> {
    let mut pairs = Vec::new();
    for (key, node) in entries {
        let name = word(key, keys, problems);
        let value = values.read(&key.value, node, problems);
        if let (Some(name), Some(value)) = (name, value) {
            let place = node.place;
            pairs.push((name, At { value, place }));
        }
    }
    pairs
}
