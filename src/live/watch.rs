//! Owns `Watch`: what can be seen of a live run while it goes on, and how to stop it.
//!
//! Law: written by the run's thread, read by anybody; the run waits for no reader.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::snapshot::Showcase;

/// What can be seen of a live run, in numbers that other threads may read at any time.
#[derive(Debug, Default)]
pub struct Watch {
    /// The scenario's time in nanoseconds since its start; zero before it.
    pub now: AtomicU64,
    /// Whether every agent of the first shift is online and the scenario's time goes.
    pub started: AtomicBool,
    /// Customers who have come.
    pub arrived: AtomicU32,
    /// Chats waiting.
    pub queue: AtomicU32,
    /// Slots in use, wrap-up included.
    pub open: AtomicU32,
    /// Agents with at least one slot in use.
    pub busy: AtomicU32,
    /// Agents online.
    pub agents: AtomicU32,
    /// The 99th percentile of the schedule lag so far, in wall microseconds.
    pub lag_us: AtomicU64,
    /// How the run stands, whole, where somebody looks in.
    pub showcase: Showcase,
    /// Set to stop: open chats are closed, agents log out, the report is made.
    pub stop: AtomicBool,
}

impl Watch {
    /// Whether somebody asked for a stop.
    pub fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}
