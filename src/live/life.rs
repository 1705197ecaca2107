//! Owns `Life`: what was heard of a server since that was last asked.
//!
//! Law: a server that has not answered a ping for as long as it may say nothing is gone; one that says
//! anything is not asked.

/// What was heard of the server since that was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Something: a ping, or the answer to one, will do.
    Heard,
    /// Nothing.
    Quiet,
    /// Nothing, and it was pinged.
    Asked,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// There was a sign of life.
    Given,
    /// The server is to be pinged.
    Wanted,
    /// There is none.
    Missing,
}

impl Life {
    /// Looks for a sign of life, from time to time.
    pub fn look(&mut self) -> Sign {
        let (next, sign) = match self {
            Life::Heard => (Life::Quiet, Sign::Given),
            Life::Quiet => (Life::Asked, Sign::Wanted),
            Life::Asked => (Life::Asked, Sign::Missing),
        };
        *self = next;
        sign
    }
}
