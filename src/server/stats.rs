//! Owns `Stats`: what the server has counted, readable while it runs.
//!
//! Law: counts only grow, and are told whole by `Counters::stats`. Relaxed atomics, because each
//! count stands alone.

use std::sync::atomic::{AtomicU64, Ordering};

use super::desk::Tally;

/// What a server has counted since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// WebSocket connections that stood.
    pub connections: u64,
    /// Connections that never got so far: another host or origin, another path, no WebSocket.
    pub refused: u64,
    /// Connections cut because nothing came from them for the idle time.
    pub idle: u64,
    /// Connections cut because their reader fell too far behind.
    pub stalled: u64,
    /// Connections closed because what came was no frame.
    pub garbage: u64,
    /// What was said and done.
    pub tally: Tally,
}

/// The counts, shared by the server's tasks and by whoever watches.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub connections: Counter,
    pub refused: Counter,
    pub idle: Counter,
    pub stalled: Counter,
    pub garbage: Counter,
    chats: Counter,
    rejected: Counter,
    assigned: Counter,
    handed_over: Counter,
    quiet: Counter,
    resumed: Counter,
    lapsed: Counter,
    messages: Counter,
    typing: Counter,
    late: Counter,
    violations: Counter,
}

/// One count.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn set(&self, count: u64) {
        self.0.store(count, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    /// Shows what the desk has counted.
    pub fn show(&self, tally: Tally) {
        self.chats.set(tally.chats);
        self.rejected.set(tally.rejected);
        self.assigned.set(tally.assigned);
        self.handed_over.set(tally.handed_over);
        self.quiet.set(tally.quiet);
        self.resumed.set(tally.resumed);
        self.lapsed.set(tally.lapsed);
        self.messages.set(tally.messages);
        self.typing.set(tally.typing);
        self.late.set(tally.late);
        self.violations.set(tally.violations);
    }

    pub fn stats(&self) -> Stats {
        Stats {
            connections: self.connections.get(),
            refused: self.refused.get(),
            idle: self.idle.get(),
            stalled: self.stalled.get(),
            garbage: self.garbage.get(),
            tally: Tally {
                chats: self.chats.get(),
                rejected: self.rejected.get(),
                assigned: self.assigned.get(),
                handed_over: self.handed_over.get(),
                quiet: self.quiet.get(),
                resumed: self.resumed.get(),
                lapsed: self.lapsed.get(),
                messages: self.messages.get(),
                typing: self.typing.get(),
                late: self.late.get(),
                violations: self.violations.get(),
            },
        }
    }
}
