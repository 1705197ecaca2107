//! Owns `Snapshot`: how a live run stands, whole, for whoever looks in while it lasts.
//!
//! Law: the run's thread puts one down and never waits for a reader; a reader takes the latest and
//! asks the run for nothing. Where nobody looks in, none is made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::journal::{FAULTS, Fault};
use super::ledger::Ledger;
use crate::measure::clock::Gauge;
use crate::measure::meter::Meter;
use crate::time::Time;

/// How a live run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// What it has counted so far.
    pub meter: Meter,
    pub(super) faults: [u64; FAULTS],
    /// Messages that did not come and are not lost.
    pub undelivered: u64,
    /// Chats waiting.
    pub queue: u32,
    /// Slots in use, wrap-up included.
    pub slots: u32,
    /// Agents with at least one slot in use.
    pub busy: u32,
    /// Agents online.
    pub online: u32,
    /// Customers who are there.
    pub customers: u32,
    /// Arrivals that this machine could not start.
    pub not_started: u32,
    /// The scenario's time.
    pub now: Time,
}

impl Snapshot {
    /// What the ledger knows; the rest is the coordinator's to say.
    pub fn of(ledger: &Ledger) -> Snapshot {
        let integrity = ledger.integrity();
        Snapshot {
            meter: ledger.meter().cloned().unwrap_or_default(),
            faults: Fault::ALL.map(|fault| integrity.count(fault)),
            undelivered: integrity.undelivered(),
            queue: ledger.count(Gauge::Queue),
            slots: ledger.count(Gauge::Active),
            busy: ledger.count(Gauge::Busy),
            ..Snapshot::default()
        }
    }

    /// How often the server has done what it must not.
    pub fn faults(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }
}

/// Where the latest snapshot of a run lies.
#[derive(Debug, Default)]
pub struct Showcase {
    watched: AtomicBool,
    latest: Mutex<Arc<Snapshot>>,
}

impl Showcase {
    /// Somebody will look in; to be said before the run.
    pub fn open(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Whether somebody looks in.
    pub fn is_open(&self) -> bool {
        self.watched.load(Ordering::Relaxed)
    }

    /// Puts a snapshot down, unless a reader is just taking one: the next comes soon.
    pub(super) fn put(&self, snapshot: Snapshot) {
        if let Ok(mut latest) = self.latest.try_lock() {
            *latest = Arc::new(snapshot);
        }
    }

    /// The run is over: what the ledger has come to.
    pub(super) fn conclude(&self, ledger: &Ledger) {
        if self.is_open() {
            let last = self.latest();
            let snapshot = Snapshot {
                not_started: last.not_started,
                now: last.now,
                ..Snapshot::of(ledger)
            };
            *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        }
    }

    /// The latest snapshot.
    pub fn latest(&self) -> Arc<Snapshot> {
        let latest = self.latest.lock();
        Arc::clone(&latest.unwrap_or_else(PoisonError::into_inner))
    }
}
