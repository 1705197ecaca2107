//! Owns how customers come to the world, wait there, and come again.
//!
//! Law: a customer has one place in the world at a time, but that one whose chat still wraps up may
//! have another from which it will come again.

use super::line::Line;
use super::{Chat, World};
use crate::center::ChatId;
use crate::center::agent::Handover;
use crate::center::customer::{Customer, CustomerInput};
use crate::center::router::{Assignment, Offered};
use crate::center::rules::{Again, CustomerRules, Policy, Request};
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::random::{Draws, Purpose};
use crate::time::Time;

impl<'p, const LATE: bool> World<'p, LATE> {
    #[inline]
    pub(super) fn arrive(&mut self, number: u32, now: Time, recorder: &mut Recorder) {
        if LATE && !self.plan.comes_here(number) {
            return;
        }
        let draws = self.people.person(u64::from(number), 0);
        let class = self.plan.customers.class_of(draws);
        if !self.plan.is_open(now) {
            recorder.closed_desk(number, 0, class, now);
            return;
        }
        if LATE {
            return self.expect((number, 0), (draws, class), now);
        }
        let customer = Customer::new(draws, class, self.plan.customers.rules(class));
        let visit = recorder.offered(number, 0, class, now);
        let chat = self.seat(Chat { customer, visit });
        self.offer(chat, now, recorder);
    }

    /// A customer who was away comes, as of `due`: again, or late for the first time.
    #[cold]
    pub(super) fn come_again(
        &mut self,
        chat: ChatId,
        (due, now): (Time, Time),
        recorder: &mut Recorder,
    ) {
        let visit = &mut self.chats[chat.index()].visit;
        let (number, attempt, class) = (visit.number(), visit.attempt(), visit.class());
        if !LATE || attempt > 0 {
            recorder.fall(Gauge::Orbit, now);
        }
        if !self.plan.is_open(due) {
            recorder.closed_desk(number, attempt, class, due);
            self.free.push(chat.0);
            return;
        }
        *visit = recorder.offered(number, attempt, class, due);
        if LATE && self.has_cuts() {
            self.connect(chat, due);
        }
        self.offer(chat, now, recorder);
    }

    /// The chat asks for an agent.
    #[inline]
    pub(super) fn offer(&mut self, chat: ChatId, now: Time, recorder: &mut Recorder) {
        let request = self.request(chat);
        if let Some(assignment) = self.router.assign_at_once(chat, request) {
            if LATE {
                self.drain(assignment.agent, now, recorder);
            }
            self.assign(assignment, now, recorder);
            self.attend(assignment.agent, chat, now, recorder);
            return;
        }
        if self.router.offer(chat, request) == Offered::Rejected {
            recorder.rejected(&mut self.chats[chat.index()].visit, now);
            self.again(chat, Again::Rejected, now, recorder);
            self.over(chat, Time::NEVER, recorder);
            return;
        }
        let rules = self.rules(chat);
        let place = &mut self.chats[chat.index()];
        recorder.queued(&mut place.visit, now);
        let offered = if LATE { place.visit.offered() } else { now };
        place.customer.handle(offered, CustomerInput::Queued, rules);
        let deadline = place.customer.deadline();
        self.queue.set(self.plan.team + chat.0, deadline);
        if LATE && self.has_cuts() {
            self.rewake(chat);
        }
    }

    /// What the router has to know of a chat.
    #[inline]
    pub(super) fn request(&self, chat: ChatId) -> Request {
        let place = &self.chats[chat.index()];
        let transfers = u32::from(place.visit.transfers());
        Request {
            level: self.rules(chat).level,
            offered: place.visit.offered(),
            lot: match self.plan.router.policy {
                Policy::Random => place.customer.draws().at(Purpose::Routing, transfers).lot(),
                _ => 0,
            },
        }
    }

    /// The rules of the chat's customer.
    #[inline]
    pub(super) fn rules(&self, chat: ChatId) -> &'p CustomerRules {
        let class = self.chats[chat.index()].customer.class();
        self.plan.customers.rules(class)
    }

    pub(super) fn seat(&mut self, chat: Chat) -> ChatId {
        if let Some(place) = self.free.pop() {
            self.chats[place as usize] = chat;
            return ChatId(place);
        }
        let place = self.chats.len() as u32;
        self.chats.push(chat);
        if LATE && self.plan.outline.cuts {
            self.lines.push(Line::default());
        }
        self.queue.admit(self.plan.team + place);
        ChatId(place)
    }

    /// Gives a chat that was handed over, or whose customer is cut off, to its next agent.
    #[cold]
    pub(super) fn assign_again(
        &mut self,
        assignment: Assignment,
        now: Time,
        recorder: &mut Recorder,
    ) {
        let Assignment { chat, agent } = assignment;
        let rules = self.rules(chat);
        if LATE && self.hears_later(chat) {
            self.keep_assignment(assignment, now, recorder);
        } else {
            let place = &mut self.chats[chat.index()];
            recorder.assigned_again(&mut place.visit, agent.0, now);
            if place.customer.is_pending() {
                self.queue.set(self.plan.team + chat.0, Time::NEVER);
            }
        }
        let place = &mut self.chats[chat.index()];
        let pending = match self.lines.get(chat.index()) {
            Some(line) if LATE => line.has_pending(place),
            _ => has_pending(place),
        };
        let chat = handed_over(chat, place, pending, rules);
        let desk = &mut self.agents[agent.index()];
        place.visit.seat(desk.take(now, chat, &self.plan.agents));
        recorder.slot_taken(desk.held(), now);
        if LATE && self.has_cuts() {
            self.rewake(assignment.chat);
        }
    }

    /// The chat is over and its slot, if it had one, free since `freed`: its place can be used
    /// again.
    #[inline]
    pub(super) fn over(&mut self, chat: ChatId, freed: Time, recorder: &mut Recorder) {
        if LATE && self.has_cuts() {
            self.give_up_line(chat, freed, recorder);
        } else {
            recorder.keep(&self.chats[chat.index()].visit, freed);
        }
        self.free.push(chat.0);
    }

    /// The customer's attempt is over: it may come again, as a new chat, if that is before the
    /// horizon.
    #[inline]
    pub(super) fn again(&mut self, chat: ChatId, why: Again, now: Time, recorder: &mut Recorder) {
        let rules = self.rules(chat);
        if !rules.retry.is_empty() {
            self.send_into_orbit(chat, why, now, recorder);
        }
    }

    #[cold]
    fn send_into_orbit(&mut self, chat: ChatId, why: Again, now: Time, recorder: &mut Recorder) {
        let place = &self.chats[chat.index()];
        let rules = self.rules(chat);
        let Some(after) = rules.comes_again(why, place.customer.draws()) else {
            return;
        };
        let (back, visit) = (now + after, &place.visit);
        let Some(attempt) = visit.attempt().checked_add(1) else {
            return;
        };
        recorder.rise(Gauge::Orbit, now);
        if back >= self.plan.outline.horizon {
            return;
        }
        let (number, class) = (visit.number(), visit.class());
        let draws = self.people.person(u64::from(number), attempt.into());
        self.expect((number, attempt), (draws, class), back);
    }

    /// A customer will come at `back`.
    #[cold]
    fn expect(&mut self, (number, attempt): (u32, u16), (draws, class): (Draws, u8), back: Time) {
        let rules = self.plan.customers.rules(class);
        let customer = Customer::away(draws, class, rules, back);
        let visit = Recorder::expected(number, attempt, class);
        let chat = self.seat(Chat { customer, visit });
        self.wake_at_deadline(chat);
    }

    /// Wakes the customer at its deadline, or `LATE`.
    #[inline]
    pub(super) fn wake_at_deadline(&mut self, chat: ChatId) {
        if LATE && self.has_cuts() {
            return self.rewake(chat);
        }
        let deadline = self.chats[chat.index()].customer.deadline();
        let wake = match LATE {
            true => deadline + self.lag(chat),
            false => deadline,
        };
        self.queue.set(self.plan.team + chat.0, wake);
    }
}

/// Whether a message of the chat, which was handed over, waits for its reply.
pub(super) fn has_pending(place: &Chat) -> bool {
    match place.visit.is_ghost() {
        true => !place.visit.is_answered(),
        false => place.customer.is_pending(),
    }
}

/// A chat that was handed over, as it comes to its next agent.
fn handed_over(chat: ChatId, place: &Chat, pending: bool, rules: &CustomerRules) -> Handover {
    let Chat { customer, visit } = place;
    // Who left the queue silently has never sent its first message, which is pending all the same.
    let messages = customer.exchange().max(1);
    Handover {
        answered: messages - u32::from(pending),
        pending,
        turn: visit.transfers(),
        ..Handover::of_new(
            chat,
            customer.draws(),
            customer.closed_after(rules),
            visit.offered().0,
        )
    }
}
