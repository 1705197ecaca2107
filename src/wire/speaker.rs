//! Owns what a person says and hears on one connection, whatever the protocol: `Speaker`.
//!
//! Law: a speaker knows a protocol and no socket, clock or thread: it is told what came and what its
//! person does, and hands back what is to go out and what was heard. What it cannot follow is an
//! error value that ends this connection and nothing else.
//!
//! ```text
//!  person --Deed--> Speaker --Effects.sends, .requests--> server
//!  person <--Tidings-- Speaker <--hear, answered--------- server
//! ```

mod manners;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::declared::talk::Remains;
use super::frame::Party;
use super::protocols::Source;
use super::xmpp::Resumption;
use crate::error::Result;
use crate::secret::Mask;

pub use manners::{Audience, Dispatch, Manners, WrapUp};

/// The number of a chat on one connection. A customer has one chat, [`OWN`]; an agent's are numbered
/// from 1 on, in the order in which they come.
pub type ChatNumber = u64;

/// A customer's own chat.
pub const OWN: ChatNumber = 0;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// Which side.
    pub party: Party,
    /// The person's number: the customer's by order of arrival, or the agent's.
    pub number: u32,
    /// The customer's attempt; 0 for agents.
    pub attempt: u16,
    /// The number of the connection, which no other of the person's has in this run.
    pub connection: u32,
    /// The run's number in markers.
    pub run: u32,
}

/// What a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed<'a> {
    /// An agent takes chats from now on, so many at a time.
    Online {
        /// The most at a time.
        limit: u32,
    },
    /// An agent takes no more chats.
    Offline,
    /// A customer asks for an agent.
    Open {
        /// The level of priority, 0 for the least.
        priority: u8,
    },
    /// In this chat the other side is the person at this address: where we dispatch, nobody else
    /// says so.
    Meet {
        /// Which chat.
        chat: ChatNumber,
        /// As the other's speaker gave it with [`Tidings::Ready`].
        peer: &'a str,
    },
    /// Says something.
    Say {
        /// In which chat.
        chat: ChatNumber,
        /// What.
        text: &'a str,
    },
    /// Is seen typing.
    Typing {
        /// In which chat.
        chat: ChatNumber,
    },
    /// Ends the chat: an agent closes it, a customer leaves it, or the queue.
    Close {
        /// Which.
        chat: ChatNumber,
    },
    /// An agent's slot is free: wrap-up is over.
    Free {
        /// The chat that was in it.
        chat: ChatNumber,
    },
    /// An agent gives a chat back to the queue.
    Transfer {
        /// Which.
        chat: ChatNumber,
    },
    /// An agent asks for one of the chats that wait: where agents take them, nobody gives it one. What
    /// comes of it is [`Tidings::Assigned`] or [`Tidings::Untaken`].
    Take,
    /// The person goes; the connection is to be ended in due form.
    Bye,
}

/// What a person hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tidings {
    /// The person is in: the connect script is through.
    Ready {
        /// By which others may reach the person; empty where the protocol has no such thing.
        address: String,
    },
    /// The server takes the agent for online.
    Online,
    /// The chat waits; to an agent who takes chats: some wait.
    Queued {
        /// The place in the queue, where it is said; or how many wait.
        position: Option<u32>,
    },
    /// The chat that an agent has asked for has gone to another, or none waits.
    Untaken {
        /// Whether others are known to wait.
        more: bool,
    },
    /// The chat has an agent; or the agent has a chat more.
    Assigned {
        /// Which.
        chat: ChatNumber,
    },
    /// Something was said by the other side.
    Message {
        /// In which chat; none where the server says it to everybody, so that only the text tells.
        chat: Option<ChatNumber>,
        /// What.
        text: String,
        /// When the server had it, by its own clock in Unix milliseconds, where it says so.
        server_ms: Option<u64>,
    },
    /// The other side is typing.
    Typing {
        /// In which chat; none where it is not said.
        chat: Option<ChatNumber>,
    },
    /// The chat is over, by the server or the other side.
    Closed {
        /// Which.
        chat: ChatNumber,
    },
    /// The connection that an agent had for this chat alone is lost, and the chat over with it.
    Broken {
        /// Which.
        chat: ChatNumber,
    },
    /// The chat goes to another agent.
    Transferred {
        /// Which.
        chat: ChatNumber,
    },
    /// The server has taken a message, by its own word.
    Acknowledged {
        /// How long after it was said.
        after: Duration,
    },
    /// The other side's client has confirmed a message.
    Received {
        /// How long after it was said.
        after: Duration,
    },
    /// The server refuses something.
    Refused {
        /// About which chat, where it is said.
        chat: Option<ChatNumber>,
        /// The kind, for counting: a code or a condition of the protocol, or a few words.
        kind: String,
    },
    /// The server says that too much is asked of it.
    Throttled {
        /// The kind, as for `Refused`.
        kind: String,
        /// When to come again, where it is said.
        retry_after: Option<Duration>,
    },
}

/// How a stream is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Path and query, from the first `/` on.
    pub path: String,
    /// The WebSocket subprotocol.
    pub subprotocol: Option<String>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// There is no stream at all: what comes is asked for by requests.
    pub by_requests: bool,
}

/// A request over HTTP.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Given back with the answer.
    pub number: u32,
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// Path and query at the target's own authority, from the first `/` on.
    pub path: String,
    /// Headers, the content type included.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// A poll, of which there is one at a time: how long the server may hold it back. Nobody waits for
    /// its answer when the person goes.
    pub held: Option<Duration>,
}

/// Headers and body may hold secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.number, self.method)
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers, with names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is to be done on the stream of one of an agent's chats, where each has its own.
#[derive(Debug)]
pub enum Beside {
    /// A stream is wanted; [`Speaker::begin_beside`] is to be called once it stands.
    Open {
        /// For which chat.
        chat: ChatNumber,
        /// How it is asked for.
        opening: Box<Opening>,
    },
    /// A text is to go out.
    Say {
        /// On the stream of which chat.
        chat: ChatNumber,
        /// What.
        text: Utf8Bytes,
    },
    /// It is to be ended in due form.
    Close {
        /// Of which chat.
        chat: ChatNumber,
    },
}

/// What a speaker hands back: what goes out, and what was heard, in order.
#[derive(Debug, Default)]
pub struct Effects {
    /// A stream is wanted; [`Speaker::begin`] is to be called once it stands.
    pub opening: Option<Opening>,
    /// Texts to go out on the stream.
    pub sends: VecDeque<Utf8Bytes>,
    /// What is to be done on the streams of an agent's chats, in order.
    pub beside: VecDeque<Beside>,
    /// Requests to be made; each is answered.
    pub requests: VecDeque<Request>,
    /// What was heard.
    pub tidings: VecDeque<Tidings>,
    /// What may be told of it to whoever writes a protocol: notes are kept only when this is set.
    pub notes: Option<Vec<String>>,
    /// How much came that meant nothing.
    pub strays: u32,
}

impl Effects {
    /// Notes something for whoever writes a protocol; costs nothing where nobody listens.
    pub fn note(&mut self, words: impl FnOnce() -> String) {
        if let Some(notes) = &mut self.notes {
            notes.push(words());
        }
    }
}

/// A protocol that people can speak, as it was set up for a run.
pub trait Protocol: fmt::Debug + Send + Sync {
    /// The name, for reports.
    fn name(&self) -> &str;

    /// How the server goes about chats.
    fn manners(&self) -> Manners;

    /// Whether it was run against a real server.
    fn is_tried(&self) -> bool {
        true
    }

    /// What its people's connections are for.
    fn channels(&self) -> Channels {
        Channels::STREAM
    }

    /// Whether an agent can give a chat back to the queue.
    fn hands_over(&self) -> bool {
        true
    }

    /// Whether the other side of a chat hears of this deed of a side's.
    fn passes_on(&self, _from: Party, _deed: &Deed<'_>) -> bool {
        true
    }

    /// The names of what tells its events apart, where it is declared.
    fn matchers(&self) -> &[String] {
        &[]
    }

    /// What it was read from; none where it cannot be read again elsewhere.
    fn source(&self) -> Option<Source>;

    /// A speaker for somebody who goes on where another connection was lost so long ago; one who
    /// begins anew where the protocol has no such thing.
    fn resume(self: Arc<Self>, who: Who, lost: Lost, ago: Duration) -> Box<dyn Speaker>;

    /// A speaker for somebody who wants in.
    fn speaker(self: Arc<Self>, who: Who) -> Box<dyn Speaker>;
}

/// What people have connections for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// A stream.
    pub stream: bool,
    /// A poll, which the server holds.
    pub poll: bool,
    /// Requests that are answered at once.
    pub requests: bool,
    /// Agents, one more for each of their chats.
    pub apart: bool,
}

impl Channels {
    /// A stream and nothing else.
    pub const STREAM: Channels = Channels {
        stream: true,
        poll: false,
        requests: false,
        apart: false,
    };
}

/// What is left of a connection that was lost, for another to go on with.
#[derive(Debug)]
pub enum Lost {
    /// A session of an XMPP server.
    Xmpp(Box<Resumption>),
    /// What a protocol file has a customer keep.
    Declared(Box<Remains>),
}

/// One person's side of a conversation in some protocol. Times are wall time since the speaker was
/// made, and never run backwards.
pub trait Speaker: fmt::Debug {
    /// The person wants in: what is done before there is a stream, and then asks for one.
    ///
    /// # Errors
    /// What was asked for cannot be said: a value is missing.
    fn start(&mut self, now: Duration, out: &mut Effects) -> Result<()>;

    /// The stream that was asked for stands.
    ///
    /// # Errors
    /// As `start`.
    fn begin(&mut self, now: Duration, out: &mut Effects) -> Result<()>;

    /// A text came on the stream.
    ///
    /// # Errors
    /// It is none of the protocol, or it ends the connection: refused for good where another try
    /// makes no sense.
    fn hear(&mut self, now: Duration, text: &str, out: &mut Effects) -> Result<()>;

    /// The stream that was asked for one of an agent's chats stands.
    ///
    /// # Errors
    /// As `start`.
    fn begin_beside(&mut self, _: Duration, _: ChatNumber, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    /// A text came on the stream of a chat.
    ///
    /// # Errors
    /// As `start`: what is wrong with the stream ends the chat.
    fn hear_beside(&mut self, _: Duration, _: ChatNumber, _: &str, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    /// The stream of a chat is over, or does not come to stand, for this reason.
    ///
    /// # Errors
    /// As `start`.
    fn end_beside(&mut self, _: Duration, _: ChatNumber, _: &str, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    /// A request was answered, or was not.
    ///
    /// # Errors
    /// As `hear`.
    fn answered(
        &mut self,
        now: Duration,
        request: u32,
        answer: Result<Answer>,
        out: &mut Effects,
    ) -> Result<()>;

    /// The person does something. What is done before `Ready` is kept back until then.
    ///
    /// # Errors
    /// As `start`.
    fn act(&mut self, now: Duration, deed: Deed<'_>, out: &mut Effects) -> Result<()>;

    /// Does what was due by `now`: a sign of life, a time-out.
    ///
    /// # Errors
    /// The server did not answer in time.
    fn wake(&mut self, now: Duration, out: &mut Effects) -> Result<()>;

    /// When `wake` is to be called, at the latest; none for not at all.
    fn deadline(&self) -> Option<Duration>;

    /// For how long the server keeps what is said to somebody whose connection is lost; none for not at
    /// all. Good once the person is in.
    fn kept_for(&self) -> Option<Duration> {
        None
    }

    /// The connection is lost: what another needs to go on with it, if the server keeps it. Nothing is
    /// to be said or heard after that.
    fn lose(&mut self, _: Duration) -> Option<Lost> {
        None
    }

    /// Whether the chat of the connection before goes on here, as far as the server says so. The address
    /// says the rest: where it is another, nothing goes on.
    fn goes_on(&self) -> bool {
        true
    }

    /// How many of the last messages that were said on the connection before are to be said again.
    fn unsaid(&self) -> u32 {
        0
    }

    /// What covers the person's secrets, as far as they are known by now.
    fn mask(&self) -> Mask {
        Mask::default()
    }

    /// How often each of the protocol's matchers has taken an event, in their order.
    fn matched(&self) -> &[u32] {
        &[]
    }
}
