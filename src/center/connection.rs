//! Owns `Connection`: when a customer's connection is cut, and when the customer is back.
//!
//! Law: a function of the customer's draws and the instant of its offer alone, so that virtual and
//! real time cut the same connections at the same instants, whatever else happens meanwhile.

use super::rules::DisconnectRules;
use crate::random::{Draws, Purpose};
use crate::time::Time;

/// A customer's connection from the offer on: up and cut by turns, each attempt anew. The driver
/// tells it when a turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection {
    draws: Draws,
    /// When it is cut, or the customer is back, next.
    turn: Time,
    /// When the server gives up keeping what the last cut has left; never before the first.
    kept_until: Time,
    /// How often it was cut.
    cuts: u32,
    is_up: bool,
}

impl Connection {
    /// The connection of one who was offered at `offered`, with the draws of that attempt: up.
    pub fn new(draws: Draws, offered: Time, rules: &DisconnectRules) -> Connection {
        let up = rules.every.sample(&mut draws.at(Purpose::Cut, 0));
        Connection {
            draws,
            turn: offered + up,
            kept_until: Time::NEVER,
            cuts: 0,
            is_up: true,
        }
    }

    /// When it is cut next, or where it is cut, when the customer is back.
    #[inline]
    pub fn turn(&self) -> Time {
        self.turn
    }

    /// Whether the customer can hear and be heard.
    #[inline]
    pub fn is_up(&self) -> bool {
        self.is_up
    }

    /// The instant after which the server no longer keeps the chat, or the place in the queue, that
    /// the last cut has left: who is back by then goes on. Never before the first cut.
    #[inline]
    pub fn kept_until(&self) -> Time {
        self.kept_until
    }

    /// Whether the customer, who is away, comes back too late to go on.
    #[inline]
    pub fn is_too_late(&self) -> bool {
        !self.is_up && self.turn > self.kept_until
    }

    /// How often the customer has come back so far.
    #[inline]
    pub fn returns(&self) -> u32 {
        self.cuts - u32::from(!self.is_up)
    }

    /// Its turn has come: it is cut from now on, or up again.
    pub fn take_turn(&mut self, rules: &DisconnectRules) {
        let now = self.turn;
        if self.is_up {
            let away = rules
                .away
                .sample(&mut self.draws.at(Purpose::Away, self.cuts));
            (self.turn, self.kept_until) = (now + away, now + rules.kept_for);
            self.cuts += 1;
        } else {
            let up = rules
                .every
                .sample(&mut self.draws.at(Purpose::Cut, self.cuts));
            self.turn = now + up;
        }
        self.is_up = !self.is_up;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population};
    use crate::stats::law::Law;
    use crate::time::Span;

    fn draws(number: u64) -> Draws {
        Population::new(1, 0, Kind::Customer).person(number, 0)
    }

    fn rules(every: Law, away: Law) -> DisconnectRules {
        DisconnectRules {
            every,
            away,
            kept_for: Span::from_secs(60),
        }
    }

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn it_is_up_and_cut_by_turns_from_the_offer_on() {
        let rules = rules(Law::constant(100.0).unwrap(), Law::constant(20.0).unwrap());
        let mut line = Connection::new(draws(3), at(1_000), &rules);
        let seen = |line: &Connection| (line.is_up(), line.turn(), line.returns());
        assert_eq!(seen(&line), (true, at(1_100), 0));
        assert_eq!(line.kept_until(), Time::NEVER);
        line.take_turn(&rules);
        assert_eq!(seen(&line), (false, at(1_120), 0));
        assert_eq!((line.kept_until(), line.is_too_late()), (at(1_160), false));
        line.take_turn(&rules);
        assert_eq!(seen(&line), (true, at(1_220), 1));
        line.take_turn(&rules);
        assert_eq!((line.is_up(), line.kept_until()), (false, at(1_280)));
    }

    #[test]
    fn a_return_at_the_last_instant_is_in_time() {
        let away = |secs| rules(Law::constant(1.0).unwrap(), Law::constant(secs).unwrap());
        for (secs, late) in [(60.0, false), (60.001, true)] {
            let mut line = Connection::new(draws(0), at(0), &away(secs));
            line.take_turn(&away(secs));
            assert_eq!(line.is_too_late(), late);
        }
    }

    /// Each time up and each time away is a draw of its own, the same whenever it is asked for.
    #[test]
    fn every_turn_has_a_draw_of_its_own() {
        let law = || Law::exponential(600.0).unwrap();
        let rules = rules(law(), law());
        let turns = |number| {
            let mut line = Connection::new(draws(number), at(0), &rules);
            let turn = |_| {
                let turn = line.turn();
                line.take_turn(&rules);
                turn
            };
            (0..8).map(turn).collect::<Vec<_>>()
        };
        assert_eq!(turns(5), turns(5));
        let (one, other) = (turns(5), turns(6));
        let gaps = one.windows(2).map(|pair| pair[1].since(pair[0]));
        let mut lengths: Vec<Span> = gaps.chain([one[0].since(at(0))]).collect();
        lengths.extend(other.first().map(|turn| turn.since(at(0))));
        lengths.sort_unstable();
        lengths.dedup();
        assert_eq!(lengths.len(), 9);
    }
}
