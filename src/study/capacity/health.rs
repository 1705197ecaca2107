//! Owns `Health`: whether a server is well enough for the next probe.
//!
//! Law: a server is held against itself, as it was before the first probe: what it takes to let
//! somebody in tells whether it still has work left over from the last one.

use std::time::Duration;

/// A greeting may take so many times as long as the first.
const TIMES: u32 = 5;

/// And may always take so long: less is the machine's own noise.
const ALWAYS: Duration = Duration::from_millis(200);

/// How a server is when it is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    first: Duration,
}

impl Health {
    /// How long somebody may take to be let in, before the first probe.
    pub const FIRST_MOST: Duration = Duration::from_secs(10);

    /// Wall time between two looks at a server that is not well.
    pub const PAUSE: Duration = Duration::from_secs(1);

    /// A server that took so long to let somebody in.
    pub fn new(first: Duration) -> Health {
        Health { first }
    }

    /// How long it may take from now on.
    pub fn bound(self) -> Duration {
        (self.first * TIMES).max(ALWAYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_held_against_itself() {
        let bound = |first| {
            Health::new(Duration::from_millis(first))
                .bound()
                .as_millis()
        };
        assert_eq!([bound(1), bound(40), bound(300)], [200, 200, 1_500]);
    }
}
