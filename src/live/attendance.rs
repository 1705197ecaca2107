//! Owns an agent's attendance at a live server: when it connects, comes online and goes.
//!
//! Law: an agent is online from the shift's start, not before: for later shifts it connects ahead
//! by the plan's lead and waits. One task an agent, because an agent is in one place at a time.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::agent::Desk;
use super::call::Call;
use super::customer::idle;
use super::dial::Dial;
use super::journal::{Connect, Event, Fault, Reader};
use super::scene::Scene;
use super::session::{Comer, Session, connect};
use super::tap::Tap;
use super::terms::{Difference, Differences};
use super::tries::Tries;
use crate::error::{Error, Result};
use crate::measure::tally::Latency;
use crate::scenario::plan::Shift;
use crate::time::{Span, Time};
use crate::wire::clean;
use crate::wire::frame::{AgentSide, CustomerSide, FromAgent, Hello, ToAgent};
use crate::wire::marker::Marker;

/// Frames that an agent keeps that came before the start: more are not read until then.
const EARLY_MOST: usize = 256;

/// Plays an agent's shifts in order. The scene counts it online while it is. Where its connection is
/// lost it comes back, or the run fails.
pub async fn attend<D: Dial>(scene: Rc<Scene<D>>, mut shifts: VecDeque<Shift>) {
    let mut out = Out::default();
    while let Some(shift) = shifts.pop_front() {
        // Boxed: getting in takes much room, and most of the time goes by without.
        let came = match Box::pin(out.come(&scene, shift)).await {
            Ok(came) => came,
            Err(error) => {
                scene.fail(shift.agent, error);
                return;
            }
        };
        let came = match came {
            Coming::Comes(came) => *came,
            Coming::TooLate => continue,
            Coming::CalledHome => return,
        };
        scene.online.set(scene.online.get() + 1);
        match stay(&scene, &mut shifts, came).await {
            Then::Next => {}
            Then::Home => return,
            Then::Lost(error, rest) => {
                out.lose(&scene, &error);
                match rest {
                    Some(rest) => shifts.push_front(rest),
                    // There is nothing to come back for.
                    None => out.is_lost = false,
                }
            }
        }
    }
}

/// What comes of an agent's tries to come online.
enum Coming<D: Dial> {
    Comes(Box<Came<D>>),
    /// The shift was over before.
    TooLate,
    /// Everybody was called home before.
    CalledHome,
}

/// An agent who has come online.
struct Came<D: Dial> {
    /// From when it is, and until when.
    shift: Shift,
    socket: Session<AgentSide, D>,
    /// How long the server may say nothing.
    idle: Span,
}

/// An agent's tries to come online.
#[derive(Default)]
struct Out {
    tries: Tries,
    drawn: u32,
    /// Whether its connection was lost, and it is not back since.
    is_lost: bool,
}

impl Out {
    /// The connection is lost.
    fn lose<D>(&mut self, scene: &Scene<D>, error: &Error) {
        let words = format!("an agent's connection was lost: {}", error.plain());
        scene.remark(words);
        scene.note(scene.now(), Event::Connect(Connect::Lost));
        (self.tries, self.is_lost) = (Tries::default(), true);
    }

    /// Comes online for a shift, at the second or a later try if need be. In the first shift, before
    /// anything was lost, there is one try: nothing has begun yet.
    async fn come<D: Dial>(&mut self, scene: &Rc<Scene<D>>, shift: Shift) -> Result<Coming<D>> {
        let first = shift.from <= scene.begin() && !self.is_lost;
        let mut pause = self.is_lost;
        loop {
            if pause && !self.pause(scene, shift).await? {
                return Ok(Coming::CalledHome);
            }
            if pause && shift.until <= scene.now() {
                self.is_lost = false;
                return Ok(Coming::TooLate);
            }
            match come(scene, shift, self.is_lost, pause).await {
                Err(error) if !first && !error.is_for_good() => {
                    scene.note(scene.now(), Event::Connect(Connect::Out));
                    let words = format!("an agent was not let in: {}", error.plain());
                    scene.remark(words);
                    pause = true;
                }
                Ok(Some(came)) => {
                    if std::mem::take(&mut self.is_lost) {
                        scene.note(scene.now(), Event::Connect(Connect::Back));
                    }
                    self.tries = Tries::default();
                    return Ok(Coming::Comes(Box::new(came)));
                }
                Ok(None) => return Ok(Coming::CalledHome),
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the next try; false when everybody is called home before.
    ///
    /// # Errors
    /// There is none any more.
    async fn pause<D>(&mut self, scene: &Scene<D>, shift: Shift) -> Result<bool> {
        let draws = scene.staff.person(shift.agent.into(), 0);
        let most = scene.plan.live.reconnect_for;
        let wall = Duration::from_nanos(most.0);
        let Some(next) = self.tries.next(draws, &mut self.drawn, wall) else {
            let words = match self.is_lost {
                true => format!("its connection was lost, and it was not back within {most}"),
                false => format!("the server did not let it in within {most}"),
            };
            return Err(Error::failed(words));
        };
        let mut call = scene.call.subscribe();
        tokio::select! {
            () = async {
                tokio::time::sleep_until(next).await;
                scene.pace.wait().await;
            } => Ok(true),
            _ = call.wait_for(|call| call.is_over()) => Ok(false),
        }
    }
}

/// Where the staff is the server's own: finds out whether it lets customers in, and by what rules it
/// goes. The scene counts one as online when that is known; a server that is not there fails the run.
pub async fn look_in<D: Dial>(scene: Rc<Scene<D>>) {
    let look = async {
        let comer = Comer {
            number: 0,
            attempt: 0,
            connection: 0,
        };
        let mut socket = connect::<CustomerSide, D>(&scene, comer, &mut None, None).await?;
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
pub async fn refuse<D: Dial>(socket: &mut Session<AgentSide, D>, chat: u64) -> Result<()> {
    socket.send(&FromAgent::Close { chat }).await?;
    socket.send(&FromAgent::Free { chat }).await
}

/// Whether an agent has further shifts to come to.
#[derive(Debug)]
enum Then {
    Next,
    Home,
    /// Its connection is lost, and so much of its shift is left.
    Lost(Error, Option<Shift>),
}

/// Works from the shift's start until the agent is away again.
async fn stay<D: Dial>(scene: &Rc<Scene<D>>, later: &mut VecDeque<Shift>, came: Came<D>) -> Then {
    let Came {
        shift,
        mut socket,
        idle,
    } = came;
    let agent = shift.agent;
    let mut call = scene.call.subscribe();
    let mut early = Vec::new();
    let gathered = loop {
        tokio::select! {
            // At the start of a later shift chats may have come already: those are for the desk.
            biased;
            called = call.wait_for(|call| *call != Call::Gather) => break called.is_ok(),
            // The server has nothing to say before anybody comes; an end of it is the end.
            heard = socket.next(), if early.len() < EARLY_MOST => match heard {
                // Visitors may be there before the start.
                Some(Ok(frame)) if !scene.cast.plays_customers() => {
                    // That somebody types is nothing to come back to.
                    early.extend(Some(frame).filter(|f| !matches!(f, ToAgent::Typing { .. })));
                }
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
    let mut desk = Desk::new(Rc::clone(scene), shift, socket, idle);
    let stayed = async {
        desk.hear_first(early).await?;
        desk.stay(later).await
    };
    if let Err(error) = stayed.await {
        if scene.call.borrow().is_over() {
            scene.remark(format!("an agent, too: {}", error.plain()));
        } else if !error.is_for_good() {
            return Then::Lost(error, desk.lose());
        } else {
            scene.fail(agent, error);
        }
    }
    desk.leave().await;
    let goes_on = matches!(*scene.call.borrow(), Call::Gather | Call::Play);
    if goes_on { Then::Next } else { Then::Home }
}

/// Connects, waits for the shift's start, and comes online; none when everybody is called home
/// before that. Who comes `back` is in the middle of its shift; one who comes `again` has waited for
/// room already.
async fn come<D: Dial>(
    scene: &Rc<Scene<D>>,
    shift: Shift,
    back: bool,
    again: bool,
) -> Result<Option<Came<D>>> {
    let later = shift.from > scene.begin();
    if later && !wait_for(scene, shift.from - lead(scene)).await {
        return Ok(None);
    }
    match later || back {
        true if !again => scene.pace.take(),
        true => {}
        // Before the start nobody has to be there at an instant.
        false => scene.pace.wait().await,
    }
    let dialled = Instant::now();
    let connected = async {
        let tap = Tap::of_agent(scene, shift.agent);
        let comer = Comer {
            number: shift.agent,
            attempt: 0,
            connection: scene.abroad.next_connection(),
        };
        let mut socket = connect::<AgentSide, D>(scene, comer, &mut None, tap).await?;
        let hello = socket.hello().await?;
        Ok((socket, hello))
    };
    let Some((mut socket, hello)) = in_time(scene, later || back, connected).await? else {
        return Ok(None);
    };
    compare(scene, &hello);
    let connecting = dialled.elapsed();
    if later && !wait_at_the_door::<D>(scene, shift, &mut socket).await? {
        socket.close(drop).await;
        return Ok(None);
    }
    let took = (!back).then_some(connecting);
    let online = go_online(scene, shift, &mut socket, took);
    let online = in_time(scene, later || back, online).await?;
    let from = if back { scene.now() } else { shift.from };
    // Who is back too late for its shift goes as soon as it has come.
    let until = shift.until.max(from);
    Ok(online.map(|()| Came {
        shift: Shift {
            from,
            until,
            ..shift
        },
        socket,
        idle: idle(&hello, scene.plan.live.speed),
    }))
}

/// Waits for the shift's start on the connection, to which the server has nothing to say; false
/// when everybody is called home before.
async fn wait_at_the_door<D: Dial>(
    scene: &Scene<D>,
    shift: Shift,
    socket: &mut Session<AgentSide, D>,
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
    socket: &mut Session<AgentSide, D>,
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
    // What a stranger has written tells nothing.
    let marker = Marker::parse(marker).filter(|_| scene.cast.plays_customers());
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
            let words = format!("the server did not let it in within {deadline}");
            Err(Error::failed(words).for_good())
        }
        _ = call.wait_for(|call| call.is_over()) => Ok(None),
    }
}

/// Says that the agent is online and waits for the confirmation; how long it took counts where it is
/// said how long connecting did.
async fn go_online<D: Dial>(
    scene: &Scene<D>,
    shift: Shift,
    socket: &mut Session<AgentSide, D>,
    connecting: Option<Duration>,
) -> Result<()> {
    let (agent, limit) = (shift.agent, scene.plan.agents.concurrency);
    let said = Instant::now();
    socket.send(&FromAgent::Online { agent, limit }).await?;
    if connecting.is_some() {
        scene.lagged(shift.from);
    }
    loop {
        match socket.next().await {
            Some(Ok(ToAgent::Online { .. })) => break,
            Some(Ok(ToAgent::Error { reason, chat: None })) => {
                return Err(Error::failed(format!("the server says {}", clean(&reason))));
            }
            heard => out_of_turn::<D>(scene, agent, socket, heard).await?,
        }
    }
    if let Some(connecting) = connecting {
        scene.took(Latency::AgentOnline, connecting + said.elapsed());
    }
    Ok(())
}

/// What the server did while it had nothing to say.
fn unexpected(heard: Option<Result<ToAgent>>) -> Error {
    match heard {
        None => Error::failed("the server closed the connection"),
        Some(Err(error)) => error,
        Some(Ok(_)) => Error::failed("the server spoke out of turn").for_good(),
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
