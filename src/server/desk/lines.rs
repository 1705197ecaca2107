//! Owns `Lines`: the customers whose chats are kept when their connections are lost.
//!
//! Law: a line is from `open` to a while after the end of the chat, over any number of connections.
//! What is counted of the frames is the same at both ends, so whatever was lost on the way is said
//! again, once and in order.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use super::{ConnId, Out, Parcel};
use crate::center::ChatId;
use crate::time::Time;
use crate::wire::frame::ToCustomer;
use crate::wire::limits::UNHEARD_MOST;

/// A line, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LineId(u32);

/// How a customer is reached.
#[derive(Clone, Copy, Debug)]
pub(super) enum Peer {
    /// On this connection, and with it gone not at all.
    Conn(ConnId),
    /// On whichever it has.
    Line(LineId),
}

/// A customer whose chat is kept.
#[derive(Debug)]
pub(super) struct Line {
    ticket: Arc<str>,
    /// The chat; none once it is over.
    pub chat: Option<ChatId>,
    /// The connection; none while it is lost, or the chat is over.
    pub conn: Option<ConnId>,
    /// How many frames were said, of those that are counted.
    said: u32,
    /// The last of them, as far as it is not known that they were heard.
    unheard: VecDeque<ToCustomer>,
    /// The highest number of the customer's messages that have come.
    pub got: u32,
    /// When it is given up; never while it is connected.
    until: Time,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Lines {
    places: Vec<Option<Line>>,
    free: Vec<LineId>,
    by_ticket: HashMap<Arc<str>, LineId>,
    /// Those without a connection, by when they are given up.
    ending: BTreeSet<(Time, LineId)>,
}

impl Lines {
    /// A line for a chat that begins on this connection; none where the ticket is in use.
    pub fn add(&mut self, ticket: &str, conn: ConnId, got: u32) -> Option<LineId> {
        if self.by_ticket.contains_key(ticket) {
            return None;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            let last = u32::try_from(self.places.len() - 1);
            LineId(last.expect("a line needs a connection, and a process has fewer"))
        });
        let ticket: Arc<str> = ticket.into();
        self.by_ticket.insert(Arc::clone(&ticket), id);
        self.places[id.0 as usize] = Some(Line {
            ticket,
            chat: None,
            conn: Some(conn),
            said: 0,
            unheard: VecDeque::new(),
            got,
            until: Time::NEVER,
        });
        Some(id)
    }

    /// The line of this ticket.
    pub fn find(&self, ticket: &str) -> Option<LineId> {
        self.by_ticket.get(ticket).copied()
    }

    /// The line.
    pub fn get(&mut self, id: LineId) -> &mut Line {
        let line = self.places[id.0 as usize].as_mut();
        line.expect("whoever keeps an id keeps the line")
    }

    /// Says something to the customer, now or when it is back; false where it hears nothing of it.
    pub fn say(&mut self, id: LineId, frame: ToCustomer, out: &mut Out) -> bool {
        let line = self.get(id);
        if frame.is_counted() {
            line.said = line.said.saturating_add(1);
            if line.unheard.len() == UNHEARD_MOST {
                line.unheard.pop_front();
            }
            line.unheard.push_back(frame.clone());
        }
        let Some(conn) = line.conn else {
            return false;
        };
        out.push((conn, Parcel::Customer(frame)));
        true
    }

    /// The customer has heard so many frames; false where some were not kept that it has not.
    pub fn heard(&mut self, id: LineId, heard: u32) -> bool {
        let line = self.get(id);
        let unheard = line.said.saturating_sub(heard) as usize;
        let known = line.unheard.len().saturating_sub(unheard);
        line.unheard.drain(..known);
        unheard <= line.unheard.len()
    }

    /// The line has this connection from now on, unless its chat is over; gives what was missed, to be
    /// said again.
    pub fn connect(&mut self, id: LineId, conn: ConnId) -> VecDeque<ToCustomer> {
        if self.get(id).chat.is_some() {
            self.until(id, Time::NEVER);
            self.get(id).conn = Some(conn);
        }
        self.get(id).unheard.clone()
    }

    /// The line has no connection any more, and is given up then.
    pub fn until(&mut self, id: LineId, until: Time) {
        let before = std::mem::replace(&mut self.get(id).until, until);
        if before.comes() {
            self.ending.remove(&(before, id));
        }
        if until.comes() {
            self.get(id).conn = None;
            self.ending.insert((until, id));
        }
    }

    /// The line that is given up next, and when.
    pub fn next(&self) -> Option<(Time, LineId)> {
        self.ending.first().copied()
    }

    /// Nobody asks for it any more.
    pub fn remove(&mut self, id: LineId) {
        self.until(id, Time::NEVER);
        if let Some(line) = self.places[id.0 as usize].take() {
            self.by_ticket.remove(&line.ticket);
            self.free.push(id);
        }
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        *self = Lines::default();
    }

    /// How many there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.by_ticket.len()
    }
}
