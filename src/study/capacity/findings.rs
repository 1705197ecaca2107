//! Owns `Findings`: everything that a search for a server's capacity, or a sweep over a key, found, as
//! it stands in its result file.
//!
//! Law: a report needs nothing else. Each probe stands there with its measures and its seed, so that
//! it can be repeated by `load`.

use serde::{Deserialize, Serialize};

use super::bounds::{Bounds, Cause};
use super::probe::{Load, Probe};
use super::search::{Bracket, Contradiction, Search, Vote};
use super::sweep::Sweep;
use crate::measure::result::{Environment, ScenarioEcho};

/// The format's name in the file.
pub const FORMAT: &str = "busyhour-capacity";
/// The format's version; grows when a reader of an older one would misread.
pub const VERSION: u32 = 1;

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// `busyhour-capacity`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
    /// Version of the program.
    pub busyhour: String,
    /// What was asked, at the first scale or value.
    pub scenario: ScenarioEcho,
    /// How it went.
    pub end: End,
    /// Of a search for the capacity; absent in a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Searched>,
    /// Of a sweep over a key; absent in a search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// What may differ between two of the same plan.
    pub environment: Environment,
}

/// How it came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum End {
    /// It was done.
    Done,
    /// Not even the least scale holds.
    BelowLeast,
    /// The greatest scale holds.
    BeyondMost,
    /// The generator, or this machine, is the bound.
    Generator {
        /// Why.
        words: String,
    },
    /// There was no time for another probe.
    Budget {
        /// How long the next would have taken.
        words: String,
    },
    /// The server was not well again after a probe.
    NotRecovered {
        /// How it was.
        words: String,
    },
    /// A signal has stopped it.
    Stopped {
        /// `SIGINT` or `SIGTERM`.
        signal: String,
    },
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Searched {
    /// What probes are held to.
    pub bounds: Bounds,
    /// The greatest scale that held below the least that broke.
    pub bracket: Bracket,
    /// The greatest scale that held, with what people asked of the server there.
    pub holds: Option<Level>,
    /// The least that broke, with what broke.
    pub breaks: Option<Level>,
    /// One probe broke where another held.
    pub contradictions: Vec<Contradiction>,
    /// All probes, in order.
    pub probes: Vec<Probe>,
}

/// A scale at which two of three seeds agree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Times the scenario's customers and agents.
    pub scale: f64,
    /// Agents in the team.
    pub agents: u32,
    /// What people asked of the server, in the mean over the probes that agree; null where none of
    /// them began.
    pub load: Option<Load>,
    /// What broke in the first of them.
    pub causes: Vec<Cause>,
}

impl Searched {
    /// What a search and its probes come to.
    pub fn of(search: &Search, bounds: Bounds, probes: Vec<Probe>) -> Searched {
        let bracket = search.bracket();
        let level = |scale: Option<f64>, vote| Level::of(&probes, scale?, vote);
        Searched {
            bounds,
            bracket,
            holds: level(bracket.holds, Vote::Held),
            breaks: level(bracket.breaks, Vote::Broke),
            contradictions: search.contradictions(),
            probes,
        }
    }
}

impl Level {
    fn of(probes: &[Probe], scale: f64, vote: Vote) -> Option<Level> {
        let agree = || probes.iter().filter(|p| p.scale == scale && p.vote == vote);
        let first = agree().next()?;
        let loads: Vec<Load> = agree().filter_map(|probe| probe.load).collect();
        Some(Level {
            scale,
            agents: first.agents,
            load: Load::mean(&loads),
            causes: first.causes.clone(),
        })
    }
}
