//! Owns the `Dispatcher`: who gives chats to agents in a live run against a server that does not.
//!
//! Law: it is the built-in server's desk, with the same router, in the coordinator of the run. What
//! people say goes over the server under test; the desk hears of it by the marker alone, so that it
//! knows how each chat stands. It brings no message but to an agent who gets a chat in which that was
//! said to another.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::time::Instant;

use super::switchboard::{Delivery, Post, Posted};
use crate::scenario::plan::Plan;
use crate::server::ServerOptions;
use crate::server::clock::LiveClock;
use crate::server::desk::{ConnId, Desk, Input, Out, Parcel, Role};
use crate::time::{Span, Time};
use crate::wire::frame::{Frame, FromAgent, FromCustomer, ToAgent, ToCustomer};

/// Who gives chats to agents.
#[derive(Debug)]
pub struct Dispatcher {
    desk: Desk,
    begin: Time,
    clock: Option<LiveClock>,
    people: HashMap<ConnId, Person>,
    /// The customers who have asked for an agent, by the names of their chats.
    customers: HashMap<String, ConnId>,
    /// Agents, by number.
    agents: HashMap<u32, ConnId>,
    /// Whether messages that go out now were said to another agent than hears of them.
    carries: bool,
    out: Out,
}

/// Somebody who is in at the server.
#[derive(Debug)]
struct Person {
    role: Role,
    address: String,
    /// The name of its chat, of a customer who has asked for an agent.
    marker: Option<String>,
    /// Its number, of an agent who has come online.
    agent: Option<u32>,
    /// How many agents a customer's chat was given to so far.
    met: u32,
}

/// How many lines a worker may have had.
const LINES: u32 = 48;

/// A line of a worker as a connection of the desk.
fn conn(worker: usize, line: u64) -> ConnId {
    ConnId((worker as u64) << LINES | line)
}

/// The worker and its line.
fn line(conn: ConnId) -> (usize, u64) {
    ((conn.0 >> LINES) as usize, conn.0 & ((1 << LINES) - 1))
}

impl Dispatcher {
    /// A dispatcher by the plan's rules, for the people of this replication.
    pub fn new(plan: &Plan, replication: u32) -> Dispatcher {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = ServerOptions {
            replication,
            // A chat goes on only where the server under test keeps it.
            kept_for: Span::ZERO,
            // Who is silent is for that to say.
            idle: Duration::ZERO,
            ..super::built_in(plan, nowhere)
        };
        Dispatcher {
            desk: options.desk(),
            begin: plan.begin,
            clock: None,
            people: HashMap::new(),
            customers: HashMap::new(),
            agents: HashMap::new(),
            carries: true,
            out: Vec::new(),
        }
    }

    /// The scenario's time goes from this instant on.
    pub fn start(&mut self, at: Instant, plan: &Plan) {
        self.clock = Some(LiveClock::starting(at, plan.begin, plan.live.speed));
    }

    /// When `wake` is to be called; none for not at all.
    pub fn deadline(&self) -> Option<Instant> {
        let deadline = self.desk.deadline();
        let clock = self.clock.filter(|_| deadline.comes())?;
        Some(clock.instant(deadline))
    }

    fn now(&self) -> Time {
        self.clock.map_or(self.begin, |clock| clock.now())
    }

    /// Does what was due: chats end whose customers have been quiet for too long.
    pub fn wake(&mut self) -> Vec<(usize, Delivery)> {
        let now = self.now();
        self.carries = true;
        self.desk.wake(now, &mut self.out);
        self.deliveries()
    }

    /// Takes what a worker's person has posted; gives what it causes, each for a worker. What is no
    /// frame is let pass.
    pub fn take(&mut self, worker: usize, posted: Posted) -> Vec<(usize, Delivery)> {
        let from = conn(worker, posted.line);
        let now = self.now();
        let input = match posted.what {
            Post::Customer { address } => self.join(from, address, Role::Customer),
            Post::Agent { address } => self.join(from, address, Role::Agent),
            Post::Says(text) => match self.read(from, &text) {
                Some(input) => input,
                None => return Vec::new(),
            },
            Post::Leaves => Input::Closed,
            Post::Lost => Input::Gone,
        };
        let ends = matches!(input, Input::Closed | Input::Gone);
        self.carries = !self.is_said_to_its_agent(from, &input);
        self.desk.handle(now, from, input, &mut self.out);
        self.desk.settle(now, &mut self.out);
        let deliveries = self.deliveries();
        if ends {
            self.forget(from);
        }
        deliveries
    }

    fn join(&mut self, from: ConnId, address: String, role: Role) -> Input {
        let person = Person {
            role,
            address,
            marker: None,
            agent: None,
            met: 0,
        };
        self.people.insert(from, person);
        Input::Joined(role)
    }

    /// What somebody says, and who that is.
    fn read(&mut self, from: ConnId, text: &str) -> Option<Input> {
        let person = self.people.get_mut(&from)?;
        if person.role == Role::Agent {
            let frame = FromAgent::decode(text).ok()?;
            if let FromAgent::Online { agent, .. } = frame {
                person.agent = Some(agent);
                self.agents.insert(agent, from);
            }
            return Some(Input::Agent(frame));
        }
        let frame = FromCustomer::decode(text).ok()?;
        if let FromCustomer::Open { marker, .. } = &frame {
            person.marker = Some(marker.clone());
            self.customers.insert(marker.clone(), from);
        }
        Some(Input::Customer(frame))
    }

    /// Whether a customer says something to the agent who has its chat, as far as it is known here: one
    /// who has not heard yet that it has another says it to the one before.
    fn is_said_to_its_agent(&self, from: ConnId, input: &Input) -> bool {
        let Input::Customer(FromCustomer::Say { heard, .. }) = input else {
            return false;
        };
        self.people
            .get(&from)
            .is_some_and(|person| person.met == *heard)
    }

    fn forget(&mut self, from: ConnId) {
        let Some(person) = self.people.remove(&from) else {
            return;
        };
        if let Some(marker) = person.marker
            && self.customers.get(&marker) == Some(&from)
        {
            self.customers.remove(&marker);
        }
        if let Some(agent) = person.agent
            && self.agents.get(&agent) == Some(&from)
        {
            self.agents.remove(&agent);
        }
    }

    /// What goes out, each with the worker whose person it is for.
    fn deliveries(&mut self) -> Vec<(usize, Delivery)> {
        let out = std::mem::take(&mut self.out);
        let carries = self.carries;
        let deliveries = out.into_iter().map(|(to, parcel)| {
            let peer = self.peer(&parcel).map(|peer| peer.address.clone());
            let (worker, line) = line(to);
            if let Parcel::Customer(ToCustomer::Assigned { .. }) = parcel
                && let Some(person) = self.people.get_mut(&to)
            {
                person.met += 1;
            }
            let carried = carries && matches!(parcel, Parcel::Agent(ToAgent::Message { .. }));
            let frame = match parcel {
                Parcel::Customer(frame) => Some(frame.encode().to_string()),
                Parcel::Agent(frame) => Some(frame.encode().to_string()),
                Parcel::End(_) => None,
            };
            let delivery = Delivery {
                line,
                frame,
                peer,
                carried,
            };
            (worker, delivery)
        });
        deliveries.collect()
    }

    /// Who is at the other side of a chat that a parcel assigns.
    fn peer(&self, parcel: &Parcel) -> Option<&Person> {
        let conn = match parcel {
            Parcel::Customer(ToCustomer::Assigned { agent }) => self.agents.get(agent),
            Parcel::Agent(ToAgent::Assigned { marker, .. }) => self.customers.get(marker),
            _ => None,
        };
        self.people.get(conn?)
    }
}
