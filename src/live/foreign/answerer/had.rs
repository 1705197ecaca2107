//! Owns `Had`: what is known of messages that were said while another agent had the chat.
//!
//! Law: each is heard once of each agent, whichever way it comes first.

use super::STRANGERS_MOST;

/// What is known of messages that were said while another agent had the chat. Where everybody hears
/// everything they come twice: over the server, and with the chat.
#[derive(Debug, Default)]
pub(super) struct Had {
    /// To which of them that agent has replied.
    pub answered: u32,
    /// Which have come with the chat, and not over the server.
    pub carried: Vec<u32>,
    /// Which have come over the server, and not with the chat.
    pub came: Vec<u32>,
}

impl Had {
    /// A message comes with the chat; whether it is news.
    pub fn carries(&mut self, sequence: u32) -> bool {
        is_first(&mut self.came, &mut self.carried, sequence)
    }

    /// A message comes over the server; whether it is news.
    pub fn comes(&mut self, sequence: u32) -> bool {
        is_first(&mut self.carried, &mut self.came, sequence)
    }
}

/// Whether it has not come the other way; what has not is kept, up to a bound.
fn is_first(others: &mut Vec<u32>, own: &mut Vec<u32>, sequence: u32) -> bool {
    if let Some(place) = others.iter().position(|other| *other == sequence) {
        others.swap_remove(place);
        return false;
    }
    if own.len() < STRANGERS_MOST {
        own.push(sequence);
    }
    true
}
