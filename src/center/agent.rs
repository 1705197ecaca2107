//! Owns `Agent`: one who answers, with K slots and one composer.
//!
//! Law: at one instant a reply is delivered first, then slots free, and only when the world has
//! carried all that out (and the router has assigned) does the agent pick its next message and
//! read how many slots it holds. So `handle` only takes note and `next` is drained.
//!
//! What wants attention waits in the composer's queue in order of arrival: messages, and wrap-ups
//! where these take attention. An agent who works side by side has a `Sharing` instead.

mod act;
mod slots;

use prefetch_index::prefetch_index;

use super::ChatId;
use super::rules::{AgentRules, Attention, ShiftEnd};
use super::sharing::Sharing;
use crate::random::Purpose;
use crate::time::{Span, Time};
pub use act::{AgentAct, AgentInput, Deed, Handover, SlotId};
use slots::{NONE, Slot, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Away,
    Online,
    Leaving,
}

/// What only some kinds of attention need.
#[derive(Clone, Debug)]
enum Beside {
    /// The ages of the chats, by slot.
    Ages(Vec<u64>),
    /// Work side by side.
    Sharing(Sharing),
}

/// One who answers: a line of the processor's memory, and the slots beside it.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub struct Agent {
    /// End of what the composer is at.
    until: Time,
    /// When it was begun.
    since: Time,
    /// The earliest deadline of a slot: a wrap-up is over, or a customer has been quiet too long.
    first: Time,
    composing: u16,
    /// First and last in the composer's queue, in order of arrival.
    head: u16,
    tail: u16,
    /// The first free slot.
    free: u16,
    held: u16,
    presence: Presence,
    /// What is still to be done to the open chats at the end of the shift.
    parting: ShiftEnd,
    /// Whether the composer was at work when it was last asked.
    was_busy: bool,
    slots: Box<[Slot]>,
    beside: Option<Box<Beside>>,
}

const _: () = assert!(size_of::<Agent>() == 64);

impl Agent {
    /// An agent who is away, with as many slots as the rules say.
    ///
    /// # Panics
    /// When the rules allow more than 65,000 slots; the scenario does not.
    pub fn new(rules: &AgentRules) -> Agent {
        let k = u16::try_from(rules.concurrency)
            .ok()
            .filter(|k| (1..=65_000).contains(k));
        let k = k.expect("the plan keeps concurrency within 1..=65000");
        Agent::with((0..k).map(|_| Slot::empty()).collect(), rules)
    }

    /// Sends the agent away, with empty slots, in the memory that it has.
    pub fn reset(&mut self, rules: &AgentRules) {
        *self = Agent::with(std::mem::take(&mut self.slots), rules);
    }

    fn with(mut slots: Box<[Slot]>, rules: &AgentRules) -> Agent {
        let k = slots.len() as u16;
        for (slot, next) in slots.iter_mut().zip(1..=k) {
            *slot = Slot::empty();
            slot.next = if next < k { next } else { NONE };
        }
        let beside = match rules.attention {
            Attention::Fifo => None,
            Attention::OldestCustomer => Some(Beside::Ages(vec![0; k.into()])),
            Attention::Shared | Attention::Levels => Some(Beside::Sharing(Sharing::new(k.into()))),
        };
        Agent {
            until: Time::NEVER,
            since: Time::ZERO,
            first: Time::NEVER,
            composing: NONE,
            head: NONE,
            tail: NONE,
            free: 0,
            held: 0,
            presence: Presence::Away,
            parting: ShiftEnd::Finish,
            was_busy: false,
            slots,
            beside: beside.map(Box::new),
        }
    }

    /// Takes note of an input at `now`. Afterwards `next` has to be drained, at the same instant.
    #[inline(always)]
    pub fn handle(&mut self, now: Time, input: AgentInput, rules: &AgentRules) {
        match input {
            AgentInput::Online => self.presence = Presence::Online,
            AgentInput::Leaving(end) => (self.presence, self.parting) = (Presence::Leaving, end),
            AgentInput::Message(slot) if self.state(slot) == State::Quiet => {
                self.untime(slot);
                self.pend(now, slot, rules);
            }
            AgentInput::Left(slot) if self.state(slot).is_open() => {
                self.withdraw(now, slot, rules);
                self.wrap_up(now, slot, rules);
            }
            // A live server may repeat or cross frames: what no longer concerns is let pass.
            AgentInput::Message(_) | AgentInput::Left(_) => {}
        }
    }

    /// What the agent does next at `now`; to be called until there is no act, each carried out
    /// before the next call.
    #[inline(always)]
    pub fn next(&mut self, now: Time, rules: &AgentRules) -> Option<AgentAct> {
        if self.until > now {
            if self.first <= now {
                return Some(self.release(now, rules));
            }
            if self.parting != ShiftEnd::Finish
                && let Some(slot) = self.first_open()
            {
                let composed = self.withdraw(now, slot, rules);
                let (deed, chat) = self.part(now, slot, rules);
                return Some(act(deed, slot, chat, composed));
            }
            if self.composing == NONE && self.head != NONE {
                self.pick(now, rules);
            }
        }
        (self.until <= now).then(|| self.finish(now, rules))
    }

    /// Whether `next` at `now` has the composer take something up, with nothing to be done before.
    pub fn would_pick(&self, now: Time) -> bool {
        let idle = self.composing == NONE && self.first > now;
        let open = |slot: &Slot| slot.state.is_open();
        let parts = self.parting != ShiftEnd::Finish && self.slots.iter().any(open);
        idle && self.head != NONE && !parts
    }

    /// The one instant at which the agent wants to be woken; good once there is no act left.
    #[inline]
    pub fn deadline(&self) -> Time {
        self.until.min(self.first)
    }

    /// Whether the agent goes now: the shift is over and so is the last chat. True once; to be
    /// asked when there is no act left.
    #[inline]
    pub fn leaves(&mut self) -> bool {
        let leaves = self.presence == Presence::Leaving && self.held == 0;
        if leaves {
            self.presence = Presence::Away;
        }
        leaves
    }

    /// Gives a slot to a chat that is assigned at `now`. Afterwards `next` has to be drained.
    ///
    /// # Panics
    /// Without a free slot; the router assigns none then.
    #[inline]
    pub fn take(&mut self, now: Time, chat: Handover, rules: &AgentRules) -> SlotId {
        assert!(
            self.free != NONE,
            "an agent is never assigned more than its slots"
        );
        self.keep_pace(now, rules);
        let slot = self.free;
        let place = &mut self.slots[slot as usize];
        self.free = place.next;
        self.held += 1;
        place.occupy(&chat);
        if let Some(Beside::Ages(ages)) = self.beside.as_deref_mut() {
            ages[usize::from(slot)] = chat.age;
        }
        let slot = SlotId(slot);
        if chat.pending {
            self.pend(now, slot, rules);
        } else {
            self.quiet(now, slot, rules);
            self.look_ahead(rules);
        }
        slot
    }

    /// The slot's next message joins the tail of the composer's queue.
    #[inline(always)]
    fn pend(&mut self, now: Time, slot: SlotId, rules: &AgentRules) {
        let sharing = self.is_sharing();
        let place = &mut self.slots[slot.0 as usize];
        place.exchange += 1;
        place.state = State::Pending;
        if sharing {
            let (draws, index) = (place.draws, place.reply_index());
            let work = rules.reply.sample(&mut draws.at(Purpose::Reply, index));
            self.begin(now, slot, work, rules);
        } else {
            self.enqueue(slot);
        }
    }

    /// Waits for the customer in this slot.
    #[inline]
    fn quiet(&mut self, now: Time, slot: SlotId, rules: &AgentRules) {
        let place = &mut self.slots[slot.0 as usize];
        place.state = State::Quiet;
        if rules.inactivity != Span::ENDLESS {
            place.until = now + rules.inactivity;
            self.first = self.first.min(place.until);
        }
    }

    /// The slot has no deadline any more.
    #[inline]
    fn untime(&mut self, slot: SlotId) {
        let place = &mut self.slots[slot.0 as usize];
        let until = std::mem::replace(&mut place.until, Time::NEVER);
        if until.comes() && until == self.first {
            self.first = self.earliest();
        }
    }

    /// Starts the work after the chat.
    #[inline(never)]
    fn wrap_up(&mut self, now: Time, slot: SlotId, rules: &AgentRules) {
        let sharing = self.is_sharing();
        let place = &mut self.slots[slot.0 as usize];
        let takes = rules
            .wrap_up
            .sample(&mut place.draws.at(Purpose::WrapUp, 0));
        if !rules.wrap_up_attends {
            (place.state, place.until) = (State::WrapUp, now + takes);
            self.first = self.first.min(place.until);
        } else if sharing {
            place.state = State::Wrapping;
            self.begin(now, slot, takes, rules);
        } else {
            (place.state, place.until) = (State::ToWrap, Time(takes.0));
            self.enqueue(slot);
        }
    }

    /// The composer is done with what it was at.
    #[inline(always)]
    fn finish(&mut self, now: Time, rules: &AgentRules) -> AgentAct {
        let slot = SlotId(self.composing);
        let composed = self.leave_off(now, slot, rules);
        let place = &mut self.slots[slot.0 as usize];
        if place.state == State::Wrapping {
            let chat = self.set_free(now, slot, rules);
            return act(Deed::Free, slot, chat, Span::ZERO);
        }
        let (chat, last) = (place.chat, place.exchange >= place.exchanges);
        if last {
            self.wrap_up(now, slot, rules);
        } else {
            self.quiet(now, slot, rules);
        }
        act(Deed::Reply { last }, slot, chat, composed)
    }

    /// Acts on the earliest deadline, then the lowest slot: a wrap-up is over, or a customer has
    /// been quiet too long.
    #[inline(always)]
    fn release(&mut self, now: Time, rules: &AgentRules) -> AgentAct {
        let slot = SlotId(self.first_due());
        self.untime(slot);
        let place = &self.slots[usize::from(slot.0)];
        if place.state == State::WrapUp {
            let chat = self.set_free(now, slot, rules);
            return act(Deed::Free, slot, chat, Span::ZERO);
        }
        let chat = place.chat;
        self.wrap_up(now, slot, rules);
        act(Deed::Expire, slot, chat, Span::ZERO)
    }

    /// An open chat while the shift is over and chats are not to be finished: the first.
    #[cold]
    fn first_open(&mut self) -> Option<SlotId> {
        let open = self.slots.iter().position(|slot| slot.state.is_open());
        if open.is_none() {
            self.parting = ShiftEnd::Finish;
        }
        open.map(|index| SlotId(index as u16))
    }

    /// The shift is over: hands over or ends an open chat that the composer has left.
    #[cold]
    fn part(&mut self, now: Time, slot: SlotId, rules: &AgentRules) -> (Deed, ChatId) {
        if self.parting == ShiftEnd::Drop {
            self.wrap_up(now, slot, rules);
            return (Deed::Drop, self.slots[usize::from(slot.0)].chat);
        }
        (Deed::HandOver, self.set_free(now, slot, rules))
    }

    #[inline]
    fn set_free(&mut self, now: Time, slot: SlotId, rules: &AgentRules) -> ChatId {
        self.keep_pace(now, rules);
        let place = &mut self.slots[slot.0 as usize];
        let chat = place.chat;
        (place.state, place.next) = (State::Free, self.free);
        self.free = slot.0;
        self.held -= 1;
        self.look_ahead(rules);
        chat
    }

    /// Takes up the next in the composer's queue.
    #[inline]
    fn pick(&mut self, now: Time, rules: &AgentRules) {
        let slot = self.choose();
        let place = &mut self.slots[usize::from(slot)];
        let takes = if place.state == State::ToWrap {
            place.state = State::Wrapping;
            Span(std::mem::replace(&mut place.until, Time::NEVER).0)
        } else {
            place.state = State::Composing;
            rules.composing(place.draws, place.reply_index(), u32::from(self.held))
        };
        self.composing = slot;
        (self.since, self.until) = (now, now + takes);
    }

    /// Until when the agent is at one reply and looks up for nothing: a message that comes before
    /// joins the composer's queue and changes no more. None where it may change what the agent does.
    #[inline]
    pub fn engaged(&self, rules: &AgentRules) -> Option<Time> {
        let alone = self.beside.is_none() && rules.inactivity == Span::ENDLESS;
        (self.composing != NONE && alone).then_some(self.until)
    }

    /// Takes up the one message that there is, where the agent does one thing after the other, was
    /// at nothing and has nothing else to do at `now`: what `next` would do. Says until when.
    #[inline]
    pub fn take_up(&mut self, now: Time, rules: &AgentRules) -> Option<Time> {
        let idle = self.composing == NONE && self.beside.is_none() && self.first > now;
        if !idle || self.head == NONE || self.parting != ShiftEnd::Finish {
            return None;
        }
        self.pick(now, rules);
        Some(self.until).filter(|until| *until > now)
    }

    /// The chat whose slot the composer is at or will be done with first, and until when.
    #[inline]
    pub fn composing(&self) -> Option<(ChatId, Time)> {
        let place = self.slots.get(usize::from(self.composing))?;
        Some((place.chat, self.until))
    }

    /// The chat that the agent deals with when it is woken next.
    #[inline(never)]
    pub fn next_chat(&self) -> Option<ChatId> {
        let slot = match self.first < self.until {
            true => self.first_due(),
            false => self.composing,
        };
        Some(self.slots.get(usize::from(slot))?.chat)
    }

    /// Sends for the memory of a slot.
    #[inline]
    pub fn foresee(&self, slot: SlotId) {
        prefetch_index(&*self.slots, usize::from(slot.0));
    }

    /// How much attention the reply in this slot has had up to `now`; nothing where none is being
    /// composed.
    #[inline]
    pub fn attended(&self, slot: SlotId, now: Time) -> Span {
        if !self.state(slot).is_open() {
            return Span::ZERO;
        }
        match self.beside.as_deref() {
            Some(Beside::Sharing(sharing)) => sharing.attention(slot.0.into(), now),
            _ if slot.0 == self.composing => now.since(self.since),
            _ => Span::ZERO,
        }
    }

    /// Tells each chat whose message is pending, in the composer's queue or under way.
    #[inline]
    pub fn each_pending(&self, mut tell: impl FnMut(ChatId)) {
        if self.is_sharing() {
            return self.each_beside(tell);
        }
        let mut next = self.head;
        while let Some(slot) = self.slots.get(usize::from(next)) {
            tell(slot.chat);
            next = slot.next;
        }
        if let Some(slot) = self.slots.get(usize::from(self.composing)) {
            tell(slot.chat);
        }
    }

    #[cold]
    fn each_beside(&self, mut tell: impl FnMut(ChatId)) {
        let pending = self.slots.iter().filter(|s| s.state == State::Pending);
        pending.for_each(|slot| tell(slot.chat));
    }

    /// Whether the composer has begun or left off working since this was last asked: which of both.
    #[inline]
    pub fn turned(&mut self) -> Option<bool> {
        let busy = self.composing != NONE;
        if busy == self.was_busy {
            return None;
        }
        self.was_busy = busy;
        Some(busy)
    }

    /// The slots in use, wrap-up included.
    #[inline]
    pub fn held(&self) -> u32 {
        u32::from(self.held)
    }

    /// The slot that holds `chat`.
    pub fn slot_of(&self, chat: ChatId) -> Option<SlotId> {
        let held = |slot: &Slot| slot.state != State::Free && slot.chat == chat;
        self.slots
            .iter()
            .position(held)
            .map(|slot| SlotId(slot as u16))
    }

    /// The number of the message last pending in `slot`, from 1; 0 before the first.
    pub fn exchange(&self, slot: SlotId) -> u32 {
        self.slots[usize::from(slot.0)].exchange
    }

    /// Whether the agent takes new chats.
    pub fn is_online(&self) -> bool {
        self.presence == Presence::Online
    }

    /// Whether the shift is over and chats are not.
    pub fn is_leaving(&self) -> bool {
        self.presence == Presence::Leaving
    }
}

/// Built in the one place that hands it on: an act that a call returned would go by memory.
#[inline(always)]
fn act(deed: Deed, slot: SlotId, chat: ChatId, composed: Span) -> AgentAct {
    AgentAct {
        deed,
        slot,
        chat,
        composed,
    }
}

#[cfg(test)]
mod tests;
