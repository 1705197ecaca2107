//! Owns the notes that the recorder takes of chats: one function for each thing that happens.
//!
//! Law: a chat has one fate; who is gone silently counts in the use of slots and attention alone.

use super::Recorder;
use crate::center::fate::Fate;
use crate::measure::clock::Gauge;
use crate::measure::histogram::Reading;
use crate::measure::story::Event;
use crate::measure::tally::{Count, Counts, Latency, Within};
use crate::measure::visit::{EXCLUDED, Flag, Visit};
use crate::time::{Span, Time};

impl Recorder {
    /// A customer comes and asks for an agent.
    #[inline]
    pub fn offered(&mut self, number: u32, attempt: u16, class: u8, now: Time) -> Visit {
        let visit = self.arrived(number, attempt, class, now);
        self.bump(&visit, Count::Offered);
        if attempt > 0 {
            self.bump(&visit, Count::Retried);
        }
        self.tell(&visit, now, || Event::Offered);
        visit
    }

    /// What is known of a customer who will come again: nothing yet.
    pub fn expected(number: u32, attempt: u16, class: u8) -> Visit {
        Visit::new(number, attempt, class, Time::NEVER, EXCLUDED)
    }

    /// A customer comes outside opening hours and goes away.
    #[cold]
    pub fn closed_desk(&mut self, number: u32, attempt: u16, class: u8, now: Time) {
        let visit = self.arrived(number, attempt, class, now);
        self.bump(&visit, Count::Closed);
        self.tell(&visit, now, || Event::ClosedDesk);
        self.keep(&visit, Time::NEVER);
    }

    #[inline]
    fn arrived(&mut self, number: u32, attempt: u16, class: u8, now: Time) -> Visit {
        let interval = match self.is_measured(now) {
            true => self.outline.interval_of(now) as u32,
            false => EXCLUDED,
        };
        let mut visit = Visit::new(number, attempt, class, now, interval);
        if number == self.story.customer() || self.meter.is_some() {
            visit.set(Flag::Followed);
        }
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
        visit.set(Flag::Delayed);
        let before = self.clock.count(Gauge::Queue);
        self.tell(visit, now, || Event::Queued { before });
        self.waits(visit, now);
        self.bump(visit, Count::Delayed);
    }

    #[inline]
    pub(super) fn waits(&mut self, visit: &mut Visit, now: Time) {
        visit.set(Flag::Waiting);
        self.clock.rise(Gauge::Queue, now);
        if self.is_measured(now) {
            self.tally.queue_max = self.tally.queue_max.max(self.clock.count(Gauge::Queue));
        }
    }

    /// The chat is out of the queue, if it was in it.
    #[inline]
    pub(super) fn waits_no_more(&mut self, visit: &mut Visit, now: Time) {
        if visit.is(Flag::Waiting) {
            visit.unset(Flag::Waiting);
            self.clock.fall(Gauge::Queue, now);
        }
    }

    /// An agent gets the chat for the first time; its first message is pending. A ghost counts in
    /// the use of slots alone.
    #[inline]
    pub fn assigned(&mut self, visit: &mut Visit, agent: u32, now: Time) {
        self.taken(visit, agent, now);
        if visit.is(Flag::Ghost) {
            return self.holds_on(visit, now);
        }
        self.hears_assigned(visit, now);
    }

    /// The customer hears that an agent has the chat for the first time.
    #[inline]
    pub fn hears_assigned(&mut self, visit: &mut Visit, now: Time) {
        self.waits_no_more(visit, now);
        visit.assigned = now;
        let wait = now.since(visit.offered);
        self.bump(visit, Count::Assigned);
        self.meter_wait(visit, wait);
        self.sent(visit, now);
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        let reading = Reading::of(wait);
        slice.wait.record(reading);
        self.series[Latency::Wait as usize].count(reading);
        self.tally.of_class(visit, |class| {
            class.wait.record(wait);
            class.wait_all.record(wait);
        });
        self.within(visit, |within, level| {
            within.answered += u64::from(wait <= level);
        });
    }

    /// An agent has the chat from now on: a spell of its slot begins.
    #[inline]
    pub fn taken(&mut self, visit: &mut Visit, agent: u32, now: Time) {
        visit.agent = agent;
        visit.held = visit.held.wrapping_sub(now.0);
        self.tell(visit, now, || Event::Assigned { agent });
    }

    /// The chat goes back from its agent to the queue.
    #[cold]
    pub fn handed_over(&mut self, visit: &mut Visit, now: Time) {
        self.given_back(visit, now);
        if visit.is(Flag::Ghost) {
            self.clock.fall(Gauge::Ghosts, now);
            return self.holds_on(visit, now);
        }
        self.hears_handed_over(visit, now);
    }

    /// The agent has the chat no more: a spell of its slot is over.
    #[cold]
    pub fn given_back(&mut self, visit: &mut Visit, now: Time) {
        visit.held = visit.held.wrapping_add(now.0);
        visit.agent = u32::MAX;
        visit.transferred();
        self.tell(visit, now, || Event::HandedOver);
    }

    /// The customer hears that its chat is back in the queue.
    #[cold]
    pub fn hears_handed_over(&mut self, visit: &mut Visit, now: Time) {
        visit.closed = now;
        self.waits(visit, now);
    }

    /// An agent gets the chat again, after it was handed over.
    #[cold]
    pub fn assigned_again(&mut self, visit: &mut Visit, agent: u32, now: Time) {
        self.taken(visit, agent, now);
        if visit.is(Flag::Ghost) {
            return self.holds_on(visit, now);
        }
        self.hears_assigned_again(visit, now);
    }

    /// The customer, whose chat was handed over, hears that an agent has it again.
    #[cold]
    pub fn hears_assigned_again(&mut self, visit: &mut Visit, now: Time) {
        self.waits_no_more(visit, now);
        let wait = now.since(std::mem::replace(&mut visit.closed, Time::NEVER));
        if visit.interval != EXCLUDED {
            self.series[Latency::RequeueWait as usize].record(wait);
        }
    }

    /// A message of the customer is pending from now on.
    #[inline]
    pub fn sent(&mut self, visit: &mut Visit, now: Time) {
        visit.pending = now;
        self.bump(visit, Count::Messages);
        let message = visit.replies + 1;
        self.tell(visit, now, || Event::Sent { message });
    }

    /// A reply was delivered to a customer who is there.
    #[inline(always)]
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
        if visit.is(Flag::Followed) {
            self.follow_reply(visit, now, latency);
        }
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        let reading = Reading::of(latency);
        slice.inter_message.record(reading);
        self.series[Latency::InterMessage as usize].count(reading);
        if first {
            let response = Reading::of(now.since(visit.offered));
            slice.first_response.record(response);
            self.series[Latency::FirstResponse as usize].count(response);
        }
        self.tally.of_class(visit, |class| {
            class.inter_message.record(latency);
            if first {
                class.first_response.record(now.since(visit.offered));
            }
        });
    }

    /// The customer gives up and leaves the queue; silently, it keeps its place there.
    #[inline(never)]
    pub fn left_queue(&mut self, visit: &mut Visit, silently: bool, now: Time) {
        let wait = now.since(visit.offered);
        if wait < self.outline.short_abandon {
            self.leave_out(visit);
        }
        if silently {
            visit.set(Flag::Ghost);
            self.bump(visit, Count::Silent);
            self.holds_on(visit, now);
        } else {
            self.waits_no_more(visit, now);
        }
        self.ended(visit, Fate::AbandonedQueue, now);
        if visit.interval == EXCLUDED {
            return;
        }
        self.series[Latency::WaitAbandoned as usize].record(wait);
        self.tally
            .of_class(visit, |class| class.wait_all.record(wait));
        self.within(visit, |within, level| {
            within.short += u64::from(wait < level);
        });
    }

    /// Takes back what was counted of a chat in the queue: it is in no measure but that of those
    /// left out.
    #[cold]
    fn leave_out(&mut self, visit: &mut Visit) {
        self.bump(visit, Count::ShortAbandoned);
        let come = match visit.attempt() {
            0 => Count::Customers,
            _ => Count::Retried,
        };
        let delayed = visit.is_delayed().then_some(Count::Delayed);
        for count in [Count::Arrived, Count::Offered, come]
            .into_iter()
            .chain(delayed)
        {
            self.change(visit, |counts| counts.take_back(count));
        }
        visit.interval = EXCLUDED;
    }

    /// The customer gives up waiting for a reply and leaves the chat; silently, it keeps its slot,
    /// or its place in the queue if it was handed over.
    #[inline(never)]
    pub fn left_chat(&mut self, visit: &mut Visit, silently: bool, now: Time) {
        visit.set(Flag::Unanswered);
        self.bump(visit, Count::Unanswered);
        if visit.interval != EXCLUDED {
            let pending = now.since(visit.pending);
            self.series[Latency::PendingAbandoned as usize].record(pending);
        }
        if silently {
            visit.set(Flag::Ghost);
            visit.pending = Time::NEVER;
            self.bump(visit, Count::Silent);
            self.holds_on(visit, now);
        } else {
            self.waits_no_more(visit, now);
        }
        self.ended(visit, Fate::AbandonedChat, now);
    }

    /// An agent has replied to one who had left silently; with the last reply the chat is closed.
    #[cold]
    pub fn ghost_answered(&mut self, visit: &mut Visit, last: bool, now: Time) {
        visit.set(Flag::Answered);
        self.tell(visit, now, || Event::Unread);
        if last {
            self.ghost_over(visit, now);
        }
    }

    /// The chat of one who had left silently is closed.
    #[cold]
    pub fn ghost_over(&mut self, visit: &mut Visit, now: Time) {
        self.waits_no_more(visit, now);
        if visit.agent != u32::MAX {
            self.clock.fall(Gauge::Ghosts, now);
        }
        visit.pending = now;
        self.tell(visit, now, || Event::GivenUp);
    }

    /// The queue is full, or the desk closes: the chat is turned away.
    #[cold]
    pub fn rejected(&mut self, visit: &mut Visit, now: Time) {
        self.waits_no_more(visit, now);
        self.ended(visit, Fate::Rejected, now);
        if visit.interval != EXCLUDED {
            let wait = now.since(visit.offered);
            self.wait_all.record(wait);
            self.tally
                .of_class(visit, |class| class.wait_all.record(wait));
        }
    }

    /// The chat ends for the customer.
    #[inline]
    pub fn ended(&mut self, visit: &mut Visit, fate: Fate, now: Time) {
        debug_assert!(visit.fate.is_none(), "a chat has one fate");
        (visit.fate, visit.closed) = (Some(fate), now);
        let silent = visit.is(Flag::Ghost);
        self.tell(visit, now, || Event::Ended { fate, silent });
        if let Some(slice) = self.slices.get_mut(visit.interval as usize) {
            slice.counts.bump_fate(fate);
            self.tally
                .of_class(visit, |class| class.counts.bump_fate(fate));
        }
        if fate == Fate::Handled && self.is_measured(now) {
            self.tally.handled_by_clock += 1;
        }
    }

    /// The chat is ended for reasons of others, wherever it is: dropped, or live cut.
    #[cold]
    pub fn cut(&mut self, visit: &mut Visit, fate: Fate, now: Time) {
        self.waits_no_more(visit, now);
        self.ended(visit, fate, now);
    }

    /// The run is over and the chat is not.
    #[cold]
    pub fn open_at_end(&mut self, visit: &mut Visit, now: Time) {
        let waiting = !visit.assigned.comes();
        self.cut(visit, Fate::OpenAtEnd, now);
        visit.closed = Time::NEVER;
        let wait = now.since(visit.offered);
        self.within(visit, |within, level| {
            within.overdue += u64::from(waiting && wait > level);
        });
    }

    /// An agent begins composing, or leaves off.
    #[inline]
    pub fn attends(&mut self, busy: bool, now: Time) {
        if busy {
            self.clock.rise(Gauge::Composing, now);
        } else {
            self.clock.fall(Gauge::Composing, now);
        }
    }

    /// An agent has given so much attention to a reply in this chat.
    #[inline]
    pub fn composed(&mut self, visit: &mut Visit, attention: Span) {
        visit.composed += attention;
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

    /// The slot of the chat is free for good, or it ends while it waits to be assigned again: handle
    /// time, wrap-up and composing are known.
    #[inline]
    pub fn handled(&mut self, visit: &mut Visit, now: Time) {
        self.handled_over(visit, visit.over(), now);
    }

    /// The same of a chat that was `over` for its agent before its customer knew.
    #[inline]
    pub fn handled_over(&mut self, visit: &mut Visit, over: Time, now: Time) {
        if visit.agent != u32::MAX {
            visit.held = visit.held.wrapping_add(now.0);
        }
        let (handle, wrap_up) = (Span(visit.held), now.since(over));
        self.tell(visit, now, || Event::Freed { handle, wrap_up });
        let Some(slice) = self.slices.get_mut(visit.interval as usize) else {
            return;
        };
        slice.handle.record(handle);
        self.series[Latency::Handle as usize].count(Reading::of(handle));
        self.series[Latency::WrapUp as usize].record(wrap_up);
        self.series[Latency::ComposingPerChat as usize].record(visit.composed);
        self.tally
            .of_class(visit, |class| class.handle.record(handle));
    }

    #[inline]
    pub(super) fn bump(&mut self, visit: &Visit, count: Count) {
        self.change(visit, |counts| counts.bump(count));
    }

    /// Changes the counts of the visit's interval and class.
    #[inline]
    fn change(&mut self, visit: &Visit, change: impl Fn(&mut Counts)) {
        if let Some(slice) = self.slices.get_mut(visit.interval as usize) {
            change(&mut slice.counts);
            self.tally
                .of_class(visit, |class| change(&mut class.counts));
        }
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
            self.tally
                .of_class(visit, |class| count(&mut class.within, *level));
        }
    }

    /// Tells an event if somebody follows the chat: one look at a flag if not.
    #[inline]
    pub(super) fn tell(&mut self, visit: &Visit, now: Time, event: impl FnOnce() -> Event) {
        if visit.is(Flag::Followed) {
            self.follow(visit, now, event());
        }
    }

    #[cold]
    fn follow(&mut self, visit: &Visit, now: Time, event: Event) {
        if visit.number() == self.story.customer() {
            self.story.tell(visit.attempt().into(), now, event);
        }
        if let Some(meter) = &mut self.meter {
            meter.take(event);
        }
    }

    /// Meters a wait for whoever looks in.
    #[inline]
    fn meter_wait(&mut self, visit: &Visit, wait: Span) {
        if visit.is(Flag::Followed)
            && let Some(meter) = &mut self.meter
        {
            meter.record(Latency::Wait, wait);
        }
    }

    #[cold]
    fn follow_reply(&mut self, visit: &Visit, now: Time, latency: Span) {
        if visit.number() == self.story.customer() {
            self.story.tell_reply(visit, now, latency);
        }
        if let Some(meter) = &mut self.meter {
            meter.replied(visit, now, latency);
        }
    }
}
