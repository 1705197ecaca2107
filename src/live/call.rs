//! Owns `Call`: what the people of a live run are asked to do, all of them.
//!
//! Law: calls are made in this order; who is called home or to stop is not called back.

/// What people are asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Agents connect; nobody comes yet.
    Gather,
    /// The scenario's time goes.
    Play,
    /// All customers are gone: agents log out.
    GoHome,
    /// The run is given up: customers leave, agents log out.
    Stop,
}

impl Call {
    /// Whether people are to go, for either reason.
    pub fn is_over(self) -> bool {
        matches!(self, Call::GoHome | Call::Stop)
    }
}
