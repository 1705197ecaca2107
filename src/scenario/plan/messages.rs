//! Owns `Messages`: what the messages of a live run are like.
//!
//! Law: nothing of it changes who says something when; a simulation does not ask. A message may go
//! out in parts, each with a sequence number of its own, and is there when all of them are.

use std::ops::RangeInclusive;

use super::texts::Texts;
use crate::stats::law::SizeLaw;
use crate::time::{Span, Time};

/// What the messages of a live run are like.
#[derive(Clone, Debug, PartialEq)]
pub struct Messages {
    /// How many bytes each part of a customer's message has; none for whatever its text has.
    pub bytes: Option<SizeLaw>,
    /// How many bytes each part of a reply has.
    pub reply_bytes: Option<SizeLaw>,
    /// What people say; none for texts of our own where there is a size, else for the marker alone.
    pub texts: Option<Texts>,
    /// In how many parts each message goes out, one right after the other: 1 to
    /// [`Messages::MOST_PARTS`].
    pub parts: u32,
    /// How long before a message is due its sender is seen typing, in scenario time; none for not
    /// at all.
    pub typing: Option<Span>,
}

impl Messages {
    /// The most bytes of a part, its marker included: twice that, which JSON may make of it, fits
    /// a frame of the protocol.
    pub const MOST_BYTES: u32 = 8_000;

    /// The most parts of a message.
    pub const MOST_PARTS: u32 = 10;

    /// The sequence numbers of the parts of message `number`, which counts from 1.
    pub fn sequences(&self, number: u32) -> RangeInclusive<u32> {
        let last = number.saturating_mul(self.parts);
        last.saturating_sub(self.parts - 1)..=last
    }

    /// The message, from 1, that the part with this sequence number, from 1, belongs to.
    pub fn number(&self, sequence: u32) -> u32 {
        sequence.div_ceil(self.parts)
    }

    /// When its sender is first seen typing a message that is due at `due`, known at `now`: at once
    /// where less time is left; none where nobody is, or nothing is due.
    pub fn typing_at(&self, now: Time, due: Time) -> Option<Time> {
        let ahead = self.typing.filter(|_| due.comes())?;
        Some((due - ahead).max(now))
    }
}

impl Default for Messages {
    /// Markers alone, in one part, and nobody is seen typing.
    fn default() -> Messages {
        Messages {
            bytes: None,
            reply_bytes: None,
            texts: None,
            parts: 1,
            typing: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sequence_belongs_to_one_message() {
        for parts in 1..=Messages::MOST_PARTS {
            let messages = Messages {
                parts,
                ..Messages::default()
            };
            let mut next = 1;
            for number in 1..=5 {
                let sequences = messages.sequences(number);
                assert_eq!(
                    (*sequences.start(), sequences.clone().count()),
                    (next, parts as usize)
                );
                assert!(
                    sequences
                        .clone()
                        .all(|part| messages.number(part) == number)
                );
                next = sequences.end() + 1;
            }
        }
    }

    #[test]
    fn typing_goes_ahead_of_what_is_due_or_at_once() {
        let at = |secs| Time::ZERO + Span::from_secs(secs);
        let messages = Messages {
            typing: Some(Span::from_secs(10)),
            ..Messages::default()
        };
        assert_eq!(messages.typing_at(at(5), at(60)), Some(at(50)));
        assert_eq!(messages.typing_at(at(5), at(12)), Some(at(5)));
        assert_eq!(messages.typing_at(at(5), Time::NEVER), None);
        assert_eq!(Messages::default().typing_at(at(5), at(60)), None);
    }
}
