//! Owns the arguments that several commands share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::console::Console;
use super::progress::Shown;
use crate::error::{Error, Result};
use crate::measure::gate::Judge;
use crate::report::file;
use crate::report::records::Rows;
use crate::scenario;
use crate::scenario::plan::Plan;
use crate::scenario::scaling::Scaling;
use crate::scenario::window::Window;

/// Which scenario, and what to change in it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario file (TOML)
    pub file: PathBuf,
    /// Change a key of the scenario, as in `--set agents.concurrency=4`; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Play only this stretch of the scenario, local time: 'fri 09:00/10:00' (the first such) or
    /// '2026-11-27 09:00/10:00'
    #[arg(long, value_name = "DAY FROM/UNTIL", conflicts_with = "busy_hour")]
    window: Option<String>,
    /// Play only the hour with the most customers expected
    #[arg(long)]
    busy_hour: bool,
    /// So many times as many customers
    #[arg(long, value_name = "X", value_parser = times)]
    scale: Option<f64>,
    /// With --scale: so many times as many agents, too, rounded up
    #[arg(long, requires = "scale")]
    with_agents: bool,
    /// Played, but left out of all figures: `--set run.warm_up=TIME`; with a window, the time
    /// before it
    #[arg(long, value_name = "TIME")]
    warm_up: Option<String>,
}

impl ScenarioArgs {
    /// The plan of the scenario, or of a window of it, with its changes and those that other flags
    /// stand for.
    pub fn plan(&self, flags: &[Option<String>]) -> Result<Plan> {
        let scaling = self.scale.map(|factor| Scaling {
            factor,
            with_agents: self.with_agents,
        });
        self.scaled(flags, scaling)
    }

    /// The same of so many times as many customers and agents.
    pub fn plan_at(&self, factor: f64, flags: &[Option<String>]) -> Result<Plan> {
        if self.scale.is_some() {
            return Err(Error::refused("--scale is what the search looks for")
                .with_remedy("say --from X to begin with X times as many customers and agents"));
        }
        let with_agents = true;
        let scaling = Scaling {
            factor,
            with_agents,
        };
        self.scaled(flags, Some(scaling))
    }

    fn scaled(&self, flags: &[Option<String>], scaling: Option<Scaling>) -> Result<Plan> {
        let warm_up = change("run.warm_up", self.warm_up.as_ref());
        let flags = flags.iter().chain([&warm_up]).flatten();
        for flag in flags.clone() {
            check_flag(flag)?;
        }
        let changes: Vec<String> = self.set.iter().chain(flags).cloned().collect();
        let mut plan = scenario::read_scaled(&self.file, &changes, scaling)?;
        if let Some(window) = self.window() {
            window.narrow(&mut plan)?;
        }
        Ok(plan)
    }

    fn window(&self) -> Option<Window> {
        match &self.window {
            Some(text) => Some(Window::Written(text.clone())),
            None => self.busy_hour.then_some(Window::BusyHour),
        }
    }
}

/// Sees that a flag changes a key: without a value it would take the key out.
fn check_flag(change: &str) -> Result<()> {
    match change.split_once('=') {
        Some((path, value)) if value.trim().is_empty() => {
            let what = format!("a flag stands for `--set {path}=VALUE`, and its value is empty");
            Err(Error::refused(what).with_remedy("give it a value, or leave the flag out"))
        }
        _ => Ok(()),
    }
}

/// So many times as many.
pub fn times(text: &str) -> std::result::Result<f64, String> {
    let factor = text.trim().parse().ok();
    let factor = factor.filter(|factor: &f64| *factor > 0.0 && *factor <= MOST_TIMES);
    factor.ok_or_else(|| format!("a number above 0, at most {MOST_TIMES}, is expected"))
}

/// The most that a scenario may be scaled by; what it scales has limits of its own.
const MOST_TIMES: f64 = 1e6;

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
    /// Sees that the files can be written before a long run, and that none is of the run already.
    ///
    /// # Errors
    /// Failed: one of them cannot. Refused: it would overwrite another, or what the plan is read
    /// from.
    pub fn probe(&self, plan: &Plan) -> Result<()> {
        self.probe_all(Some(self.out()), plan)
    }

    /// The same for the files that were named, the default one not being written.
    ///
    /// # Errors
    /// As [`OutputArgs::probe`].
    pub fn probe_named(&self, plan: &Plan) -> Result<()> {
        self.probe_all(self.out.as_deref(), plan)
    }

    fn probe_all(&self, out: Option<&Path>, plan: &Plan) -> Result<()> {
        let records = self.records.as_deref();
        let mut taken = vec![PathBuf::from(&plan.source.file)];
        taken.extend(plan.source.files.iter().cloned());
        for (flag, path) in [("--out", out), ("--records", records)] {
            let Some(path) = path else { continue };
            if let Some(same) = taken.iter().find(|other| file::is_same(path, other)) {
                let (path, same) = (path.display(), same.display());
                let what = format!("{flag} {path} would overwrite {same}, which is of this run");
                return Err(
                    Error::refused(what).with_remedy(format!("name another file for {flag}"))
                );
            }
            file::probe(path)?;
            taken.push(path.into());
        }
        Ok(())
    }

    /// Where the result file goes.
    pub fn out(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("run.json"))
    }

    /// The records file, if one is asked for.
    pub fn rows<'p>(&'p self, plan: &'p Plan) -> Option<Rows<'p>> {
        let path = self.records.as_deref();
        path.map(|path| Rows::new(path, plan))
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
