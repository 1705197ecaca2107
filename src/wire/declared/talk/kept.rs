//! Owns `Kept`: the values that a person keeps, by name and scope.
//!
//! Law: all of a person's values together have a bound, since most of them come from a server. A chat is
//! found by what the server calls it at once, however many there are.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::scene::{ID, PEER};
use crate::error::{Error, Result};
use crate::wire::speaker::ChatNumber;

/// The most bytes that a person keeps.
pub const KEPT_MOST: usize = 64 * 1024;

/// What an entry takes besides its text.
const ENTRY: usize = 32;

/// Values by their full names.
pub type Names = BTreeMap<String, String>;

/// The values that a person keeps.
#[derive(Default)]
pub struct Kept {
    user: Names,
    connection: Names,
    chats: BTreeMap<ChatNumber, Names>,
    /// The chat that has this id, or this peer, last; by [`CALLED`].
    called: [FxHashMap<String, ChatNumber>; 2],
    bytes: usize,
}

/// By which names chats are found.
const CALLED: [&str; 2] = [ID, PEER];

impl Kept {
    /// The values of another connection of the same person.
    pub fn of_user(user: Names) -> Kept {
        Kept {
            bytes: size(&user),
            user,
            ..Kept::default()
        }
    }

    /// Takes out all that is good for a person in this chat: its own, the connection's, the chat's.
    pub fn take(&mut self, chat: ChatNumber) -> (Names, Names, Names) {
        let mut kept = std::mem::take(self);
        let of_chat = kept.chats.remove(&chat).unwrap_or_default();
        (kept.user, kept.connection, of_chat)
    }

    /// A chat goes on, with the values that it had.
    pub fn begin_with(&mut self, chat: ChatNumber, names: Names) {
        self.begin(chat);
        self.bytes += size(&names);
        for (called, name) in self.called.iter_mut().zip(CALLED) {
            let value = names.get(name).cloned();
            called.extend(value.map(|value| (value, chat)));
        }
        self.chats.insert(chat, names);
    }

    /// What the person keeps for its next connection.
    pub fn user(&self) -> &Names {
        &self.user
    }

    /// A value by its full name, as seen from a chat.
    pub fn get(&self, name: &str, chat: Option<ChatNumber>) -> Option<&str> {
        let (scope, _) = name.split_once('.')?;
        let names = match scope {
            "user" => &self.user,
            "connection" => &self.connection,
            _ => self.chats.get(&chat?)?,
        };
        names.get(name).map(String::as_str)
    }

    /// Keeps a value under its full name. What belongs to a chat is let go where there is none.
    ///
    /// # Errors
    /// It is too much.
    pub fn put(&mut self, name: &str, value: &str, chat: Option<ChatNumber>) -> Result<()> {
        let (bytes, names) = (self.bytes, self.names(name, chat));
        let Some(names) = names else {
            return Ok(());
        };
        let old = names.get(name);
        let bytes = bytes - old.map_or(0, |old| cost(name, old)) + cost(name, value);
        if bytes > KEPT_MOST {
            let what = format!("`{name}` is too long: at most {KEPT_MOST} bytes are kept");
            return Err(Error::failed(what).for_good());
        }
        let old = names.insert(name.to_string(), value.to_string());
        self.bytes = bytes;
        let at = CALLED.iter().position(|called| *called == name);
        if let Some((at, chat)) = at.zip(chat) {
            self.is_called_no_more(at, old, chat);
            self.called[at].insert(value.to_string(), chat);
        }
        Ok(())
    }

    /// The chat that was last given this value of `chat.id` or `chat.peer`.
    pub fn find(&self, name: &str, value: &str) -> Option<ChatNumber> {
        let at = CALLED.iter().position(|called| *called == name)?;
        self.called[at].get(value).copied()
    }

    /// A chat has this value no longer: another that has it, too, is found by it again.
    fn is_called_no_more(&mut self, at: usize, value: Option<String>, chat: ChatNumber) {
        let value = value.filter(|value| self.called[at].get(value) == Some(&chat));
        let Some(value) = value else { return };
        let mut others = self.chats.iter().rev().filter(|(other, _)| **other != chat);
        let other = others.find(|(_, names)| names.get(CALLED[at]) == Some(&value));
        match other.map(|(other, _)| *other) {
            Some(other) => drop(self.called[at].insert(value, other)),
            None => drop(self.called[at].remove(&value)),
        }
    }

    /// A chat begins: it has no values yet.
    pub fn begin(&mut self, chat: ChatNumber) {
        self.end(chat);
        self.chats.insert(chat, Names::new());
    }

    /// The person is through with a chat: what it is called is kept, so that it is still found.
    pub fn finish(&mut self, chat: ChatNumber) {
        if let Some(names) = self.chats.get_mut(&chat) {
            let before = size(names);
            names.retain(|name, _| CALLED.contains(&name.as_str()));
            self.bytes -= before - size(names);
        }
    }

    /// A chat is over.
    pub fn end(&mut self, chat: ChatNumber) {
        let Some(mut names) = self.chats.remove(&chat) else {
            return;
        };
        self.bytes -= size(&names);
        for (at, name) in CALLED.into_iter().enumerate() {
            self.is_called_no_more(at, names.remove(name), chat);
        }
    }

    /// Whether there is such a chat.
    pub fn has(&self, chat: ChatNumber) -> bool {
        self.chats.contains_key(&chat)
    }

    fn names(&mut self, name: &str, chat: Option<ChatNumber>) -> Option<&mut Names> {
        match name.split_once('.')?.0 {
            "user" => Some(&mut self.user),
            "connection" => Some(&mut self.connection),
            _ => self.chats.get_mut(&chat?),
        }
    }
}

fn size(names: &Names) -> usize {
    names.iter().map(|(name, value)| cost(name, value)).sum()
}

fn cost(name: &str, value: &str) -> usize {
    name.len() + value.len() + ENTRY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_by_scope_and_end_with_it() {
        let mut kept = Kept::default();
        kept.put("user.token", "t", None).unwrap();
        kept.put("chat.id", "lost", Some(1)).unwrap();
        kept.begin(1);
        kept.put("chat.id", "c1", Some(1)).unwrap();
        assert_eq!(kept.get("user.token", Some(1)), Some("t"));
        assert_eq!(kept.get("chat.id", Some(1)), Some("c1"));
        assert_eq!(kept.get("chat.id", Some(2)), None);
        let before = kept.bytes;
        kept.begin(1);
        assert_eq!(kept.get("chat.id", Some(1)), None);
        assert!(kept.bytes < before);
        kept.end(1);
        assert_eq!(kept.bytes, size(kept.user()));
    }

    #[test]
    fn chats_are_found_by_what_they_are_called() {
        let mut kept = Kept::default();
        (1..=3).for_each(|chat| kept.begin(chat));
        for (name, value, chat) in [(ID, "a", 1), (ID, "b", 2), (PEER, "a", 3), (ID, "a", 3)] {
            kept.put(name, value, Some(chat)).unwrap();
        }
        let found = |kept: &Kept| {
            let all = [(ID, "a"), (ID, "b"), (PEER, "a"), (ID, "c")];
            all.map(|(name, value)| kept.find(name, value))
        };
        assert_eq!(found(&kept), [Some(3), Some(2), Some(3), None]);
        kept.put("chat.topic", "x", Some(3)).unwrap();
        let before = kept.bytes;
        kept.finish(3);
        assert_eq!(kept.bytes, before - cost("chat.topic", "x"));
        kept.put(ID, "c", Some(3)).unwrap();
        assert_eq!(found(&kept), [Some(1), Some(2), Some(3), Some(3)]);
        kept.end(3);
        assert_eq!(found(&kept), [Some(1), Some(2), None, None]);
        let (_, _, names) = kept.take(2);
        assert_eq!(found(&kept), [None; 4]);
        kept.begin_with(7, names);
        assert_eq!(kept.find(ID, "b"), Some(7));
        assert_eq!(kept.find("chat.other", "b"), None);
    }

    #[test]
    fn there_is_a_bound_for_all_of_them() {
        let mut kept = Kept::default();
        let half = "x".repeat(KEPT_MOST / 2);
        kept.put("user.a", &half, None).unwrap();
        kept.put("user.a", &half, None).unwrap();
        assert!(kept.put("connection.b", &half, None).is_err());
        kept.put("user.a", "", None).unwrap();
        kept.put("connection.b", &half, None).unwrap();
    }
}
