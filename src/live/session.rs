//! Owns `Session`: one person at the chat server, in whatever protocol it speaks.
//!
//! Law: people say and hear the frames of the built-in protocol; what those come to at another server is
//! for a foreign session to know. Which it is costs one branch a frame.

use std::rc::Rc;

use super::dial::Dial;
use super::foreign::lost::Kept;
use super::foreign::{Foreign, Part};
use super::journal::Origin;
use super::scene::Scene;
use super::socket::{Socket, dial_tapped};
use super::tap::Tap;
use crate::error::Result;
use crate::time::Time;
use crate::wire::frame::Hello;
use crate::wire::speaker::Who;

/// One person at the chat server: of side `S`, by a way `D`.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a session that is in no box is what most runs have, by the ten thousand"
)]
pub enum Session<S: Part, D: Dial> {
    /// At a server that speaks the built-in protocol.
    Native(Socket<S, D::Stream>),
    /// At any other.
    Foreign(Box<Foreign<S, D>>),
}

/// Who wants in: a number, an attempt and the number of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Comer {
    /// The customer's or the agent's.
    pub number: u32,
    /// 0 for agents.
    pub attempt: u16,
    /// Used once.
    pub connection: u32,
}

/// Connects somebody to the server; whoever goes on where a connection was lost with what was `kept`. Of
/// one who does not get in it is kept on.
///
/// # Errors
/// Failed (exit 3): nobody answers, or not within the time, or not in the protocol.
pub async fn connect<S: Part, D: Dial>(
    scene: &Rc<Scene<D>>,
    comer: Comer,
    kept: &mut Option<Kept<S>>,
    tap: Option<Box<Tap>>,
) -> Result<Session<S, D>> {
    let Some(protocol) = &scene.abroad.protocol else {
        let dialled = dial_tapped::<S, D>(&scene.to, comer.number, scene.limits, tap);
        return dialled.await.map(Session::Native);
    };
    let who = Who {
        party: S::PARTY,
        number: comer.number,
        attempt: comer.attempt,
        connection: comer.connection,
        run: scene.run,
    };
    let protocol = protocol.clone();
    let speaker = match kept.take() {
        None => (protocol.speaker(who), None),
        Some(Kept { lost, since, rest }) => {
            (protocol.resume(who, lost, since.elapsed()), Some(rest))
        }
    };
    // Boxed: whoever speaks the built-in protocol has no room for this.
    match Box::pin(Foreign::enter(scene, who, speaker, tap)).await {
        Ok(entered) => Ok(Session::Foreign(entered)),
        Err((error, left)) => {
            *kept = left;
            Err(error)
        }
    }
}

impl<S: Part, D: Dial> Session<S, D> {
    /// What the server says of itself, first of all.
    ///
    /// # Errors
    /// Failed (exit 3): it says nothing, or something else.
    pub async fn hello(&mut self) -> Result<Hello> {
        match self {
            Session::Native(socket) => socket.hello().await,
            Session::Foreign(foreign) => Box::pin(foreign.hello()).await,
        }
    }

    /// Sends a frame; it is written to the connection when this returns. Not cancel-safe.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost or closed.
    pub async fn send(&mut self, frame: &S::Says) -> Result<()> {
        self.act(frame, Time::NEVER).await
    }

    /// Sends a frame that was due at this scenario time. Not cancel-safe.
    ///
    /// # Errors
    /// Those of `send`.
    pub async fn act(&mut self, frame: &S::Says, due: Time) -> Result<()> {
        match self {
            Session::Native(socket) => socket.act(frame, due).await,
            Session::Foreign(foreign) => foreign.act(frame, due).await,
        }
    }

    /// The next frame; none when the server has ended the connection in due form. Cancel-safe.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost, or what came is not of the protocol.
    pub async fn next(&mut self) -> Option<Result<S::Hears>> {
        match self {
            Session::Native(socket) => socket.next().await,
            Session::Foreign(foreign) => foreign.next().await,
        }
    }

    /// Whether there was a sign of life since this was last asked.
    pub async fn is_alive(&mut self) -> bool {
        match self {
            Session::Native(socket) => socket.is_alive().await,
            Session::Foreign(foreign) => Box::pin(foreign.is_alive()).await,
        }
    }

    /// Whether something may come of a chat that is over for both: at a server that was told of its
    /// end, and has not heard that yet.
    pub fn hears_late(&self) -> bool {
        matches!(self, Session::Foreign(_))
    }

    /// Where a message comes from that the person of this number has just sent.
    pub fn origin(&self, number: u32) -> Origin {
        let sent = match self {
            Session::Native(socket) => socket.sent(),
            Session::Foreign(foreign) => foreign.sent(),
        };
        Origin { number, sent }
    }

    /// Whether the chat is to be ended by the other side, at a server that would take the end of the
    /// connection for it.
    pub fn waits_for_the_end(&self) -> bool {
        match self {
            Session::Native(_) => false,
            Session::Foreign(foreign) => foreign.waits_for_the_end(),
        }
    }

    /// Ends the connection in due form; frames that still come are `overheard`. It stays where it is
    /// meanwhile: whoever plays a person would have room for it once more.
    pub async fn close(&mut self, overheard: impl FnMut(S::Hears)) {
        match self {
            Session::Native(socket) => socket.close(overheard).await,
            Session::Foreign(foreign) => Box::pin(foreign.close(overheard)).await,
        }
    }
}
