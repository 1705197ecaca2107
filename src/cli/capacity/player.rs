//! Owns `Player`: live runs one after the other against one server, with a look at its health in
//! between.
//!
//! Law: no run begins before the server is as well as it was before the first, nor one that would
//! not end within the budget; and a signal ends the run that is under way and begins no other.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Capacity;
use crate::cli::console::Console;
use crate::cli::live_args;
use crate::cli::progress::{Line, Progress, Shown};
use crate::cli::scenario_args::OutputArgs;
use crate::cli::signals::{Signals, Stop};
use crate::error::{Error, Result};
use crate::live::greeting::greeted;
use crate::live::watch::Watch;
use crate::live::{Options, Outcome, load};
use crate::measure::cast::Cast;
use crate::measure::result::ScenarioEcho;
use crate::report::figure::Unit;
use crate::scenario::outlook::Outlook;
use crate::scenario::plan::Plan;
use crate::simulation;
use crate::study::attribution::attribute;
use crate::study::capacity::findings::End;
use crate::study::capacity::health::Health;

/// Plays runs one after the other.
pub struct Player<'a> {
    args: &'a Capacity,
    console: &'a Console,
    shown: Shown,
    options: Options,
    signals: Signals,
    /// The run that is under way, for a signal to stop.
    current: Arc<Mutex<Current>>,
    /// None for the built-in server, which is a new one for each run.
    health: Option<Health>,
    began: Instant,
    /// The wall seconds that the last run took.
    last_s: Mutex<f64>,
}

/// A run and the simulations after it, as far as they can be seen and stopped.
#[derive(Clone, Default)]
struct Current {
    run: Arc<Watch>,
    prediction: Arc<simulation::Watch>,
}

/// The wall seconds that a run of this plan is likely to take.
pub fn takes_s(plan: &Plan) -> f64 {
    let live = Outlook::of(plan).live;
    live.wall_s + live.drain_s
}

impl<'a> Player<'a> {
    /// Listens for signals, and looks whether the server is there.
    ///
    /// # Errors
    /// Refused: a target that is not allowed. Failed: it cannot be reached.
    pub fn begin(
        args: &'a Capacity,
        output: &OutputArgs,
        options: Options,
        console: &'a Console,
    ) -> Result<Player<'a>> {
        let current: Arc<Mutex<Current>> = Arc::default();
        let stopping = current.clone();
        let signals = Signals::listen(console, move || {
            let current = stopping.lock().unwrap_or_else(PoisonError::into_inner);
            current.run.stop.store(true, Ordering::Relaxed);
            current.prediction.stop.store(true, Ordering::Relaxed);
        })?;
        let health = match options.targets.is_empty() {
            true => None,
            false => Some(Health::new(greeted(&options, Health::FIRST_MOST)?)),
        };
        Ok(Player {
            args,
            console,
            shown: output.progress(console),
            options,
            signals,
            current,
            health,
            began: Instant::now(),
            last_s: Mutex::new(0.0),
        })
    }

    /// The signal that asks for the end, if one came.
    pub fn stopped(&self) -> Option<Stop> {
        self.signals.came()
    }

    /// How it ends by that.
    pub fn stop(&self) -> End {
        let signal = self.stopped().map_or("", Stop::name).to_string();
        End::Stopped { signal }
    }

    /// Says how a run went, where progress is shown.
    pub fn note(&self, line: &str) {
        if self.shown != Shown::No {
            self.console.note(line);
        }
    }

    /// What the result file says of the scenario.
    pub fn echo(&self, plan: &Plan) -> ScenarioEcho {
        let doors: Vec<String> = self
            .options
            .targets
            .iter()
            .map(ToString::to_string)
            .collect();
        let built_in = || "built-in".to_string();
        ScenarioEcho {
            speed: Some(plan.live.speed),
            target: Some(if doors.is_empty() {
                built_in()
            } else {
                doors.join(", ")
            }),
            protocol: self.options.protocol_echo(),
            separate: self.options.separate,
            ..plan.echo()
        }
    }

    /// How it ends before a run of this plan, if it does: by a signal, for want of time, or because
    /// the server is not well.
    pub fn ends_before(&self, plan: &Plan) -> Option<End> {
        let late = || self.late(plan).map(|words| End::Budget { words });
        // A run that has no time anyway is none to wait for.
        let end = late().or_else(|| self.unwell(plan)).or_else(late);
        match self.stopped() {
            Some(_) => Some(self.stop()),
            None => end,
        }
    }

    /// Why there is no time for a run of this plan; none where there is.
    fn late(&self, plan: &Plan) -> Option<String> {
        let (takes, left) = (self.takes_s(plan), self.left_s()?);
        let budget = self.args.budget?.as_secs_f64();
        (takes > left).then(|| {
            let [takes, left, budget] =
                [takes, left.max(0.0), budget].map(|secs| Unit::Seconds.say(secs));
            format!("the next run takes about {takes}, and {left} are left of {budget}")
        })
    }

    /// The wall seconds that a run of this plan is likely to take, by the last one as well.
    fn takes_s(&self, plan: &Plan) -> f64 {
        let last = *self.last_s.lock().unwrap_or_else(PoisonError::into_inner);
        takes_s(plan).max(last)
    }

    /// The wall seconds that are left of the budget; none where there is no budget.
    fn left_s(&self) -> Option<f64> {
        let budget = self.args.budget?.as_secs_f64();
        Some(budget - self.began.elapsed().as_secs_f64())
    }

    /// How long may be waited before a run of this plan, by the budget.
    fn spare(&self, plan: &Plan) -> Duration {
        let spare = self.left_s().map(|left| left - self.takes_s(plan));
        let spare = spare.map(|secs| Duration::try_from_secs_f64(secs).unwrap_or_default());
        spare.unwrap_or(Duration::MAX)
    }

    /// How it ends since the server is not as well as before the first run, which is waited for as
    /// long as it may take and the budget leaves; none when it is. Before the first run it is.
    fn unwell(&self, plan: &Plan) -> Option<End> {
        let bound = self.health?.bound();
        let recovery = Duration::from_secs_f64(self.args.recovery.as_secs_f64());
        let deadline = Instant::now() + recovery;
        loop {
            let error = greeted(&self.options, bound.min(self.spare(plan))).err()?;
            if self.stopped().is_some() {
                return Some(self.stop());
            }
            if self.spare(plan) <= Health::PAUSE {
                let words = error.plain();
                return Some(End::Budget {
                    words: format!("none is left to wait until the server is well: {words}"),
                });
            }
            if Instant::now() + Health::PAUSE >= deadline {
                return Some(given_up(&error));
            }
            thread::sleep(Health::PAUSE);
        }
    }

    /// Plays a run of this plan, and simulates the same people.
    ///
    /// # Errors
    /// Those of `load`, and refused where this machine has too little for it.
    pub fn play(&self, plan: &Plan, label: &str) -> Result<Outcome> {
        let mut plan = plan.clone();
        self.options.fit(&mut plan);
        let plan = &plan;
        let options = self.args.live.spread(plan, self.options.clone())?;
        let Current { run, prediction } = self.next();
        let line = live_args::line(plan, &run, Cast::Everybody);
        let labelled = label.to_string();
        let progress = Progress::start(self.shown, self.console, move |_| {
            let Line { done, text } = line();
            let text = format!("{labelled}: {text}");
            Line { done, text }
        });
        let began = Instant::now();
        let outcome = load(plan, &options, &run);
        progress.finish();
        let mut outcome = outcome?;
        let found = attribute(plan, &outcome.result, &outcome.evidence, &prediction);
        outcome.result.attribution = Some(found);
        *self.last_s.lock().unwrap_or_else(PoisonError::into_inner) = began.elapsed().as_secs_f64();
        Ok(outcome)
    }

    /// What is under way from now on; stopped at once if a signal came meanwhile.
    fn next(&self) -> Current {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Current::default();
        if self.stopped().is_some() {
            current.run.stop.store(true, Ordering::Relaxed);
            current.prediction.stop.store(true, Ordering::Relaxed);
        }
        current.clone()
    }
}

/// How it ends where the server was not found well in time: what this machine has too little of is not
/// the server's fault.
fn given_up(error: &Error) -> End {
    let words = error.plain().to_string();
    match error.is_of_this_machine() {
        true => End::Generator { words },
        false => End::NotRecovered { words },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_well_is_told_apart() {
        let words = || "cannot reach it".to_string();
        let unwell = given_up(&Error::failed(words()));
        assert_eq!(unwell, End::NotRecovered { words: words() });
        let short = given_up(&Error::failed(words()).of_this_machine());
        assert_eq!(short, End::Generator { words: words() });
    }
}
