//! Owns `Door`: how people have fared with the server's door.

use crate::live::journal::Connect;

/// How often people have come in, and how often not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Door {
    /// Came in for the first time.
    pub came_in: u64,
    /// Came back after their connection was lost, by plan or not.
    pub came_back: u64,
    /// Were not let in.
    pub stayed_out: u64,
    /// Lost their connection without a plan.
    pub lost: u64,
}

impl Door {
    pub(super) fn note(&mut self, how: Connect) {
        let count = match how {
            Connect::Back => &mut self.came_back,
            Connect::Out => &mut self.stayed_out,
            Connect::Lost => &mut self.lost,
        };
        *count += 1;
    }

    /// How often it went wrong.
    pub fn failures(self) -> u64 {
        self.stayed_out + self.lost
    }

    /// How often somebody has tried.
    pub fn tries(self) -> u64 {
        self.came_in + self.came_back + self.stayed_out
    }
}
