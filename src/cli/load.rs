//! `busyhour load`: a scenario in real time, against a chat server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use clap::{Args, ValueEnum};

use super::access_args::{AccessArgs, Entrance};
use super::conclude::{Ran, conclude};
use super::console::Console;
use super::progress::{Line, Progress};
use super::scenario_args::{OutputArgs, ScenarioArgs, change};
use super::signals::Signals;
use super::trace::Trace;
use crate::error::{Error, Exit, Result};
use crate::live::machine::{MARGIN, descriptors_allowed, make_room_for_descriptors};
use crate::live::watch::Watch;
use crate::live::workers::{WORKERS_MOST, Workers};
use crate::live::{Options, load};
use crate::report::figure::{Unit, grouped};
use crate::scenario::outlook::Outlook;
use crate::scenario::plan::Plan;
use crate::simulation;
use crate::study::attribution::attribute;
use crate::time::Time;

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
    /// Tell the story of one customer, as in `customer:17`, before the report
    #[arg(long, value_name = "WHO", conflicts_with = "quiet")]
    trace: Option<Trace>,
    /// Processes over which customers and agents are spread [default: as many as the descriptors
    /// ask for]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(WORKERS_MOST)))]
    workers: Option<u32>,
    /// The most connects in a second on the wall: `--set live.max_connect_rate=N`
    #[arg(long, value_name = "N")]
    max_connect_rate: Option<f64>,
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
    access: AccessArgs,
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
    let mut plan = args.scenario.plan(&[
        change("live.speed", args.speed),
        change("seed", args.seed),
        change("live.max_connect_rate", args.max_connect_rate),
    ])?;
    if let Some(trace) = args.trace {
        trace.check(&plan, args.replication)?;
    }
    let entrance = args.access.entrance()?;
    // No output may overwrite these either.
    plan.source.files.extend(args.access.files().cloned());
    let workers = workers(args, &plan, !entrance.targets.is_empty())?;
    args.output.probe(&plan)?;
    let options = options(args, entrance, workers);
    let watch = Arc::new(Watch::default());
    let prediction = Arc::new(simulation::Watch::default());
    let stopping = (watch.clone(), prediction.clone());
    let signals = Signals::listen(console, move || {
        stopping.0.stop.store(true, Ordering::Relaxed);
        stopping.1.stop.store(true, Ordering::Relaxed);
    })?;
    let progress = progress(args, console, &plan, watch.clone());
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

fn options(args: &Load, entrance: Entrance, workers: Option<Workers>) -> Options {
    Options {
        targets: entrance.targets,
        separate: entrance.separate,
        sources: entrance.sources,
        allow_targets: entrance.allow_targets,
        access: entrance.access,
        replication: args.replication,
        records: args.output.records.is_some(),
        trace: args.trace.map(|trace| trace.customer),
        workers,
        skip_closed: args.skip_closed,
        only_customers: matches!(args.only, Some(Only::Customers)),
    }
}

/// Over how many processes the run is spread, none for this one alone; room is made for what this
/// one needs.
fn workers(args: &Load, plan: &Plan, targeted: bool) -> Result<Option<Workers>> {
    let outlook = Outlook::of(plan).live;
    let allowed = descriptors_allowed().unwrap_or(u64::MAX);
    let alone = match targeted {
        true => outlook.descriptors,
        false => outlook.descriptors_with_server,
    };
    let count = args.workers.unwrap_or_else(|| {
        let needed = Workers::needed(outlook.connections, allowed);
        let fits = alone <= allowed;
        if fits { 1 } else { needed.min(WORKERS_MOST) }
    });
    // The built-in server alone may be what fits beside no customers.
    let apart = count > 1 || (args.workers.is_none() && alone > allowed);
    if !apart {
        make_room_for_descriptors(alone)?;
        return Ok(None);
    }
    if args.skip_closed {
        return Err(Error::refused(
            "closed hours can be jumped over in one process only: each has a clock of its own",
        )
        .with_remedy("leave out --skip-closed, or say --workers 1"));
    }
    make_room_for_descriptors(
        MARGIN
            + 4 * u64::from(count)
            + match targeted {
                true => 0,
                false => outlook.connections,
            },
    )?;
    let program = std::env::current_exe();
    let program = program
        .map_err(|error| Error::failed(format!("cannot find the program's own file: {error}")))?;
    Ok(Some(Workers {
        program,
        count,
        connections: outlook.connections,
    }))
}

fn progress(args: &Load, console: &Console, plan: &Plan, watch: Arc<Watch>) -> Progress {
    let (calendar, begin) = (plan.calendar.clone(), plan.begin);
    let length = plan.outline.horizon.since(begin).as_secs_f64();
    let agents = args.only.is_none();
    Progress::start(args.output.progress(console), console, move |_| {
        let now = Time(watch.now.load(Ordering::Relaxed));
        let clock = calendar.local(now).strftime("%a %H:%M:%S").to_string();
        Line {
            done: now.since(begin).as_secs_f64() / length,
            text: words(&watch, &clock, agents),
        }
    })
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

/// The live line; what only `agents` know where they are played.
fn words(watch: &Watch, clock: &str, agents: bool) -> String {
    let count = |of: &AtomicU32| grouped(f64::from(of.load(Ordering::Relaxed)), 0);
    let online = count(&watch.agents);
    if !watch.started.load(Ordering::Relaxed) {
        return match agents {
            true => format!("{online} agents online, waiting for the rest"),
            false => "looking in at the server".into(),
        };
    }
    let lag = Unit::Millis.say(watch.lag_us.load(Ordering::Relaxed) as f64 / 1e3);
    let busy = match agents {
        true => format!(
            "{} open, {}/{online} busy, ",
            count(&watch.open),
            count(&watch.busy)
        ),
        false => String::new(),
    };
    format!(
        "{clock}  {} arrived, {} waiting, {busy}lag {lag}",
        count(&watch.arrived),
        count(&watch.queue),
    )
}
