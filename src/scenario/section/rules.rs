//! Owns the rules over several keys of a section: one of them, both of them, not beside that one.
//!
//! Law: a rule is checked and described by the same call, as a key is.

use serde_json::{Map, Value as Json, json};

use super::{Mode, Section};
use crate::scenario::document::At;
use crate::scenario::names::list;
use crate::time::Span;

impl Section<'_> {
    /// A length of time is one: for none the key is to be taken out.
    pub fn above_zero(&mut self, key: &str, length: Option<&At<Span>>) {
        if let Some(length) = length.filter(|length| length.value == Span::ZERO) {
            let title = format!("`{key}` is zero");
            let help = Some(format!("for never, take `{key}` out"));
            self.problem(length.place, title, "some time is expected", help);
        }
    }

    /// Exactly one of these keys must be there.
    pub fn exactly_one(&mut self, keys: &[&'static str], example: &str) {
        if let Mode::Describe(description) = &mut self.mode {
            let choices: Vec<Json> = keys
                .iter()
                .map(|key| json!({ "required": [key] }))
                .collect();
            let all = description.rules.entry("allOf").or_insert(json!([]));
            let all = all.as_array_mut().expect("a list, as begun above");
            all.push(json!({ "oneOf": choices }));
        }
        let present: Vec<_> = keys
            .iter()
            .filter_map(|key| Some((*key, self.key_place(key)?)))
            .collect();
        let names = list(keys.iter().copied());
        let section = &self.name;
        match present[..] {
            [] => {
                let title = format!("{section} needs one of {names}");
                let label = "none of them is here";
                self.problem(self.place(), title, label, Some(format!("write {example}")));
            }
            [_] => {}
            [(first, _), .., (last, place)] => {
                let title = format!("{section} takes one of {names}, not several");
                let label = format!("contradicts `{first}`");
                let help = format!("take `{first}` or `{last}` out");
                self.problem(place, title, label, Some(help));
            }
        }
    }

    /// Both of these keys or neither must be there.
    pub fn pair(&mut self, one: &'static str, other: &'static str) {
        if let Mode::Describe(description) = &mut self.mode {
            let rule = description.rules.entry("dependentRequired");
            let rule = rule.or_insert(json!({}));
            (rule[one], rule[other]) = (json!([other]), json!([one]));
        }
        for (here, missing) in [(one, other), (other, one)] {
            if let (Some(place), None) = (self.key_place(here), self.key_place(missing)) {
                let title = format!("`{here}` needs `{missing}` beside it");
                let help = Some(format!("add `{missing}` to {}", self.name));
                self.problem(place, title, format!("`{missing}` is missing"), help);
            }
        }
    }

    /// With `key`, none of `others` may be there.
    pub fn excludes(&mut self, key: &'static str, others: &[&'static str], why: &str) {
        if let Mode::Describe(description) = &mut self.mode {
            let none: Map<String, Json> =
                others.iter().map(|k| ((*k).into(), json!(false))).collect();
            let rule = description.rules.entry("dependentSchemas");
            rule.or_insert(json!({}))[key] = json!({ "properties": none });
        }
        if self.key_place(key).is_none() {
            return;
        }
        for other in others {
            if let Some(place) = self.key_place(other) {
                let title = format!("`{other}` does not go with `{key}`");
                let help = format!("take `{other}` or `{key}` out");
                self.problem(place, title, why, Some(help));
            }
        }
    }
}
