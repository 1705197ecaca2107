//! Owns the hub: the one task that owns the `Desk`, and the outboxes of all connections.
//!
//! Law: it never waits for a connection. What a connection does not take in time fills its bounded
//! outbox, and then that connection is cut; so one slow reader costs nobody else a moment. One
//! task, because assignment is one decision after another and needs no lock that way.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use super::clock::LiveClock;
use super::desk::{ConnId, Desk, Input, Out, Parcel, Role};
use super::pace::{BATCH, Pace};
use super::stats::Counters;
use crate::time::Time;

/// Notes that may wait in the inbox before connections wait to put theirs in.
pub(super) const INBOX: usize = 4_096;

/// What connections tell the hub.
#[derive(Debug)]
pub(super) enum Note {
    /// A connection stands.
    Joined(ConnId, Role, Outbox),
    /// A frame has come.
    Heard(ConnId, Input),
    /// A connection is over, and whether its peer has closed it in due form.
    Gone(ConnId, bool),
    /// The server stops.
    Stop,
}

/// Where the hub puts what goes out on a connection.
#[derive(Debug)]
pub(super) struct Outbox {
    parcels: mpsc::Sender<Box<Parcel>>,
    cut: oneshot::Sender<()>,
}

/// The connection's end of its outbox.
#[derive(Debug)]
pub(super) struct Inlet {
    /// What goes out, in order. Boxed: a channel has room for 32 at the least, and most connections
    /// never have more than one or two under way.
    pub parcels: mpsc::Receiver<Box<Parcel>>,
    /// Comes when the connection is to be cut.
    pub cut: oneshot::Receiver<()>,
}

/// An outbox for at most `room` parcels, and its other end.
pub(super) fn outbox(room: usize) -> (Outbox, Inlet) {
    let (sender, parcels) = mpsc::channel(room);
    let (cutter, cut) = oneshot::channel();
    let outbox = Outbox {
        parcels: sender,
        cut: cutter,
    };
    (outbox, Inlet { parcels, cut })
}

struct Hub {
    desk: Desk,
    clock: LiveClock,
    outboxes: HashMap<ConnId, Outbox>,
    out: Out,
    counters: Arc<Counters>,
}

/// Runs the desk, whose time goes at `speed`, until nobody is left who could put a note into the
/// inbox, from which they are taken at that pace.
pub(super) async fn run(
    desk: Desk,
    speed: f64,
    (mut inbox, mut pace): (mpsc::Receiver<Note>, Pace),
    counters: Arc<Counters>,
) {
    let mut hub = Hub {
        desk,
        clock: LiveClock::starting_now(Time::ZERO, speed),
        outboxes: HashMap::new(),
        out: Vec::new(),
        counters,
    };
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let deadline = hub.desk.deadline();
        let taken = tokio::select! {
            taken = pace.take(&mut inbox, &mut batch) => Some(taken),
            () = sleep_until(hub.clock.instant(deadline)), if deadline.comes() => None,
        };
        let now = match taken {
            Some(0) => return,
            Some(_) => hub.clock.now(),
            None => hub.clock.now().max(deadline),
        };
        hub.work(now, &mut batch);
    }
}

impl Hub {
    /// Does what was due by `now`, then what the notes say.
    fn work(&mut self, now: Time, batch: &mut Vec<Note>) {
        self.desk.wake(now, &mut self.out);
        self.deliver(now);
        for note in batch.drain(..) {
            self.take(now, note);
        }
        self.desk.settle(now, &mut self.out);
        self.deliver(now);
        self.counters.show(self.desk.tally());
    }

    fn take(&mut self, now: Time, note: Note) {
        let out = &mut self.out;
        match note {
            Note::Joined(conn, role, outbox) => {
                self.outboxes.insert(conn, outbox);
                self.desk.handle(now, conn, Input::Joined(role), out);
            }
            Note::Heard(conn, input) => self.desk.handle(now, conn, input, out),
            Note::Gone(conn, leaves) => {
                self.outboxes.remove(&conn);
                let input = if leaves { Input::Closed } else { Input::Gone };
                self.desk.handle(now, conn, input, out);
            }
            Note::Stop => self.desk.stop(out),
        }
        self.deliver(now);
    }

    /// Puts what goes out into the outboxes. Whoever has no room left is cut, which may cause more.
    fn deliver(&mut self, now: Time) {
        while !self.out.is_empty() {
            let mut stalled = Vec::new();
            for (conn, parcel) in self.out.drain(..) {
                let Some(outbox) = self.outboxes.get(&conn) else {
                    continue;
                };
                // A connection that is closed, or cut, has a note under way that says so.
                if let Err(TrySendError::Full(_)) = outbox.parcels.try_send(Box::new(parcel)) {
                    stalled.extend(self.outboxes.remove(&conn).map(|outbox| (conn, outbox)));
                }
            }
            for (conn, outbox) in stalled {
                // Without a receiver the connection has just ended by itself.
                let _ = outbox.cut.send(());
                self.counters.stalled.add_one();
                self.desk.handle(now, conn, Input::Gone, &mut self.out);
            }
        }
    }
}
