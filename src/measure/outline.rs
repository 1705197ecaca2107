//! Owns `Outline`: the frame that measuring needs of a plan.
//!
//! Law: numbers only, so that `measure` stands below `scenario`.

use crate::time::{Span, Time};

/// What is measured, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Customers offered before this instant are excluded, and so is time.
    pub warm_up: Time,
    /// Who leaves the queue after less than this is in no measure; zero for nobody.
    pub short_abandon: Span,
    /// Arrivals happen, and the clock is read, before this instant.
    pub horizon: Time,
    /// The latest instant at which anything can happen.
    pub end: Time,
    /// Length of an interval; the last may be shorter.
    pub interval: Span,
    /// Local midnights within the horizon, the start of the scenario first: where days begin.
    pub days: Vec<Time>,
    /// Each T for which a service level within T is counted, ascending, without repetition.
    pub service_levels: Vec<Span>,
    /// Slots of an agent.
    pub concurrency: u32,
    /// The classes of customers by name, at least one.
    pub classes: Vec<String>,
    /// Whether messages are measured: not in the level model, which has none.
    pub messages: bool,
    /// Whether customers' connections are cut by plan.
    pub cuts: bool,
}

impl Outline {
    /// How many intervals the horizon has.
    pub fn intervals(&self) -> usize {
        self.horizon.0.div_ceil(self.interval.0.max(1)) as usize
    }

    /// The interval that an instant within the horizon lies in.
    #[inline]
    pub fn interval_of(&self, instant: Time) -> usize {
        (instant.0 / self.interval.0) as usize
    }

    /// Start of an interval.
    pub fn interval_start(&self, index: usize) -> Time {
        Time::ZERO + self.interval * index as u64
    }
}
