//! Owns `Scene`: what the people of a live run share: plan, clock, recorder, what is under way.
//!
//! Law: one thread, so no locks; nobody holds a borrow across an await.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::clock::LiveClock;
use super::socket::SocketLimits;
use super::target::Address;
use crate::center::fate::Fate;
use crate::error::Error;
use crate::measure::recorder::Recorder;
use crate::measure::tally::Latency;
use crate::measure::visit::Visit;
use crate::random::{Kind, Population};
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};
use crate::wire::marker::{Direction, Marker};

/// What the people of a live run share.
#[derive(Debug)]
pub struct Scene {
    /// The plan that is played.
    pub plan: Plan,
    /// Where the server is.
    pub address: Address,
    /// What connections are held to.
    pub limits: SocketLimits,
    /// This run's number in markers.
    pub run: u32,
    /// The customers of the replication that is played.
    pub people: Population,
    /// The scenario's time, from the start on.
    pub clock: Cell<Option<LiveClock>>,
    /// Takes note of everything.
    pub recorder: RefCell<Recorder>,
    /// Who has come, by number.
    pub visits: RefCell<HashMap<u32, Visit>>,
    /// When slots of chats that are over were free, by customer.
    pub freed: RefCell<HashMap<u32, Time>>,
    /// Messages on their way.
    on_their_way: RefCell<HashMap<Marker, Sent>>,
    /// What people are asked to do: everybody listens.
    pub call: watch::Sender<Call>,
    /// What went wrong and what the reader should know, with how often.
    pub remarks: RefCell<Vec<(String, u32)>>,
    /// What broke the run, where something did.
    pub failure: RefCell<Option<Error>>,
    /// Arrivals that this machine could not start.
    pub not_started: Cell<u32>,
    /// Times the server exceeded an agent's limit.
    pub over_limit: Cell<u32>,
    /// Agents online.
    pub online: Cell<u32>,
}

/// More different remarks than this are let pass.
const MOST_REMARKS: usize = 50;

/// What people are asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Agents connect; nobody comes yet.
    Gather,
    /// The scenario's time goes.
    Play,
    /// All customers are gone: agents log out.
    GoHome,
    /// The run is given up: customers leave, agents log out.
    Stop,
}

/// When a message was due and when it was written.
#[derive(Clone, Copy, Debug)]
struct Sent {
    due: Instant,
    written: Instant,
}

impl Scene {
    /// A scene before anybody has come.
    pub fn new(plan: &Plan, address: Address, replication: u32, records: bool) -> Scene {
        Scene {
            address,
            limits: SocketLimits::default(),
            run: run_number(),
            people: Population::new(plan.seed, replication, Kind::Customer),
            clock: Cell::new(None),
            recorder: RefCell::new(Recorder::new(&plan.outline, true, records)),
            visits: RefCell::default(),
            freed: RefCell::default(),
            on_their_way: RefCell::default(),
            call: watch::Sender::new(Call::Gather),
            remarks: RefCell::default(),
            failure: RefCell::default(),
            not_started: Cell::new(0),
            over_limit: Cell::new(0),
            online: Cell::new(0),
            plan: plan.clone(),
        }
    }

    /// The scenario's time now; zero before the start.
    pub fn now(&self) -> Time {
        self.clock.get().map_or(Time::ZERO, |clock| clock.now())
    }

    /// The wall instant of a scenario time; now before the start.
    pub fn instant(&self, time: Time) -> Instant {
        self.clock
            .get()
            .map_or_else(Instant::now, |clock| clock.instant(time))
    }

    /// Notes how late an act was that was due at `due` and is done now.
    pub fn lagged(&self, due: Time) {
        if self.clock.get().is_some() {
            let late = Instant::now().saturating_duration_since(self.instant(due));
            self.note(Latency::ScheduleLag, late);
        }
    }

    /// Notes a wall latency.
    pub fn note(&self, latency: Latency, wall: Duration) {
        self.recorder
            .borrow_mut()
            .note(latency, Span(wall.as_nanos() as u64));
    }

    /// Notes a message that was due at `due` and has just been written.
    pub fn written(&self, marker: Marker, due: Time) {
        let sent = Sent {
            due: self.instant(due),
            written: Instant::now(),
        };
        self.lagged(due);
        self.on_their_way.borrow_mut().insert(marker, sent);
    }

    /// Notes a message that has just been read by the other side.
    pub fn read(&self, marker: Marker) {
        if let Some(Sent { due, written }) = self.on_their_way.borrow_mut().remove(&marker) {
            self.note(Latency::Delivery, written.elapsed());
            self.note(Latency::DeliveryFromDue, due.elapsed());
        }
    }

    /// The marker of a message in a customer's first attempt.
    pub fn marker(&self, customer: u32, direction: Direction, sequence: u32) -> Marker {
        Marker {
            run: self.run,
            customer,
            attempt: 0,
            direction,
            sequence,
        }
    }

    /// Does something with the recorder and one customer's visit, at scenario time `now`.
    pub fn on_visit<T>(
        &self,
        number: u32,
        now: Time,
        note: impl FnOnce(&mut Recorder, &mut Visit, Time) -> T,
    ) -> Option<T> {
        let mut visits = self.visits.borrow_mut();
        let visit = visits.get_mut(&number)?;
        let mut recorder = self.recorder.borrow_mut();
        recorder.advance(now);
        Some(note(&mut recorder, visit, now))
    }

    /// Ends a chat for the customer, unless it has ended.
    pub fn end(&self, number: u32, fate: Fate, now: Time) {
        self.on_visit(number, now, |recorder, visit, now| {
            if visit.fate().is_some() {
                return;
            }
            if fate == Fate::OpenAtEnd {
                recorder.open_at_end(visit, now);
            } else {
                recorder.cut(visit, fate, now);
            }
        });
    }

    /// Does something with the recorder at scenario time `now`.
    pub fn record(&self, now: Time, note: impl FnOnce(&mut Recorder, Time)) {
        let mut recorder = self.recorder.borrow_mut();
        recorder.advance(now);
        note(&mut recorder, now);
    }

    /// Remarks something for the report; the same words are counted.
    pub fn remark(&self, words: impl Into<String>) {
        let words = words.into();
        let mut remarks = self.remarks.borrow_mut();
        // A hostile server could make every remark a new one.
        let room = remarks.len() < MOST_REMARKS;
        match remarks.iter_mut().find(|remark| remark.0 == words) {
            Some(remark) => remark.1 += 1,
            None if room => remarks.push((words, 1)),
            None => {}
        }
    }

    /// An agent cannot go on, and so the run cannot: everybody is called to stop. Once people are on
    /// their way home it is no more than a remark.
    pub fn fail(&self, agent: u32, error: Error) {
        if matches!(*self.call.borrow(), Call::GoHome | Call::Stop) {
            self.remark(format!("an agent, too: {}", error.plain()));
            return;
        }
        let error = error.within(&format!("agent {agent} is lost to the run"));
        self.failure.replace(Some(error));
        self.call.send_replace(Call::Stop);
    }
}

/// A number that tells this run's messages from another's on the same server.
fn run_number() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos() as u64);
    (nanos ^ nanos >> 32) as u32 ^ std::process::id().rotate_left(16)
}
