//! Owns what is otherwise where customers' connections are cut.
//!
//! Law: the server and its agents go on as if the customer were there, until it gives up keeping
//! the chat; what is said meanwhile the customer hears at its return, in order, and it counts as of
//! then. Who leaves while cut off does so at once, and nobody hears it. At one instant a return
//! comes first, then what is due of the customer, then the end of what is kept, a cut last.
//!
//! A chat may be over for its agent, and its slot free, before its customer knows: it is closed when
//! both are done with it.

use super::line::{Line, News, Turn, wake};
use super::{Chat, World};
use crate::center::agent::AgentInput;
use crate::center::connection::Connection;
use crate::center::customer::{CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::router::Assignment;
use crate::center::rules::Again;
use crate::center::{AgentId, ChatId};
use crate::measure::recorder::Recorder;
use crate::time::Time;

impl<const LATE: bool> World<'_, LATE> {
    /// Whether connections are cut in this world.
    #[inline(always)]
    pub(super) fn has_cuts(&self) -> bool {
        LATE && !self.lines.is_empty()
    }

    /// Whether the chat's customer is cut off.
    #[inline(always)]
    pub(super) fn is_off(&self, chat: ChatId) -> bool {
        LATE && self.lines.get(chat.index()).is_some_and(Line::is_off)
    }

    /// Whether the chat's customer hears what is said at its return.
    #[inline(always)]
    pub(super) fn hears_later(&self, chat: ChatId) -> bool {
        self.is_off(chat) && self.chats[chat.index()].visit.fate().is_none()
    }

    /// Whether the server keeps the chat for one who is cut off, and whom nobody could tell
    /// anything.
    pub(super) fn is_kept(&self, chat: ChatId) -> bool {
        let kept = |line: &Line| line.is_off() || line.lapses.comes();
        self.lines.get(chat.index()).is_some_and(kept)
    }

    /// Sets the customer's one wake-up.
    pub(super) fn rewake(&mut self, chat: ChatId) {
        let place = &self.chats[chat.index()];
        let wake = wake(self.plan, place, self.lines.get(chat.index()));
        self.queue.set(self.plan.team + chat.0, wake);
    }

    /// The customer asks for an agent, as of `offered`: its connection is up from then on.
    pub(super) fn connect(&mut self, chat: ChatId, offered: Time) {
        let rules = self.rules(chat).disconnect.as_ref();
        let draws = self.chats[chat.index()].customer.draws();
        let connection = rules.map(|rules| Connection::new(draws, offered, rules));
        self.lines[chat.index()].connection = connection;
    }

    /// The customer has ended its visit: its connection is cut no more.
    pub(super) fn hang_up(&mut self, chat: ChatId) {
        if let Some(line) = self.lines.get_mut(chat.index()) {
            line.hang_up();
            self.rewake(chat);
        }
    }

    /// Does all that is due by `now` of the customer and its line, in order.
    #[cold]
    pub(super) fn take_turns(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        loop {
            let place = &self.chats[chat.index()];
            match self.lines[chat.index()].next(place, now) {
                Some(Turn::Return) => self.come_back(chat, now, recorder),
                Some(Turn::Act) => self.do_what_is_due(chat, now, recorder),
                Some(Turn::Lapse) => self.lapse(chat, now, recorder),
                Some(Turn::Cut) => self.cut_off(chat, now, recorder),
                None => break,
            }
        }
        self.rewake(chat);
    }

    fn cut_off(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        self.turn(chat);
        let line = &mut self.lines[chat.index()];
        if let Some(connection) = line.connection.filter(Connection::is_too_late) {
            line.lapses = connection.kept_until();
        }
        recorder.cut_off(&self.chats[chat.index()].visit, now);
    }

    /// The connection takes its turn.
    fn turn(&mut self, chat: ChatId) {
        let rules = self.rules(chat).disconnect.as_ref();
        let connection = self.lines[chat.index()].connection.as_mut();
        if let Some((connection, rules)) = connection.zip(rules) {
            connection.take_turn(rules);
        }
    }

    /// The customer is back: it hears what was said, or finds its chat gone, and does what it would
    /// have done meanwhile.
    fn come_back(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let connection = self.lines[chat.index()].connection;
        let too_late = connection.is_some_and(|connection| connection.is_too_late());
        self.turn(chat);
        let Chat { customer, visit } = &mut self.chats[chat.index()];
        if !too_late {
            recorder.came_back(visit, now);
        }
        if visit.fate().is_some() {
            return;
        }
        if too_late {
            customer.end();
            recorder.cut(visit, Fate::Broken, now);
            self.hang_up(chat);
            return self.settle(chat, recorder);
        }
        let mut unheard = std::mem::take(&mut self.lines[chat.index()].unheard);
        for news in unheard.drain(..) {
            self.hear(chat, news, now, recorder);
        }
        self.lines[chat.index()].unheard = unheard;
        if self.chats[chat.index()].customer.deadline() <= now {
            self.do_as_of(chat, (now, now), recorder);
        }
    }

    /// The customer hears what was said to it while it was cut off, unless its chat has ended for it.
    fn hear(&mut self, chat: ChatId, news: News, now: Time, recorder: &mut Recorder) {
        let rules = self.rules(chat);
        let Chat { customer, visit } = &mut self.chats[chat.index()];
        if visit.fate().is_some() {
            return;
        }
        match news {
            News::Assigned => {
                recorder.hears_assigned(visit, now);
                customer.handle(now, CustomerInput::Assigned, rules);
            }
            News::Replied => {
                recorder.replied(visit, now);
                let act = customer.handle(now, CustomerInput::Reply, rules);
                if matches!(act, Some(CustomerAct::Done { .. })) {
                    self.be_done(chat, now, recorder);
                }
            }
            News::HandedOver => recorder.hears_handed_over(visit, now),
            News::AssignedAgain => recorder.hears_assigned_again(visit, now),
            News::Closed => {
                customer.end();
                recorder.cut(visit, Fate::Dropped, now);
                self.hang_up(chat);
                self.settle(chat, recorder);
            }
        }
    }

    /// The customer has read the last reply at its return: the agent has closed the chat, or else
    /// the customer does.
    fn be_done(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let visit = &mut self.chats[chat.index()].visit;
        recorder.ended(visit, Fate::Handled, now);
        self.hang_up(chat);
        self.again(chat, Again::Unresolved, now, recorder);
        if self.lines[chat.index()].over.comes() {
            return self.settle(chat, recorder);
        }
        let visit = &mut self.chats[chat.index()].visit;
        let Some(agent) = visit.agent() else {
            recorder.handled(visit, now);
            self.router.withdraw(chat);
            return self.over(chat, now, recorder);
        };
        let left = AgentInput::Left(visit.slot());
        self.agents[agent as usize].handle(now, left, &self.plan.agents);
        self.drain(AgentId(agent), now, recorder);
    }

    /// The server gives up what it keeps for one who is cut off: a place in the queue, or a chat,
    /// whose agent goes on as if the customer had left.
    fn lapse(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let line = &mut self.lines[chat.index()];
        line.lapses = Time::NEVER;
        let visit = &mut self.chats[chat.index()].visit;
        recorder.lapsed(visit, now);
        let gone = visit.fate().is_some();
        if gone {
            recorder.ghost_over(visit, now);
            line.hang_up();
        } else {
            line.over = now;
        }
        if let Some(agent) = visit.agent() {
            let desk = &mut self.agents[agent as usize];
            recorder.composed(visit, desk.attended(visit.slot(), now));
            desk.handle(now, AgentInput::Left(visit.slot()), &self.plan.agents);
            return self.drain(AgentId(agent), now, recorder);
        }
        self.router.withdraw(chat);
        // What its slots had of it ends here, where it was handed over.
        let freed = match visit.transfers() {
            0 => Time::NEVER,
            _ => now,
        };
        if !gone {
            line.freed = freed;
            return;
        }
        if freed.comes() {
            recorder.handled(visit, now);
        }
        self.over(chat, freed, recorder);
    }

    /// The customer does what it does while it is cut off: it leaves.
    #[cold]
    pub(super) fn leave_unheard(
        &mut self,
        chat: ChatId,
        act: Option<CustomerAct>,
        due: Time,
        recorder: &mut Recorder,
    ) {
        let visit = &mut self.chats[chat.index()].visit;
        let silently = match act {
            Some(CustomerAct::LeaveQueue { silently }) => {
                recorder.left_queue(visit, silently, due);
                silently
            }
            Some(CustomerAct::LeaveChat { silently }) => {
                recorder.left_chat(visit, silently, due);
                silently
            }
            Some(CustomerAct::Come | CustomerAct::Send | CustomerAct::Done { .. }) | None => return,
        };
        self.again(chat, Again::Abandoned, due, recorder);
        self.be_off(chat, silently, due, recorder);
    }

    /// The customer has ended its visit while it was cut off: silently, its connection goes on;
    /// else it does not come back, and the server keeps what it has until that lapses.
    fn be_off(&mut self, chat: ChatId, silently: bool, now: Time, recorder: &mut Recorder) {
        let line = &mut self.lines[chat.index()];
        let visit = &mut self.chats[chat.index()].visit;
        if line.over.comes() {
            if silently {
                recorder.ghost_over(visit, now);
            }
            line.hang_up();
            return self.settle(chat, recorder);
        }
        if !silently {
            recorder.left_unheard(visit, now);
            let connection = line.connection.take();
            line.lapses = connection.map_or(now, |connection| connection.kept_until());
        }
        if line.unheard.contains(&News::Replied) {
            recorder.ghost_answered(visit, false, now);
        }
        line.unheard.clear();
    }

    /// The desk closes: who is cut off and believes to wait is sent away, and nobody hears it. Who
    /// was gone before keeps its place as others do, and comes back no more.
    pub(super) fn send_the_cut_away(&mut self, now: Time, recorder: &mut Recorder) {
        for place in 0..self.chats.len() {
            let chat = ChatId(place as u32);
            let Chat { customer, visit } = &mut self.chats[place];
            let line = &mut self.lines[place];
            if !line.is_off() || !visit.is_waiting() {
                continue;
            }
            if visit.fate().is_some() {
                let connection = line.connection.take();
                line.lapses = connection.map_or(now, |connection| connection.kept_until());
                self.rewake(chat);
                continue;
            }
            customer.end();
            if visit.assigned().comes() {
                recorder.cut(visit, Fate::Dropped, now);
            } else {
                recorder.rejected(visit, now);
                self.again(chat, Again::Rejected, now, recorder);
            }
            self.be_off(chat, false, now, recorder);
            self.rewake(chat);
        }
    }

    /// An agent gets the chat of one who is cut off.
    #[cold]
    pub(super) fn keep_assignment(
        &mut self,
        Assignment { chat, agent }: Assignment,
        now: Time,
        recorder: &mut Recorder,
    ) {
        let visit = &mut self.chats[chat.index()].visit;
        recorder.taken(visit, agent.0, now);
        let news = match visit.transfers() {
            0 => News::Assigned,
            _ => News::AssignedAgain,
        };
        self.keep_news(chat, news, now);
    }

    /// The chat of one who is cut off goes back from its agent to the queue.
    #[cold]
    pub(super) fn keep_hand_over(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        recorder.given_back(&mut self.chats[chat.index()].visit, now);
        self.keep_news(chat, News::HandedOver, now);
    }

    /// An agent replies to one who is cut off; with the `last` reply it closes the chat.
    #[cold]
    pub(super) fn keep_reply(&mut self, chat: ChatId, last: bool, now: Time) {
        self.keep_news(chat, News::Replied, now);
        if last {
            self.is_over_for_agent(chat, now);
        }
    }

    /// Something is said to one who is cut off.
    #[cold]
    pub(super) fn keep_news(&mut self, chat: ChatId, news: News, now: Time) {
        self.lines[chat.index()].unheard.push(news);
        if news == News::Closed {
            self.is_over_for_agent(chat, now);
        }
    }

    fn is_over_for_agent(&mut self, chat: ChatId, now: Time) {
        let line = &mut self.lines[chat.index()];
        (line.over, line.lapses) = (now, Time::NEVER);
        self.rewake(chat);
    }

    /// The chat's slot is free: the chat is closed, unless its customer has still to hear of its
    /// end.
    #[cold]
    pub(super) fn slot_is_free(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let line = &mut self.lines[chat.index()];
        let visit = &mut self.chats[chat.index()].visit;
        if !line.over.comes() {
            recorder.handled(visit, now);
            return self.over(chat, now, recorder);
        }
        line.freed = now;
        if visit.fate().is_some() {
            self.settle(chat, recorder);
        }
    }

    /// The chat, over for its agent before, has ended for its customer: it is closed unless its slot
    /// is still held.
    fn settle(&mut self, chat: ChatId, recorder: &mut Recorder) {
        let Line { over, freed, .. } = self.lines[chat.index()];
        let visit = &mut self.chats[chat.index()].visit;
        let had_slot = visit.agent().is_some() || visit.transfers() > 0;
        if had_slot && !freed.comes() {
            return;
        }
        if had_slot {
            recorder.handled_over(visit, over, freed);
        }
        self.over(chat, freed, recorder);
    }

    /// The chat is closed: its row is kept and its line another's.
    #[cold]
    pub(super) fn give_up_line(&mut self, chat: ChatId, freed: Time, recorder: &mut Recorder) {
        let line = &mut self.lines[chat.index()];
        let visit = &self.chats[chat.index()].visit;
        match line.over.comes() {
            true => recorder.keep_over(visit, line.over, freed),
            false => recorder.keep(visit, freed),
        }
        line.hang_up();
        line.unheard.clear();
        (line.over, line.freed) = (Time::NEVER, Time::NEVER);
        self.queue.set(self.plan.team + chat.0, Time::NEVER);
    }
}
