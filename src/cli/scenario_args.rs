//! Owns the arguments that several commands share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::console::Console;
use super::progress::Shown;
use crate::error::Result;
use crate::measure::gate::Judge;
use crate::report::file;
use crate::scenario;
use crate::scenario::plan::Plan;

/// Which scenario, and what to change in it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario file (TOML)
    pub file: PathBuf,
    /// Change a key of the scenario, as in `--set agents.concurrency=4`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

impl ScenarioArgs {
    /// The plan of the scenario with its changes and those that other flags stand for.
    pub fn plan(&self, flags: &[Option<String>]) -> Result<Plan> {
        let changes = self.set.iter().chain(flags.iter().flatten());
        scenario::read(&self.file, &changes.cloned().collect::<Vec<_>>())
    }
}

/// What a flag changes in the scenario, if it was given.
pub fn change(path: &str, value: Option<impl std::fmt::Display>) -> Option<String> {
    value.map(|value| format!("{path}={value}"))
}

/// What a run writes and shows.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Where the result file goes (JSON) [default: run.json]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write one row a customer (CSV)
    #[arg(long, value_name = "FILE.csv")]
    pub records: Option<PathBuf>,
    /// No report and no progress: the result file and the exit code alone
    #[arg(long)]
    pub quiet: bool,
    /// No progress on stderr
    #[arg(long)]
    pub no_progress: bool,
}

/// How gates are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum JudgeBy {
    /// By the 95 % interval: undecided counts as failed
    Interval,
    /// By the value alone
    Point,
}

impl From<JudgeBy> for Judge {
    fn from(by: JudgeBy) -> Judge {
        match by {
            JudgeBy::Interval => Judge::Interval,
            JudgeBy::Point => Judge::Point,
        }
    }
}

impl OutputArgs {
    /// Sees that the files can be written before a long run.
    ///
    /// # Errors
    /// Failed: one of them cannot.
    pub fn probe(&self) -> Result<()> {
        file::probe(self.out())?;
        self.records.as_deref().map_or(Ok(()), file::probe)
    }

    /// The same for the files that were named, the default one not being written.
    ///
    /// # Errors
    /// Failed: one of them cannot.
    pub fn probe_named(&self) -> Result<()> {
        let mut named = self.out.iter().chain(&self.records);
        named.try_for_each(|path| file::probe(path))
    }

    /// Where the result file goes.
    pub fn out(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("run.json"))
    }

    /// How progress is shown.
    pub fn progress(&self, console: &Console) -> Shown {
        match (self.quiet || self.no_progress, console.moving) {
            (true, _) => Shown::No,
            (false, true) => Shown::Moving,
            (false, false) => Shown::Lines,
        }
    }
}
