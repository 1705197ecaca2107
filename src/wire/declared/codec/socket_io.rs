//! Owns the packets of Socket.IO 5 over Engine.IO 4, as far as they are texts.
//!
//! Law: a packet is digits, then perhaps a namespace, an ack id and JSON, in this order; binary
//! ones are refused, because an event that came without its attachments would be another event.
//!
//! ```text
//! 0{..} open   1 close   2 ping   3 pong   4 message   6 noop
//! 40{..} connected   41 disconnected   42/space,7["name",..] event   437[..] ack   44{..} refused
//! ```

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Incoming, json};
use crate::error::{Error, Result};
use crate::wire::clean;
use crate::wire::declared::place::escape_json;

/// How often a server asks for a sign of life if it does not say, in milliseconds.
const PING_INTERVAL_MS: u64 = 25_000;

/// How long it waits for one if it does not say, in milliseconds.
const PING_TIMEOUT_MS: u64 = 20_000;

/// The most bytes of a text if it does not say.
const MAX_PAYLOAD: u64 = 1_000_000;

/// Reads a text, and calls `each` with what it says.
///
/// # Errors
/// It is no packet, or a binary one.
pub fn decode(text: &str, each: &mut dyn FnMut(Incoming)) -> Result<()> {
    let mut chars = text.chars();
    let kind = chars.next();
    let rest = chars.as_str();
    let said = match (kind, rest) {
        (Some('0'), _) => open(&json(rest)?),
        (Some('1'), "") => Incoming::Closed,
        (Some('2'), "") => Incoming::Reply(Cow::Borrowed("3")),
        (Some('2'), "probe") => Incoming::Reply(Cow::Borrowed("3probe")),
        (Some('3'), "" | "probe") | (Some('6'), "") => Incoming::Nothing,
        (Some('4'), _) => return message(rest, each),
        _ => return Err(no_packet(text)),
    };
    each(said);
    Ok(())
}

/// The packet that asks to be taken in, with what proves who we are as JSON; empty for nothing. The
/// main namespace is empty.
pub fn connect(namespace: &str, auth: &str) -> String {
    let mut packet = "40".to_string();
    push_namespace(namespace, &mut packet);
    packet.push_str(auth);
    packet
}

/// The packet of an event, with its one argument as JSON, empty for none, and the ack id by which
/// it is answered.
pub fn emit(namespace: &str, event: &str, data: &str, ack: Option<u64>) -> String {
    let mut packet = String::with_capacity(namespace.len() + event.len() + data.len() + 32);
    packet.push_str("42");
    push_namespace(namespace, &mut packet);
    if let Some(id) = ack {
        // Writing to a string does not fail.
        let _ = write!(packet, "{id}");
    }
    packet.push_str("[\"");
    escape_json(event, &mut packet);
    packet.push('"');
    if !data.is_empty() {
        packet.push(',');
        packet.push_str(data);
    }
    packet.push(']');
    packet
}

fn push_namespace(namespace: &str, packet: &mut String) {
    if !matches!(namespace, "" | "/") {
        packet.push_str(namespace);
        packet.push(',');
    }
}

fn open(said: &Value) -> Incoming {
    let number =
        |name: &str, otherwise| said.get(name).and_then(Value::as_u64).unwrap_or(otherwise);
    Incoming::Opened {
        ping_interval_ms: number("pingInterval", PING_INTERVAL_MS),
        ping_timeout_ms: number("pingTimeout", PING_TIMEOUT_MS),
        max_payload: number("maxPayload", MAX_PAYLOAD),
    }
}

/// Reads what stands behind the `4`.
fn message(text: &str, each: &mut dyn FnMut(Incoming)) -> Result<()> {
    let kind = text.chars().next();
    let (namespace, id, data) = parts(text.get(1..).unwrap_or_default());
    match kind {
        Some('0') => each(Incoming::Connected),
        Some('1') => each(Incoming::Closed),
        Some('2') => {
            let event = event(data).ok_or_else(|| no_packet(text))??;
            if !id.is_empty() {
                // Whoever asks whether it has come is told so.
                let mut answer = "43".to_string();
                push_namespace(namespace, &mut answer);
                answer.push_str(id);
                answer.push_str("[]");
                each(Incoming::Reply(Cow::Owned(answer)));
            }
            each(Incoming::Event(event));
        }
        Some('3') => {
            let id = id.parse().map_err(|_| no_packet(text))?;
            let data = match json(data)? {
                Value::Array(mut all) if all.len() == 1 => all.swap_remove(0),
                all @ Value::Array(_) => all,
                _ => return Err(no_packet(text)),
            };
            each(Incoming::Ack { id, data });
        }
        Some('4') if data.is_empty() => each(Incoming::Refused(Value::Null)),
        Some('4') => each(Incoming::Refused(json(data)?)),
        Some('5' | '6') => {
            let error = Error::failed("the server sent a binary packet, which is not spoken here");
            return Err(error.for_good());
        }
        _ => return Err(no_packet(text)),
    }
    Ok(())
}

/// The event `["name", ..]`, as `{event, data, args}`.
fn event(data: &str) -> Option<Result<Value>> {
    let all = match json(data) {
        Ok(Value::Array(all)) => all,
        Ok(_) => return None,
        Err(error) => return Some(Err(error)),
    };
    let mut args = all.into_iter();
    let name = args.next().filter(Value::is_string)?;
    let args: Vec<Value> = args.collect();
    let mut event = Map::with_capacity(3);
    event.insert("event".to_string(), name);
    event.insert(
        "data".to_string(),
        args.first().cloned().unwrap_or_default(),
    );
    event.insert("args".to_string(), Value::Array(args));
    Some(Ok(Value::Object(event)))
}

/// Namespace, ack id and the rest.
fn parts(text: &str) -> (&str, &str, &str) {
    let (namespace, rest) = match text.starts_with('/') {
        true => text.split_once(',').unwrap_or((text, "")),
        false => ("", text),
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (id, data) = rest.split_at(digits);
    (namespace, id, data)
}

#[cold]
fn no_packet(text: &str) -> Error {
    let start: String = text.chars().take(40).collect();
    let what = "the server sent what is no packet of Socket.IO 5";
    Error::failed(format!("{what}: {}", clean(&start)))
        .with_remedy("look whether the URL asks for EIO=4, and for transport=websocket")
}
