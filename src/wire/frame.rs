//! Owns the frames: what each side may say, one JSON object a message with a `type`.
//!
//! Law: `decode` of what `encode` wrote is the same frame. Fields that a reader does not know are
//! let pass, so that a later version may add some; a `type` that it does not know is an error.

mod tagged;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::clean_masked;
use super::reason::Reason;
use crate::secret::Mask;

/// A frame, to text and back.
pub trait Frame: Serialize + DeserializeOwned + fmt::Debug + Send + 'static {
    /// The frame as text, on one line.
    fn encode(&self) -> Utf8Bytes {
        tagged::write(self)
    }

    /// The frame that a text is.
    fn decode(text: &str) -> Result<Self, Unreadable> {
        tagged::read(text).map_err(|error| Unreadable(error.to_string()))
    }

    /// The chat that it is about, by the server's number, where it names one.
    fn chat(&self) -> Option<u64> {
        None
    }

    /// The name of the chat, by its customer's marker, in the frame that assigns it.
    fn marker(&self) -> Option<&str> {
        None
    }

    /// The texts in the frame that are words for people, who get to see them in a report.
    fn words(&mut self) -> Vec<&mut String> {
        Vec::new()
    }
}

/// A text that is no frame of the protocol; shown, its words are fit for a terminal.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.masked(&Mask::default()))]
pub struct Unreadable(String);

impl Unreadable {
    /// What is wrong, of somebody who knows our secrets.
    pub fn masked(&self, mask: &Mask) -> String {
        let words = clean_masked(&self.0, mask);
        format!("not a frame of the protocol: {words}")
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One of the two sides of the chat server: what it says, what it hears, and where it connects.
pub trait Side: Send + 'static {
    /// What this side says to the server.
    type Says: Frame;
    /// What the server says to this side.
    type Hears: Frame;
    /// Where it connects.
    const PATH: &'static str;
    /// Who it is.
    const PARTY: Party;
    /// The hello, if the frame is one.
    fn hello(heard: Self::Hears) -> Option<Hello>;
}

/// The customers' side.
#[derive(Clone, Copy, Debug)]
pub enum CustomerSide {}

/// The agents' side.
#[derive(Clone, Copy, Debug)]
pub enum AgentSide {}

impl Side for CustomerSide {
    type Says = FromCustomer;
    type Hears = ToCustomer;
    const PATH: &'static str = "/customer";
    const PARTY: Party = Party::Customer;
    fn hello(heard: ToCustomer) -> Option<Hello> {
        match heard {
            ToCustomer::Hello(hello) => Some(*hello),
            _ => None,
        }
    }
}

impl Side for AgentSide {
    type Says = FromAgent;
    type Hears = ToAgent;
    const PATH: &'static str = "/agent";
    const PARTY: Party = Party::Agent;
    fn hello(heard: ToAgent) -> Option<Hello> {
        match heard {
            ToAgent::Hello(hello) => Some(*hello),
            _ => None,
        }
    }
}

/// The server's first frame on every connection: who it is and what it keeps to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the protocol: `wire::PROTOCOL`.
    pub protocol: u32,
    /// The server's name and version.
    pub server: String,
    /// How it gives out chats, by the name in scenarios.
    pub policy: String,
    /// The most that may wait; none for no limit.
    pub queue_limit: Option<u32>,
    /// How many levels of priority there are.
    #[serde(default = "one")]
    pub levels: u8,
    /// Wall milliseconds of waiting after which a chat is raised by one level; none for never.
    #[serde(default)]
    pub age_after_ms: Option<u64>,
    /// Wall milliseconds of silence, once an agent has answered, after which it ends a chat; none
    /// for never.
    #[serde(default)]
    pub inactivity_ms: Option<u64>,
    /// Wall milliseconds for which it keeps the chat of a customer whose connection is lost; none
    /// for not at all.
    #[serde(default)]
    pub kept_ms: Option<u64>,
    /// The most bytes of a message.
    pub frame_limit: u32,
    /// Wall milliseconds without a sign of life after which it cuts a connection.
    pub idle_ms: u64,
}

impl Hello {
    fn words(&mut self) -> Vec<&mut String> {
        vec![&mut self.server, &mut self.policy]
    }
}

/// What a customer says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromCustomer {
    /// Asks for an agent; once a connection.
    Open {
        /// The chat's name, handed to the agent; see `Marker`.
        marker: String,
        /// The first message, handed over with the assignment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The level of priority, 0 for the least.
        #[serde(default, skip_serializing_if = "is_zero")]
        priority: u8,
        /// Asks that the chat be kept if the connection is lost, for who shows this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ticket: Option<String>,
    },
    /// Goes on with a chat that was kept, on another connection than before; in place of `Open`.
    Resume {
        /// As it was said with `Open`.
        ticket: String,
        /// How many of the frames that are counted it has heard in this chat.
        heard: u32,
    },
    /// A message to the agent; kept for the agent while the chat waits.
    Say {
        /// Its number among the customer's messages, from 1.
        seq: u32,
        /// What is said.
        text: String,
        /// Of a chat that is kept: how many of the frames that are counted it has heard.
        #[serde(default, skip_serializing_if = "is_zero")]
        heard: u32,
    },
    /// Is seen typing.
    Typing {},
    /// Leaves the queue or the chat.
    Leave {},
}

/// What the server says to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToCustomer {
    /// The first frame; apart, since all others are smaller.
    Hello(Box<Hello>),
    /// The chat goes on here; the frames follow that were not heard.
    Resumed {
        /// The highest number of the customer's messages that have come.
        got: u32,
        /// How many frames follow that were said before.
        missed: u32,
    },
    /// There is no such chat, or no more.
    Gone {},
    /// No agent is free, or the agent has handed the chat over.
    Queued {
        /// The place in the queue, from 1.
        position: u32,
    },
    /// An agent has the chat.
    Assigned {
        /// Who.
        agent: u32,
    },
    /// A reply.
    Message {
        /// Its number among the agent's replies in this chat, from 1.
        seq: u32,
        /// What is said.
        text: String,
    },
    /// The agent is typing.
    Typing {},
    /// Turned away; the connection is closed.
    Rejected {
        /// Why: `queue-full`.
        reason: String,
    },
    /// The chat is over; the connection is closed.
    Closed {
        /// Who ended it.
        by: Party,
    },
    /// A frame that could not be followed.
    Error {
        /// Why; see `Reason`.
        reason: String,
    },
}

/// Who ended a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The customer left.
    Customer,
    /// The agent closed it.
    Agent,
    /// The customer was quiet for too long, the agent's connection was lost, or the server stops.
    Server,
}

impl Party {
    /// The name in frames and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Party::Customer => "customer",
            Party::Agent => "agent",
            Party::Server => "server",
        }
    }
}

/// What an agent says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromAgent {
    /// Takes chats from now on.
    Online {
        /// The agent's number, from 0.
        agent: u32,
        /// How many chats at a time, wrap-up included.
        limit: u32,
    },
    /// A reply to a customer.
    Reply {
        /// In which chat.
        chat: u64,
        /// Its number among the replies in this chat, from 1.
        seq: u32,
        /// What is said.
        text: String,
    },
    /// Is seen typing by a customer.
    Typing {
        /// In which chat.
        chat: u64,
    },
    /// Ends a chat; its slot stays held.
    Close {
        /// Which.
        chat: u64,
    },
    /// Wrap-up is over: the slot of an ended chat is free.
    Free {
        /// Which.
        chat: u64,
    },
    /// Gives a chat back: it waits at the front of the queue, with its age; its slot is free.
    HandOver {
        /// Which.
        chat: u64,
    },
    /// Takes no new chats; finishes its own.
    Offline {},
}

/// What the server says to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToAgent {
    /// The first frame; apart, since all others are smaller.
    Hello(Box<Hello>),
    /// The agent takes chats.
    Online {
        /// Who.
        agent: u32,
        /// How many at a time.
        limit: u32,
    },
    /// A chat is the agent's, who holds a slot more.
    Assigned {
        /// The chat's number, used once in a server's life; below 2^53.
        chat: u64,
        /// The chat's name, as the customer gave it.
        marker: String,
        /// The customer's first message, if it came with the chat; further ones follow, each as a
        /// `Message`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// How often the chat was handed over before.
        #[serde(default, skip_serializing_if = "is_zero")]
        turn: u8,
        /// Of a chat that was handed over: how many `Reply` frames there were.
        #[serde(default, skip_serializing_if = "is_zero")]
        answered: u32,
        /// Of a chat that was handed over: the first message that waits for a reply, if one does.
        /// Further ones follow, each as a `Message`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pending: Option<Said>,
    },
    /// The customer has said something.
    Message {
        /// In which chat.
        chat: u64,
        /// Its number among the customer's messages.
        seq: u32,
        /// What is said.
        text: String,
    },
    /// The customer is typing.
    Typing {
        /// In which chat.
        chat: u64,
    },
    /// The customer has left, its connection was lost, or the server has ended the chat; the slot
    /// stays held until `free`.
    Left {
        /// Which chat.
        chat: u64,
    },
    /// A slot that the agent has freed is free, and all that it brings has been said.
    Freed {
        /// The chat that was in it.
        chat: u64,
    },
    /// The agent's last chat is over: it is away.
    Offline {},
    /// A frame that could not be followed.
    Error {
        /// Why; see `Reason`.
        reason: String,
        /// The chat that the frame named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat: Option<u64>,
    },
}

/// A message of a customer, as it is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its number among the customer's messages.
    pub seq: u32,
    /// What was said.
    pub text: String,
}

impl ToCustomer {
    /// Whether it is counted, and kept for who has not heard it: what tells how the chat stands, or
    /// is part of it.
    pub fn is_counted(&self) -> bool {
        match self {
            ToCustomer::Queued { .. }
            | ToCustomer::Assigned { .. }
            | ToCustomer::Message { .. }
            | ToCustomer::Closed { .. } => true,
            ToCustomer::Hello(_)
            | ToCustomer::Resumed { .. }
            | ToCustomer::Gone {}
            | ToCustomer::Typing {}
            | ToCustomer::Rejected { .. }
            | ToCustomer::Error { .. } => false,
        }
    }

    /// An error frame.
    pub fn error(reason: Reason) -> ToCustomer {
        let reason = reason.code().to_owned();
        ToCustomer::Error { reason }
    }
}

impl ToAgent {
    /// An error frame about `chat`, if the frame in question named one.
    pub fn error(reason: Reason, chat: Option<u64>) -> ToAgent {
        let reason = reason.code().to_owned();
        ToAgent::Error { reason, chat }
    }
}

fn one() -> u8 {
    1
}

/// Whether a count can be left out.
fn is_zero<N: Default + PartialEq>(count: &N) -> bool {
    *count == N::default()
}

impl Frame for FromCustomer {}

impl FromCustomer {
    /// The text of a message; an empty one of anything else.
    pub fn into_text(self) -> String {
        match self {
            FromCustomer::Say { text, .. } => text,
            _ => String::new(),
        }
    }
}

impl Frame for FromAgent {
    fn chat(&self) -> Option<u64> {
        match self {
            FromAgent::Reply { chat, .. }
            | FromAgent::Typing { chat }
            | FromAgent::Close { chat }
            | FromAgent::Free { chat }
            | FromAgent::HandOver { chat } => Some(*chat),
            FromAgent::Online { .. } | FromAgent::Offline {} => None,
        }
    }
}

impl Frame for ToCustomer {
    fn words(&mut self) -> Vec<&mut String> {
        match self {
            ToCustomer::Hello(hello) => hello.words(),
            ToCustomer::Rejected { reason } | ToCustomer::Error { reason } => vec![reason],
            _ => Vec::new(),
        }
    }
}

impl Frame for ToAgent {
    fn chat(&self) -> Option<u64> {
        match self {
            ToAgent::Assigned { chat, .. }
            | ToAgent::Message { chat, .. }
            | ToAgent::Typing { chat }
            | ToAgent::Left { chat }
            | ToAgent::Freed { chat } => Some(*chat),
            ToAgent::Error { chat, .. } => *chat,
            ToAgent::Hello(_) | ToAgent::Online { .. } | ToAgent::Offline {} => None,
        }
    }

    fn marker(&self) -> Option<&str> {
        match self {
            ToAgent::Assigned { marker, .. } => Some(marker),
            _ => None,
        }
    }

    fn words(&mut self) -> Vec<&mut String> {
        match self {
            ToAgent::Hello(hello) => hello.words(),
            ToAgent::Error { reason, .. } => vec![reason],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
