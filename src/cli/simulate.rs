//! `busyhour simulate`: a scenario in virtual time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use super::conclude::{Ran, conclude, keep};
use super::console::Console;
use super::progress::{Line, Progress};
use super::room::Room;
use super::scenario_args::{JudgeBy, OutputArgs, ScenarioArgs, change};
use super::signals::Signals;
use super::trace::Trace;
use crate::error::{Exit, Result};
use crate::report::figure::grouped;
use crate::scenario::outlook::flow::Flow;
use crate::scenario::plan::Plan;
use crate::simulation::{Options, Watch, simulate_into};
use crate::time::Span;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// How many times to play it, each with other draws: `--set run.replications=N`
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
    /// Play replication R alone: the same people and rows as the R-th (from 0) of a whole run
    #[arg(long, value_name = "R", conflicts_with_all = ["replications", "precision"])]
    #[arg(value_parser = clap::value_parser!(u32).range(..i64::from(u32::MAX)))]
    replication: Option<u32>,
    /// Play until a measure's 95 % interval is so narrow: `--set run.precision.MEASURE=SHARE`; may
    /// be repeated
    #[arg(long, value_name = "MEASURE=SHARE", conflicts_with = "replications")]
    precision: Vec<String>,
    /// Tell the story of one customer, as in `customer:17`, and nothing else; plays `--replication`
    /// (0 if absent) alone and writes no result file unless `--out` names one
    #[arg(long, value_name = "WHO", conflicts_with_all = ["replications", "precision", "quiet"])]
    trace: Option<Trace>,
    /// The seed of all draws: `--set seed=N`
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Threads to use; the result is the same for any number [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// What gates judge: interval (the worse end of the 95 % interval, the default) or point
    #[arg(long, value_enum, value_name = "BY", hide_possible_values = true)]
    judge: Option<JudgeBy>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Plays the scenario and reports.
///
/// # Errors
/// The scenario is refused, or a file cannot be written.
pub fn run(args: &Simulate, console: &Console) -> Result<Exit> {
    let plan = plan(args)?;
    if let Some(trace) = args.trace {
        trace.check(&plan, plan.first_replication)?;
        args.output.probe_named(&plan)?;
    } else {
        args.output.probe(&plan)?;
    }
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or_else(processors, usize::from);
    Room::check(&plan, threads, args.output.records.is_some())?;
    let options = Options {
        threads,
        records: args.output.records.is_some(),
        trace: args.trace.map(|trace| trace.customer),
    };
    let watch = Arc::new(Watch::default());
    let stopping = watch.clone();
    let signals = Signals::listen(console, move || {
        stopping.stop.store(true, Ordering::Relaxed);
    })?;
    let progress = progress(args, console, &plan, watch.clone());
    let mut rows = args.output.rows(&plan);
    let outcome = simulate_into(&plan, &options, &watch, &mut |replication, records| {
        if let Some(rows) = &mut rows {
            rows.add(replication, &records);
        }
    });
    progress.finish();
    let ran = Ran {
        result: outcome.result,
        kept: None,
        rows,
        stopped: signals.came(),
    };
    match args.trace.zip(outcome.story) {
        Some((trace, story)) => {
            trace.tell(&story, &plan, console)?;
            keep(ran, &args.output)
        }
        None => conclude(ran, &args.output, console),
    }
}

/// The plan with what the flags change.
fn plan(args: &Simulate) -> Result<Plan> {
    let mut flags = vec![
        change("run.replications", args.replications),
        change("seed", args.seed),
    ];
    let precise = args.precision.iter();
    flags.extend(precise.map(|wanted| Some(format!("run.precision.{wanted}"))));
    let mut plan = args.scenario.plan(&flags)?;
    if let Some(judge) = args.judge {
        plan.judge = judge.into();
    }
    if let Some(alone) = args.replication.or(args.trace.map(|_| 0)) {
        (plan.first_replication, plan.replications) = (alone, 1);
        plan.precision.clear();
    }
    Ok(plan)
}

fn progress(args: &Simulate, console: &Console, plan: &Plan, watch: Arc<Watch>) -> Progress {
    let each = Flow::of(plan).arrived(plan.begin, plan.outline.horizon);
    let most = (!plan.precision.is_empty()).then_some(plan.replications);
    Progress::start(args.output.progress(console), console, move |since| {
        line(&watch, since, each, most)
    })
}

/// Chats and events a second, and the time left: to the end of the round, where `most` bounds how
/// many replications there may be.
fn line(watch: &Watch, since: Duration, each: f64, most: Option<u32>) -> Line {
    let replications = watch.planned.load(Ordering::Relaxed);
    let all = each * f64::from(replications);
    let chats = watch.chats.load(Ordering::Relaxed) as f64;
    let events = watch.events.load(Ordering::Relaxed) as f64;
    let finished = watch.replications.load(Ordering::Relaxed);
    let done = (chats / all.max(1.0)).clamp(0.0, 1.0);
    let secs = since.as_secs_f64().max(1e-3);
    let left = match done {
        0.0 => String::new(),
        done => format!(
            ", {} left",
            Span::from_secs((secs / done - secs).round() as u64)
        ),
    };
    let round = match most {
        None => String::new(),
        Some(most) => format!(" of this round, {} at most", grouped(f64::from(most), 0)),
    };
    let text = format!(
        "{finished}/{replications} replications{round}, {} chats/s, {} events/s{left}",
        short(chats / secs),
        short(events / secs)
    );
    Line { done, text }
}

/// A speed of which three digits are enough.
fn short(speed: f64) -> String {
    if speed < 1e6 {
        grouped(speed, 0)
    } else {
        format!("{} M", grouped(speed / 1e6, 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_speed_and_time_left() {
        let watch = Watch::default();
        watch.chats.store(25_000, Ordering::Relaxed);
        watch.events.store(12_000_000, Ordering::Relaxed);
        watch.replications.store(2, Ordering::Relaxed);
        watch.planned.store(10, Ordering::Relaxed);
        let said = |most| line(&watch, Duration::from_secs(10), 10_000.0, most);
        assert_eq!(said(None).done, 0.25);
        assert_eq!(
            said(None).text,
            "2/10 replications, 2,500 chats/s, 1.20 M events/s, 30s left"
        );
        assert!(
            said(Some(1_000))
                .text
                .starts_with("2/10 replications of this round, 1,000 at most, 2,500 chats/s")
        );
    }
}
