//! Owns `Desk`: who is in which chat, and what each is told. The server without its sockets.
//!
//! Law: one input in, the frames it causes out, in order; no clock, socket or task. Nothing that a
//! customer or an agent says costs anybody else's chat, and the router's K holds. A machine apart,
//! because then a whole conversation can be replayed to the letter.

mod agents;
mod chats;
mod customers;

use std::collections::HashMap;

use chats::{Chats, Stage};

use crate::center::router::{Assignment, Router};
use crate::center::rules::RouterRules;
use crate::center::{AgentId, ChatId};
use crate::time::Time;
use crate::wire::frame::{FromAgent, FromCustomer, Hello, Party, ToAgent, ToCustomer};

/// A connection, by a number used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A customer's.
    Customer,
    /// An agent's.
    Agent,
}

/// What happens on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// It stands.
    Joined(Role),
    /// The customer says.
    Customer(FromCustomer),
    /// The agent says.
    Agent(FromAgent),
    /// It is over, for whatever reason.
    Gone,
}

/// What goes out on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parcel {
    /// To a customer.
    Customer(ToCustomer),
    /// To an agent.
    Agent(ToAgent),
    /// Nothing more: the connection is to be closed.
    End(Ending),
}

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The chat is over.
    Done,
    /// The server stops.
    Stopping,
}

/// Parcels, in order, each with its connection.
pub type Out = Vec<(ConnId, Parcel)>;

/// What the desk has counted since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Chats opened, the rejected ones included.
    pub chats: u64,
    /// Chats turned away.
    pub rejected: u64,
    /// Chats given to an agent.
    pub assigned: u64,
    /// Messages and replies handed on.
    pub messages: u64,
    /// Replies to customers who had gone: their frames crossed.
    pub late: u64,
    /// Frames that were refused.
    pub violations: u64,
}

/// Who a connection has turned out to be.
#[derive(Clone, Copy, Debug)]
enum Visitor {
    Customer(Option<ChatId>),
    Agent(Option<AgentId>),
}

/// An agent's place.
#[derive(Clone, Debug, Default)]
struct Seat {
    conn: Option<ConnId>,
    leaving: bool,
    /// The chats whose slots it holds.
    chats: Vec<ChatId>,
}

/// The server's state.
#[derive(Debug)]
pub struct Desk {
    hello: Hello,
    router: Router,
    visitors: HashMap<ConnId, Visitor>,
    chats: Chats,
    seats: Vec<Seat>,
    tally: Tally,
    stopping: bool,
}

impl Desk {
    /// A desk without visitors, which greets with `hello`.
    pub fn new(rules: RouterRules, hello: Hello) -> Desk {
        Desk {
            hello,
            router: Router::new(rules, 0, 0),
            visitors: HashMap::new(),
            chats: Chats::default(),
            seats: Vec::new(),
            tally: Tally::default(),
            stopping: false,
        }
    }

    /// Takes one input; what it causes is appended to `out`. Inputs of a connection that is not
    /// known, or no longer, are let pass: frames cross.
    pub fn handle(&mut self, from: ConnId, input: Input, out: &mut Out) {
        match (input, self.visitors.get(&from).copied()) {
            (Input::Joined(role), None) => self.join(from, role, out),
            (Input::Customer(frame), Some(Visitor::Customer(chat))) => {
                self.customer(from, chat, frame, out);
            }
            (Input::Agent(frame), Some(Visitor::Agent(agent))) => {
                self.agent(from, agent, frame, out);
            }
            (Input::Gone, Some(visitor)) => self.gone(from, visitor, out),
            _ => {}
        }
        self.assign(out);
    }

    /// Ends every chat and every connection, and each that still comes.
    pub fn stop(&mut self, out: &mut Out) {
        self.stopping = true;
        let mut visitors: Vec<_> = self.visitors.drain().collect();
        visitors.sort_unstable_by_key(|(conn, _)| *conn);
        for (conn, visitor) in visitors {
            if let Visitor::Customer(Some(_)) = visitor {
                let by = Party::Server;
                out.push((conn, Parcel::Customer(ToCustomer::Closed { by })));
            }
            out.push((conn, Parcel::End(Ending::Stopping)));
        }
    }

    /// What was counted.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// How many chats wait for an agent.
    pub fn waiting(&self) -> u32 {
        self.router.waiting()
    }

    /// How many slots the agent holds, wrap-up included.
    pub fn held(&self, agent: u32) -> u32 {
        self.router.held(AgentId(agent))
    }

    fn join(&mut self, conn: ConnId, role: Role, out: &mut Out) {
        if self.stopping {
            out.push((conn, Parcel::End(Ending::Stopping)));
            return;
        }
        let hello = self.hello.clone();
        let (visitor, hello) = match role {
            Role::Customer => (
                Visitor::Customer(None),
                Parcel::Customer(ToCustomer::Hello(hello)),
            ),
            Role::Agent => (Visitor::Agent(None), Parcel::Agent(ToAgent::Hello(hello))),
        };
        self.visitors.insert(conn, visitor);
        out.push((conn, hello));
    }

    fn gone(&mut self, conn: ConnId, visitor: Visitor, out: &mut Out) {
        self.visitors.remove(&conn);
        match visitor {
            Visitor::Customer(Some(chat)) => self.leave(chat, out),
            Visitor::Agent(Some(agent)) => self.vanish(agent, out),
            Visitor::Customer(None) | Visitor::Agent(None) => {}
        }
    }

    /// Gives waiting chats to agents with room. A chat that waits on is not told again.
    fn assign(&mut self, out: &mut Out) {
        while let Some(Assignment { chat: id, agent }) = self.router.next_assignment(Time::ZERO) {
            let seat = &mut self.seats[agent.index()];
            seat.chats.push(id);
            let chat = &mut self.chats[id];
            let Stage::Waiting(customer) = chat.stage else {
                unreachable!("only a waiting chat is in the queue");
            };
            let desk = seat.conn.expect("only an agent who is online has room");
            chat.stage = Stage::Talking { customer, agent };
            let (marker, text) = (std::mem::take(&mut chat.marker), chat.first.take());
            self.tally.assigned += 1;
            self.tally.messages += u64::from(text.is_some());
            let chat = chat.number;
            let assigned = ToAgent::Assigned { chat, marker, text };
            out.push((desk, Parcel::Agent(assigned)));
            let agent = agent.0;
            out.push((customer, Parcel::Customer(ToCustomer::Assigned { agent })));
        }
    }

    fn tell(&self, agent: AgentId, frame: ToAgent, out: &mut Out) {
        let conn = self.seats[agent.index()].conn;
        let conn = conn.expect("an agent who holds chats has a connection");
        out.push((conn, Parcel::Agent(frame)));
    }
}

#[cfg(test)]
mod tests;
