//! Owns what a scene takes down of the customer who is traced.
//!
//! Law: whoever is not followed costs one look at a number. A server that says more than can be told
//! is told of no further.

use std::cell::RefCell;

use tokio::time::Instant;

use super::Scene;
use crate::live::orbit::Caller;
use crate::live::tap::Witness;
use crate::measure::seen::{Passing, Seen};
use crate::time::Time;
use crate::wire::marker::Marker;

/// The most that is taken down.
const SEEN_MOST: u32 = 10_000;

/// Who is traced, and what was seen of it.
#[derive(Debug, Default)]
pub(super) struct Traced {
    customer: Option<u32>,
    /// Taken down and not handed on yet, and how much was before.
    seen: RefCell<(Vec<Seen>, u32)>,
}

impl Traced {
    /// Nothing was seen of it yet; none for nobody.
    pub fn new(customer: Option<u32>) -> Traced {
        Traced {
            customer,
            ..Traced::default()
        }
    }
}

impl<D> Scene<D> {
    /// Whether the customer of this number is traced.
    pub fn traces(&self, customer: u32) -> bool {
        self.traced.customer == Some(customer)
    }

    /// Whether anybody is.
    pub fn traces_somebody(&self) -> bool {
        self.traced.customer.is_some()
    }

    /// Takes down what has happened to a customer's connection, if that customer is traced. The words
    /// are fit to be shown.
    pub fn met(&self, caller: Caller, words: &str) {
        if self.traces(caller.number) {
            let (passing, due) = (Passing::Met, Time::NEVER);
            self.saw(caller.attempt, None, passing, due, words.to_owned());
        }
    }

    /// Hands on what was taken down since the last time.
    pub fn take_seen(&self) -> Vec<Seen> {
        let mut seen = self.traced.seen.borrow_mut();
        seen.1 += seen.0.len() as u32;
        std::mem::take(&mut seen.0)
    }
}

impl<D> Witness for Scene<D> {
    fn follows(&self, marker: &str) -> Option<u16> {
        let marker = Marker::parse(marker)?;
        let ours = marker.run == self.run && self.traces(marker.customer);
        u16::try_from(marker.attempt).ok().filter(|_| ours)
    }

    fn saw(&self, attempt: u16, agent: Option<u32>, passing: Passing, due: Time, text: String) {
        let mut seen = self.traced.seen.borrow_mut();
        let (kept, before) = &mut *seen;
        let count = *before + kept.len() as u32;
        if count > SEEN_MOST {
            return;
        }
        let (passing, text) = match count == SEEN_MOST {
            true => (Passing::Met, "what passes from here on is not told".into()),
            false => (passing, text),
        };
        let (passed, now) = (self.now(), Instant::now());
        let late = due.comes().then(|| self.lateness(due, now)).flatten();
        kept.push(Seen {
            at: if due.comes() { due } else { passed },
            passed,
            wall: self.wall(now).unwrap_or_default(),
            late,
            attempt: attempt.into(),
            agent,
            passing,
            text,
        });
    }
}
