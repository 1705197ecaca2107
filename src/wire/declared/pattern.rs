//! Owns `Pattern`: a regular expression of a protocol's file.
//!
//! Law: it takes linear time whatever it is shown, and no more memory than stated: a file is read
//! on trust, what it is matched against is not.

use regex::{Error, Regex, RegexBuilder};
use serde_json::{Map, Value};

use crate::scenario::problem::Fault;

/// The most bytes of a pattern.
pub const PATTERN_MOST: usize = 1_000;

/// The most bytes of its program.
const PROGRAM_MOST: usize = 1 << 20;

/// The most bytes that are kept for speed, for each thread.
const CACHE_MOST: usize = 1 << 18;

/// A regular expression.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// It is none, or too large.
    pub fn parse(text: &str) -> Result<Pattern, Fault> {
        let whole = 0..text.len();
        if text.len() > PATTERN_MOST {
            let label = format!("longer than {PATTERN_MOST} bytes");
            return Err(Fault::new(whole, label));
        }
        let built = RegexBuilder::new(text)
            .size_limit(PROGRAM_MOST)
            .dfa_size_limit(CACHE_MOST)
            .build();
        built.map(Pattern).map_err(|error| match error {
            Error::CompiledTooBig(_) => Fault::new(whole, "too large once it is unrolled")
                .with_help("repeat less: `{1,1000}` is a thousand copies"),
            other => {
                // The last line says what is wrong, those before draw where.
                let words = other.to_string();
                let last = words.lines().last().unwrap_or_default();
                let label = last.strip_prefix("error: ").unwrap_or(last);
                Fault::new(whole, format!("no regular expression: {label}"))
            }
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is found in the text.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The names of its groups.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }

    /// What its named groups hold in the text, as an object of strings; none where it is not found.
    pub fn groups(&self, text: &str) -> Option<Value> {
        let found = self.0.captures(text)?;
        let group = |name: &str| Some((name.to_string(), Value::from(found.name(name)?.as_str())));
        let groups: Map<String, Value> = self.names().filter_map(group).collect();
        Some(Value::Object(groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn named_groups_are_told() {
        let line = r"^(?::(?<from>\S+) )?(?<command>[A-Z]+|\d{3}) (?<rest>.*)$";
        let line = Pattern::parse(line).unwrap();
        let groups = line.groups("PRIVMSG #c :hé").unwrap();
        assert_eq!(groups, json!({"command": "PRIVMSG", "rest": "#c :hé"}));
        assert_eq!(line.groups("privmsg"), None);
        assert_eq!(
            line.names().collect::<Vec<_>>(),
            ["from", "command", "rest"]
        );
    }

    #[test]
    fn what_is_none_or_too_large_is_a_fault() {
        let unclosed = Pattern::parse("(a").unwrap_err();
        assert_eq!(unclosed.label, "no regular expression: unclosed group");
        assert!(
            Pattern::parse(r"(\w{1000}){1000}")
                .unwrap_err()
                .help
                .is_some()
        );
        assert!(Pattern::parse(&"a".repeat(PATTERN_MOST + 1)).is_err());
        assert!(Pattern::parse(&"(".repeat(PATTERN_MOST)).is_err());
    }
}
