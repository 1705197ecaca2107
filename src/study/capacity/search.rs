//! Owns `Search`: which scale is probed next, and when enough is known.
//!
//! Law: it knows no server, only verdicts, and what it asks next follows from those alone. Scales
//! double until one breaks, or halve until one holds; then the bracket is cut in the middle of its
//! logarithm until its ends are within five per cent. At each scale two of three seeds decide.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// A bracket whose ends are no farther apart is narrow enough.
pub const PRECISION: f64 = 1.05;

/// Seeds at a scale, at most: of so many, two decide.
pub const SEEDS: u32 = 3;
const MAJORITY: usize = 2;

/// The search gives up below this share of the scale that it began with, and above so many times as
/// much.
const LEAST_SHARE: f64 = 1.0 / 1_024.0;
const MOST_TIMES: f64 = 1_048_576.0;

/// What is probed: a scale, with the first, second or third seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// Times the scenario's customers and agents.
    pub scale: f64,
    /// Which seed, from 0.
    pub seed: u32,
}

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vote {
    /// The server held.
    Held,
    /// The server broke.
    Broke,
    /// The generator fell short: nothing is known of the server.
    Bound,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Next {
    /// Probe this.
    Probe(Trial),
    /// The ends of the bracket are close enough.
    Found,
    /// Not even the least scale holds.
    BelowLeast,
    /// The greatest scale holds.
    BeyondMost,
    /// The generator is the bound.
    Bound,
}

/// What is known: the least scale that broke, and the greatest below it that held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bracket {
    /// None where none held.
    pub holds: Option<f64>,
    /// None where none broke.
    pub breaks: Option<f64>,
}

/// A probe broke where another held, at the same scale or a greater one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contradiction {
    /// The scale at which one broke.
    pub broke: f64,
    /// The scale, no less, at which one held.
    pub held: f64,
}

/// A search under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    from: f64,
    votes: Vec<(Trial, Vote)>,
}

impl Search {
    /// A search that begins at this scale, above zero.
    pub fn new(from: f64) -> Search {
        let votes = Vec::new();
        Search { from, votes }
    }

    /// Takes the verdict on what was asked.
    pub fn take(&mut self, trial: Trial, vote: Vote) {
        self.votes.push((trial, vote));
    }

    /// What to do next.
    pub fn next(&self) -> Next {
        if self.votes.iter().any(|(_, vote)| *vote == Vote::Bound) {
            return Next::Bound;
        }
        let mut scales = self.scales().into_iter();
        let scale = match scales.find(|scale| self.decided(*scale).is_none()) {
            Some(undecided) => undecided,
            None => match self.beyond() {
                Ok(scale) => scale,
                Err(end) => return end,
            },
        };
        let seed = self.at(scale).count() as u32;
        Next::Probe(Trial { scale, seed })
    }

    /// The next scale where all are decided, or how it ends.
    fn beyond(&self) -> Result<f64, Next> {
        let Bracket { holds, breaks } = self.bracket();
        match (holds, breaks) {
            (None, None) => Ok(self.from),
            (Some(holds), None) if holds * 2.0 > self.from * MOST_TIMES => Err(Next::BeyondMost),
            (Some(holds), None) => Ok(holds * 2.0),
            (None, Some(breaks)) if breaks / 2.0 < self.from * LEAST_SHARE => Err(Next::BelowLeast),
            (None, Some(breaks)) => Ok(breaks / 2.0),
            (Some(holds), Some(breaks)) if breaks / holds <= PRECISION => Err(Next::Found),
            (Some(holds), Some(breaks)) => Ok(between(holds, breaks)),
        }
    }

    /// What is known so far.
    pub fn bracket(&self) -> Bracket {
        let with = |wanted: Vote| {
            let scales = self.scales().into_iter();
            scales.filter(move |scale| self.decided(*scale) == Some(wanted))
        };
        let breaks = with(Vote::Broke).min_by(f64::total_cmp);
        let below = |scale: &f64| breaks.is_none_or(|breaks| *scale < breaks);
        let holds = with(Vote::Held).filter(below).max_by(f64::total_cmp);
        Bracket { holds, breaks }
    }

    /// What the seeds at a scale have decided, if they have.
    pub fn decided(&self, scale: f64) -> Option<Vote> {
        let count = |wanted: Vote| self.at(scale).filter(|vote| *vote == wanted).count();
        let mut all = [Vote::Held, Vote::Broke].into_iter();
        all.find(|vote| count(*vote) >= MAJORITY)
    }

    /// The verdicts at a scale, in order.
    fn at(&self, scale: f64) -> impl Iterator<Item = Vote> {
        let votes = self.votes.iter();
        let there = votes.filter(move |(trial, _)| trial.scale == scale);
        there.map(|(_, vote)| *vote)
    }

    /// The scales that were probed, each once, in the order of the first probe.
    fn scales(&self) -> Vec<f64> {
        let mut scales: Vec<f64> = Vec::new();
        for (trial, _) in &self.votes {
            if !scales.contains(&trial.scale) {
                scales.push(trial.scale);
            }
        }
        scales
    }

    /// Which verdicts contradict each other: one seed broke at a scale, and one held there or at a
    /// greater one. Each pair of scales once, by the lesser.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        let with = |wanted: Vote| {
            let votes = self.votes.iter();
            votes.filter_map(move |(trial, vote)| (*vote == wanted).then_some(trial.scale))
        };
        let mut found: Vec<Contradiction> = Vec::new();
        for broke in with(Vote::Broke) {
            for held in with(Vote::Held).filter(|held| *held >= broke) {
                let pair = Contradiction { broke, held };
                if !found.contains(&pair) {
                    found.push(pair);
                }
            }
        }
        found.sort_by(|one, other| {
            let order = (one.broke, one.held).partial_cmp(&(other.broke, other.held));
            order.unwrap_or(Ordering::Equal)
        });
        found
    }
}

/// The middle of a bracket by its logarithm, to four digits, so that people can say it again.
fn between(holds: f64, breaks: f64) -> f64 {
    let middle = (holds * breaks).sqrt();
    let place = 10f64.powi(3 - middle.log10().floor() as i32);
    (middle * place).round() / place
}

#[cfg(test)]
mod tests;
