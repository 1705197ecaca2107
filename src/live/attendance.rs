//! Owns an agent's attendance at a live server: when it connects, comes online and goes.
//!
//! Law: an agent is online from the shift's start, not before: for later shifts it connects ahead
//! by the plan's lead and waits. One task an agent, because an agent is in one place at a time.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::agent::Desk;
use super::dial::Dial;
use super::journal::{Fault, Reader};
use super::scene::{Call, Scene};
use super::socket::{Socket, dial, dial_tapped};
use super::tap::Tap;
use super::terms::{Difference, Differences};
use crate::error::{Error, Result};
use crate::measure::tally::Latency;
use crate::scenario::plan::Shift;
use crate::time::{Span, Time};
use crate::wire::clean;
use crate::wire::frame::{AgentSide, CustomerSide, FromAgent, Hello, ToAgent};
use crate::wire::marker::Marker;

/// Plays an agent's shifts in order. The scene counts it online while it is; a connection that is
/// lost fails the run.
pub async fn attend<D: Dial>(scene: Rc<Scene<D>>, mut shifts: VecDeque<Shift>) {
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

/// Where the staff is the server's own: finds out whether it lets customers in, and by what rules it
/// goes. The scene counts one as online when that is known; a server that is not there fails the run.
pub async fn look_in<D: Dial>(scene: Rc<Scene<D>>) {
    let look = async {
        let mut socket = dial::<CustomerSide, D>(&scene.to, 0, scene.limits).await?;
        compare(&scene, &socket.hello().await?);
        socket.close(drop).await;
        Ok(())
    };
    match look.await {
        Ok(()) => scene.online.set(1),
        Err(error) => drop(scene.failure.replace(Some(error))),
    }
}

/// Ends a chat that the agent cannot take, so that its customer does not wait in vain.
pub async fn refuse<D: Dial>(socket: &mut Socket<AgentSide, D::Stream>, chat: u64) -> Result<()> {
    socket.send(&FromAgent::Close { chat }).await?;
    socket.send(&FromAgent::Free { chat }).await
}

/// Whether an agent has further shifts to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Next,
    Home,
}

/// Works from the shift's start until the agent is away again.
async fn stay<D: Dial>(
    scene: &Rc<Scene<D>>,
    shift: Shift,
    later: &mut VecDeque<Shift>,
    mut socket: Socket<AgentSide, D::Stream>,
) -> Then {
    let agent = shift.agent;
    let mut call = scene.call.subscribe();
    let gathered = loop {
        tokio::select! {
            // At the start of a later shift chats may have come already: those are for the desk.
            biased;
            called = call.wait_for(|call| *call != Call::Gather) => break called.is_ok(),
            // The server has nothing to say before anybody comes; an end of it is the end.
            heard = socket.next() => match heard {
                Some(Ok(ToAgent::Assigned { chat, marker, .. })) => {
                    scene.fault(Fault::Foreign, Reader::Agent(agent), Marker::parse(&marker));
                    if refuse::<D>(&mut socket, chat).await.is_err() {
                        break false;
                    }
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => break false,
            },
        }
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
async fn come<D: Dial>(
    scene: &Rc<Scene<D>>,
    shift: Shift,
) -> Result<Option<Socket<AgentSide, D::Stream>>> {
    let later = shift.from > scene.begin();
    if later && !wait_for(scene, shift.from - lead(scene)).await {
        return Ok(None);
    }
    let dialled = Instant::now();
    let connected = async {
        let tap = Tap::of_agent(scene, shift.agent);
        let dialled = dial_tapped::<AgentSide, D>(&scene.to, shift.agent, scene.limits, tap);
        let mut socket = dialled.await?;
        let hello = socket.hello().await?;
        Ok((socket, hello))
    };
    let Some((mut socket, hello)) = in_time(scene, later, connected).await? else {
        return Ok(None);
    };
    compare(scene, &hello);
    let connecting = dialled.elapsed();
    if later && !wait_at_the_door::<D>(scene, shift, &mut socket).await? {
        socket.close(drop).await;
        return Ok(None);
    }
    let online = in_time(
        scene,
        later,
        go_online(scene, shift, &mut socket, connecting),
    )
    .await?;
    Ok(online.map(|()| socket))
}

/// Waits for the shift's start on the connection, to which the server has nothing to say; false
/// when everybody is called home before.
async fn wait_at_the_door<D: Dial>(
    scene: &Scene<D>,
    shift: Shift,
    socket: &mut Socket<AgentSide, D::Stream>,
) -> Result<bool> {
    loop {
        tokio::select! {
            goes_on = wait_for(scene, shift.from) => return Ok(goes_on),
            heard = socket.next() => out_of_turn::<D>(scene, shift.agent, socket, heard).await?,
        }
    }
}

/// The server has said something to an agent who is not online: a chat is a fault, and given back.
/// What the server says of that, and in the chat meanwhile, is let pass.
async fn out_of_turn<D: Dial>(
    scene: &Scene<D>,
    agent: u32,
    socket: &mut Socket<AgentSide, D::Stream>,
    heard: Option<Result<ToAgent>>,
) -> Result<()> {
    match heard {
        Some(Ok(ToAgent::Assigned { chat, marker, .. })) => {
            assigned_offline(scene, agent, &marker);
            refuse::<D>(socket, chat).await
        }
        Some(Ok(
            ToAgent::Message { .. }
            | ToAgent::Typing { .. }
            | ToAgent::Left { .. }
            | ToAgent::Freed { .. }
            | ToAgent::Error { chat: Some(_), .. },
        )) => Ok(()),
        heard => Err(unexpected(heard)),
    }
}

/// The server has given a chat to an agent who is not online, by what it has confirmed itself.
pub fn assigned_offline<D>(scene: &Scene<D>, agent: u32, marker: &str) {
    let marker = Marker::parse(marker);
    scene.fault(Fault::AssignedOffline, Reader::Agent(agent), marker);
}

/// What comes of it; none when everybody is called home first. Agents of a later shift have the
/// plan's start deadline for it; for those of the first the run itself waits so long.
async fn in_time<D, T>(
    scene: &Scene<D>,
    later: bool,
    coming: impl Future<Output = Result<T>>,
) -> Result<Option<T>> {
    let deadline = scene.plan.live.start_deadline;
    let mut call = scene.call.subscribe();
    tokio::select! {
        come = coming => come.map(Some),
        () = tokio::time::sleep(Duration::from_nanos(deadline.0)), if later => {
            Err(Error::failed(format!("the server did not let it in within {deadline}")))
        }
        _ = call.wait_for(|call| call.is_over()) => Ok(None),
    }
}

/// Says that the agent is online and waits for the confirmation.
async fn go_online<D: Dial>(
    scene: &Scene<D>,
    shift: Shift,
    socket: &mut Socket<AgentSide, D::Stream>,
    connecting: Duration,
) -> Result<()> {
    let (agent, limit) = (shift.agent, scene.plan.agents.concurrency);
    let said = Instant::now();
    socket.send(&FromAgent::Online { agent, limit }).await?;
    scene.lagged(shift.from);
    loop {
        match socket.next().await {
            Some(Ok(ToAgent::Online { .. })) => break,
            Some(Ok(ToAgent::Error { reason, chat: None })) => {
                return Err(Error::failed(format!("the server says {}", clean(&reason))));
            }
            heard => out_of_turn::<D>(scene, agent, socket, heard).await?,
        }
    }
    scene.took(Latency::AgentOnline, connecting + said.elapsed());
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

/// Notes and remarks where the server goes by other rules than the scenario.
fn compare<D>(scene: &Scene<D>, hello: &Hello) {
    let found = Differences::between(hello, &scene.plan);
    scene.differences.set(scene.differences.get().and(found));
    for which in found.each() {
        scene.remark(match which {
            Difference::Policy => {
                let (theirs, ours) = (clean(&hello.policy), scene.plan.router.policy.name());
                format!("the server routes by {theirs}, the scenario by {ours}")
            }
            which => format!("the server's {} is not the scenario's", which.words()),
        });
    }
    let (limit, longest) = (hello.frame_limit, scene.longest_frame());
    if longest > limit as usize {
        scene.remark(format!(
            "the server takes {limit} bytes a message, the scenario's may need {longest}"
        ));
    }
    scene.server_ends_quiet.set(hello.inactivity_ms.is_some());
}

/// The scenario time by which agents of later shifts connect ahead.
fn lead<D>(scene: &Scene<D>) -> Span {
    scene.plan.live.connect_lead.scaled(scene.plan.live.speed)
}

/// Waits until a scenario time, over all jumps of the clock; false when everybody is called home
/// before.
async fn wait_for<D>(scene: &Scene<D>, time: Time) -> bool {
    let mut call = scene.call.subscribe();
    // Before the start there is no such time.
    if call.wait_for(|call| *call != Call::Gather).await.is_err() {
        return false;
    }
    loop {
        tokio::select! {
            () = scene.wait_until(time) => return true,
            () = scene.jumps() => {}
            _ = call.wait_for(|call| call.is_over()) => return false,
        }
    }
}
