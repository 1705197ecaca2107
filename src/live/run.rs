//! Owns a live run from the first connection to the last: start, arrivals, drain, stop.
//!
//! Law: the scenario's time starts when the server has confirmed every agent of the first shift;
//! from then on arrivals and shifts are due at absolute instants. Stopping, by any path, closes
//! open chats and logs agents out within the plan's deadline, and the report is still made.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::clock::LiveClock;
use super::scene::{Call, Scene};
use super::watch::Watch;
use super::{attendance, customer};
use crate::center::fate::Fate;
use crate::error::{Error, Result};
use crate::measure::clock::Gauge;
use crate::measure::tally::Latency;
use crate::scenario::plan::Shift;
use crate::scenario::stream::ArrivalStream;
use crate::time::Time;

/// How often the watch is brought up to date.
const TICK: Duration = Duration::from_millis(100);

/// Who is under way.
struct Crowd {
    customers: JoinSet<()>,
    agents: JoinSet<()>,
}

/// Plays the scene to its end and says when that was, in scenario time, and whether it was stopped.
///
/// # Errors
/// Failed: the agents of the first shift are not online within the plan's start deadline.
pub async fn play(scene: &Rc<Scene>, replication: u32, watch: &Watch) -> Result<(Time, bool)> {
    let mut crowd = Crowd {
        customers: JoinSet::new(),
        agents: JoinSet::new(),
    };
    gather(scene, &mut crowd, watch).await?;
    if watch.stops() {
        scene.call.send_replace(Call::Stop);
    } else {
        let clock = LiveClock::starting_now(scene.plan.live.speed);
        scene.clock.set(Some(clock));
        watch.started.store(true, Ordering::Relaxed);
        scene.call.send_replace(Call::Play);
        go_on(scene, &mut crowd, replication, watch).await;
    }
    let now = scene.now();
    let stopped = *scene.call.borrow() == Call::Stop;
    go_home(scene, &mut crowd, watch).await;
    Ok((
        if stopped {
            now
        } else {
            now.max(scene.plan.outline.horizon)
        },
        stopped,
    ))
}

/// Brings the agents of the first shift online; those of later shifts wait for their time.
async fn gather(scene: &Rc<Scene>, crowd: &mut Crowd, watch: &Watch) -> Result<()> {
    let mut agents: BTreeMap<u32, VecDeque<Shift>> = BTreeMap::new();
    for shift in &scene.plan.shifts {
        agents.entry(shift.agent).or_default().push_back(*shift);
    }
    let at_start = |shifts: &&VecDeque<Shift>| shifts.front().is_some_and(|s| s.from == Time::ZERO);
    let wanted = agents.values().filter(at_start).count() as u32;
    for shifts in agents.into_values() {
        crowd
            .agents
            .spawn_local(attendance::attend(Rc::clone(scene), shifts));
    }
    let deadline = Duration::from_nanos(scene.plan.live.start_deadline.0);
    let until = Instant::now() + deadline;
    let mut tick = tokio::time::interval(Duration::from_millis(5));
    while scene.online.get() < wanted && !watch.stops() {
        tick.tick().await;
        watch.agents.store(scene.online.get(), Ordering::Relaxed);
        if let Some(failure) = scene.failure.take() {
            return Err(failure);
        }
        if Instant::now() > until {
            let online = scene.online.get();
            return Err(Error::failed(format!(
                "only {online} of {wanted} agents were online within {}",
                scene.plan.live.start_deadline
            ))
            .with_remedy("look at the server, or raise live.start_deadline"));
        }
    }
    Ok(())
}

/// Lets customers come until everybody is gone, or somebody calls a stop.
async fn go_on(scene: &Rc<Scene>, crowd: &mut Crowd, replication: u32, watch: &Watch) {
    let plan = &scene.plan;
    let mut arrivals = ArrivalStream::new(plan, replication).zip(0u32..).peekable();
    let mut call = scene.call.subscribe();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let arrival = arrivals.peek().map_or(Time::NEVER, |(due, _)| *due);
        tokio::select! {
            () = customer::wait_until(scene, arrival) => {
                if let Some((due, number)) = arrivals.next() {
                    arrive(scene, crowd, number, due);
                }
            }
            _ = call.wait_for(|call| *call == Call::Stop) => return,
            _ = tick.tick() => {
                if watch.stops() || scene.now() >= plan.end() {
                    scene.call.send_replace(Call::Stop);
                    return;
                }
                while crowd.customers.try_join_next().is_some() {}
                while crowd.agents.try_join_next().is_some() {}
                show(scene, watch);
                let nobody = crowd.customers.is_empty()
                    && scene.recorder.borrow().count(Gauge::Active) == 0;
                if !arrival.comes() && nobody && scene.now() >= plan.outline.horizon {
                    return;
                }
            }
        }
    }
}

fn arrive(scene: &Rc<Scene>, crowd: &mut Crowd, number: u32, due: Time) {
    scene.recorder.borrow_mut().advance(due);
    if scene.plan.is_open(due) {
        crowd
            .customers
            .spawn_local(customer::visit(Rc::clone(scene), number, due));
    } else {
        scene.lagged(due);
        scene.recorder.borrow_mut().closed_desk(number, 0, 0, due);
    }
}

/// Calls everybody home and waits, within the plan's deadline; who stays is remarked.
async fn go_home(scene: &Rc<Scene>, crowd: &mut Crowd, watch: &Watch) {
    scene.call.send_if_modified(|call| {
        let ends = *call != Call::Stop;
        if ends {
            *call = Call::GoHome;
        }
        ends
    });
    let deadline = Duration::from_nanos(scene.plan.live.closing_deadline.0);
    let everybody = async {
        while crowd.customers.join_next().await.is_some() {}
        while crowd.agents.join_next().await.is_some() {}
    };
    let gone = tokio::time::timeout(deadline, everybody).await.is_ok();
    show(scene, watch);
    if !gone {
        let (customers, agents) = (crowd.customers.len(), crowd.agents.len());
        scene.remark(format!(
            "{customers} customers and {agents} agents were still connected {} after the end",
            scene.plan.live.closing_deadline
        ));
    }
    crowd.customers.abort_all();
    crowd.agents.abort_all();
    let now = scene.now();
    let open: Vec<u32> = scene.visits.borrow().keys().copied().collect();
    open.into_iter()
        .for_each(|number| scene.end(number, Fate::OpenAtEnd, now));
}

/// Brings the watch up to date.
fn show(scene: &Scene, watch: &Watch) {
    let recorder = scene.recorder.borrow();
    let lag = recorder.p99_so_far(Latency::ScheduleLag).unwrap_or(0.0);
    watch.now.store(scene.now().0, Ordering::Relaxed);
    watch
        .arrived
        .store(scene.visits.borrow().len() as u32, Ordering::Relaxed);
    watch
        .queue
        .store(recorder.count(Gauge::Queue), Ordering::Relaxed);
    watch
        .open
        .store(recorder.count(Gauge::Active), Ordering::Relaxed);
    watch
        .busy
        .store(recorder.count(Gauge::Busy), Ordering::Relaxed);
    watch.agents.store(scene.online.get(), Ordering::Relaxed);
    watch.lag_us.store((lag * 1e6) as u64, Ordering::Relaxed);
}
