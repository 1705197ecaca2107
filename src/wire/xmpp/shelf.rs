//! Owns `Shelf`: messages of people whom we have not met yet.
//!
//! Law: bounded in number and bytes, and the oldest go first: anybody may write to an address.
//! There is one at all because a message can overtake the news of who its sender is.

use std::collections::VecDeque;

/// The most messages.
const MESSAGES_MOST: usize = 64;

/// The most bytes of their texts and senders.
const BYTES_MOST: usize = 64 * 1024;

/// A message.
#[derive(Debug)]
pub(super) struct Stray {
    /// The sender's address.
    pub(super) from: Box<str>,
    /// What it says.
    pub(super) text: Box<str>,
    /// When the server had it, where it says so.
    pub(super) server_ms: Option<u64>,
}

impl Stray {
    fn bytes(&self) -> usize {
        self.from.len() + self.text.len()
    }
}

/// The messages, in order.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    strays: VecDeque<Stray>,
    bytes: usize,
    dropped: u64,
}

impl Shelf {
    /// Keeps a message; given back is how many had to go so far, if one had to now.
    pub(super) fn keep(&mut self, stray: Stray) -> Option<u64> {
        self.bytes += stray.bytes();
        self.strays.push_back(stray);
        let before = self.dropped;
        while self.strays.len() > MESSAGES_MOST || self.bytes > BYTES_MOST {
            let Some(oldest) = self.strays.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
        (self.dropped > before).then_some(self.dropped)
    }

    /// What somebody has said, in order.
    pub(super) fn take(&mut self, from: &str) -> VecDeque<Stray> {
        let strays = std::mem::take(&mut self.strays);
        let theirs = |stray: &Stray| *stray.from == *from;
        let (theirs, others): (VecDeque<Stray>, _) = strays.into_iter().partition(theirs);
        self.strays = others;
        self.bytes -= theirs.iter().map(Stray::bytes).sum::<usize>();
        theirs
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.strays.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stray(from: &str, text: &str) -> Stray {
        Stray {
            from: from.into(),
            text: text.into(),
            server_ms: None,
        }
    }

    #[test]
    fn what_somebody_said_is_taken_in_order() {
        let mut shelf = Shelf::default();
        for (from, text) in [("a", "1"), ("b", "2"), ("a", "3")] {
            assert_eq!(shelf.keep(stray(from, text)), None);
        }
        let texts: Vec<Box<str>> = shelf
            .take("a")
            .into_iter()
            .map(|stray| stray.text)
            .collect();
        assert_eq!(texts, ["1".into(), "3".into()]);
        assert!(shelf.take("a").is_empty() && !shelf.is_empty());
        assert_eq!(shelf.take("b").len(), 1);
        assert!(shelf.is_empty() && shelf.bytes == 0);
    }

    #[test]
    fn the_oldest_go_first() {
        let mut shelf = Shelf::default();
        for at in 0..MESSAGES_MOST {
            assert_eq!(shelf.keep(stray("a", &at.to_string())), None);
        }
        assert_eq!(shelf.keep(stray("a", "last")), Some(1));
        assert_eq!(
            shelf.keep(stray("b", &"x".repeat(BYTES_MOST - 1))),
            Some(65)
        );
        assert!(shelf.take("a").is_empty());
        assert_eq!(shelf.keep(stray("c", &"x".repeat(BYTES_MOST))), Some(67));
        assert!(shelf.is_empty() && shelf.bytes == 0);
    }
}
