//! Owns `JsonTemplate`: a JSON value whose strings and keys have holes.
//!
//! Law: whatever the values hold, what is written is the same JSON value with those values in its
//! strings. It is made flat once, so that writing is one pass and builds no tree.

use serde_json::Value;

use super::hole::{Hole, Type};
use super::place::{Place, escape_json};
use super::template::{Missing, Segment, Values, fill, names, no_types, segments};
use crate::scenario::problem::Fault;

/// A JSON value whose strings and keys have holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonTemplate {
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// JSON, to be written as it is.
    Text(String),
    /// To be filled, inside a string.
    Hole(Hole),
    /// To be filled with a value that is no string.
    Typed(Hole, Type),
}

impl JsonTemplate {
    /// Makes a template of a value.
    ///
    /// # Errors
    /// A string has a fault: the JSON pointer to it, or to the member whose key it is; the fault.
    pub fn parse(value: &Value) -> Result<JsonTemplate, (String, Fault)> {
        let mut maker = Maker::default();
        match maker.value(value) {
            Ok(()) => Ok(JsonTemplate {
                parts: maker.parts.into(),
            }),
            Err(fault) => {
                let step = |step: &String| step.replace('~', "~0").replace('/', "~1");
                let steps = maker.path.iter().map(|own| format!("/{}", step(own)));
                Err((steps.collect(), fault))
            }
        }
    }

    /// The names in its holes, some perhaps more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Hole(hole) | Part::Typed(hole, _) => Some(hole),
        }))
    }

    /// Adds the JSON with its holes filled to `into`, which holds part of it after an error.
    ///
    /// # Errors
    /// There is no value for a hole, or it is not of the hole's type.
    pub fn render(&self, values: &dyn Values, into: &mut String) -> Result<(), Missing> {
        for part in &self.parts {
            match part {
                Part::Text(text) => into.push_str(text),
                Part::Hole(hole) => fill(hole, values, Place::Json, into)?,
                Part::Typed(hole, as_type) => {
                    let from = into.len();
                    hole.write(values, into)?;
                    let fits = as_type.check(&into[from..]);
                    fits.map_err(|why| Missing::because(hole.name(), why))?;
                }
            }
        }
        Ok(())
    }
}

/// Makes a value flat.
#[derive(Default)]
struct Maker {
    parts: Vec<Part>,
    /// Where we are; stays there at a fault.
    path: Vec<String>,
}

impl Maker {
    fn value(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::String(text) => return self.string(text, true),
            Value::Array(elements) => {
                self.text("[");
                for (number, element) in elements.iter().enumerate() {
                    self.text(if number > 0 { "," } else { "" });
                    self.path.push(number.to_string());
                    self.value(element)?;
                    self.path.pop();
                }
                self.text("]");
            }
            Value::Object(members) => {
                self.text("{");
                for (number, (key, member)) in members.iter().enumerate() {
                    self.text(if number > 0 { "," } else { "" });
                    self.path.push(key.clone());
                    self.string(key, false)?;
                    self.text(":");
                    self.value(member)?;
                    self.path.pop();
                }
                self.text("}");
            }
            plain => self.text(&plain.to_string()),
        }
        Ok(())
    }

    fn string(&mut self, text: &str, may_be_typed: bool) -> Result<(), Fault> {
        let mut segments = segments(text)?;
        if let [
            Segment::Hole {
                as_type: Some(as_type),
                ..
            },
        ] = segments[..]
            && may_be_typed
            && let Some(Segment::Hole { hole, .. }) = segments.pop()
        {
            self.parts.push(Part::Typed(hole, as_type));
            return Ok(());
        }
        no_types(&segments)?;
        self.text("\"");
        for segment in segments {
            match segment {
                Segment::Hole { hole, .. } => self.parts.push(Part::Hole(hole)),
                Segment::Text(text) => {
                    let mut escaped = String::new();
                    escape_json(&text, &mut escaped);
                    self.text(&escaped);
                }
            }
        }
        self.text("\"");
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part::Text(text.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn rendered(template: &Value, values: &dyn Values) -> Result<Value, String> {
        let template = JsonTemplate::parse(template).map_err(|(at, _)| at)?;
        let mut into = String::new();
        let done = template.render(values, &mut into);
        done.map_err(|missing| missing.to_string())?;
        Ok(serde_json::from_str(&into).unwrap())
    }

    #[test]
    fn what_has_no_holes_stays() {
        let value = json!({"a": [1, -2.5, null, true, {}, [], ""], "\"\n": "\u{1}é\\", "$$": 1e30});
        let shown = rendered(&value, &|_: &str, _: &mut String| false).unwrap();
        let expected =
            json!({"a": [1, -2.5, null, true, {}, [], ""], "\"\n": "\u{1}é\\", "$": 1e30});
        assert_eq!(shown, expected);
        let flat = JsonTemplate::parse(&value).unwrap();
        assert_eq!(flat.parts.len(), 1);
    }

    #[test]
    fn typed_values_are_no_strings() {
        let of = |value: &'static str| {
            move |_: &str, into: &mut String| {
                into.push_str(value);
                true
            }
        };
        let template = json!(["${x:int}", "${x}", "${sha256hex(x)}"]);
        let shown = rendered(&template, &of("12")).unwrap();
        assert_eq!(shown[0], json!(12));
        assert_eq!(shown[1], json!("12"));
        let refused = rendered(&template, &of("12,13")).unwrap_err();
        assert_eq!(refused, "`x` is no whole number");
        let pasted = json!({"a": "${x:json}"});
        assert_eq!(rendered(&pasted, &of("[1]")).unwrap(), json!({"a": [1]}));
        assert!(rendered(&pasted, &of("1},{")).is_err());
    }

    #[test]
    fn faults_say_which_string() {
        for (template, at) in [
            (json!({"a/b": ["ok", {"c~": "${"}]}), "/a~1b/1/c~0"),
            (json!({"a": {"${": 1}}), "/a/${"),
            (json!({"${n:int}": 1}), "/${n:int}"),
            (json!({"a": "v${n:int}"}), "/a"),
            (json!("${"), ""),
        ] {
            assert_eq!(JsonTemplate::parse(&template).unwrap_err().0, at);
        }
    }

    proptest! {
        #[test]
        fn whatever_the_values_hold_they_stay_values(a in any::<String>(), b in any::<String>()) {
            let values = |name: &str, into: &mut String| {
                into.push_str(if name == "a" { &a } else { &b });
                true
            };
            let template = json!({
                "k${a}": "\"${a}\\${b}$$",
                "inner": "{\"x\":\"${json(a)}\",\"y\":[\"${json(b)}\"]}",
                "list": ["${b}", 1, {"z": "${a}"}],
            });
            let shown = rendered(&template, &values).unwrap();
            let inner = json!({"x": a, "y": [b]}).to_string();
            let read: Value = serde_json::from_str(shown["inner"].as_str().unwrap()).unwrap();
            prop_assert_eq!(read.to_string(), inner);
            prop_assert_eq!(&shown[format!("k{a}")], &json!(format!("\"{a}\\{b}$")));
            prop_assert_eq!(&shown["list"], &json!([b, 1, {"z": a}]));
        }

        #[test]
        fn typed_or_refused(text in "[0-9eE.+\\-truefalsn\\[\\]{},:\" ]{0,8}") {
            let values = |_: &str, into: &mut String| {
                into.push_str(&text);
                true
            };
            let template = json!(["${x:int}", "${x:number}", "${x:bool}", "${x:json}"]);
            for one in template.as_array().unwrap() {
                if let Ok(value) = rendered(&json!({"a": one, "b": 1}), &values) {
                    prop_assert_eq!(&value["b"], &json!(1));
                    prop_assert_eq!(value.as_object().unwrap().len(), 2);
                }
            }
        }
    }
}
