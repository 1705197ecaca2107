//! Owns what a coordinator does where the server speaks another protocol: it gives out the chats that the
//! server does not, and sees which of the protocol's matchers took nothing.
//!
//! Law: at a server that speaks the built-in protocol it does nothing.

use std::future::pending;
use std::iter::repeat;
use std::sync::Arc;

use tokio::time::{Instant, sleep_until};

use crate::live::Options;
use crate::live::dispatcher::Dispatcher;
use crate::live::remarks::Remarks;
use crate::live::scene::abroad::add;
use crate::live::switchboard::Delivery;
use crate::scenario::plan::Plan;
use crate::wire::speaker::Protocol;

/// What a coordinator does where the server speaks another protocol.
pub(super) struct Abroad {
    /// Who gives out the chats, where the server does not.
    dispatcher: Option<Dispatcher>,
    protocol: Option<Arc<dyn Protocol>>,
    /// How often its matchers took something.
    matched: Vec<u32>,
}

impl Abroad {
    pub fn new(plan: &Plan, options: &Options) -> Abroad {
        let dispatches = options.dispatches();
        Abroad {
            dispatcher: dispatches.then(|| Dispatcher::new(plan, options.replication)),
            protocol: options.protocol.clone(),
            matched: Vec::new(),
        }
    }

    /// The scenario's time goes from this instant on.
    pub fn start(&mut self, at: Instant, plan: &Plan) {
        if let Some(dispatcher) = &mut self.dispatcher {
            dispatcher.start(at, plan);
        }
    }

    /// Waits until the dispatcher is to be woken; for ever where it is not. Cancel-safe.
    pub async fn due(&self) {
        match self.dispatcher.as_ref().and_then(Dispatcher::deadline) {
            Some(at) => sleep_until(at).await,
            None => pending().await,
        }
    }

    /// Has the dispatcher do something; gives what it says, each with the worker whose person it is
    /// for.
    pub fn dispatch(
        &mut self,
        act: impl FnOnce(&mut Dispatcher) -> Vec<(usize, Delivery)>,
    ) -> Vec<(usize, Delivery)> {
        self.dispatcher.as_mut().map(act).unwrap_or_default()
    }

    /// Counts what matchers took.
    pub fn count(&mut self, matched: &[u32]) {
        add(&mut self.matched, matched);
    }

    /// Which matchers took nothing: a name may be misspelt, or what it is for has not happened.
    pub fn remarks(&self) -> Remarks {
        let mut remarks = Remarks::default();
        let names = self
            .protocol
            .iter()
            .flat_map(|protocol| protocol.matchers());
        let counts = self.matched.iter().chain(repeat(&0));
        let idle = names.zip(counts).filter(|(_, count)| **count == 0);
        let idle = idle.map(|(name, _)| name.as_str());
        // Nobody misses what is to be let pass.
        let idle: Vec<&str> = idle.filter(|name| !name.contains(".ignored")).collect();
        if !idle.is_empty() {
            let words = format!(
                "matchers of the protocol that took nothing: {}",
                idle.join(", ")
            );
            remarks.add(words, 1);
        }
        remarks
    }
}
