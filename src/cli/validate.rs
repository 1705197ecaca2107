//! `busyhour validate`: the simulation against exact theory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::console::Console;
use super::progress::{Line, Progress, Shown};
use super::signals::Signals;
use crate::error::{Error, Exit, Result};
use crate::report::figure::grouped;
use crate::report::paint::Paint;
use crate::report::validation;
use crate::simulation::Watch;
use crate::study::validate::case::{Case, Size};
use crate::study::validate::{Checked, cases, check, ledger};
use crate::time::Span;

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// A little of each case, in seconds: agreement is held, precision is not
    #[arg(long)]
    quick: bool,
    /// Only cases whose name contains this, in any case
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Threads to use; the result is the same for any number [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// One JSON object with all figures
    #[arg(long)]
    json: bool,
    /// No progress on stderr
    #[arg(long)]
    no_progress: bool,
}

/// Plays the cases and says how they stand to theory.
///
/// # Errors
/// Refused: no case has such a name. Failed: stdout cannot be written.
pub fn run(args: &Validate, console: &Console) -> Result<Exit> {
    let size = if args.quick { Size::Quick } else { Size::Whole };
    let cases = chosen(args)?;
    let watch = Arc::new(Watch::default());
    let stopping = watch.clone();
    let signals = Signals::listen(console, move || {
        stopping.stop.store(true, Ordering::Relaxed);
    })?;
    let progress = progress(args, console, &cases, size, &watch);
    let checked = play(args, console, (&cases, size), &watch)?;
    progress.finish();
    let mut ledger = ledger(&checked);
    ledger.passed &= checked.len() == cases.len();
    let precise = size == Size::Whole;
    if args.json {
        let found = json!({ "verdict": ledger, "asked": cases.len(), "cases": checked });
        console.tell(&format!("{found:#}\n"))?;
    } else {
        let paint = Paint::new(console.colour);
        let (played, asked) = (checked.len(), cases.len());
        let verdict = validation::verdict(&ledger, played, asked, precise, paint);
        console.tell(&verdict)?;
    }
    Ok(match signals.came() {
        Some(stop) => stop.exit(),
        None if ledger.passed => Exit::Fine,
        None => Exit::GateFailed,
    })
}

fn chosen(args: &Validate) -> Result<Vec<Case>> {
    let mut cases = cases();
    let only = args.only.as_deref().unwrap_or_default().to_lowercase();
    cases.retain(|case| case.name.to_lowercase().contains(&only));
    let named = args.only.as_deref().unwrap_or_default();
    if cases.is_empty() {
        let remedy = "`busyhour validate --quick` names most cases";
        return Err(
            Error::refused(format!("no case has `{named}` in its name")).with_remedy(remedy)
        );
    }
    cases.retain(|case| !args.quick || case.is_quick());
    if cases.is_empty() {
        let what = format!("what has `{named}` in its name takes too long to settle for --quick");
        return Err(Error::refused(what).with_remedy("leave --quick out"));
    }
    Ok(cases)
}

fn play(
    args: &Validate,
    console: &Console,
    (cases, size): (&[Case], Size),
    watch: &Watch,
) -> Result<Vec<Checked>> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or_else(processors, usize::from);
    let paint = Paint::new(console.colour);
    let mut checked = Vec::new();
    if !args.json {
        console.tell(&validation::heading(paint))?;
    }
    for case in cases {
        let Some(found) = check(case, size, threads, watch) else {
            break;
        };
        if !args.json {
            console.tell(&validation::case(&found, paint))?;
        }
        checked.push(found);
    }
    Ok(checked)
}

fn progress(
    args: &Validate,
    console: &Console,
    cases: &[Case],
    size: Size,
    watch: &Arc<Watch>,
) -> Progress {
    let all: f64 = cases.iter().map(|case| case.chats(size)).sum();
    let shown = match console.moving {
        _ if args.no_progress => Shown::No,
        true => Shown::Moving,
        false => Shown::Lines,
    };
    let watch = watch.clone();
    Progress::start(shown, console, move |since| line(&watch, since, all))
}

fn line(watch: &Watch, since: Duration, all: f64) -> Line {
    let chats = watch.chats.load(Ordering::Relaxed) as f64;
    let done = (chats / all.max(1.0)).clamp(0.0, 1.0);
    let secs = since.as_secs_f64();
    let left = Span::from_secs((secs / done.max(1e-3) - secs).round() as u64);
    let millions = |chats: f64| grouped(chats / 1e6, 1);
    let text = format!(
        "{} of {} million chats, {left} left",
        millions(chats),
        millions(all)
    );
    Line { done, text }
}
