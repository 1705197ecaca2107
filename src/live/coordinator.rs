//! Owns the coordinator of a live run: it starts the workers together, posts what they note, sees
//! when the run is over, and stops it.
//!
//! Law: workers know nothing of each other; only here is the whole run seen. The scenario's time
//! starts when the server has confirmed every agent of the first shift, of every worker.

mod abroad;
mod over;

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use super::Options;
use super::breaker::{Breaker, Tripped};
use super::dispatcher::Dispatcher;
use super::ledger::{Door, Ledger};
use super::process::Process;
use super::remarks::Remarks;
use super::snapshot::Snapshot;
use super::start::Start;
use super::switchboard::Delivery;
use super::terms::Differences;
use super::watch::Watch;
use super::worker::{News, Order, Report, State};
use crate::error::{Error, Result};
use crate::measure::cast::Cast;
use crate::measure::clock::Gauge;
use crate::measure::tally::Latency;
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};
use abroad::Abroad;

/// How often the run is looked over.
const TICK: Duration = Duration::from_millis(100);

/// Wall time beyond the plan's deadline for closing that a worker process has to end.
const ENDING: Duration = Duration::from_secs(5);

/// Wall time ahead at which workers in other processes are told to start, so that all have heard.
const AHEAD: Duration = Duration::from_millis(50);

/// A worker, as the coordinator sees it.
#[derive(Debug)]
pub struct Hand {
    orders: UnboundedSender<Order>,
    /// The process in which it works; none where that is this one.
    process: Option<Process>,
    state: State,
    /// Everything before this time is noted.
    until: Time,
    over: bool,
    /// How it was lost, in words.
    lost: Option<String>,
}

/// What a run comes to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// When it ended, in scenario time.
    pub end: Time,
    /// Whether it was stopped.
    pub stopped: bool,
    /// Arrivals that this machine could not start.
    pub not_started: u32,
    /// By which rules the server goes otherwise than the scenario.
    pub differences: Differences,
    /// The share of its time for which the worst event loop stood still.
    pub stood_still_ratio: f64,
    /// What the reader should know, with how often.
    pub remarks: Remarks,
    /// What broke it, where something did.
    pub failure: Option<String>,
    /// Which workers, or parts of the run, were lost, and how, a sentence each.
    pub lost: Vec<String>,
    /// Which parts of the run are not valid by themselves, a sentence each.
    pub unsound: Vec<String>,
}

/// The coordinator of a run.
pub struct Coordinator<'a> {
    plan: &'a Plan,
    ledger: &'a mut Ledger,
    watch: &'a Watch,
    hands: Vec<Hand>,
    /// When the scenario's time begins, where that was agreed on.
    start: Option<Start>,
    /// Whether other parts of the run are played elsewhere.
    apart: bool,
    /// Who is played.
    cast: Cast,
    /// Whether agents end the chats of customers who are quiet.
    agents_end: bool,
    /// Since when a part of a run has been quiet.
    quiet: Option<Instant>,
    /// What is known of the run so far.
    course: Course,
    failure: Option<Error>,
    breaker: Breaker,
    /// What it takes where the server speaks another protocol.
    abroad: Abroad,
}

impl Hand {
    /// A worker that takes orders.
    pub fn new(orders: UnboundedSender<Order>, process: Option<Process>) -> Hand {
        Hand {
            orders,
            process,
            state: State {
                more_come: true,
                wanted: u32::MAX,
                ..State::default()
            },
            until: Time::ZERO,
            over: false,
            lost: None,
        }
    }

    /// Nothing more comes of it, and it is not known why.
    fn lose(&mut self) {
        let ended = self.process.as_mut().map(Process::ended);
        self.lost = Some(ended.unwrap_or_else(|| "ended".into()));
        (self.over, self.until) = (true, Time::NEVER);
    }

    fn order(&self, order: Order) {
        // A worker that is gone is told of by the end of its news.
        let _ = self.orders.send(order);
    }
}

impl<'a> Coordinator<'a> {
    /// A coordinator of these workers, which posts to the ledger.
    pub fn new(
        (plan, options): (&'a Plan, &Options),
        ledger: &'a mut Ledger,
        watch: &'a Watch,
        hands: Vec<Hand>,
    ) -> Coordinator<'a> {
        if watch.showcase.is_open() {
            ledger.look_in();
        }
        Coordinator {
            plan,
            ledger,
            watch,
            hands,
            start: options.start,
            apart: !options.slice().is_whole(),
            cast: options.cast,
            agents_end: options.cast.plays_agents() && plan.agents_inactivity() != Span::ENDLESS,
            quiet: None,
            course: Course::default(),
            failure: None,
            abroad: Abroad::new(plan, options),
            breaker: Breaker::new(
                plan.live.breaker_share,
                Duration::from_nanos(plan.live.breaker_after.0),
            ),
        }
    }

    /// Sees the run through to its end; the workers' news come with their index.
    ///
    /// # Errors
    /// Failed: the agents of the first shift are not online within the plan's start deadline.
    pub async fn run(mut self, mut news: UnboundedReceiver<(usize, News)>) -> Result<Course> {
        let began = self.gather(&mut news).await?;
        if began {
            self.see_through(&mut news).await;
        }
        self.see_home(&mut news).await;
        self.course.remarks.append(self.abroad.remarks());
        self.ledger.post_until(Time::NEVER);
        self.show();
        let states = self.hands.iter().map(|hand| hand.state);
        let found = states.clone().map(|state| state.differences);
        Ok(Course {
            end: match self.course.stopped {
                true => self.now(),
                false => self.now().max(self.plan.outline.horizon),
            },
            not_started: states.map(|state| state.not_started).sum(),
            stood_still_ratio: self.stood_still_ratio(),
            lost: self.lost(),
            differences: found.fold(Differences::default(), Differences::and),
            failure: self.failure.map(|error| error.plain().into()),
            ..self.course
        })
    }

    /// Waits until everybody is gone; a process that does not end in time is lost.
    async fn see_home(&mut self, news: &mut UnboundedReceiver<(usize, News)>) {
        let closing = Duration::from_nanos(self.plan.live.closing_deadline.0);
        let deadline = tokio::time::sleep(closing + ENDING);
        tokio::pin!(deadline);
        while self.hands.iter().any(|hand| !hand.over) {
            tokio::select! {
                heard = news.recv() => match heard {
                    Some((worker, news)) => self.hear(worker, news),
                    None => return,
                },
                () = &mut deadline => {
                    for hand in self.hands.iter_mut().filter(|hand| !hand.over) {
                        hand.lost = Some("did not end in time".into());
                        hand.over = true;
                    }
                }
            }
        }
    }

    fn stood_still_ratio(&self) -> f64 {
        let states = self.hands.iter().map(|hand| hand.state);
        let ratios = states.map(|s| s.stood_still.0 as f64 / s.played.0.max(1) as f64);
        ratios.fold(0.0, f64::max)
    }

    /// Which workers were lost, and how.
    fn lost(&self) -> Vec<String> {
        let of = self.hands.len();
        let hands = self.hands.iter().enumerate();
        let lost = hands.filter_map(|(index, hand)| {
            let (how, number) = (hand.lost.as_ref()?, index + 1);
            Some(format!(
                "worker {number} of {of} was lost ({how}): from then on its part of the customers \
                 and agents is missing"
            ))
        });
        lost.collect()
    }

    /// Waits until every agent of the first shift is online and starts the run; false when somebody
    /// called a stop before.
    async fn gather(&mut self, news: &mut UnboundedReceiver<(usize, News)>) -> Result<bool> {
        let limit = Duration::from_nanos(self.plan.live.start_deadline.0);
        let by = self
            .start
            .map_or_else(|| Instant::now() + limit, |start| start.gathered_by(AHEAD));
        let deadline = tokio::time::sleep_until(by);
        tokio::pin!(deadline);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                Some((worker, news)) = news.recv() => self.hear(worker, news),
                _ = tick.tick() => {}
                () = &mut deadline => return Err(self.missed()),
            }
            self.show();
            let lost = self.lost().pop().map(Error::failed);
            let lost = lost.map(Error::of_this_machine);
            if let Some(failure) = self.failure.take().or(lost) {
                return Err(failure);
            }
            if self.watch.stops() {
                self.stop();
                return Ok(false);
            }
            let all = |hand: &Hand| hand.state.online >= hand.state.wanted;
            if self.hands.iter().all(all) {
                let apart = self.hands.iter().any(|hand| hand.process.is_some());
                let ahead = if apart { AHEAD } else { Duration::ZERO };
                let at = self
                    .start
                    .map_or_else(|| Instant::now() + ahead, |start| start.instant);
                self.order(&Order::Start(at));
                self.abroad.start(at, self.plan);
                self.watch.started.store(true, Ordering::Relaxed);
                return Ok(true);
            }
        }
    }

    /// Not all agents of the first shift were online in time.
    fn missed(&self) -> Error {
        let states = || self.hands.iter().map(|hand| hand.state);
        let online: u32 = states().map(|state| state.online).sum();
        // A worker that has not begun has not said how many it wants.
        let wanted = states().try_fold(0u32, |sum, state| sum.checked_add(state.wanted));
        let wanted = wanted.filter(|wanted| *wanted < u32::MAX);
        let wanted = wanted.map_or("the".into(), |wanted| wanted.to_string());
        let (when, later) = match self.start {
            Some(start) => (
                format!("by the start at {}", start.agreed),
                "agree on a later start",
            ),
            None => (
                format!("within {}", self.plan.live.start_deadline),
                "raise live.start_deadline",
            ),
        };
        Error::failed(format!(
            "only {online} of {wanted} agents were online {when}"
        ))
        .with_remedy(format!("look at the server, or {later}"))
    }

    /// Posts what happens until the run is over or stopped, and sends everybody home.
    async fn see_through(&mut self, news: &mut UnboundedReceiver<(usize, News)>) {
        let mut tick = tokio::time::interval(TICK);
        let began = Instant::now();
        loop {
            tokio::select! {
                heard = news.recv() => match heard {
                    Some((worker, news)) => self.hear(worker, news),
                    None => return,
                },
                _ = tick.tick() => {
                    let now = self.now();
                    self.look_at_the_door(began.elapsed());
                    if self.watch.stops() || self.failure.is_some() || now >= self.plan.end() {
                        return self.stop();
                    }
                    self.show();
                    if self.is_over() {
                        return self.order(&Order::GoHome);
                    }
                }
                () = self.abroad.due() => self.dispatch(Dispatcher::wake),
            }
        }
    }

    /// Sees whether so much fails that the run has to stop.
    fn look_at_the_door(&mut self, now: Duration) {
        let door = self.ledger.door();
        let tripped = self.breaker.look(now, door.failures(), door.tries());
        if let Some(tripped) = tripped {
            let error = too_much_failed(self.plan, tripped, door);
            self.failure.get_or_insert(error);
        }
    }

    fn hear(&mut self, worker: usize, news: News) {
        let hand = &mut self.hands[worker];
        match news {
            News::Over => (hand.over, hand.until) = (true, Time::NEVER),
            News::Lost => hand.lose(),
            News::Failed(error) => self.failure = self.failure.take().or(Some(error)),
            News::Posted(posted) => self.dispatch(|dispatcher| dispatcher.take(worker, posted)),
            News::Report(Report {
                mut entries,
                until,
                state,
                remarks,
                seen,
                matched,
            }) => {
                self.abroad.count(&matched);
                hand.state = state;
                hand.until = hand.until.max(until);
                self.ledger.take(&mut entries);
                let until = self.hands.iter().map(|hand| hand.until).min();
                self.ledger.post_until(until.unwrap_or(Time::ZERO));
                self.course.remarks.append(remarks);
                self.ledger.see(seen);
            }
        }
    }

    fn order(&self, order: &Order) {
        self.hands.iter().for_each(|hand| hand.order(order.clone()));
    }

    /// Has the dispatcher do something, and hands out what it says.
    fn dispatch(&mut self, act: impl FnOnce(&mut Dispatcher) -> Vec<(usize, Delivery)>) {
        for (worker, delivery) in self.abroad.dispatch(act) {
            self.hands[worker].order(Order::Deliver(delivery));
        }
    }

    fn stop(&mut self) {
        self.course.stopped = true;
        self.order(&Order::Stop);
    }

    /// The scenario's time, as far as anybody has said.
    fn now(&self) -> Time {
        let now = self.hands.iter().map(|hand| hand.state.now).max();
        now.unwrap_or_default().max(self.plan.begin)
    }

    /// How the run stands.
    fn snapshot(&self, online: u32) -> Snapshot {
        let sum = |count: fn(&State) -> u32| {
            let states = self.hands.iter().map(|hand| count(&hand.state));
            states.sum()
        };
        Snapshot {
            online,
            customers: sum(|state| state.customers),
            not_started: sum(|state| state.not_started),
            now: self.now(),
            ..Snapshot::of(self.ledger)
        }
    }

    /// Brings the watch up to date.
    fn show(&self) {
        let (ledger, watch) = (&self.ledger, self.watch);
        let lag = ledger.millis_so_far(Latency::ScheduleLag, 0.99);
        let online = self.hands.iter().map(|hand| hand.state.online).sum();
        let counts = [
            (&watch.arrived, ledger.offered()),
            (&watch.queue, ledger.count(Gauge::Queue)),
            (&watch.open, ledger.count(Gauge::Active)),
            (&watch.busy, ledger.count(Gauge::Busy)),
            (&watch.agents, online),
        ];
        for (shown, count) in counts {
            shown.store(count, Ordering::Relaxed);
        }
        watch.now.store(self.now().0, Ordering::Relaxed);
        let lag_us = lag.unwrap_or(0.0) * 1e3;
        watch.lag_us.store(lag_us as u64, Ordering::Relaxed);
        if watch.showcase.is_open() {
            watch.showcase.put(self.snapshot(online));
        }
    }
}

/// Why a run was stopped of which too much failed.
fn too_much_failed(plan: &Plan, tripped: Tripped, door: Door) -> Error {
    let share = plan.live.breaker_share * 100.0;
    let (failures, secs) = (tripped.failures, tripped.lasted.as_secs_f64());
    let Door {
        stayed_out, lost, ..
    } = door;
    Error::failed(format!(
        "the run was stopped: for {secs:.0} s more than {share:.0} % of connects and connections \
         failed, {failures} of them; in all {stayed_out} tries were not let in and {lost} \
         connections lost"
    ))
    .with_remedy(
        "look at the server; live.breaker_share and live.breaker_after say how much is too much",
    )
}
