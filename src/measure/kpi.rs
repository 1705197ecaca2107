//! Owns the KPIs: from what replications counted to measures with intervals, rows and encodings.
//!
//! Law: every figure that a user sees is computed here. A ratio or mean is sum over sum across
//! replications, a percentile is pooled, a count is a mean over replications.

use indexmap::IndexMap;

use super::catalogue::{
    self, SERVICE_LEVEL_FORMS, STATISTICS, service_level_name, tells_of_messages,
};
use super::clock::Gauge;
use super::histogram::{Histogram, Moments, SHARES, Summary};
use super::outline::Outline;
use super::pool::Pool;
use super::result::{Measure, Row, Spread};
use super::sight::Sight;
use super::tally::{Coarse, Count, Counts, Latency, Slice, Tally, Within};
use crate::center::fate::Fate;
use crate::stats::interval::Estimate;
use crate::time::{Span, Time};

/// Measures by name, in the catalogue's order of themes.
pub type Measures = IndexMap<String, Measure>;

/// A measure by any name that the catalogue knows: results say `service_level_120s` for what may be
/// written `service_level_2m`.
pub fn named<'m>(measures: &'m Measures, name: &str) -> Option<&'m Measure> {
    let usual = || {
        let form = SERVICE_LEVEL_FORMS
            .iter()
            .rev()
            .find(|form| name.ends_with(*form))?;
        measures.get(&service_level_name(catalogue::service_level(name)?, form))
    };
    measures.get(name).or_else(usual)
}

/// Everything that replications found, ready to be turned into figures.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// The frame of the run.
    pub outline: &'a Outline,
    /// One a replication, in index order.
    pub tallies: &'a [Tally],
    /// What they found together.
    pub pool: &'a Pool,
    /// Live: counts that only the generator knows, by name.
    pub live: Option<&'a [(&'static str, u64)]>,
    /// What of the run was seen.
    pub sight: Sight,
}

impl Findings<'_> {
    /// All measures that this run has.
    pub fn measures(&self) -> Measures {
        let mut measures = Measures::new();
        self.counts(&mut measures);
        self.ratios(&mut measures);
        self.service_levels(&mut measures);
        self.by_clock(&mut measures);
        self.latencies(&mut measures);
        let unknown = measures.iter_mut().filter(|named| !self.knows(named.0));
        unknown.for_each(|(_, measure)| *measure = Measure::NONE);
        measures
    }

    /// Whether the run could see what a measure tells of.
    fn knows(&self, name: &str) -> bool {
        let messages = self.outline.messages || !tells_of_messages(name);
        messages && self.sight.knows(name)
    }

    /// Whether chats of this run can end so.
    fn can_end(&self, fate: Fate) -> bool {
        match fate {
            Fate::Failed => self.live.is_some(),
            Fate::Broken => self.live.is_some() || self.outline.cuts,
            _ => true,
        }
    }

    fn each(&self, figure: impl Fn(&Tally) -> f64) -> Vec<f64> {
        self.tallies.iter().map(figure).collect()
    }

    fn ratio(
        &self,
        above: impl Fn(&Tally) -> f64,
        below: impl Fn(&Tally) -> f64,
        samples: u64,
    ) -> Measure {
        measure(
            Estimate::of_ratio(&self.each(above), &self.each(below)),
            samples,
        )
    }

    fn total(&self, figure: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies.iter().map(figure).sum()
    }

    fn counts(&self, measures: &mut Measures) {
        let mut put = |name: &str, figure: &dyn Fn(&Tally) -> u64| {
            let estimate = Estimate::of_mean(&self.each(|tally| figure(tally) as f64));
            measures.insert(name.into(), measure(estimate, self.total(figure)));
        };
        put("arrived", &|tally| tally.counts.of(Count::Arrived));
        put("customers", &|tally| tally.counts.of(Count::Customers));
        put("closed", &|tally| tally.counts.of(Count::Closed));
        put("offered", &|tally| tally.counts.of(Count::Offered));
        put("retried", &|tally| tally.counts.of(Count::Retried));
        put("short_abandoned", &|tally| {
            tally.counts.of(Count::ShortAbandoned)
        });
        for fate in Fate::ALL.into_iter().filter(|fate| self.can_end(*fate)) {
            put(fate.name(), &|tally| tally.counts.of_fate(fate));
            if fate == Fate::AbandonedChat {
                put("abandoned_silent", &|tally| tally.counts.of(Count::Silent));
            }
        }
        if self.can_end(Fate::Broken) {
            put("reconnects", &|tally| tally.counts.of(Count::Reconnects));
        }
        for (name, count) in self.live.unwrap_or_default() {
            put(name, &|_| *count);
        }
    }

    fn ratios(&self, measures: &mut Measures) {
        let mut put = |name: &str, above: &dyn Fn(&Tally) -> u64, below: Count| {
            let samples = self.total(|tally| tally.counts.of(below));
            let ratio = self.ratio(|t| above(t) as f64, |t| t.counts.of(below) as f64, samples);
            measures.insert(name.into(), ratio);
        };
        let fate = |fate: Fate| move |tally: &Tally| tally.counts.of_fate(fate);
        let (queue, chat) = (fate(Fate::AbandonedQueue), fate(Fate::AbandonedChat));
        put(
            "abandoned_ratio",
            &|tally| queue(tally) + chat(tally),
            Count::Offered,
        );
        put("abandoned_queue_ratio", &queue, Count::Offered);
        put("abandoned_chat_ratio", &chat, Count::Assigned);
        put("rejected_ratio", &fate(Fate::Rejected), Count::Offered);
        put(
            "delayed_ratio",
            &|tally| tally.counts.of(Count::Delayed),
            Count::Offered,
        );
        put(
            "unanswered_ratio",
            &|tally| tally.counts.of(Count::Unanswered),
            Count::Messages,
        );
        if self.live.is_some() {
            put("failed_ratio", &fate(Fate::Failed), Count::Offered);
        }
        if self.can_end(Fate::Broken) {
            put("broken_ratio", &fate(Fate::Broken), Count::Offered);
        }
    }

    fn service_levels(&self, measures: &mut Measures) {
        for (index, within) in self.outline.service_levels.iter().enumerate() {
            for form in SERVICE_LEVEL_FORMS {
                let parts =
                    |tally: &Tally| service_level(&tally.counts, &tally.within[index], form);
                let samples = self.total(|tally| parts(tally).1);
                let ratio = self.ratio(|t| parts(t).0 as f64, |t| parts(t).1 as f64, samples);
                measures.insert(service_level_name(*within, form), ratio);
            }
        }
    }

    fn by_clock(&self, measures: &mut Measures) {
        let offered = self.total(|tally| tally.counts.of(Count::Offered));
        let slots = f64::from(self.outline.concurrency);
        let clock = |gauge| move |tally: &Tally| tally.clock.seconds(gauge);
        let (active, staffed) = (clock(Gauge::Active), clock(Gauge::Staffed));
        let observed = |tally: &Tally| tally.observed;
        let handled = |tally: &Tally| tally.handled_by_clock as f64;
        let overtime = self.each(|tally| tally.clock.seconds(Gauge::Overtime) / 3600.0);
        let wasted = self.each(clock(Gauge::Ghosts));
        let queue_max = self.each(|tally| f64::from(tally.queue_max));
        let mut put = |name: &str, value: Measure| measures.insert(name.into(), value);
        put(
            "occupancy_ratio",
            self.ratio(active, |t| slots * staffed(t), offered),
        );
        put(
            "utilisation_ratio",
            self.ratio(clock(Gauge::Composing), staffed, offered),
        );
        let total = |tally: &Tally| tally.composing_total;
        put("composing_total_ratio", self.ratio(total, staffed, offered));
        put("active_chats_mean", self.ratio(active, observed, offered));
        put(
            "queue_mean",
            self.ratio(clock(Gauge::Queue), observed, offered),
        );
        put("queue_max", measure(Estimate::of_mean(&queue_max), offered));
        put(
            "orbit_mean",
            self.ratio(clock(Gauge::Orbit), observed, offered),
        );
        put(
            "concurrency_busy",
            self.ratio(active, clock(Gauge::Busy), offered),
        );
        put("overtime_h", measure(Estimate::of_mean(&overtime), offered));
        put(
            "wasted_slot_s",
            measure(Estimate::of_mean(&wasted), offered),
        );
        let by_clock = self.total(|tally| tally.handled_by_clock);
        put(
            "chats_per_agent_hour",
            self.ratio(handled, |tally| staffed(tally) / 3600.0, by_clock),
        );
    }

    fn latencies(&self, measures: &mut Measures) {
        for (index, pool) in self.pool.histograms.iter().enumerate() {
            let latency = Latency::ALL[index];
            let summary = |tally: &Tally| tally.series[index];
            self.series(
                measures,
                latency.name(),
                latency.per_second(),
                summary,
                pool,
            );
            if latency == Latency::Wait {
                let all = |tally: &Tally| tally.wait_all;
                self.series(measures, "wait_all_s", 1.0, all, &self.pool.wait_all);
            }
        }
    }

    fn series(
        &self,
        measures: &mut Measures,
        name: &str,
        unit: f64,
        summary: impl Fn(&Tally) -> Summary,
        pool: &Histogram,
    ) {
        let samples = pool.total();
        let sums = |tally: &Tally| summary(tally).moments.seconds() * unit;
        let mean = self.ratio(sums, |tally| summary(tally).moments.count as f64, samples);
        measures.insert(format!("{name}_{}", STATISTICS[0]), mean);
        for (which, share) in SHARES.into_iter().enumerate() {
            let section = |tally| summary(tally).quantiles.map(|found| found[which] * unit);
            let sections: Vec<f64> = self.tallies.iter().filter_map(section).collect();
            let pooled = pool.quantile(share).map(|value| value * unit);
            let estimate = pooled.map_or(Estimate::NONE, |pooled| {
                Estimate::of_sections(pooled, &sections)
            });
            measures.insert(
                format!("{name}_{}", STATISTICS[which + 1]),
                measure(estimate, samples),
            );
        }
        let greatest = self
            .tallies
            .iter()
            .map(|tally| summary(tally).moments.max)
            .max();
        let greatest = greatest
            .filter(|_| samples > 0)
            .map(|max| max.as_secs_f64() * unit);
        let estimate = greatest.map_or(Estimate::NONE, Estimate::point);
        measures.insert(
            format!("{name}_{}", STATISTICS[5]),
            measure(estimate, samples),
        );
    }

    /// One row an interval; `label` writes an instant as local time.
    pub fn intervals(&self, label: impl Fn(Time) -> String) -> Vec<Row> {
        let outline = self.outline;
        let row = |(index, slice): (usize, &Slice)| {
            let from = outline.interval_start(index);
            let until = (from + outline.interval).min(outline.horizon);
            self.row(slice, (from, until), self.measured_in(index), &label)
        };
        self.pool.slices.iter().enumerate().map(row).collect()
    }

    /// One row a local day: the intervals that start in it.
    pub fn days(&self, label: impl Fn(Time) -> String) -> Vec<Row> {
        let outline = self.outline;
        let ends = outline
            .days
            .iter()
            .skip(1)
            .chain(std::iter::once(&outline.horizon));
        let day = |(from, until): (&Time, &Time)| {
            let bound = outline.end.since(Time::ZERO);
            let mut sum = Slice::new(bound);
            let starts = |index: &usize| {
                let start = outline.interval_start(*index);
                start >= *from && start < *until
            };
            let within = (0..self.pool.slices.len()).filter(starts);
            let mut seen = 0.0;
            for index in within {
                self.pool.slices[index].clone().drain_into(&mut sum);
                seen += self.measured_in(index);
            }
            self.row(&sum, (*from, *until), seen, &label)
        };
        outline.days.iter().zip(ends).map(day).collect()
    }

    /// The seconds of an interval that are measured: without warm-up, up to the horizon.
    fn measured_in(&self, index: usize) -> f64 {
        let from = self.outline.interval_start(index);
        let until = (from + self.outline.interval).min(self.outline.horizon);
        until.since(from.max(self.outline.warm_up)).as_secs_f64()
    }

    /// A row from one instant to another, of which the clock has `seen` so many seconds.
    fn row(
        &self,
        slice: &Slice,
        (from, until): (Time, Time),
        seen: f64,
        label: &impl Fn(Time) -> String,
    ) -> Row {
        let replications = self.tallies.len().max(1) as f64;
        let count = |count: Count| slice.counts.of(count) as f64 / replications;
        let fate = |fate: Fate| slice.counts.of_fate(fate) as f64 / replications;
        let clock = |gauge| slice.clock.seconds(gauge) / replications;
        let over = |above: f64, below: f64| (below > 0.0).then(|| above / below);
        let by_time = |gauge| over(clock(gauge), seen).unwrap_or(0.0);
        let (good, base) = service_level(&slice.counts, &slice.within, "");
        let staffed = clock(Gauge::Staffed);
        let slots_seen = self.sight.sees_slots();
        let of_customers = |count: f64| Some(count).filter(|_| self.sight.sees_customers());
        let slots = staffed * f64::from(self.outline.concurrency);
        Row {
            start: label(from),
            start_s: from.as_secs_f64(),
            length_s: until.since(from).as_secs_f64(),
            arrived: count(Count::Arrived),
            offered: count(Count::Offered),
            retried: of_customers(count(Count::Retried)),
            short_abandoned: of_customers(count(Count::ShortAbandoned)),
            handled: fate(Fate::Handled),
            abandoned_queue: of_customers(fate(Fate::AbandonedQueue)),
            abandoned_chat: fate(Fate::AbandonedChat),
            abandoned_silent: of_customers(count(Count::Silent)),
            rejected: of_customers(fate(Fate::Rejected)),
            dropped: fate(Fate::Dropped),
            open_at_end: fate(Fate::OpenAtEnd),
            service_level: over(good as f64, base as f64).filter(|_| self.sight.sees_customers()),
            wait_s: spread(&slice.wait, replications),
            first_response_s: spread(&slice.first_response, replications),
            inter_message_s: spread(&slice.inter_message, replications),
            handle_s_mean: slice.handle.mean(),
            active_chats_mean: Some(by_time(Gauge::Active)).filter(|_| slots_seen),
            queue_mean: Some(by_time(Gauge::Queue)).filter(|_| self.sight.sees_customers()),
            staffed_mean: Some(by_time(Gauge::Staffed)).filter(|_| slots_seen),
            occupancy_ratio: over(clock(Gauge::Active), slots),
            utilisation_ratio: over(clock(Gauge::Composing), staffed)
                .filter(|_| self.outline.messages),
        }
    }

    /// The pooled histogram of each series, in the standard encoding.
    pub fn histograms(&self) -> IndexMap<String, String> {
        let encode = |(index, pool): (usize, &Histogram)| {
            (Latency::ALL[index].name().to_string(), pool.encoded())
        };
        let mut encoded: IndexMap<_, _> = self
            .pool
            .histograms
            .iter()
            .enumerate()
            .map(encode)
            .collect();
        encoded.insert("wait_all_s".into(), self.pool.wait_all.encoded());
        encoded
    }

    /// Series whose greatest values lay beyond the histogram's bound, with how many.
    pub fn overflows(&self) -> Vec<(&'static str, u64)> {
        let all = Latency::ALL.into_iter().zip(&self.pool.histograms);
        all.map(|(latency, pool)| (latency.name(), pool.overflow()))
            .filter(|o| o.1 > 0)
            .collect()
    }
}

/// Numerator and denominator of a form of the service level. The base is who was answered, left
/// the queue, was turned away, or still waits and has waited longer than T. A chat that was dropped
/// or went to another agent had been answered: the first assignment counts.
pub(super) fn service_level(counts: &Counts, within: &Within, form: &str) -> (u64, u64) {
    let answered = counts.of(Count::Assigned);
    let away = counts.of_fate(Fate::AbandonedQueue) + counts.of_fate(Fate::Rejected);
    let base = answered + away + within.overdue;
    match form {
        "_of_answered" => (within.answered, answered),
        "_less_short_abandons" => (within.answered, base - within.short),
        "_with_short_abandons" => (within.answered + within.short, base),
        _ => (within.answered, base),
    }
}

pub(super) fn measure(estimate: Estimate, samples: u64) -> Measure {
    let finite = |value: f64| value.is_finite().then_some(value);
    let (low, high) = estimate.ends.unzip();
    Measure {
        value: estimate.value.and_then(finite),
        low: low.and_then(finite),
        high: high.and_then(finite),
        samples,
    }
}

fn spread(coarse: &Coarse, replications: f64) -> Spread {
    let Moments { count, max, .. } = coarse.moments;
    let some = count > 0;
    Spread {
        count: count as f64 / replications,
        mean: coarse.moments.mean(),
        p50: coarse.quantile(0.5).filter(|_| some),
        p95: coarse.quantile(0.95).filter(|_| some),
        max: some.then(|| Span::as_secs_f64(max)),
    }
}

#[cfg(test)]
mod tests;
