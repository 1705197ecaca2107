//! Owns `Off`: what is otherwise posted of a chat whose customer is cut off.
//!
//! Law: as in the simulation, what slots do counts when it happens, what is said to a customer when it
//! hears it. So a chat may be over for its agent, and its slot free, before its customer knows.

use std::collections::VecDeque;

use super::chat::Page;
use crate::time::Time;
use crate::wire::marker::Direction;

/// What the customer has not heard yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// An agent has the chat.
    Taken,
    /// The agent has handed it over.
    HandedOver,
}

/// What is known of a chat whose customer was cut off.
#[derive(Debug)]
pub(super) struct Off {
    /// Whether it is still.
    pub is_off: bool,
    /// What it has still to hear, in order.
    pub unheard: VecDeque<News>,
    /// When the chat was over for all but its customer.
    pub over: Time,
    /// When its slot was free since.
    pub freed: Time,
}

impl Page<'_> {
    /// What is known of a chat whose customer was cut off, while its customer is.
    fn off(&mut self) -> Option<&mut Off> {
        self.account.off.as_deref_mut().filter(|off| off.is_off)
    }

    /// Whether the customer is cut off and has still to hear how its chat ends.
    fn hears_later(&mut self) -> bool {
        self.account.visit.fate().is_none() && self.off().is_some()
    }

    /// The customer has no connection any more, and may not have heard what was said since.
    pub(super) fn cut_off(&mut self, since: Time, at: Time) {
        self.recorder.cut_off(&self.account.visit, at);
        self.account.reader_goes(Direction::Agent, since);
        let off = self.account.off.get_or_insert_with(|| {
            Box::new(Off {
                is_off: true,
                unheard: VecDeque::new(),
                over: Time::NEVER,
                freed: Time::NEVER,
            })
        });
        off.is_off = true;
        // An assignment has crossed the cut.
        if self.account.visit.agent().is_none()
            && self.account.visit.fate().is_none()
            && off.unheard.is_empty()
            && let Some((agent, from)) = self.account.held()
        {
            self.taken_unheard(agent, from);
        }
    }

    /// The customer is back: what was said meanwhile, or lost on the way, is said again.
    pub(super) fn back(&mut self, at: Time) {
        let visit = &self.account.visit;
        if !(visit.is_ghost() && visit.is_over()) {
            self.recorder.came_back(visit, at);
        }
        if let Some(off) = self.off() {
            off.is_off = false;
        }
        self.account.comes_back(at);
    }

    /// An agent has the chat of one who is cut off.
    pub(super) fn taken_unheard(&mut self, agent: u32, at: Time) {
        let visit = &mut self.account.visit;
        if visit.agent().is_some() || self.account.off.as_ref().is_none_or(|off| !off.is_off) {
            return;
        }
        if visit.fate().is_none() {
            self.recorder.taken(visit, agent, at);
            if let Some(off) = self.off() {
                off.unheard.push_back(News::Taken);
            }
        } else if visit.is_ghost() && !visit.is_over() {
            match visit.transfers() {
                0 => self.recorder.assigned(visit, agent, at),
                _ => self.recorder.assigned_again(visit, agent, at),
            }
        }
    }

    /// The agent of one who is cut off hands its chat over; true where that is all.
    pub(super) fn handed_over_unheard(&mut self, at: Time) -> bool {
        let gone = self.account.visit.is_ghost() && !self.account.visit.is_over();
        if self.account.visit.agent().is_none() || self.off().is_none() {
            return false;
        }
        let later = self.hears_later();
        let visit = &mut self.account.visit;
        if later {
            self.recorder.given_back(visit, at);
            if let Some(off) = self.off() {
                off.unheard.push_back(News::HandedOver);
            }
        } else if gone {
            self.recorder.handed_over(visit, at);
        }
        later || gone
    }

    /// The agent is through with the chat, but for its wrap-up.
    pub(super) fn over(&mut self, at: Time) {
        if self.hears_later()
            && let Some(off) = self.off()
        {
            off.over = at.min(off.over);
        } else if self.account.visit.is_ghost() && !self.account.visit.is_over() {
            self.recorder.ghost_over(&mut self.account.visit, at);
        }
    }

    /// The slot is free of a chat that was over before its customer knew; true where that is all.
    pub(super) fn freed_unheard(&mut self, at: Time) -> bool {
        let Some(off) = &mut self.account.off else {
            return false;
        };
        if !off.over.comes() {
            return false;
        }
        off.freed = at;
        if self.account.visit.fate().is_some() {
            self.account.settle(self.recorder, at);
        }
        true
    }

    /// The server keeps the chat no longer.
    pub(super) fn lapsed(&mut self, at: Time) {
        let waits = self.account.visit.agent().is_none();
        let was_handed_over = self.account.visit.transfers() > 0;
        if self.account.off.as_ref().is_some_and(|off| off.over < at) {
            return;
        }
        self.recorder.lapsed(&self.account.visit, at);
        if self.hears_later() {
            if let Some(off) = self.off() {
                off.over = at;
                if waits && was_handed_over {
                    off.freed = at;
                }
            }
            return;
        }
        let visit = &mut self.account.visit;
        if visit.is_ghost() && !visit.is_over() {
            self.recorder.ghost_over(visit, at);
            self.account.settle(self.recorder, at);
        }
    }

    /// The customer has left, and nobody has heard it.
    pub(super) fn unheard(&mut self, at: Time) {
        let over = self
            .account
            .off
            .as_ref()
            .is_some_and(|off| off.over.comes());
        match over {
            false => self.recorder.left_unheard(&mut self.account.visit, at),
            true => self.account.settle(self.recorder, at),
        }
    }

    /// One who leaves silently while it is cut off, its chat being over already.
    pub(super) fn haunts_nothing(&mut self, at: Time) {
        let over = self
            .account
            .off
            .as_ref()
            .is_some_and(|off| off.over.comes());
        if over && self.account.visit.is_ghost() && !self.account.visit.is_over() {
            self.recorder.ghost_over(&mut self.account.visit, at);
            self.account.settle(self.recorder, at);
        }
    }

    /// The customer hears at its return what happened before; true where that is all.
    pub(super) fn hears_at_last(&mut self, news: News, at: Time) -> bool {
        let Some(off) = &mut self.account.off else {
            return false;
        };
        if off.unheard.front() != Some(&news) {
            // The first that it missed was that it waits.
            return news == News::HandedOver && !off.unheard.is_empty();
        }
        off.unheard.pop_front();
        let visit = &mut self.account.visit;
        if visit.fate().is_some() {
            return true;
        }
        match news {
            News::Taken if visit.assigned().comes() => {
                self.recorder.hears_assigned_again(visit, at);
            }
            News::Taken => self.recorder.hears_assigned(visit, at),
            News::HandedOver => self.recorder.hears_handed_over(visit, at),
        }
        true
    }

    /// The agent's connection is lost: its part of the chat is over.
    pub(super) fn agent_lost(&mut self, agent: u32, since: Time, at: Time) {
        self.account.traffic(Direction::Agent).doubtful(since);
        self.account.reader_goes(Direction::Customer, since);
        self.over(at);
        self.let_go(agent, true, at);
    }
}

impl super::account::Account {
    /// When the chat was over before its customer knew; never where that is not so.
    pub(super) fn over_before(&self) -> Time {
        self.off.as_ref().map_or(Time::NEVER, |off| off.over)
    }
}
