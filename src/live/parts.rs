//! Owns `Parts`: which parts of a message have come.
//!
//! Law: a message is there when the part that was missing last is, in whatever order they come and
//! however often.

use crate::scenario::plan::Messages;

/// Which parts of the message that is waited for have come: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts(u16);

impl Parts {
    /// The part of this sequence number has come; true when the message is whole, and the next one
    /// is waited for.
    pub fn come(&mut self, messages: &Messages, sequence: u32) -> bool {
        let last = messages.number(sequence) * messages.parts;
        self.0 |= 1 << (last - sequence);
        let whole = self.0 == (1 << messages.parts) - 1;
        if whole {
            self.0 = 0;
        }
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_whole_with_its_last_missing_part() {
        let messages = Messages {
            parts: 3,
            ..Messages::default()
        };
        let mut parts = Parts::default();
        let came = [1, 1, 3, 1, 2, 6, 4, 5].map(|sequence| parts.come(&messages, sequence));
        let whole = [false, false, false, false, true, false, false, true];
        assert_eq!(came, whole);
        assert!(Parts::default().come(&Messages::default(), 7));
    }
}
