//! Owns what is otherwise in a world whose people are late, as those of a live run are.
//!
//! Law: who is woken late is handed its due time, so that lateness does not add up: what an agent
//! does next goes by when it was due to do it, and only whom it concerns hears of it late. In a
//! world without lag nothing of this is compiled in.
//!
//! Late are: customers who come, send, or leave a chat; replies; slots given back. Who leaves the
//! queue is out of it at once: that holds up nobody. Shifts begin and end on time. A center that has
//! only a part of the people is such a world, too: those of others pass it by.

use super::line::wake;
use super::{Chat, World};
use crate::center::customer::Customer;
use crate::center::{AgentId, ChatId};
use crate::measure::recorder::Recorder;
use crate::random::{Draws, Purpose};
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};

impl Chat {
    /// When what the customer does `now` was due.
    #[inline]
    pub(super) fn due(&self, now: Time) -> Time {
        self.customer.deadline().min(now)
    }
}

impl<'p> World<'p, true> {
    /// An empty center for the plan's people, who are late by the plan's lag.
    pub fn late(plan: &'p Plan) -> World<'p, true> {
        World::of(plan)
    }
}

impl<const LATE: bool> World<'_, LATE> {
    /// How late the customer is with what it does next.
    pub(super) fn lag(&self, chat: ChatId) -> Span {
        lag(self.plan, &self.chats[chat.index()].customer)
    }

    /// How late the agent is with what it does next.
    pub(super) fn lag_of(&self, agent: AgentId) -> Span {
        let Some(chat) = self.agents[agent.index()].next_chat() else {
            return Span::ZERO;
        };
        let Chat { customer, visit } = &self.chats[chat.index()];
        let index = visit.replies();
        draw_lag(self.plan, customer.draws(), Purpose::ReplyLag, index)
    }

    /// Carries out all that the agent was due to do by `now`, in order, and queues its next wake-up.
    pub(super) fn drain_late(&mut self, agent: AgentId, now: Time, recorder: &mut Recorder) {
        let mut last = self.agents[agent.index()].deadline().min(now);
        loop {
            let desk = &mut self.agents[agent.index()];
            let due = desk.deadline();
            let at = if due <= now { due } else { last };
            match desk.next(at, &self.plan.agents) {
                Some(act) => {
                    let held = desk.held();
                    self.carry_out(agent, act, now, recorder);
                    // Of a chat that its slot has brought the agent hears only now.
                    let brought = self.agents[agent.index()].held() > held;
                    last = if brought { now } else { last.max(at) };
                }
                None if desk.deadline() > now => break,
                None => {}
            }
        }
        self.go_on(agent, now, recorder);
        self.queue_late_patience(agent);
    }

    /// Has the chat's agent do what it was due to do before it hears of anything `now`.
    pub(super) fn catch_up(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        if let Some(agent) = self.chats[chat.index()].visit.agent() {
            self.drain_late(AgentId(agent), now, recorder);
        }
    }

    /// Whether the customer leaves, telling so, before the reply that reaches it `now`. The chat may be
    /// over then, and its place another's.
    pub(super) fn has_left(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) -> bool {
        let customer = &self.chats[chat.index()].customer;
        if !customer.is_pending() || customer.deadline() > now {
            return false;
        }
        let silently = self.rules(chat).leaves_silently(customer.draws());
        self.queue.set(self.plan.team + chat.0, Time::NEVER);
        self.do_what_is_due(chat, now, recorder);
        if self.has_cuts() {
            self.rewake(chat);
        }
        !silently
    }

    /// Queues the patience of all customers whose messages the agent has.
    fn queue_late_patience(&mut self, agent: AgentId) {
        let (queue, chats, plan) = (&mut self.queue, &self.chats, self.plan);
        let lines = &self.lines;
        self.agents[agent.index()].each_pending(|chat| {
            let wake = wake(plan, &chats[chat.index()], lines.get(chat.index()));
            queue.set_with(plan.team + chat.0, wake, agent.0);
        });
    }
}

/// How late the customer is with what it does next.
pub(super) fn lag(plan: &Plan, customer: &Customer) -> Span {
    let index = 2 * customer.exchange() + u32::from(customer.is_pending());
    draw_lag(plan, customer.draws(), Purpose::Lag, index)
}

fn draw_lag(plan: &Plan, draws: Draws, purpose: Purpose, index: u32) -> Span {
    let lag = plan.lag.as_ref();
    lag.map_or(Span::ZERO, |lag| lag.sample(&mut draws.at(purpose, index)))
}
