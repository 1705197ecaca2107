//! Owns `Sight`: what of a run was seen by who reports of it.
//!
//! Law: what was not seen is not measured, and the reader is told so; it is never a zero.

use super::catalogue::{tells_of_agents, tells_of_customers, tells_of_one_side};

/// What of a run was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    /// Everybody, from both sides of each chat.
    #[default]
    Whole,
    /// The customers alone; the staff is the server's own.
    Customers,
    /// The agents alone; the visitors come by themselves.
    Agents,
    /// One part of several: its customers from their side, its agents in nobody knows whose chats.
    Part,
}

impl Sight {
    /// Whether the agents' side of each chat was seen, from which its slot is known.
    pub fn sees_slots(self) -> bool {
        matches!(self, Sight::Whole | Sight::Agents)
    }

    /// Whether the customers' side of each chat was seen.
    pub fn sees_customers(self) -> bool {
        self != Sight::Agents
    }

    /// Whether a measure of this name is of what was seen.
    pub fn knows(self, name: &str) -> bool {
        match self {
            Sight::Whole => true,
            Sight::Customers => !tells_of_agents(name),
            Sight::Agents => !tells_of_customers(name),
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
            Sight::Agents => Some(
                "the agents alone were played, and what follows is of the chats that they were given, \
                 from then on: who came and waited, connecting, delivery and what becomes of messages \
                 are not measured",
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
    fn each_knows_what_those_who_were_played_see() {
        for (name, customers, agents, part) in [
            ("wait_s_mean", true, false, true),
            ("first_response_s_mean", true, true, true),
            ("round_trip_ms_p95", false, false, true),
            ("agent_online_ms_max", false, true, true),
            ("handle_s_mean", false, true, false),
            ("over_limit", false, true, false),
            ("lost", false, false, false),
        ] {
            let all = [Sight::Whole, Sight::Customers, Sight::Agents, Sight::Part];
            let knows = all.map(|sight| sight.knows(name));
            assert_eq!(knows, [true, customers, agents, part], "{name}");
        }
    }
}
