//! Owns `Recorder`: takes note of what happens, for simulated and live runs alike.
//!
//! Law: a customer counts in the interval of its offer, whenever it ends; time counts by the clock.
//! Each note is a few additions to memory allocated before the run.

use super::clock::{Clock, Gauge, Place, Segments};
use super::histogram::Series;
use super::outline::Outline;
use super::pool::Pool;
use super::record::Record;
use super::story::{Event, Story};
use super::tally::{ClassTally, Count, Latency, Slice, Tally, Within};
use super::visit::{EXCLUDED, Visit};
use crate::center::fate::Fate;
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
        }
    }

    /// Tells the story of a customer from now on.
    pub fn trace(&mut self, customer: u32) {
        self.story = Story::of(customer);
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

    /// A customer comes and asks for an agent.
    #[inline]
    pub fn offered(&mut self, number: u32, attempt: u32, now: Time) -> Visit {
        let visit = self.arrived(number, attempt, 0, now);
        self.bump(&visit, Count::Offered);
        if visit.traced {
            self.tell(&visit, now, Event::Offered);
        }
        visit
    }

    /// A customer comes outside opening hours and goes away.
    pub fn closed_desk(&mut self, number: u32, now: Time) {
        let visit = self.arrived(number, 0, 0, now);
        self.bump(&visit, Count::Closed);
        if visit.traced {
            self.tell(&visit, now, Event::ClosedDesk);
        }
        self.keep(&visit);
    }

    #[inline]
    fn arrived(&mut self, number: u32, attempt: u32, class: u8, now: Time) -> Visit {
        let interval = match self.is_measured(now) {
            true => self.outline.interval_of(now) as u32,
            false => EXCLUDED,
        };
        let mut visit = Visit::new(number, attempt, now, interval);
        (visit.class, visit.traced) = (class, number == self.story.customer());
        self.bump(&visit, Count::Arrived);
        if attempt == 0 {
            self.bump(&visit, Count::Customers);
        }
        visit
    }

    #[inline]
    fn is_measured(&self, now: Time) -> bool {
        now >= self.outline.warm_up && now < self.outline.horizon
    }

    /// No agent has room: the chat waits.
    #[inline]
    pub fn queued(&mut self, visit: &mut Visit, now: Time) {
        visit.delayed = true;
        if visit.traced {
            let before = self.clock.count(Gauge::Queue);
            self.tell(visit, now, Event::Queued { before });
        }
        self.clock.rise(Gauge::Queue, now);
        if self.is_measured(now) {
            self.tally.queue_max = self.tally.queue_max.max(self.clock.count(Gauge::Queue));
        }
        self.bump(visit, Count::Delayed);
    }

    /// An agent gets the chat; its first message is pending.
    #[inline]
    pub fn assigned(&mut self, visit: &mut Visit, agent: u32, now: Time) {
        if visit.delayed {
            self.clock.fall(Gauge::Queue, now);
        }
        (visit.assigned, visit.agent) = (now, agent);
        let wait = now.since(visit.offered);
        self.bump(visit, Count::Assigned);
        if visit.traced {
            self.tell(visit, now, Event::Assigned { agent });
        }
        self.sent(visit, now);
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        slice.wait.record(wait);
        self.series[Latency::Wait as usize].record(wait);
        if let Some(class) = self.tally.class(visit.class) {
            class.wait.record(wait);
            class.wait_all.record(wait);
        }
        self.within(visit, |within, level| {
            within.answered += u64::from(wait <= level);
        });
    }

    /// A message of the customer is pending from now on.
    #[inline]
    pub fn sent(&mut self, visit: &mut Visit, now: Time) {
        visit.pending = now;
        self.bump(visit, Count::Messages);
        if visit.traced {
            let message = visit.replies + 1;
            self.tell(visit, now, Event::Sent { message });
        }
    }

    /// A reply was delivered.
    #[inline]
    pub fn replied(&mut self, visit: &mut Visit, now: Time) {
        let latency = now.since(visit.pending);
        visit.pending = Time::NEVER;
        visit.replies += 1;
        if self.records.is_some() {
            visit.latency_sum += latency;
            visit.latency_max = visit.latency_max.max(latency);
        }
        let first = visit.replies == 1;
        if first {
            visit.first_reply = now;
        }
        if visit.traced {
            self.story.tell_reply(visit, now, latency);
        }
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        slice.inter_message.record(latency);
        self.series[Latency::InterMessage as usize].record(latency);
        let response = now.since(visit.offered);
        if first {
            slice.first_response.record(response);
            self.series[Latency::FirstResponse as usize].record(response);
        }
        if let Some(class) = self.tally.class(visit.class) {
            class.inter_message.record(latency);
            if first {
                class.first_response.record(response);
            }
        }
    }

    /// The customer gives up and leaves the queue.
    pub fn left_queue(&mut self, visit: &mut Visit, now: Time) {
        self.clock.fall(Gauge::Queue, now);
        self.ended(visit, Fate::AbandonedQueue, now);
        let wait = now.since(visit.offered);
        if let Some(class) = self.class(visit) {
            class.wait_all.record(wait);
        }
        if visit.interval == EXCLUDED {
            return;
        }
        self.series[Latency::WaitAbandoned as usize].record(wait);
        self.within(visit, |within, level| {
            within.short += u64::from(wait < level);
        });
    }

    /// The customer gives up waiting for a reply and leaves the chat.
    pub fn left_chat(&mut self, visit: &mut Visit, now: Time) {
        self.ended(visit, Fate::AbandonedChat, now);
        self.bump(visit, Count::Unanswered);
        if visit.interval != EXCLUDED {
            let pending = now.since(visit.pending);
            self.series[Latency::PendingAbandoned as usize].record(pending);
        }
    }

    /// The queue is full: the chat is turned away.
    pub fn rejected(&mut self, visit: &mut Visit, now: Time) {
        self.ended(visit, Fate::Rejected, now);
        if visit.interval != EXCLUDED {
            self.wait_all.record(Span::ZERO);
        }
        if let Some(class) = self.class(visit) {
            class.wait_all.record(Span::ZERO);
        }
    }

    /// The chat ends for the customer.
    #[inline]
    pub fn ended(&mut self, visit: &mut Visit, fate: Fate, now: Time) {
        debug_assert!(visit.fate.is_none(), "a chat has one fate");
        (visit.fate, visit.closed) = (Some(fate), now);
        if visit.traced {
            let silent = false;
            self.tell(visit, now, Event::Ended { fate, silent });
        }
        if let Some(slice) = self.slices.get_mut(visit.interval as usize) {
            slice.counts.bump_fate(fate);
            self.tally.counts.bump_fate(fate);
            if let Some(class) = self.tally.class(visit.class) {
                class.counts.bump_fate(fate);
            }
        }
        if fate == Fate::Handled && self.is_measured(now) {
            self.tally.handled_by_clock += 1;
        }
    }

    /// Live: the chat ends because its connection did, wherever it is.
    pub fn cut(&mut self, visit: &mut Visit, fate: Fate, now: Time) {
        if visit.delayed && !visit.assigned.comes() {
            self.clock.fall(Gauge::Queue, now);
        }
        self.ended(visit, fate, now);
    }

    /// The run is over and the chat is not.
    pub fn open_at_end(&mut self, visit: &mut Visit, now: Time) {
        let waiting = !visit.assigned.comes();
        self.cut(visit, Fate::OpenAtEnd, now);
        visit.closed = Time::NEVER;
        let wait = now.since(visit.offered);
        self.within(visit, |within, level| {
            within.overdue += u64::from(waiting && wait > level);
        });
    }

    /// The agent starts composing.
    #[inline]
    pub fn composing(&mut self, now: Time) {
        self.clock.rise(Gauge::Composing, now);
    }

    /// The agent has composed for this chat since `since`.
    #[inline]
    pub fn composed(&mut self, visit: &mut Visit, since: Time, now: Time) {
        self.clock.fall(Gauge::Composing, now);
        visit.composed += now.since(since);
    }

    /// An agent who now holds `held` slots has taken one.
    #[inline]
    pub fn slot_taken(&mut self, held: u32, now: Time) {
        self.clock.rise(Gauge::Active, now);
        if held == 1 {
            self.clock.rise(Gauge::Busy, now);
        }
    }

    /// An agent who now holds `held` slots has freed one.
    #[inline]
    pub fn slot_freed(&mut self, held: u32, now: Time) {
        self.clock.fall(Gauge::Active, now);
        if held == 0 {
            self.clock.fall(Gauge::Busy, now);
        }
    }

    /// The slot of the chat is free again: handle time, wrap-up and composing are known.
    #[inline]
    pub fn handled(&mut self, visit: &mut Visit, now: Time) {
        visit.freed = now;
        let (handle, wrap_up) = (now.since(visit.assigned), now.since(visit.closed));
        if visit.traced {
            self.tell(visit, now, Event::Freed { handle, wrap_up });
        }
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        slice.handle.record(handle);
        self.series[Latency::Handle as usize].record(handle);
        self.series[Latency::WrapUp as usize].record(wrap_up);
        self.series[Latency::ComposingPerChat as usize].record(visit.composed);
        if let Some(class) = self.tally.class(visit.class) {
            class.handle.record(handle);
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
    }

    /// Nothing more happens to the chat: its row is kept if rows are.
    #[inline]
    pub fn keep(&mut self, visit: &Visit) {
        if let Some(records) = &mut self.records {
            records.push(visit.record());
        }
    }

    #[inline]
    fn bump(&mut self, visit: &Visit, count: Count) {
        if let Some(slice) = self.slices.get_mut(visit.interval as usize) {
            slice.counts.bump(count);
            self.tally.counts.bump(count);
            if let Some(class) = self.tally.class(visit.class) {
                class.counts.bump(count);
            }
        }
    }

    #[cold]
    fn tell(&mut self, visit: &Visit, now: Time, event: Event) {
        self.story.tell(visit.attempt(), now, event);
    }

    /// Counts for each service level; for the first also by interval and class.
    #[inline]
    fn within(&mut self, visit: &Visit, count: impl Fn(&mut Within, Span)) {
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        let levels = &self.outline.service_levels;
        let all = self.tally.within.iter_mut().zip(levels);
        all.for_each(|(within, level)| count(within, *level));
        if let Some(level) = levels.first() {
            count(&mut slice.within, *level);
            if let Some(class) = self.tally.class(visit.class) {
                count(&mut class.within, *level);
            }
        }
    }

    /// What is counted of the visit's class; `None` during the warm-up and where there is only one.
    #[inline]
    fn class(&mut self, visit: &Visit) -> Option<&mut ClassTally> {
        match visit.interval {
            EXCLUDED => None,
            _ => self.tally.class(visit.class),
        }
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
        let mut records = self
            .records
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default();
        records.sort_by_key(|record| (record.number, record.attempt));
        (tally, records)
    }

    /// The 99th percentile of a series so far in this replication, in seconds.
    pub fn p99_so_far(&self, latency: Latency) -> Option<f64> {
        self.series[latency as usize].quantile(0.99)
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
