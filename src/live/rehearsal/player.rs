//! Owns `Player`: one person of a rehearsal at the server, all of whose traffic is told.
//!
//! Law: it moves texts and answers between a speaker and the network, as a run does. What came is
//! told before what comes of it, and once the speaker knows which secrets are in it.

use std::mem::take;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::task::spawn_local;
use tokio::time::{Sleep, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::heard::Heard;
use super::shown::shown;
use super::{Kind, Moment, Stage};
use crate::error::{Error, Result};
use crate::live::beside::{Came, Streams, dial};
use crate::live::courier::Answers;
use crate::live::credentials::Credentials;
use crate::live::dial::Dial;
use crate::live::link::Link;
use crate::live::socket::{SocketLimits, Wanted, in_words, upgrade};
use crate::live::way::Way;
use crate::secret::Mask;
use crate::wire::frame::Party;
use crate::wire::limits::{FOREIGN_FRAME_LIMIT, websocket};
use crate::wire::marker::Direction;
use crate::wire::speaker::{
    Answer, Beside, ChatNumber, Deed, Effects, Opening, Request, Speaker, Who,
};

/// Wall time that a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// One person at the server.
pub struct Player<'p, 't> {
    stage: &'p Stage<'t>,
    who: Who,
    speaker: Box<dyn Speaker>,
    effects: Effects,
    heard: Heard,
    ws: Option<WebSocketStream<Link>>,
    /// It is in without a stream: it polls.
    polls: bool,
    /// Requests that are not answered, without polls, by their numbers.
    waiting: Vec<u32>,
    /// The connections of an agent's chats, where each has its own.
    streams: Streams<Way>,
    answers: Rc<Answers>,
    born: Instant,
    alarm: Option<Pin<Box<Sleep>>>,
    /// The server's own mask: of what every request says besides.
    besides: Arc<Mask>,
}

impl<'p, 't> Player<'p, 't> {
    /// Who has done nothing yet.
    pub fn new(stage: &'p Stage<'t>, who: Who, speaker: Box<dyn Speaker>) -> Player<'p, 't> {
        let besides = stage.road.way.credentials().map(Credentials::mask).cloned();
        Player {
            stage,
            who,
            speaker,
            effects: Effects {
                notes: Some(Vec::new()),
                ..Effects::default()
            },
            heard: Heard::default(),
            ws: None,
            polls: false,
            waiting: Vec::new(),
            streams: Streams::new(SocketLimits::default()),
            answers: Rc::default(),
            born: Instant::now(),
            alarm: None,
            besides: besides.unwrap_or_default(),
        }
    }

    /// Who it is.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// What it has heard.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    /// How often each matcher took something.
    pub fn matched(&self) -> &[u32] {
        self.speaker.matched()
    }

    /// How much came that meant nothing.
    pub fn strays(&self) -> u32 {
        self.effects.strays
    }

    /// It has this chat, by our own word.
    pub fn meets(&mut self, chat: ChatNumber) {
        self.heard.chat = Some(chat);
    }

    /// Gets in, as far as the stream; what follows comes with `poll`.
    ///
    /// # Errors
    /// Failed: nobody answers, or not in the protocol.
    pub async fn enter(&mut self) -> Result<()> {
        self.born = Instant::now();
        self.tell(Kind::Does, "comes");
        self.speaker.start(Duration::ZERO, &mut self.effects)?;
        let opening = loop {
            self.settle()?;
            if let Some(opening) = self.effects.opening.take() {
                break opening;
            }
            let answers = Rc::clone(&self.answers);
            let (number, answer) = std::future::poll_fn(|context| answers.poll_take(context)).await;
            self.answered(number, answer)?;
        };
        self.open(&opening).await?;
        let now = self.born.elapsed();
        self.speaker.begin(now, &mut self.effects)?;
        self.settle()
    }

    async fn open(&mut self, opening: &Opening) -> Result<()> {
        self.polls = opening.by_requests;
        if self.polls {
            return Ok(());
        }
        let way = &self.stage.road.way;
        let mut stream = way.connect(self.who.number).await.map_err(|error| {
            match way.target(self.who.number).is_tls() {
                true => error,
                false => error.with_remedy("start the server there, or name another with --target"),
            }
        })?;
        let (path, subprotocol) = (&opening.path, opening.subprotocol.as_deref());
        let asked = subprotocol.map(|name| format!(", subprotocol {name}"));
        let asked = asked.unwrap_or_default();
        self.tell(
            Kind::Out,
            &format!("GET {path}, upgrade to a WebSocket{asked}"),
        );
        let whose = (self.who.party, self.who.number);
        let wanted = Wanted {
            path,
            subprotocol,
            headers: &opening.headers,
        };
        let rest = upgrade(&mut stream, way, whose, wanted, None).await?;
        self.tell(Kind::In, "HTTP 101, the stream stands");
        let config = Some(websocket(FOREIGN_FRAME_LIMIT));
        let ws = WebSocketStream::from_partially_read(stream, rest, Role::Client, config).await;
        self.ws = Some(ws);
        Ok(())
    }

    /// Does something.
    ///
    /// # Errors
    /// The protocol cannot say it, or the connection is lost.
    pub fn act(&mut self, deed: Deed<'_>, words: &str) -> Result<()> {
        self.tell(Kind::Does, words);
        let now = self.born.elapsed();
        let done = self.speaker.act(now, deed, &mut self.effects);
        self.settle().and(done)
    }

    /// Takes in what has come, once; ready where something has.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Poll::Ready((number, answer)) = self.answers.poll_take(context) {
            return Poll::Ready(self.answered(number, answer));
        }
        if self.is_due(context) {
            let now = self.born.elapsed();
            let woken = self.speaker.wake(now, &mut self.effects);
            return Poll::Ready(self.settle().and(woken));
        }
        // Who is not done is looked at again when more is taken.
        let _ = self.streams.poll_flush(context);
        if let Poll::Ready((chat, came)) = self.streams.poll_next(Some(&self.besides), context) {
            return Poll::Ready(self.came_beside(chat, came));
        }
        let Some(ws) = &mut self.ws else {
            return Poll::Pending;
        };
        if let Poll::Ready(Err(error)) = ws.poll_flush_unpin(context) {
            return Poll::Ready(Err(self.lost(&error)));
        }
        ws.poll_next_unpin(context).map(|came| match came {
            Some(Ok(message)) => self.hear(&message),
            Some(Err(error)) => Err(self.lost(&error)),
            None => {
                self.ws = None;
                Err(Error::failed("the server has ended the connection"))
            }
        })
    }

    fn hear(&mut self, message: &Message) -> Result<()> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Error::failed("the server sent a binary message")),
            Message::Close(why) => {
                let why = why.as_ref();
                let why = why.map(|why| format!(", {} {}", u16::from(why.code), why.reason));
                let words = format!("the server closes{}", why.unwrap_or_default());
                self.tell(Kind::In, &words);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let now = self.born.elapsed();
        let heard = self.speaker.hear(now, text, &mut self.effects);
        self.tell(Kind::In, text);
        self.settle().and(heard)
    }

    fn came_beside(&mut self, chat: ChatNumber, came: Came) -> Result<()> {
        let now = self.born.elapsed();
        let (words, taken) = match came {
            Came::Stands => {
                let taken = self.speaker.begin_beside(now, chat, &mut self.effects);
                ("the stream of the chat stands".into(), taken)
            }
            Came::Text(text) => {
                let taken = self
                    .speaker
                    .hear_beside(now, chat, &text, &mut self.effects);
                (text.to_string(), taken)
            }
            Came::Ends(error) => {
                let why = error.plain().to_string();
                let taken = self.speaker.end_beside(now, chat, &why, &mut self.effects);
                (format!("the stream of the chat: {why}"), taken)
            }
        };
        self.tell(Kind::In, &words);
        self.settle().and(taken)
    }

    fn answered(&mut self, number: u32, answer: Result<Answer>) -> Result<()> {
        self.waiting.retain(|waiting| *waiting != number);
        let words = match &answer {
            Ok(Answer { status, body, .. }) => {
                let body = String::from_utf8_lossy(body);
                format!("HTTP {status} {body}")
            }
            Err(error) => format!("no answer: {}", error.plain()),
        };
        let now = self.born.elapsed();
        let taken = self
            .speaker
            .answered(now, number, answer, &mut self.effects);
        self.tell(Kind::In, words.trim_end());
        self.settle().and(taken)
    }

    /// Whether the speaker is to be woken.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        let Some(due) = self.speaker.deadline() else {
            return false;
        };
        let due = tokio::time::Instant::from_std(self.born + due);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(context).is_ready()
    }

    /// Tells what came of it, and has said what is to be said.
    fn settle(&mut self) -> Result<()> {
        let notes = self.effects.notes.as_mut().map(take);
        for note in notes.into_iter().flatten() {
            self.tell(Kind::Noted, &note);
        }
        let own = match self.who.party {
            Party::Agent => Direction::Agent,
            _ => Direction::Customer,
        };
        while let Some(tidings) = self.effects.tidings.pop_front() {
            let words = self.heard.take(tidings, &self.who, own);
            self.tell(Kind::Noted, &words);
        }
        while let Some(request) = self.effects.requests.pop_front() {
            self.ask(request);
        }
        while let Some(text) = self.effects.sends.pop_front() {
            self.tell(Kind::Out, &text);
            let Some(ws) = &mut self.ws else {
                return Err(Error::failed("there is no stream to say it on"));
            };
            if let Err(error) = ws.start_send_unpin(Message::Text(text)) {
                return Err(self.lost(&error));
            }
        }
        while let Some(beside) = self.effects.beside.pop_front() {
            self.does_beside(beside);
        }
        Ok(())
    }

    fn does_beside(&mut self, beside: Beside) {
        match beside {
            Beside::Open { chat, opening } => {
                let words = format!("GET {}, upgrade to a stream of the chat", opening.path);
                self.tell(Kind::Out, &words);
                let road = Rc::clone(&self.stage.road);
                let whose = (self.who.party, self.who.number);
                let dialling = async move { dial(&road.way, whose, &opening, None).await };
                self.streams.open(chat, dialling);
            }
            Beside::Say { chat, text } => {
                self.tell(Kind::Out, &text);
                self.streams.say(chat, text);
            }
            Beside::Close { chat } => self.streams.close(chat),
        }
    }

    fn ask(&mut self, request: Request) {
        if request.held.is_none() {
            self.waiting.push(request.number);
        }
        let body = String::from_utf8_lossy(&request.body);
        let words = format!("{} {} {body}", request.method, request.path);
        self.tell(Kind::Out, words.trim_end());
        let (road, answers) = (Rc::clone(&self.stage.road), Rc::clone(&self.answers));
        let (number, whose) = (request.number, (self.who.party, self.who.number));
        spawn_local(async move {
            let answer = road.courier.ask(&road.way, whose, request).await;
            answers.put((number, answer));
        });
    }

    /// Goes, and tells what is still said.
    pub async fn leave(&mut self) {
        if self.ws.is_none() && !self.polls {
            return;
        }
        if self.act(Deed::Bye, "goes").is_err() {
            return;
        }
        let ending = async {
            if let Some(ws) = &mut self.ws {
                // A server that is gone takes no goodbye.
                let _ = ws.close(None).await;
            }
            while (self.ws.is_some() || !self.waiting.is_empty())
                && std::future::poll_fn(|context| self.poll(context))
                    .await
                    .is_ok()
            {}
        };
        let _ = timeout(GOODBYE, ending).await;
    }

    fn tell(&self, kind: Kind, text: &str) {
        let own = self.speaker.mask();
        let moment = Moment {
            at: self.stage.began.elapsed(),
            who: self.who.party,
            kind,
            words: shown(text, &[&own, &self.besides]),
        };
        (self.stage.told.borrow_mut())(moment);
    }

    fn lost(&self, error: &WsError) -> Error {
        in_words(error, Some(&*self.besides))
    }
}
