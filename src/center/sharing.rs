//! Owns `Sharing`: the progress of work that an agent does side by side.
//!
//! Law: all pieces of work go on at the same rate, so one clock of attained work serves for all: a
//! piece is done when the clock has gone as far as the piece is long since it began. The clock is
//! brought up to date before anything changes the rate.

use crate::time::{Span, Time};

/// A piece of work under way.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where the clock of attained work will stand when it is done; none where nothing is.
    done_at: Option<f64>,
    /// Where the clock of attention stood when it began.
    began: f64,
}

/// Work that goes on side by side, by slot.
#[derive(Clone, Debug)]
pub struct Sharing {
    pieces: Vec<Piece>,
    under_way: u32,
    /// Work attained by each piece under way since the start, in nanoseconds of work.
    attained: f64,
    /// Attention that each piece under way has had since the start, in nanoseconds.
    attention: f64,
    /// When both clocks were last brought up to date.
    at: Time,
}

impl Sharing {
    /// Nothing under way, for so many slots.
    pub fn new(slots: usize) -> Sharing {
        let none = Piece {
            done_at: None,
            began: 0.0,
        };
        Sharing {
            pieces: vec![none; slots],
            under_way: 0,
            attained: 0.0,
            attention: 0.0,
            at: Time::ZERO,
        }
    }

    /// How many pieces are under way.
    pub fn under_way(&self) -> u32 {
        self.under_way
    }

    /// Brings the clocks to `now`; `pace` is the rate of each piece up to now, in work a time.
    pub fn advance(&mut self, now: Time, pace: f64) {
        if self.under_way > 0 {
            let passed = now.since(self.at).0 as f64;
            self.attained += passed * pace;
            self.attention += passed / f64::from(self.under_way);
        }
        self.at = now;
    }

    /// Begins a piece of so much work; the clocks must be up to date.
    pub fn begin(&mut self, slot: usize, work: Span) {
        debug_assert!(self.pieces[slot].done_at.is_none());
        self.pieces[slot] = Piece {
            done_at: Some(self.attained + work.0 as f64),
            began: self.attention,
        };
        self.under_way += 1;
    }

    /// Ends a piece, done or not, and says how much attention it has had; the clocks must be up to
    /// date. Nothing happens where there is none.
    pub fn end(&mut self, slot: usize) -> Span {
        let piece = &mut self.pieces[slot];
        if piece.done_at.take().is_none() {
            return Span::ZERO;
        }
        self.under_way -= 1;
        Span((self.attention - piece.began).round() as u64)
    }

    /// The attention that a piece has had up to `now`, with the clocks as they stand.
    pub fn attention(&self, slot: usize, now: Time) -> Span {
        let piece = &self.pieces[slot];
        if piece.done_at.is_none() {
            return Span::ZERO;
        }
        let since = now.since(self.at).0 as f64 / f64::from(self.under_way);
        Span((self.attention + since - piece.began).round() as u64)
    }

    /// The piece that will be done first and when, if nothing changes: ties by slot.
    pub fn first(&self, pace: f64) -> Option<(usize, Time)> {
        let done = |(slot, piece): (usize, &Piece)| piece.done_at.map(|done| (slot, done));
        let pieces = self.pieces.iter().enumerate().filter_map(done);
        let (slot, done) = pieces.min_by(|a, b| a.1.total_cmp(&b.1))?;
        let left = (done - self.attained).max(0.0) / pace;
        Some((slot, self.at + Span(left.ceil() as u64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// 30 s of work alone for 10 s, then beside 20 s of work at half the rate each: the first is
    /// done after 10 + 40 s, the second 20 s of work at 50 s, less the half it had.
    #[test]
    fn two_pieces_share_the_attention() {
        let mut sharing = Sharing::new(2);
        sharing.begin(0, Span::from_secs(30));
        assert_eq!(sharing.first(1.0), Some((0, at(30))));
        sharing.advance(at(10), 1.0);
        sharing.begin(1, Span::from_secs(25));
        assert_eq!(sharing.first(0.5), Some((0, at(50))));
        sharing.advance(at(50), 0.5);
        assert_eq!(sharing.end(0), Span::from_secs(30));
        assert_eq!(sharing.first(1.0), Some((1, at(55))));
        sharing.advance(at(55), 1.0);
        assert_eq!(sharing.attention(1, at(55)), Span::from_secs(25));
        assert_eq!(sharing.end(1), Span::from_secs(25));
        assert_eq!(sharing.under_way(), 0);
    }
}
