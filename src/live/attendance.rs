//! Owns an agent's attendance at a live server: when it connects, comes online and goes.
//!
//! Law: an agent is online from the shift's start, not before: for later shifts it connects ahead
//! by the plan's lead and waits. One task an agent, because an agent is in one place at a time.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::agent::Desk;
use super::customer::wait_until;
use super::scene::{Call, Scene};
use super::socket::{Socket, dial};
use crate::error::{Error, Result};
use crate::measure::tally::Latency;
use crate::scenario::plan::Shift;
use crate::time::{Span, Time};
use crate::wire::clean;
use crate::wire::frame::{AgentSide, FromAgent, Hello, ToAgent};

/// Plays an agent's shifts in order. The scene counts it online while it is; a connection that is
/// lost fails the run.
pub async fn attend(scene: Rc<Scene>, mut shifts: VecDeque<Shift>) {
    while let Some(shift) = shifts.pop_front() {
        let came = match come(&scene, shift).await {
            Ok(came) => came,
            Err(error) => {
                scene.fail(shift.agent, error);
                return;
            }
        };
        let Some(socket) = came else { return };
        scene.online.set(scene.online.get() + 1);
        if stay(&scene, shift, &mut shifts, socket).await == Then::Home {
            return;
        }
    }
}

/// Whether an agent has further shifts to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Next,
    Home,
}

/// Works from the shift's start until the agent is away again.
async fn stay(
    scene: &Rc<Scene>,
    shift: Shift,
    later: &mut VecDeque<Shift>,
    mut socket: Socket<AgentSide>,
) -> Then {
    let agent = shift.agent;
    let mut call = scene.call.subscribe();
    let gathered = tokio::select! {
        called = call.wait_for(|call| *call != Call::Gather) => called.is_ok(),
        // The server has nothing to say before anybody comes; an end of it is the end.
        heard = socket.next() => matches!(heard, Some(Ok(_))),
    };
    if !gathered {
        scene.fail(
            agent,
            Error::failed("its connection was lost before the start"),
        );
        return Then::Home;
    }
    let mut desk = Desk::new(Rc::clone(scene), shift, socket);
    if let Err(error) = desk.stay(later).await {
        scene.fail(agent, error);
    }
    desk.leave().await;
    let goes_on = matches!(*scene.call.borrow(), Call::Gather | Call::Play);
    if goes_on { Then::Next } else { Then::Home }
}

/// Connects, waits for the shift's start, and comes online; none when everybody is called home
/// before that.
async fn come(scene: &Scene, shift: Shift) -> Result<Option<Socket<AgentSide>>> {
    let later = shift.from > Time::ZERO;
    if later && !wait_for(scene, shift.from - lead(scene)).await {
        return Ok(None);
    }
    let dialled = Instant::now();
    let mut socket = dial::<AgentSide>(&scene.address, scene.limits).await?;
    let hello = socket.hello().await?;
    compare(scene, &hello);
    let connecting = dialled.elapsed();
    if later {
        let called = tokio::select! {
            goes_on = wait_for(scene, shift.from) => !goes_on,
            heard = socket.next() => return Err(unexpected(heard)),
        };
        if called {
            socket.close().await;
            return Ok(None);
        }
    }
    go_online(scene, shift, &mut socket, connecting).await?;
    Ok(Some(socket))
}

/// Says that the agent is online and waits for the confirmation.
async fn go_online(
    scene: &Scene,
    shift: Shift,
    socket: &mut Socket<AgentSide>,
    connecting: Duration,
) -> Result<()> {
    let (agent, limit) = (shift.agent, scene.plan.agents.concurrency);
    let said = Instant::now();
    socket.send(&FromAgent::Online { agent, limit }).await?;
    scene.lagged(shift.from);
    match socket.next().await {
        Some(Ok(ToAgent::Online { .. })) => {}
        Some(Ok(ToAgent::Error { reason, .. })) => {
            return Err(Error::failed(format!("the server says {}", clean(&reason))));
        }
        heard => return Err(unexpected(heard)),
    }
    scene.note(Latency::AgentOnline, connecting + said.elapsed());
    Ok(())
}

/// What the server did while it had nothing to say.
fn unexpected(heard: Option<Result<ToAgent>>) -> Error {
    match heard {
        None => Error::failed("the server closed the connection"),
        Some(Err(error)) => error,
        Some(Ok(_)) => Error::failed("the server spoke out of turn"),
    }
}

/// Remarks where the server goes by other rules than the scenario.
fn compare(scene: &Scene, hello: &Hello) {
    let policy = scene.plan.router.policy.name();
    if hello.policy != policy {
        let theirs = clean(&hello.policy);
        scene.remark(format!(
            "the server routes by {theirs}, the scenario by {policy}"
        ));
    }
    let ours = Some(scene.plan.router.queue_limit).filter(|limit| *limit != u32::MAX);
    if hello.queue_limit != ours {
        scene.remark("the server's queue limit is not the scenario's");
    }
}

/// The scenario time by which agents of later shifts connect ahead.
fn lead(scene: &Scene) -> Span {
    scene.plan.live.connect_lead.scaled(scene.plan.live.speed)
}

/// Waits until a scenario time; false when everybody is called home before.
async fn wait_for(scene: &Scene, time: Time) -> bool {
    let mut call = scene.call.subscribe();
    // Before the start there is no such time.
    if call.wait_for(|call| *call != Call::Gather).await.is_err() {
        return false;
    }
    tokio::select! {
        () = wait_until(scene, time) => true,
        _ = call.wait_for(|call| matches!(call, Call::GoHome | Call::Stop)) => false,
    }
}
