//! Owns `Scene`: what the people of a live run share: plan, clock, recorder, what is under way.
//!
//! Law: one thread, so no locks; nobody holds a borrow across an await.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Options;
use super::alarm::Alarm;
use super::ledger::Ledger;
use super::orbit::{Caller, Orbit};
use super::skip::Skip;
use super::socket::SocketLimits;
use crate::center::ChatId;
use crate::center::fate::Fate;
use crate::center::rules::{Again, AgentRules, CustomerRules};
use crate::error::Error;
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::measure::tally::Latency;
use crate::measure::visit::Visit;
use crate::random::{Kind, Population};
use crate::scenario::plan::{AtClosing, EndsQuiet, Plan};
use crate::server::clock::LiveClock;
use crate::time::{Span, Time};
use crate::wire::marker::{Direction, Marker};

/// What the people of a live run share; `D` leads them to the server.
#[derive(Debug)]
pub struct Scene<D> {
    /// The plan that is played.
    pub plan: Plan,
    /// How agents work at this server.
    pub agents: AgentRules,
    /// Where the server is.
    pub to: D,
    /// Wakes people when they are due.
    alarm: Alarm,
    /// What connections are held to.
    pub limits: SocketLimits,
    /// This run's number in markers.
    pub run: u32,
    /// The customers of the replication that is played.
    pub people: Population,
    /// The scenario's time, from the start on.
    clock: Cell<Option<LiveClock>>,
    /// Tells that the clock has jumped.
    jumped: Notify,
    /// Which closed hours are jumped over; none for none.
    pub skip: Option<Skip>,
    /// Whether the customers alone are played; the staff is the server's own.
    pub only_customers: bool,
    /// Takes note of everything.
    pub recorder: RefCell<Recorder>,
    /// The chats so far.
    pub ledger: RefCell<Ledger>,
    /// Who will come again.
    pub orbit: Orbit,
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
    /// Customers who are gone silently and whose chats go on.
    pub ghosts: Cell<u32>,
    /// Whether the server ends quiet chats, as it says itself.
    pub server_ends_quiet: Cell<bool>,
    /// Since when time stands still.
    ended: Cell<Option<Time>>,
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

impl Call {
    /// Whether people are to go, for either reason.
    pub fn is_over(self) -> bool {
        matches!(self, Call::GoHome | Call::Stop)
    }
}

/// When a message was due and when it was written.
#[derive(Clone, Copy, Debug)]
struct Sent {
    due: Instant,
    written: Instant,
}

impl<D> Scene<D> {
    /// A scene before anybody has come.
    pub fn new(plan: &Plan, to: D, alarm: Alarm, options: &Options) -> Scene<D> {
        let mut agents = plan.agents.clone();
        if plan.live.inactivity == EndsQuiet::Server {
            agents.inactivity = Span::ENDLESS;
        }
        Scene {
            to,
            alarm,
            agents,
            limits: SocketLimits::default(),
            run: run_number(),
            people: Population::new(plan.seed, options.replication, Kind::Customer),
            clock: Cell::new(None),
            jumped: Notify::new(),
            skip: options.skip_closed.then(|| Skip::new(plan)),
            only_customers: options.only_customers,
            recorder: RefCell::new(Recorder::new(&plan.outline, true, options.records)),
            ledger: RefCell::default(),
            orbit: Orbit::default(),
            on_their_way: RefCell::default(),
            call: watch::Sender::new(Call::Gather),
            remarks: RefCell::default(),
            failure: RefCell::default(),
            not_started: Cell::new(0),
            over_limit: Cell::new(0),
            online: Cell::new(0),
            ghosts: Cell::new(0),
            server_ends_quiet: Cell::new(false),
            ended: Cell::new(None),
            plan: plan.clone(),
        }
    }

    /// When play begins.
    pub fn begin(&self) -> Time {
        self.plan.begin
    }

    /// The scenario's time goes from now on.
    pub fn start(&self) {
        let clock = LiveClock::starting_now(self.begin(), self.plan.live.speed);
        self.clock.set(Some(clock));
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
        self.jumped.notified().await;
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
        if time.comes() {
            self.alarm.wait_until(self.instant(time)).await;
        } else {
            std::future::pending::<()>().await;
        }
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
        // Nobody else of this run reads what customers say to another staff.
        if !self.only_customers {
            self.on_their_way.borrow_mut().insert(marker, sent);
        }
    }

    /// Notes a message that has just been read by the other side.
    pub fn read(&self, marker: Marker) {
        if let Some(Sent { due, written }) = self.on_their_way.borrow_mut().remove(&marker) {
            self.note(Latency::Delivery, written.elapsed());
            self.note(Latency::DeliveryFromDue, due.elapsed());
        }
    }

    /// A message has waited for its reader by the rules: how long it was under way tells nothing.
    pub fn forget(&self, marker: Marker) {
        self.on_their_way.borrow_mut().remove(&marker);
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

    /// How customers of a class behave.
    pub fn rules(&self, class: u8) -> &CustomerRules {
        self.plan.customers.rules(class)
    }

    /// A customer comes at `due` and asks for an agent.
    pub fn offer(&self, caller: Caller, due: Time) -> ChatId {
        let Caller {
            number,
            attempt,
            class,
        } = caller;
        let mut recorder = self.recorder.borrow_mut();
        recorder.advance(due);
        let visit = recorder.offered(number, attempt, class, due);
        self.ledger.borrow_mut().enter(visit)
    }

    /// Does something with the recorder and one chat's visit, at scenario time `now`.
    pub fn on_visit<T>(
        &self,
        chat: ChatId,
        now: Time,
        note: impl FnOnce(&mut Recorder, &mut Visit, Time) -> T,
    ) -> T {
        let mut ledger = self.ledger.borrow_mut();
        let mut recorder = self.recorder.borrow_mut();
        recorder.advance(now);
        note(&mut recorder, ledger.visit(chat), now)
    }

    /// Ends a chat for the customer, unless it has ended.
    pub fn end(&self, chat: ChatId, fate: Fate, now: Time) {
        self.on_visit(chat, now, |recorder, visit, now| {
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

    /// The chat has ended for its customer. If no agent has it any more, nothing more comes: it
    /// waited to be assigned again, or was still to hear that its agent has let it go.
    pub fn settle(&self, chat: ChatId, now: Time) {
        let let_go = self.ledger.borrow().let_go_since(chat);
        let waited = self.on_visit(chat, now, |_, visit, _| {
            visit.transfers() > 0 && visit.agent().is_none()
        });
        if let Some(freed) = let_go.or(waited.then_some(now)) {
            self.free(chat, freed);
        }
    }

    /// An agent lets the chat go, `for_good` or back to the queue. If its customer has gone
    /// meanwhile, nobody gets it any more. Where the customer does not know of this agent, the
    /// assignment is under way to it, or has crossed its leaving.
    pub fn let_go(&self, chat: ChatId, for_good: bool, now: Time) {
        let known = self.ledger.borrow_mut().let_go(chat, now);
        let over = self.on_visit(chat, now, |_, visit, _| visit.is_over());
        if known && (for_good || over) {
            self.free(chat, now);
        }
    }

    /// The chat's slot is free for good, which counts once.
    fn free(&self, chat: ChatId, now: Time) {
        if self.ledger.borrow().is_free(chat) {
            return;
        }
        self.on_visit(chat, now, Recorder::handled);
        self.ledger.borrow_mut().free(chat, now);
    }

    /// The customer's attempt is over: it may come again, if that is before the horizon.
    pub fn again(&self, caller: Caller, why: Again, now: Time) {
        let rules = self.rules(caller.class);
        if rules.retry.is_empty() {
            return;
        }
        let draws = self
            .people
            .person(caller.number.into(), caller.attempt.into());
        let next = caller.attempt.checked_add(1);
        if let (Some(after), Some(attempt)) = (rules.comes_again(why, draws), next) {
            self.record(now, |recorder, now| recorder.rise(Gauge::Orbit, now));
            let back = now + after;
            if back < self.plan.outline.horizon {
                self.orbit.expect(Caller { attempt, ..caller }, back);
            }
        }
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
        if self.call.borrow().is_over() {
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
