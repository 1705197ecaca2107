//! Owns `Recorder`: takes note of what happens, for simulated and live runs alike.
//!
//! Law: a customer counts in the interval of its offer, whenever it ends; time counts by the clock.
//! Each note is a few additions to memory allocated before the run.

mod cuts;
mod notes;
mod strangers;

use super::clock::{Clock, Gauge, Place, Segments};
use super::histogram::Series;
use super::meter::Meter;
use super::outline::Outline;
use super::pool::Pool;
use super::record::Record;
use super::story::Story;
use super::tally::{ClassTally, Latency, Slice, Tally, Within};
use super::visit::Visit;
use crate::time::{Span, Time};

/// Takes note of what happens in one replication after another.
#[derive(Debug)]
pub struct Recorder {
    outline: Outline,
    segments: Segments,
    clock: Clock,
    series: Vec<Series>,
    wait_all: Series,
    tally: Tally,
    /// By interval, of this replication.
    slices: Vec<Slice>,
    pool: Pool,
    records: Option<Vec<Record>>,
    /// Whose story is told.
    story: Story,
    /// For whoever looks in while the run lasts.
    meter: Option<Box<Meter>>,
}

impl Recorder {
    /// A recorder for the plan's outline; `live` adds the series that only live runs have,
    /// `records` keeps a row a customer.
    pub fn new(outline: &Outline, live: bool, records: bool) -> Recorder {
        let bound = outline.end.since(Time::ZERO);
        let pool = Pool::new(outline, live);
        Recorder {
            segments: Segments::new(outline.warm_up, outline.horizon, outline.interval),
            clock: Clock::default(),
            series: vec![Series::new(bound); pool.histograms.len()],
            wait_all: Series::new(bound),
            tally: Recorder::blank(outline),
            outline: outline.clone(),
            slices: pool.slices.clone(),
            pool,
            records: records.then(Vec::new),
            story: Story::NOBODY,
            meter: None,
        }
    }

    /// Tells the story of a customer from now on.
    pub fn trace(&mut self, customer: u32) {
        self.story = Story::of(customer);
    }

    /// Counts from now on for whoever looks in.
    pub fn look_in(&mut self) {
        self.meter = Some(Box::default());
    }

    /// What was counted so far for whoever looks in.
    pub fn meter(&self) -> Option<&Meter> {
        self.meter.as_deref()
    }

    /// The story told so far; nobody is followed any more.
    pub fn take_story(&mut self) -> Story {
        std::mem::replace(&mut self.story, Story::NOBODY)
    }

    fn blank(outline: &Outline) -> Tally {
        let within = vec![Within::default(); outline.service_levels.len()];
        let classes = match outline.classes.len() {
            0 | 1 => 0,
            several => several,
        };
        Tally {
            within,
            classes: vec![ClassTally::default(); classes],
            ..Tally::default()
        }
    }

    /// Brings the clock to `now`; to be called before the notes of that instant.
    #[inline]
    pub fn advance(&mut self, now: Time) {
        if now >= self.segments.next() {
            self.cut_up_to(now);
        }
    }

    #[cold]
    fn cut_up_to(&mut self, now: Time) {
        while self.segments.next() <= now {
            self.cut_segment(now);
        }
    }

    fn cut_segment(&mut self, now: Time) {
        let (place, until) = self.segments.cut(now);
        let integrals = self.clock.settle(until);
        let composing = integrals.seconds(Gauge::Composing);
        match place {
            Place::WarmUp => {
                // What waits when measuring starts is its first queue.
                self.tally.queue_max = self.clock.count(Gauge::Queue);
            }
            Place::Interval(index) => {
                self.slices[index].clock.add(&integrals);
                self.tally.clock.add(&integrals);
                self.tally.composing_total += composing;
            }
            Place::Drain => self.tally.composing_total += composing,
        }
    }

    /// An agent comes, or stays on after its shift (`Gauge::Overtime`).
    pub fn rise(&mut self, gauge: Gauge, now: Time) {
        self.clock.rise(gauge, now);
    }

    /// An agent goes.
    pub fn fall(&mut self, gauge: Gauge, now: Time) {
        self.clock.fall(gauge, now);
    }

    /// How many there are now.
    pub fn count(&self, gauge: Gauge) -> u32 {
        self.clock.count(gauge)
    }

    /// A latency that only live runs have.
    pub fn note(&mut self, latency: Latency, value: Span) {
        self.series[latency as usize].record(value);
        if let Some(meter) = &mut self.meter {
            meter.record(latency, value);
        }
    }

    /// Nothing more happens to the chat, whose slot was free at `freed`: its row is kept if rows are.
    #[inline]
    pub fn keep(&mut self, visit: &Visit, freed: Time) {
        self.keep_over(visit, visit.over(), freed);
    }

    /// The same of a chat that was `over` for its agent before its customer knew.
    #[inline]
    pub fn keep_over(&mut self, visit: &Visit, over: Time, freed: Time) {
        if let Some(records) = &mut self.records {
            records.push(visit.record(over, freed));
        }
    }

    /// Hands on the rows kept so far.
    pub fn take_records(&mut self) -> Vec<Record> {
        let records = self.records.as_mut();
        records.map(std::mem::take).unwrap_or_default()
    }

    /// Ends the replication at `now` and makes ready for the next. The clock is read up to the
    /// horizon, or to `now` when the run was `stopped`. Rows come back by customer number.
    pub fn finish(&mut self, now: Time, stopped: bool) -> (Tally, Vec<Record>) {
        let last = if stopped {
            now
        } else {
            now.max(self.outline.horizon)
        };
        self.advance(last);
        self.cut_segment(last);
        let mut tally = std::mem::replace(&mut self.tally, Recorder::blank(&self.outline));
        for slice in &self.slices {
            tally.counts.add(&slice.counts);
        }
        self.gather_moments();
        let seen = last.min(self.outline.horizon);
        tally.observed = seen.since(self.outline.warm_up).as_secs_f64();
        self.wait_all.absorb(&self.series[Latency::Wait as usize]);
        self.wait_all
            .absorb(&self.series[Latency::WaitAbandoned as usize]);
        tally.wait_all = self.wait_all.drain_into(&mut self.pool.wait_all);
        let pairs = self.series.iter_mut().zip(&mut self.pool.histograms);
        tally.series = pairs
            .map(|(series, pool)| series.drain_into(pool))
            .collect();
        let pairs = self.slices.iter_mut().zip(&mut self.pool.slices);
        pairs.for_each(|(slice, pool)| slice.drain_into(pool));
        self.clock = Clock::default();
        let Outline {
            warm_up,
            horizon,
            interval,
            ..
        } = self.outline;
        self.segments = Segments::new(warm_up, horizon, interval);
        let mut records = self.take_records();
        records.sort_by_key(|record| (record.number, record.attempt));
        (tally, records)
    }

    /// Sums up the moments of those latencies that intervals keep.
    fn gather_moments(&mut self) {
        let kept = |slice: &Slice| {
            [
                (Latency::Wait, slice.wait.moments),
                (Latency::FirstResponse, slice.first_response.moments),
                (Latency::InterMessage, slice.inter_message.moments),
                (Latency::Handle, slice.handle),
            ]
        };
        for (latency, moments) in self.slices.iter().flat_map(kept) {
            self.series[latency as usize].add_moments(&moments);
        }
    }

    /// A percentile of a series so far in this replication, in seconds.
    pub fn so_far(&self, latency: Latency, share: f64) -> Option<f64> {
        self.series[latency as usize].quantile(share)
    }

    /// How many values of a series so far in this replication are from `least` to below `most`.
    pub fn count_within(&self, latency: Latency, least: Span, most: Span) -> u64 {
        self.series[latency as usize].count_within(least, most)
    }

    /// What all finished replications found together, so far.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What all finished replications found together.
    pub fn into_pool(self) -> Pool {
        self.pool
    }
}
