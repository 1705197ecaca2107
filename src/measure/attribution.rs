//! Owns `Attribution`: what of a live run's figures the queue explains, what its generator added and
//! what the server and the network did.
//!
//! Law: nothing is attributed where the prediction is of another center than the one that was
//! measured; then there are reasons in words, and no figures.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::result::Measure;

/// What a live run's figures are due to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// Why nothing is attributed; empty where it is.
    pub reasons: Vec<String>,
    /// Blocks of time that the intervals go by; 0 where there were too few for any.
    pub blocks: usize,
    /// Chats that never got in: in none of the latencies.
    pub failed: u64,
    /// Chats that were cut: in the latencies up to then.
    pub broken: u64,
    /// How many of the same people's are cut where they are simulated, which is the scenario's doing;
    /// null where they were not.
    #[serde(default)]
    pub broken_by_plan: Option<u64>,
    /// By the measure's name, with `turned_away_ratio` for those rejected or dropped, of offered; empty
    /// where nothing is attributed.
    pub measures: IndexMap<String, Parts>,
}

/// A measure, predicted and measured, and what makes the difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// Of the same people, simulated: nothing takes time but what people do.
    pub predicted: Measure,
    /// The same, late as the run's generator was.
    pub predicted_with_lag: Measure,
    /// In the live run.
    pub measured: Measure,
    /// What the generator's lateness adds to the prediction.
    pub generator: Measure,
    /// What is measured beyond that: the part of server and network.
    pub server: Measure,
}
