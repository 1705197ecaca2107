//! `busyhour simulate`: a scenario in virtual time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use super::conclude::{Ran, conclude};
use super::console::Console;
use super::progress::{Line, Progress};
use super::scenario_args::{JudgeBy, OutputArgs, ScenarioArgs, change};
use super::signals::Signals;
use crate::error::{Exit, Result};
use crate::report::figure::grouped;
use crate::scenario::outlook::flow::Flow;
use crate::scenario::plan::Plan;
use crate::simulation::{Options, Watch, simulate};
use crate::time::Span;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    #[command(flatten)]
    scenario: ScenarioArgs,
    /// How many times to play it, each with other draws: `--set run.replications=N`
    #[arg(long, value_name = "N")]
    replications: Option<u32>,
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
    let mut plan = args.scenario.plan(&[
        change("run.replications", args.replications),
        change("seed", args.seed),
    ])?;
    if let Some(judge) = args.judge {
        plan.judge = judge.into();
    }
    args.output.probe()?;
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        threads: args.threads.map_or_else(processors, usize::from),
        records: args.output.records.is_some(),
    };
    let watch = Arc::new(Watch::default());
    let stopping = watch.clone();
    let signals = Signals::listen(console, move || {
        stopping.stop.store(true, Ordering::Relaxed);
    })?;
    let progress = progress(args, console, &plan, watch.clone());
    let outcome = simulate(&plan, &options, &watch);
    progress.finish();
    let ran = Ran {
        result: outcome.result,
        records: outcome.records,
        first: 0,
        stopped: signals.came(),
    };
    conclude(ran, &args.output, &plan.calendar, console)
}

fn progress(args: &Simulate, console: &Console, plan: &Plan, watch: Arc<Watch>) -> Progress {
    let expected = Flow::of(plan).arrived(plan.begin, plan.outline.horizon);
    let all = expected * f64::from(plan.replications);
    let replications = plan.replications;
    Progress::start(args.output.progress(console), console, move |since| {
        line(&watch, since, all, replications)
    })
}

/// Chats and events a second, and the time left.
fn line(watch: &Watch, since: Duration, all: f64, replications: u32) -> Line {
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
    let text = format!(
        "{finished}/{replications} replications, {} chats/s, {} events/s{left}",
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
        let line = line(&watch, Duration::from_secs(10), 100_000.0, 10);
        assert_eq!(line.done, 0.25);
        assert_eq!(
            line.text,
            "2/10 replications, 2,500 chats/s, 1.20 M events/s, 30s left"
        );
    }
}
