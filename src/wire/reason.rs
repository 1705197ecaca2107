//! Owns `Reason`: why a server turned a frame or a customer away.
//!
//! Law: a code never changes its meaning. On the wire a reason is text, so that a server may have
//! reasons of its own; these are ours.

/// Why a server turned a frame or a customer away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The queue is full: the customer is rejected.
    QueueFull,
    /// No frame of the protocol; the connection is closed.
    Unreadable,
    /// A binary message; the connection is closed.
    NotText,
    /// A message over the frame limit; the connection is closed.
    TooLong,
    /// Text that is not UTF-8; the connection is closed.
    NotUtf8,
    /// A second `open` on a connection.
    AlreadyOpen,
    /// A frame that needs an open chat.
    NotOpen,
    /// A message before an agent was assigned.
    NotAssigned,
    /// A marker that is empty, too long, or not of letters, digits and `-`.
    BadMarker,
    /// A priority that the server does not have.
    BadPriority,
    /// A ticket that is too short, too long, not of letters, digits and `-`, or in use.
    BadTicket,
    /// A second `online` before the first was over.
    AlreadyOnline,
    /// A frame that needs an agent who is online.
    NotOnline,
    /// A second `offline`.
    AlreadyLeaving,
    /// An agent's number that is too high.
    BadAgent,
    /// A concurrency limit of zero, or too high.
    BadLimit,
    /// The agent is online on another connection.
    AgentTaken,
    /// A chat that the agent does not hold.
    NotYourChat,
    /// A reply to, a close of, or a handing over of a chat that the agent has closed.
    ChatClosed,
    /// A `free` for a chat that is still going on.
    ChatOpen,
}

impl Reason {
    /// All reasons, in the order of the documentation.
    pub const ALL: [Reason; 20] = [
        Reason::QueueFull,
        Reason::Unreadable,
        Reason::NotText,
        Reason::TooLong,
        Reason::NotUtf8,
        Reason::AlreadyOpen,
        Reason::NotOpen,
        Reason::NotAssigned,
        Reason::BadMarker,
        Reason::BadPriority,
        Reason::BadTicket,
        Reason::AlreadyOnline,
        Reason::NotOnline,
        Reason::AlreadyLeaving,
        Reason::BadAgent,
        Reason::BadLimit,
        Reason::AgentTaken,
        Reason::NotYourChat,
        Reason::ChatClosed,
        Reason::ChatOpen,
    ];

    /// The word on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Reason::QueueFull => "queue-full",
            Reason::Unreadable => "unreadable",
            Reason::NotText => "not-text",
            Reason::TooLong => "too-long",
            Reason::NotUtf8 => "not-utf8",
            Reason::AlreadyOpen => "already-open",
            Reason::NotOpen => "not-open",
            Reason::NotAssigned => "not-assigned",
            Reason::BadMarker => "bad-marker",
            Reason::BadPriority => "bad-priority",
            Reason::BadTicket => "bad-ticket",
            Reason::AlreadyOnline => "already-online",
            Reason::NotOnline => "not-online",
            Reason::AlreadyLeaving => "already-leaving",
            Reason::BadAgent => "bad-agent",
            Reason::BadLimit => "bad-limit",
            Reason::AgentTaken => "agent-taken",
            Reason::NotYourChat => "not-your-chat",
            Reason::ChatClosed => "chat-closed",
            Reason::ChatOpen => "chat-open",
        }
    }
}
