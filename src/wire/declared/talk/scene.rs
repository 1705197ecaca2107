//! Owns `Scene`: what a text's names stand for at one moment of a person's talk.
//!
//! Law: a name has one meaning. What a server said is a value like any other: where it is written,
//! the place escapes it.

use std::fmt::Write;
use std::time::Duration;

use super::fresh::Fresh;
use super::kept::Kept;
use crate::wire::declared::outside;
use crate::wire::declared::template::Values;
use crate::wire::frame::Party;
use crate::wire::speaker::{ChatNumber, Who};

/// What a text's names stand for.
pub struct Scene<'a> {
    /// Who speaks.
    pub who: &'a Who,
    /// What comes from outside.
    pub outside: &'a outside::Values,
    /// What the person keeps.
    pub kept: &'a Kept,
    /// Names that nobody has had before.
    pub fresh: &'a Fresh,
    /// When the talk was made, in Unix milliseconds by this machine's clock.
    pub born_ms: u64,
    /// When it is, since then.
    pub now: Duration,
    /// What it is about.
    pub about: &'a About,
    /// The agent's limit, once it is known.
    pub limit: Option<u32>,
}

/// What something that a person does is about.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Which chat.
    pub chat: Option<ChatNumber>,
    /// What is said.
    pub text: Option<Box<str>>,
    /// The level of priority.
    pub priority: Option<u8>,
    /// The number of the step on the connection.
    pub seq: u32,
}

/// The address of the agent's or customer's other side in a chat.
pub const PEER: &str = "chat.peer";

/// The server's name for a chat.
pub const ID: &str = "chat.id";

impl Values for Scene<'_> {
    fn write(&self, name: &str, into: &mut String) -> bool {
        let who = self.who;
        match name {
            "n" => number(into, who.number),
            "number1" => number(into, u64::from(who.number) + 1),
            "party" => text(into, Some(party(who.party))),
            "attempt" => number(into, who.attempt),
            "run" => {
                let _ = write!(into, "{:08x}", who.run);
                true
            }
            "uuid" => {
                self.fresh.uuid(into);
                true
            }
            "hex16" => {
                self.fresh.hex16(into);
                true
            }
            "seq" => number(into, self.about.seq),
            "now_ms" => number(into, self.born_ms + self.now.as_millis() as u64),
            "text" => text(into, self.about.text.as_deref()),
            "marker" => {
                let said = self.about.text.as_deref();
                text(into, said.and_then(|said| said.split_whitespace().next()))
            }
            "max_chats" => self.limit.is_some_and(|limit| number(into, limit)),
            "priority" => {
                let priority = self.about.priority;
                priority.is_some_and(|priority| number(into, priority))
            }
            _ => text(into, self.found(name)),
        }
    }
}

impl Scene<'_> {
    /// A value that was kept or comes from outside.
    pub fn found(&self, name: &str) -> Option<&str> {
        let (scope, rest) = name.split_once('.')?;
        match scope {
            "env" => self.outside.env.get(rest).map(String::as_str),
            "columns" => {
                let agent = self.who.party == Party::Agent;
                self.outside.cell(rest, agent, self.who.number)
            }
            _ => self.kept.get(name, self.about.chat),
        }
    }
}

fn number(into: &mut String, number: impl Into<u64>) -> bool {
    let _ = write!(into, "{}", number.into());
    true
}

fn text(into: &mut String, text: Option<&str>) -> bool {
    into.push_str(text.unwrap_or_default());
    text.is_some()
}

/// The side in one word.
pub fn party(party: Party) -> &'static str {
    match party {
        Party::Agent => "agent",
        Party::Customer | Party::Server => "customer",
    }
}
