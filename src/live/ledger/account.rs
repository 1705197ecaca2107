//! Owns `Account`: all that is known of one chat of a live run, from both its sides.
//!
//! Law: customer and agents hear of each other late, so each side's entries are taken as that side
//! saw it; where frames crossed, nothing is counted twice and nothing left out.

use super::off::Off;
use super::stranger::Stranger;
use super::traffic::Traffic;
use crate::center::fate::Fate;
use crate::live::journal::Reader;
use crate::measure::recorder::Recorder;
use crate::measure::visit::Visit;
use crate::time::{Span, Time};
use crate::wire::marker::{Direction, Marker};

/// A chat of a live run.
#[derive(Debug)]
pub(super) struct Account {
    /// The run's number in markers.
    run: u32,
    pub visit: Visit,
    /// When the slot was free for good.
    pub freed: Time,
    /// How often an agent has let it go, handed over or free, and when last; its customer hears of
    /// it later.
    let_go: (u8, Time),
    /// Who has it, as the agents say: several at once where the server gave it away twice.
    pub holders: Vec<u32>,
    /// Who has had it, turn by turn, each with when it came.
    held_by: Vec<(u32, Time)>,
    /// An agent has given it back as soon as it came: it was one too many, or came while away.
    pub refused: bool,
    /// By how much the times of its people may be apart.
    skew: Span,
    /// Who was given it while another had it, each with when: by a clock that is ahead, maybe.
    doubted: Vec<(u32, Time)>,
    /// By direction.
    traffic: [Traffic; 2],
    /// When the reader of a direction left of itself; never where the other side ended the chat.
    gone: [Time; 2],
    /// What is known of it since its customer was cut off.
    pub off: Option<Box<Off>>,
    /// What is known of it where its customer is nobody of this run.
    pub stranger: Option<Box<Stranger>>,
    /// When the customer was last back.
    back: Time,
    /// When something was last posted.
    pub last: Time,
}

impl Account {
    pub fn new(run: u32, skew: Span, visit: Visit) -> Account {
        Account {
            run,
            skew,
            doubted: Vec::new(),
            last: visit.offered(),
            visit,
            freed: Time::NEVER,
            let_go: (0, Time::NEVER),
            holders: Vec::new(),
            held_by: Vec::new(),
            refused: false,
            traffic: Default::default(),
            gone: [Time::NEVER; 2],
            off: None,
            stranger: None,
            back: Time::ZERO,
        }
    }

    pub fn traffic(&mut self, direction: Direction) -> &mut Traffic {
        &mut self.traffic[direction as usize]
    }

    /// The reader of a direction leaves the chat of itself.
    pub fn reader_goes(&mut self, direction: Direction, at: Time) {
        let gone = &mut self.gone[direction as usize];
        *gone = at.min(*gone);
    }

    /// The customer is there again to read.
    pub fn comes_back(&mut self, at: Time) {
        self.back = at;
        self.gone[Direction::Agent as usize] = Time::NEVER;
    }

    /// When the reader of a direction left of itself.
    fn gone(&self, direction: Direction) -> Time {
        self.gone[direction as usize]
    }

    pub fn traffic_of(&self, direction: Direction) -> &Traffic {
        &self.traffic[direction as usize]
    }

    /// Whether its connection was lost.
    pub fn is_cut_off(&self) -> bool {
        matches!(self.visit.fate(), Some(Fate::Failed | Fate::Broken))
    }

    /// Who has it, as the agents say, and since when.
    pub fn held(&self) -> Option<(u32, Time)> {
        self.held_by
            .last()
            .copied()
            .filter(|held| self.holders.contains(&held.0))
    }

    /// Its row is kept.
    pub fn keep(&self, recorder: &mut Recorder) {
        let over = self.over_before();
        match over.comes() {
            true => recorder.keep_over(&self.visit, over, self.freed),
            false => recorder.keep(&self.visit, self.freed),
        }
    }

    /// An agent has the chat from now on.
    pub fn taken(&mut self, agent: u32, at: Time) {
        self.holders.push(agent);
        self.held_by.push((agent, at));
        self.gone[Direction::Customer as usize] = Time::NEVER;
    }

    /// An agent is given the chat while another has it; false where clocks are apart, so that the
    /// other may have let it go before.
    pub fn is_given_twice(&mut self, agent: u32, at: Time) -> bool {
        let sure = self.skew == Span::ZERO;
        if !sure {
            self.doubted.push((agent, at));
        }
        sure
    }

    /// An agent lets the chat go at `at`: whether that was before another was given it, by clocks
    /// that are apart.
    pub fn clears_doubt(&mut self, at: Time) -> bool {
        let doubts = self.doubted.len();
        let skew = self.skew;
        self.doubted.retain(|(_, given)| at.since(*given) > skew);
        self.doubted.len() < doubts
    }

    /// Who was given the chat while another had it, of which there is no doubt any more.
    pub fn given_twice(&self) -> &[(u32, Time)] {
        &self.doubted
    }

    /// Since when and until when both were there for what is said in a direction. None where it is
    /// said to nobody: it waits with the chat.
    pub fn stay(&self, direction: Direction) -> Option<(Time, Time)> {
        let [by_agent, by_customer] = [Direction::Customer, Direction::Agent].map(|d| self.gone(d));
        match direction {
            Direction::Agent => Some((self.back, by_customer)),
            // What a customer says just before it leaves may cross the server's end of the chat.
            Direction::Customer if !self.held_by.is_empty() => {
                Some((self.back, by_agent.min(by_customer)))
            }
            // The server has said that an agent has the chat, and none has got it.
            Direction::Customer if self.visit.assigned().comes() && !self.refused => {
                Some((self.visit.assigned().max(self.back), by_customer))
            }
            Direction::Customer => None,
        }
    }

    /// Whether an agent may still read what the customer has said.
    pub fn is_read_on(&self) -> bool {
        let there = !self.gone(Direction::Customer).comes() && !self.is_cut_off();
        there && self.stay(Direction::Customer).is_some()
    }

    /// Which turn an agent reads a message of the customer's in: its last one. None where it has
    /// never had the chat, or had let it go and another had it before the message was written.
    pub fn turn_of(&self, agent: u32, message: u32) -> Option<u16> {
        let turn = self.held_by.iter().rposition(|had| had.0 == agent)?;
        let written = self.traffic_of(Direction::Customer).written_at(message);
        let next = self.held_by.get(turn + 1).map(|had| had.1);
        let late = written
            .zip(next)
            .is_some_and(|(at, next)| at > next + self.skew);
        if late && !self.holders.contains(&agent) {
            return None;
        }
        Some(u16::try_from(turn).unwrap_or(u16::MAX))
    }

    /// Who has to read what is said in a direction.
    pub fn reader(&self, direction: Direction) -> Reader {
        let last = self.held_by.last().map(|had| had.0);
        match direction {
            Direction::Agent => Reader::Customer(self.visit.number(), self.visit.attempt()),
            Direction::Customer => Reader::Agent(last.unwrap_or(u32::MAX)),
        }
    }

    /// The marker of a message of this chat.
    pub fn marker(&self, direction: Direction, sequence: u32) -> Marker {
        Marker {
            run: self.run,
            customer: self.visit.number(),
            attempt: self.visit.attempt().into(),
            direction,
            sequence,
        }
    }

    /// Whether nothing more is to be expected of it, but for what the server makes up.
    pub fn is_settled(&self) -> bool {
        self.visit.is_over() && self.holders.is_empty()
    }

    /// The chat has ended for its customer. If no agent has it any more, nothing more comes: it
    /// waited to be assigned again, or was still to hear that its agent has let it go.
    pub fn settle(&mut self, recorder: &mut Recorder, now: Time) {
        if let Some(off) = self.off.as_deref().filter(|off| off.over.comes()) {
            let (over, freed) = (off.over, off.freed);
            if freed.comes() && !self.freed.comes() {
                recorder.handled_over(&mut self.visit, over, freed);
                self.freed = freed;
            }
            return;
        }
        let waited = self.visit.transfers() > 0 && self.visit.agent().is_none();
        let unheard = self.visit.agent().is_some() && self.let_go.0 > self.visit.transfers();
        if unheard {
            self.free(recorder, self.let_go.1);
        } else if waited {
            self.free(recorder, now);
        }
    }

    /// An agent lets the chat go, `for_good` or back to the queue. If its customer has gone
    /// meanwhile, nobody gets it any more. Where the customer does not know of this agent, the
    /// assignment is under way to it, or has crossed its leaving.
    pub fn let_go(&mut self, recorder: &mut Recorder, for_good: bool, now: Time) {
        let known = self.let_go.0 <= self.visit.transfers() && self.visit.agent().is_some();
        self.let_go = (self.let_go.0.saturating_add(1), now);
        if known && (for_good || self.visit.is_over()) {
            self.free(recorder, now);
        }
    }

    /// The chat's slot is free for good, which counts once.
    fn free(&mut self, recorder: &mut Recorder, now: Time) {
        if !self.freed.comes() {
            recorder.handled(&mut self.visit, now);
            self.freed = now;
        }
    }

    /// Ends the chat for the customer for reasons of others, unless it has ended.
    pub fn cut(&mut self, recorder: &mut Recorder, fate: Fate, now: Time) {
        if self.visit.is_ghost() {
            if !self.visit.is_over() {
                recorder.ghost_over(&mut self.visit, now);
            }
        } else if self.visit.fate().is_none() {
            recorder.cut(&mut self.visit, fate, now);
        }
        self.settle(recorder, now);
    }
}
