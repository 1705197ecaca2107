//! Owns `Foreign`: one person at a server that speaks another protocol than the built-in one.
//!
//! Law: a `Speaker` knows the protocol, a `Persona` what the person's frames come to in it, and this
//! moves texts, answers and deliveries between them and the network. Whatever the server sends costs
//! this connection at most.

mod answerer;
mod apart;
mod around;
mod asker;
mod entrance;
mod leaving;
pub mod lost;
mod part;

use std::collections::VecDeque;
use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{FutureExt, SinkExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::beside::Streams;
use super::courier::{self, Answers, Held, Own};
use super::dial::Dial;
use super::inbox::Inbox;
use super::life::{Life, Sign};
use super::scene::Scene;
use super::socket::{bytes_sent, in_words};
use super::switchboard::{Delivery, Line};
use super::tap::Tap;
use crate::error::{Error, Result};
use crate::measure::seen::Passing;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::frame::Side;
use crate::wire::marker::Marker;
use crate::wire::speaker::{
    Answer, ChatNumber, Dispatch, Effects, Manners, Speaker, Tidings, Who, WrapUp,
};
use around::Around;

pub use part::Part;

/// Wall time for which something is waited for that the dispatcher says has been said.
const UNDER_WAY: Duration = Duration::from_secs(10);

/// What a person's frames come to at a foreign server, and what comes of what is heard there.
pub trait Persona: Debug + Default {
    /// Whose.
    type Side: Side;

    /// The person says a frame.
    ///
    /// # Errors
    /// The protocol cannot say it.
    fn says(
        &mut self,
        frame: &<Self::Side as Side>::Says,
        around: &mut Around<'_, Self::Side>,
    ) -> Result<()>;

    /// Something was heard of the server.
    ///
    /// # Errors
    /// As `says`.
    fn told(&mut self, tidings: Tidings, around: &mut Around<'_, Self::Side>) -> Result<()>;

    /// The dispatcher says something.
    ///
    /// # Errors
    /// As `says`.
    fn delivered(&mut self, delivery: Delivery, around: &mut Around<'_, Self::Side>) -> Result<()>;

    /// What was waited for does not come.
    ///
    /// # Errors
    /// As `says`.
    fn gives_up_waiting(&mut self, around: &mut Around<'_, Self::Side>) -> Result<()>;

    /// Whose chat that is, where the person has several and it is known.
    fn whose(&self, _: ChatNumber) -> Option<Marker> {
        None
    }

    /// Whether the chat is over.
    fn is_over(&self) -> bool;

    /// It is back on another connection: whether the server has kept the one that was lost, and how many
    /// of its last messages are to be said again.
    fn is_back(&mut self, kept: bool, unsaid: u32);
}

/// One person at a foreign server.
pub struct Foreign<S: Part, D: Dial> {
    scene: Rc<Scene<D>>,
    who: Who,
    speaker: Box<dyn Speaker>,
    persona: S::Persona,
    manners: Manners,
    ws: Option<Box<WebSocketStream<D::Stream>>>,
    inbox: Inbox,
    /// The connections of an agent's chats, where each has its own and one was asked for.
    streams: Option<Box<Streams<D>>>,
    /// Something was put that may not be written yet.
    is_unwritten: bool,
    effects: Effects,
    heard: VecDeque<S::Hears>,
    /// To the dispatcher, where that is ours.
    line: Option<Line>,
    answers: Rc<Answers>,
    /// Requests that are not answered, without a poll.
    unanswered: u32,
    /// The poll that is under way, and the connection that polls have.
    polls: Option<Held>,
    own: Rc<Own>,
    /// Where others reach the person, once it is in.
    address: Option<String>,
    born: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
    /// Until when something is waited for.
    waits: Option<Instant>,
    /// The address on the connection that was lost, where this one goes on with it.
    before: Option<String>,
    life: Life,
    /// A ping was answered.
    is_ponged: bool,
    broken: Option<Error>,
    is_over: bool,
    /// Bytes that were sent, by stream and by request.
    sent: u32,
    tap: Option<Box<Tap>>,
}

impl<S: Part, D: Dial> Drop for Foreign<S, D> {
    fn drop(&mut self) {
        self.scene.abroad.count(self.speaker.matched());
        // Who is cut off once more on the way back in comes again.
        if self.before.is_some()
            && let Some(kept) = self.keep()
        {
            S::shelve(&self.scene, self.who, kept);
        }
    }
}

impl<S: Part, D: Dial> Debug for Foreign<S, D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Foreign({:?}, {:?})", self.who, self.persona)
    }
}

impl<S: Part, D: Dial> Foreign<S, D> {
    /// Sends a frame that was due at this scenario time: it is written when this returns, or the
    /// request is made that it comes to. Not cancel-safe.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost or closed, or the protocol cannot say it.
    pub async fn act(&mut self, frame: &S::Says, _: Time) -> Result<()> {
        self.around(|persona, around| persona.says(frame, around))?;
        self.settle()?;
        self.send()?;
        if let Some(streams) = &mut self.streams {
            streams.flush().await;
        }
        if !self.is_unwritten {
            return Ok(());
        }
        self.flush().await
    }

    /// The next frame; none when the server has ended the connection in due form. Cancel-safe.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost, or what came is not of the protocol.
    pub async fn next(&mut self) -> Option<Result<S::Hears>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Whether there was a sign of life since this was last asked.
    pub async fn is_alive(&mut self) -> bool {
        if self.ws.is_none() {
            // A poll that is not answered in time is a connection that is lost.
            return self.broken.is_none() && !self.is_over;
        }
        match self.life.look() {
            Sign::Given => true,
            Sign::Missing => false,
            Sign::Wanted => self.ping().await.is_ok(),
        }
    }

    async fn ping(&mut self) -> Result<()> {
        self.is_ponged = false;
        let ping = Message::Ping(Vec::new().into());
        if let Some(ws) = &mut self.ws
            && let Err(error) = ws.start_send_unpin(ping)
        {
            return Err(self.lost(&error));
        }
        self.flush().await
    }

    /// Bytes that were sent so far, beginning again at zero beyond four billion.
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// Whether the chat is to be ended by the other side, at a server that would take the end of the
    /// connection for it. Of a staff of the server's own it is not known whether it ever does.
    pub fn waits_for_the_end(&self) -> bool {
        if !self.scene.cast.plays_agents() {
            return false;
        }
        let by_close = self.manners.wrap_up == WrapUp::DelayClose;
        let theirs = self.manners.dispatch != Dispatch::Busyhour;
        by_close && theirs && !self.persona.is_over() && !self.is_over && self.broken.is_none()
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<S::Hears>>> {
        loop {
            if let Some(frame) = self.heard.pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            if let Some(error) = self.broken.take() {
                self.is_over = true;
                return Poll::Ready(Some(Err(error)));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            match self.step(context) {
                Ok(true) => {}
                Ok(false) => return Poll::Pending,
                // Who was let in once may be again, whatever came meanwhile: a server that sends
                // garbage to somebody costs that connection.
                Err(error) => self.broken = Some(error.may_pass()),
            }
        }
    }

    /// Takes in what has come, once, and carries out what that causes; false where nothing has.
    fn step(&mut self, context: &mut Context<'_>) -> Result<bool> {
        let came = self.take_in(context)?;
        self.settle()?;
        self.send()?;
        if self.is_unwritten
            && let Some(ws) = &mut self.ws
            && let Poll::Ready(written) = ws.flush().poll_unpin(context)
        {
            written.map_err(|error| self.lost(&error))?;
            self.is_flushed();
        }
        if let Some(streams) = &mut self.streams {
            // Who is not done is looked at again when more is taken.
            let _ = streams.poll_flush(context);
        }
        Ok(came)
    }

    fn take_in(&mut self, context: &mut Context<'_>) -> Result<bool> {
        if let Some(line) = &self.line
            && let Poll::Ready(delivery) = line.poll_next(context)
        {
            self.around(|persona, around| persona.delivered(delivery, around))?;
            return Ok(true);
        }
        if let Poll::Ready((request, answer)) = self.answers.poll_take(context) {
            return self.answered(request, answer).map(|()| true);
        }
        if self.is_due(context) {
            return self.wake().map(|()| true);
        }
        Ok(self.read(context)? || self.take_in_beside(context)?)
    }

    fn answered(&mut self, request: u32, answer: Result<Answer>) -> Result<()> {
        if self.polls.as_ref().is_some_and(|own| own.number == request) {
            self.polls = None;
            if let Ok(answer) = &answer {
                self.tell(Passing::Heard, &String::from_utf8_lossy(&answer.body));
            }
        } else {
            self.unanswered -= 1;
        }
        let now = self.born.elapsed();
        self.speaker
            .answered(now, request, answer, &mut self.effects)
    }

    /// Reads a message of the stream, if one has come.
    fn read(&mut self, context: &mut Context<'_>) -> Result<bool> {
        let Some(ws) = &mut self.ws else {
            return Ok(false);
        };
        let Poll::Ready(message) = self.inbox.poll_next(ws, context) else {
            return Ok(false);
        };
        self.life = Life::Heard;
        match message {
            Some(Ok(message)) => self.hear(&message)?,
            Some(Err(error)) => return Err(self.lost(&error)),
            None => self.is_over = true,
        }
        Ok(true)
    }

    fn hear(&mut self, message: &Message) -> Result<()> {
        match message {
            Message::Text(text) => {
                self.tell(Passing::Heard, text);
                let now = self.born.elapsed();
                self.speaker.hear(now, text, &mut self.effects)
            }
            Message::Binary(_) => Err(Error::failed("the server sent a binary message").for_good()),
            Message::Pong(_) => {
                self.is_ponged = true;
                Ok(())
            }
            Message::Close(_) | Message::Ping(_) | Message::Frame(_) => Ok(()),
        }
    }

    /// Whether the speaker is due, or what is waited for has taken too long.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        let speaker = self.speaker.deadline().map(|due| self.born + due);
        let Some(due) = speaker.into_iter().chain(self.waits).min() else {
            return false;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        // One that rings too early is set again then: of what is answered in time it never rings.
        if due < alarm.deadline() {
            alarm.as_mut().reset(due);
        }
        while alarm.as_mut().poll(context).is_ready() {
            if due <= alarm.deadline() {
                return true;
            }
            alarm.as_mut().reset(due);
        }
        false
    }

    fn wake(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.waits.is_some_and(|until| until <= now) {
            self.waits = None;
            self.around(Persona::gives_up_waiting)?;
        }
        let now = now - self.born;
        if self.speaker.deadline().is_some_and(|due| due <= now) {
            self.speaker.wake(now, &mut self.effects)?;
        }
        Ok(())
    }

    /// Has the persona make something of it.
    fn around<R>(&mut self, act: impl FnOnce(&mut S::Persona, &mut Around<'_, S>) -> R) -> R {
        let mut waits = false;
        let mut around = Around {
            speaker: &mut *self.speaker,
            now: self.born.elapsed(),
            effects: &mut self.effects,
            line: self.line.as_mut(),
            manners: self.manners,
            strangers: (!self.scene.cast.plays_customers()).then_some(self.scene.run),
            heard: &mut self.heard,
            waits: &mut waits,
        };
        let made = act(&mut self.persona, &mut around);
        if waits {
            self.waits = Some(Instant::now() + UNDER_WAY);
        }
        made
    }

    /// Hands on all that was heard, which may have more said.
    fn settle(&mut self) -> Result<()> {
        while let Some(tidings) = self.effects.tidings.pop_front() {
            match tidings {
                Tidings::Ready { address } => self.address = Some(address),
                Tidings::Throttled { kind, .. } => {
                    let words = format!("the server says that too much is asked of it: {kind}");
                    self.scene.remark(words);
                }
                Tidings::Acknowledged { after } => self.scene.took(Latency::Acknowledged, after),
                Tidings::Broken { chat } => self.has_lost(chat)?,
                // When the other side read it, that has noted.
                Tidings::Received { .. } => {}
                tidings => self.around(|persona, around| persona.told(tidings, around))?,
            }
        }
        Ok(())
    }

    /// Puts what is to be said where it goes out with the next flush, and makes the requests.
    fn send(&mut self) -> Result<()> {
        while let Some(request) = self.effects.requests.pop_front() {
            let bytes = request.path.len() + request.body.len();
            self.sent = self.sent.wrapping_add(bytes as u32);
            let whose = (self.who.party, self.who.number);
            if request.held.is_some() {
                let (scene, answers) = (&self.scene, &self.answers);
                self.polls = Some(courier::hold(scene, whose, request, answers, &self.own));
            } else {
                courier::carry(&self.scene, whose, request, &self.answers);
                self.unanswered += 1;
            }
        }
        while let Some(text) = self.effects.sends.pop_front() {
            self.tell(Passing::Said, &text);
            let Some(ws) = &mut self.ws else {
                return Err(Error::failed("there is no stream to say it on"));
            };
            let message = Message::Text(text);
            self.sent = self.sent.wrapping_add(bytes_sent(&message));
            if let Err(error) = ws.start_send_unpin(message) {
                return Err(self.lost(&error));
            }
            self.is_unwritten = true;
        }
        self.send_beside();
        Ok(())
    }

    /// Writes what was put to the connection. Most is taken at once: only for what is not, time is
    /// taken.
    async fn flush(&mut self) -> Result<()> {
        let Some(ws) = &mut self.ws else {
            return Ok(());
        };
        let mut flushing = ws.flush();
        let sent = match poll_fn(|context| Poll::Ready(flushing.poll_unpin(context))).await {
            Poll::Ready(sent) => Ok(sent),
            Poll::Pending => Box::pin(timeout(self.scene.limits.taking, flushing)).await,
        };
        match sent {
            Ok(sent) => sent.map_err(|error| self.lost(&error))?,
            Err(_) => return Err(Error::failed("the server does not take what it is sent")),
        }
        self.is_flushed();
        Ok(())
    }

    fn is_flushed(&mut self) {
        self.is_unwritten = false;
        self.inbox.is_flushed();
    }

    fn tell(&self, passing: Passing, words: &str) {
        if let Some(tap) = &self.tap {
            tap.tell(passing, Time::NEVER, words);
        }
    }

    #[cold]
    fn lost(&self, error: &WsError) -> Error {
        let mask = self
            .scene
            .to
            .credentials()
            .map(super::credentials::Credentials::mask);
        in_words(error, mask.map(|mask| &**mask))
    }
}

#[cfg(test)]
mod tests;
