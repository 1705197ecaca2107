//! Owns `Management`: what the server has acknowledged, and what it would need to resume a lost
//! session (XEP-0198).
//!
//! Law: counts wrap at 2^32 as the document has it. What waits for its acknowledgement is
//! bounded: a session that has lost any of it still counts, and cannot be resumed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::element::Element;
use crate::error::{Error, Result};

/// The most stanzas that are kept until they are acknowledged.
const KEPT_MOST: usize = 256;

/// After so many stanzas that are no messages the server is asked as well.
const UNASKED_MOST: u8 = 16;

/// The most bytes of a session's name, and of where it is.
const ID_MOST: usize = 4_000;

/// What both sides count of each other.
#[derive(Debug)]
pub(super) struct Management {
    /// Where the session could be resumed.
    session: Option<Session>,
    /// How many stanzas have come.
    heard: u32,
    /// How many of ours stand before the first that is kept.
    before: u32,
    kept: VecDeque<Kept>,
    /// How many of ours have gone out since the server was asked.
    unasked: u8,
}

/// A session by the server's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// The person's address in it.
    pub(super) address: Box<str>,
    /// Its name.
    pub(super) id: Box<str>,
    /// How many seconds it is kept, where that is said.
    pub(super) most_s: Option<u32>,
    /// Where it is best resumed, where that is said.
    pub(super) location: Option<Box<str>>,
}

impl Session {
    /// How long the server keeps it, where it says so.
    pub(super) fn kept_for(&self) -> Option<Duration> {
        self.most_s.map(|most| Duration::from_secs(u64::from(most)))
    }
}

/// A stanza that is not acknowledged.
#[derive(Debug)]
struct Kept {
    stanza: Utf8Bytes,
    /// When it was said, of a message.
    said: Option<Duration>,
}

impl Management {
    /// Begins to count, as the server says with `enabled`.
    pub(super) fn begin(enabled: &Element, address: &str) -> Management {
        let resumable = matches!(enabled.attribute("resume"), Some("true" | "1"));
        let is_fit = |id: &&str| resumable && (1..=ID_MOST).contains(&id.len());
        let id = enabled.attribute("id").filter(is_fit);
        let location = enabled.attribute("location");
        let location = location.filter(|location| location.len() <= ID_MOST);
        let session = id.map(|id| Session {
            address: address.into(),
            id: id.into(),
            most_s: enabled.attribute("max").and_then(|most| most.parse().ok()),
            location: location.map(Into::into),
        });
        Management {
            session,
            heard: 0,
            before: 0,
            kept: VecDeque::new(),
            unasked: 0,
        }
    }

    /// The session that could be resumed.
    pub(super) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// A stanza came.
    pub(super) fn hear(&mut self) {
        self.heard = self.heard.wrapping_add(1);
    }

    /// How many have come.
    pub(super) fn heard(&self) -> u32 {
        self.heard
    }

    /// A stanza goes out; `said` is when, of a message. Whether the server is to be asked for its
    /// count.
    pub(super) fn say(&mut self, stanza: Utf8Bytes, said: Option<Duration>) -> bool {
        if self.kept.len() == KEPT_MOST {
            self.kept.pop_front();
            self.before = self.before.wrapping_add(1);
            self.session = None;
        }
        self.kept.push_back(Kept { stanza, said });
        self.unasked += 1;
        let asks = said.is_some() || self.unasked == UNASKED_MOST;
        if asks {
            self.unasked = 0;
        }
        asks
    }

    /// The server has taken so many; given back is when each message among those was said that were
    /// not acknowledged before.
    ///
    /// # Errors
    /// It has taken more than were said.
    pub(super) fn acknowledged(
        &mut self,
        counted: &Element,
    ) -> Result<impl Iterator<Item = Duration>> {
        let count: Option<u32> = counted.attribute("h").and_then(|count| count.parse().ok());
        let Some(count) = count else {
            return Err(Error::failed("the server acknowledges without a count"));
        };
        let ahead = count.wrapping_sub(self.before);
        // Of earlier ones: it is behind what we no longer keep, or repeats itself.
        let taken = if ahead > u32::MAX / 2 { 0 } else { ahead };
        let fits = usize::try_from(taken)
            .ok()
            .filter(|taken| *taken <= self.kept.len());
        let Some(fits) = fits else {
            return Err(Error::failed("the server acknowledges more than was said"));
        };
        self.before = self.before.wrapping_add(taken);
        Ok(self.kept.drain(..fits).filter_map(|kept| kept.said))
    }

    /// What is not acknowledged, in order.
    pub(super) fn unacknowledged(&self) -> impl Iterator<Item = &Utf8Bytes> {
        self.kept.iter().map(|kept| &kept.stanza)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(text: &str) -> Element {
        Element::read(text).unwrap()
    }

    fn begun() -> Management {
        let enabled = "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true' max='600'/>";
        Management::begin(&element(enabled), "a@b/c")
    }

    fn acknowledged(management: &mut Management, h: &str) -> Result<Vec<u64>> {
        let a = element(&format!("<a xmlns='urn:xmpp:sm:3' h='{h}'/>"));
        let said = management.acknowledged(&a)?;
        Ok(said.map(|said| said.as_secs()).collect())
    }

    fn at(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn messages_are_acknowledged_by_count() {
        let mut management = begun();
        assert!(management.say("1".into(), at(1)));
        assert!(!management.say("2".into(), None));
        assert!(management.say("3".into(), at(3)));
        assert_eq!(acknowledged(&mut management, "2").unwrap(), [1]);
        assert_eq!(
            acknowledged(&mut management, "1").unwrap(),
            [0; 0],
            "behind"
        );
        assert_eq!(acknowledged(&mut management, "3").unwrap(), [3]);
        for wrong in ["4", "x", "-1", ""] {
            assert!(acknowledged(&mut management, wrong).is_err(), "{wrong}");
        }
        assert!(management.acknowledged(&element("<a/>")).is_err());
    }

    #[test]
    fn counts_wrap() {
        let mut management = begun();
        (management.before, management.heard) = (u32::MAX, u32::MAX);
        management.say("1".into(), at(1));
        management.say("2".into(), at(2));
        assert_eq!(acknowledged(&mut management, "1").unwrap(), [1, 2]);
        management.hear();
        assert_eq!(management.heard(), 0);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut management = begun();
        let said = (0..KEPT_MOST).filter(|_| management.say("x".into(), None));
        assert_eq!(said.count(), KEPT_MOST / usize::from(UNASKED_MOST));
        assert!(management.session().is_some());
        management.say("y".into(), at(1));
        assert!(management.session().is_none(), "the first is lost");
        assert_eq!(management.unacknowledged().count(), KEPT_MOST);
        let all = (KEPT_MOST + 1).to_string();
        assert_eq!(acknowledged(&mut management, &all).unwrap(), [1]);
    }

    #[test]
    fn a_session_is_resumed_only_where_the_server_says_so() {
        let session = begun().session().cloned().unwrap();
        assert_eq!((&*session.id, session.most_s), ("s1", Some(600)));
        for enabled in [
            "<enabled/>",
            "<enabled id='a'/>",
            "<enabled resume='1' id=''/>",
            &format!("<enabled resume='1' id='{}'/>", "x".repeat(ID_MOST + 1)),
        ] {
            assert!(
                Management::begin(&element(enabled), "a@b/c")
                    .session()
                    .is_none()
            );
        }
    }
}
