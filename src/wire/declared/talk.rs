//! Owns `Talk`: one connection of one person in a declared protocol.
//!
//! Law: it is a speaker like any other: told what came, it says what is to go out and what was
//! heard. Whatever a server sends is a value or an error; all that is kept has a bound.

mod answers;
mod apart;
mod back;
mod chats;
mod deeds;
mod fresh;
mod hearing;
mod held;
mod jar;
mod kept;
mod meanings;
mod person;
mod polling;
mod running;
mod saying;
mod scene;
mod taking;
mod values;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::back::Back;
pub use self::back::Remains;
use self::chats::Chats;
use self::fresh::Fresh;
use self::held::Held;
use self::jar::Jar;
use self::kept::Kept;
pub(super) use self::person::People;
use self::person::Person;
use self::polling::Polling;
use self::running::{Running, Task};
use self::scene::About;
use self::taking::Taking;
use super::Protocol;
use super::codec::{Codec, Incoming, socket_io};
use super::on::Meaning;
use super::place::Place;
use super::script::Action;
use super::transport::Transport;
use crate::error::{Error, Result};
use crate::secret::Mask;
use crate::wire::speaker::{
    Answer, ChatNumber, Deed, Effects, Lost, OWN, Opening, Speaker, Tidings, Who,
};

/// How long the server may take until the person is in, once it has all that it asked for.
const GREETING: Duration = Duration::from_secs(30);

/// The most that is done before the person is in.
const HELD_MOST: usize = 64;

/// The most that is under way at a time.
const RUNNING_MOST: usize = 4_096;

/// The most characters of a server's word for a refusal.
const KIND_MOST: usize = 80;

/// How far the person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Before there is a stream.
    Before,
    /// A stream was asked for.
    Opening,
    /// The stream stands; the person is not in yet.
    Connecting,
    /// The person is in.
    In,
}

/// One connection of one person.
pub struct Talk {
    protocol: Arc<Protocol>,
    who: Who,
    stage: Stage,
    kept: Kept,
    jar: Jar,
    fresh: Fresh,
    chats: Chats,
    taking: Taking,
    limit: Option<u32>,
    /// When it was made, in Unix milliseconds: some servers ask for the time.
    born_ms: u64,
    /// It goes on with the chat of a connection that was lost.
    back: Option<Box<Back>>,
    /// Messages so far.
    says: u32,
    /// On the stream of which chat is heard what is heard now; the person's own for [`OWN`].
    ear: ChatNumber,
    /// Chats whose streams are to be ended.
    hung_up: Vec<ChatNumber>,
    running: Vec<Running>,
    held: VecDeque<Held>,
    seq: u32,
    requests: u32,
    acks: u64,
    /// What is asked for again and again.
    polling: Polling,
    /// When each sign of life is due.
    signs: Vec<Option<Duration>>,
    /// When the next of each kind that is paced may go.
    paced: Vec<Duration>,
    matched: Vec<u32>,
    /// The server has taken us in, where its codec says so.
    is_taken_in: bool,
    /// The script of `connect` is through.
    is_through: bool,
    /// The matcher of `ready` has hit.
    is_ready: bool,
    /// Until when the server may take its time before the person is in.
    patience: Option<Duration>,
    /// What is needed but once was done on an earlier connection.
    is_set_up: bool,
    is_gone: bool,
}

/// What a person says and keeps may be secret.
impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, stage) = (&self.protocol.name, self.stage);
        write!(f, "Talk({name}, {:?}, {stage:?})", self.who)
    }
}

impl Talk {
    pub(super) fn new(protocol: Arc<Protocol>, who: Who) -> Talk {
        let known = protocol.people.take(&who);
        let is_set_up = known.is_some();
        let known = known.unwrap_or_default();
        Talk {
            stage: Stage::Before,
            kept: Kept::of_user(known.user),
            jar: known.jar,
            fresh: Fresh::of_connection(&who),
            chats: Chats::default(),
            taking: Taking::default(),
            limit: None,
            born_ms: unix_ms(),
            back: None,
            says: 0,
            ear: OWN,
            hung_up: Vec::new(),
            running: Vec::new(),
            held: VecDeque::new(),
            seq: 0,
            requests: 0,
            acks: 0,
            polling: Polling::default(),
            signs: vec![None; protocol.keepalives.len()],
            paced: vec![Duration::ZERO; protocol.pacing.len()],
            matched: vec![0; protocol.matcher_names.len()],
            is_taken_in: false,
            is_through: false,
            is_ready: false,
            patience: None,
            is_set_up,
            is_gone: false,
            protocol,
            who,
        }
    }

    /// How often each matcher of the protocol has hit, in the order of
    /// [`Protocol::matcher_names`].
    pub fn matched(&self) -> &[u32] {
        &self.matched
    }

    /// Asks for the stream, once all that comes before it is done.
    fn open(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let (protocol, about) = (Arc::clone(&self.protocol), About::default());
        self.stage = Stage::Opening;
        if !protocol.transport.stream {
            out.opening = Some(Opening {
                by_requests: true,
                ..Opening::default()
            });
            return Ok(());
        }
        let Transport {
            path,
            subprotocol,
            headers,
            ..
        } = &protocol.transport;
        out.opening = Some(self.opening(path, subprotocol.as_ref(), headers, now, &about)?);
        Ok(())
    }

    /// The person is in, once the script is through and the server has said so, if it does.
    fn ready(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let is_said = self.is_ready || !self.protocol.says(self.who.party, Meaning::Ready);
        let is_said = is_said && !self.waits_for_the_chat();
        if self.stage != Stage::Connecting || !self.is_through || !is_said {
            return Ok(());
        }
        let (protocol, about) = (Arc::clone(&self.protocol), About::default());
        let address = protocol.address.as_ref();
        let address = address.map(|address| self.text(address, Place::Plain, now, &about));
        let address = address.transpose();
        let address = address.map_err(|missing| self.missing("the address", &missing))?;
        self.stage = Stage::In;
        self.patience = None;
        out.tidings.push_back(Tidings::Ready {
            address: address.unwrap_or_default(),
        });
        for (sign, keepalive) in self.signs.iter_mut().zip(&protocol.keepalives) {
            let agent = self.who.party == crate::wire::frame::Party::Agent;
            let is_ours = keepalive.agent.is_none_or(|of_agent| of_agent == agent);
            *sign = keepalive.every.filter(|_| is_ours).map(|every| now + every);
        }
        while let Some(held) = self.held.pop_front() {
            self.deed(now, held.deed(), out)?;
        }
        Ok(())
    }

    fn incoming(&mut self, now: Duration, incoming: Incoming, out: &mut Effects) -> Result<()> {
        match incoming {
            Incoming::Event(event) => self.event(now, event, out),
            Incoming::Reply(text) => {
                self.put(self.ear, text.into_owned().into(), out);
                Ok(())
            }
            Incoming::Opened { .. } => {
                let packet = self.handshake(now)?;
                self.put(self.ear, packet.into(), out);
                Ok(())
            }
            Incoming::Connected if self.ear != OWN => {
                self.enters(self.ear);
                Ok(())
            }
            Incoming::Connected if self.stage == Stage::Connecting && !self.is_taken_in => {
                self.is_taken_in = true;
                self.push(Running::new(
                    Task::Do(Action::Connect),
                    About::default(),
                    now,
                ))
            }
            Incoming::Ack { id, data } => self.acked(now, id, &data, out),
            Incoming::Refused(why) => {
                let name = &self.protocol.name;
                let why = self.kind(&why.to_string());
                let what = format!("{name}: the server does not let us in: {why}");
                Err(Error::failed(what).for_good())
            }
            Incoming::Closed => {
                let name = &self.protocol.name;
                Err(Error::failed(format!(
                    "{name}: the server ends the connection"
                )))
            }
            Incoming::Connected | Incoming::Nothing => Ok(()),
        }
    }

    /// Takes a text that came on the stream that is heard.
    fn decode(&mut self, now: Duration, text: &str, out: &mut Effects) -> Result<()> {
        let protocol = Arc::clone(&self.protocol);
        let (codec, mut followed) = (&protocol.transport.codec, Ok(()));
        let decoded = codec.decode(text, &mut |incoming| {
            if followed.is_ok() {
                followed = self.incoming(now, incoming, out);
            }
            if followed.is_ok() {
                followed = self.advance(now, out);
            }
        });
        followed.and(decoded)
    }

    /// Until when the server has to let us in; the steps of a script have their own time.
    fn patience(&self) -> Option<Duration> {
        let is_entering = self.running.iter().any(Running::is_entry);
        let waits = self.stage == Stage::Connecting && !is_entering;
        self.patience.filter(|_| waits)
    }

    /// How Socket.IO is asked to let us in.
    fn handshake(&self, now: Duration) -> Result<String> {
        let transport = &self.protocol.transport;
        let (mut auth, about) = (String::new(), About::default());
        if let Some(template) = &transport.auth {
            let rendered = template.render(&self.scene(now, &about), &mut auth);
            rendered.map_err(|missing| self.missing("`auth`", &missing))?;
        }
        Ok(socket_io::connect(&transport.namespace, &auth))
    }
}

impl Speaker for Talk {
    fn start(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let about = About::default();
        let connection = std::mem::replace(&mut self.fresh, Fresh::of_person(&self.who));
        if !self.is_set_up {
            self.make(0, now, &about)?;
        }
        self.fresh = connection;
        self.make(1, now, &about)?;
        self.keep_on()?;
        let first = match self.is_set_up {
            true => Action::BeforeConnect,
            false => Action::Setup,
        };
        self.push(Running::new(Task::Do(first), about, now))?;
        self.advance(now, out)
    }

    fn begin(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        self.stage = Stage::Connecting;
        self.patience = Some(now + GREETING);
        // What the connect script waits for may come by it.
        self.begin_polling(now, out)?;
        if self.protocol.transport.codec != Codec::SocketIo {
            let connect = Task::Do(Action::Connect);
            self.push(Running::new(connect, About::default(), now))?;
        }
        self.advance(now, out)
    }

    fn hear(&mut self, now: Duration, text: &str, out: &mut Effects) -> Result<()> {
        self.decode(now, text, out)
    }

    fn begin_beside(&mut self, now: Duration, chat: ChatNumber, out: &mut Effects) -> Result<()> {
        self.stream_stands(chat, out);
        self.advance(now, out)
    }

    fn hear_beside(
        &mut self,
        now: Duration,
        chat: ChatNumber,
        text: &str,
        out: &mut Effects,
    ) -> Result<()> {
        self.heard_beside(now, chat, text, out);
        self.advance(now, out)
    }

    fn end_beside(
        &mut self,
        now: Duration,
        chat: ChatNumber,
        why: &str,
        out: &mut Effects,
    ) -> Result<()> {
        self.stream_ends(chat, why, out);
        self.advance(now, out)
    }

    fn answered(
        &mut self,
        now: Duration,
        request: u32,
        answer: Result<Answer>,
        out: &mut Effects,
    ) -> Result<()> {
        match self.polling.is_poll(request) {
            true => self.polled(now, answer, out)?,
            false => self.answer(now, request, answer, out)?,
        }
        self.advance(now, out)
    }

    fn act(&mut self, now: Duration, deed: Deed<'_>, out: &mut Effects) -> Result<()> {
        if let Deed::Online { limit } = deed {
            self.limit = Some(limit);
        }
        if self.stage == Stage::In {
            self.deed(now, deed, out)?;
            return self.advance(now, out);
        }
        if self.held.len() == HELD_MOST {
            let name = &self.protocol.name;
            let what = format!("{name}: the server does not let us in, and too much is to be said");
            return Err(Error::failed(what));
        }
        self.held.push_back(Held::of(deed));
        Ok(())
    }

    fn wake(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        if self.patience().is_some_and(|until| until <= now) {
            let (name, secs) = (&self.protocol.name, GREETING.as_secs());
            let what = format!("{name}: the server has not let us in within {secs} s");
            return Err(Error::failed(what));
        }
        self.late(now, out)?;
        self.wait_no_longer(now, out);
        self.give_signs(now)?;
        self.poll(now, out)?;
        self.advance(now, out)
    }

    fn kept_for(&self) -> Option<Duration> {
        self.protocol.resume.as_ref().map(|resume| resume.within)
    }

    fn lose(&mut self, _: Duration) -> Option<Lost> {
        let remains = self.remains()?;
        Some(Lost::Declared(Box::new(remains)))
    }

    fn goes_on(&self) -> bool {
        self.back.as_ref().is_none_or(|back| !back.is_gone)
    }

    fn unsaid(&self) -> u32 {
        self.back.as_ref().map_or(0, |back| back.unsaid)
    }

    fn mask(&self) -> Mask {
        Talk::mask(self)
    }

    fn deadline(&self) -> Option<Duration> {
        let signs = self.signs.iter().copied().flatten();
        let running = (0..self.running.len()).filter_map(|at| self.due(at));
        let others = self.patience().into_iter().chain(self.polling.due());
        let others = others.chain(self.taking.until());
        signs.chain(others).chain(running).min()
    }

    fn matched(&self) -> &[u32] {
        Talk::matched(self)
    }
}

/// The time by this machine's clock.
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

/// Who is cut off comes again; what was needed but once is not done twice.
impl Drop for Talk {
    fn drop(&mut self) {
        if self.is_set_up && !self.is_gone {
            let person = Person {
                user: self.kept.user().clone(),
                jar: std::mem::take(&mut self.jar),
            };
            self.protocol.people.keep(&self.who, person);
        }
    }
}

#[cfg(test)]
mod tests;
