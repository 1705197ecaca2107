//! Owns `Ceilings`: whether the server lets no more than a rate of each session's bytes through.
//!
//! Law: it is told from what went through alone, and only where nothing else explains it. A server
//! that throttles refuses nothing: it reads a session slowly, so that what that says is late by the
//! bytes of its own that are before it, while whoever says little is quick. Three things are held
//! against each other:
//!
//! 1. *Flat*: as long as a session has something under way, its bytes that have come lie on a
//!    straight line over time. This alone tells nothing: people who answer as soon as they are
//!    answered go as evenly as what they wait for, whatever that is.
//! 2. *Common*: the lines of all such sessions of a side rise alike. Of a server with one queue for
//!    all, each would get a share by what it says.
//! 3. *Its own*: what others say meanwhile, who have sent too little to meet such a ceiling, is
//!    quick. At a slow server, on a full machine and beside a generator that stood still, everybody
//!    is late at the same time, and so nothing is called a throttle. Nor is it where those who are
//!    late are so by the same at the same time, as in one queue for all of them.
//!
//! What it cannot tell: a limit by messages where all are of one size, and a server that has no time
//! left and gives each session an even turn, where those who say little have theirs at once.
//!
//! ```text
//!  written, read --> Lane, one a session --behind its own--> Line: bytes over time
//!                        `--alone--> Slot: is it quick while others are late? --> Control
//! ```

mod control;
mod lane;
mod line;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use crate::time::Span;
use control::Control;
use lane::{Lane, Passage};
use line::Flow;

/// Sessions of a side of which it is kept how fast they were, at most: a run may have millions.
const KEPT_MOST: usize = 16_384;

/// Messages that must have told of a ceiling before it is one.
const MESSAGES_LEAST: u32 = 20;

/// By how much the fastest of the sessions may be above the slowest, a tenth at either end left out.
const SPREAD_MOST: f64 = 1.25;

/// For what share of the time in which they are late sessions may be otherwise than flat.
const CROOKED_MOST: f64 = 0.25;

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// An agent's.
    Agent(u32),
    /// A customer's, of this attempt.
    Customer(u32, u16),
}

/// Sides of a conversation.
const SIDES: [Side; 2] = [Side::Customer, Side::Agent];

/// On which side a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Customer,
    Agent,
}

impl Whose {
    fn side(self) -> Side {
        match self {
            Whose::Agent(_) => Side::Agent,
            Whose::Customer(..) => Side::Customer,
        }
    }
}

/// What went through all sessions of a run.
#[derive(Debug, Default)]
pub struct Ceilings {
    lanes: FxHashMap<Whose, Lane>,
    /// By side, what is over.
    past: [Past; 2],
    control: Control,
}

/// Sessions of one side that are over.
#[derive(Clone, Debug, Default)]
struct Past {
    sessions: u32,
    flows: Vec<Flow>,
}

impl Past {
    fn add(&mut self, flow: Flow) {
        self.sessions += 1;
        if flow.is_late() && self.flows.len() < KEPT_MOST {
            self.flows.push(flow);
        }
    }
}

/// A ceiling that the sessions of a side have met.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ceiling {
    side: Side,
    /// Sessions that have met it.
    met: u32,
    /// Of so many.
    of: u32,
    /// Bytes a second, of the slowest and the fastest of them.
    rates: (f64, f64),
    /// The longest that a message was under way.
    longest: Span,
}

impl Ceilings {
    /// A message of this session came: how much that had sent with it, when it was written and when
    /// it was read.
    pub(super) fn note(&mut self, whose: Whose, sent: u32, (written, read): (Span, Span)) {
        let lane = self.lanes.entry(whose).or_default();
        let passage = lane.pass(sent, written, read);
        let took = Span(read.0.saturating_sub(written.0));
        self.control.turn_to(read);
        match passage {
            Passage::Behind => self.control.behind(whose.side(), took),
            Passage::Alone { asks } => self.control.alone(whose.side(), asks, took),
            Passage::Untold => {}
        }
    }

    /// Nothing more comes of a customer's session.
    pub(super) fn forget(&mut self, number: u32, attempt: u16) {
        if let Some(lane) = self.lanes.remove(&Whose::Customer(number, attempt)) {
            self.past[Side::Customer as usize].add(lane.flow());
        }
    }

    /// What is to be said of it; nothing where there is no such ceiling.
    pub fn in_words(&self) -> Option<String> {
        let words: Vec<String> = self.found().map(Ceiling::in_words).collect();
        let throttled = format!(
            "throttled: {}: the server limits a session's rate; raise or leave out the limit \
             (Prosody: the `limits` module)",
            words.join("; ")
        );
        (!words.is_empty()).then_some(throttled)
    }

    fn found(&self) -> impl Iterator<Item = Ceiling> {
        SIDES.into_iter().filter_map(|side| self.ceiling_of(side))
    }

    /// The ceiling of a side's sessions, where they have one.
    fn ceiling_of(&self, side: Side) -> Option<Ceiling> {
        let past = &self.past[side as usize];
        let open = self.lanes.iter().filter(|(whose, _)| whose.side() == side);
        let open: Vec<Flow> = open.map(|(_, lane)| lane.flow()).collect();
        let flows = || past.flows.iter().chain(&open);
        let mut rates: Vec<f64> = flows().filter_map(Flow::rate).collect();
        rates.sort_by(f64::total_cmp);
        let (flat, crooked): (f64, f64) = flows().fold((0.0, 0.0), |sums, flow| {
            (sums.0 + flow.flat_s, sums.1 + flow.crooked_s)
        });
        let messages: u32 = flows().map(|flow| flow.messages).sum();
        let margin = rates.len() / 10;
        let (slowest, fastest) = (*rates.get(margin)?, *rates.iter().nth_back(margin)?);
        let is_one = fastest <= slowest * SPREAD_MOST
            && crooked <= (flat + crooked) * CROOKED_MOST
            && messages >= MESSAGES_LEAST
            && self.control.is_unlike(side)
            && self.control.is_quick(side, slowest);
        let longest = flows().filter(|flow| flow.rate().is_some());
        is_one.then(|| Ceiling {
            side,
            met: rates.len() as u32,
            of: past.sessions + open.len() as u32,
            rates: (slowest, fastest),
            longest: longest.map(|flow| flow.longest).max().unwrap_or_default(),
        })
    }
}

impl Ceiling {
    fn in_words(self) -> String {
        let side = match self.side {
            Side::Customer => "customers'",
            Side::Agent => "agents'",
        };
        let [slowest, fastest] = [self.rates.0, self.rates.1].map(|rate| figure(rate / 1e3));
        let rates = match slowest == fastest {
            true => slowest,
            false => format!("{slowest} to {fastest}"),
        };
        format!(
            "{} of {} {side} sessions got no more than {rates} kB/s through, and what they said was \
             late by its bytes (up to {} s)",
            self.met,
            self.of,
            figure(self.longest.as_secs_f64())
        )
    }
}

/// A figure of two or three digits.
fn figure(value: f64) -> String {
    match value {
        0.0..0.1 => format!("{value:.3}"),
        0.1..1.0 => format!("{value:.2}"),
        1.0..20.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
