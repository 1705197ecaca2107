//! Owns what customers do when they are woken: they send, leave, or come.
//!
//! Law: what is done was due at the customer's deadline, which is now but in a world of the late.

use super::World;
use crate::center::agent::AgentInput;
use crate::center::customer::{CustomerAct, CustomerInput};
use crate::center::rules::Again;
use crate::center::{AgentId, ChatId};
use crate::measure::recorder::Recorder;
use crate::time::Time;

impl<const LATE: bool> World<'_, LATE> {
    pub(super) fn wake_customer(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        if LATE {
            self.catch_up(chat, now, recorder);
        }
        if LATE && self.has_cuts() {
            return self.take_turns(chat, now, recorder);
        }
        self.do_what_is_due(chat, now, recorder);
    }

    /// Does what the customer was due to do by `now`.
    #[inline(always)]
    pub(super) fn do_what_is_due(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let due = match LATE {
            true => self.chats[chat.index()].due(now),
            false => now,
        };
        self.do_as_of(chat, (due, now), recorder);
    }

    /// Does as of `due` what the customer was due to do by then.
    #[inline(always)]
    pub(super) fn do_as_of(
        &mut self,
        chat: ChatId,
        (due, now): (Time, Time),
        recorder: &mut Recorder,
    ) {
        let rules = self.rules(chat);
        let place = &mut self.chats[chat.index()];
        let act = place.customer.handle(due, CustomerInput::Wake, rules);
        if LATE && self.is_off(chat) {
            return self.leave_unheard(chat, act, due, recorder);
        }
        let place = &mut self.chats[chat.index()];
        match act {
            Some(CustomerAct::Send) => {
                recorder.sent(&mut place.visit, due);
                if place.visit.is_waiting() {
                    // Handed over while it was quiet: nobody has it yet.
                    return self.wake_at_deadline(chat);
                }
                if let Some(agent) = place.visit.agent() {
                    let message = AgentInput::Message(place.visit.slot());
                    self.agents[agent as usize].handle(now, message, &self.plan.agents);
                    self.attend(AgentId(agent), chat, now, recorder);
                }
            }
            Some(CustomerAct::LeaveQueue { silently }) => {
                recorder.left_queue(&mut place.visit, silently, due);
                self.again(chat, Again::Abandoned, due, recorder);
                if !silently {
                    self.router.withdraw(chat);
                    self.over(chat, Time::NEVER, recorder);
                }
            }
            Some(CustomerAct::LeaveChat { silently }) => {
                self.leave_chat(chat, silently, (due, now), recorder);
            }
            Some(CustomerAct::Come) => self.come_again(chat, (due, now), recorder),
            Some(CustomerAct::Done { .. }) | None => {}
        }
    }

    /// The customer leaves the chat as of `due`; the agent hears of it `now`.
    #[inline(never)]
    fn leave_chat(
        &mut self,
        chat: ChatId,
        silently: bool,
        (due, now): (Time, Time),
        recorder: &mut Recorder,
    ) {
        recorder.left_chat(&mut self.chats[chat.index()].visit, silently, due);
        self.again(chat, Again::Abandoned, due, recorder);
        if silently {
            return;
        }
        if LATE {
            self.hang_up(chat);
        }
        let visit = &mut self.chats[chat.index()].visit;
        let Some(agent) = visit.agent() else {
            recorder.handled(visit, now);
            self.router.withdraw(chat);
            self.over(chat, now, recorder);
            return;
        };
        let spent = self.agents[agent as usize].attended(visit.slot(), now);
        recorder.composed(visit, spent);
        let left = AgentInput::Left(visit.slot());
        self.agents[agent as usize].handle(now, left, &self.plan.agents);
        self.drain(AgentId(agent), now, recorder);
    }
}
