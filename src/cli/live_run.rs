//! Concludes a live run, played or merged: one customer's story, what the server added, the rows.
//!
//! Law: a run is told in one way, however it was played.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::conclude::{Ran, conclude};
use super::console::Console;
use super::progress::{Line, Progress};
use super::scenario_args::OutputArgs;
use super::signals::Signals;
use super::trace::Trace;
use crate::error::{Exit, Result};
use crate::live::Outcome;
use crate::report::figure::grouped;
use crate::scenario::plan::Plan;
use crate::simulation;
use crate::study::attribution::attribute;

/// What is told of a live run.
pub struct Told<'a> {
    /// What was played.
    pub plan: &'a Plan,
    /// Where it goes.
    pub output: &'a OutputArgs,
    /// Whose story is told.
    pub trace: Option<Trace>,
    /// Whether the same people are simulated to tell what the server added.
    pub predicts: bool,
}

impl Told<'_> {
    /// Tells what the run came to; `prediction` stops with `signals`.
    ///
    /// # Errors
    /// Failed: a file or stdout cannot be written.
    pub fn tell(
        self,
        mut outcome: Outcome,
        prediction: &Arc<simulation::Watch>,
        signals: &Signals,
        console: &Console,
    ) -> Result<Exit> {
        if let Some((trace, story)) = self.trace.zip(outcome.story.as_ref()) {
            // The run was made: what cannot be told of one customer keeps nothing else from being
            // told.
            if let Err(error) = trace.tell(story, self.plan, console) {
                console.complain(&error);
            }
            console.tell("\n")?;
        }
        // A part of a run is too little to hold a prediction of the whole against.
        if self.predicts && outcome.result.scenario.part.is_none() {
            let progress = self.predicting(console, prediction.clone());
            let (result, evidence) = (&outcome.result, &outcome.evidence);
            let found = attribute(self.plan, result, evidence, prediction);
            outcome.result.attribution = Some(found);
            progress.finish();
        }
        let mut rows = self.output.rows(self.plan);
        if let Some(rows) = &mut rows {
            let replication = outcome.result.scenario.replication.unwrap_or_default();
            for records in &outcome.records {
                rows.add(replication, records);
            }
        }
        let ran = Ran {
            result: outcome.result,
            kept: outcome.kept,
            rows,
            stopped: signals.came(),
        };
        conclude(ran, self.output, console)
    }

    /// Shows how far the simulations after the run are.
    fn predicting(&self, console: &Console, watch: Arc<simulation::Watch>) -> Progress {
        Progress::start(self.output.progress(console), console, move |_| {
            let chats = watch.chats.load(Ordering::Relaxed) as f64;
            Line {
                done: f64::from(watch.replications.load(Ordering::Relaxed)) / 2.0,
                text: format!("simulating the same people, {} chats", grouped(chats, 0)),
            }
        })
    }
}
