//! Owns `Text`: what the messages of a live run say, and how long they are.
//!
//! Law: a text is a function of its marker, of the hold behind that, and the draws of the customer
//! whose chat it is in, so that the sender of a message needs no memory of it and its receiver can
//! make it again, letter by letter, in any process. It begins with the marker, has the size that was drawn, to the byte, and
//! takes one allocation at most.

use std::fmt::Write;

use rand::RngExt;

use crate::random::{Draws, Purpose, Stream};
use crate::scenario::plan::{Messages, Texts};
use crate::stats::law::SizeLaw;
use crate::wire::hold::Hold;
use crate::wire::limits::{FRAME_LIMIT, MARKER_MOST};
use crate::wire::marker::{Direction, Marker};

/// What people say where the scenario has no texts: words, because servers compress.
const FILLER: &str = include_str!("text/filler.txt");

/// The most bytes of a frame without what it says, which JSON may make twice as long.
const ENVELOPE: usize = 300;

const _: () = assert!(Messages::MOST_BYTES as usize * 2 + ENVELOPE <= FRAME_LIMIT);
const _: () = assert!(Texts::LONGEST + MARKER_MOST < Messages::MOST_BYTES as usize);

/// What the messages of a run say.
#[derive(Clone, Debug)]
pub struct Text {
    bytes: Option<SizeLaw>,
    reply_bytes: Option<SizeLaw>,
    texts: Texts,
    /// Whether the texts are the scenario's: then messages have them whether or not there is a
    /// size.
    given: bool,
}

impl Text {
    /// What is said by a plan.
    pub fn new(messages: &Messages) -> Text {
        let filler = || Texts::of(FILLER).expect("the filler has lines");
        Text {
            bytes: messages.bytes.clone(),
            reply_bytes: messages.reply_bytes.clone(),
            texts: messages.texts.clone().unwrap_or_else(filler),
            given: messages.texts.is_some(),
        }
    }

    /// The bytes of the longest frame that a message may need, whatever JSON makes of its text.
    pub fn longest_frame(&self) -> usize {
        let line = Some(self.texts.longest()).filter(|_| self.given);
        let unsized_most = MARKER_MOST + line.map_or(0, |line| line + 1);
        let most = |law: &Option<SizeLaw>| {
            let greatest = law.as_ref().map(|law| law.greatest() as usize);
            greatest.unwrap_or(unsized_most).max(MARKER_MOST)
        };
        most(&self.bytes).max(most(&self.reply_bytes)) * 2 + ENVELOPE
    }

    /// Writes the text of the message, or part of one, that `marker` names, by the draws of the
    /// customer's attempt, in place of what was in `into`, whose memory is used again.
    pub fn write(&self, marker: Marker, draws: Draws, into: &mut String) {
        self.put((marker, None), draws, into);
    }

    /// The text of a reply to a message that its agent has held so long; none where that is not to
    /// be told.
    pub fn of_reply(&self, marker: Marker, hold: Option<Hold>, draws: Draws) -> String {
        let mut text = String::new();
        self.put((marker, hold), draws, &mut text);
        text
    }

    fn put(&self, word: (Marker, Option<Hold>), draws: Draws, into: &mut String) {
        let marker = word.0;
        let (law, size, text) = match marker.direction {
            Direction::Customer => (&self.bytes, Purpose::Bytes, Purpose::Text),
            Direction::Agent => (&self.reply_bytes, Purpose::ReplyBytes, Purpose::ReplyText),
        };
        let mut lot = draws.at(text, marker.sequence);
        into.clear();
        match law {
            Some(law) => {
                let size = law.sample(&mut draws.at(size, marker.sequence)) as usize;
                into.reserve(size.max(MARKER_MOST));
                name(word, into);
                self.fill(size, &mut lot, into);
            }
            None if self.given => {
                let line = self.line(&mut lot);
                into.reserve(MARKER_MOST + 1 + line.len());
                name(word, into);
                into.push(' ');
                into.push_str(line);
            }
            None => {
                into.reserve(MARKER_MOST);
                name(word, into);
            }
        }
    }

    /// Lines by lot until the text has so many bytes; where a character is cut, its place is filled
    /// with full stops.
    fn fill(&self, size: usize, lot: &mut Stream, into: &mut String) {
        while into.len() < size {
            into.push(' ');
            let (line, room) = (self.line(lot), size - into.len());
            into.push_str(&line[..boundary(line, room)]);
            if line.len() > room {
                (into.len()..size).for_each(|_| into.push('.'));
            }
        }
    }

    fn line(&self, lot: &mut Stream) -> &str {
        self.texts.line(lot.random_range(0..self.texts.count()))
    }
}

fn name((marker, hold): (Marker, Option<Hold>), into: &mut String) {
    let written = write!(into, "{marker}");
    let written = written.and(hold.map_or(Ok(()), |hold| write!(into, "{hold}")));
    written.expect("a string takes whatever is written");
}

/// The last boundary between characters at or before a byte.
fn boundary(line: &str, most: usize) -> usize {
    let most = most.min(line.len());
    let fits = |at: &usize| line.is_char_boundary(*at);
    (0..=most).rev().find(fits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population};
    use crate::stats::law::Law;
    use crate::time::Span;
    use crate::wire::frame::{Frame, FromAgent, Said, ToAgent};
    use crate::wire::limits::FRAME_LIMIT_LEAST;
    use proptest::prelude::*;

    impl Text {
        fn of(&self, marker: Marker, draws: Draws) -> String {
            let mut text = String::new();
            self.write(marker, draws, &mut text);
            text
        }
    }

    fn draws(number: u64) -> Draws {
        Population::new(3, 0, Kind::Customer).person(number, 0)
    }

    fn marker(direction: Direction, sequence: u32) -> Marker {
        Marker {
            run: 0x00c0_ffee,
            customer: 17,
            attempt: 0,
            direction,
            sequence,
        }
    }

    fn constant(bytes: u32) -> Option<SizeLaw> {
        let law = Law::constant(bytes.into()).unwrap();
        Some(SizeLaw::new(law, Messages::MOST_BYTES))
    }

    fn text_of(bytes: Option<SizeLaw>, texts: Option<&str>) -> Text {
        Text::new(&Messages {
            reply_bytes: bytes.clone(),
            bytes,
            texts: texts.map(|texts| Texts::of(texts).unwrap()),
            ..Messages::default()
        })
    }

    const ASKS: Direction = Direction::Customer;

    #[test]
    fn without_a_size_or_texts_a_message_is_its_marker() {
        let plain = text_of(None, None);
        assert_eq!(plain.of(marker(ASKS, 1), draws(1)), "bh-00c0ffee-c17-0-u-1");
        let given = text_of(None, Some("Hola.\n你好"));
        let said: Vec<String> = (1..40)
            .map(|sequence| given.of(marker(ASKS, sequence), draws(1)))
            .map(|text| text.split_once(' ').unwrap().1.to_string())
            .collect();
        assert!(
            said.iter()
                .all(|line| ["Hola.", "你好"].contains(&line.as_str()))
        );
        assert!(
            ["Hola.", "你好"]
                .iter()
                .all(|line| said.contains(&(*line).to_string()))
        );
    }

    #[test]
    fn a_small_size_is_the_marker_and_a_cut_is_filled() {
        let name = marker(ASKS, 1).to_string();
        let of = |bytes, texts| text_of(constant(bytes), texts).of(marker(ASKS, 1), draws(1));
        assert_eq!(of(0, None), name);
        let size = name.len() as u32;
        assert_eq!(of(size + 1, None), format!("{name} "));
        assert_eq!(of(size + 6, Some("你好")), format!("{name} 你.."));
        assert_eq!(of(size + 10, Some("你好")), format!("{name} 你好 .."));
    }

    /// Known answers: another version that drew otherwise could not share a run with this one.
    #[test]
    fn the_same_seed_says_the_same() {
        let law = Law::lognormal(120.0, 1.0).unwrap();
        let real = text_of(Some(SizeLaw::new(law, Messages::MOST_BYTES)), None);
        let said = [ASKS, Direction::Agent].map(|side| real.of(marker(side, 3), draws(17)));
        let asked = "bh-00c0ffee-c17-0-u-3 Is the small light on the front of the boiler red or \
                     orange? The other two are in a parcel of their own, due on Friday. The train";
        let answered = "bh-00c0ffee-c17-0-a-3 You can send it back within thirty days, and the way \
                        back costs nothing. Yes, the newsletter still comes every morning although I \
                        have left the list twice. Try it once ";
        assert_eq!(said, [asked, answered]);
        let next = real.of(marker(ASKS, 4), draws(17));
        let other = real.of(marker(ASKS, 3), draws(18));
        assert!(said[0].len() != next.len() && said[0].len() != other.len());
    }

    #[test]
    fn a_hold_takes_part_of_the_size() {
        let real = text_of(constant(100), None);
        let reply = marker(Direction::Agent, 3);
        let [told, untold] = [Some(Hold::of(Span::from_secs(7))), None]
            .map(|hold| real.of_reply(reply, hold, draws(1)));
        assert!(
            told.starts_with("bh-00c0ffee-c17-0-a-3-h7000000 "),
            "{told}"
        );
        assert_eq!([told.len(), untold.len()], [100; 2]);
        assert_eq!(untold, real.of(reply, draws(1)));
        // Both go on alike.
        assert_eq!(told[31..], untold[22..91]);
    }

    #[test]
    fn directions_have_sizes_of_their_own() {
        let both = Text::new(&Messages {
            bytes: constant(100),
            reply_bytes: constant(200),
            ..Messages::default()
        });
        let length = |direction| both.of(marker(direction, 1), draws(1)).len();
        assert_eq!((length(ASKS), length(Direction::Agent)), (100, 200));
    }

    #[test]
    fn the_filler_is_text_that_varies() {
        let long = text_of(constant(2_000), None);
        let [one, other] = [1, 2].map(|sequence| long.of(marker(ASKS, sequence), draws(1)));
        assert!(one[30..] != other[30..]);
        let words: std::collections::HashSet<&str> = one.split(' ').collect();
        assert!(words.len() > 150, "{}", words.len());
        assert!(
            FILLER
                .bytes()
                .all(|byte| byte == b'\n' || (b' '..0x7f).contains(&byte))
        );
        assert!(!FILLER.contains(['"', '\\']), "what JSON makes longer");
    }

    /// Text that JSON makes as long as it can, in the frames with the most around it.
    #[test]
    fn the_longest_text_fits_a_frame() {
        let quotes = text_of(constant(Messages::MOST_BYTES), Some(&"\"".repeat(100)));
        let text = quotes.of(marker(ASKS, u32::MAX), draws(1));
        assert_eq!(text.len(), Messages::MOST_BYTES as usize);
        let (chat, seq, turn, answered) = (1 << 53, u32::MAX, u8::MAX, u32::MAX);
        let pending = Some(Said {
            seq,
            text: text.clone(),
        });
        let marker = "m".repeat(MARKER_MOST);
        let assigned = ToAgent::Assigned {
            chat,
            marker,
            text: None,
            turn,
            answered,
            pending,
        };
        let reply = FromAgent::Reply { chat, seq, text };
        let most = quotes.longest_frame();
        assert!(assigned.encode().len().max(reply.encode().len()) <= most);
        assert!((16_000..=FRAME_LIMIT).contains(&most), "{most}");
        let given = text_of(None, Some("twelve bytes"));
        assert_eq!(given.longest_frame(), (MARKER_MOST + 13) * 2 + ENVELOPE);
        assert!(text_of(None, None).longest_frame() < FRAME_LIMIT_LEAST);
    }

    proptest! {
        #[test]
        fn a_text_is_its_marker_and_its_size(
            lines in "(\\PC{0,40}\n){0,6}",
            bytes in 0..1_000u32,
            run: u32, customer: u32, attempt: u32, agent: bool, sequence: u32,
        ) {
            let direction = if agent { Direction::Agent } else { Direction::Customer };
            let marker = Marker { run, customer, attempt, direction, sequence };
            let texts = Texts::of(&lines).map(|_| lines.as_str());
            let text = text_of(constant(bytes), texts);
            let said = text.of(marker, draws(5));
            prop_assert_eq!(said.len(), marker.to_string().len().max(bytes as usize));
            prop_assert_eq!(Marker::of(&said), Some(marker));
            prop_assert!(!said.chars().any(char::is_control));
            // The other end makes the same, in memory that it has.
            let mut again = String::with_capacity(1_000 + MARKER_MOST);
            let memory = again.as_ptr();
            text.clone().write(marker, draws(5), &mut again);
            prop_assert_eq!((&again, again.as_ptr()), (&said, memory));
        }
    }
}
