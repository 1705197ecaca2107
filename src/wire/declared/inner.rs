//! Owns `Inner`: which strings of an event are JSON themselves, and their opening.
//!
//! Law: JSON is opened [`LEVELS_MOST`] levels deep in all, and what is no JSON stays as it is: each
//! level may be as deep as the reader allows, and nobody shall pile them up.

use serde_json::Value;

use super::pointer::Pointer;
use crate::scenario::problem::Fault;

/// How many levels of JSON within JSON are opened, the event's own not counted.
pub const LEVELS_MOST: usize = 4;

/// The most pointers.
pub const POINTERS_MOST: usize = 16;

/// Which strings of an event are JSON themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inner {
    pointers: Vec<Pointer>,
}

impl Inner {
    /// None yet.
    pub fn new() -> Inner {
        Inner::default()
    }

    /// Adds a pointer; it may lead through what those before it open.
    ///
    /// # Errors
    /// It would be one level too many, or one pointer.
    pub fn add(&mut self, pointer: Pointer) -> Result<(), Fault> {
        let at = 0..pointer.as_str().len();
        if self.pointers.len() == POINTERS_MOST {
            return Err(Fault::new(
                at,
                format!("more than {POINTERS_MOST} pointers"),
            ));
        }
        self.pointers.push(pointer);
        if self.levels() > LEVELS_MOST {
            self.pointers.pop();
            return Err(Fault::new(
                at,
                format!("more than {LEVELS_MOST} levels of JSON in JSON"),
            ));
        }
        Ok(())
    }

    /// Whether there is nothing to open.
    pub fn is_empty(&self) -> bool {
        self.pointers.is_empty()
    }

    /// Puts what the strings hold in their place.
    pub fn open(&self, event: &mut Value) {
        for pointer in &self.pointers {
            pointer.each_mut(event, &mut |value| {
                let held = value.as_str().map(serde_json::from_str);
                if let Some(Ok(held)) = held {
                    *value = held;
                }
            });
        }
    }

    /// How deep the pointers lead through each other.
    fn levels(&self) -> usize {
        let mut levels: Vec<usize> = Vec::new();
        for pointer in &self.pointers {
            let before = self.pointers.iter().zip(&levels);
            let through = before.filter(|(outer, _)| pointer.is_within(outer));
            let deepest = through.map(|(_, level)| *level).max();
            levels.push(deepest.unwrap_or(0) + 1);
        }
        levels.into_iter().max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn inner(pointers: &[&str]) -> Result<Inner, Fault> {
        let mut inner = Inner::new();
        for pointer in pointers {
            inner.add(Pointer::parse(pointer).unwrap())?;
        }
        Ok(inner)
    }

    #[test]
    fn strings_are_opened_in_order() {
        let deep = json!({"c": 1}).to_string();
        let mut event = json!({
            "identifier": "{\"channel\":\"RoomChannel\"}",
            "message": json!({"data": deep}).to_string(),
            "list": ["[1]", "no JSON", 2],
        });
        let pointers = [
            "/identifier",
            "/message",
            "/message/data",
            "/list/*",
            "/none",
        ];
        inner(&pointers).unwrap().open(&mut event);
        let opened = json!({
            "identifier": {"channel": "RoomChannel"},
            "message": {"data": {"c": 1}},
            "list": [[1], "no JSON", 2],
        });
        assert_eq!(event, opened);
    }

    #[test]
    fn levels_are_bounded() {
        assert!(inner(&[""; LEVELS_MOST]).is_ok());
        assert!(inner(&[""; LEVELS_MOST + 1]).is_err());
        assert!(inner(&["/a", "/*/b", "/a/b/c", "/a/b/c/d", "/a/b/c/d"]).is_err());
        assert!(inner(&["/a", "/b", "/c", "/d", "/e", "/f"]).is_ok());
        assert!(inner(&["/a"; POINTERS_MOST + 1]).is_err());
    }

    #[test]
    fn what_is_deeper_than_json_may_be_stays_a_string() {
        let deep = "[".repeat(100_000);
        let mut event = json!({"a": deep});
        inner(&["/a"]).unwrap().open(&mut event);
        assert_eq!(event["a"], json!(deep));
    }
}
