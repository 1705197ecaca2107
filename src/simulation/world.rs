//! Owns `World`: one replication in virtual time, driving customers, agents and the router.
//!
//! Law: an event is carried out whole, with everything that follows at the same instant, before the
//! next. Ties of different people: shift changes (ends first), agents by index, customers, then
//! arrivals. No allocation once the chats open at the same time have been seen.
//!
//! A customer's reply patience is put into the queue only where it would end before the reply that
//! it waits for: while its agent composes until t, a patience beyond t cannot matter before t, and
//! at t the agent picks again and the question is asked anew.

use super::queue::EventQueue;
use crate::center::agent::{Agent, AgentAct, AgentInput};
use crate::center::customer::{Customer, CustomerAct, CustomerInput};
use crate::center::router::{Assignment, Offered, Router};
use crate::center::{AgentId, ChatId};
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::measure::visit::Visit;
use crate::random::{Kind, Population};
use crate::scenario::plan::{Plan, Shift};
use crate::scenario::stream::ArrivalStream;
use crate::time::{Span, Time};

use crate::center::fate::Fate;

/// How many events pass between two looks at the watch.
const LOOK_EVERY: u64 = 4_096;

/// One replication in virtual time.
#[derive(Debug)]
pub struct World<'p> {
    plan: &'p Plan,
    queue: EventQueue,
    router: Router,
    agents: Vec<Agent>,
    chats: Vec<Chat>,
    /// Places in `chats` that are free again.
    free: Vec<u32>,
    changes: Vec<Change>,
    /// By agent: whether it works past the end of its shift.
    late: Vec<bool>,
    events: u64,
    /// Test switch: queue every patience, needed or not.
    eager: bool,
}

/// A chat that is open, waits or wraps up: two lines of the processor's memory, the first of which
/// has all that a message needs.
#[derive(Debug)]
#[repr(C, align(64))]
struct Chat {
    customer: Customer,
    visit: Visit,
}

const _: () = assert!(size_of::<Chat>() == 128 && size_of::<Customer>() == 32);

/// A shift's end or start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    at: Time,
    /// Ends come before starts.
    starts: bool,
    agent: u32,
}

/// What a watcher is told while a replication goes on.
pub trait Watcher {
    /// So many chats have come and so many events passed since the last look; true to stop.
    fn look(&mut self, chats: u64, events: u64) -> bool;
}

impl<'p> World<'p> {
    /// An empty center for the plan's people.
    pub fn new(plan: &'p Plan) -> World<'p> {
        let agents = plan.team as usize;
        let slots = (agents * plan.agents.concurrency as usize).min(1 << 20);
        World {
            queue: EventQueue::new(agents + slots, peak_events(plan), Span::from_secs(1_200)),
            router: Router::new(plan.router.clone(), plan.team, slots as u32),
            agents: vec![Agent::new(&plan.agents); agents],
            chats: Vec::with_capacity(slots),
            free: Vec::with_capacity(slots),
            changes: changes(&plan.shifts),
            late: vec![false; agents],
            events: 0,
            eager: false,
            plan,
        }
    }

    /// Queues every patience, as a driver would that does not look ahead: same results, slower.
    #[must_use]
    pub fn eager(mut self) -> World<'p> {
        self.eager = true;
        self
    }

    /// Plays a replication into the recorder and says when it ended and whether it was stopped.
    pub fn play(
        &mut self,
        replication: u32,
        recorder: &mut Recorder,
        watcher: &mut impl Watcher,
    ) -> (Time, bool) {
        self.reset();
        let customers = Population::new(self.plan.seed, replication, Kind::Customer);
        let mut stream = ArrivalStream::new(self.plan, replication);
        let mut arrival = stream.next().unwrap_or(Time::NEVER);
        let (mut number, mut change, mut now, mut stopped) = (0, 0, Time::ZERO, false);
        let (mut look_at, mut looked) = (LOOK_EVERY, (0, 0));
        let end = self.plan.end();
        loop {
            let next_change = self
                .changes
                .get(change)
                .map_or(Time::NEVER, |change| change.at);
            let wake = self.queue.peek();
            let next = wake.min(arrival).min(next_change);
            let idle = !arrival.comes() && !wake.comes() && self.router.waiting() == 0;
            if next > end || (idle && next_change >= self.plan.outline.horizon) {
                now = if idle { now } else { end };
                break;
            }
            now = next;
            recorder.advance(now);
            self.events += 1;
            if next_change == now {
                self.change(self.changes[change], recorder);
                change += 1;
            } else if wake == now {
                self.wake(recorder);
            } else {
                self.arrive(number, now, customers, recorder);
                number += 1;
                arrival = stream.next().unwrap_or(Time::NEVER);
            }
            if self.events >= look_at {
                look_at += LOOK_EVERY;
                stopped = watcher.look(u64::from(number) - looked.0, self.events - looked.1);
                looked = (u64::from(number), self.events);
                if stopped {
                    break;
                }
            }
        }
        watcher.look(u64::from(number) - looked.0, self.events - looked.1);
        let now = if stopped {
            now
        } else {
            now.max(self.plan.outline.horizon)
        };
        self.close(now, recorder);
        (now, stopped)
    }

    /// Makes ready for a replication: everybody away, nothing queued.
    fn reset(&mut self) {
        let plan = self.plan;
        self.queue.clear();
        self.late.fill(false);
        self.router = Router::new(plan.router.clone(), plan.team, self.chats.capacity() as u32);
        self.agents
            .iter_mut()
            .for_each(|agent| *agent = Agent::new(&plan.agents));
        self.chats.clear();
        self.free.clear();
        self.events = 0;
        let agents = plan.agents.concurrency;
        (0..plan.team).for_each(|agent| self.router.enrol(AgentId(agent), agents));
    }

    fn change(&mut self, change: Change, recorder: &mut Recorder) {
        let (agent, now) = (AgentId(change.agent), change.at);
        if change.starts {
            if std::mem::take(&mut self.late[agent.index()]) {
                recorder.fall(Gauge::Overtime, now);
            } else {
                recorder.rise(Gauge::Staffed, now);
            }
            self.agents[agent.index()].handle(now, AgentInput::Online, &self.plan.agents);
            self.router.online(agent, self.plan.agents.concurrency);
            self.assign_all(now, recorder);
        } else {
            if self.agents[agent.index()].held() > 0 {
                self.late[agent.index()] = true;
                recorder.rise(Gauge::Overtime, now);
            }
            self.router.leaving(agent);
            self.agents[agent.index()].handle(now, AgentInput::Leaving, &self.plan.agents);
        }
        self.drain(agent, now, recorder);
    }

    #[inline]
    fn wake(&mut self, recorder: &mut Recorder) {
        let Some((now, subject)) = self.queue.pop() else {
            return;
        };
        match subject.checked_sub(self.plan.team) {
            None => self.drain(AgentId(subject), now, recorder),
            Some(chat) => self.wake_customer(ChatId(chat), now, recorder),
        }
    }

    #[inline]
    fn arrive(&mut self, number: u32, now: Time, people: Population, recorder: &mut Recorder) {
        if !self.plan.is_open(now) {
            recorder.closed_desk(number, now);
            return;
        }
        let customer = Customer::new(
            people.person(u64::from(number), 0),
            self.plan.customers.rules(0),
        );
        let visit = recorder.offered(number, 0, now);
        let chat = self.seat(Chat { customer, visit });
        if self.router.offer(chat) == Offered::Rejected {
            recorder.rejected(&mut self.chats[chat.index()].visit, now);
            self.over(chat, recorder);
            return;
        }
        if let Some(assignment) = self.router.next_assignment() {
            // An agent with room means that nobody waited: it is this chat.
            debug_assert_eq!(assignment.chat, chat);
            self.assign(assignment, now, recorder);
            self.drain(assignment.agent, now, recorder);
            return;
        }
        let place = &mut self.chats[chat.index()];
        recorder.queued(&mut place.visit, now);
        let wake = place
            .customer
            .handle(now, CustomerInput::Queued, self.plan.customers.rules(0))
            .wake;
        self.queue.set(self.plan.team + chat.0, wake);
    }

    fn seat(&mut self, chat: Chat) -> ChatId {
        if let Some(place) = self.free.pop() {
            self.chats[place as usize] = chat;
            return ChatId(place);
        }
        let place = self.chats.len() as u32;
        self.chats.push(chat);
        self.queue.admit(self.plan.team + place);
        ChatId(place)
    }

    /// The chat is over and its slot free: its place can be used again.
    #[inline]
    fn over(&mut self, chat: ChatId, recorder: &mut Recorder) {
        recorder.keep(&self.chats[chat.index()].visit);
        self.free.push(chat.0);
    }

    /// Carries out one assignment; the agent has to be drained afterwards.
    #[inline]
    fn assign(&mut self, assignment: Assignment, now: Time, recorder: &mut Recorder) {
        let Assignment { chat, agent } = assignment;
        let place = &mut self.chats[chat.index()];
        recorder.assigned(&mut place.visit, agent.0, now);
        place
            .customer
            .handle(now, CustomerInput::Assigned, self.plan.customers.rules(0));
        let (draws, exchanges) = (place.customer.draws(), place.customer.exchanges());
        if place.visit.is_delayed() {
            self.queue.set(self.plan.team + chat.0, Time::NEVER);
        }
        let input = AgentInput::Assigned {
            chat,
            draws,
            exchanges,
        };
        let desk = &mut self.agents[agent.index()];
        let slot = desk.handle(now, input, &self.plan.agents);
        place.visit.seat(slot.expect("an assignment takes a slot"));
        recorder.slot_taken(desk.held(), now);
    }

    /// Gives waiting chats to whoever has room now.
    fn assign_all(&mut self, now: Time, recorder: &mut Recorder) {
        while let Some(assignment) = self.router.next_assignment() {
            self.assign(assignment, now, recorder);
            self.drain(assignment.agent, now, recorder);
        }
    }

    fn wake_customer(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let place = &mut self.chats[chat.index()];
        let step = place
            .customer
            .handle(now, CustomerInput::Wake, self.plan.customers.rules(0));
        match step.act {
            Some(CustomerAct::Send) => {
                recorder.sent(&mut place.visit, now);
                let message = AgentInput::Message(place.visit.slot());
                self.tell(chat, now, message, recorder);
            }
            Some(CustomerAct::LeaveQueue) => {
                recorder.left_queue(&mut place.visit, now);
                self.router.withdraw(chat);
                self.over(chat, recorder);
            }
            Some(CustomerAct::LeaveChat) => self.leave_chat(chat, now, recorder),
            Some(CustomerAct::Done) | None => {}
        }
    }

    fn leave_chat(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let place = &mut self.chats[chat.index()];
        let composing = self.agents[place.visit.agent() as usize].composing();
        if let Some((_, since, _)) = composing.filter(|composing| composing.0 == chat) {
            recorder.composed(&mut place.visit, since, now);
        }
        recorder.left_chat(&mut place.visit, now);
        let left = AgentInput::Left(place.visit.slot());
        self.tell(chat, now, left, recorder);
    }

    /// Tells the chat's agent and carries out what follows.
    #[inline]
    fn tell(&mut self, chat: ChatId, now: Time, input: AgentInput, recorder: &mut Recorder) {
        let agent = AgentId(self.chats[chat.index()].visit.agent());
        self.agents[agent.index()].handle(now, input, &self.plan.agents);
        self.drain(agent, now, recorder);
    }

    /// Carries out all that the agent does at this instant, and queues its next wake-up.
    #[inline]
    fn drain(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        loop {
            let desk = &mut self.agents[agent.index()];
            let since = desk.composing_since();
            let step = desk.next(now, &self.plan.agents);
            match step.act {
                Some(AgentAct::Reply { chat, last, .. }) => {
                    self.deliver(chat, last, since, now, recorder);
                }
                Some(AgentAct::Freed { chat, .. }) => {
                    let held = desk.held();
                    recorder.slot_freed(held, now);
                    recorder.handled(&mut self.chats[chat.index()].visit, now);
                    self.over(chat, recorder);
                    self.router.freed(agent);
                    // Only this agent can have room for one who waits.
                    if let Some(assignment) = self.router.next_assignment() {
                        self.assign(assignment, now, recorder);
                    }
                }
                Some(AgentAct::Composing { .. }) => recorder.composing(now),
                Some(AgentAct::Offline) => {
                    recorder.fall(Gauge::Staffed, now);
                    if std::mem::take(&mut self.late[agent.index()]) {
                        recorder.fall(Gauge::Overtime, now);
                    }
                }
                None => {
                    self.queue.set(agent.0, step.wake);
                    break;
                }
            }
        }
        self.queue_patience(agent);
    }

    #[inline]
    fn deliver(
        &mut self,
        chat: ChatId,
        last: bool,
        since: Time,
        now: Time,
        recorder: &mut Recorder,
    ) {
        let place = &mut self.chats[chat.index()];
        recorder.composed(&mut place.visit, since, now);
        recorder.replied(&mut place.visit, now);
        let step = place
            .customer
            .handle(now, CustomerInput::Reply, self.plan.customers.rules(0));
        debug_assert_eq!(last, step.act == Some(CustomerAct::Done));
        if last {
            recorder.ended(&mut place.visit, Fate::Handled, now);
        }
        self.queue.set(self.plan.team + chat.0, step.wake);
    }

    /// Queues the patience of those customers of the agent whose patience ends before the reply
    /// being composed does.
    #[inline]
    fn queue_patience(&mut self, agent: AgentId) {
        let desk = &self.agents[agent.index()];
        let Some((composing, _, until)) = desk.composing() else {
            return;
        };
        for chat in desk.pending().chain(std::iter::once(composing)) {
            let deadline = self.chats[chat.index()].customer.deadline();
            if deadline < until || self.eager {
                self.queue.set(self.plan.team + chat.0, deadline);
            }
        }
    }

    /// The run is over: whoever is still there is open at the end.
    fn close(&mut self, now: Time, recorder: &mut Recorder) {
        self.free.sort_unstable();
        for place in 0..self.chats.len() {
            if self.free.binary_search(&(place as u32)).is_ok() {
                continue;
            }
            let visit = &mut self.chats[place].visit;
            if visit.fate().is_none() {
                recorder.open_at_end(visit, now);
            }
            recorder.keep(visit);
        }
    }
}

/// All changes of the shifts in order: by time, ends before starts, by agent.
fn changes(shifts: &[Shift]) -> Vec<Change> {
    let ends = shifts.iter().filter(|shift| shift.until.comes());
    let ends = ends.map(|s| Change {
        at: s.until,
        starts: false,
        agent: s.agent,
    });
    let starts = shifts.iter().map(|s| Change {
        at: s.from,
        starts: true,
        agent: s.agent,
    });
    let mut changes: Vec<Change> = starts.chain(ends).collect();
    changes.sort_unstable();
    changes
}

/// Wake-ups a nanosecond at the busiest time, roughly: a customer has two an exchange and two more.
fn peak_events(plan: &Plan) -> f64 {
    plan.arrivals.peak() * (2.0 * plan.customers.mean(|class| class.exchanges.mean()) + 2.0)
}
