//! Owns `Seen`: a frame of the customer who is traced, as it passed over a connection.
//!
//! Law: its text is fit to be shown, without secrets, before it is kept; whoever is not followed
//! costs one look at a number.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Time};

/// What passed over a connection, or happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When: for what was said its due time, where it was due at one; else as `passed`.
    pub at: Time,
    /// The scenario's time when it was written or read.
    pub passed: Time,
    /// Wall time since the start when it was written or read.
    pub wall: Span,
    /// How long after its due time it was written, on the wall; none of what was due at no time.
    pub late: Option<Span>,
    /// In which attempt of the customer; 0 is the first.
    pub attempt: u32,
    /// On which agent's connection; none for the customer's own.
    pub agent: Option<u32>,
    /// Which way it went.
    pub passing: Passing,
    /// The frame, or what happened, in words.
    pub text: String,
}

/// Which way something went, from the person's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Passing {
    /// Said to the server.
    Said,
    /// Heard from it.
    Heard,
    /// Neither: it happened to the connection.
    Met,
}

impl Passing {
    /// The sign for it, as in docs/protocol.md.
    pub fn sign(self) -> char {
        match self {
            Passing::Said => '>',
            Passing::Heard => '<',
            Passing::Met => '!',
        }
    }
}
