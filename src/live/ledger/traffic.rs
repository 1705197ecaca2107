//! Owns `Traffic`: the messages of one chat in one direction, from written to read.
//!
//! Law: a message is under way from the entry that it was written to the one that it was read,
//! whichever is posted first. What is kept is what is under way, how far both ends have come and
//! what was read last, so that a chat of any length takes little room.

use super::super::journal::{Message, Origin};
use crate::time::{Span, Time};
use crate::wire::limits::KEPT_MOST;

/// Messages of which it is known who has read them: what a server may tell the next reader once
/// more, and as many that came meanwhile.
const REMEMBERED: usize = 2 * KEPT_MOST;

/// The messages of a chat in one direction.
#[derive(Clone, Debug, Default)]
pub(super) struct Traffic {
    under_way: Vec<Written>,
    /// Read before it was posted that they were written, each with the turn of its reader.
    early: Vec<(Message, u16)>,
    /// The highest number written so far.
    written_to: u32,
    /// The highest number read so far.
    read_to: u32,
    /// The numbers read last, each with the turn of its reader.
    told: Vec<(u32, u16)>,
}

/// A message under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// When it was due.
    pub at: Time,
    /// Which.
    pub message: Message,
    /// Nothing is missing where it does not come: it came to somebody else, or was written before,
    /// by another who had the chat too.
    excused: bool,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Came {
    /// For the first time, after all that were written before it or ahead of some.
    Once {
        /// When it was due.
        due: Time,
        /// Before it came one that was written after it.
        late: bool,
        /// How it went, unless the message waited by the rules or went from one machine to another.
        took: Option<Took>,
        /// How long before it was written it was read, by clocks that are apart.
        apart: Span,
    },
    /// Once more, to another who has the chat, or had it: handed over, it is told again, and that
    /// may cross what was under way.
    Retold,
    /// Once more.
    Again,
    /// It is still to be posted that it was written.
    Early,
}

/// How a message went from its writer to its reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Took {
    /// Wall time when it was written.
    pub written: Span,
    /// From then until it was read.
    pub delivery: Span,
    /// From its due instant until then.
    pub from_due: Span,
    /// In whose session.
    pub origin: Origin,
}

impl Traffic {
    /// A message that was due at `at` was written; says how it came, each time that it has been read
    /// already.
    pub fn written(&mut self, at: Time, message: Message) -> Vec<Came> {
        let excused = message.sequence <= self.written_to;
        self.written_to = self.written_to.max(message.sequence);
        self.under_way.push(Written {
            at,
            message,
            excused,
        });
        let same = |early: &(Message, u16)| early.0.sequence == message.sequence;
        let mut all = Vec::new();
        while let Some(place) = self.early.iter().position(same) {
            let before = &self.early[..place];
            let overtaken = before
                .iter()
                .any(|early| early.0.sequence > message.sequence);
            let (read, turn) = self.early.remove(place);
            let mut came = self.read(read, turn);
            if let Came::Once { late, .. } = &mut came {
                *late |= overtaken && !excused;
            }
            all.push(came);
        }
        all
    }

    /// When the message was due that is under way by this number.
    pub fn written_at(&self, sequence: u32) -> Option<Time> {
        let mut under_way = self.under_way.iter();
        let written = under_way.find(|written| written.message.sequence == sequence)?;
        Some(written.at)
    }

    /// A message was read, by who had the chat as so many others had before: its turn.
    pub fn read(&mut self, message: Message, turn: u16) -> Came {
        let same = |written: &Written| written.message.sequence == message.sequence;
        let Some(place) = self.under_way.iter().position(same) else {
            return self.read_before(message, turn);
        };
        let Written {
            at: due,
            message: written,
            excused,
        } = self.under_way.remove(place);
        self.tell(message.sequence, turn);
        let late = message.sequence < self.read_to && !excused;
        self.read_to = self.read_to.max(message.sequence);
        let both = written.wall.zip(message.wall);
        let comparable = written.host == message.host;
        let apart = both.filter(|_| !comparable);
        let apart = apart.map_or(0, |(written_at, read_at)| {
            written_at.0.saturating_sub(read_at.0)
        });
        let took = both.filter(|_| comparable).map(|(written_at, read_at)| {
            let delivery = Span(read_at.0.saturating_sub(written_at.0));
            Took {
                written: written_at,
                delivery,
                from_due: delivery + written.late,
                origin: written.origin,
            }
        });
        Came::Once {
            due,
            late,
            took,
            apart: Span(apart),
        }
    }

    /// A message was read that is not under way: it came before, or is still to be written.
    fn read_before(&mut self, message: Message, turn: u16) -> Came {
        let sequence = message.sequence;
        // None has the number 0, which names the chat.
        if sequence > self.written_to || sequence == 0 {
            self.early.push((message, turn));
            return Came::Early;
        }
        let mut told = self.told.iter().filter(|told| told.0 == sequence);
        let to_another = told.clone().next().is_some();
        if !to_another || told.any(|told| told.1 == turn) {
            return Came::Again;
        }
        self.tell(sequence, turn);
        Came::Retold
    }

    fn tell(&mut self, sequence: u32, turn: u16) {
        if self.told.len() == REMEMBERED {
            self.told.remove(0);
        }
        self.told.push((sequence, turn));
    }

    /// A message is written once more, since it may have been lost on the way: how long it is under
    /// way tells nothing.
    pub fn again(&mut self, sequence: u32) {
        let same = |written: &&mut Written| written.message.sequence == sequence;
        if let Some(written) = self.under_way.iter_mut().find(same) {
            written.message.wall = None;
        }
    }

    /// The writer's connection is lost: what was written since then may not have been.
    pub fn doubtful(&mut self, since: Time) {
        let late = self
            .under_way
            .iter_mut()
            .filter(|written| written.at >= since);
        late.for_each(|written| written.excused = true);
    }

    /// A message has come to somebody else: it may still come to its reader, and need not.
    pub fn strayed(&mut self, sequence: u32) {
        let same = |written: &&mut Written| written.message.sequence == sequence;
        if let Some(written) = self.under_way.iter_mut().find(same) {
            written.excused = true;
        }
    }

    /// The messages that were written and have not come.
    pub fn missing(&self) -> impl Iterator<Item = &Written> {
        self.under_way.iter().filter(|written| !written.excused)
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
            ..Message::untimed(Direction::Agent, sequence)
        }
    }

    fn once(late: bool, delivery: u64) -> Came {
        written_at(0, late, delivery)
    }

    fn written_at(wall: u64, late: bool, delivery: u64) -> Came {
        let took = Took {
            written: Span(wall),
            delivery: Span(delivery),
            from_due: Span(delivery + 3),
            origin: Origin::default(),
        };
        Came::Once {
            due: Time::ZERO,
            late,
            took: Some(took),
            apart: Span::ZERO,
        }
    }

    #[test]
    fn what_comes_once_in_order_is_no_fault() {
        let mut traffic = Traffic::default();
        for sequence in 1..=3 {
            let wall = u64::from(sequence) * 100;
            assert_eq!(traffic.written(Time(0), message(sequence, wall)), []);
            let read = traffic.read(message(sequence, wall + 20), 0);
            assert_eq!(read, written_at(wall, false, 20));
        }
        assert_eq!(traffic.missing().count() + traffic.invented(), 0);
    }

    #[test]
    fn what_comes_again_late_or_not_at_all_is_told_apart() {
        let mut traffic = Traffic::default();
        for sequence in 1..=4 {
            traffic.written(Time(0), message(sequence, 0));
        }
        assert_eq!(traffic.read(message(1, 5), 0), once(false, 5));
        assert_eq!(traffic.read(message(1, 6), 0), Came::Again);
        assert_eq!(traffic.read(message(3, 7), 0), once(false, 7));
        assert_eq!(traffic.read(message(2, 9), 0), once(true, 9));
        assert_eq!(traffic.read(message(2, 9), 0), Came::Again);
        let missing: Vec<_> = traffic.missing().map(|w| w.message.sequence).collect();
        assert_eq!(missing, [4]);
        traffic.strayed(4);
        assert_eq!(traffic.missing().count(), 0);
    }

    #[test]
    fn the_order_of_posting_makes_no_difference() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.read(message(1, 30), 0), Came::Early);
        assert_eq!(traffic.invented(), 1);
        assert_eq!(
            traffic.written(Time(0), message(1, 10)),
            [written_at(10, false, 20)]
        );
        assert_eq!(traffic.read(message(1, 31), 0), Came::Again);
        assert_eq!(traffic.invented(), 0);
    }

    #[test]
    fn what_comes_again_or_late_is_so_before_it_was_posted_that_it_was_written() {
        let mut traffic = Traffic::default();
        let read = [2, 1, 1].map(|sequence| traffic.read(message(sequence, 30), 0));
        assert_eq!(read, [Came::Early; 3]);
        let first = traffic.written(Time(0), message(1, 10));
        assert_eq!(first, [written_at(10, true, 20), Came::Again]);
        assert_eq!(
            traffic.written(Time(0), message(2, 10)),
            [written_at(10, false, 20)]
        );
        assert_eq!(traffic.missing().count() + traffic.invented(), 0);
    }

    #[test]
    fn clocks_of_two_machines_are_not_compared() {
        let mut traffic = Traffic::default();
        traffic.written(Time(0), message(1, 10));
        let elsewhere = Message {
            host: 1,
            ..message(1, 30)
        };
        let came = |apart| Came::Once {
            due: Time::ZERO,
            late: false,
            took: None,
            apart,
        };
        assert_eq!(traffic.read(elsewhere, 0), came(Span::ZERO));
        // Read before it was written: that much they are apart at least.
        traffic.written(Time(0), message(2, 80));
        let elsewhere = Message {
            sequence: 2,
            ..elsewhere
        };
        assert_eq!(traffic.read(elsewhere, 0), came(Span(50)));
    }

    #[test]
    fn who_has_the_chat_after_another_may_be_told_once_more() {
        let mut traffic = Traffic::default();
        for sequence in 1..=3 {
            traffic.written(Time(0), message(sequence, 0));
        }
        let mut told = |sequence, turn| traffic.read(message(sequence, 5), turn);
        assert_eq!(told(1, 0), once(false, 5));
        // The second has crossed the hand-over: the next reader has it first.
        assert_eq!([told(1, 1), told(2, 1)], [Came::Retold, once(false, 5)]);
        assert_eq!([told(2, 0), told(3, 1)], [Came::Retold, once(false, 5)]);
        let again = [(1, 0), (2, 0), (1, 1), (2, 1), (3, 1)].map(|(seq, turn)| told(seq, turn));
        assert_eq!(again, [Came::Again; 5]);
        assert_eq!([told(2, 2), told(2, 2)], [Came::Retold, Came::Again]);
    }

    #[test]
    fn what_went_astray_may_come_and_need_not() {
        let mut traffic = Traffic::default();
        for sequence in 1..=2 {
            traffic.written(Time(0), message(sequence, 0));
            traffic.strayed(sequence);
        }
        assert_eq!(traffic.read(message(1, 5), 0), once(false, 5));
        assert_eq!(traffic.read(message(1, 6), 0), Came::Again);
        assert_eq!(traffic.missing().count(), 0);
    }

    #[test]
    fn what_two_have_written_may_come_twice_and_need_not() {
        let mut traffic = Traffic::default();
        for sequence in [1, 2, 1, 2] {
            traffic.written(Time(0), message(sequence, 0));
        }
        let read = [1, 2, 1, 1].map(|sequence| traffic.read(message(sequence, 5), 0));
        let once = || once(false, 5);
        assert_eq!(read, [once(), once(), once(), Came::Again]);
        assert_eq!(traffic.missing().count(), 0);
    }

    #[test]
    fn a_long_chat_takes_little_room() {
        let mut traffic = Traffic::default();
        for sequence in 1..=10_000 {
            traffic.written(Time(0), message(sequence, 0));
            traffic.read(message(sequence, 5), 0);
        }
        assert_eq!(traffic.told.len(), REMEMBERED);
        let old = [1, 10_000].map(|sequence| traffic.read(message(sequence, 5), 0));
        assert_eq!(old, [Came::Again; 2]);
        assert_eq!(traffic.read(message(10_000, 5), 1), Came::Retold);
    }

    #[test]
    fn what_waited_by_the_rules_tells_no_latency() {
        let mut traffic = Traffic::default();
        let waited = Message {
            wall: None,
            ..message(1, 0)
        };
        traffic.written(Time(0), waited);
        let came = traffic.read(message(1, 50), 0);
        assert_eq!(
            came,
            Came::Once {
                due: Time::ZERO,
                late: false,
                took: None,
                apart: Span::ZERO,
            }
        );
    }
}
