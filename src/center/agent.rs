//! Owns `Agent`: one who answers, with K slots and one composer.
//!
//! Law: at one instant a reply is delivered first, then slots free, and only when the world has
//! carried all that out (and the router has assigned) does the agent pick its next message and
//! read how many slots it holds. So `handle` only takes note and `next` is drained.

use smallvec::SmallVec;

use super::rules::AgentRules;
use super::{ChatId, Step};
use crate::random::{Draws, Purpose};
use crate::time::Time;

/// What happens to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentInput {
    /// The shift starts.
    Online,
    /// The shift ends: no new chats, the own ones are finished.
    Leaving,
    /// A chat is assigned, its first message pending.
    Assigned {
        /// The chat.
        chat: ChatId,
        /// The customer's draws: what its replies and its wrap-up take.
        draws: Draws,
        /// The exchanges of the chat: after the last reply the agent closes it.
        exchanges: u32,
    },
    /// The customer in this slot has sent its next message.
    Message(SlotId),
    /// The customer in this slot has left: wrap-up starts.
    Left(SlotId),
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentAct {
    /// The reply being composed is sent; `last` closes the chat and starts wrap-up.
    Reply {
        /// Where.
        slot: SlotId,
        /// In which chat.
        chat: ChatId,
        /// Whether it is the chat's last.
        last: bool,
    },
    /// Wrap-up is over, the slot is free.
    Freed {
        /// Where.
        slot: SlotId,
        /// Which chat held it.
        chat: ChatId,
    },
    /// Composing starts; it ends at `until` unless the customer leaves.
    Composing {
        /// In which chat.
        chat: ChatId,
        /// When the reply will be sent.
        until: Time,
    },
    /// The last chat after the shift's end is over: gone.
    Offline,
}

/// A slot, by its place at the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(pub u16);

const NONE: u16 = u16::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    /// The customer reads, thinks, types.
    Quiet,
    /// A message waits for the composer.
    Pending,
    Composing,
    WrapUp,
}

#[derive(Clone, Debug)]
struct Slot {
    draws: Draws,
    /// End of wrap-up.
    until: Time,
    chat: ChatId,
    exchange: u32,
    exchanges: u32,
    /// The next in the composer's queue, or in the list of free slots.
    next: u16,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Away,
    Online,
    Leaving,
}

/// One who answers.
#[derive(Clone, Debug)]
pub struct Agent {
    /// End of the reply being composed.
    until: Time,
    /// When it was begun.
    since: Time,
    composing: u16,
    /// First and last pending message, in order of arrival.
    head: u16,
    tail: u16,
    /// The first free slot.
    free: u16,
    held: u16,
    wrapping: u16,
    presence: Presence,
    slots: SmallVec<[Slot; 3]>,
}

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
        let slots = (0..k).map(|slot| Slot::empty(if slot + 1 < k { slot + 1 } else { NONE }));
        Agent {
            until: Time::NEVER,
            since: Time::ZERO,
            composing: NONE,
            head: NONE,
            tail: NONE,
            free: 0,
            held: 0,
            wrapping: 0,
            presence: Presence::Away,
            slots: slots.collect(),
        }
    }

    /// Takes note of an input at `now`. Afterwards `next` has to be drained, at the same instant.
    /// Returns the slot of an assigned chat.
    #[inline]
    pub fn handle(&mut self, now: Time, input: AgentInput, rules: &AgentRules) -> Option<SlotId> {
        match input {
            AgentInput::Online => self.presence = Presence::Online,
            AgentInput::Leaving => self.presence = Presence::Leaving,
            AgentInput::Assigned {
                chat,
                draws,
                exchanges,
            } => {
                return Some(self.take(chat, draws, exchanges));
            }
            AgentInput::Message(slot) if self.state(slot) == State::Quiet => self.pend(slot),
            AgentInput::Left(slot) if self.state(slot) != State::WrapUp => {
                self.withdraw(slot);
                self.wrap_up(now, slot, rules);
            }
            // A live server may repeat or cross frames: what no longer concerns is let pass.
            AgentInput::Message(_) | AgentInput::Left(_) => {}
        }
        None
    }

    /// What the agent does next at `now`; to be called until there is no act, each carried out
    /// before the next call.
    #[inline]
    pub fn next(&mut self, now: Time, rules: &AgentRules) -> Step<AgentAct> {
        if self.until <= now {
            return act(self.deliver(now, rules));
        }
        if let Some(freed) = self.release(now) {
            return act(freed);
        }
        if self.composing == NONE && self.head != NONE {
            return act(self.pick(now, rules));
        }
        if self.presence == Presence::Leaving && self.held == 0 {
            self.presence = Presence::Away;
            return act(AgentAct::Offline);
        }
        Step {
            act: None,
            wake: self.until.min(self.wrap_up_ends()),
        }
    }

    #[inline]
    fn state(&self, SlotId(slot): SlotId) -> State {
        self.slots[slot as usize].state
    }

    #[inline]
    fn take(&mut self, chat: ChatId, draws: Draws, exchanges: u32) -> SlotId {
        assert!(
            self.free != NONE,
            "an agent is never assigned more than its slots"
        );
        let slot = self.free;
        let place = &mut self.slots[slot as usize];
        self.free = place.next;
        self.held += 1;
        *place = Slot {
            draws,
            until: Time::NEVER,
            chat,
            exchange: 0,
            exchanges,
            ..*place
        };
        self.pend(SlotId(slot));
        SlotId(slot)
    }

    /// The slot's next message joins the tail of the composer's queue.
    #[inline]
    fn pend(&mut self, SlotId(slot): SlotId) {
        let place = &mut self.slots[slot as usize];
        debug_assert!(matches!(place.state, State::Free | State::Quiet));
        (place.state, place.next) = (State::Pending, NONE);
        place.exchange += 1;
        match self.tail {
            NONE => self.head = slot,
            tail => self.slots[tail as usize].next = slot,
        }
        self.tail = slot;
    }

    /// Takes the slot's message from the composer or from its queue.
    fn withdraw(&mut self, SlotId(slot): SlotId) {
        match self.slots[slot as usize].state {
            State::Composing => (self.composing, self.until) = (NONE, Time::NEVER),
            State::Pending => {
                let mut before = NONE;
                let mut here = self.head;
                while here != slot {
                    (before, here) = (here, self.slots[here as usize].next);
                }
                self.unlink(before, slot);
            }
            State::Free | State::Quiet | State::WrapUp => {}
        }
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

    #[inline]
    fn wrap_up(&mut self, now: Time, SlotId(slot): SlotId, rules: &AgentRules) {
        let place = &mut self.slots[slot as usize];
        let takes = rules
            .wrap_up
            .sample(&mut place.draws.at(Purpose::WrapUp, 0));
        (place.state, place.until) = (State::WrapUp, now + takes);
        self.wrapping += 1;
    }

    #[inline]
    fn deliver(&mut self, now: Time, rules: &AgentRules) -> AgentAct {
        let slot = SlotId(self.composing);
        (self.composing, self.until) = (NONE, Time::NEVER);
        let place = &mut self.slots[slot.0 as usize];
        let (chat, last) = (place.chat, place.exchange >= place.exchanges);
        place.state = State::Quiet;
        if last {
            self.wrap_up(now, slot, rules);
        }
        AgentAct::Reply { slot, chat, last }
    }

    /// Frees one slot whose wrap-up is over: the earliest, then the lowest.
    #[inline]
    fn release(&mut self, now: Time) -> Option<AgentAct> {
        if self.wrapping == 0 {
            return None;
        }
        let wraps = self
            .slots
            .iter()
            .enumerate()
            .filter(|(_, s)| s.state == State::WrapUp);
        let (index, _) = wraps
            .min_by_key(|(_, s)| s.until)
            .filter(|(_, s)| s.until <= now)?;
        let slot = SlotId(index as u16);
        let place = &mut self.slots[index];
        (place.state, place.next) = (State::Free, self.free);
        self.free = slot.0;
        self.held -= 1;
        self.wrapping -= 1;
        Some(AgentAct::Freed {
            slot,
            chat: place.chat,
        })
    }

    #[inline]
    fn pick(&mut self, now: Time, rules: &AgentRules) -> AgentAct {
        let slot = self.head;
        self.unlink(NONE, slot);
        let place = &mut self.slots[slot as usize];
        place.state = State::Composing;
        let takes = rules.composing(place.draws, place.exchange, u32::from(self.held));
        self.composing = slot;
        (self.since, self.until) = (now, now + takes);
        AgentAct::Composing {
            chat: place.chat,
            until: self.until,
        }
    }

    #[inline]
    fn wrap_up_ends(&self) -> Time {
        if self.wrapping == 0 {
            return Time::NEVER;
        }
        let wraps = self.slots.iter().filter(|s| s.state == State::WrapUp);
        wraps.map(|s| s.until).min().unwrap_or(Time::NEVER)
    }

    /// The chat whose reply is being composed, since when and until when.
    #[inline]
    pub fn composing(&self) -> Option<(ChatId, Time, Time)> {
        let place = self.slots.get(usize::from(self.composing))?;
        Some((place.chat, self.since, self.until))
    }

    /// When the reply being composed was begun, or the last one.
    #[inline]
    pub fn composing_since(&self) -> Time {
        self.since
    }

    /// The chats whose messages wait for the composer, in order.
    #[inline]
    pub fn pending(&self) -> impl Iterator<Item = ChatId> + '_ {
        let first = self.slots.get(usize::from(self.head));
        std::iter::successors(first, |slot| self.slots.get(usize::from(slot.next)))
            .map(|slot| slot.chat)
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

    /// The number of the message last pending in `slot`, from 1.
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

/// A step with an act: the wake-up is named when there are no more acts.
#[inline]
fn act(act: AgentAct) -> Step<AgentAct> {
    Step {
        act: Some(act),
        wake: Time::NEVER,
    }
}

impl Slot {
    fn empty(next: u16) -> Slot {
        let draws = crate::random::Population::new(0, 0, crate::random::Kind::Customer);
        Slot {
            draws: draws.person(0, 0),
            until: Time::NEVER,
            chat: ChatId(u32::MAX),
            exchange: 0,
            exchanges: 0,
            next,
            state: State::Free,
        }
    }
}

#[cfg(test)]
mod tests;
