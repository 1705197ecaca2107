//! Owns `Lexicon`: the names that the texts of a protocol file may hold, and those that they do.
//!
//! Law: a name is known because something gives it a value. One that nothing does is wrong where it
//! is used, before a run; the list is whole only at the end of the file.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::scenario::document::{At, Node, Place, Value};
use crate::scenario::names::did_you_mean;
use crate::scenario::problem::{Fault, Problems};

/// The names that always have a value, or have one where they make sense.
pub const ALWAYS: [&str; 15] = [
    "n",
    "number1",
    "party",
    "attempt",
    "run",
    "uuid",
    "hex16",
    "seq",
    "now_ms",
    "text",
    "marker",
    "max_chats",
    "priority",
    "chat.id",
    "chat.peer",
];

/// The scopes in which a file may keep values.
pub const SCOPES: [&str; 3] = ["user", "connection", "chat"];

/// The names of a file.
#[derive(Debug, Default)]
pub struct Lexicon {
    given: RefCell<BTreeSet<String>>,
    used: RefCell<Vec<At<String>>>,
}

impl Lexicon {
    /// Something gives this name a value.
    pub fn give(&self, name: impl Into<String>) {
        self.given.borrow_mut().insert(name.into());
    }

    /// A text uses these names.
    pub fn uses<'n>(&self, node: &Node, text: &str, names: impl IntoIterator<Item = &'n str>) {
        for name in names {
            let place = match text.find(&format!("${{{name}")) {
                Some(at) => node.part(&(at + 2..at + 2 + name.len())),
                None => node.place,
            };
            let value = name.to_string();
            self.used.borrow_mut().push(At { value, place });
        }
    }

    /// A key names this value, and not a text.
    pub fn asks(&self, name: &str, place: Place) {
        let value = name.to_string();
        self.used.borrow_mut().push(At { value, place });
    }

    /// Notes every name that is used and that nothing gives a value. To be called last.
    pub fn check(&self, problems: &mut Problems) {
        let given = self.given.borrow();
        for used in self.used.borrow().iter() {
            let name = used.value.as_str();
            if ALWAYS.contains(&name) || given.contains(name) {
                continue;
            }
            let known = ALWAYS.into_iter().chain(given.iter().map(String::as_str));
            let help = did_you_mean(name, known.collect::<Vec<_>>());
            let title = format!("nothing gives `{name}` a value");
            problems.add(used.place, title, "unknown name", Some(help));
        }
    }
}

/// Reads the name of a value that a file keeps: `user.token`, `chat.id`.
pub fn kept(text: &str) -> Result<String, Fault> {
    let fault = || {
        let fault = Fault::new(0..text.len(), "a scope, a dot and a name are expected");
        fault.with_help("write it in quotes, as \"user.token\", \"connection.id\" or \"chat.id\"")
    };
    let (scope, name) = text.split_once('.').ok_or_else(fault)?;
    if !SCOPES.contains(&scope) || word(name).is_err() {
        return Err(fault());
    }
    Ok(text.to_string())
}

/// Reads the name of a value that is kept or comes from outside.
pub fn any_value(text: &str) -> Result<String, Fault> {
    let outside = ["columns.", "env."];
    match outside.iter().find_map(|scope| text.strip_prefix(scope)) {
        Some(name) if word(name).is_ok() => Ok(text.to_string()),
        _ => kept(text),
    }
}

/// A key as a value that knows where it stands.
pub fn key_node(key: &At<String>) -> Node {
    // A quoted key begins after its quote.
    let quoted = (key.place.until - key.place.from) as usize > key.value.len();
    Node {
        place: key.place,
        value: Value::Text {
            text: key.value.clone(),
            raw: Some(key.place.from + u32::from(quoted)),
        },
    }
}

/// Reads a name without a scope.
pub fn word(text: &str) -> Result<String, Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let wrong = text.char_indices().find(|(_, c)| !fits(*c));
    match wrong {
        None if !text.is_empty() => Ok(text.to_string()),
        _ => {
            let at = wrong.map_or(0..text.len(), |(at, c)| at..at + c.len_utf8());
            let fault = Fault::new(at, "a name is of letters, digits and `_`");
            Err(fault.with_help("write for example `token`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_value_has_a_scope_and_a_name() {
        assert_eq!(kept("user.token").unwrap(), "user.token");
        for wrong in ["token", "users.token", "user.", "user.a b", "user.a.b", ""] {
            assert!(kept(wrong).is_err(), "{wrong}");
        }
        assert_eq!(word("a-b").unwrap_err().at, 1..2);
        assert!(word("").is_err());
    }
}
