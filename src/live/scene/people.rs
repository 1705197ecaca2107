//! Owns who the people of a run are: customers by the plan's order of arrival, and strangers by the
//! agent whose chats they are in.
//!
//! Law: what somebody does is drawn by number alone, so that it is the same whatever else happens and
//! in whichever process.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::Scene;
use crate::center::rules::{Again, CustomerRules};
use crate::live::journal::Event;
use crate::live::orbit::Caller;
use crate::random::Draws;
use crate::time::Time;
use crate::wire::limits::AGENTS_MOST;
use crate::wire::marker::Marker;

const _: () = assert!(AGENTS_MOST <= 1 << 16);

/// How many strangers each agent has met.
#[derive(Debug, Default)]
pub struct Met(RefCell<FxHashMap<u32, u32>>);

impl<D> Scene<D> {
    /// By which number the next stranger goes whose chat the agent is given: the agent's, and that of
    /// the chat among the agent's. Of more than 65,536 each has a number, as an attempt.
    pub fn meet(&self, agent: u32) -> Caller {
        let mut met = self.met.0.borrow_mut();
        let count = met.entry(agent).or_default();
        let nth = std::mem::replace(count, count.wrapping_add(1));
        Caller {
            number: agent << 16 | nth & 0xffff,
            attempt: (nth >> 16) as u16,
            class: 0,
        }
    }

    pub(super) fn draws(&self, caller: Caller) -> Draws {
        self.people
            .person(caller.number.into(), caller.attempt.into())
    }

    /// Whose message it is; none where no customer of ours can have such a number.
    pub fn caller(&self, marker: Marker) -> Option<Caller> {
        let attempt = u16::try_from(marker.attempt).ok()?;
        Some(Caller {
            attempt,
            ..self.newcomer(marker.customer)
        })
    }

    /// A customer who comes for the first time.
    pub fn newcomer(&self, number: u32) -> Caller {
        let draws = self.people.person(number.into(), 0);
        let class = self.plan.customers.class_of(draws);
        Caller {
            number,
            attempt: 0,
            class,
        }
    }

    /// How customers of a class behave.
    pub fn rules(&self, class: u8) -> &CustomerRules {
        self.plan.customers.rules(class)
    }

    /// The customer's attempt is over: it may come again, if that is before the horizon.
    pub fn again(&self, caller: Caller, why: Again, now: Time) {
        let rules = self.rules(caller.class);
        if rules.retry.is_empty() {
            return;
        }
        let draws = self.draws(caller);
        let next = caller.attempt.checked_add(1);
        if let (Some(after), Some(attempt)) = (rules.comes_again(why, draws), next) {
            self.note(now, Event::IntoOrbit);
            let back = now + after;
            if back < self.plan.outline.horizon {
                self.orbit.expect(Caller { attempt, ..caller }, back);
            }
        }
    }
}
