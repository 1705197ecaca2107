//! Owns `Integrity`: what a server must not have done, how often, with examples.
//!
//! Law: nothing is counted that could be a crossing of frames in due form. A message is lost only if
//! both connections stayed up and its reader was there to read it: to the end of the chat and for a
//! while after, or for a while before it left of itself; a customer's only if that, too, stayed for
//! a while. All else that did not come is undelivered.

use super::account::Account;
use crate::live::journal::{FAULTS, Fault, Reader};
use crate::measure::result::Found;
use crate::time::{Span, Time};
use crate::wire::marker::{Direction, Marker};

/// Wall time that a message has to come, from its writing or from the chat's end on.
const GRACE: Span = Span::from_secs(5);

/// Examples that are kept of each fault.
const EXAMPLES: usize = 3;

/// What a server must not have done.
#[derive(Clone, Debug, PartialEq)]
pub struct Integrity {
    counts: [u64; FAULTS],
    examples: Vec<Example>,
    undelivered: u64,
    /// Messages that were read and that nobody of this run has written.
    invented: u64,
    /// Wall time by which clocks of two machines were apart, at least.
    apart: Span,
    grace: Span,
}

/// An example of a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Example {
    fault: Fault,
    /// Who saw it, or should have.
    reader: Reader,
    /// The message, or the chat; none of what bears no marker.
    marker: Option<Marker>,
    at: Time,
}

impl Example {
    fn words(&self, label: impl Fn(Time) -> String) -> String {
        let what = self
            .marker
            .map_or("without a marker".into(), |m| m.to_string());
        let reader = match self.reader {
            Reader::Customer(number, 0) => format!("customer {number}"),
            Reader::Customer(number, attempt) => format!("customer {number}, attempt {attempt}"),
            Reader::Agent(agent) => format!("agent {agent}"),
        };
        format!("{what} to {reader}, {}", label(self.at))
    }
}

impl Integrity {
    /// Nothing has happened yet in a run at this speed.
    pub fn new(speed: f64) -> Integrity {
        Integrity {
            counts: [0; FAULTS],
            examples: Vec::new(),
            undelivered: 0,
            invented: 0,
            apart: Span::ZERO,
            grace: GRACE.scaled(speed),
        }
    }

    /// Scenario time that a message has to come.
    pub(super) fn grace(&self) -> Span {
        self.grace
    }

    /// Counts a fault, and keeps the first few as examples.
    pub fn fault(&mut self, fault: Fault, reader: Reader, marker: Option<Marker>, at: Time) {
        self.counts[fault as usize] += 1;
        if self.counts[fault as usize] <= EXAMPLES as u64 {
            let example = Example {
                fault,
                reader,
                marker,
                at,
            };
            self.examples.push(example);
        }
    }

    /// How often.
    pub fn count(&self, fault: Fault) -> u64 {
        self.counts[fault as usize]
    }

    /// Messages that did not come and are not lost: one of the two had gone, or its connection.
    pub fn undelivered(&self) -> u64 {
        self.undelivered
    }

    /// Messages by this run's markers that nobody of the run has written.
    pub fn invented(&self) -> u64 {
        self.invented
    }

    /// Clocks of two machines were so far apart, at least.
    pub(super) fn clocks_are_apart(&mut self, apart: Span) {
        self.apart = self.apart.max(apart);
    }

    /// Wall time by which clocks of two machines were apart, at least, in whole milliseconds.
    pub fn apart(&self) -> Span {
        Span::from_millis(self.apart.0 / 1_000_000)
    }

    /// What was found, fault by fault, with examples; `label` writes an instant as local time.
    pub fn found(&self, label: impl Fn(Time) -> String) -> Vec<Found> {
        let found = Fault::ALL
            .into_iter()
            .filter(|fault| self.count(*fault) > 0);
        let found = found.map(|fault| Found {
            measure: fault.measure().into(),
            count: self.count(fault),
            examples: {
                let examples = self.examples.iter().filter(|e| e.fault == fault);
                examples.map(|example| example.words(&label)).collect()
            },
        });
        found.collect()
    }

    /// Whether a message of this chat, which is over, may still come to its agent.
    pub(super) fn awaits(&self, account: &Account, now: Time) -> bool {
        let young = now.since(account.visit.over()) < self.grace;
        let mut missing = account.traffic_of(Direction::Customer).missing();
        let waits = account.visit.is_over() && account.is_read_on();
        waits && young && missing.next().is_some()
    }

    /// Whether what was due then, and comes `at` now, comes when the chat is over for too long.
    pub(super) fn too_late(
        &self,
        account: &Account,
        direction: Direction,
        due: Time,
        at: Time,
    ) -> bool {
        let late = account.visit.is_over() && at.since(account.visit.over()) >= self.grace;
        let stay = account
            .stay(direction)
            .filter(|_| late && !account.is_cut_off());
        stay.is_some_and(|stay| self.stayed(due, stay))
    }

    /// Whether both were there for long enough for what was written `at` then to come.
    fn stayed(&self, at: Time, (from, until): (Time, Time)) -> bool {
        until.since(at.max(from)) >= self.grace
    }

    /// Counts the messages of a chat that have not come; nothing more comes of it.
    pub(super) fn judge(&mut self, account: &Account) {
        let chat = account.marker(Direction::Customer, 0);
        for (agent, at) in account.given_twice() {
            self.fault(Fault::AssignedTwice, Reader::Agent(*agent), Some(chat), *at);
        }
        for direction in [Direction::Customer, Direction::Agent] {
            let traffic = account.traffic_of(direction);
            self.invented += traffic.invented() as u64;
            let Some(stay) = account.stay(direction) else {
                continue;
            };
            for written in traffic.missing() {
                if self.stayed(written.at, stay) && !account.is_cut_off() {
                    let marker = account.marker(direction, written.message.sequence);
                    let reader = account.reader(direction);
                    self.fault(Fault::Lost, reader, Some(marker), written.at);
                } else {
                    self.undelivered += 1;
                }
            }
        }
    }
}
