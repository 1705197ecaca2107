//! Owns `Calendar`: from instants of a plan to local dates and times, and back.
//!
//! Law: the only place that knows the time zone once the plan is made, and then for people to read.

use jiff::{SignedDuration, Zoned};

use crate::time::Time;

/// The scenario's start in its time zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    start: Zoned,
}

impl Calendar {
    /// A calendar that starts at `start`.
    pub fn new(start: Zoned) -> Calendar {
        Calendar { start }
    }

    /// The scenario's start.
    pub fn start(&self) -> &Zoned {
        &self.start
    }

    /// An instant as local time with its offset, as in `2026-11-23T09:30:00+01:00`.
    pub fn label(&self, instant: Time) -> String {
        self.local(instant)
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    }

    /// The local date and time of an instant; the start where it lies beyond what a calendar holds.
    pub fn local(&self, instant: Time) -> Zoned {
        let since = SignedDuration::from_nanos(instant.0.min(i64::MAX as u64) as i64);
        self.start
            .checked_add(since)
            .unwrap_or_else(|_| self.start.clone())
    }
}
