//! Real time: the traffic generator, which plays a plan's people against a chat server.
//!
//! Law: it plays the same `Customer` and `Agent` machines as the simulation, with the same draws;
//! only clock and connections differ. Nothing is sent to an address that was not checked: loopback,
//! or a host the user allowed.

pub mod access;
pub mod agent;
pub mod alarm;
mod alone;
pub mod attendance;
mod beside;
pub mod breaker;
pub mod call;
pub mod collector;
pub mod coordinator;
pub mod courier;
pub mod credentials;
pub mod customer;
pub mod dial;
pub mod dispatcher;
pub mod feeder;
mod fit;
pub mod foreign;
pub mod greeting;
mod heartbeat;
mod inbox;
pub mod journal;
pub mod ledger;
pub mod life;
pub mod link;
pub mod machine;
pub mod mailbox;
pub mod merge;
mod monotonic;
pub mod orbit;
mod outcome;
pub mod pace;
pub mod parts;
mod pipe;
pub mod process;
mod rate;
pub mod rehearsal;
pub mod remarks;
pub mod scene;
pub mod session;
pub mod shard;
pub mod skip;
pub mod slice;
pub mod snapshot;
pub mod socket;
pub mod spool;
pub mod start;
pub mod switchboard;
pub mod tap;
pub mod target;
pub mod terms;
pub mod text;
pub mod tls;
pub mod tries;
pub mod validity;
pub mod watch;
pub mod way;
pub mod worker;
pub mod workers;

pub use outcome::{Evidence, Outcome};

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::center::rules::ShiftEnd;
use crate::error::{Error, Result, in_words};
use crate::measure::cast::Cast;
use crate::measure::result::{Environment, ProtocolEcho};
use crate::scenario::plan::{Plan, Shift};
use crate::server::{self, ServerOptions};
use crate::time::Span;
use crate::wire::frame::AgentSide;
use crate::wire::limits::{AGENTS_MOST, CONCURRENCY_MOST};
use crate::wire::speaker::{Dispatch, Protocol};
use access::Access;
use alarm::Alarm;
use coordinator::{Coordinator, Course, Hand};
use dial::Dial;
use ledger::Ledger;
use outcome::Terms;
use scene::Scene;
use shard::Shard;
use slice::Slice;
use socket::{SocketLimits, dial};
use spool::Spool;
use start::Start;
use target::Target;
use watch::Watch;
use way::Way;
use workers::Workers;

/// How to play live.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The doors of the server, each person's by its number modulo doors; none to start the built-in
    /// one for this run.
    pub targets: Vec<Target>,
    /// Whether each door is a center of its own, with its part of the people.
    pub separate: bool,
    /// Addresses of this machine from which connections come, in turn; none for the system's choice.
    pub sources: Vec<IpAddr>,
    /// What the server speaks; none for the built-in protocol.
    pub protocol: Option<Arc<dyn Protocol>>,
    /// Hosts beyond loopback that may be a target, as the user wrote them.
    pub allow_targets: Vec<String>,
    /// How connections get in; none for no TLS and nothing to show.
    pub access: Option<Arc<Access>>,
    /// Which replication's people are played.
    pub replication: u32,
    /// Whether to keep a row a customer.
    pub records: bool,
    /// The customer whose story is told.
    pub trace: Option<u32>,
    /// The processes over which the people are spread; none where all are in this one.
    pub workers: Option<Workers>,
    /// Whether the clock jumps over hours in which the desk is closed and nobody is there.
    pub skip_closed: bool,
    /// Who is played.
    pub cast: Cast,
    /// The part of the run that is played here; none where nothing is to be merged with it.
    pub shard: Option<Shard>,
    /// When the scenario's time begins; none for as soon as the agents of the first shift are there.
    pub start: Option<Start>,
}

impl Options {
    /// Whether a dispatcher of ours gives out the chats.
    pub fn dispatches(&self) -> bool {
        self.manners().dispatch == Dispatch::Busyhour
    }

    /// What is told of what the server speaks; none for the built-in protocol.
    pub fn protocol_echo(&self) -> Option<ProtocolEcho> {
        let protocol = self.protocol.as_ref()?;
        Some(ProtocolEcho {
            name: protocol.name().to_owned(),
            dispatched_here: self.dispatches(),
            draft: !protocol.is_tried(),
        })
    }

    /// Whose people are played.
    pub fn slice(&self) -> Slice {
        self.shard
            .as_ref()
            .map_or(Slice::WHOLE, |shard| shard.slice)
    }
}

/// Plays the plan's people against the server.
///
/// # Errors
/// Refused (exit 2): a target that is not allowed. Failed (exit 3): the target cannot be reached,
/// or the agents of the first shift do not get online. What goes wrong later stands in the result.
pub fn load(plan: &Plan, options: &Options, watch: &Watch) -> Result<Outcome> {
    check(plan, options)?;
    options.check_others()?;
    if !options.slice().is_whole() && options.targets.is_empty() {
        return Err(Error::refused(
            "a part of a run needs the server that the other parts meet, not one of its own",
        )
        .with_remedy("give the server with --target"));
    }
    let began = Instant::now();
    let started = jiff::Timestamp::now().to_string();
    let people = async {
        let (server, targets) = match options.targets.is_empty() {
            false => (None, options.targets.clone()),
            true => {
                let server = start_server(plan, options)?;
                let target = Target::from(server.local_addr());
                (Some(server), vec![target])
            }
        };
        let way = way(&targets, options).await?;
        way.check_ports(options.slice().share(options.outlook(plan).ports))?;
        if let Some(start) = options.start {
            start.wait_to_gather(plan.live.start_deadline, watch).await;
        }
        if server.is_none() {
            knock(plan, options, &way).await?;
        }
        let outcome = match &options.workers {
            Some(workers) => spread(plan, options, &way, workers, watch).await,
            None => play(plan, options, way, Alarm::fine()?, watch).await,
        };
        server.map(server::Handle::stop);
        outcome
    };
    let mut outcome = in_event_loop(people)??;
    let took = began.elapsed().as_secs_f64();
    let loops = options.workers.as_ref().map_or(1, |workers| workers.count);
    outcome.result.environment = Environment::of_run(started, took, loops as usize);
    Ok(outcome)
}

/// The checked way to these targets.
///
/// # Errors
/// Refused (exit 2): a target that is not allowed, or what TLS is to go by is unfit.
async fn way(targets: &[Target], options: &Options) -> Result<Way> {
    let mut doors = Vec::new();
    for target in targets {
        doors.push(target.resolve(&options.allow_targets).await?);
    }
    let way = Way::new(doors, options.access.clone().unwrap_or_default())?;
    Ok(way.from_sources(options.sources.clone()))
}

/// Agents of the first shift find out whether a chat server is there and lets them in. Where there
/// are none, somebody looks in who does nothing: the run must not begin for nobody to come in.
///
/// # Errors
/// Failed (exit 3): no chat server is there, or it lets nobody in.
async fn knock(plan: &Plan, options: &Options, way: &Way) -> Result<()> {
    let slice = options.slice();
    let is_there = |shift: &Shift| {
        slice.has(shift.agent) && shift.from <= plan.begin && shift.until > plan.begin
    };
    if !options.cast.plays_agents() || plan.shifts.iter().any(is_there) {
        return Ok(());
    }
    if options.protocol.is_some() {
        // What it says to whom is for the people to find out.
        return way.connect(0).await.map(drop);
    }
    let limits = SocketLimits::default();
    let look = async {
        let mut socket = dial::<AgentSide, Way>(way, 0, limits).await?;
        socket.hello().await?;
        socket.close(drop).await;
        Ok(())
    };
    let late = |_| Error::failed(format!("{} says no hello", way.target(0)));
    // Twice: what goes wrong while it connects has words of its own.
    timeout(limits.connect * 2, look).await.map_err(late)?
}

/// Runs an event loop until this is over.
///
/// # Errors
/// Failed (exit 3): the system gives none.
fn in_event_loop<F: Future>(people: F) -> Result<F::Output> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default());
    let runtime = runtime.map_err(|error| {
        Error::failed(format!("cannot start the generator's event loop: {error}")).of_this_machine()
    })?;
    Ok(runtime.block_on(people))
}

fn start_server(plan: &Plan, options: &Options) -> Result<server::Handle> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    server::Handle::start(ServerOptions {
        replication: options.replication,
        ..built_in(plan, listen)
    })
}

/// Plays the plan's people in worker processes.
async fn spread(
    plan: &Plan,
    options: &Options,
    way: &Way,
    workers: &Workers,
    watch: &Watch,
) -> Result<Outcome> {
    let mut ledger = ledger(plan, options)?;
    let course = workers.play(plan, options, way, watch, &mut ledger);
    let course = course.await?;
    let outcome = outcome(plan, options, &mut ledger, &course);
    watch.showcase.conclude(&ledger);
    Ok(outcome)
}

/// What a run comes to, and what is kept of it for a merge.
fn outcome(plan: &Plan, options: &Options, ledger: &mut Ledger, course: &Course) -> Outcome {
    let terms = Terms::of_run(plan, options);
    let mut outcome = outcome::of_run(plan, &terms, ledger, course);
    match shard::kept(plan, options, ledger, course) {
        Ok(kept) => outcome.kept = kept,
        Err(error) => {
            let failed = &mut outcome.result.verdict.failed;
            let words = || format!("the journal for the merge is lost: {}", in_words(&error));
            failed.get_or_insert_with(words);
        }
    }
    outcome
}

/// The ledger of a run.
///
/// # Errors
/// Failed: there is no disk for the journal of a part.
fn ledger(plan: &Plan, options: &Options) -> Result<Ledger> {
    let run = match options.shard {
        Some(_) => shard::run_number(plan, options.replication, options.start),
        None => run_number(),
    };
    let mut ledger = Ledger::new(plan, run, options.records);
    options.trace.into_iter().for_each(|who| ledger.trace(who));
    if let Some(Shard { folder, .. }) = &options.shard {
        let spool = Spool::in_folder(folder);
        ledger.spool_to(spool.map_err(|error| Error::unwritable(folder, &error))?);
    }
    Ok(ledger)
}

/// The built-in server by the plan's rules, for the first replication.
pub fn built_in(plan: &Plan, listen: SocketAddr) -> ServerOptions {
    ServerOptions {
        inactivity: plan.server_inactivity(),
        kept_for: plan.customers.kept_for().unwrap_or(Span::ZERO),
        speed: plan.live.speed,
        seed: plan.seed,
        ..ServerOptions::new(listen, plan.router.clone())
    }
}

/// Refuses plans that cannot be played live, and those that the protocol has no room for.
fn check(plan: &Plan, options: &Options) -> Result<()> {
    rate::check(plan, options)?;
    options.check_alone()?;
    let centers = options.targets.len();
    if options.separate && centers > plan.team as usize {
        return Err(Error::refused(format!(
            "{centers} centers of their own cannot be staffed with {} agents",
            plan.team
        ))
        .with_remedy("name fewer targets, or more agents"));
    }
    if !options.cast.plays_agents() {
        return Ok(());
    }
    if !plan.headcounts.is_empty() {
        return Err(Error::refused(
            "the scenario counts its agents over time, and in a live run each agent is somebody",
        )
        .with_remedy("give agents.roster in place of agents.count; `simulate` plays a count"));
    }
    let limits = [
        (
            "agents",
            plan.team,
            AGENTS_MOST,
            "agents.count or the roster",
        ),
        (
            "chats an agent",
            plan.agents.concurrency,
            CONCURRENCY_MOST,
            "agents.concurrency",
        ),
    ];
    for (what, wanted, most, key) in limits {
        if wanted > most {
            return Err(Error::refused(format!(
                "a live run has at most {most} {what}, not {wanted}"
            ))
            .with_remedy(format!("lower {key}; `simulate` knows no such limit")));
        }
    }
    handed_over(plan, options)
}

/// Refuses shifts that end with chats handed over where the protocol has no words for that.
fn handed_over(plan: &Plan, options: &Options) -> Result<()> {
    let Some(protocol) = options
        .protocol
        .as_ref()
        .filter(|known| !known.hands_over())
    else {
        return Ok(());
    };
    let hands_over = |shift: &Shift| shift.end == ShiftEnd::HandOver && shift.until < plan.end();
    if !plan.shifts.iter().any(hands_over) {
        return Ok(());
    }
    Err(Error::refused(format!(
        "agents hand chats over at the end of a shift, and the protocol `{}` has no words for it",
        protocol.name()
    ))
    .with_remedy("write `transfer` in its [agent], or agents.shift_end = \"finish\""))
}

/// Plays the plan's people against the server that `to` leads to, woken by `alarm`; to be called where
/// tasks can be spawned that stay on their thread.
///
/// # Errors
/// Those of `load`, but for the target's.
pub async fn play<D: Dial>(
    plan: &Plan,
    options: &Options,
    to: D,
    alarm: Alarm,
    watch: &Watch,
) -> Result<Outcome> {
    let mut ledger = ledger(plan, options)?;
    let course = run(plan, options, to, alarm, watch, &mut ledger).await?;
    let outcome = outcome(plan, options, &mut ledger, &course);
    watch.showcase.conclude(&ledger);
    Ok(outcome)
}

/// The same as [`play`], posted to the ledger.
///
/// # Errors
/// Those of `play`.
pub async fn run<D: Dial>(
    plan: &Plan,
    options: &Options,
    to: D,
    alarm: Alarm,
    watch: &Watch,
    ledger: &mut Ledger,
) -> Result<Course> {
    check(plan, options)?;
    let scene = Rc::new(Scene::new(
        plan,
        ledger.run(),
        to,
        alarm,
        options,
        options.slice(),
    ));
    let (orders, taken) = unbounded_channel();
    let (news, heard) = unbounded_channel();
    let mut workers = JoinSet::new();
    workers.spawn_local(worker::play(
        scene,
        options.slice(),
        options.replication,
        taken,
        (0, news),
    ));
    let hands = vec![Hand::new(orders, None)];
    let course = Coordinator::new((plan, options), ledger, watch, hands)
        .run(heard)
        .await;
    while let Some(how) = workers.try_join_next() {
        // A fault of the program is not passed over.
        if let Err(fault) = how
            && let Ok(fault) = fault.try_into_panic()
        {
            std::panic::resume_unwind(fault);
        }
    }
    course
}

/// A number that tells this run's messages from another's on the same server.
fn run_number() -> u32 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos() as u64);
    (nanos ^ nanos >> 32) as u32 ^ std::process::id().rotate_left(16)
}
