//! Virtual time: replications of a plan, as fast as the machine goes.
//!
//! Law: the same plan and seed give the same result for any number of threads. Replications are
//! independent and everything they count is an integer, so threads only change who counts what.

pub mod queue;
pub mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::measure::kpi::Findings;
use crate::measure::record::Record;
use crate::measure::recorder::{Pool, Recorder};
use crate::measure::result::{Environment, RunKind, RunResult};
use crate::measure::tally::Tally;
use crate::scenario::plan::Plan;
use world::{Watcher, World};

/// How to simulate; none of it changes a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads to use, at least 1; never more than replications.
    pub threads: usize,
    /// Whether to keep a row a customer.
    pub records: bool,
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
    /// Set to stop: replications under way are given up.
    pub stop: AtomicBool,
}

/// What a simulation gives.
#[derive(Debug)]
pub struct Outcome {
    /// The result, not yet settled: who asked for a stop is for the caller to say.
    pub result: RunResult,
    /// Rows by replication, then customer; empty unless asked for.
    pub records: Vec<Vec<Record>>,
}

struct Replication {
    number: u32,
    tally: Tally,
    records: Vec<Record>,
    complete: bool,
}

impl Watcher for &Watch {
    fn look(&mut self, chats: u64, events: u64) -> bool {
        self.chats.fetch_add(chats, Ordering::Relaxed);
        self.events.fetch_add(events, Ordering::Relaxed);
        self.stop.load(Ordering::Relaxed)
    }
}

/// Plays all replications of the plan. A stop gives up those under way, but for the first one when
/// no other was finished.
pub fn simulate(plan: &Plan, options: &Options, watch: &Watch) -> Outcome {
    let began = Instant::now();
    let started = jiff::Timestamp::now().to_string();
    let threads = options.threads.clamp(1, plan.replications.max(1) as usize);
    let next = AtomicU32::new(0);
    let done = Mutex::new((Vec::new(), Pool::new(&plan.outline, false)));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work(plan, options, watch, &next, &done));
        }
        work(plan, options, watch, &next, &done);
    });
    let (mut replications, pool) = done
        .into_inner()
        .expect("a worker that panicked ends the run");
    replications.sort_by_key(|replication| replication.number);
    let complete = replications.iter().any(|replication| replication.complete);
    replications.retain(|replication| replication.complete == complete);
    let records = replications
        .iter_mut()
        .map(|r| std::mem::take(&mut r.records))
        .collect();
    let tallies: Vec<Tally> = replications.into_iter().map(|r| r.tally).collect();
    let mut echo = plan.echo();
    echo.replications = tallies.len() as u32;
    let findings = Findings {
        outline: &plan.outline,
        tallies: &tallies,
        pool: &pool,
        live: None,
    };
    let label = |instant| plan.calendar.label(instant);
    let gates = (plan.gates.as_slice(), plan.judge);
    let mut result = RunResult::new(RunKind::Simulate, echo, &findings, gates, label);
    result.environment = Environment::of_run(started, began.elapsed().as_secs_f64(), threads);
    Outcome { result, records }
}

/// Plays replications until there are none left.
fn work(
    plan: &Plan,
    options: &Options,
    watch: &Watch,
    next: &AtomicU32,
    done: &Mutex<(Vec<Replication>, Pool)>,
) {
    let mut world = World::new(plan);
    let mut recorder = Recorder::new(&plan.outline, false, options.records);
    let mut mine = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= plan.replications || watch.stop.load(Ordering::Relaxed) && number > 0 {
            break;
        }
        let (end, stopped) = world.play(number, &mut recorder, &mut { watch });
        if stopped && (number > 0 || !mine.is_empty()) {
            break;
        }
        let (tally, records) = recorder.finish(end, stopped);
        mine.push(Replication {
            number,
            tally,
            records,
            complete: !stopped,
        });
        watch.replications.fetch_add(1, Ordering::Relaxed);
        if stopped {
            break;
        }
    }
    let mut done = done.lock().expect("a worker that panicked ends the run");
    done.0.append(&mut mine);
    done.1.add(recorder.into_pool());
}
