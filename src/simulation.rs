//! Virtual time: replications of a plan, as fast as the machine goes.
//!
//! Law: the same plan and seed give the same result for any number of threads. Replications are
//! independent and everything they count is an integer, so threads only change who counts what;
//! and whether a round of them was enough is asked when the whole round is over.

pub mod queue;
mod turns;
pub mod world;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::measure::kpi::{Findings, named};
use crate::measure::pool::Pool;
use crate::measure::precision::Precise;
use crate::measure::record::Record;
use crate::measure::recorder::Recorder;
use crate::measure::result::{Environment, RunKind, RunResult};
use crate::measure::sight::Sight;
use crate::measure::story::Story;
use crate::measure::tally::Tally;
use crate::scenario::plan::Plan;
use turns::Turns;
use world::{Watcher, World};

pub use turns::Sink;

/// Replications of the first round of a run that stops when it knows enough; each further round
/// doubles their number.
const FIRST_ROUND: u32 = 10;

/// How to simulate; none of it changes a figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Threads to use, at least 1; never more than replications.
    pub threads: usize,
    /// Whether to keep a row a customer.
    pub records: bool,
    /// The customer whose story is told, in the first replication.
    pub trace: Option<u32>,
}

/// What can be seen of a simulation while it runs, and how to stop it. Shared by its threads.
#[derive(Debug, Default)]
pub struct Watch {
    /// Chats that have come so far, over all replications.
    pub chats: AtomicU64,
    /// Events so far.
    pub events: AtomicU64,
    /// Replications finished.
    pub replications: AtomicU32,
    /// Replications that will be finished when the current round is over.
    pub planned: AtomicU32,
    /// Set to stop: replications under way are given up.
    pub stop: AtomicBool,
}

/// What a simulation gives.
#[derive(Debug)]
pub struct Outcome {
    /// The result, not yet settled: who asked for a stop is for the caller to say.
    pub result: RunResult,
    /// Rows by replication, then customer; empty unless asked for, or where they were handed on.
    pub records: Vec<Vec<Record>>,
    /// The story of the customer who was traced.
    pub story: Option<Story>,
}

/// What all rounds so far have found, by replication in index order.
struct Found {
    tallies: Vec<Tally>,
    pool: Pool,
    story: Option<Story>,
}

/// What one thread found in a round.
struct Share {
    replications: Vec<Replication>,
    pool: Pool,
    /// Not so when it is of the first replication and that was stopped.
    complete: bool,
}

struct Replication {
    number: u32,
    tally: Tally,
    /// Of one that was stopped: handed on if no other replication is there.
    records: Option<Vec<Record>>,
    story: Option<Story>,
}

impl Watcher for &Watch {
    fn look(&mut self, chats: u64, events: u64) -> bool {
        self.chats.fetch_add(chats, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
        self.stop.load(Ordering::Relaxed)
    }
}

/// Plays as [`simulate_into`] does and keeps all rows.
pub fn simulate(plan: &Plan, options: &Options, watch: &Watch) -> Outcome {
    let mut records = Vec::new();
    let outcome = simulate_into(plan, options, watch, &mut |_, rows| records.push(rows));
    Outcome { records, ..outcome }
}

/// Plays the plan's replications: all of them, or round by round until every measure is known as
/// well as the plan asks. A stop gives up those under way, but for the first one when no other was
/// finished. The rows of each are handed on as they end, in the order of their numbers.
pub fn simulate_into(plan: &Plan, options: &Options, watch: &Watch, sink: &mut Sink) -> Outcome {
    let began = Instant::now();
    let started = jiff::Timestamp::now().to_string();
    let mut found = Found {
        tallies: Vec::new(),
        pool: Pool::new(&plan.outline, false),
        story: None,
    };
    let (mut precision, mut played) = (Vec::new(), 0);
    for planned in rounds(plan) {
        watch.planned.store(planned, Ordering::Relaxed);
        let numbers = plan.first_replication + played..plan.first_replication + planned;
        play_round(plan, options, watch, numbers, &mut found, sink);
        played = planned;
        precision = judge(plan, &found);
        let settled = precision.iter().all(|precise| precise.reached)
            || hopeless(&precision).is_some()
            || watch.stop.load(Ordering::Relaxed);
        if settled {
            break;
        }
    }
    let mut result = result(plan, &found);
    let stopped = watch.stop.load(Ordering::Relaxed);
    result.verdict.failed = hopeless(&precision).filter(|_| !stopped);
    result.precision = precision;
    let threads = options.threads.clamp(1, played.max(1) as usize);
    result.environment = Environment::of_run(started, began.elapsed().as_secs_f64(), threads);
    Outcome {
        result,
        records: Vec::new(),
        story: found.story,
    }
}

/// How many replications there are after each round.
fn rounds(plan: &Plan) -> impl Iterator<Item = u32> {
    let most = plan.replications;
    let first = match plan.precision.as_slice() {
        [] => most,
        _ => FIRST_ROUND.min(most),
    };
    std::iter::successors(Some(first), move |played| {
        (*played < most).then(|| played.saturating_mul(2).min(most))
    })
}

/// Plays the replications of these numbers on all threads.
fn play_round(
    plan: &Plan,
    options: &Options,
    watch: &Watch,
    numbers: Range<u32>,
    found: &mut Found,
    sink: &mut Sink,
) {
    let threads = options.threads.clamp(1, numbers.len().max(1));
    let next = AtomicU32::new(numbers.start);
    let shares = Mutex::new(Vec::new());
    let turns = Turns::new(numbers.start, threads, sink);
    let work = || {
        let share = work(plan, options, watch, (&next, numbers.end), &turns);
        let mut shares = shares.lock().expect("a worker that panicked ends the run");
        shares.push(share);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let shares = shares.into_inner();
    found.add(shares.expect("a worker that panicked ends the run"), sink);
}

/// Plays replications, from the next one to the end, until there are none left.
fn work(
    plan: &Plan,
    options: &Options,
    watch: &Watch,
    numbers: (&AtomicU32, u32),
    turns: &Turns,
) -> Share {
    // A part of the people is played in the world of the late, and so are those whose connections
    // are cut, so that the other need not ask.
    match (&plan.lag, plan.center) {
        (None, None) if !plan.outline.cuts => {
            work_in(World::new(plan), plan, options, watch, numbers, turns)
        }
        _ => work_in(World::late(plan), plan, options, watch, numbers, turns),
    }
}

fn work_in<const LATE: bool>(
    mut world: World<LATE>,
    plan: &Plan,
    options: &Options,
    watch: &Watch,
    (next, end): (&AtomicU32, u32),
    turns: &Turns,
) -> Share {
    let mut recorder = Recorder::new(&plan.outline, false, options.records);
    let (mut replications, mut complete) = (Vec::new(), true);
    while complete {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let first = number == plan.first_replication;
        if number >= end {
            break;
        }
        let turn = turns.take(number);
        if watch.stop.load(Ordering::Relaxed) && !first {
            break;
        }
        let traced = options.trace.filter(|_| first);
        traced.inspect(|customer| recorder.trace(*customer));
        let (end, stopped) = world.play(number, &mut recorder, &mut { watch });
        if stopped && !first {
            break;
        }
        let story = traced.map(|_| recorder.take_story());
        let (tally, records) = recorder.finish(end, stopped);
        let records = if stopped {
            Some(records)
        } else {
            turn.hand(records);
            None
        };
        replications.push(Replication {
            number,
            tally,
            records,
            story,
        });
        watch.replications.fetch_add(1, Ordering::Relaxed);
        complete = !stopped;
    }
    Share {
        replications,
        pool: recorder.into_pool(),
        complete,
    }
}

impl Found {
    /// Adds a round: its replications come after all that there are.
    fn add(&mut self, mut shares: Vec<Share>, sink: &mut Sink) {
        let some = |share: &Share| share.complete && !share.replications.is_empty();
        if shares.iter().any(some) {
            shares.retain(|share| share.complete);
        }
        let mut round = Vec::new();
        for share in shares {
            round.extend(share.replications);
            self.pool.add(share.pool);
        }
        round.sort_by_key(|replication| replication.number);
        for replication in round {
            self.tallies.push(replication.tally);
            if let Some(records) = replication.records {
                sink(replication.number, records);
            }
            self.story = self.story.take().or(replication.story);
        }
    }

    fn findings<'a>(&'a self, plan: &'a Plan) -> Findings<'a> {
        Findings {
            outline: &plan.outline,
            tallies: &self.tallies,
            pool: &self.pool,
            live: None,
            sight: Sight::Whole,
        }
    }
}

/// Holds the measures found so far against the precision that the plan asks for.
fn judge(plan: &Plan, found: &Found) -> Vec<Precise> {
    if plan.precision.is_empty() {
        return Vec::new();
    }
    let measures = found.findings(plan).measures();
    let held = |asked: &crate::scenario::plan::Precision| {
        let measure = named(&measures, &asked.measure);
        Precise::of(&asked.measure, asked.relative, asked.absolute, measure)
    };
    plan.precision.iter().map(held).collect()
}

/// Why no number of replications will be enough, if so.
fn hopeless(precision: &[Precise]) -> Option<String> {
    let without = precision.iter().find(|precise| !precise.has_samples());
    without.map(|Precise { measure, .. }| {
        format!(
            "{measure} has no samples in the first round of replications, so no precision can be \
             reached: take it out of run.precision, or change the scenario so that it happens"
        )
    })
}

fn result(plan: &Plan, found: &Found) -> RunResult {
    let mut echo = plan.echo();
    echo.replications = found.tallies.len() as u32;
    echo.replication = (plan.replications == 1).then_some(plan.first_replication);
    let label = |instant| plan.calendar.label(instant);
    let gates = (plan.gates.as_slice(), plan.judge);
    RunResult::new(RunKind::Simulate, echo, &found.findings(plan), gates, label)
}
