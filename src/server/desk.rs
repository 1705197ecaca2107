//! Owns `Desk`: who is in which chat, and what each is told. The server without its sockets.
//!
//! Law: one input in, with its time, and the frames it causes out, in order; no clock, socket or
//! task. Nothing that a customer or an agent says costs anybody else's chat, and the router's K
//! holds. A machine apart, because then a whole conversation can be replayed to the letter.
//!
//! It has one wake-up, `deadline`: the next chat that is ended because its customer is quiet, or was
//! away for too long.

mod agents;
mod chats;
mod customers;
mod lines;
mod resume;

use std::collections::HashMap;

use chats::{Chat, Chats, Stage};
use lines::Lines;

use crate::center::router::{Assignment, Router};
use crate::center::rules::{Policy, Request, RouterRules};
use crate::center::{AgentId, ChatId};
use crate::random::{Kind, Population, Purpose};
use crate::time::{Span, Time};
use crate::wire::frame::{FromAgent, FromCustomer, Hello, Party, ToAgent, ToCustomer};
use crate::wire::marker::Marker;

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
    /// It is over: the peer has closed it in due form, which is leaving.
    Closed,
    /// It is over, for whatever other reason.
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
    /// The chat goes on on another connection.
    Replaced,
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
    /// Chats given to an agent, those that had been handed over once more.
    pub assigned: u64,
    /// Chats that an agent has handed over.
    pub handed_over: u64,
    /// Chats ended because the customer was quiet.
    pub quiet: u64,
    /// Chats that went on on another connection.
    pub resumed: u64,
    /// Chats ended because the customer did not come back.
    pub lapsed: u64,
    /// Messages and replies handed on.
    pub messages: u64,
    /// Typing indicators handed on.
    pub typing: u64,
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

/// What a desk goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskRules {
    /// How it gives out chats.
    pub router: RouterRules,
    /// A chat in which the agent has answered is ended when the customer says nothing for so long;
    /// endless for never.
    pub inactivity: Span,
    /// For how long the chat of a customer is kept whose connection is lost; zero for not at all.
    pub kept_for: Span,
    /// Of the lots of random routing.
    pub seed: u64,
    /// Which replication the customers are of whose markers are a run's.
    pub replication: u32,
}

/// The server's state.
#[derive(Debug)]
pub struct Desk {
    hello: Hello,
    router: Router,
    inactivity: Span,
    kept_for: Span,
    /// The customers of a run.
    people: Population,
    /// Chats of anybody else.
    strangers: Population,
    visitors: HashMap<ConnId, Visitor>,
    chats: Chats,
    lines: Lines,
    seats: Vec<Seat>,
    tally: Tally,
    /// When the input came that is carried out.
    now: Time,
    /// Chats were handed over and not given out yet.
    unsettled: bool,
    /// Who has freed a slot, by which chat, and is still to hear that nothing more comes of it.
    freed: Vec<(AgentId, u64)>,
    stopping: bool,
}

impl Desk {
    /// A desk without visitors, which greets with `hello`.
    pub fn new(rules: DeskRules, hello: Hello) -> Desk {
        Desk {
            hello,
            router: Router::new(rules.router, 0, 0),
            inactivity: rules.inactivity,
            kept_for: rules.kept_for,
            people: Population::new(rules.seed, rules.replication, Kind::Customer),
            strangers: Population::new(rules.seed, 0, Kind::Chat),
            visitors: HashMap::new(),
            chats: Chats::default(),
            lines: Lines::default(),
            seats: Vec::new(),
            tally: Tally::default(),
            now: Time::ZERO,
            unsettled: false,
            freed: Vec::new(),
            stopping: false,
        }
    }

    /// Takes one input, which came at `now`; what it causes is appended to `out`. Inputs of a
    /// connection that is not known, or no longer, are let pass: frames cross.
    ///
    /// Chats that are handed over one after the other are given out together, the oldest first:
    /// when something else comes, or at `settle`.
    pub fn handle(&mut self, now: Time, from: ConnId, input: Input, out: &mut Out) {
        self.now = now;
        let hands_over = matches!(input, Input::Agent(FromAgent::HandOver { .. }));
        if !hands_over {
            self.settle(now, out);
        }
        match (input, self.visitors.get(&from).copied()) {
            (Input::Joined(role), None) => self.join(from, role, out),
            (Input::Customer(frame), Some(Visitor::Customer(chat))) => {
                self.customer(from, chat, frame, out);
            }
            (Input::Agent(frame), Some(Visitor::Agent(agent))) => {
                self.agent(from, agent, frame, out);
            }
            (Input::Closed, Some(visitor)) => self.gone(from, visitor, true, out),
            (Input::Gone, Some(visitor)) => self.gone(from, visitor, false, out),
            _ => {}
        }
        if hands_over {
            self.unsettled = true;
        } else {
            self.assign(out);
        }
    }

    /// Gives out the chats that were handed over; to be called when no more inputs are there.
    pub fn settle(&mut self, now: Time, out: &mut Out) {
        self.now = now;
        if std::mem::take(&mut self.unsettled) {
            self.assign(out);
        }
    }

    /// When `wake` is to be called; `Time::NEVER` for not at all.
    pub fn deadline(&self) -> Time {
        if self.stopping {
            return Time::NEVER;
        }
        let quietest = self.chats.quietest().map(|(until, _)| until);
        let away = self.lines.next().map(|(until, _)| until);
        let first = quietest.into_iter().chain(away).min();
        first.unwrap_or(Time::NEVER)
    }

    /// Ends the chats whose customers have been quiet, or away, for too long. Their slots stay held.
    pub fn wake(&mut self, now: Time, out: &mut Out) {
        self.now = now;
        loop {
            let due = self.deadline();
            if due > now || !due.comes() {
                return;
            }
            match (self.lines.next(), self.chats.quietest()) {
                (Some((until, line)), _) if until == due => self.give_up(line, out),
                (_, Some((_, quiet))) => self.end_quiet(quiet, out),
                (_, None) => unreachable!("somebody is quiet or away"),
            }
        }
    }

    fn end_quiet(&mut self, id: ChatId, out: &mut Out) {
        let Stage::Talking { customer, .. } = self.chats[id].stage else {
            unreachable!("only who talks can be quiet");
        };
        self.tally.quiet += 1;
        self.leave(id, out);
        self.close(customer, Party::Server, out);
    }

    /// Ends every chat and every connection, and each that still comes.
    pub fn stop(&mut self, out: &mut Out) {
        (self.stopping, self.unsettled) = (true, false);
        self.freed.clear();
        self.lines.clear();
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
                Parcel::Customer(ToCustomer::Hello(hello.into())),
            ),
            Role::Agent => (
                Visitor::Agent(None),
                Parcel::Agent(ToAgent::Hello(hello.into())),
            ),
        };
        self.visitors.insert(conn, visitor);
        out.push((conn, hello));
    }

    fn gone(&mut self, conn: ConnId, visitor: Visitor, leaves: bool, out: &mut Out) {
        self.visitors.remove(&conn);
        match visitor {
            Visitor::Customer(Some(chat)) if leaves => {
                self.forget(self.chats[chat].customer());
                self.leave(chat, out);
            }
            Visitor::Customer(Some(chat)) => self.lose(chat, out),
            Visitor::Agent(Some(agent)) => self.vanish(agent, out),
            Visitor::Customer(None) | Visitor::Agent(None) => {}
        }
    }

    /// Gives waiting chats to agents with room. A chat that waits on is not told again. Who has
    /// freed a slot hears last that this was all.
    fn assign(&mut self, out: &mut Out) {
        while let Some(Assignment { chat: id, agent }) = self.router.next_assignment(self.now) {
            let seat = &mut self.seats[agent.index()];
            seat.chats.push(id);
            let chat = &mut self.chats[id];
            let Stage::Waiting(customer) = chat.stage else {
                unreachable!("only a waiting chat is in the queue");
            };
            let desk = seat.conn.expect("only an agent who is online has room");
            chat.stage = Stage::Talking { customer, agent };
            let waits_for_customer = chat.turn > 0 && chat.kept.is_empty();
            self.tally.assigned += 1;
            self.tally.messages += chat.hand_on();
            let frames = chat.assignment();
            out.extend(frames.map(|frame| (desk, Parcel::Agent(frame))));
            if waits_for_customer {
                self.chats.quiet(id, self.now + self.inactivity);
            }
            let agent = agent.0;
            self.hears(customer, ToCustomer::Assigned { agent }, out);
        }
        for (agent, chat) in std::mem::take(&mut self.freed) {
            self.tell(agent, ToAgent::Freed { chat }, out);
        }
    }

    /// What the router has to know of a chat.
    fn request(&self, id: ChatId) -> Request {
        let chat = &self.chats[id];
        Request {
            level: chat.level,
            offered: chat.offered,
            lot: match self.router.rules().policy {
                Policy::Random => self.lot(chat),
                _ => 0,
            },
        }
    }

    /// The lot of a customer of a run is drawn as in the simulation, that of anybody else by the
    /// number of the chat.
    fn lot(&self, chat: &Chat) -> u32 {
        let draws = match Marker::parse(&chat.marker) {
            Some(marker) => self.people.person(marker.customer.into(), marker.attempt),
            None => self.strangers.person(chat.number, 0),
        };
        draws.at(Purpose::Routing, chat.turn.into()).lot()
    }

    fn tell(&self, agent: AgentId, frame: ToAgent, out: &mut Out) {
        let conn = self.seats[agent.index()].conn;
        let conn = conn.expect("an agent who holds chats has a connection");
        out.push((conn, Parcel::Agent(frame)));
    }
}

#[cfg(test)]
mod tests;
