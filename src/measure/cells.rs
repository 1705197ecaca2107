//! Owns `Cells`: what customers found, by the time of their offer.
//!
//! Law: the same rows in any order come to the same cells, and what is in no measure of the run is in
//! no cell. There are as many of them however long a run is, so that a long one takes no more room
//! than a short one; neighbours add up to blocks of any length.

use super::histogram::Moments;
use super::outline::Outline;
use super::record::Record;
use crate::center::fate::Fate;
use crate::time::{Span, Time};

/// How many cells there are: many to a block, so that blocks can be cut where they are alike.
pub const CELLS: usize = 480;

/// The share of those offered who were turned away, or whose chat was ended by agent or system: of
/// cells alone, since results count the two apart.
pub const TURNED_AWAY: &str = "turned_away_ratio";

/// What the customers offered in one stretch of time found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// Chats that asked for an agent.
    pub offered: u64,
    /// Left in the queue or in the chat.
    pub abandoned: u64,
    /// Cut and not resumed.
    pub broken: u64,
    /// Turned away, or ended by agent or system before their end.
    pub turned_away: u64,
    /// Offer to assignment.
    pub wait: Moments,
    /// Offer to the first reply delivered.
    pub first_response: Moments,
    /// Message pending to its reply delivered; its greatest value is not kept.
    pub inter_message: Moments,
    /// Offer to the end of the chat, for those that have ended.
    pub stay: Moments,
}

/// What customers found, by the time of their offer, from the warm-up's end to the horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    from: Time,
    length: Span,
    short_abandon: Span,
    cells: Vec<Cell>,
}

impl Cell {
    /// The measures that cells have, by the name in results: what is summed up, over what.
    pub fn measures(&self) -> [(&'static str, (f64, f64)); 5] {
        let mean = |of: &Moments| (of.seconds(), of.count as f64);
        let share = |of: u64| (of as f64, self.offered as f64);
        [
            ("wait_s_mean", mean(&self.wait)),
            ("first_response_s_mean", mean(&self.first_response)),
            ("inter_message_s_mean", mean(&self.inter_message)),
            ("abandoned_ratio", share(self.abandoned)),
            (TURNED_AWAY, share(self.turned_away)),
        ]
    }

    /// Adds what others found.
    pub fn add(&mut self, other: &Cell) {
        self.offered += other.offered;
        self.abandoned += other.abandoned;
        self.broken += other.broken;
        self.turned_away += other.turned_away;
        self.wait.add(&other.wait);
        self.first_response.add(&other.first_response);
        self.inter_message.add(&other.inter_message);
        self.stay.add(&other.stay);
    }

    fn count(&mut self, record: &Record) {
        let since = |time: Time| time.since(record.offered);
        self.offered += 1;
        let left = matches!(
            record.fate,
            Some(Fate::AbandonedQueue | Fate::AbandonedChat)
        );
        self.abandoned += u64::from(left);
        self.broken += u64::from(record.fate == Some(Fate::Broken));
        let away = matches!(record.fate, Some(Fate::Rejected | Fate::Dropped));
        self.turned_away += u64::from(away);
        for (moments, at) in [
            (&mut self.wait, record.assigned),
            (&mut self.first_response, record.first_reply),
            (&mut self.stay, record.closed),
        ] {
            if at.comes() {
                moments.record(since(at));
            }
        }
        self.inter_message.count += u64::from(record.replies);
        self.inter_message.sum += u128::from(record.latency_sum.0);
    }
}

impl Cells {
    /// Empty ones for what the outline measures.
    pub fn new(outline: &Outline) -> Cells {
        Cells {
            from: outline.warm_up,
            length: outline.horizon.since(outline.warm_up),
            short_abandon: outline.short_abandon,
            cells: vec![Cell::default(); CELLS],
        }
    }

    /// Adds a customer's row, if it is measured.
    pub fn add(&mut self, record: &Record) {
        let Some(fate) = record.fate else { return };
        let early = record.closed.since(record.offered) < self.short_abandon;
        if record.offered < self.from || (fate == Fate::AbandonedQueue && early) {
            return;
        }
        let since = u128::from(record.offered.since(self.from).0);
        let cell = since * CELLS as u128 / u128::from(self.length.0.max(1));
        // Who comes after the horizon is not measured.
        if let Some(cell) = self.cells.get_mut(cell as usize) {
            cell.count(record);
        }
    }

    /// All of them, in order of time.
    pub fn all(&self) -> &[Cell] {
        &self.cells
    }

    /// Their sum.
    pub fn sum(&self) -> Cell {
        let mut sum = Cell::default();
        self.cells.iter().for_each(|cell| sum.add(cell));
        sum
    }

    /// The time that they cover.
    pub fn length(&self) -> Span {
        self.length
    }
}
