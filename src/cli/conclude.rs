//! Concludes a run: verdict, files, report, exit.
//!
//! Law: the report is told even where a file cannot be written, and the exit codes keep their
//! precedence: signal, failed, INVALID, gate.

use std::path::Path;

use super::console::Console;
use super::scenario_args::OutputArgs;
use super::signals::Stop;
use crate::error::{Exit, Result};
use crate::live::shard::Kept;
use crate::measure::result::RunResult;
use crate::report::figure::Unit;
use crate::report::records::Rows;
use crate::report::{file, terminal};

/// What a run gave.
pub struct Ran<'p> {
    /// Its result, not yet settled.
    pub result: RunResult,
    /// What is kept of a part of a run for a merge.
    pub kept: Option<Kept>,
    /// The records file, if it was asked for, with all rows.
    pub rows: Option<Rows<'p>>,
    /// The signal that stopped it.
    pub stopped: Option<Stop>,
}

/// Settles the verdict, writes the files, tells the report.
///
/// # Errors
/// Failed: a file or stdout cannot be written (and no signal came).
pub fn conclude(mut ran: Ran, output: &OutputArgs, console: &Console) -> Result<Exit> {
    // A merged run may have been stopped where one of its parts was played.
    let stopped_by = &mut ran.result.verdict.stopped_by;
    *stopped_by = ran
        .stopped
        .map(|stop| stop.name().into())
        .or(stopped_by.take());
    ran.result.settle();
    let written = write(Some(output.out()), &ran.result, ran.kept.as_ref(), ran.rows);
    let told = if output.quiet {
        Ok(())
    } else {
        let report = terminal::render(&ran.result, console.width, console.colour);
        let took = Unit::Seconds.say(ran.result.environment.duration_s);
        let files = whereabouts(output, &written);
        console.tell(&format!("{report}\n{files}took: {took}\n"))
    };
    let done = written.and(told);
    match ran.stopped {
        Some(stop) => {
            done.unwrap_or_else(|error| console.complain(&error));
            Ok(stop.exit())
        }
        None => done.map(|()| exit(&ran.result)),
    }
}

/// Writes the files that were named, and tells nothing: the verdict is not asked for.
///
/// # Errors
/// Failed: a file cannot be written.
pub fn keep(mut ran: Ran, output: &OutputArgs) -> Result<Exit> {
    ran.result.verdict.stopped_by = ran.stopped.map(|stop| stop.name().into());
    ran.result.settle();
    write(output.out.as_deref(), &ran.result, None, ran.rows)?;
    Ok(ran.stopped.map_or(Exit::Fine, Stop::exit))
}

/// Writes both files: one that cannot be written keeps nobody from the other.
fn write(
    out: Option<&Path>,
    result: &RunResult,
    kept: Option<&Kept>,
    rows: Option<Rows>,
) -> Result<()> {
    let out = out.map_or(Ok(()), |path| file::write_result(path, result, kept));
    let rows = rows.map_or(Ok(()), Rows::finish);
    out.and(rows)
}

/// Where the files went.
fn whereabouts(output: &OutputArgs, written: &Result<()>) -> String {
    if written.is_err() {
        return String::new();
    }
    let out = output.out().display();
    match &output.records {
        Some(records) => format!("result: {out}\nrecords: {}\n", records.display()),
        None => format!("result: {out}\n"),
    }
}

fn exit(result: &RunResult) -> Exit {
    let verdict = &result.verdict;
    if verdict.failed.is_some() {
        Exit::Failed
    } else if verdict.valid == Some(false) {
        Exit::Invalid
    } else if verdict.passed == Some(false) {
        Exit::GateFailed
    } else {
        Exit::Fine
    }
}
