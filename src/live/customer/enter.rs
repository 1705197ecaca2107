//! Owns how a customer gets in, and back in: one try.
//!
//! Law: whoever has asked to be kept goes on with its chat if there is one, and asks for a new one
//! only where the server can never have told it of another.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::error::{Error, Result};
use crate::live::dial::Dial;
use crate::live::orbit::Caller;
use crate::live::scene::Scene;
use crate::live::session::{Comer, Session, connect};
use crate::live::tap::Tap;
use crate::measure::tally::Latency;
use crate::time::{Span, Time};
use crate::wire::frame::{CustomerSide, FromCustomer, Hello, ToCustomer};
use crate::wire::marker::Direction;

/// What a customer knows of its chat at the server.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// When it is due to get in, or back in; never where it only tries again.
    pub due: Time,
    /// How many of the frames that are counted it has heard.
    pub heard: u32,
    /// How many pauses it has drawn between tries.
    pub drawn: u32,
    /// It may have asked for an agent, for all it knows.
    pub asked: Cell<bool>,
    /// It has asked for an agent, and that is noted.
    pub was_in: bool,
    /// The server keeps its chat when the connection is lost.
    pub kept: Cell<bool>,
    /// What it hears now was said before it came back.
    pub is_late: bool,
    /// It has left while it was cut off, and what it had is still held.
    pub lingers: bool,
    /// It has lost its connection, or was cut off, since it was in.
    pub is_off: bool,
    /// It has lost its connection without a plan, and waits before it tries.
    pub was_lost: bool,
}

/// How it got in.
pub(super) struct Entered<D: Dial> {
    pub socket: Session<CustomerSide, D>,
    /// How long the server may say nothing, in scenario time.
    pub idle: Span,
    pub answer: Answer,
}

/// What came of it.
pub(super) enum Answer {
    /// It has asked for an agent then.
    Asked(Instant),
    /// Its chat goes on: of its messages so many have come, and so many frames follow.
    Resumed { got: u32, missed: u32 },
    /// Its chat is over.
    Gone,
}

/// Connects, and asks for an agent or goes on with the chat.
pub(super) async fn enter<D: Dial>(
    scene: &Rc<Scene<D>>,
    caller: Caller,
    line: &Line,
) -> Result<Entered<D>> {
    let dialled = Instant::now();
    let tap = Tap::of_customer(scene, caller, line.due);
    let comer = Comer {
        number: caller.number,
        attempt: caller.attempt,
        connection: scene.abroad.next_connection(),
    };
    let mut kept = scene.abroad.take(caller);
    let connected = connect::<CustomerSide, D>(scene, comer, &mut kept, tap).await;
    if let Some(kept) = kept {
        scene.abroad.keep(caller, kept);
    }
    let mut socket = connected?;
    let limit = scene.limits.connect;
    let hello = match in_time(limit, socket.hello()).await {
        Ok(hello) => hello,
        Err(error) => {
            if line.asked.get() {
                socket.lose(scene, caller);
            }
            return Err(error);
        }
    };
    let asks = !line.asked.replace(true);
    if asks {
        scene.took(Latency::Connect, dialled.elapsed());
    }
    let goes_on = !asks && line.kept.get();
    line.kept.set(hello.kept_ms.is_some());
    let answer = if goes_on {
        match in_time(limit, resume(scene, caller, line, &mut socket)).await? {
            // The server has never got its request, or has kept it for nothing.
            Answer::Gone if line.heard == 0 => ask(scene, caller, line, &mut socket).await?,
            answer => answer,
        }
    } else {
        ask(scene, caller, line, &mut socket).await?
    };
    let idle = idle(&hello, scene.plan.live.speed);
    Ok(Entered {
        socket,
        idle,
        answer,
    })
}

async fn in_time<T>(limit: Duration, coming: impl Future<Output = Result<T>>) -> Result<T> {
    let late = |_| Error::failed(format!("the server said nothing within {limit:?}"));
    timeout(limit, coming).await.map_err(late)?
}

/// How long the server may say nothing, in scenario time; endless where it does not say.
pub(in crate::live) fn idle(hello: &Hello, speed: f64) -> Span {
    match hello.idle_ms.min(u32::MAX.into()) {
        0 => Span::ENDLESS,
        idle => Span::from_millis(idle).scaled(speed),
    }
}

/// Asks for an agent, with the first message.
async fn ask<D: Dial>(
    scene: &Scene<D>,
    caller: Caller,
    line: &Line,
    socket: &mut Session<CustomerSide, D>,
) -> Result<Answer> {
    let text = |sequence| scene.text(caller, Direction::Customer, sequence);
    let open = FromCustomer::Open {
        marker: scene.marker(caller, Direction::Customer, 0).to_string(),
        text: Some(text(1)),
        priority: scene.rules(caller.class).level,
        ticket: line.kept.get().then(|| scene.ticket(caller)),
    };
    // Due as soon as the server has said hello.
    let due = scene.now();
    socket.act(&open, due).await?;
    let asked = Instant::now();
    for seq in scene.plan.messages.sequences(1).skip(1) {
        let (text, heard) = (text(seq), 0);
        let say = FromCustomer::Say { seq, text, heard };
        socket.act(&say, due).await?;
    }
    Ok(Answer::Asked(asked))
}

/// Goes on with the chat.
async fn resume<D: Dial>(
    scene: &Scene<D>,
    caller: Caller,
    line: &Line,
    socket: &mut Session<CustomerSide, D>,
) -> Result<Answer> {
    let (ticket, heard) = (scene.ticket(caller), line.heard);
    socket.send(&FromCustomer::Resume { ticket, heard }).await?;
    match socket.next().await {
        Some(Ok(ToCustomer::Resumed { got, missed })) => Ok(Answer::Resumed { got, missed }),
        Some(Ok(ToCustomer::Gone {})) => Ok(Answer::Gone),
        Some(Ok(_)) => Err(Error::failed("the server does not go on with a chat").for_good()),
        Some(Err(error)) => Err(error),
        None => Err(Error::failed("the server closed the connection")),
    }
}
