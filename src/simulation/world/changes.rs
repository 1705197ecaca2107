//! Owns `Change`: what changes by the plan rather than by people: shifts, headcounts, closing time.
//!
//! Law: changes of one instant come in the order of `What`, then by agent.

use super::World;
use super::line::News;
use crate::center::agent::{AgentAct, AgentInput, Deed};
use crate::center::fate::Fate;
use crate::center::rules::{Again, ShiftEnd};
use crate::center::{AgentId, ChatId};
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::scenario::plan::{AtClosing, Plan};
use crate::time::Time;

/// A change of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) at: Time,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// An agent's shift ends.
    End(u32, Ending),
    /// The desk closes and who waits is sent away.
    Close,
    /// An agent's shift starts.
    Start(u32),
    /// There are so many agents from now on.
    Headcount(u32),
}

/// `ShiftEnd`, in an order of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Finish,
    HandOver,
    Drop,
}

/// All changes of a plan in order.
pub(super) fn of(plan: &Plan) -> Vec<Change> {
    let change = |at, what| Change { at, what };
    let ends = plan.shifts.iter().filter(|shift| shift.until.comes());
    let ends = ends.map(|s| change(s.until, What::End(s.agent, Ending::of(s.end))));
    let starts = plan
        .shifts
        .iter()
        .map(|s| change(s.from, What::Start(s.agent)));
    let counts = plan.headcounts.iter();
    let counts = counts.map(|count| change(count.at, What::Headcount(count.agents)));
    let closing = plan.open.iter().filter(|period| {
        plan.at_closing == AtClosing::SentAway
            && period.until >= plan.begin
            && period.until < plan.end()
    });
    let closing = closing.map(|period| change(period.until, What::Close));
    let mut changes: Vec<Change> = starts.chain(ends).chain(counts).chain(closing).collect();
    changes.sort_unstable();
    changes
}

impl Ending {
    fn of(end: ShiftEnd) -> Ending {
        match end {
            ShiftEnd::Finish => Ending::Finish,
            ShiftEnd::HandOver => Ending::HandOver,
            ShiftEnd::Drop => Ending::Drop,
        }
    }

    fn rule(self) -> ShiftEnd {
        match self {
            Ending::Finish => ShiftEnd::Finish,
            Ending::HandOver => ShiftEnd::HandOver,
            Ending::Drop => ShiftEnd::Drop,
        }
    }
}

impl<const LATE: bool> World<'_, LATE> {
    /// Carries out a change of the plan.
    pub(super) fn change(&mut self, change: Change, recorder: &mut Recorder) {
        let now = change.at;
        match change.what {
            What::End(agent, end) => self.end_shift(AgentId(agent), end.rule(), now, recorder),
            What::Close => self.send_all_away(now, recorder),
            What::Start(agent) => self.start_shift(AgentId(agent), now, recorder),
            What::Headcount(agents) => self.set_headcount(agents, now, recorder),
        }
        self.assign_all(now, recorder);
    }

    fn start_shift(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        if self.agents[agent.index()].is_leaving() {
            if std::mem::take(&mut self.late[agent.index()]) {
                recorder.fall(Gauge::Overtime, now);
            }
        } else {
            recorder.rise(Gauge::Staffed, now);
        }
        self.agents[agent.index()].handle(now, AgentInput::Online, &self.plan.agents);
        self.router.online(agent, self.plan.agents.concurrency);
        self.drain(agent, now, recorder);
    }

    fn end_shift(&mut self, agent: AgentId, end: ShiftEnd, now: Time, recorder: &mut Recorder) {
        if self.agents[agent.index()].held() > 0 {
            self.late[agent.index()] = true;
            recorder.rise(Gauge::Overtime, now);
        }
        self.router.leaving(agent);
        let leaving = AgentInput::Leaving(end);
        self.agents[agent.index()].handle(now, leaving, &self.plan.agents);
        self.drain(agent, now, recorder);
    }

    /// Brings the number of agents to `wanted`. Who leaves: the idle first, then who has fewest
    /// chats, of those the last; who comes: first who is still finishing, then the first who is away.
    fn set_headcount(&mut self, wanted: u32, now: Time, recorder: &mut Recorder) {
        let slots = u64::from(wanted) * u64::from(self.plan.agents.concurrency);
        self.router.set_ceiling(slots);
        let mut online = self.agents.iter().filter(|agent| agent.is_online()).count();
        while online > wanted as usize {
            let there = self
                .agents
                .iter()
                .zip(0u32..)
                .filter(|(a, _)| a.is_online());
            let leaves = there.min_by_key(|(a, index)| (a.held(), std::cmp::Reverse(*index)));
            let Some((_, leaves)) = leaves else { break };
            self.end_shift(AgentId(leaves), ShiftEnd::Finish, now, recorder);
            online -= 1;
        }
        while online < wanted as usize {
            let away = self
                .agents
                .iter()
                .zip(0u32..)
                .filter(|(a, _)| !a.is_online());
            let comes = away.min_by_key(|(a, index)| (!a.is_leaving(), *index));
            let Some((_, comes)) = comes else { break };
            self.start_shift(AgentId(comes), now, recorder);
            online += 1;
        }
    }

    /// The desk closes: who waits is turned away, and whose chat had begun is dropped.
    fn send_all_away(&mut self, now: Time, recorder: &mut Recorder) {
        if LATE && self.has_cuts() {
            self.send_the_cut_away(now, recorder);
        }
        while let Some(chat) = self.next_to_send_away(now) {
            let visit = &mut self.chats[chat.index()].visit;
            let had_agent = visit.transfers() > 0;
            if visit.is_ghost() {
                recorder.ghost_over(visit, now);
            } else if had_agent {
                recorder.cut(visit, Fate::Dropped, now);
            } else {
                recorder.rejected(visit, now);
                self.again(chat, Again::Rejected, now, recorder);
            }
            self.queue.set(self.plan.team + chat.0, Time::NEVER);
            if had_agent {
                recorder.handled(&mut self.chats[chat.index()].visit, now);
            }
            let freed = if had_agent { now } else { Time::NEVER };
            self.over(chat, freed, recorder);
        }
    }

    /// Takes the next out of the queue who is to be sent away: the places of those who are cut off
    /// are kept.
    fn next_to_send_away(&mut self, now: Time) -> Option<ChatId> {
        if !LATE || !self.has_cuts() {
            return self.router.send_away(now);
        }
        let chat = self.router.queued().find(|chat| !self.is_kept(*chat))?;
        self.router.withdraw(chat);
        Some(chat)
    }

    /// What agents do rarely: they end chats and hand them over.
    #[cold]
    pub(super) fn part(
        &mut self,
        agent: AgentId,
        act: AgentAct,
        now: Time,
        recorder: &mut Recorder,
    ) {
        let chat = act.chat;
        let visit = &mut self.chats[chat.index()].visit;
        recorder.composed(visit, act.composed);
        match act.deed {
            Deed::Expire | Deed::Drop => self.drop_chat(chat, now, recorder),
            Deed::HandOver => {
                if LATE && self.hears_later(chat) {
                    self.keep_hand_over(chat, now, recorder);
                } else {
                    recorder.handed_over(&mut self.chats[chat.index()].visit, now);
                }
                recorder.slot_freed(self.agents[agent.index()].held(), now);
                self.router.hand_over(agent, chat, self.request(chat));
                self.wake_at_deadline(chat);
            }
            Deed::Reply { .. } | Deed::Free => unreachable!("carried out before"),
        }
    }

    /// The agent's shift is over and so is the last chat.
    #[cold]
    pub(super) fn off_duty(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        recorder.fall(Gauge::Staffed, now);
        if std::mem::take(&mut self.late[agent.index()]) {
            recorder.fall(Gauge::Overtime, now);
        }
    }

    /// Ends a chat for the customer, or for nobody if the customer is gone.
    fn drop_chat(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        if LATE && self.hears_later(chat) {
            return self.keep_news(chat, News::Closed, now);
        }
        let place = &mut self.chats[chat.index()];
        if place.visit.is_ghost() {
            recorder.ghost_over(&mut place.visit, now);
        } else {
            place.customer.end();
            recorder.cut(&mut place.visit, Fate::Dropped, now);
        }
        self.queue.set(self.plan.team + chat.0, Time::NEVER);
        if LATE {
            self.hang_up(chat);
        }
    }
}
