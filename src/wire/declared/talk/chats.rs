//! Owns `Chats`: which chats a person is in, and how far each is.
//!
//! Law: a chat has one number as long as the person is in it; a number never comes twice on a
//! connection, but for a customer's own.

use super::apart::Line;
use crate::wire::speaker::{ChatNumber, OWN};

/// The most chats that are known at a time.
pub const MOST: usize = 2_000;

/// The most of which the person is through with that are known: what was said in them before may come.
const DONE_MOST: usize = 64;

/// A chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its number.
    pub number: ChatNumber,
    /// The person has ended it, or given it back.
    pub is_left: bool,
    /// The server has said that it is over.
    pub is_over: bool,
    /// The person is through with it. What was said before may still be on its way: so long it is
    /// known whose that is.
    pub is_done: bool,
    /// The agent has asked for it, and does not have it yet.
    pub is_asked: bool,
    /// How far its own connection is, where it has one.
    pub line: Line,
}

/// Which chat something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// This one.
    Known(ChatNumber),
    /// It is not said.
    Unsaid,
    /// It is said, and none of the person's.
    Strange,
}

/// The chats that a person is in, oldest first.
#[derive(Debug, Default)]
pub struct Chats {
    all: Vec<Chat>,
    last: ChatNumber,
}

impl Chats {
    /// All numbers, newest first.
    pub fn numbers(&self) -> impl Iterator<Item = ChatNumber> {
        self.all.iter().rev().map(|chat| chat.number)
    }

    /// The next number that an agent's chat has.
    pub fn next(&self) -> ChatNumber {
        self.last + 1
    }

    /// A chat of this number begins, in place of one that has had it.
    pub fn begin(&mut self, number: ChatNumber) {
        self.end(number);
        self.last = self.last.max(number);
        self.all.push(Chat {
            number,
            is_left: false,
            is_over: false,
            is_done: false,
            is_asked: false,
            line: Line::None,
        });
    }

    /// The person is through with it, and may still hear what was said before.
    pub fn finish(&mut self, number: ChatNumber) {
        if let Some(chat) = self.get_mut(number) {
            (chat.is_over, chat.is_done) = (true, true);
        }
    }

    /// The oldest that the person is through with, where there are more than need to be known.
    pub fn done(&self) -> Option<ChatNumber> {
        let mut done = self.all.iter().rev().filter(|chat| chat.is_done);
        done.nth(DONE_MOST).map(|chat| chat.number)
    }

    /// The person has nothing to do with it any more.
    pub fn end(&mut self, number: ChatNumber) {
        self.all.retain(|chat| chat.number != number);
    }

    /// The chat of this number that the person is in.
    pub fn get_mut(&mut self, number: ChatNumber) -> Option<&mut Chat> {
        let mut all = self.all.iter_mut();
        all.find(|chat| chat.number == number && !chat.is_done)
    }

    /// The same, to look at.
    pub fn get(&self, number: ChatNumber) -> Option<&Chat> {
        let mut all = self.all.iter();
        all.find(|chat| chat.number == number && !chat.is_done)
    }

    /// The one that goes on, where there is but one.
    pub fn only(&self) -> Option<ChatNumber> {
        let mut open = self
            .all
            .iter()
            .filter(|chat| !chat.is_over && !chat.is_asked);
        let first = open.next()?;
        open.next().is_none().then_some(first.number)
    }

    /// Whether there are as many as there may be.
    pub fn is_full(&self) -> bool {
        self.all.len() >= MOST
    }

    /// The oldest that is over: it makes room for another.
    pub fn spent(&self) -> Option<ChatNumber> {
        let spent = self.all.iter().find(|chat| chat.is_over);
        spent
            .map(|chat| chat.number)
            .filter(|number| *number != OWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_up_and_are_not_used_again() {
        let mut chats = Chats::default();
        assert_eq!(chats.next(), 1);
        chats.begin(1);
        assert_eq!(chats.only(), Some(1));
        chats.begin(2);
        assert_eq!(chats.only(), None);
        chats.get_mut(1).unwrap().is_over = true;
        assert_eq!((chats.only(), chats.spent()), (Some(2), Some(1)));
        chats.end(2);
        assert_eq!(chats.next(), 3);
        assert_eq!(chats.numbers().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn what_is_done_is_nobodys_but_known() {
        let mut chats = Chats::default();
        chats.begin(1);
        chats.finish(1);
        assert_eq!((chats.get(1), chats.done()), (None, None));
        assert_eq!(chats.numbers().collect::<Vec<_>>(), [1]);
        for number in 2..=1 + DONE_MOST as ChatNumber {
            chats.begin(number);
            chats.finish(number);
        }
        assert_eq!(chats.done(), Some(1));
        chats.end(1);
        assert_eq!(chats.done(), None);
    }
}
