//! Owns what becomes of a chat whose customer's connection is lost, and how it goes on.
//!
//! Law: nobody but the customer notices a connection that is lost and back in time. Whoever shows
//! the ticket is the customer, and has one connection: the last one.

use super::chats::Stage;
use super::lines::{LineId, Peer};
use super::{ConnId, Desk, Ending, Out, Parcel, Visitor};
use crate::center::ChatId;
use crate::time::Span;
use crate::wire::frame::{Party, ToCustomer};
use crate::wire::marker;
use crate::wire::reason::Reason;

impl Desk {
    /// How the customer is reached who opens a chat on this connection, with its first message if it
    /// has `said` one. A server that keeps nothing lets tickets pass.
    pub(super) fn peer(
        &mut self,
        from: ConnId,
        ticket: Option<&str>,
        said: bool,
    ) -> Result<Peer, Reason> {
        match ticket {
            Some(ticket) if !marker::is_ticket(ticket) => Err(Reason::BadTicket),
            Some(ticket) if self.kept_for > Span::ZERO => {
                let line = self.lines.add(ticket, from, said.into());
                line.map(Peer::Line).ok_or(Reason::BadTicket)
            }
            _ => Ok(Peer::Conn(from)),
        }
    }

    /// Says something to a customer, now or when it is back; false where it hears nothing of it.
    pub(super) fn hears(&mut self, peer: Peer, frame: ToCustomer, out: &mut Out) -> bool {
        match peer {
            Peer::Conn(conn) => {
                out.push((conn, Parcel::Customer(frame)));
                true
            }
            Peer::Line(line) => self.lines.say(line, frame, out),
        }
    }

    /// Tells the customer that the chat is over, and ends the connection.
    pub(super) fn close(&mut self, peer: Peer, by: Party, out: &mut Out) {
        self.hears(peer, ToCustomer::Closed { by }, out);
        let conn = match peer {
            Peer::Conn(conn) => Some(conn),
            Peer::Line(line) => {
                let conn = self.lines.get(line).conn;
                self.lines.get(line).chat = None;
                if conn.is_some() {
                    // It may not hear it.
                    self.lines.until(line, self.now + self.kept_for);
                }
                conn
            }
        };
        if let Some(conn) = conn {
            self.visitors.remove(&conn);
            out.push((conn, Parcel::End(Ending::Done)));
        }
    }

    /// The customer's connection is lost: its chat is kept for a while, or over.
    pub(super) fn lose(&mut self, id: ChatId, out: &mut Out) {
        match self.chats[id].customer() {
            Some(Peer::Line(line)) => self.lines.until(line, self.now + self.kept_for),
            _ => self.leave(id, out),
        }
    }

    /// The customer has left of itself: nobody asks for the chat any more.
    pub(super) fn forget(&mut self, peer: Option<Peer>) {
        if let Some(Peer::Line(line)) = peer {
            self.lines.remove(line);
        }
    }

    /// A line is given up. If its chat is not over, that is as if the customer had left now.
    pub(super) fn give_up(&mut self, line: LineId, out: &mut Out) {
        if let Some(chat) = self.lines.get(line).chat {
            self.tally.lapsed += 1;
            self.leave(chat, out);
        }
        self.lines.remove(line);
    }

    /// A chat goes on on this connection, if there is one of that ticket and all can be said again
    /// that was missed.
    pub(super) fn resume(&mut self, from: ConnId, ticket: &str, heard: u32, out: &mut Out) {
        let found = self.lines.find(ticket);
        let Some(line) = found.filter(|line| self.lines.heard(*line, heard)) else {
            if let Some(line) = found {
                self.replace(line, out);
                self.give_up(line, out);
            }
            out.push((from, Parcel::Customer(ToCustomer::Gone {})));
            return;
        };
        self.replace(line, out);
        self.tally.resumed += 1;
        let missed = self.lines.connect(line, from);
        let resumed = ToCustomer::Resumed {
            got: self.lines.get(line).got,
            missed: missed.len() as u32,
        };
        let frames = std::iter::once(resumed).chain(missed);
        out.extend(frames.map(|frame| (from, Parcel::Customer(frame))));
        match self.lines.get(line).chat {
            Some(chat) => drop(self.visitors.insert(from, Visitor::Customer(Some(chat)))),
            None => {
                self.visitors.remove(&from);
                out.push((from, Parcel::End(Ending::Done)));
            }
        }
    }

    /// The connection that a line has, if it has one, is replaced: what still comes on it is let
    /// pass.
    fn replace(&mut self, line: LineId, out: &mut Out) {
        if let Some(before) = self.lines.get(line).conn.take() {
            self.visitors.remove(&before);
            out.push((before, Parcel::End(Ending::Replaced)));
        }
    }
}

impl super::chats::Chat {
    /// How its customer is reached; none once that has gone.
    pub(super) fn customer(&self) -> Option<Peer> {
        match self.stage {
            Stage::Waiting(customer) | Stage::Talking { customer, .. } => Some(customer),
            Stage::Left | Stage::Closed => None,
        }
    }
}
