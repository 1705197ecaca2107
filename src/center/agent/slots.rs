//! Owns an agent's slots: what is in them, the composer's queue through them, work side by side.
//!
//! Law: a slot is in the composer's queue exactly while it is `Pending` or `ToWrap` and the agent
//! does one thing after the other.

use super::{Agent, Beside, Handover, SlotId};
use crate::center::ChatId;
use crate::center::rules::{AgentRules, Attention};
use crate::random::Draws;
use crate::time::{Span, Time};

/// No slot.
pub(super) const NONE: u16 = u16::MAX;

/// What is in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Free,
    /// The customer reads, thinks, types.
    Quiet,
    /// A message waits for the composer, or goes on side by side with others.
    Pending,
    Composing,
    /// Wrap-up that takes no attention.
    WrapUp,
    /// Wrap-up that waits for attention.
    ToWrap,
    /// Wrap-up that has it.
    Wrapping,
}

impl State {
    /// Whether the chat goes on.
    #[inline]
    pub(super) fn is_open(self) -> bool {
        matches!(self, State::Quiet | State::Pending | State::Composing)
    }
}

/// One place for a chat.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) draws: Draws,
    /// The deadline, where there is one: the end of wrap-up, or of patience with a quiet customer.
    /// While a wrap-up waits for attention, how long it takes.
    pub(super) until: Time,
    pub(super) chat: ChatId,
    /// The number of the message last pending.
    pub(super) exchange: u32,
    pub(super) exchanges: u32,
    /// The next in the composer's queue, or in the list of free slots.
    pub(super) next: u16,
    turn: u8,
    pub(super) state: State,
}

const _: () = assert!(size_of::<Slot>() == 32);

impl Slot {
    pub(super) fn empty() -> Slot {
        let draws = crate::random::Population::new(0, 0, crate::random::Kind::Customer);
        Slot {
            draws: draws.person(0, 0),
            until: Time::NEVER,
            chat: ChatId(u32::MAX),
            exchange: 0,
            exchanges: 0,
            next: NONE,
            turn: 0,
            state: State::Free,
        }
    }

    #[inline]
    pub(super) fn occupy(&mut self, chat: &Handover) {
        self.draws = chat.draws;
        self.until = Time::NEVER;
        self.chat = chat.chat;
        self.exchange = chat.answered;
        self.exchanges = chat.exchanges;
        self.turn = chat.turn;
    }

    /// Whether there is a deadline.
    #[inline]
    fn is_timed(&self) -> bool {
        self.until.comes() && self.state != State::ToWrap
    }

    /// The index that the reply to the pending message is drawn from.
    #[inline]
    pub(super) fn reply_index(&self) -> u32 {
        self.exchange + u32::from(self.turn)
    }
}

impl Agent {
    #[inline]
    pub(super) fn state(&self, SlotId(slot): SlotId) -> State {
        self.slots[slot as usize].state
    }

    /// Joins the tail of the composer's queue.
    #[inline]
    pub(super) fn enqueue(&mut self, SlotId(slot): SlotId) {
        self.slots[slot as usize].next = NONE;
        match self.tail {
            NONE => self.head = slot,
            tail => self.slots[tail as usize].next = slot,
        }
        self.tail = slot;
    }

    /// Takes the next out of the composer's queue.
    #[inline]
    pub(super) fn choose(&mut self) -> u16 {
        let (before, slot) = match self.beside.as_deref() {
            Some(Beside::Ages(ages)) => self.oldest(ages),
            _ => (NONE, self.head),
        };
        self.unlink(before, slot);
        slot
    }

    /// The message of the oldest customer, and the one before it in the queue; wrap-ups come after
    /// all messages, in order of arrival.
    #[cold]
    fn oldest(&self, ages: &[u64]) -> (u16, u16) {
        let (mut before, mut slot) = (NONE, self.head);
        let mut best = (u64::MAX, before, slot);
        while slot != NONE {
            let place = &self.slots[usize::from(slot)];
            let age = ages[usize::from(slot)];
            if place.state == State::Pending && age < best.0 {
                best = (age, before, slot);
            }
            (before, slot) = (slot, place.next);
        }
        (best.1, best.2)
    }

    /// Takes the slot's message from the composer or from its queue, and says how much attention
    /// the reply had.
    #[inline(never)]
    pub(super) fn withdraw(&mut self, now: Time, slot: SlotId, rules: &AgentRules) -> Span {
        match self.state(slot) {
            State::Composing => return self.leave_off(now, slot, rules),
            State::Pending if self.is_sharing() => return self.leave_off(now, slot, rules),
            State::Pending => {
                let (mut before, mut here) = (NONE, self.head);
                while here != slot.0 {
                    (before, here) = (here, self.slots[here as usize].next);
                }
                self.unlink(before, slot.0);
            }
            State::Quiet => self.untime(slot),
            State::Free | State::WrapUp | State::ToWrap | State::Wrapping => {}
        }
        Span::ZERO
    }

    #[inline]
    fn unlink(&mut self, before: u16, slot: u16) {
        let next = self.slots[slot as usize].next;
        match before {
            NONE => self.head = next,
            before => self.slots[before as usize].next = next,
        }
        if self.tail == slot {
            self.tail = before;
        }
    }

    /// The earliest deadline of a slot; `Time::NEVER` for none.
    #[inline]
    pub(super) fn earliest(&self) -> Time {
        let timed = self.slots.iter().filter(|slot| slot.is_timed());
        timed.map(|slot| slot.until).min().unwrap_or(Time::NEVER)
    }

    /// The lowest slot that has the earliest deadline; `NONE` where there is no deadline.
    #[inline]
    pub(super) fn first_due(&self) -> u16 {
        let due = |slot: &Slot| slot.until == self.first && slot.is_timed();
        let slot = self.slots.iter().position(due);
        slot.map_or(NONE, |slot| slot as u16)
    }

    /// Whether the agent works side by side.
    #[inline]
    pub(super) fn is_sharing(&self) -> bool {
        matches!(self.beside.as_deref(), Some(Beside::Sharing(_)))
    }

    /// Ends what the composer is at in this slot and says how much attention it had.
    #[inline]
    pub(super) fn leave_off(&mut self, now: Time, slot: SlotId, rules: &AgentRules) -> Span {
        if self.is_sharing() {
            return self.leave_off_beside(now, slot, rules);
        }
        (self.composing, self.until) = (NONE, Time::NEVER);
        now.since(self.since)
    }

    #[cold]
    fn leave_off_beside(&mut self, now: Time, slot: SlotId, rules: &AgentRules) -> Span {
        self.keep_pace(now, rules);
        let attention = match self.beside.as_deref_mut() {
            Some(Beside::Sharing(sharing)) => sharing.end(slot.0.into()),
            _ => Span::ZERO,
        };
        self.look_ahead(rules);
        attention
    }

    /// Begins a piece of work beside the others.
    #[cold]
    pub(super) fn begin(&mut self, now: Time, slot: SlotId, work: Span, rules: &AgentRules) {
        self.keep_pace(now, rules);
        if let Some(Beside::Sharing(sharing)) = self.beside.as_deref_mut() {
            sharing.begin(slot.0.into(), work);
        }
        self.look_ahead(rules);
    }

    /// Brings work side by side up to `now`; to be called before its rate changes.
    #[inline]
    pub(super) fn keep_pace(&mut self, now: Time, rules: &AgentRules) {
        if self.beside.is_some() {
            self.advance(now, rules);
        }
    }

    #[cold]
    fn advance(&mut self, now: Time, rules: &AgentRules) {
        let pace = self.pace(rules);
        if let Some(Beside::Sharing(sharing)) = self.beside.as_deref_mut() {
            sharing.advance(now, pace);
        }
    }

    /// Looks which piece of work side by side will be done first; to be called after a change.
    #[inline]
    pub(super) fn look_ahead(&mut self, rules: &AgentRules) {
        if self.beside.is_some() {
            self.find_first(rules);
        }
    }

    #[cold]
    fn find_first(&mut self, rules: &AgentRules) {
        let pace = self.pace(rules);
        if let Some(Beside::Sharing(sharing)) = self.beside.as_deref() {
            let grain = rules.grain.0;
            let whole = |until: Time| Time(until.0.div_ceil(grain).saturating_mul(grain));
            (self.composing, self.until) = match sharing.first(pace) {
                Some((slot, until)) => (slot as u16, whole(until)),
                None => (NONE, Time::NEVER),
            };
        }
    }

    /// The rate of each piece of work side by side.
    #[inline]
    fn pace(&self, rules: &AgentRules) -> f64 {
        match self.beside.as_deref() {
            Some(Beside::Sharing(sharing)) => {
                let alone = 1.0 / rules.slowed(u32::from(self.held));
                match rules.attention {
                    Attention::Levels => alone,
                    _ => alone / f64::from(sharing.under_way().max(1)),
                }
            }
            _ => 1.0,
        }
    }
}
