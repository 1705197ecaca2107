//! Owns `World`: one replication in virtual time, driving customers, agents and the router.
//!
//! Law: an event is carried out whole, with everything that follows at the same instant, before the
//! next. Ties of different people: ends of shifts, closing, starts of shifts; then agents by index,
//! customers by their place here; then arrivals. No allocation once the chats open at the same time have been seen.
//!
//! A customer's reply patience is put into the queue only where it would end before the reply that
//! it waits for: while its agent composes until t, a patience beyond t cannot matter before t, and
//! at t the agent picks again and the question is asked anew.

mod changes;
mod coming;
mod cuts;
mod foresight;
mod late;
mod line;
mod waking;

use super::queue::EventQueue;
use crate::center::agent::{Agent, AgentAct, AgentInput, Deed, Handover};
use crate::center::customer::{Customer, CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::router::{Assignment, Router};
use crate::center::rules::Again;
use crate::center::{AgentId, ChatId};
use crate::measure::recorder::Recorder;
use crate::measure::visit::Visit;
use crate::random::{Kind, Population};
use crate::scenario::plan::Plan;
use crate::scenario::stream::ArrivalStream;
use crate::time::{Span, Time};
use changes::Change;
use line::Line;

/// How many events pass between two looks at the watch.
const LOOK_EVERY: u64 = 4_096;

/// From so many slots on people may not fit into the processor's nearest memory.
const LARGE: usize = 2_048;

/// How many wake-ups ahead the memory of people is sent for, and that of what they lead to.
const LATER: usize = 3;
const SOON: usize = 1;

/// One replication in virtual time, in which people do what is due at once, or `LATE`; only in a
/// world of the late are connections cut.
#[derive(Debug)]
pub struct World<'p, const LATE: bool = false> {
    plan: &'p Plan,
    queue: EventQueue,
    router: Router,
    agents: Vec<Agent>,
    chats: Vec<Chat>,
    /// The connection of each chat; none where none is cut.
    lines: Vec<Line>,
    /// Places in `chats` that are free again.
    free: Vec<u32>,
    changes: Vec<Change>,
    /// By agent: whether it works past the end of its shift.
    late: Vec<bool>,
    people: Population,
    events: u64,
    /// Whether memory is sent for ahead.
    large: bool,
    /// Test switch: queue every patience, needed or not, and know nothing of what agents do.
    eager: bool,
}

/// A chat that is open, waits or wraps up, or a customer who will come again: two lines of the
/// processor's memory, the first of which has all that a message needs.
#[derive(Debug)]
#[repr(C, align(64))]
struct Chat {
    customer: Customer,
    visit: Visit,
}

const _: () = assert!(size_of::<Chat>() == 128 && size_of::<Customer>() == 32);

/// What a watcher is told while a replication goes on.
pub trait Watcher {
    /// So many chats have come and so many events passed since the last look; true to stop.
    fn look(&mut self, chats: u64, events: u64) -> bool;
}

impl<'p> World<'p> {
    /// Bytes that a chat of the plan takes while it is open, with its places in the queues, as
    /// measured, and its line where connections are cut.
    pub fn bytes_a_chat(plan: &Plan) -> usize {
        let line = if plan.outline.cuts {
            size_of::<Line>()
        } else {
            0
        };
        240 + line
    }

    /// An empty center for the plan's people, who do at once what is due.
    ///
    /// # Panics
    /// When the plan cuts connections: those are cut in a world of the late.
    pub fn new(plan: &'p Plan) -> World<'p> {
        World::of(plan)
    }
}

impl<'p, const LATE: bool> World<'p, LATE> {
    fn of(plan: &'p Plan) -> World<'p, LATE> {
        assert!(
            LATE || !plan.outline.cuts,
            "cuts are for a world of the late"
        );
        let agents = plan.team as usize;
        let slots = (agents * plan.agents.concurrency as usize).min(1 << 20);
        let large = slots >= LARGE;
        let (peak, reach) = (peak_events(plan), Span::from_secs(300));
        let foreseen = if large { LATER + 1 } else { 1 };
        World {
            queue: EventQueue::new(agents + slots, peak, reach, foreseen),
            router: Router::new(plan.router.clone(), plan.team, slots as u32),
            agents: vec![Agent::new(&plan.agents); agents],
            chats: Vec::with_capacity(slots),
            lines: Vec::new(),
            free: Vec::with_capacity(slots),
            changes: changes::of(plan),
            late: vec![false; agents],
            people: Population::new(plan.seed, 0, Kind::Customer),
            events: 0,
            large,
            eager: false,
            plan,
        }
    }

    /// Queues every patience, has agents asked for all that they do and sends for no memory, as a
    /// driver would that does not look ahead: same results, slower.
    #[must_use]
    pub fn eager(mut self) -> World<'p, LATE> {
        (self.eager, self.large) = (true, false);
        self
    }

    /// Whether nobody waits, no slot is held and nobody is to be woken.
    pub fn is_at_rest(&self) -> bool {
        let idle = self.agents.iter().all(|agent| agent.held() == 0);
        idle && self.router.waiting() == 0 && self.queue.is_empty()
    }

    /// Plays a replication into the recorder and says when it ended and whether it was stopped.
    pub fn play(
        &mut self,
        replication: u32,
        recorder: &mut Recorder,
        watcher: &mut impl Watcher,
    ) -> (Time, bool) {
        self.reset(replication);
        let mut stream = ArrivalStream::new(self.plan, replication);
        let mut number = stream.first_number();
        let mut arrival = stream.next().unwrap_or(Time::NEVER);
        let (mut change, mut now, mut stopped) = (0, self.plan.begin, false);
        let mut looked = (u64::from(number), 0);
        let end = self.plan.end();
        loop {
            let next_change = self
                .changes
                .get(change)
                .map_or(Time::NEVER, |change| change.at);
            // Wake-ups come before an arrival at the same instant, and after a change.
            let limit = next_change.min(Time(arrival.min(end).0.saturating_add(1)));
            now = self.wake_all(now, limit, recorder);
            if self.events - looked.1 >= LOOK_EVERY {
                stopped = watcher.look(u64::from(number) - looked.0, self.events - looked.1);
                looked = (u64::from(number), self.events);
                if stopped {
                    break;
                }
            }
            let wake = self.queue.peek();
            if wake < limit {
                continue;
            }
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
            } else {
                self.arrive(number, now, recorder);
                number += 1;
                arrival = stream.next().unwrap_or(Time::NEVER);
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

    /// Carries out all wake-ups before `limit`, or so many that it is time for a look at the watch,
    /// and says when the last one was.
    #[inline]
    fn wake_all(&mut self, mut now: Time, limit: Time, recorder: &mut Recorder) -> Time {
        for _ in 0..LOOK_EVERY {
            let Some((at, subject)) = self.queue.pop_before(limit) else {
                break;
            };
            // Who is later than it had time for is woken at once.
            now = if LATE { at.max(now) } else { at };
            if self.large {
                self.foresee();
            }
            recorder.advance(now);
            self.events += 1;
            match subject.checked_sub(self.plan.team) {
                None => self.drain(AgentId(subject), now, recorder),
                Some(chat) => self.wake_customer(ChatId(chat), now, recorder),
            }
        }
        now
    }

    /// Makes ready for a replication: everybody away, nothing queued.
    fn reset(&mut self, replication: u32) {
        let plan = self.plan;
        self.people = Population::new(plan.seed, replication, Kind::Customer);
        self.queue.clear();
        self.late.fill(false);
        self.router = Router::new(plan.router.clone(), plan.team, self.chats.capacity() as u32);
        self.agents
            .iter_mut()
            .for_each(|agent| agent.reset(&plan.agents));
        self.chats.clear();
        self.lines.clear();
        self.free.clear();
        self.events = 0;
        let agents = plan.agents.concurrency;
        (0..plan.team).for_each(|agent| self.router.enrol(AgentId(agent), agents));
    }

    /// Carries out one assignment; the agent has to be drained afterwards.
    #[inline]
    fn assign(&mut self, assignment: Assignment, now: Time, recorder: &mut Recorder) {
        let Assignment { chat, agent } = assignment;
        let rules = self.rules(chat);
        let place = &mut self.chats[chat.index()];
        if place.visit.transfers() > 0 || (LATE && self.hears_later(chat)) {
            return self.assign_again(assignment, now, recorder);
        }
        let place = &mut self.chats[chat.index()];
        recorder.assigned(&mut place.visit, agent.0, now);
        place.customer.handle(now, CustomerInput::Assigned, rules);
        if place.visit.is_delayed() {
            self.queue.set(self.plan.team + chat.0, Time::NEVER);
        }
        let exchanges = place.customer.closed_after(rules);
        let (draws, age) = (place.customer.draws(), place.visit.offered().0);
        let chat = Handover::of_new(chat, draws, exchanges, age);
        let desk = &mut self.agents[agent.index()];
        place.visit.seat(desk.take(now, chat, &self.plan.agents));
        recorder.slot_taken(desk.held(), now);
        if LATE && self.has_cuts() {
            self.rewake(assignment.chat);
        }
    }

    /// Gives waiting chats to whoever has room now.
    fn assign_all(&mut self, now: Time, recorder: &mut Recorder) {
        while let Some(assignment) = self.router.next_assignment(now) {
            if LATE {
                self.drain(assignment.agent, now, recorder);
            }
            self.assign(assignment, now, recorder);
            self.attend(assignment.agent, assignment.chat, now, recorder);
        }
    }

    /// The agent has a message of the chat: it joins the queue, or is taken up at once, or everything
    /// that follows at this instant is carried out.
    #[inline(always)]
    fn attend(&mut self, agent: AgentId, chat: ChatId, now: Time, recorder: &mut Recorder) {
        if LATE || self.eager {
            return self.drain(agent, now, recorder);
        }
        let (desk, rules) = (&mut self.agents[agent.index()], &self.plan.agents);
        let until = if let Some(until) = desk.engaged(rules) {
            until
        } else if let Some(until) = desk.take_up(now, rules) {
            self.schedule(agent, now, recorder);
            until
        } else {
            return self.drain(agent, now, recorder);
        };
        let deadline = self.chats[chat.index()].customer.deadline();
        if deadline < until {
            let chat = self.plan.team + chat.0;
            self.queue.set_with(chat, deadline, agent.0);
        }
    }

    /// Carries out all that the agent does at this instant, and queues its next wake-up.
    #[inline(never)]
    fn drain(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        if LATE {
            return self.drain_late(agent, now, recorder);
        }
        loop {
            let desk = &mut self.agents[agent.index()];
            let Some(act) = desk.next(now, &self.plan.agents) else {
                break;
            };
            self.carry_out(agent, act, now, recorder);
        }
        self.go_on(agent, now, recorder);
        self.queue_patience(agent);
    }

    /// What the agent does reaches whom it concerns.
    #[inline(always)]
    fn carry_out(&mut self, agent: AgentId, act: AgentAct, now: Time, recorder: &mut Recorder) {
        match act.deed {
            Deed::Reply { last } => self.deliver(agent, act, last, now, recorder),
            Deed::Free => self.free_slot(agent, act.chat, now, recorder),
            Deed::Expire | Deed::HandOver | Deed::Drop => self.part(agent, act, now, recorder),
        }
    }

    /// The agent has done all that there was to do: it goes on, or goes.
    #[inline(always)]
    fn go_on(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        self.schedule(agent, now, recorder);
        if self.agents[agent.index()].leaves() {
            self.off_duty(agent, now, recorder);
        }
    }

    /// Notes whether the agent has begun or left off composing, and queues its next wake-up.
    #[inline(always)]
    fn schedule(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        let desk = &mut self.agents[agent.index()];
        if let Some(busy) = desk.turned() {
            recorder.attends(busy, now);
        }
        let with = match self.large {
            true => desk.next_chat().map_or(0, |chat| self.plan.team + chat.0),
            false => 0,
        };
        let deadline = desk.deadline();
        let wake = if LATE {
            deadline + self.lag_of(agent)
        } else {
            deadline
        };
        self.queue.set_with(agent.0, wake, with);
    }

    /// A slot is free: the chat is over, the next may come.
    #[inline]
    fn free_slot(&mut self, agent: AgentId, chat: ChatId, now: Time, recorder: &mut Recorder) {
        recorder.slot_freed(self.agents[agent.index()].held(), now);
        if LATE && self.has_cuts() {
            self.slot_is_free(chat, now, recorder);
        } else {
            recorder.handled(&mut self.chats[chat.index()].visit, now);
            self.over(chat, now, recorder);
        }
        self.router.freed(agent);
        // Only this agent can have room for one who waits, unless the whole team has a ceiling.
        if let Some(assignment) = self.router.next_assignment(now) {
            if LATE && assignment.agent != agent {
                self.drain(assignment.agent, now, recorder);
            }
            self.assign(assignment, now, recorder);
            if assignment.agent != agent {
                self.attend(assignment.agent, assignment.chat, now, recorder);
            }
        }
    }

    /// The agent's reply reaches its customer, who thinks about the next message or is done.
    #[inline(always)]
    fn deliver(
        &mut self,
        agent: AgentId,
        act: AgentAct,
        last: bool,
        now: Time,
        recorder: &mut Recorder,
    ) {
        let AgentAct {
            slot,
            chat,
            composed,
            ..
        } = act;
        let rules = self.rules(chat);
        recorder.composed(&mut self.chats[chat.index()].visit, composed);
        if LATE && self.hears_later(chat) {
            return self.keep_reply(chat, last, now);
        }
        if LATE && self.has_left(chat, now, recorder) {
            return;
        }
        let place = &mut self.chats[chat.index()];
        if place.visit.is_ghost() {
            recorder.ghost_answered(&mut place.visit, last, now);
            if LATE && last {
                self.hang_up(chat);
            }
            return;
        }
        recorder.replied(&mut place.visit, now);
        let done = place.customer.handle(now, CustomerInput::Reply, rules);
        let Some(CustomerAct::Done { closes }) = done else {
            debug_assert!(!last);
            if LATE {
                return self.wake_at_deadline(chat);
            }
            let deadline = place.customer.deadline();
            let chat = self.plan.team + chat.0;
            self.queue.set_with(chat, deadline, agent.0);
            return;
        };
        debug_assert_eq!(last, !closes);
        recorder.ended(&mut place.visit, Fate::Handled, now);
        self.queue.set(self.plan.team + chat.0, Time::NEVER);
        if LATE {
            self.hang_up(chat);
        }
        if closes {
            let left = AgentInput::Left(slot);
            let heard = if LATE { now + self.lag(chat) } else { now };
            self.agents[agent.index()].handle(heard, left, &self.plan.agents);
        }
        self.again(chat, Again::Unresolved, now, recorder);
    }

    /// Queues the patience of those customers of the agent whose patience ends before the reply
    /// being composed does.
    #[inline]
    fn queue_patience(&mut self, agent: AgentId) {
        let desk = &self.agents[agent.index()];
        let Some((_, until)) = desk.composing() else {
            return;
        };
        let (queue, chats) = (&mut self.queue, &self.chats);
        let (team, eager) = (self.plan.team, self.eager);
        desk.each_pending(|chat| {
            let deadline = chats[chat.index()].customer.deadline();
            if deadline < until || eager {
                queue.set_with(team + chat.0, deadline, agent.0);
            }
        });
    }

    /// The run is over: whoever is still there is open at the end.
    fn close(&mut self, now: Time, recorder: &mut Recorder) {
        self.free.sort_unstable();
        for place in 0..self.chats.len() {
            if self.free.binary_search(&(place as u32)).is_ok() {
                continue;
            }
            let Chat { customer, visit } = &mut self.chats[place];
            if customer.is_away() {
                continue;
            }
            if visit.fate().is_none() {
                recorder.open_at_end(visit, now);
            }
            if LATE && let Some(line) = self.lines.get(place) {
                line.leave_open(visit, recorder);
                continue;
            }
            recorder.keep(visit, Time::NEVER);
        }
    }
}

/// Wake-ups a nanosecond at the busiest time, roughly: a customer has two an exchange and two more.
fn peak_events(plan: &Plan) -> f64 {
    let exchanges = plan.customers.mean(|class| class.exchanges.mean());
    plan.arrivals.peak() * (2.0 * exchanges + 2.0)
}
