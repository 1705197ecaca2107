//! Owns `Orbit`: the customers who will come again, by when.
//!
//! Law: who is in orbit has no connection; the run's loop plays arrivals and returns alike.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::time::Time;

/// One who comes: which customer, for which time, of which class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Caller {
    /// By the plan's order of arrival.
    pub number: u32,
    /// 0 for the first time.
    pub attempt: u16,
    /// The class.
    pub class: u8,
}

/// The customers who will come again.
#[derive(Debug, Default)]
pub struct Orbit {
    due: RefCell<BinaryHeap<Reverse<(Time, Caller)>>>,
    changed: Notify,
}

impl Orbit {
    /// The customer will come at `back`.
    pub fn expect(&self, caller: Caller, back: Time) {
        self.due.borrow_mut().push(Reverse((back, caller)));
        self.changed.notify_one();
    }

    /// When the next one comes; `Time::NEVER` for nobody.
    pub fn next(&self) -> Time {
        let due = self.due.borrow();
        due.peek().map_or(Time::NEVER, |Reverse((back, _))| *back)
    }

    /// Takes the next one out, and when it comes.
    pub fn take(&self) -> Option<(Time, Caller)> {
        self.due.borrow_mut().pop().map(|Reverse(next)| next)
    }

    /// Waits until somebody else may be the next. Cancel-safe.
    pub async fn changes(&self) {
        self.changed.notified().await;
    }
}
