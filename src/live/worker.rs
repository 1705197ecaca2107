//! Owns a worker: the people of one event loop, from the first connection to the last.
//!
//! Law: it knows its own part of the people and nothing of the others', and tells what happens by
//! its journal; when to start, to go home and to stop is said by the coordinator. Arrivals and
//! shifts are due at absolute instants from the start on. Stopping closes open chats and logs agents
//! out within the plan's deadline.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use super::call::Call;
use super::dial::Dial;
use super::heartbeat::Heartbeat;
use super::journal::{Entry, Event};
use super::orbit::Caller;
use super::remarks::Remarks;
use super::scene::Scene;
use super::slice::Slice;
use super::switchboard::{Delivery, Outlet, Posted};
use super::terms::Differences;
use super::{attendance, customer};
use crate::center::rules::ShiftEnd;
use crate::error::Error;
use crate::measure::seen::Seen;
use crate::scenario::plan::Shift;
use crate::scenario::stream::ArrivalStream;
use crate::time::{Span, Time};

/// How often a worker reports.
const TICK: Duration = Duration::from_millis(100);

/// How often it reports while its agents gather.
const GATHERING: Duration = Duration::from_millis(5);

/// Wall time after which nothing is noted any more that was due before: who is woken later than
/// that is posted late.
const LATE_MOST: Span = Span::from_millis(250);

/// What the coordinator asks of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// The scenario's time goes from this instant on.
    Start(Instant),
    /// All customers are gone: agents log out.
    GoHome,
    /// The run is given up.
    Stop,
    /// The dispatcher tells somebody something.
    Deliver(Delivery),
}

/// What a worker tells the coordinator.
#[derive(Debug)]
pub enum News {
    /// What has happened since the last report, and how things stand.
    Report(Report),
    /// Somebody posts something to the dispatcher.
    Posted(Posted),
    /// It cannot go on, and so the run cannot.
    Failed(Error),
    /// It is gone, and nobody knows what has become of its people.
    Lost,
    /// Everybody is gone.
    Over,
}

/// What has happened since the last report, and how things stand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was noted.
    pub entries: Vec<Entry>,
    /// Everything before this time is noted.
    pub until: Time,
    /// How things stand.
    pub state: State,
    /// What the reader should know, with how often, since the last report.
    pub remarks: Remarks,
    /// What was seen of the customer who is traced.
    pub seen: Vec<Seen>,
    /// How often the matchers of the protocol took something, on connections that are over.
    pub matched: Vec<u32>,
}

/// How things stand with a worker's people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The scenario's time.
    pub now: Time,
    /// Agents online.
    pub online: u32,
    /// Agents of the first shift.
    pub wanted: u32,
    /// Slots in use, wrap-up included.
    pub slots: u32,
    /// Customers who are there.
    pub customers: u32,
    /// Those of them who are gone silently.
    pub ghosts: u32,
    /// Whether somebody is still to come.
    pub more_come: bool,
    /// Arrivals that this machine could not start.
    pub not_started: u32,
    /// Wall time since the start.
    pub played: Span,
    /// Wall time of it for which the event loop stood still, so long at a time that it counts.
    pub stood_still: Span,
    /// Whether the server ends quiet chats, as it says itself.
    pub server_ends_quiet: bool,
    /// By which rules it goes otherwise than the scenario.
    pub differences: Differences,
}

/// A worker at work.
struct Worker<D: Dial> {
    scene: Rc<Scene<D>>,
    slice: Slice,
    customers: JoinSet<()>,
    agents: JoinSet<()>,
    orders: UnboundedReceiver<Order>,
    /// Where its news go, under this number.
    news: Outlet,
    /// Agents of the first shift.
    wanted: u32,
    /// Whether somebody is still to come.
    more_come: bool,
    heartbeat: Heartbeat,
}

/// Plays a slice of the replication's people in the scene, as the coordinator orders; news are told
/// under the worker's number.
pub async fn play<D: Dial>(
    scene: Rc<Scene<D>>,
    slice: Slice,
    replication: u32,
    orders: UnboundedReceiver<Order>,
    news: Outlet,
) {
    scene.abroad.switchboard.connect(news.clone());
    let mut worker = Worker {
        scene,
        slice,
        customers: JoinSet::new(),
        agents: JoinSet::new(),
        orders,
        news,
        wanted: 0,
        more_come: true,
        heartbeat: Heartbeat::default(),
    };
    worker.gather().await;
    if !worker.is_called_off() {
        worker.go_on(replication).await;
    }
    worker.go_home().await;
    worker.tell(News::Over);
}

impl<D: Dial> Worker<D> {
    /// Brings the agents of the first shift online, until the start; those of later shifts wait for
    /// their time.
    async fn gather(&mut self) {
        let scene = &self.scene;
        let begin = scene.begin();
        let mut agents: BTreeMap<u32, VecDeque<Shift>> = BTreeMap::new();
        let mut shifts = &scene.plan.shifts[..];
        if !scene.cast.plays_agents() {
            shifts = &[];
            self.agents
                .spawn_local(attendance::look_in(Rc::clone(scene)));
        }
        let own = |s: &&Shift| s.until > begin && self.slice.has(s.agent);
        for shift in shifts.iter().filter(own).filter_map(|s| self.worked(s)) {
            let from = shift.from.max(begin);
            let shift = Shift { from, ..shift };
            agents.entry(shift.agent).or_default().push_back(shift);
        }
        let at_start = |shifts: &&VecDeque<Shift>| shifts.front().is_some_and(|s| s.from == begin);
        let first = agents.values().filter(at_start).count() as u32;
        self.wanted = first + u32::from(!scene.cast.plays_agents());
        for shifts in agents.into_values() {
            self.agents
                .spawn_local(attendance::attend(Rc::clone(scene), shifts));
        }
        let mut tick = tokio::time::interval(GATHERING);
        loop {
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(Order::Start(at)) => {
                        self.scene.start(at);
                        self.scene.call.send_replace(Call::Play);
                        return;
                    }
                    Some(Order::Deliver(delivery)) => self.deliver(delivery),
                    _ => return self.stop(),
                },
                _ = tick.tick() => {
                    self.reap();
                    self.report();
                }
            }
        }
    }

    /// A shift as it is worked. Strangers come beyond the horizon, too: there an agent takes no more,
    /// and finishes what it has.
    fn worked(&self, shift: &Shift) -> Option<Shift> {
        let horizon = self.scene.plan.outline.horizon;
        if self.scene.cast.plays_customers() || shift.until <= horizon {
            return Some(*shift);
        }
        let cut = Shift {
            until: horizon,
            end: ShiftEnd::Finish,
            ..*shift
        };
        (shift.from < horizon).then_some(cut)
    }

    /// Lets customers come, and come again, until the coordinator says that it is over.
    async fn go_on(&mut self, replication: u32) {
        let scene = Rc::clone(&self.scene);
        let plan = &scene.plan;
        let arrivals = ArrivalStream::new(plan, replication);
        let first = arrivals.first_number();
        let slice = self.slice;
        let own = arrivals.zip(first..);
        let come = scene.cast.plays_customers();
        let own = own.take_while(|_| come);
        let mut arrivals = own.filter(|(_, number)| slice.has(*number)).peekable();
        let mut call = scene.call.subscribe();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heartbeat = Heartbeat::starting_now(TICK);
        loop {
            let arrival = arrivals.peek().map_or(Time::NEVER, |(due, _)| *due);
            let next = arrival.min(scene.orbit.next());
            self.more_come = next.comes();
            let jump = self.skippable();
            if let Some(to) = jump.filter(|to| next >= *to) {
                self.jump_to(to);
                continue;
            }
            // In a stretch that is skipped nobody waits for who meets the closed desk.
            let wait = if jump.is_some() { Time::ZERO } else { next };
            tokio::select! {
                () = scene.wait_until(wait) => {
                    let came = if scene.orbit.next() <= arrival {
                        let back = scene.orbit.take();
                        back.inspect(|(due, _)| scene.note(*due, Event::OutOfOrbit))
                    } else {
                        arrivals.next().map(|(due, number)| (due, scene.newcomer(number)))
                    };
                    if let Some((due, caller)) = came {
                        self.come(caller, due, jump.is_none());
                    }
                }
                () = scene.orbit.changes() => {}
                order = self.orders.recv() => match order {
                    Some(Order::GoHome) => return,
                    Some(Order::Start(_)) => {}
                    Some(Order::Deliver(delivery)) => self.deliver(delivery),
                    // Or nobody is left to report to.
                    Some(Order::Stop) | None => return self.stop(),
                },
                // An agent has failed. The call is lent out here, so that none can be made.
                _ = call.wait_for(|call| *call == Call::Stop) => {
                    return scene.stand_still(scene.now());
                }
                _ = tick.tick() => {
                    self.heartbeat.beat();
                    self.reap();
                    self.report();
                }
            }
        }
    }

    fn deliver(&self, delivery: Delivery) {
        self.scene.abroad.switchboard.deliver(delivery);
    }

    /// The run is given up: what is noted from here on is noted as of now.
    fn stop(&mut self) {
        self.scene.call.send_replace(Call::Stop);
        self.scene.stand_still(self.scene.now());
    }

    fn is_called_off(&self) -> bool {
        *self.scene.call.borrow() == Call::Stop
    }

    /// Forgets who is gone.
    fn reap(&mut self) {
        let customers = std::iter::from_fn(|| self.customers.try_join_next());
        let agents = std::iter::from_fn(|| self.agents.try_join_next());
        customers.chain(agents).for_each(gone);
    }

    /// Tells the coordinator what has happened.
    fn report(&mut self) {
        if let Some(error) = self.scene.failure.take() {
            self.tell(News::Failed(error));
        }
        let scene = &self.scene;
        let now = scene.now();
        let late_most = LATE_MOST.scaled(scene.plan.live.speed);
        let report = Report {
            entries: scene.take_journal(),
            until: now - late_most,
            state: State {
                now,
                online: scene.online.get(),
                wanted: self.wanted,
                slots: scene.slots.get(),
                customers: self.customers.len() as u32,
                ghosts: scene.ghosts.get(),
                more_come: self.more_come,
                not_started: scene.not_started.get(),
                played: self.heartbeat.played(),
                stood_still: self.heartbeat.stood_still(),
                server_ends_quiet: scene.server_ends_quiet.get(),
                differences: scene.differences.get(),
            },
            remarks: scene.take_remarks(),
            seen: scene.take_seen(),
            matched: scene.abroad.take_matched(),
        };
        self.tell(News::Report(report));
    }

    fn tell(&self, news: News) {
        // Without a coordinator the orders end as well.
        let (worker, told) = &self.news;
        let _ = told.send((*worker, news));
    }

    /// Where the clock may jump to, if closed hours are skipped: nobody may be there.
    fn skippable(&mut self) -> Option<Time> {
        self.scene.skip.as_ref()?;
        self.reap();
        let scene = &self.scene;
        let now = scene.now();
        let idle = self.customers.is_empty() && scene.slots.get() == 0;
        if scene.plan.is_open(now) || !idle {
            return None;
        }
        scene.skip.as_ref()?.target(now)
    }

    fn jump_to(&self, to: Time) {
        let length = to.since(self.scene.now());
        if let Some(skip) = &self.scene.skip {
            skip.note(length);
        }
        self.scene.jump(to);
    }

    /// A customer comes at `due`; who meets the closed desk may not be `awaited`, in skipped hours.
    fn come(&mut self, caller: Caller, due: Time, awaited: bool) {
        let scene = &self.scene;
        if scene.plan.is_open(due) {
            let visit = customer::visit(Rc::clone(scene), caller, due);
            self.customers.spawn_local(visit);
            return;
        }
        if awaited {
            scene.lagged(due);
        }
        scene.note(due, Event::ClosedDesk(caller));
    }

    /// Calls everybody home and waits, within the plan's deadline; who stays is remarked.
    async fn go_home(&mut self) {
        self.scene.call.send_if_modified(|call| {
            let ends = *call != Call::Stop;
            if ends {
                *call = Call::GoHome;
            }
            ends
        });
        let deadline = Duration::from_nanos(self.scene.plan.live.closing_deadline.0);
        let (customers, agents) = (&mut self.customers, &mut self.agents);
        let (orders, scene) = (&mut self.orders, &self.scene);
        let everybody = async {
            while let Some(how) = customers.join_next().await {
                gone(how);
            }
            while let Some(how) = agents.join_next().await {
                gone(how);
            }
        };
        let deliveries = async {
            while let Some(order) = orders.recv().await {
                if let Order::Deliver(delivery) = order {
                    scene.abroad.switchboard.deliver(delivery);
                }
            }
            // Without a coordinator people go all the same.
            std::future::pending::<()>().await;
        };
        let leaving = async {
            tokio::select! {
                () = everybody => {}
                () = deliveries => {}
            }
        };
        let gone = tokio::time::timeout(deadline, leaving).await.is_ok();
        if !gone {
            let (customers, agents) = (self.customers.len(), self.agents.len());
            self.scene.remark(format!(
                "{customers} customers and {agents} agents were still connected {} after the end",
                self.scene.plan.live.closing_deadline
            ));
        }
        self.customers.abort_all();
        self.agents.abort_all();
        if let Some(remark) = self.scene.skip.as_ref().and_then(super::skip::Skip::remark) {
            self.scene.remark(remark);
        }
        self.more_come = false;
        self.report();
    }
}

/// Somebody is gone: a fault of the program is not passed over.
fn gone(how: std::result::Result<(), JoinError>) {
    if let Err(fault) = how
        && fault.is_panic()
    {
        std::panic::resume_unwind(fault.into_panic());
    }
}
