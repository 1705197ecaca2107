//! Owns `Aim`: what of a hit is meant: a part of the element, of the whole frame, or a key.
//!
//! Law: an aim is read against the `each` that it stands beside, so that a key that cannot be there
//! is a fault of the file and not a chat that never opens.
//!
//! `/id` points from the element, `@/id` from the frame's root; `@1` is the key at the first `*` of
//! `each`, `@2` at the second: a room's id, where rooms are the members of an object.

use std::borrow::Cow;

use serde_json::Value;

use super::pointer::{Key, Pointer, STARS_MOST};
use crate::scenario::problem::Fault;

/// A part of a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// From the element.
    Element(Pointer),
    /// From the frame's root.
    Root(Pointer),
    /// The key at a `*` of `each`, from 0.
    Star(usize),
}

/// An element of a frame that met all conditions, or the whole frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit<'v> {
    /// The frame.
    pub root: &'v Value,
    /// The element; the frame itself where there is no `each`.
    pub element: &'v Value,
    /// The keys at the `*` of `each`.
    pub keys: [Option<Key<'v>>; STARS_MOST],
}

impl<'v> Hit<'v> {
    /// The frame as a whole.
    pub fn whole(root: &'v Value) -> Hit<'v> {
        Hit {
            root,
            element: root,
            keys: [None; STARS_MOST],
        }
    }
}

impl Aim {
    /// Reads what is meant of the hits of `each`.
    ///
    /// # Errors
    /// It is nothing that can be meant; the fault says where.
    pub fn parse(text: &str, each: Option<&Pointer>) -> Result<Aim, Fault> {
        let Some(rest) = text.strip_prefix('@') else {
            return Ok(Aim::Element(Pointer::parse(text)?));
        };
        if rest.is_empty() || rest.starts_with('/') {
            let pointer = Pointer::parse(rest).map_err(|fault| fault.shifted(1))?;
            return Ok(Aim::Root(pointer));
        }
        let number = rest.parse::<usize>().ok();
        let stars = each.map_or(0, Pointer::stars);
        match number.and_then(|number| number.checked_sub(1)) {
            Some(star) if star < stars => Ok(Aim::Star(star)),
            Some(_) => {
                let fault = Fault::new(0..text.len(), format!("`each` has {stars} `*`"));
                Err(fault.with_help("`@1` is the key at the first `*` of `each`"))
            }
            None => {
                let fault = Fault::new(0..text.len(), "neither a pointer nor a key's number");
                Err(fault.with_help("write `@/path` from the root of the frame, or `@1`"))
            }
        }
    }

    /// What is there, as text: a key or a string as it is, anything else but null as JSON.
    pub fn text<'v>(&self, hit: &Hit<'v>) -> Option<Cow<'v, str>> {
        match self {
            Aim::Element(pointer) => pointer.text(hit.element),
            Aim::Root(pointer) => pointer.text(hit.root),
            Aim::Star(number) => hit.keys[*number].map(Key::text),
        }
    }

    /// The first value that is there; a key is a string.
    pub fn first<'v>(&self, hit: &Hit<'v>) -> Option<Cow<'v, Value>> {
        let (pointer, from) = match self {
            Aim::Element(pointer) => (pointer, hit.element),
            Aim::Root(pointer) => (pointer, hit.root),
            Aim::Star(_) => return self.key(hit),
        };
        match pointer.is_key() {
            true => self.key(hit),
            false => pointer.first(from).map(Cow::Borrowed),
        }
    }

    /// Whether any value that is there passes.
    pub fn any(&self, hit: &Hit<'_>, mut pass: impl FnMut(&Value) -> bool) -> bool {
        match self {
            Aim::Element(pointer) if !pointer.is_key() => pointer.all(hit.element).any(pass),
            Aim::Root(pointer) if !pointer.is_key() => pointer.all(hit.root).any(pass),
            _ => self.first(hit).is_some_and(|key| pass(&key)),
        }
    }

    fn key<'v>(&self, hit: &Hit<'v>) -> Option<Cow<'v, Value>> {
        let key = self.text(hit)?;
        Some(Cow::Owned(Value::String(key.into_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_start_is_read() {
        let each = Pointer::parse("/rooms/*/events").unwrap();
        let root = json!({"id": "frame", "rooms": {"!r": {"events": [{"id": "event"}]}}});
        let hit = Hit {
            root: &root,
            element: &root["rooms"]["!r"]["events"][0],
            keys: [Some(Key::Name("!r")), None, None, None],
        };
        for (text, value) in [
            ("/id", "event"),
            ("@/id", "frame"),
            ("@1", "!r"),
            ("@/rooms/*/@key", "!r"),
            ("", "{\"id\":\"event\"}"),
        ] {
            let aim = Aim::parse(text, Some(&each)).unwrap();
            assert_eq!(aim.text(&hit).unwrap(), value, "{text}");
            let first = aim.first(&hit).unwrap();
            assert!(aim.any(&hit, |any| *any == *first));
        }
        for text in ["/no", "@/no"] {
            let aim = Aim::parse(text, Some(&each)).unwrap();
            assert_eq!(aim.text(&hit), None);
            assert!(!aim.any(&hit, |_| true));
        }
    }

    #[test]
    fn a_key_that_cannot_be_there_is_a_fault() {
        let each = Pointer::parse("/rooms/*").unwrap();
        for (text, at) in [("@2", 0..2), ("@0", 0..2), ("@key", 0..4), ("@/a/~", 4..5)] {
            assert_eq!(Aim::parse(text, Some(&each)).unwrap_err().at, at, "{text}");
        }
        assert!(Aim::parse("@1", None).is_err());
    }
}
