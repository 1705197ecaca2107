//! Owns `Held`: a chat that the server has given to an agent, and where it stands.
//!
//! Law: it is the agent's only while it is open; before and after that it holds a place of the server's,
//! or a slot in which the agent wraps up.

use super::had::Had;
use crate::wire::marker::Marker;
use crate::wire::speaker::ChatNumber;

/// A chat that the server has given to the agent.
#[derive(Debug)]
pub(super) struct Held {
    pub number: ChatNumber,
    /// Whose it is.
    pub marker: Option<Marker>,
    /// What came before the agent could take it.
    pub kept: Vec<String>,
    /// What another agent had, of a chat that was handed over.
    pub had: Option<Box<Had>>,
    pub stage: Stage,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is not known whose it is, or the agent has no slot for it.
    Waiting,
    /// The agent has it.
    Open,
    /// The agent is through with it, and the server does not know.
    Closing,
    /// It is over for the server, and the agent wraps up.
    Over,
}
