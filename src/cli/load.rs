//! `busyhour load`: a scenario in real time, against a chat server.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::{Args, ValueEnum};

use super::console::Console;
use super::live_args::{self, LiveArgs};
use super::live_run::Told;
use super::metrics::MetricsArgs;
use super::otlp::Export;
use super::progress::Progress;
use super::scenario_args::{OutputArgs, ScenarioArgs, change};
use super::signals::Signals;
use super::trace::Trace;
use crate::error::{Exit, Result};
use crate::live::shard::Shard;
use crate::live::slice::Slice;
use crate::live::start::Start;
use crate::live::watch::Watch;
use crate::live::{Options, load};
use crate::measure::cast::Cast;
use crate::report::{file, telemetry};
use crate::scenario::plan::Plan;
use crate::simulation;

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
    /// The most connects in a second on the wall: `--set live.max_connect_rate=N`
    #[arg(long, value_name = "N")]
    max_connect_rate: Option<f64>,
    /// Jump over hours in which the desk is closed and nobody is there
    #[arg(long)]
    skip_closed: bool,
    /// Do not simulate the same people afterwards to tell what the server added
    #[arg(long)]
    no_prediction: bool,
    /// Play one side alone, the other being people, or bots, of the server's own
    #[arg(long, value_name = "WHO")]
    only: Option<Only>,
    /// Play one part of the people, as in 2/8, the others being played elsewhere, and keep its
    /// journal for `merge`
    #[arg(long, value_name = "I/N", conflicts_with = "skip_closed")]
    shard: Option<Slice>,
    /// When the scenario's time begins, as in 2026-11-27T21:30:00Z: agents gather before
    #[arg(long, value_name = "TIME")]
    start_at: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    live: LiveArgs,
    #[command(flatten)]
    metrics: MetricsArgs,
    /// Export metrics by OTLP while the run lasts, as the OTEL_* variables of the environment say; a
    /// collector beyond this machine needs --allow-target
    #[arg(long, help_heading = "Looking in")]
    otlp: bool,
}

/// Who alone is played.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Only {
    /// No agent connects: the staff is the server's own
    Customers,
    /// No customer connects: visitors come by themselves
    Agents,
}

impl Load {
    /// Who is played.
    fn cast(&self) -> Cast {
        match self.only {
            None => Cast::Everybody,
            Some(Only::Customers) => Cast::Customers,
            Some(Only::Agents) => Cast::Agents,
        }
    }
}

/// Plays the scenario live and reports.
///
/// # Errors
/// The scenario, the target or the machine's limits refuse the run, it fails, or a file cannot be
/// written.
pub fn run(args: &Load, console: &Console) -> Result<Exit> {
    let mut plan = args.scenario.plan(&[
        change("live.speed", args.speed),
        change("seed", args.seed),
        change("live.max_connect_rate", args.max_connect_rate),
    ])?;
    if let Some(trace) = args.trace {
        trace.check(&plan, args.replication)?;
    }
    let options = options(args)?;
    options.fit(&mut plan);
    // No output may overwrite these either.
    plan.source.files.extend(args.live.files().cloned());
    let options = args.live.spread(&plan, options)?;
    args.output.probe(&plan)?;
    let watch = Arc::new(Watch::default());
    let told = telemetry(args, &plan);
    let metrics = args.metrics.serve(&watch, &told)?;
    if let Some(metrics) = metrics.as_ref().filter(|_| !args.output.quiet) {
        console.note(&format!("metrics: {}", metrics.address()));
    }
    let export = match args.otlp {
        true => Export::start(&watch, &told, &options.allow_targets)?,
        false => None,
    };
    let prediction = Arc::new(simulation::Watch::default());
    let stopping = (watch.clone(), prediction.clone());
    let signals = Signals::listen(console, move || {
        stopping.0.stop.store(true, Ordering::Relaxed);
        stopping.1.stop.store(true, Ordering::Relaxed);
    })?;
    let progress = progress(args, console, &plan, &watch);
    let outcome = load(&plan, &options, &watch);
    progress.finish();
    let exported = export.and_then(Export::finish);
    drop(metrics);
    let mut outcome = match (outcome, signals.came()) {
        // Stopped before there was anything to report.
        (Err(error), Some(stop)) => {
            console.complain(&error);
            return Ok(stop.exit());
        }
        (outcome, _) => outcome?,
    };
    outcome.result.verdict.reasons.extend(exported);
    let told = Told {
        plan: &plan,
        output: &args.output,
        trace: args.trace,
        predicts: !args.no_prediction,
    };
    told.tell(outcome, &prediction, &signals, console)
}

/// What is known of the run before it starts, for whoever looks in.
fn telemetry(args: &Load, plan: &Plan) -> telemetry::Run {
    telemetry::Run {
        scenario: plan.echo().name,
        seed: plan.seed,
        replication: args.replication,
        speed: plan.live.speed,
        cast: args.cast(),
    }
}

fn options(args: &Load) -> Result<Options> {
    let shard = args.shard.map(|slice| Shard {
        slice,
        folder: file::folder_of(args.output.out()).into(),
    });
    Ok(Options {
        shard,
        start: args.start_at.as_deref().map(Start::parse).transpose()?,
        replication: args.replication,
        records: args.output.records.is_some(),
        trace: args.trace.map(|trace| trace.customer),
        skip_closed: args.skip_closed,
        cast: args.cast(),
        ..args.live.options()?
    })
}

fn progress(args: &Load, console: &Console, plan: &Plan, watch: &Arc<Watch>) -> Progress {
    let line = live_args::line(plan, watch, args.cast());
    Progress::start(args.output.progress(console), console, move |_| line())
}
