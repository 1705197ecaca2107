//! Owns `Shard`: one part of a run whose other parts are played elsewhere, and what is kept of it for
//! the merge.
//!
//! Law: a part needs nothing of the others to know whom it plays, when the scenario's time begins and
//! which messages are the run's; and its result file has all that the merge needs.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Options;
use super::coordinator::Course;
use super::ledger::Ledger;
use super::monotonic::{Tick, host};
use super::slice::Slice;
use super::spool::Spooled;
use super::start::Start;
use crate::measure::result::{Environment, ScenarioEcho, Verdict};
use crate::scenario::plan::{Plan, Source};

/// The part of a run that is played here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Whose people.
    pub slice: Slice,
    /// On which disk its journal is kept until it goes into the result file.
    pub folder: PathBuf,
}

/// What the merge has to know of a part besides what it noted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Which part.
    pub part: Slice,
    /// When the scenario's time began, as all parts had agreed; none where it began by itself.
    pub start_at: Option<Timestamp>,
    /// The run's number in markers.
    pub run: u32,
    /// The plan's, in hex.
    pub fingerprint: String,
    /// The boot of the machine on which it was played; none where the system does not say.
    pub host: Option<String>,
    /// When the scenario's time began, by that machine's clock.
    pub tick: Tick,
    /// Entries in the journal.
    pub entries: u64,
    /// What the plan was read from.
    pub source: Source,
    /// How it went.
    pub course: Course,
}

/// What is kept of a part for the merge.
#[derive(Debug)]
pub struct Kept {
    /// What there is to know.
    pub facts: Facts,
    /// What it noted.
    pub journal: Spooled,
}

/// A result file, as far as the merge reads it.
#[derive(Debug, Deserialize)]
pub struct Filed {
    /// `busyhour-run`.
    pub format: String,
    /// Version of the program.
    pub busyhour: String,
    /// What was asked.
    pub scenario: ScenarioEcho,
    /// How it ended.
    pub verdict: Verdict,
    /// When, for how long and by how many event loops.
    pub environment: Environment,
    /// None in what is no part of a run.
    pub shard: Option<Facts>,
    /// What it noted.
    pub journal: Option<String>,
}

/// What is kept of the part that was played; none where all was played here.
///
/// # Errors
/// The journal could not be written.
pub(super) fn kept(
    plan: &Plan,
    options: &Options,
    ledger: &mut Ledger,
    course: &Course,
) -> std::io::Result<Option<Kept>> {
    let Some((shard, spool)) = options.shard.as_ref().zip(ledger.take_spool()) else {
        return Ok(None);
    };
    let journal = spool.finish()?;
    let facts = Facts {
        part: shard.slice,
        start_at: options.start.map(|start| start.agreed),
        run: ledger.run(),
        fingerprint: fingerprint(plan),
        host: host(),
        tick: options.start.map_or(0, |start| start.tick),
        entries: journal.entries,
        source: plan.source.clone(),
        course: course.clone(),
    };
    Ok(Some(Kept { facts, journal }))
}

/// The plan's fingerprint as it is written.
pub(super) fn fingerprint(plan: &Plan) -> String {
    format!("{:016x}", plan.fingerprint())
}

/// A number that tells this run's messages from another's on the same server: the same to all parts
/// of a run, and to no other run by chance.
pub(super) fn run_number(plan: &Plan, replication: u32, start: Option<Start>) -> u32 {
    let begins = start.map_or(0, |start| start.agreed.as_nanosecond() as u64);
    let mixed = [u64::from(replication), begins];
    let number = mixed.into_iter().fold(plan.fingerprint(), |number, more| {
        let number = (number ^ more).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        number ^ number >> 32
    });
    number as u32
}
