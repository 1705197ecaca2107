//! Concludes a run: verdict, files, report, exit.
//!
//! Law: the report is told even where a file cannot be written, and the exit codes keep their
//! precedence: signal, failed, INVALID, gate.

use super::console::Console;
use super::scenario_args::OutputArgs;
use super::signals::Stop;
use crate::error::{Exit, Result};
use crate::measure::record::Record;
use crate::measure::result::RunResult;
use crate::report::figure::Unit;
use crate::report::{file, records, terminal};
use crate::scenario::plan::Plan;

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// Its result, not yet settled.
    pub result: RunResult,
    /// Rows by replication; empty unless asked for.
    pub records: Vec<Vec<Record>>,
    /// The first replication's number.
    pub first: u32,
    /// The signal that stopped it.
    pub stopped: Option<Stop>,
}

/// Settles the verdict, writes the files, tells the report.
///
/// # Errors
/// Failed: a file or stdout cannot be written (and no signal came).
pub fn conclude(mut ran: Ran, output: &OutputArgs, plan: &Plan, console: &Console) -> Result<Exit> {
    ran.result.verdict.stopped_by = ran.stopped.map(|stop| stop.name().into());
    ran.result.settle();
    let written = write(&ran, output, plan);
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
pub fn keep(mut ran: Ran, output: &OutputArgs, plan: &Plan) -> Result<Exit> {
    ran.result.verdict.stopped_by = ran.stopped.map(|stop| stop.name().into());
    ran.result.settle();
    if let Some(path) = &output.out {
        file::write_result(path, &ran.result)?;
    }
    if let Some(path) = &output.records {
        records::write(path, &ran.records, ran.first, plan)?;
    }
    Ok(ran.stopped.map_or(Exit::Fine, Stop::exit))
}

fn write(ran: &Ran, output: &OutputArgs, plan: &Plan) -> Result<()> {
    file::write_result(output.out(), &ran.result)?;
    match &output.records {
        Some(path) => records::write(path, &ran.records, ran.first, plan),
        None => Ok(()),
    }
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
