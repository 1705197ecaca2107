//! Owns `Codec`: how events stand in the texts of a stream.
//!
//! Law: a text is events, a few words of the codec's own, or an error; never a panic, and nothing
//! deeper than the JSON reader allows. How long a text may be is the stream's business.

pub mod socket_io;

use std::borrow::Cow;

use serde_json::Value;

use super::pattern::Pattern;
use crate::error::{Error, Result};
use crate::wire::clean;

/// How events stand in the texts of a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Codec {
    /// A text is one event.
    Json,
    /// A text is an array of events; what is no array is one event.
    JsonArray,
    /// Socket.IO 5 over Engine.IO 4, texts only.
    SocketIo,
    /// A text is no JSON: the pattern's named groups are the event's members.
    Text(Pattern),
    /// A text is events, each with this character behind it.
    Separator(char),
}

/// What a text says.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// Something of the protocol that is declared.
    Event(Value),
    /// This has to be sent at once.
    Reply(Cow<'static, str>),
    /// The transport is open, and wants these signs of life.
    Opened {
        /// How often the server asks, in milliseconds.
        ping_interval_ms: u64,
        /// How long it waits for the answer, in milliseconds.
        ping_timeout_ms: u64,
        /// The most bytes of a text.
        max_payload: u64,
    },
    /// The server has taken us in, after `connect`.
    Connected,
    /// The answer to what was sent with an ack id.
    Ack {
        /// The id.
        id: u64,
        /// The one argument; an array where there are none or several.
        data: Value,
    },
    /// The server does not take us in: what it says.
    Refused(Value),
    /// The server ends it.
    Closed,
    /// Nothing that anybody waits for: a sign of life, a text that is not of this protocol.
    Nothing,
}

impl Codec {
    /// Reads a text, and calls `each` with what it says, in order and at least once.
    ///
    /// # Errors
    /// It is none of the codec's. What stood before the fault may have been handed out.
    pub fn decode(&self, text: &str, each: &mut dyn FnMut(Incoming)) -> Result<()> {
        match self {
            Codec::Json => each(Incoming::Event(json(text)?)),
            Codec::JsonArray => match json(text)? {
                Value::Array(events) if events.is_empty() => each(Incoming::Nothing),
                Value::Array(events) => events.into_iter().map(Incoming::Event).for_each(each),
                event => each(Incoming::Event(event)),
            },
            Codec::SocketIo => return socket_io::decode(text, each),
            Codec::Text(pattern) => {
                let event = pattern.groups(text).map(Incoming::Event);
                each(event.unwrap_or(Incoming::Nothing));
            }
            Codec::Separator(separator) => {
                let mut is_empty = true;
                for record in text.split(*separator).filter(|record| !is_blank(record)) {
                    is_empty = false;
                    each(Incoming::Event(json(record)?));
                }
                if is_empty {
                    each(Incoming::Nothing);
                }
            }
        }
        Ok(())
    }

    /// What is to be sent for a text; events of Socket.IO are made by [`socket_io::emit`].
    pub fn encode(&self, mut text: String) -> String {
        if let Codec::Separator(separator) = self {
            text.push(*separator);
        }
        text
    }
}

fn is_blank(record: &str) -> bool {
    record.bytes().all(|byte| byte.is_ascii_whitespace())
}

/// Reads JSON.
fn json(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| no_json(text, &error))
}

#[cold]
fn no_json(text: &str, error: &serde_json::Error) -> Error {
    let start: String = text.chars().take(40).collect();
    Error::failed(format!(
        "the server sent what is no JSON: {}: {}",
        clean(&error.to_string()),
        clean(&start)
    ))
}

#[cfg(test)]
mod tests;
