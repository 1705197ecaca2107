//! Owns `Sight`: what of a run was seen by who reports of it.
//!
//! Law: what was not seen is not measured, and the reader is told so; it is never a zero.

use super::catalogue::{tells_of_agents, tells_of_one_side};

/// What of a run was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Everybody, from both sides of each chat.
    #[default]
    Whole,
    /// The customers alone; the staff is the server's own.
    Customers,
    /// One part of several: its customers from their side, its agents in nobody knows whose chats.
    Part,
}

impl Sight {
    /// Whether both sides of each chat were seen.
    pub fn is_whole(self) -> bool {
        self == Sight::Whole
    }

    /// Whether a measure of this name is of what was seen.
    pub fn knows(self, name: &str) -> bool {
        match self {
            Sight::Whole => true,
            Sight::Customers => !tells_of_agents(name),
            Sight::Part => !tells_of_agents(name) || tells_of_one_side(name),
        }
    }

    /// What the reader must know of it.
    pub fn remark(self) -> Option<&'static str> {
        match self {
            Sight::Whole => None,
            Sight::Customers => Some(
                "the customers alone were played: slots, handle times, composing, agents over their \
                 limit and delivery from one side to the other are not measured",
            ),
            Sight::Part => Some(
                "this is one part of a run, and what follows is of its own customers: slots, handle \
                 times, composing, delivery and integrity take both sides of a chat, and with the \
                 gates are for `busyhour merge` to tell of all parts together",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_knows_its_customers_and_round_trips() {
        for (name, customers, part) in [
            ("wait_s_mean", true, true),
            ("round_trip_ms_p95", false, true),
            ("agent_online_ms_max", false, true),
            ("handle_s_mean", false, false),
            ("lost", false, false),
        ] {
            let knows = [Sight::Whole, Sight::Customers, Sight::Part].map(|s| s.knows(name));
            assert_eq!(knows, [true, customers, part], "{name}");
        }
    }
}
