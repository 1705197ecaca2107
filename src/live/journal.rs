//! Owns the journal of a live run: what its people note, entry by entry.
//!
//! Law: an entry says what happened, to whom and when, and nothing of what is made of it: that is
//! the ledger's part. So people in several processes can note what happened, each their own side of
//! a chat, and all of it is posted in one place, in the order of time.

use serde::{Deserialize, Serialize};

use super::orbit::Caller;
use crate::center::fate::Fate;
use crate::measure::clock::Gauge;
use crate::measure::tally::Latency;
use crate::time::{Span, Time};
use crate::wire::marker::{Direction, Marker};

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When: for an act its due time, for a frame that was read the instant of that.
    pub at: Time,
    /// What.
    pub event: Event,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Something in a chat.
    Chat(Caller, ChatEvent),
    /// A customer has met the closed desk and gone away.
    ClosedDesk(Caller),
    /// A customer is in orbit from now on.
    IntoOrbit,
    /// A customer comes out of orbit.
    OutOfOrbit,
    /// An agent is there from now on: on shift, or late.
    Comes {
        /// After its shift.
        late: bool,
    },
    /// An agent is not there any more.
    Goes {
        /// After its shift.
        late: bool,
    },
    /// An agent begins composing, or leaves off.
    Attends(bool),
    /// An agent has taken a slot and now holds so many.
    SlotTaken(u32),
    /// An agent has freed a slot and now holds so many.
    SlotFreed(u32),
    /// Something took so long on the wall.
    Took(Latency, Span),
    /// How somebody fared with the server's door, but for those who just came in.
    Connect(Connect),
    /// The server has done something that it must not, as this reader sees; by the marker of what
    /// came, where it has one.
    Fault(Fault, Reader, Option<Marker>),
}

/// How somebody fares with the server's door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connect {
    /// Is back in, after its connection was lost.
    Back,
    /// Was not let in.
    Out,
    /// Has lost its connection, not by plan.
    Lost,
}

/// What happens in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum ChatEvent {
    /// The customer asks for an agent.
    Offered,
    /// An agent is given the chat of a stranger, and that is the first that is known of it.
    Met {
        /// Who.
        agent: u32,
        /// Whether a message came with it.
        pending: bool,
    },
    /// The stranger whose chat it is has left, as its agent hears.
    Parted,
    /// The customer hears that it waits, for the first time or because its agent has handed the
    /// chat over.
    Queued,
    /// The customer hears that this agent has the chat.
    Assigned(u32),
    /// The customer gives up waiting for an agent.
    LeavesQueue {
        /// Telling nobody.
        silently: bool,
    },
    /// The customer gives up waiting for a reply.
    LeavesChat {
        /// Telling nobody.
        silently: bool,
    },
    /// The desk closes while the customer waits, for the first time or again.
    SentAway,
    /// The customer hears that it is turned away.
    TurnedAway,
    /// The customer's next message is pending from now on.
    Says,
    /// The customer has read a reply to what was pending.
    Replied {
        /// Which was the last: the chat is handled.
        last: bool,
    },
    /// A reply has come for one who is gone silently.
    Unread,
    /// The customer hears that its agent has closed the chat.
    ClosedByAgent,
    /// The customer has no connection any more, by plan or not.
    Disconnected {
        /// Since when it may not have heard what was said.
        since: Time,
    },
    /// The customer is back, and its chat goes on.
    Back,
    /// The server keeps the chat of one who is away, or its place, no longer.
    Lapsed,
    /// The customer has just left while it was cut off: nobody has heard it.
    Unheard,
    /// The agent is through with the chat, but for its wrap-up; said where customers are cut off by
    /// plan.
    Over,
    /// The customer says the message of this number once more: it may have been lost on the way.
    SentAgain(u32),
    /// The connection of its agent is lost, and with it the chat.
    AgentLost {
        /// Who.
        agent: u32,
        /// Since when it may not have heard what was said, nor been heard.
        since: Time,
    },
    /// The connection that its agent had for this chat alone is lost: the agent neither hears nor is
    /// heard in it any more.
    LineLost,
    /// The chat is over for the customer: the server has ended it, or the connection is lost.
    Cut(Fate),
    /// The customer, on its way out, hears that the server has ended the chat.
    Ended,
    /// The run is over and the chat is not.
    LeftOpen,
    /// The agent has the chat.
    Taken(u32),
    /// The agent has given so much attention to a reply.
    Composed(Span),
    /// The agent ends the chat of itself.
    Closes,
    /// The agent gives the slot to others.
    LetGo {
        /// Who.
        agent: u32,
        /// The chat is over, not handed over.
        for_good: bool,
    },
    /// A message of the chat was written.
    Sent(Message),
    /// A message of the chat was read by this side.
    Read(Message, Reader),
}

/// A message on its way: one of the customer's, or one of the agents'.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub direction: Direction,
    /// Its number among the messages of this direction, from 1.
    pub sequence: u32,
    /// Wall time since the start when it was written or read; none where a message waited by the
    /// rules, so that how long it was under way tells nothing.
    pub wall: Option<Span>,
    /// How long after its due instant it was written.
    pub late: Span,
    /// On which machine, where several play one run together.
    #[serde(skip)]
    pub host: u16,
    /// How much of that the server has held its sender up.
    pub held_up: Span,
    /// In whose session it was written.
    pub origin: Origin,
}

/// In whose session a message was written, and how far that had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The number of the agent or the customer.
    pub number: u32,
    /// Bytes that had been sent on the connection with the message, beginning again at zero beyond
    /// four billion; zero where that is not known.
    pub sent: u32,
}

impl Message {
    /// A message of which it tells nothing how long it was under way.
    pub fn untimed(direction: Direction, sequence: u32) -> Message {
        Message {
            direction,
            sequence,
            wall: None,
            late: Span::ZERO,
            host: 0,
            held_up: Span::ZERO,
            origin: Origin::default(),
        }
    }

    /// How late its sender was of itself.
    pub fn lag(&self) -> Span {
        Span(self.late.0.saturating_sub(self.held_up.0))
    }
}

/// Who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reader {
    /// A customer, in this attempt.
    Customer(u32, u16),
    /// An agent.
    Agent(u32),
}

/// What a server must not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// A message was sent on a connection that stayed up to one who was there to read it, and did
    /// not come.
    Lost,
    /// A message came twice.
    Duplicated,
    /// A message came after one that was sent after it.
    Reordered,
    /// A message, or a chat, came to somebody else.
    Misdelivered,
    /// What came is of another run, or of none.
    Foreign,
    /// A chat was given to an agent while another had it, or twice to the same.
    AssignedTwice,
    /// An agent was given more chats than its limit.
    OverLimit,
    /// An agent was given a chat after the server had confirmed that it is away.
    AssignedOffline,
}

/// How many faults there are.
pub const FAULTS: usize = 8;

impl Fault {
    /// All of them, in the order in which they are told.
    pub const ALL: [Fault; FAULTS] = [
        Fault::Lost,
        Fault::Duplicated,
        Fault::Reordered,
        Fault::Misdelivered,
        Fault::Foreign,
        Fault::AssignedTwice,
        Fault::OverLimit,
        Fault::AssignedOffline,
    ];

    /// The name of its count among the measures.
    pub fn measure(self) -> &'static str {
        match self {
            Fault::Lost => "lost",
            Fault::Duplicated => "duplicated",
            Fault::Reordered => "reordered",
            Fault::Misdelivered => "misdelivered",
            Fault::Foreign => "foreign",
            Fault::AssignedTwice => "assigned_twice",
            Fault::OverLimit => "over_limit",
            Fault::AssignedOffline => "assigned_offline",
        }
    }
}

impl Event {
    /// The gauge of agents who are there, or there late.
    pub fn presence(late: bool) -> Gauge {
        if late {
            Gauge::Overtime
        } else {
            Gauge::Staffed
        }
    }
}
