//! Owns what one side of a rehearsal has heard, and how that is told.
//!
//! Law: of what a server says only what the rehearsal waits for is kept, however much it says.

use super::text;
use crate::wire::frame::Party;
use crate::wire::marker::{Direction, Marker};
use crate::wire::speaker::{ChatNumber, Tidings, Who};

/// What one side has heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// Where others reach the person, once it is in.
    pub address: Option<String>,
    /// The server takes the agent for online.
    pub is_online: bool,
    /// The chat waits; of an agent who takes chats: one does.
    pub waits: bool,
    /// The chat, once it has two sides.
    pub chat: Option<ChatNumber>,
    /// The other side was seen typing.
    pub typing: bool,
    /// The chat is over.
    pub is_over: bool,
    /// The highest number of a message of the other side's.
    came: u32,
}

impl Heard {
    /// Whether a message of the other side's has come, and those before it.
    pub fn has_come(&self, sequence: u32) -> bool {
        self.came >= sequence
    }

    /// Keeps what the person hears, and says it in words.
    pub fn take(&mut self, tidings: Tidings, who: &Who, own: Direction) -> String {
        match tidings {
            Tidings::Ready { address } => {
                let words = match address.as_str() {
                    "" => "is in".to_owned(),
                    address => format!("is in, to be reached at {address}"),
                };
                self.address = Some(address);
                words
            }
            Tidings::Online => {
                self.is_online = true;
                "is online".into()
            }
            Tidings::Queued { position } => self.queued(position, who),
            Tidings::Untaken { more } => {
                self.waits = more;
                "hears that the chat that it asked for is not to be had".into()
            }
            Tidings::Assigned { chat } => {
                self.chat = Some(chat);
                "has the chat".into()
            }
            Tidings::Message { text, .. } => self.message(&text, who, own),
            Tidings::Typing { .. } => {
                self.typing = true;
                "sees the other side typing".into()
            }
            Tidings::Closed { .. } => {
                self.is_over = true;
                "hears that the chat is over".into()
            }
            Tidings::Broken { .. } => {
                self.is_over = true;
                "has lost the connection of the chat".into()
            }
            Tidings::Transferred { .. } => "hears that the chat goes to somebody else".into(),
            Tidings::Acknowledged { after } => {
                format!("is told after {after:.1?} that the server has the message")
            }
            Tidings::Received { after } => {
                format!("is told after {after:.1?} that the other side has the message")
            }
            Tidings::Refused { kind, .. } => format!("is refused: {kind}"),
            Tidings::Throttled { kind, .. } => format!("is told that it is too much: {kind}"),
        }
    }

    fn queued(&mut self, position: Option<u32>, who: &Who) -> String {
        let agent = who.party == Party::Agent;
        self.waits = !agent || position != Some(0);
        match (agent, position) {
            (false, Some(position)) => format!("waits, at place {position}"),
            (false, None) => "waits".into(),
            (true, Some(many)) => format!("hears that {many} wait"),
            (true, None) => "hears that some wait".into(),
        }
    }

    fn message(&mut self, said: &str, who: &Who, own: Direction) -> String {
        let ours = |marker: &Marker| marker.run == who.run && marker.customer == who.number;
        let Some(marker) = Marker::of(said).filter(ours) else {
            return "hears something that was not said here".into();
        };
        if marker.direction == own {
            return "hears its own words".into();
        }
        self.came = self.came.max(marker.sequence);
        let changed = match said == text(marker) {
            true => "",
            false => ", which came changed",
        };
        format!("hears message {}{changed}", marker.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_other_side_has_said_here_counts() {
        let who = Who {
            party: Party::Agent,
            number: 0,
            attempt: 0,
            connection: 0,
            run: 7,
        };
        let marker = |run, direction| Marker {
            run,
            customer: 0,
            attempt: 0,
            direction,
            sequence: 1,
        };
        let mut heard = Heard::default();
        let mut hear = |said: String| {
            let chat = Some(1);
            let tidings = Tidings::Message {
                chat,
                text: said,
                server_ms: None,
            };
            let words = heard.take(tidings, &who, Direction::Agent);
            (words, heard.has_come(1))
        };
        let customers = marker(7, Direction::Customer);
        for (said, words, has_come) in [
            ("Welcome!".into(), "not said here", false),
            (text(marker(8, Direction::Customer)), "not said here", false),
            (text(marker(7, Direction::Agent)), "its own words", false),
            (text(customers), "message 1", true),
            (
                format!("{customers} &lt;"),
                "message 1, which came changed",
                true,
            ),
        ] {
            let (told, came) = hear(said);
            assert!(told.ends_with(words), "{told}");
            assert_eq!(came, has_come, "{told}");
        }
    }
}
