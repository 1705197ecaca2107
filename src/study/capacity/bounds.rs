//! Owns `Bounds`: what a probe is held to, and what a server is at fault for.
//!
//! Law: the server's part alone. Waits, service levels and abandonment follow from how many people
//! there are and how long they take, and are not judged, whatever gates a scenario has on them; what
//! the server adds to them is, where a simulation of the same people tells it. A shortage of this
//! machine is no fault of the server, whatever else came of it.

use serde::{Deserialize, Serialize};

use super::search::Vote;
use crate::center::rules::ShiftEnd;
use crate::live::journal::Fault;
use crate::live::validity;
use crate::measure::attribution::Parts;
use crate::measure::cells::TURNED_AWAY;
use crate::measure::gate::{Gate, Judge, Relation};
use crate::measure::result::{Measure, RunResult};
use crate::scenario::plan::{AtClosing, Plan};
use crate::time::Span;

/// The latencies that are the server's and the network's, by how their measures begin.
const LATENCIES: [&str; 5] = [
    "delivery_ms_",
    "delivery_from_due_ms_",
    "assignment_ms_",
    "connect_ms_",
    "agent_online_ms_",
];

/// Gates where a scenario has none on the latency: at a second, people notice (Nielsen 1993).
const DEFAULTS: [&str; 3] = ["delivery_ms_p99", "assignment_ms_p99", "connect_ms_p99"];
const DEFAULT_MS: f64 = 1_000.0;

/// Where nothing is predicted, so many chats of which none got an agent are no chance.
const SILENCE_LEAST: f64 = 10.0;

/// Counts and shares of chats that a server failed.
const FAILURES: [&str; 4] = ["failed", "broken", "failed_ratio", "broken_ratio"];

/// What a probe is held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// On latencies, failures and integrity: the scenario's, and those that hold without being asked
    /// for.
    pub gates: Vec<Gate>,
    /// The most of the chats offered that may fail, be cut, or be turned away or ended by the server
    /// beyond what the scenario does; and the most of the customers whom the server may make leave.
    pub failures_ratio: f64,
    /// Whether the scenario itself turns people away or ends chats: by a limit on the queue, at
    /// closing time, by its inactivity time-out or at the end of a shift.
    #[serde(default)]
    pub turns_away: bool,
    /// The most that the server may add to the mean wait, in wall milliseconds.
    pub added_wait_ms: f64,
    /// The scenario's gates that are the people's matter, by the measure's name.
    pub not_judged: Vec<String>,
}

/// Why a probe is no probe that held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Cause {
    /// A gate was not kept.
    Gate {
        /// Which.
        #[serde(flatten)]
        gate: Gate,
        /// What was measured; null without samples.
        value: Option<f64>,
    },
    /// Too many chats failed, were cut, or were turned away or ended by the server.
    Failures {
        /// Their share of those offered.
        ratio: f64,
        /// The share of those who were turned away or whose chat was ended, of the same.
        #[serde(default)]
        turned_away: f64,
        /// The most that it may be.
        bound: f64,
    },
    /// People came, and not one of them got an agent.
    Silence {
        /// How many asked for one.
        offered: f64,
        /// How many of the same people got one, simulated; null where nothing is predicted.
        predicted: Option<u64>,
    },
    /// The server made too many customers leave.
    Abandoned {
        /// Their share of those offered.
        ratio: f64,
        /// The most that it may be.
        bound: f64,
    },
    /// The server added too much to the wait.
    AddedWait {
        /// To the mean, in wall milliseconds.
        ms: f64,
        /// The most that it may be.
        bound: f64,
    },
    /// The run failed, or did not begin.
    Run {
        /// How.
        words: String,
    },
    /// The generator, or this machine, fell short.
    Generator {
        /// How.
        words: String,
    },
}

impl Bounds {
    /// Those of a plan.
    pub fn of(plan: &Plan, failures_ratio: f64, added_wait_ms: f64) -> Bounds {
        let is_servers = |gate: &&Gate| {
            let name = gate.measure.as_str();
            let counted = FAILURES
                .iter()
                .copied()
                .chain(Fault::ALL.map(Fault::measure));
            LATENCIES.iter().any(|begin| name.starts_with(begin))
                || counted.into_iter().any(|c| c == name)
        };
        let (servers, peoples): (Vec<&Gate>, Vec<&Gate>) = plan.gates.iter().partition(is_servers);
        let mut gates: Vec<Gate> = servers.into_iter().cloned().collect();
        let asked = |begin: &str| {
            plan.gates
                .iter()
                .any(|gate| gate.measure.starts_with(begin))
        };
        for measure in DEFAULTS {
            let begin = measure.trim_end_matches("p99");
            if !asked(begin) {
                gates.push(Gate {
                    measure: measure.into(),
                    relation: Relation::AtMost,
                    bound: DEFAULT_MS,
                    implied: true,
                });
            }
        }
        let faults = Fault::ALL.map(Fault::measure).into_iter();
        let faults = faults.filter(|fault| plan.gates.iter().all(|gate| gate.measure != *fault));
        gates.extend(faults.map(Gate::none_of));
        Bounds {
            gates,
            failures_ratio,
            turns_away: turns_away(plan),
            added_wait_ms,
            not_judged: peoples
                .into_iter()
                .map(|gate| gate.measure.clone())
                .collect(),
        }
    }

    /// What became of a probe, and why.
    pub fn judge(&self, result: &RunResult) -> (Vote, Vec<Cause>) {
        let verdict = &result.verdict;
        let not_started = result.value("not_started").unwrap_or(0.0) as u32;
        // What came of that is no fault of the server, be it that the run failed.
        if let Some(words) = validity::not_started(not_started) {
            return (Vote::Bound, vec![Cause::Generator { words }]);
        }
        if let Some(words) = &verdict.failed {
            let words = words.clone();
            return (Vote::Broke, vec![Cause::Run { words }]);
        }
        if verdict.valid == Some(false) {
            let short = |words: &String| Cause::Generator {
                words: words.clone(),
            };
            return (
                Vote::Bound,
                verdict.reasons.iter().take(1).map(short).collect(),
            );
        }
        if result.value("offered").unwrap_or(0.0) == 0.0 {
            let words = "nobody came: the scenario is too small at this scale".into();
            return (Vote::Bound, vec![Cause::Generator { words }]);
        }
        let causes = self.broken(result);
        match causes.is_empty() {
            true => (Vote::Held, causes),
            false => (Vote::Broke, causes),
        }
    }

    /// What the server did not keep.
    fn broken(&self, result: &RunResult) -> Vec<Cause> {
        let gate = |gate: &Gate| {
            let measure = result.measure(&gate.measure);
            let unasked = gate.implied && measure.is_none_or(|measure| measure.value.is_none());
            let kept = unasked || !gate.judge(measure, Judge::Point, true).outcome.fails();
            (!kept).then(|| Cause::Gate {
                gate: gate.clone(),
                value: measure.and_then(|measure| measure.value),
            })
        };
        let mut causes: Vec<Cause> = self.gates.iter().filter_map(gate).collect();
        causes.extend(self.failures(result).or_else(|| silence(result)));
        causes.extend(self.abandoned(result));
        if let Some(Measure {
            value: Some(ms),
            low: Some(low),
            ..
        }) = added_wait_ms(result)
            && low > 0.0
            && ms > self.added_wait_ms
        {
            let bound = self.added_wait_ms;
            causes.push(Cause::AddedWait { ms, bound });
        }
        causes
    }

    /// Whether too many chats failed, were cut, or were turned away or ended by the server.
    fn failures(&self, result: &RunResult) -> Option<Cause> {
        let count = |name: &str| result.value(name).unwrap_or(0.0);
        let share = |of: f64| of / count("offered").max(1.0);
        // What the scenario itself does is told from the server's part by a prediction alone.
        let turned_away = match self.turns_away {
            true => beyond_chance(result, TURNED_AWAY).unwrap_or(0.0),
            false => share(count("rejected") + count("dropped")),
        };
        let attribution = result.attribution.as_ref();
        let by_plan = attribution.and_then(|found| found.broken_by_plan);
        let cut = (count("broken") - by_plan.unwrap_or(0) as f64).max(0.0);
        let ratio = share(count("failed") + cut) + turned_away;
        let bound = self.failures_ratio;
        (ratio > bound).then_some(Cause::Failures {
            ratio,
            turned_away,
            bound,
        })
    }

    /// Whether the server made too many customers leave.
    fn abandoned(&self, result: &RunResult) -> Option<Cause> {
        let (ratio, bound) = (
            beyond_chance(result, "abandoned_ratio")?,
            self.failures_ratio,
        );
        (ratio > bound).then_some(Cause::Abandoned { ratio, bound })
    }
}

/// Whether people come away without an agent, or are sent off, by the scenario's own rules.
fn turns_away(plan: &Plan) -> bool {
    let drops = |end: ShiftEnd| end == ShiftEnd::Drop;
    plan.router.queue_limit < u32::MAX
        || plan.at_closing == AtClosing::SentAway
        || plan.agents.inactivity < Span::ENDLESS
        || plan.shifts.iter().any(|shift| drops(shift.end))
}

/// Whether nobody got an agent, though people came and some of them should have.
fn silence(result: &RunResult) -> Option<Cause> {
    let assigned = |measure: &Measure| measure.samples;
    let offered = result.value("offered").unwrap_or(0.0);
    if result
        .measure("wait_s_mean")
        .is_some_and(|m| assigned(m) > 0)
    {
        return None;
    }
    let predicted = parts(result, "wait_s_mean").map(|parts| assigned(&parts.predicted_with_lag));
    let silent = predicted.map_or(offered >= SILENCE_LEAST, |predicted| predicted > 0);
    silent.then_some(Cause::Silence { offered, predicted })
}

/// The server's part of a measure, where it is more than chance could make it.
fn beyond_chance(result: &RunResult, measure: &str) -> Option<f64> {
    let server = parts(result, measure)?.server;
    server
        .value
        .filter(|_| server.low.is_some_and(|low| low > 0.0))
}

/// What a measure is due to; none where nothing is attributed.
fn parts<'r>(result: &'r RunResult, measure: &str) -> Option<&'r Parts> {
    result.attribution.as_ref()?.measures.get(measure)
}

/// What the server added to the mean wait, in wall milliseconds; none where nothing is attributed.
pub fn added_wait_ms(result: &RunResult) -> Option<Measure> {
    let parts = parts(result, "wait_s_mean")?;
    let wall = |secs: f64| secs * 1e3 / result.scenario.speed.unwrap_or(1.0);
    let Measure {
        value,
        low,
        high,
        samples,
    } = parts.server;
    Some(Measure {
        value: value.map(wall),
        low: low.map(wall),
        high: high.map(wall),
        samples,
    })
}

#[cfg(test)]
mod tests;
