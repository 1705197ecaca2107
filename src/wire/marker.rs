//! Owns `Marker`: the name of a message, from which either end can rebuild its draws.
//!
//! Law: one marker, one text: `parse` takes exactly what `Display` writes. Letters, digits and `-`
//! only, so that it survives every chat server, and the first word of the text, so that it
//! survives servers that add or wrap.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::hold::Hold;
use super::limits::{MARKER_MOST, TICKET_LEAST, TICKET_MOST};

/// The name of a message: `bh-<run>-c<customer>-<attempt>-<u|a>-<sequence>`, the run as eight hex
/// digits, such as `bh-00c0ffee-c17-0-u-3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Marker {
    /// Which run: tells this run's messages from another's on the same server.
    pub run: u32,
    /// The customer, by the plan's order of arrival.
    pub customer: u32,
    /// The customer's attempt; the first is 0.
    pub attempt: u32,
    /// Who sends.
    pub direction: Direction,
    /// The number among the messages of this direction in this chat, from 1; 0 names the chat
    /// itself, when it is opened.
    pub sequence: u32,
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The customer: `u`, for user.
    Customer,
    /// The agent: `a`.
    Agent,
}

impl Marker {
    /// The marker that `text` is, if it is one.
    pub fn parse(text: &str) -> Option<Marker> {
        let mut parts = text.split('-');
        let marker = Marker {
            run: {
                (parts.next()? == "bh").then_some(())?;
                hex(parts.next()?)?
            },
            customer: decimal(parts.next()?.strip_prefix('c')?)?,
            attempt: decimal(parts.next()?)?,
            direction: match parts.next()? {
                "u" => Direction::Customer,
                "a" => Direction::Agent,
                _ => return None,
            },
            sequence: decimal(parts.next()?)?,
        };
        parts.next().is_none().then_some(marker)
    }

    /// The marker that `text` begins with, as a word of its own; behind a reply's may stand its hold.
    pub fn of(text: &str) -> Option<Marker> {
        let (name, hold) = Hold::split(text.split_whitespace().next()?);
        let marker = Marker::parse(name)?;
        let fits = hold.is_none() || marker.direction == Direction::Agent;
        fits.then_some(marker)
    }

    /// The same chat's marker for another message.
    pub fn at(self, direction: Direction, sequence: u32) -> Marker {
        Marker {
            direction,
            sequence,
            ..self
        }
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tail = Tail::default();
        tail.decimal(self.sequence);
        tail.text(match self.direction {
            Direction::Customer => b"-u-",
            Direction::Agent => b"-a-",
        });
        tail.decimal(self.attempt);
        tail.text(b"-");
        tail.decimal(self.customer);
        tail.text(b"-c");
        tail.hex(self.run);
        tail.text(b"bh-");
        f.write_str(tail.as_str())
    }
}

/// A text that is written from its end, at once: one marker is written for every message.
struct Tail {
    bytes: [u8; MARKER_MOST],
    from: usize,
}

impl Default for Tail {
    fn default() -> Tail {
        Tail {
            bytes: [0; MARKER_MOST],
            from: MARKER_MOST,
        }
    }
}

impl Tail {
    fn text(&mut self, text: &[u8]) {
        text.iter().rev().for_each(|byte| self.byte(*byte));
    }

    fn byte(&mut self, byte: u8) {
        self.from -= 1;
        self.bytes[self.from] = byte;
    }

    fn decimal(&mut self, mut number: u32) {
        loop {
            self.byte(b'0' + (number % 10) as u8);
            number /= 10;
            if number == 0 {
                return;
            }
        }
    }

    fn hex(&mut self, number: u32) {
        for digit in 0..8 {
            self.byte(b"0123456789abcdef"[(number >> (4 * digit)) as usize & 15]);
        }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.from..]).expect("nothing but ASCII was written")
    }
}

/// Whether a server takes `text` as a marker: it need not be one of ours.
pub fn is_fit(text: &str) -> bool {
    is_name(text, 1..=MARKER_MOST)
}

/// Whether a server takes `text` as a ticket.
pub fn is_ticket(text: &str) -> bool {
    is_name(text, TICKET_LEAST..=TICKET_MOST)
}

/// Whether it is so long and of letters, digits and `-` alone.
fn is_name(text: &str, long: RangeInclusive<usize>) -> bool {
    let letters = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    long.contains(&text.len()) && text.bytes().all(letters)
}

fn decimal(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

fn hex(text: &str) -> Option<u32> {
    let canonical = text.len() == 8 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    canonical
        .then(|| u32::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARKER: Marker = Marker {
        run: 0x00c0_ffee,
        customer: 17,
        attempt: 0,
        direction: Direction::Customer,
        sequence: 3,
    };

    #[test]
    fn reads_as_documented() {
        assert_eq!(MARKER.to_string(), "bh-00c0ffee-c17-0-u-3");
        assert_eq!(Marker::of("  bh-00c0ffee-c17-0-u-3 hello"), Some(MARKER));
        assert_eq!(Marker::of("hello bh-00c0ffee-c17-0-u-3"), None);
        let reply = MARKER.at(Direction::Agent, 1);
        assert_eq!(reply.to_string(), "bh-00c0ffee-c17-0-a-1");
        let longest = Marker {
            run: u32::MAX,
            customer: u32::MAX,
            attempt: u32::MAX,
            direction: Direction::Agent,
            sequence: u32::MAX,
        };
        let longest = longest.to_string();
        assert_eq!(longest, "bh-ffffffff-c4294967295-4294967295-a-4294967295");
    }

    #[test]
    fn what_is_not_written_so_is_no_marker() {
        let others = [
            "",
            "bh",
            "bh-00c0ffee-c17-0-u",
            "bh-00c0ffee-c17-0-u-3-1",
            "bh-00C0FFEE-c17-0-u-3",
            "bh-c0ffee-c17-0-u-3",
            "bh-00c0ffee-17-0-u-3",
            "bh-00c0ffee-c017-0-u-3",
            "bh-00c0ffee-c+17-0-u-3",
            "bh-00c0ffee-c17-0-x-3",
            "bh-00c0ffee-c17-0-u-",
            "bh-00c0ffee-c4294967296-0-u-3",
        ];
        for other in others {
            assert_eq!(Marker::parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(run: u32, customer: u32, attempt: u32, agent: bool, sequence: u32) {
            let direction = if agent { Direction::Agent } else { Direction::Customer };
            let marker = Marker { run, customer, attempt, direction, sequence };
            let text = marker.to_string();
            prop_assert!(is_fit(&text));
            prop_assert_eq!(Marker::parse(&text), Some(marker));
            prop_assert_eq!(Marker::of(&format!("{text} and more")), Some(marker));
        }

        #[test]
        fn one_marker_one_text(
            text in "(bh|b)-[0-9a-fA-F]{7,9}-c?[0-9]{1,11}-[0-9]{1,3}-[uax]-[0-9]{1,3}",
        ) {
            if let Some(marker) = Marker::parse(&text) {
                prop_assert_eq!(marker.to_string(), text);
            }
        }

        #[test]
        fn any_text_is_a_marker_or_none(text in any::<String>()) {
            let _ = (Marker::parse(&text), Marker::of(&text), is_fit(&text));
        }
    }
}
