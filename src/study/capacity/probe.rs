//! Owns `Probe`: one live run at one scale with one seed, what was measured and what became of it.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::bounds::{Bounds, Cause, added_wait_ms};
use super::search::Vote;
use crate::error::{Error, Exit};
use crate::live::Outcome;
use crate::live::ledger::Sent;
use crate::measure::result::{Measure, RunResult};
use crate::scenario::plan::Plan;

/// One live run of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// Times the scenario's customers and agents.
    pub scale: f64,
    /// The seed of its draws.
    pub seed: u64,
    /// Agents in the team.
    pub agents: u32,
    /// What became of it.
    pub vote: Vote,
    /// Why, where it did not hold.
    pub causes: Vec<Cause>,
    /// What was asked of the server; null where the run did not begin, or did not get to its end.
    pub load: Option<Load>,
    /// What the server added to the mean wait, in wall milliseconds; null where nothing could be
    /// attributed.
    pub added_wait_ms: Option<Measure>,
    /// Why that was not held against its bound; null where it was, and where the run was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_wait_not_judged: Option<String>,
    /// By name, as in the result of a run; empty where the run did not begin.
    pub measures: IndexMap<String, Measure>,
    /// When it started, UTC; empty where it did not.
    pub started: String,
    /// Wall seconds it took.
    pub took_s: f64,
}

/// What people asked of a server, between the warm-up and the horizon, by the wall's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Customers who came.
    pub customers_per_min: f64,
    /// Messages and replies sent, each part of one counted.
    pub messages_per_s: f64,
    /// Replies sent, whole ones.
    pub exchanges_per_s: f64,
}

impl Load {
    /// That of a run of this plan; none where it was cut short, since nobody knows for how long people
    /// asked.
    pub fn of(plan: &Plan, result: &RunResult, sent: Sent) -> Option<Load> {
        if result.verdict.failed.is_some() {
            return None;
        }
        let wall_s = sent.within().as_secs_f64() / plan.live.speed;
        let each = |count: f64| if wall_s > 0.0 { count / wall_s } else { 0.0 };
        let arrived = result.value("arrived").unwrap_or(0.0);
        let replies = sent.by_agents as f64 / f64::from(plan.messages.parts.max(1));
        Some(Load {
            customers_per_min: each(arrived) * 60.0,
            messages_per_s: each((sent.by_customers + sent.by_agents) as f64),
            exchanges_per_s: each(replies),
        })
    }

    /// The mean of several; none of none.
    pub fn mean(loads: &[Load]) -> Option<Load> {
        let mean = |of: fn(&Load) -> f64| loads.iter().map(of).sum::<f64>() / loads.len() as f64;
        (!loads.is_empty()).then(|| Load {
            customers_per_min: mean(|load| load.customers_per_min),
            messages_per_s: mean(|load| load.messages_per_s),
            exchanges_per_s: mean(|load| load.exchanges_per_s),
        })
    }
}

impl Probe {
    /// A run that was played, at this scale.
    pub fn played(scale: f64, plan: &Plan, outcome: &Outcome, bounds: &Bounds) -> Probe {
        let result = &outcome.result;
        let (vote, causes) = bounds.judge(result);
        Probe {
            vote,
            causes,
            load: Load::of(plan, result, outcome.evidence.sent),
            added_wait_ms: added_wait_ms(result),
            added_wait_not_judged: match vote {
                Vote::Bound => None,
                Vote::Held | Vote::Broke => not_judged(result),
            },
            measures: result.measures.clone(),
            started: result.environment.started.clone(),
            took_s: result.environment.duration_s,
            ..Probe::unplayed(scale, plan)
        }
    }

    /// A run that did not begin: by the server, or because this machine has too little for it.
    pub fn failed(scale: f64, plan: &Plan, error: &Error) -> Probe {
        let words = error.plain().to_string();
        let short = error.is_of_this_machine() || error.exit() == Exit::Refused;
        let (vote, cause) = match short {
            true => (Vote::Bound, Cause::Generator { words }),
            false => (Vote::Broke, Cause::Run { words }),
        };
        Probe {
            vote,
            causes: vec![cause],
            ..Probe::unplayed(scale, plan)
        }
    }

    fn unplayed(scale: f64, plan: &Plan) -> Probe {
        Probe {
            scale,
            seed: plan.seed,
            agents: plan.team,
            vote: Vote::Bound,
            causes: Vec::new(),
            load: None,
            added_wait_ms: None,
            added_wait_not_judged: None,
            measures: IndexMap::new(),
            started: String::new(),
            took_s: 0.0,
        }
    }

    /// A measure's value, if it has one.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.measures.get(name).and_then(|measure| measure.value)
    }
}

/// Why what the server added to the wait could not be judged; none where it could, and for a run that
/// failed.
fn not_judged(result: &RunResult) -> Option<String> {
    let known = added_wait_ms(result).is_some_and(|added| added.low.is_some());
    if known || result.verdict.failed.is_some() {
        return None;
    }
    let Some(found) = &result.attribution else {
        return Some("nobody simulated the same people".into());
    };
    let chance = || "too few chats, or too short a time, to tell it from chance".into();
    Some(found.reasons.first().cloned().unwrap_or_else(chance))
}
