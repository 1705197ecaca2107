//! Owns `MultiServer`: agents with one chat each, M/M/n with patience of any law. With endless
//! patience this is Erlang C, with exponential patience Erlang A.
//!
//! Law: nothing grows faster than the number of agents; 100,000 are answered within milliseconds.

use super::erlang_b::blocked;
use super::patience::{Patience, positive};
use super::waiting::Waiting;
use crate::stats::law::Impossible;

/// Agents with one chat each. Erlang C: Erlang 1917; Erlang A: Palm 1957, Garnett, Mandelbaum and
/// Reiman 2002; any patience: Baccelli and Hebuterne 1981, Zeltyn and Mandelbaum 2005.
#[derive(Clone, Debug)]
pub struct MultiServer {
    agents: u32,
    load: f64,
    waiting: Waiting,
}

impl MultiServer {
    /// `arrivals` is a rate, `handle_time` the mean of exponential handle times.
    ///
    /// # Errors
    /// A rate or a time that is not above zero, no agents, or endless patience with a load that the
    /// agents cannot carry.
    pub fn new(
        arrivals: f64,
        handle_time: f64,
        agents: u32,
        patience: Patience,
    ) -> Result<MultiServer, Impossible> {
        positive("rate of arrivals", arrivals)?;
        positive("mean handle time", handle_time)?;
        positive("number of agents", f64::from(agents))?;
        let load = arrivals * handle_time;
        let blocked = blocked(load, agents);
        let ln_free = (1.0 - blocked).ln() - blocked.ln();
        let release = f64::from(agents) / handle_time;
        let waiting = Waiting::new(arrivals, release, patience, ln_free)
            .map_err(|why| format!("{why}; {load:.4} erlangs need more than {agents} agents"))?;
        Ok(MultiServer {
            agents,
            load,
            waiting,
        })
    }

    /// What becomes of customers in the queue.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Erlangs offered.
    pub fn load(&self) -> f64 {
        self.load
    }

    /// The share of their time that agents have a chat.
    pub fn occupancy(&self) -> f64 {
        self.load * (1.0 - self.waiting.p_abandon()) / f64::from(self.agents)
    }
}
