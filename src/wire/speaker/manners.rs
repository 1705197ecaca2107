//! Owns `Manners`: how a server goes about chats.
//!
//! Law: what a server does by itself nobody does a second time; what it leaves undone is known before a
//! run.

use crate::scenario::plan::EndsQuiet;

/// How a server goes about chats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Who gives chats to agents.
    pub dispatch: Dispatch,
    /// Who hears what is said.
    pub audience: Audience,
    /// What holds an agent's slot after the end of a chat.
    pub wrap_up: WrapUp,
    /// Who ends chats whose customers are gone silently.
    pub ends_quiet: EndsQuiet,
}

impl Manners {
    /// Those of the built-in protocol.
    pub const NATIVE: Manners = Manners {
        dispatch: Dispatch::Server,
        audience: Audience::Chat,
        wrap_up: WrapUp::Native,
        ends_quiet: EndsQuiet::Server,
    };
}

/// Who gives chats to agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// The server.
    Server,
    /// This program's router: the server only carries what is said.
    Busyhour,
    /// Agents, who take the next chat when they have room.
    Pull,
}

/// Who hears what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The other side of the chat.
    Chat,
    /// Everybody.
    All,
}

/// What holds an agent's slot after the end of a chat, while the agent wraps up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapUp {
    /// The server, until it is told that the slot is free.
    Native,
    /// The agent, who closes the chat only once the work after it is done.
    DelayClose,
    /// The agent, who is away meanwhile.
    StatusAway,
    /// Nothing: agents do none.
    None,
}
