//! Real time: the traffic generator, which plays a plan's people against a chat server.
//!
//! Law: it plays the same `Customer` and `Agent` machines as the simulation, with the same draws;
//! only clock and connections differ. Nothing is sent to an address that was not checked: loopback,
//! or a host the user allowed.

pub mod agent;
pub mod alarm;
pub mod attendance;
pub mod customer;
pub mod dial;
pub mod ledger;
pub mod machine;
pub mod orbit;
pub mod run;
pub mod scene;
pub mod skip;
pub mod socket;
pub mod target;
pub mod validity;
pub mod watch;

use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Instant;

use tokio::task::LocalSet;

use crate::error::{Error, Result};
use crate::measure::kpi::Findings;
use crate::measure::record::Record;
use crate::measure::result::{Environment, RunKind, RunResult};
use crate::measure::story::Story;
use crate::measure::tally::{Latency, Tally};
use crate::scenario::plan::Plan;
use crate::server::{self, ServerOptions};
use crate::time::Span;
use crate::wire::limits::{AGENTS_MOST, CONCURRENCY_MOST};
use alarm::Alarm;
use dial::Dial;
use scene::Scene;
use skip::Skip;
use target::Target;
use watch::Watch;

/// How to play live.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The server; none to start the built-in one for this run.
    pub target: Option<Target>,
    /// Hosts beyond loopback that may be a target, as the user wrote them.
    pub allow_targets: Vec<String>,
    /// Which replication's people are played.
    pub replication: u32,
    /// Whether to keep a row a customer.
    pub records: bool,
    /// The customer whose story is told.
    pub trace: Option<u32>,
    /// Whether the clock jumps over hours in which the desk is closed and nobody is there.
    pub skip_closed: bool,
    /// Whether the customers alone are played; the staff is the server's own.
    pub only_customers: bool,
}

/// What a live run gives.
#[derive(Debug)]
pub struct Outcome {
    /// The result, not yet settled: who asked for a stop is for the caller to say.
    pub result: RunResult,
    /// Rows by customer, one list; empty unless asked for.
    pub records: Vec<Vec<Record>>,
    /// The story of the customer who was traced.
    pub story: Option<Story>,
}

/// Plays the plan's people against the server.
///
/// # Errors
/// Refused (exit 2): a target that is not allowed. Failed (exit 3): the target cannot be reached,
/// or the agents of the first shift do not get online. What goes wrong later stands in the result.
pub fn load(plan: &Plan, options: &Options, watch: &Watch) -> Result<Outcome> {
    check(plan, options)?;
    if options.only_customers && options.target.is_none() {
        return Err(Error::refused(
            "the customers alone are to be played, and the built-in server has no staff",
        )
        .with_remedy("give the server whose staff answers them with --target"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| {
        Error::failed(format!("cannot start the generator's event loop: {error}"))
    })?;
    let began = Instant::now();
    let started = jiff::Timestamp::now().to_string();
    let people = async {
        match &options.target {
            Some(target) => {
                let address = target.resolve(&options.allow_targets).await?;
                play(plan, options, address, Alarm::fine()?, watch).await
            }
            None => {
                let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let server = server::Handle::start(ServerOptions {
                    replication: options.replication,
                    ..built_in(plan, listen)
                })?;
                let address = Target::from(server.local_addr()).resolve(&[]).await?;
                let outcome = play(plan, options, address, Alarm::fine()?, watch).await;
                server.stop();
                outcome
            }
        }
    };
    let mut outcome = LocalSet::new().block_on(&runtime, people)?;
    let took = began.elapsed().as_secs_f64();
    outcome.result.environment = Environment::of_run(started, took, 1);
    Ok(outcome)
}

/// The built-in server by the plan's rules, for the first replication.
pub fn built_in(plan: &Plan, listen: SocketAddr) -> ServerOptions {
    ServerOptions {
        inactivity: plan.server_inactivity(),
        speed: plan.live.speed,
        seed: plan.seed,
        ..ServerOptions::new(listen, plan.router.clone())
    }
}

/// Refuses plans that cannot be played live, and those that the protocol has no room for.
fn check(plan: &Plan, options: &Options) -> Result<()> {
    if options.only_customers {
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
    Ok(())
}

/// Plays the plan's people against the server that `to` leads to, woken by `alarm`; to be called within
/// a `LocalSet`.
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
    check(plan, options)?;
    let scene = Rc::new(Scene::new(plan, to, alarm, options));
    let trace = |customer| scene.recorder.borrow_mut().trace(customer);
    options.trace.into_iter().for_each(trace);
    let (end, stopped) = run::play(&scene, options.replication, watch).await?;
    let conduct = validity::Conduct {
        lag_ms_p99: scene
            .recorder
            .borrow()
            .p99_so_far(Latency::ScheduleLag)
            .map(|s| s * 1e3),
        not_started: scene.not_started.get(),
    };
    let (tally, mut records) = {
        let mut recorder = scene.recorder.borrow_mut();
        let ledger = scene.ledger.borrow();
        ledger
            .iter()
            .for_each(|(visit, freed)| recorder.keep(visit, freed));
        recorder.finish(end, stopped)
    };
    if options.only_customers {
        let unseen = |record: &mut Record| record.composed = Span::ENDLESS;
        records.iter_mut().for_each(unseen);
    }
    let mut result = result(&scene, options, &[tally]);
    let faults = validity::faults(plan, conduct);
    result.verdict.valid = Some(faults.is_empty());
    result.verdict.reasons.extend(faults);
    let remarks = scene.remarks.borrow();
    let worded = remarks.iter().map(|(words, times)| match times {
        1 => words.clone(),
        times => format!("{words} ({times} times)"),
    });
    result.verdict.reasons.extend(worded);
    let skipped = scene.skip.as_ref().and_then(Skip::remark);
    result.verdict.reasons.extend(skipped);
    let failure = scene.failure.borrow();
    result.verdict.failed = failure.as_ref().map(|error| error.plain().to_string());
    let story = options
        .trace
        .map(|_| scene.recorder.borrow_mut().take_story());
    Ok(Outcome {
        result,
        records: vec![records],
        story,
    })
}

fn result<D>(scene: &Scene<D>, options: &Options, tallies: &[Tally]) -> RunResult {
    let plan = &scene.plan;
    let mut echo = plan.echo();
    echo.replications = 1;
    echo.replication = Some(options.replication);
    echo.speed = Some(plan.live.speed);
    let target = options.target.as_ref().map(ToString::to_string);
    echo.target = Some(target.unwrap_or_else(|| "built-in".into()));
    echo.only_customers = options.only_customers;
    let counts = [
        ("not_started", u64::from(scene.not_started.get())),
        ("over_limit", u64::from(scene.over_limit.get())),
    ];
    let pool = scene.recorder.borrow().pool().clone();
    let findings = Findings {
        outline: &plan.outline,
        tallies,
        pool: &pool,
        live: Some(&counts),
        agents: !options.only_customers,
    };
    let label = |instant| plan.calendar.label(instant);
    RunResult::new(
        RunKind::Load,
        echo,
        &findings,
        (&plan.gates, plan.judge),
        label,
    )
}
