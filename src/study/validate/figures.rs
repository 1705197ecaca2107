//! Owns `Figures`: the exact values, read from `exact.json` beside this file.
//!
//! Law: figures of theory alone, computed outside this program by two methods each, to ten digits.
//! Times are in seconds and rates by the hour; `exact` is by the names of measures.

use indexmap::IndexMap;
use serde::Deserialize;

/// Exact values by measure.
pub type Exact = IndexMap<String, f64>;

/// All figures, by family.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    pub erlang_b: Vec<Loss>,
    pub erlang_c: Vec<Servers>,
    pub erlang_a: Vec<Servers>,
    pub single_server: Vec<SingleServer>,
    pub constant_service: ConstantService,
    pub priority: Vec<Priority>,
    pub retrial: Vec<Retrial>,
    pub present: Vec<Present>,
    pub levels: Vec<Levels>,
    pub chats: Vec<Chats>,
    pub saturated: Vec<Saturated>,
    pub reference: Reference,
    pub counts: Vec<Counts>,
    pub random_rate: Vec<RandomRate>,
    /// Of the formulas alone: their unit tests hold it.
    #[serde(rename = "staffing")]
    pub _staffing: serde::de::IgnoredAny,
}

/// M/M/c/c.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    pub load: f64,
    pub agents: u32,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// M/M/c with patience or without.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Servers {
    pub per_hour: f64,
    pub handle_s: f64,
    pub agents: u32,
    pub patience: Option<Patience>,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "law", rename_all = "lowercase", deny_unknown_fields)]
pub enum Patience {
    Exponential { mean_s: f64 },
    Uniform { high_s: f64 },
    LogNormal { mean_s: f64, cv: f64 },
}

/// M/G/1: `shared` is processor sharing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleServer {
    pub per_hour: f64,
    pub handle_s: f64,
    pub cv: f64,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    /// The same, for processor sharing.
    pub shared_millions: f64,
    pub exact: Exact,
    pub shared: Exact,
}

/// M/D/1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstantService {
    pub per_hour: f64,
    pub handle_s: f64,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// M/M/c with classes, the most urgent first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    pub per_hour: Vec<f64>,
    pub handle_s: f64,
    pub agents: u32,
    pub waits_s: Vec<f64>,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// M/M/1 without a queue, whose rejected come again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrial {
    pub per_hour: f64,
    pub handle_s: f64,
    pub away_s: f64,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// M(t)/G/inf with a rate of 100 + 20 sin(t) an hour and an hour of service: the number present at
/// each hour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Present {
    pub law: String,
    pub from_empty: bool,
    pub present: Exact,
}

/// The level model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    pub per_hour: f64,
    pub handle_s: Vec<f64>,
    pub agents: u32,
    pub patience_s: f64,
    /// Zero for never.
    pub chat_patience_s: f64,
    /// Of the formula alone.
    #[serde(rename = "busy_share")]
    pub _busy_share: f64,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// Chats with every time exponential; zero patience is endless.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chats {
    pub per_hour: f64,
    pub agents: u32,
    pub concurrency: u32,
    pub reply_s: f64,
    pub think_s: f64,
    pub exchanges: f64,
    pub wrap_up_s: f64,
    pub queue_patience_s: f64,
    pub reply_patience_s: f64,
    pub slow_down: f64,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// An agent whose queue never empties.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saturated {
    pub concurrency: u32,
    pub reply_s: f64,
    pub think_s: f64,
    pub exchanges: f64,
    pub wrap_up_s: f64,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub exact: Exact,
}

/// The reference model: customers of a day by chats an hour, and chats with an agent each.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    pub arrivals: IndexMap<String, f64>,
    /// Millions of chats that the precision takes.
    pub millions: f64,
    pub alone: Exact,
}

/// Customers a day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub mean: f64,
    pub busyness_cv: f64,
    /// Of the formula alone.
    #[serde(rename = "quantiles")]
    pub _quantiles: serde::de::IgnoredAny,
    /// Replications that the precision takes.
    pub replications: u32,
    pub exact: Exact,
}

/// Erlang A whose rate is drawn anew for each stretch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomRate {
    pub per_hour: f64,
    pub handle_s: f64,
    pub agents: u32,
    pub patience_s: f64,
    pub busyness_cv: f64,
    /// Replications that the precision takes.
    pub replications: u32,
    pub exact: Exact,
}

/// Reads the figures.
pub fn figures() -> Figures {
    serde_json::from_str(include_str!("exact.json")).expect("the figures are well formed")
}
