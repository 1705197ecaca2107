//! Owns `Scene`: what the people of an event loop share: plan, clock, journal, what is asked of them.
//!
//! Law: one thread, so no locks; nobody holds a borrow across an await.

pub mod abroad;
mod people;
mod traced;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Options;
use super::alarm::{Alarm, Moment, Place};
use super::call::Call;
use super::journal::{ChatEvent, Entry, Event, Fault, Message, Origin, Reader};
use super::orbit::{Caller, Orbit};
use super::pace::Pace;
use super::remarks::Remarks;
use super::skip::Skip;
use super::slice::Slice;
use super::socket::SocketLimits;
use super::terms::Differences;
use super::text::Text;
use crate::center::rules::AgentRules;
use crate::error::Error;
use crate::measure::cast::Cast;
use crate::measure::tally::Latency;
use crate::random::{Kind, Population};
use crate::scenario::plan::{AtClosing, Plan};
use crate::server::clock::LiveClock;
use crate::time::{Span, Time};
use crate::wire::hold::Hold;
use crate::wire::marker::{Direction, Marker};
use abroad::Abroad;
use people::Met;
use traced::Traced;

/// What the people of a live run share; `D` leads them to the server.
#[derive(Debug)]
pub struct Scene<D> {
    /// The plan that is played.
    pub plan: Plan,
    /// How agents work at this server.
    pub agents: AgentRules,
    /// Where the server is.
    pub to: D,
    /// What it takes where that speaks another protocol.
    pub abroad: Abroad,
    /// Wakes people when they are due.
    alarm: Alarm,
    /// What connections are held to.
    pub limits: SocketLimits,
    /// This run's number in markers.
    pub run: u32,
    /// What is said.
    text: Text,
    /// What somebody has said: memory for the next text.
    paper: RefCell<String>,
    /// The customers of the replication that is played.
    pub people: Population,
    /// Its agents.
    pub staff: Population,
    /// The scenario's time, from the start on.
    clock: Cell<Option<LiveClock>>,
    /// Tells that the clock has jumped.
    jumped: Notify,
    /// Which closed hours are jumped over; none for none.
    pub skip: Option<Skip>,
    /// Who is played.
    pub cast: Cast,
    /// Whom agents have met who are nobody of this run.
    met: Met,
    /// When the scenario's time was started.
    started: Cell<Option<Instant>>,
    /// What has happened and was not handed on yet.
    journal: RefCell<Vec<Entry>>,
    /// Who is traced.
    traced: Traced,
    /// Who will come again.
    pub orbit: Orbit,
    /// What people are asked to do: everybody listens.
    pub call: watch::Sender<Call>,
    /// What was remarked since the last report.
    remarks: RefCell<Remarks>,
    /// What broke the run, where something did.
    pub failure: RefCell<Option<Error>>,
    /// Arrivals that this machine could not start.
    pub not_started: Cell<u32>,
    /// Agents online.
    pub online: Cell<u32>,
    /// Slots in use, wrap-up included.
    pub slots: Cell<u32>,
    /// Customers who are gone silently and whose chats go on.
    pub ghosts: Cell<u32>,
    /// Whether the server ends quiet chats, as it says itself.
    pub server_ends_quiet: Cell<bool>,
    /// By which rules it goes otherwise than the scenario.
    pub differences: Cell<Differences>,
    /// Of the tickets: nobody else can make them.
    secret: RandomState,
    /// How often a second people may connect.
    pub pace: Pace,
    /// Since when time stands still.
    ended: Cell<Option<Time>>,
}

impl<D> Scene<D> {
    /// A scene of the run of this number, for this part of the people, before anybody has come.
    pub fn new(
        plan: &Plan,
        run: u32,
        to: D,
        alarm: Alarm,
        options: &Options,
        slice: Slice,
    ) -> Scene<D> {
        let mut agents = plan.agents.clone();
        agents.inactivity = plan.agents_inactivity();
        Scene {
            to,
            abroad: Abroad::new(options.protocol.clone()),
            alarm,
            agents,
            limits: SocketLimits::default(),
            run,
            text: Text::new(&plan.messages),
            paper: RefCell::default(),
            people: Population::new(plan.seed, options.replication, Kind::Customer),
            staff: Population::new(plan.seed, options.replication, Kind::Agent),
            clock: Cell::new(None),
            jumped: Notify::new(),
            skip: options.skip_closed.then(|| Skip::new(plan)),
            cast: options.cast,
            met: Met::default(),
            started: Cell::new(None),
            journal: RefCell::default(),
            traced: Traced::new(options.trace),
            orbit: Orbit::default(),
            call: watch::Sender::new(Call::Gather),
            remarks: RefCell::default(),
            failure: RefCell::default(),
            not_started: Cell::new(0),
            online: Cell::new(0),
            slots: Cell::new(0),
            ghosts: Cell::new(0),
            server_ends_quiet: Cell::new(false),
            differences: Cell::default(),
            secret: RandomState::new(),
            pace: Pace::new(
                plan.live
                    .max_connect_rate
                    .map(|rate| rate / f64::from(slice.of())),
            ),
            ended: Cell::new(None),
            plan: plan.clone(),
        }
    }

    /// When play begins.
    pub fn begin(&self) -> Time {
        self.plan.begin
    }

    /// The scenario's time goes from `at` on.
    pub fn start(&self, at: Instant) {
        let clock = LiveClock::starting(at, self.begin(), self.plan.live.speed);
        self.clock.set(Some(clock));
        self.started.set(Some(at));
    }

    /// The scenario's time goes on from `to`; nobody may be waiting for anything before that.
    pub fn jump(&self, to: Time) {
        self.clock
            .set(self.clock.get().map(|clock| clock.jumped(to)));
        self.jumped.notify_waiters();
    }

    /// Waits for the next jump of the clock: whoever has gone by an instant on the wall goes by
    /// another then. Cancel-safe.
    pub async fn jumps(&self) {
        match self.skip {
            Some(_) => self.jumped.notified().await,
            None => std::future::pending().await,
        }
    }

    /// Waits until people are to go, for either reason. By one task.
    pub async fn is_over(&self) {
        let (mut call, mut calls) = (self.call.subscribe(), self.call.subscribe());
        let coming = call.wait_for(|call| call.is_over());
        tokio::pin!(coming);
        // Everybody asks whenever woken: it is looked up only when something was called meanwhile.
        calls.mark_changed();
        poll_fn(|context| {
            // Who cannot be called any more is to go as well.
            if !calls.has_changed().unwrap_or(true) {
                return Poll::Pending;
            }
            calls.mark_unchanged();
            coming.as_mut().poll(context).map(|_| ())
        })
        .await;
    }

    /// The scenario's time stands still from `end` on: what is noted while everybody goes home is
    /// noted as of then.
    pub fn stand_still(&self, end: Time) {
        self.ended.set(Some(end));
    }

    /// The scenario's time now; that of the begin before the start.
    pub fn now(&self) -> Time {
        if let Some(end) = self.ended.get() {
            return end;
        }
        self.clock
            .get()
            .map_or_else(|| self.begin(), |clock| clock.now())
    }

    /// The wall instant of a scenario time; now before the start.
    pub fn instant(&self, time: Time) -> Instant {
        self.clock
            .get()
            .map_or_else(Instant::now, |clock| clock.instant(time))
    }

    /// Waits until a scenario time, as the clock goes now; for ever when it does not come.
    pub async fn wait_until(&self, time: Time) {
        self.wait_in(&mut self.place(), time).await;
    }

    /// A place for somebody to wait in again and again.
    pub fn place(&self) -> Place {
        self.alarm.place()
    }

    /// Waits until a scenario time as `wait_until` does, in a place of one's own. Cancel-safe: who waits
    /// on for the same time keeps the place.
    pub fn wait_in(&self, place: &mut Place, time: Time) -> impl Future<Output = ()> {
        let jumps = self.skip.as_ref().map_or(0, Skip::jumps);
        let moment = Moment { time, jumps };
        poll_fn(move |context| place.poll(moment, || self.instant(time), context))
    }

    /// When the desk sends away who waits, from `now` on; `Time::NEVER` for not at all.
    pub fn closing_from(&self, now: Time) -> Time {
        if self.plan.at_closing == AtClosing::Served {
            return Time::NEVER;
        }
        let open = &self.plan.open;
        let next = open.partition_point(|period| period.until < now);
        let closing = open.get(next).map_or(Time::NEVER, |period| period.until);
        if closing < self.plan.end() {
            closing
        } else {
            Time::NEVER
        }
    }

    /// Notes that something happened at scenario time `at`.
    pub fn note(&self, at: Time, event: Event) {
        match event {
            Event::SlotTaken(_) => self.slots.set(self.slots.get() + 1),
            Event::SlotFreed(_) => self.slots.set(self.slots.get() - 1),
            _ => {}
        }
        self.journal.borrow_mut().push(Entry { at, event });
    }

    /// Notes that something happened in a chat at scenario time `at`.
    pub fn note_in(&self, chat: Caller, at: Time, event: ChatEvent) {
        self.note(at, Event::Chat(chat, event));
    }

    /// Notes that something took so long on the wall.
    pub fn took(&self, latency: Latency, wall: Duration) {
        self.note(self.now(), Event::Took(latency, span(wall)));
    }

    /// Notes a fault of the server, as `reader` sees it.
    #[cold]
    pub fn fault(&self, fault: Fault, reader: Reader, marker: Option<Marker>) {
        self.note(self.now(), Event::Fault(fault, reader, marker));
    }

    /// Hands on what was noted since the last time.
    pub fn take_journal(&self) -> Vec<Entry> {
        let mut journal = self.journal.borrow_mut();
        // About as much happens until the next time.
        let room = Vec::with_capacity(journal.len());
        std::mem::replace(&mut journal, room)
    }

    /// How late an act is that was due at `due` and is done `now`.
    fn lateness(&self, due: Time, now: Instant) -> Option<Span> {
        let due = self.clock.get().map(|clock| clock.instant(due))?;
        Some(span(now.saturating_duration_since(due)))
    }

    /// Notes how late an act was that was due at `due` and is done now: at the instant that it gives.
    pub fn lagged(&self, due: Time) -> Instant {
        let now = Instant::now();
        if let Some(late) = self.lateness(due, now) {
            self.note(due, Event::Took(Latency::ScheduleLag, late));
        }
        now
    }

    /// Notes a message that was due at `due` and has just been written: at the instant that it gives.
    pub fn written(&self, chat: Caller, which: (Direction, u32), due: Time, by: Origin) -> Instant {
        self.written_since(chat, which, (due, due), by)
    }

    /// The same of one whose sender the server has held up until `since`, where that is later.
    pub fn written_since(
        &self,
        chat: Caller,
        (direction, sequence): (Direction, u32),
        (due, since): (Time, Time),
        by: Origin,
    ) -> Instant {
        if !self.cast.is_everybody() {
            // Nobody of this run reads what is said to another staff, or to strangers.
            return self.lagged(since.max(due));
        }
        let now = Instant::now();
        let late = |due| self.lateness(due, now).unwrap_or_default();
        let (late, lag) = (late(due), late(since.max(due)));
        let message = Message {
            direction,
            sequence,
            wall: self.wall(now),
            late,
            host: 0,
            held_up: Span(late.0.saturating_sub(lag.0)),
            origin: by,
        };
        self.note_in(chat, due, ChatEvent::Sent(message));
        now
    }

    /// Notes a message that was written and waits for its reader by the rules.
    pub fn handed_in(&self, chat: Caller, (direction, sequence): (Direction, u32), due: Time) {
        if !self.cast.is_everybody() {
            return;
        }
        let message = Message::untimed(direction, sequence);
        self.note_in(chat, due, ChatEvent::Sent(message));
    }

    /// Notes a message that `reader` has just read, `at` this scenario time.
    pub fn read(&self, chat: Caller, marker: Marker, reader: Reader, at: Time) {
        let message = Message {
            wall: self.wall(Instant::now()),
            ..Message::untimed(marker.direction, marker.sequence)
        };
        self.note_in(chat, at, ChatEvent::Read(message, reader));
    }

    /// Notes a message that came with a chat: how long it was under way tells nothing.
    pub fn came_with(&self, chat: Caller, marker: Marker, reader: Reader, at: Time) {
        let message = Message::untimed(marker.direction, marker.sequence);
        self.note_in(chat, at, ChatEvent::Read(message, reader));
    }

    /// Wall time from the start of the scenario's time to an instant.
    fn wall(&self, instant: Instant) -> Option<Span> {
        let started = self.started.get()?;
        Some(span(instant.saturating_duration_since(started)))
    }

    /// The marker of a message.
    pub fn marker(&self, caller: Caller, direction: Direction, sequence: u32) -> Marker {
        Marker {
            run: self.run,
            customer: caller.number,
            attempt: caller.attempt.into(),
            direction,
            sequence,
        }
    }

    /// By what the server knows a customer's chat again: nobody can guess it.
    pub fn ticket(&self, caller: Caller) -> String {
        let part = |salt: u8| self.secret.hash_one((caller.number, caller.attempt, salt));
        format!("{:016x}{:016x}", part(0), part(1))
    }

    /// What is said in a message, or a part of one.
    pub fn text(&self, caller: Caller, direction: Direction, sequence: u32) -> String {
        let mut text = self.paper.take();
        let marker = self.marker(caller, direction, sequence);
        self.text.write(marker, self.draws(caller), &mut text);
        text
    }

    /// Takes a text back that was said: the next is written in its place.
    pub fn reuse(&self, text: String) {
        self.paper.replace(text);
    }

    /// What is said in a reply, or a part of one, to a message that was read `heard`; none where it
    /// was not timed.
    pub fn reply(&self, caller: Caller, sequence: u32, heard: Option<Instant>) -> String {
        let hold = heard.map(|heard| Hold::of(span(heard.elapsed())));
        let marker = self.marker(caller, Direction::Agent, sequence);
        self.text.of_reply(marker, hold, self.draws(caller))
    }

    /// The bytes of the longest frame that a message may need.
    pub fn longest_frame(&self) -> usize {
        self.text.longest_frame()
    }

    /// This machine cannot start somebody who is due.
    pub fn missing_one(&self) {
        self.not_started.set(self.not_started.get() + 1);
    }

    /// Remarks something for the report; the same words are counted.
    #[cold]
    pub fn remark(&self, words: impl Into<String>) {
        self.remarks.borrow_mut().add(words.into(), 1);
    }

    /// Hands on the remarks made since the last time.
    pub fn take_remarks(&self) -> Remarks {
        self.remarks.take()
    }

    /// An agent cannot go on, and so the run cannot: everybody is called to stop. Once people are on
    /// their way home it is no more than a remark.
    #[cold]
    pub fn fail(&self, agent: u32, error: Error) {
        if self.call.borrow().is_over() {
            self.remark(format!("an agent, too: {}", error.plain()));
            return;
        }
        if error.is_of_this_machine() {
            self.missing_one();
        }
        let error = error.within(&format!("agent {agent} is lost to the run"));
        self.failure.replace(Some(error));
        self.call.send_replace(Call::Stop);
    }
}

/// A length of wall time.
fn span(wall: Duration) -> Span {
    Span(wall.as_nanos() as u64)
}
