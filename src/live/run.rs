//! Owns a live run from the first connection to the last: start, arrivals, drain, stop.
//!
//! Law: the scenario's time starts when the server has confirmed every agent of the first shift;
//! from then on arrivals and shifts are due at absolute instants. Stopping, by any path, closes
//! open chats and logs agents out within the plan's deadline, and the report is still made.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use super::dial::Dial;
use super::orbit::Caller;
use super::scene::{Call, Scene};
use super::watch::Watch;
use super::{attendance, customer};
use crate::center::ChatId;
use crate::center::fate::Fate;
use crate::error::{Error, Result};
use crate::measure::clock::Gauge;
use crate::measure::tally::Latency;
use crate::scenario::plan::Shift;
use crate::scenario::stream::ArrivalStream;
use crate::time::{Span, Time};

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
pub async fn play<D: Dial>(
    scene: &Rc<Scene<D>>,
    replication: u32,
    watch: &Watch,
) -> Result<(Time, bool)> {
    let mut crowd = Crowd {
        customers: JoinSet::new(),
        agents: JoinSet::new(),
    };
    gather(scene, &mut crowd, watch).await?;
    if watch.stops() {
        scene.call.send_replace(Call::Stop);
    } else {
        scene.start();
        watch.started.store(true, Ordering::Relaxed);
        scene.call.send_replace(Call::Play);
        go_on(scene, &mut crowd, replication, watch).await;
    }
    let now = scene.now();
    let stopped = *scene.call.borrow() == Call::Stop;
    if stopped {
        scene.stand_still(now);
    }
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
async fn gather<D: Dial>(scene: &Rc<Scene<D>>, crowd: &mut Crowd, watch: &Watch) -> Result<()> {
    if scene.only_customers {
        return attendance::look_in(scene).await;
    }
    let begin = scene.begin();
    let mut agents: BTreeMap<u32, VecDeque<Shift>> = BTreeMap::new();
    for shift in scene.plan.shifts.iter().filter(|s| s.until > begin) {
        let from = shift.from.max(begin);
        let shift = Shift { from, ..*shift };
        agents.entry(shift.agent).or_default().push_back(shift);
    }
    let at_start = |shifts: &&VecDeque<Shift>| shifts.front().is_some_and(|s| s.from == begin);
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
        crowd.reap();
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

/// Lets customers come, and come again, until everybody is gone, or somebody calls a stop.
async fn go_on<D: Dial>(scene: &Rc<Scene<D>>, crowd: &mut Crowd, replication: u32, watch: &Watch) {
    let plan = &scene.plan;
    let arrivals = ArrivalStream::new(plan, replication);
    let first = arrivals.first_number();
    let mut arrivals = arrivals.zip(first..).peekable();
    let mut call = scene.call.subscribe();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let arrival = arrivals.peek().map_or(Time::NEVER, |(due, _)| *due);
        let next = arrival.min(scene.orbit.next());
        let jump = skippable(scene, crowd);
        if let Some(to) = jump.filter(|to| next >= *to) {
            jump_to(scene, to);
            continue;
        }
        // In a stretch that is skipped nobody waits for who meets the closed desk.
        let wait = if jump.is_some() { Time::ZERO } else { next };
        tokio::select! {
            () = scene.wait_until(wait) => {
                let came = if scene.orbit.next() <= arrival {
                    scene.orbit.take().inspect(|(due, _)| {
                        scene.record(*due, |recorder, due| recorder.fall(Gauge::Orbit, due));
                    })
                } else {
                    arrivals.next().map(|(due, number)| (due, newcomer(scene, number)))
                };
                if let Some((due, caller)) = came {
                    come(scene, crowd, caller, due, jump.is_none());
                }
            }
            () = scene.orbit.changes() => {}
            _ = call.wait_for(|call| *call == Call::Stop) => return,
            _ = tick.tick() => {
                if watch.stops() || scene.now() >= plan.end() {
                    scene.call.send_replace(Call::Stop);
                    return;
                }
                crowd.reap();
                show(scene, watch);
                if !next.comes() && is_over(scene, crowd) {
                    return;
                }
            }
        }
    }
}

impl Crowd {
    /// Forgets who is gone.
    fn reap(&mut self) {
        let customers = std::iter::from_fn(|| self.customers.try_join_next());
        let agents = std::iter::from_fn(|| self.agents.try_join_next());
        customers.chain(agents).for_each(gone);
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

/// Whether nothing can change any more: nobody is there but those who are gone silently, whom
/// nothing ends.
fn is_over<D>(scene: &Scene<D>, crowd: &Crowd) -> bool {
    let recorder = scene.recorder.borrow();
    let agents_end_quiet = scene.agents.inactivity != Span::ENDLESS;
    let nothing_ends_ghosts = !agents_end_quiet && !scene.server_ends_quiet.get();
    let customers = crowd.customers.len();
    let nobody = match nothing_ends_ghosts {
        true => customers == scene.ghosts.get() as usize,
        false => customers == 0,
    };
    let at_rest = scene.only_customers
        || recorder.count(Gauge::Active) == recorder.count(Gauge::Ghosts)
            && recorder.count(Gauge::Composing) == 0;
    nobody && at_rest && scene.now() >= scene.plan.outline.horizon
}

/// Where the clock may jump to, if closed hours are skipped: nobody may be there.
fn skippable<D>(scene: &Scene<D>, crowd: &mut Crowd) -> Option<Time> {
    let skip = scene.skip.as_ref()?;
    let now = scene.now();
    crowd.reap();
    let recorder = scene.recorder.borrow();
    let idle = crowd.customers.is_empty() && recorder.count(Gauge::Active) == 0;
    if scene.plan.is_open(now) || !idle {
        return None;
    }
    skip.target(now)
}

fn jump_to<D>(scene: &Scene<D>, to: Time) {
    let length = to.since(scene.now());
    if let Some(skip) = &scene.skip {
        skip.note(length);
    }
    scene.jump(to);
}

/// A customer who comes for the first time.
fn newcomer<D>(scene: &Scene<D>, number: u32) -> Caller {
    let draws = scene.people.person(number.into(), 0);
    Caller {
        number,
        attempt: 0,
        class: scene.plan.customers.class_of(draws),
    }
}

/// A customer comes at `due`; who meets the closed desk may not be `awaited`, in skipped hours.
fn come<D: Dial>(
    scene: &Rc<Scene<D>>,
    crowd: &mut Crowd,
    caller: Caller,
    due: Time,
    awaited: bool,
) {
    if scene.plan.is_open(due) {
        let visit = customer::visit(Rc::clone(scene), caller, due);
        crowd.customers.spawn_local(visit);
        return;
    }
    if awaited {
        scene.lagged(due);
    }
    let Caller {
        number,
        attempt,
        class,
    } = caller;
    scene.record(due, |recorder, due| {
        recorder.closed_desk(number, attempt, class, due);
    });
}

/// Calls everybody home and waits, within the plan's deadline; who stays is remarked.
async fn go_home<D: Dial>(scene: &Rc<Scene<D>>, crowd: &mut Crowd, watch: &Watch) {
    scene.call.send_if_modified(|call| {
        let ends = *call != Call::Stop;
        if ends {
            *call = Call::GoHome;
        }
        ends
    });
    let deadline = Duration::from_nanos(scene.plan.live.closing_deadline.0);
    let everybody = async {
        while let Some(how) = crowd.customers.join_next().await {
            gone(how);
        }
        while let Some(how) = crowd.agents.join_next().await {
            gone(how);
        }
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
    let chats = scene.ledger.borrow().len();
    (0..chats).for_each(|chat| scene.end(ChatId(chat), Fate::OpenAtEnd, now));
}

/// Brings the watch up to date.
fn show<D>(scene: &Scene<D>, watch: &Watch) {
    let recorder = scene.recorder.borrow();
    let lag = recorder.p99_so_far(Latency::ScheduleLag).unwrap_or(0.0);
    watch.now.store(scene.now().0, Ordering::Relaxed);
    watch
        .arrived
        .store(scene.ledger.borrow().len(), Ordering::Relaxed);
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
