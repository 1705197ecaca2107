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
use crate::error::Result;
use crate::live::greeting::greeted;
use crate::live::watch::Watch;
use crate::live::{Options, Outcome, load};
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
            separate: self.options.separate,
            ..plan.echo()
        }
    }

    /// Whether it ends before a run of this plan: by a signal, for want of time, or because the
    /// server is not well.
    ///
    /// # Errors
    /// Those of a target that is refused.
    pub fn ends_before(&self, plan: &Plan) -> Result<Option<End>> {
        if let Some(words) = self.unwell() {
            return Ok(Some(match self.stopped() {
                Some(_) => self.stop(),
                None => End::NotRecovered { words },
            }));
        }
        if self.stopped().is_some() {
            return Ok(Some(self.stop()));
        }
        Ok(self.late(plan).map(|words| End::Budget { words }))
    }

    /// Why there is no time for a run of this plan; none where there is.
    fn late(&self, plan: &Plan) -> Option<String> {
        let last = *self.last_s.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = takes_s(plan).max(last);
        let budget = self.args.budget?.as_secs_f64();
        let left = budget - self.began.elapsed().as_secs_f64();
        (takes > left).then(|| {
            let [takes, left, budget] =
                [takes, left.max(0.0), budget].map(|secs| Unit::Seconds.say(secs));
            format!("the next run takes about {takes}, and {left} are left of {budget}")
        })
    }

    /// How the server is unwell; none when it is as well as before the first run, which is waited
    /// for. Before the first run it is.
    fn unwell(&self) -> Option<String> {
        let bound = self.health?.bound();
        let deadline = Instant::now() + Duration::from_secs_f64(self.args.recovery.as_secs_f64());
        loop {
            let words = match greeted(&self.options, bound) {
                Ok(_) => return None,
                Err(error) => error.plain().to_string(),
            };
            if self.stopped().is_some() || Instant::now() + Health::PAUSE >= deadline {
                return Some(words);
            }
            thread::sleep(Health::PAUSE);
        }
    }

    /// Plays a run of this plan, and simulates the same people.
    ///
    /// # Errors
    /// Those of `load`, and refused where this machine has too little for it.
    pub fn play(&self, plan: &Plan, label: &str) -> Result<Outcome> {
        let options = self.args.live.spread(plan, self.options.clone())?;
        let Current { run, prediction } = self.next();
        let line = live_args::line(plan, &run, true);
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
