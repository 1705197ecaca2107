//! Owns `Traffic`: the messages of one chat in one direction, from written to read.
//!
//! Law: a message is under way from the entry that it was written to the one that it was read,
//! whichever is posted first. What is kept is what is under way and how far both ends have come, so
//! that a chat of any length takes little room.

use super::super::journal::Message;
use crate::time::{Span, Time};

/// The messages of a chat in one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    under_way: Vec<Written>,
    /// Read before it was posted that they were written.
    early: Vec<Message>,
    /// The highest number written so far.
    written_to: u32,
    /// The highest number read so far.
    read_to: u32,
    /// What was read by this number may be told to the next reader once more, as the chat was handed
    /// over; and what of it was.
    retold: (u32, Vec<u32>),
}

/// A message under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// When it was due.
    pub at: Time,
    /// Which.
    pub message: Message,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Came {
    /// For the first time, after all that were written before it or ahead of some.
    Once {
        /// Before it came one that was written after it.
        late: bool,
        /// Written to read and due to read, unless the message waited by the rules.
        took: Option<(Span, Span)>,
    },
    /// Once more, to who has the chat after another.
    Retold,
    /// Once more.
    Again,
    /// It is still to be posted that it was written.
    Early,
}

impl Traffic {
    /// A message that was due at `at` was written; says how it came if it has been read already.
    pub fn written(&mut self, at: Time, message: Message) -> Option<Came> {
        self.written_to = self.written_to.max(message.sequence);
        self.under_way.push(Written { at, message });
        let same = |early: &Message| early.sequence == message.sequence;
        let early = self.early.iter().position(same)?;
        let read = self.early.swap_remove(early);
        Some(self.read(read))
    }

    /// A message was read.
    pub fn read(&mut self, message: Message) -> Came {
        let same = |written: &Written| written.message.sequence == message.sequence;
        let Some(place) = self.under_way.iter().position(same) else {
            return self.read_before(message);
        };
        let written = self.under_way.remove(place).message;
        let late = message.sequence < self.read_to;
        self.read_to = self.read_to.max(message.sequence);
        let both = written.wall.zip(message.wall);
        let took = both.map(|(written_at, read_at)| {
            let delivery = Span(read_at.0.saturating_sub(written_at.0));
            (delivery, delivery + written.late)
        });
        Came::Once { late, took }
    }

    /// A message was read that is not under way: it came before, or is still to be written.
    fn read_before(&mut self, message: Message) -> Came {
        let (to, retold) = &mut self.retold;
        if message.sequence > self.written_to {
            self.early.push(message);
            return Came::Early;
        }
        if message.sequence > *to || retold.contains(&message.sequence) {
            return Came::Again;
        }
        retold.push(message.sequence);
        Came::Retold
    }

    /// The chat was handed over: its next reader may be told what was read already.
    pub fn hand_over(&mut self) {
        self.retold = (self.read_to, Vec::new());
    }

    /// A message has come to somebody else: it is not under way any more.
    pub fn strayed(&mut self, sequence: u32) {
        self.under_way
            .retain(|written| written.message.sequence != sequence);
    }

    /// The messages that were written and have not come.
    pub fn missing(&self) -> impl Iterator<Item = &Written> {
        self.under_way.iter()
    }

    /// Messages that were read and that nobody wrote.
    pub fn invented(&self) -> usize {
        self.early.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::marker::Direction;

    fn message(sequence: u32, wall: u64) -> Message {
        Message {
            direction: Direction::Agent,
            sequence,
            wall: Some(Span(wall)),
            late: Span(3),
        }
    }

    fn once(late: bool, delivery: u64) -> Came {
        let took = Some((Span(delivery), Span(delivery + 3)));
        Came::Once { late, took }
    }

    #[test]
    fn what_comes_once_in_order_is_no_fault() {
        let mut traffic = Traffic::default();
        for sequence in 1..=3 {
            let wall = u64::from(sequence) * 100;
            assert_eq!(traffic.written(Time(wall), message(sequence, wall)), None);
            let read = traffic.read(message(sequence, wall + 20));
            assert_eq!(read, once(false, 20));
        }
        assert_eq!(traffic.missing().count() + traffic.invented(), 0);
    }

    #[test]
    fn what_comes_again_late_or_not_at_all_is_told_apart() {
        let mut traffic = Traffic::default();
        for sequence in 1..=4 {
            traffic.written(Time(0), message(sequence, 0));
        }
        assert_eq!(traffic.read(message(1, 5)), once(false, 5));
        assert_eq!(traffic.read(message(1, 6)), Came::Again);
        assert_eq!(traffic.read(message(3, 7)), once(false, 7));
        assert_eq!(traffic.read(message(2, 9)), once(true, 9));
        assert_eq!(traffic.read(message(2, 9)), Came::Again);
        let missing: Vec<_> = traffic.missing().map(|w| w.message.sequence).collect();
        assert_eq!(missing, [4]);
        traffic.strayed(4);
        assert_eq!(traffic.missing().count(), 0);
    }

    #[test]
    fn the_order_of_posting_makes_no_difference() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.read(message(1, 30)), Came::Early);
        assert_eq!(traffic.invented(), 1);
        assert_eq!(
            traffic.written(Time(0), message(1, 10)),
            Some(once(false, 20))
        );
        assert_eq!(traffic.read(message(1, 31)), Came::Again);
        assert_eq!(traffic.invented(), 0);
    }

    #[test]
    fn who_has_the_chat_after_another_may_be_told_once_more() {
        let mut traffic = Traffic::default();
        for sequence in 1..=3 {
            traffic.written(Time(0), message(sequence, 0));
        }
        assert_eq!(traffic.read(message(1, 5)), once(false, 5));
        assert_eq!(traffic.read(message(2, 5)), once(false, 5));
        traffic.hand_over();
        let told = [2, 3, 3, 2].map(|sequence| traffic.read(message(sequence, 7)));
        assert_eq!(
            told,
            [Came::Retold, once(false, 7), Came::Again, Came::Again]
        );
        traffic.hand_over();
        assert_eq!(traffic.read(message(2, 9)), Came::Retold);
    }

    #[test]
    fn what_waited_by_the_rules_tells_no_latency() {
        let mut traffic = Traffic::default();
        let waited = Message {
            wall: None,
            ..message(1, 0)
        };
        traffic.written(Time(0), waited);
        let came = traffic.read(message(1, 50));
        assert_eq!(
            came,
            Came::Once {
                late: false,
                took: None
            }
        );
    }
}
