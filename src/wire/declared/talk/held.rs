//! Owns `Held`: what a person did before it was in, to be done once it is.
//!
//! Law: it is the deed itself, with its words.

use crate::wire::speaker::{ChatNumber, Deed};

/// A deed that waits.
pub enum Held {
    /// One without words.
    Plain(Deed<'static>),
    /// A meeting.
    Meet(ChatNumber, Box<str>),
    /// A message.
    Say(ChatNumber, Box<str>),
}

impl Held {
    /// Keeps a deed.
    pub fn of(deed: Deed<'_>) -> Held {
        Held::Plain(match deed {
            Deed::Meet { chat, peer } => return Held::Meet(chat, peer.into()),
            Deed::Say { chat, text } => return Held::Say(chat, text.into()),
            Deed::Online { limit } => Deed::Online { limit },
            Deed::Offline => Deed::Offline,
            Deed::Open { priority } => Deed::Open { priority },
            Deed::Typing { chat } => Deed::Typing { chat },
            Deed::Close { chat } => Deed::Close { chat },
            Deed::Free { chat } => Deed::Free { chat },
            Deed::Transfer { chat } => Deed::Transfer { chat },
            Deed::Take => Deed::Take,
            Deed::Bye => Deed::Bye,
        })
    }

    /// The deed.
    pub fn deed(&self) -> Deed<'_> {
        match self {
            Held::Plain(deed) => *deed,
            Held::Meet(chat, peer) => Deed::Meet { chat: *chat, peer },
            Held::Say(chat, text) => Deed::Say { chat: *chat, text },
        }
    }
}
