//! Owns `Pool`: what several replications found together.
//!
//! Law: integers only, so that adding replications in any order, by any number of threads, gives
//! the same.

use super::histogram::Histogram;
use super::outline::Outline;
use super::tally::{LATENCIES, SIMULATED, Slice};
use crate::time::Time;

/// What all replications of one thread, and in the end of the run, found together.
#[derive(Clone, Debug)]
pub struct Pool {
    /// By `Latency`; a simulated run has none of the live ones.
    pub histograms: Vec<Histogram>,
    /// All waits in the queue.
    pub wait_all: Histogram,
    /// By interval.
    pub slices: Vec<Slice>,
}

impl Pool {
    /// An empty pool; `live` adds the series that only live runs have.
    pub fn new(outline: &Outline, live: bool) -> Pool {
        let bound = outline.end.since(Time::ZERO);
        let series = if live { LATENCIES } else { SIMULATED };
        Pool {
            histograms: vec![Histogram::new(bound); series],
            wait_all: Histogram::new(bound),
            slices: vec![Slice::new(bound); outline.intervals()],
        }
    }

    /// Adds what another thread found.
    pub fn add(&mut self, mut other: Pool) {
        let pairs = self.histograms.iter_mut().zip(&other.histograms);
        pairs.for_each(|(mine, theirs)| mine.add(theirs));
        self.wait_all.add(&other.wait_all);
        let pairs = other.slices.iter_mut().zip(&mut self.slices);
        pairs.for_each(|(theirs, mine)| theirs.drain_into(mine));
    }
}
