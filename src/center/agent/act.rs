//! Owns what happens to an agent and what an agent does.
//!
//! Law: data only; the agent's file says when which comes.

use crate::center::ChatId;
use crate::center::rules::ShiftEnd;
use crate::random::Draws;
use crate::time::Span;

/// What happens to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentInput {
    /// The shift starts.
    Online,
    /// The shift ends: no new chats; this becomes of the own ones.
    Leaving(ShiftEnd),
    /// The customer in this slot has sent its next message.
    Message(SlotId),
    /// The customer in this slot has left, or the chat was closed by others: wrap-up starts.
    Left(SlotId),
}

/// A chat as it comes to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The chat.
    pub chat: ChatId,
    /// The customer's draws: what its replies and its wrap-up take.
    pub draws: Draws,
    /// After so many replies the agent closes the chat; `u32::MAX` where the customer does.
    pub exchanges: u32,
    /// What attention to the oldest customer goes by: less is older.
    pub age: u64,
    /// Messages answered so far.
    pub answered: u32,
    /// Whether a message is pending: always in a new chat.
    pub pending: bool,
    /// How often the chat was handed over: a reply cut by it is drawn anew, from the next index.
    pub turn: u8,
}

impl Handover {
    /// A new chat, its first message pending.
    pub fn of_new(chat: ChatId, draws: Draws, exchanges: u32, age: u64) -> Handover {
        Handover {
            chat,
            draws,
            exchanges,
            age,
            answered: 0,
            pending: true,
            turn: 0,
        }
    }
}

/// What an agent does in one of its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentAct {
    /// What is done.
    pub deed: Deed,
    /// Where.
    pub slot: SlotId,
    /// In which chat.
    pub chat: ChatId,
    /// The attention that a reply took, sent or cut; zero for other deeds.
    pub composed: Span,
}

/// What an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A reply is sent.
    Reply {
        /// Whether the agent closes the chat with it: wrap-up starts.
        last: bool,
    },
    /// The customer has been quiet for so long that the chat is closed: wrap-up starts.
    Expire,
    /// At the end of the shift the chat goes back to the queue; its slot is free.
    HandOver,
    /// At the end of the shift the chat is ended: wrap-up starts.
    Drop,
    /// Wrap-up is over, the slot is free.
    Free,
}

/// A slot, by its place at the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotId(pub u16);
