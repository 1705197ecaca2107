//! Owns `Fate`: how a chat that was offered ends.
//!
//! Law: every chat offered has exactly one.

/// How a chat that was offered ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Fate {
    /// Got to its end.
    Handled,
    /// Left in the queue.
    AbandonedQueue,
    /// Left in the chat.
    AbandonedChat,
    /// Turned away: the queue was full, or the desk closed.
    Rejected,
    /// Ended by the agent or the system: its shift was over, or the customer seemed gone.
    Dropped,
    /// Neither ended nor left when the drain was over.
    OpenAtEnd,
    /// Live: never got in.
    Failed,
    /// Live: cut and not resumed.
    Broken,
}

impl Fate {
    /// All fates, in the order of the result file.
    pub const ALL: [Fate; 8] = [
        Fate::Handled,
        Fate::AbandonedQueue,
        Fate::AbandonedChat,
        Fate::Rejected,
        Fate::Dropped,
        Fate::OpenAtEnd,
        Fate::Failed,
        Fate::Broken,
    ];

    /// The name in measures, records and reports.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Handled => "handled",
            Fate::AbandonedQueue => "abandoned_queue",
            Fate::AbandonedChat => "abandoned_chat",
            Fate::Rejected => "rejected",
            Fate::Dropped => "dropped",
            Fate::OpenAtEnd => "open_at_end",
            Fate::Failed => "failed",
            Fate::Broken => "broken",
        }
    }
}
