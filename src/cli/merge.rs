//! `busyhour merge`: the parts of a live run, played in several places, become one run.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;

use super::console::Console;
use super::live_run::Told;
use super::scenario_args::OutputArgs;
use super::signals::Signals;
use super::trace::Trace;
use crate::error::{Exit, Result};
use crate::live::merge::{Part, Wanted, merge, plan_of};
use crate::report::file;
use crate::simulation;

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The result files of all parts, as `load --shard` wrote them
    #[arg(required = true, value_name = "PART.json")]
    files: Vec<PathBuf>,
    /// Tell the story of one customer, as in `customer:17`, before the report
    #[arg(long, value_name = "WHO", conflicts_with = "quiet")]
    trace: Option<Trace>,
    /// Do not simulate the same people afterwards to tell what the server added
    #[arg(long)]
    no_prediction: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Merges the parts and reports.
///
/// # Errors
/// Refused: a file is no part, they are not all the parts of one run, or an output would overwrite
/// one. Failed: a file cannot be written.
pub fn run(args: &Merge, console: &Console) -> Result<Exit> {
    let mut parts = Vec::new();
    for path in &args.files {
        parts.push(Part::of(
            &path.display().to_string(),
            file::read_part(path)?,
        )?);
    }
    let mut plan = plan_of(&mut parts)?;
    if let Some(trace) = args.trace {
        trace.check(&plan, parts[0].replication())?;
    }
    // No output may overwrite these either.
    plan.source.files.extend(args.files.iter().cloned());
    args.output.probe(&plan)?;
    let prediction = Arc::new(simulation::Watch::default());
    let stopping = prediction.clone();
    let signals = Signals::listen(console, move || {
        stopping.stop.store(true, Ordering::Relaxed);
    })?;
    let wanted = Wanted {
        records: args.output.records.is_some(),
        trace: args.trace.map(|trace| trace.customer),
    };
    let outcome = merge(&plan, parts, wanted)?;
    let told = Told {
        plan: &plan,
        output: &args.output,
        trace: args.trace,
        predicts: !args.no_prediction,
    };
    told.tell(outcome, &prediction, &signals, console)
}
