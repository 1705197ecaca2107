//! Owns `Hold`: how long an agent held the message that a reply answers, as the reply itself says.
//!
//! Law: it stands behind the reply's marker, in the same word, so that it goes wherever that goes. A
//! hold is a length by one clock: whoever reads it need not know what that clock shows.

use std::fmt;

use crate::time::Span;

/// The most digits: with them the longest marker is as long as a marker may be.
const DIGITS_MOST: usize = 15;

/// Wall time from a message read to its reply written, in whole microseconds: `-h<microseconds>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold(u64);

impl Hold {
    /// The greatest, of 31 years.
    const MOST: u64 = 10u64.pow(DIGITS_MOST as u32) - 1;

    /// So long a hold, in whole microseconds.
    pub fn of(wall: Span) -> Hold {
        Hold((wall.0 / 1_000).min(Hold::MOST))
    }

    /// How long.
    pub fn span(self) -> Span {
        Span(self.0 * 1_000)
    }

    /// A first word in two: the name of the message, and the hold that stands behind it, if one
    /// does.
    pub(super) fn split(word: &str) -> (&str, Option<Hold>) {
        match word.rsplit_once("-h") {
            Some((name, digits)) if is_canonical(digits) => (name, digits.parse().ok().map(Hold)),
            _ => (word, None),
        }
    }

    /// What a reply's text says of the hold.
    pub fn said_in(text: &str) -> Option<Hold> {
        Hold::split(text.split_whitespace().next()?).1
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-h{}", self.0)
    }
}

fn is_canonical(digits: &str) -> bool {
    let length = (1..=DIGITS_MOST).contains(&digits.len());
    let all = digits.bytes().all(|c| c.is_ascii_digit());
    length && all && (digits == "0" || !digits.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::limits::MARKER_MOST;
    use crate::wire::marker::{Direction, Marker, is_fit};
    use proptest::prelude::*;

    const REPLY: Marker = Marker {
        run: 0x00c0_ffee,
        customer: 17,
        attempt: 0,
        direction: Direction::Agent,
        sequence: 3,
    };

    #[test]
    fn it_stands_behind_the_name_of_a_reply() {
        let held = Hold::of(Span(41_250_999));
        let text = format!("{REPLY}{held} Yes, it is.");
        assert_eq!(text, "bh-00c0ffee-c17-0-a-3-h41250 Yes, it is.");
        assert_eq!(Hold::said_in(&text), Some(held));
        assert_eq!(Marker::of(&text), Some(REPLY));
        assert_eq!(Hold::said_in(&REPLY.to_string()), None);
        assert_eq!(held.span(), Span(41_250_000));
        // Who asks holds nothing.
        let asks = REPLY.at(Direction::Customer, 3);
        assert_eq!(Marker::of(&format!("{asks}{held}")), None);
        assert_eq!(Marker::parse(&format!("{REPLY}{held}")), None, "no name");
    }

    #[test]
    fn what_is_not_written_so_is_none() {
        for other in [
            "-h",
            "-h01",
            "-h-1",
            "-h+1",
            "-h1-h2",
            "-h1000000000000000",
            "-hx",
        ] {
            let text = format!("{REPLY}{other}");
            assert_eq!(Marker::of(&text), None, "{other}");
        }
        assert_eq!(Hold::said_in(""), None);
    }

    #[test]
    fn the_longest_is_a_marker_still() {
        let longest = Marker {
            run: u32::MAX,
            customer: u32::MAX,
            attempt: u32::MAX,
            sequence: u32::MAX,
            ..REPLY
        };
        let word = format!("{longest}{}", Hold::of(Span(u64::MAX)));
        assert!(is_fit(&word) && word.len() <= MARKER_MOST, "{word}");
    }

    proptest! {
        #[test]
        fn one_hold_one_text(micros in 0..=Hold::MOST) {
            let hold = Hold::of(Span(micros * 1_000));
            let (name, word) = (REPLY.to_string(), format!("{REPLY}{hold}"));
            prop_assert_eq!(Hold::split(&word), (name.as_str(), Some(hold)));
        }
    }
}
