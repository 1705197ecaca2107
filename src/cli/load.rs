//! `busyhour load`: a scenario in real time, against a chat server.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, ValueEnum};

use super::conclude::{Ran, conclude};
use super::console::Console;
use super::live_args::{self, LiveArgs};
use super::progress::{Line, Progress};
use super::scenario_args::{OutputArgs, ScenarioArgs, change};
use super::signals::Signals;
use super::trace::Trace;
use crate::error::{Exit, Result};
use crate::live::watch::Watch;
use crate::live::{Options, load};
use crate::report::figure::grouped;
use crate::scenario::plan::Plan;
use crate::simulation;
use crate::study::attribution::attribute;

/// Arguments of `load`.
#[derive(Debug, Args)]
pub struct Load {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// Scenario seconds a wall second: `--set live.speed=X`
    #[arg(long, value_name = "X")]
    speed: Option<f64>,
    /// The seed of all draws: `--set seed=N`
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Which replication's people to play
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    replication: u32,
    /// Tell the story of one customer, as in `customer:17`, with its frames, before the report
    #[arg(long, value_name = "WHO", conflicts_with = "quiet")]
    trace: Option<Trace>,
    /// Jump over hours in which the desk is closed and nobody is there
    #[arg(long)]
    skip_closed: bool,
    /// Do not simulate the same people afterwards to tell what the server added
    #[arg(long)]
    no_prediction: bool,
    /// Play the customers alone; the staff is the server's own: people, or a bot
    #[arg(long, value_name = "WHO")]
    only: Option<Only>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    live: LiveArgs,
}

/// Who alone is played.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Only {
    /// No agent connects.
    Customers,
}

/// Plays the scenario live and reports.
///
/// # Errors
/// The scenario, the target or the machine's limits refuse the run, it fails, or a file cannot be
/// written.
pub fn run(args: &Load, console: &Console) -> Result<Exit> {
    let mut plan = args
        .scenario
        .plan(&[change("live.speed", args.speed), change("seed", args.seed)])?;
    if let Some(trace) = args.trace {
        trace.check(&plan, args.replication)?;
    }
    let options = options(args)?;
    // No output may overwrite these either.
    plan.source.files.extend(args.live.files().cloned());
    let options = args.live.spread(&plan, options)?;
    args.output.probe(&plan)?;
    let watch = Arc::new(Watch::default());
    let prediction = Arc::new(simulation::Watch::default());
    let stopping = (watch.clone(), prediction.clone());
    let signals = Signals::listen(console, move || {
        stopping.0.stop.store(true, Ordering::Relaxed);
        stopping.1.stop.store(true, Ordering::Relaxed);
    })?;
    let progress = progress(args, console, &plan, &watch);
    let outcome = load(&plan, &options, &watch);
    progress.finish();
    let mut outcome = match (outcome, signals.came()) {
        // Stopped before there was anything to report.
        (Err(error), Some(stop)) => {
            console.complain(&error);
            return Ok(stop.exit());
        }
        (outcome, _) => outcome?,
    };
    if let Some((trace, story)) = args.trace.zip(outcome.story) {
        // The run was made: what cannot be told of one customer keeps nothing else from being told.
        if let Err(error) = trace.tell(&story, &plan, console) {
            console.complain(&error);
        }
        console.tell("\n")?;
    }
    if !args.no_prediction {
        let progress = predicting(args, console, prediction.clone());
        let found = attribute(&plan, &outcome.result, &outcome.evidence, &prediction);
        outcome.result.attribution = Some(found);
        progress.finish();
    }
    let mut rows = args.output.rows(&plan);
    if let Some(rows) = &mut rows {
        for records in &outcome.records {
            rows.add(args.replication, records);
        }
    }
    let ran = Ran {
        result: outcome.result,
        rows,
        stopped: signals.came(),
    };
    conclude(ran, &args.output, console)
}

fn options(args: &Load) -> Result<Options> {
    Ok(Options {
        replication: args.replication,
        records: args.output.records.is_some(),
        trace: args.trace.map(|trace| trace.customer),
        skip_closed: args.skip_closed,
        only_customers: matches!(args.only, Some(Only::Customers)),
        ..args.live.options()?
    })
}

fn progress(args: &Load, console: &Console, plan: &Plan, watch: &Arc<Watch>) -> Progress {
    let line = live_args::line(plan, watch, args.only.is_none());
    Progress::start(args.output.progress(console), console, move |_| line())
}

/// Shows how far the simulations after the run are.
fn predicting(args: &Load, console: &Console, watch: Arc<simulation::Watch>) -> Progress {
    Progress::start(args.output.progress(console), console, move |_| {
        let chats = watch.chats.load(Ordering::Relaxed) as f64;
        Line {
            done: f64::from(watch.replications.load(Ordering::Relaxed)) / 2.0,
            text: format!("simulating the same people, {} chats", grouped(chats, 0)),
        }
    })
}
