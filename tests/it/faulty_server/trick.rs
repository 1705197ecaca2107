//! Owns `Trick`: the mistakes of a server that a test can ask for.
//!
//! Law: each is one fault in the eyes of a run, whatever else comes of it.

use busyhour::live::journal::Fault;

/// A mistake of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trick {
    /// Loses a customer's message, behind the desk.
    LoseSaid,
    /// Loses it on the way to the desk, which takes the customer for quiet.
    LoseSaidEarly,
    /// Loses a reply after which the chat would go on.
    LoseReply,
    /// Loses the last reply, and closes the chat.
    LoseLast,
    /// Loses the message that comes with the assignment.
    LoseFirst,
    /// Loses the assignment on its way to the agent, and the first message with it.
    LoseAssignment,
    /// Says a reply, a customer's message, the last reply twice.
    TwiceReply,
    TwiceSaid,
    TwiceLast,
    /// Says it once more after the next.
    AgainReply,
    AgainSaid,
    /// Says a customer's message again when the chat is closed by its agent, when its customer has
    /// left, when the slot is free or the chat handed over.
    AgainClosed,
    AgainLeft,
    AgainFreed,
    /// Says the second part before the first.
    SwapReply,
    SwapSaid,
    /// Says it to somebody else, in place of the one whom it is for.
    WrongCustomer,
    WrongAgent,
    /// Says it to the right agent as of another chat: one that it has, and one that nobody has.
    WrongChat,
    NoChat,
    /// Says a customer's own message to the customer.
    Echo,
    /// Says something of another run just before a message of the same number.
    ForeignReply,
    ForeignSaid,
    /// Says something without a marker.
    Unmarked,
    /// Assigns a chat of another run.
    ForeignChat,
    /// Assigns a chat to a second agent as well, or to the same once more.
    TwoAgents,
    OneAgentTwice,
    /// Assigns more chats to an agent than it takes.
    OverLimit,
    /// Assigns a chat to an agent who has heard that it is away, or has not said that it is there.
    Away,
    TooEarly,
}

impl Trick {
    pub fn fault(self) -> Fault {
        match self {
            Trick::LoseSaid
            | Trick::LoseSaidEarly
            | Trick::LoseReply
            | Trick::LoseLast
            | Trick::LoseFirst
            | Trick::LoseAssignment => Fault::Lost,
            Trick::TwiceReply
            | Trick::TwiceSaid
            | Trick::TwiceLast
            | Trick::AgainReply
            | Trick::AgainSaid
            | Trick::AgainClosed
            | Trick::AgainLeft
            | Trick::AgainFreed => Fault::Duplicated,
            Trick::SwapReply | Trick::SwapSaid => Fault::Reordered,
            Trick::WrongCustomer
            | Trick::WrongAgent
            | Trick::WrongChat
            | Trick::NoChat
            | Trick::Echo => Fault::Misdelivered,
            Trick::ForeignReply | Trick::ForeignSaid | Trick::Unmarked | Trick::ForeignChat => {
                Fault::Foreign
            }
            Trick::TwoAgents | Trick::OneAgentTwice => Fault::AssignedTwice,
            Trick::OverLimit => Fault::OverLimit,
            Trick::Away | Trick::TooEarly => Fault::AssignedOffline,
        }
    }
}
