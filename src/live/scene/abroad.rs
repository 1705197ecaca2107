//! Owns `Abroad`: what the people of an event loop share at a server that speaks another protocol.
//!
//! Law: at a server that speaks the built-in one nothing of it is used.

use std::cell::{Cell, RefCell};
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Scene;
use crate::live::built_in;
use crate::live::courier::Courier;
use crate::live::foreign::lost::Kept;
use crate::live::orbit::Caller;
use crate::live::switchboard::Switchboard;
use crate::wire::frame::{CustomerSide, Hello};
use crate::wire::speaker::{Dispatch, Manners, Protocol};

/// What the people of an event loop share at a foreign server.
#[derive(Debug)]
pub struct Abroad {
    /// What it speaks; none for the built-in protocol.
    pub protocol: Option<Arc<dyn Protocol>>,
    /// How the server goes about chats.
    pub manners: Manners,
    /// How people reach a dispatcher of ours.
    pub switchboard: Rc<Switchboard>,
    /// Carries requests over HTTP.
    pub courier: Courier,
    /// Customers whose connections are lost and whose chats are kept.
    kept: RefCell<FxHashMap<Caller, Kept<CustomerSide>>>,
    /// Connections so far.
    connections: Cell<u32>,
    /// How often the matchers of the protocol took something on connections that are over, and was not
    /// handed on yet.
    matched: RefCell<Vec<u32>>,
}

impl Abroad {
    /// Where nobody has been yet.
    pub(super) fn new(protocol: Option<Arc<dyn Protocol>>) -> Abroad {
        let manners = protocol.as_ref().map(|protocol| protocol.manners());
        Abroad {
            manners: manners.unwrap_or(Manners::NATIVE),
            protocol,
            switchboard: Rc::default(),
            courier: Courier::default(),
            kept: RefCell::default(),
            connections: Cell::new(0),
            matched: RefCell::default(),
        }
    }

    /// The number of a connection, used once in this event loop.
    pub fn next_connection(&self) -> u32 {
        self.connections.replace(self.connections.get() + 1)
    }

    /// Keeps what a customer needs to go on with its chat.
    pub fn keep(&self, caller: Caller, kept: Kept<CustomerSide>) {
        self.kept.borrow_mut().insert(caller, kept);
    }

    /// What was kept of a customer, who comes back for it, or has gone.
    pub fn take(&self, caller: Caller) -> Option<Kept<CustomerSide>> {
        self.kept.borrow_mut().remove(&caller)
    }

    /// Counts what the matchers took on a connection that is over.
    pub fn count(&self, matched: &[u32]) {
        add(&mut self.matched.borrow_mut(), matched);
    }

    /// Hands on what was counted since the last time.
    pub fn take_matched(&self) -> Vec<u32> {
        self.matched.take()
    }

    /// Whether a dispatcher of ours gives out the chats.
    pub fn dispatches(&self) -> bool {
        self.manners.dispatch == Dispatch::Busyhour
    }
}

/// Adds counts to others, place by place.
pub fn add(sums: &mut Vec<u32>, more: &[u32]) {
    sums.resize(sums.len().max(more.len()), 0);
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}

impl<D> Scene<D> {
    /// What a server says of itself that goes by the scenario's rules.
    pub fn usual_hello(&self) -> Hello {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        built_in(&self.plan, nowhere).hello()
    }
}
