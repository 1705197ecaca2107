//! Owns `Tap`: what is taken down of the frames on one connection, for the customer who is traced.
//!
//! Law: only connections of a run in which somebody is traced have one, and of an agent's only what
//! concerns that customer's chats is taken down. What is taken down is fit to be shown: clean, without
//! secrets, and of a stated length at most.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;
use tokio_tungstenite::tungstenite::http::StatusCode;

use super::credentials::Credentials;
use super::dial::Dial;
use super::orbit::Caller;
use super::scene::Scene;
use crate::measure::seen::Passing;
use crate::secret::Mask;
use crate::time::Time;
use crate::wire::clean::clean_to;
use crate::wire::frame::Frame;

/// The most characters of a frame that are shown.
pub const FRAME_SHOWN: usize = 1_000;

/// Whoever takes down what a tap lets through.
pub trait Witness {
    /// The attempt of the traced customer whose chat this marker names; none where it is another's.
    fn follows(&self, marker: &str) -> Option<u16>;
    /// Takes something down, which was due at `due` if it was due at all, and has just passed.
    fn saw(&self, attempt: u16, agent: Option<u32>, passing: Passing, due: Time, text: String);
}

/// What is taken down of the frames on a connection.
pub struct Tap {
    witness: Rc<dyn Witness>,
    whose: Whose,
    /// What nobody is to see.
    mask: Arc<Mask>,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tap({:?})", self.whose)
    }
}

/// Whose connection it is.
#[derive(Debug)]
enum Whose {
    /// The traced customer's own, in this attempt, who was due at this time.
    Customer(u16, Time),
    /// This agent's, with the chats of the traced customer on it: the server's number and the
    /// attempt.
    Agent(u32, Vec<(u64, u16)>),
}

impl Tap {
    /// A tap on the connection of a customer, who came at `due`, if that is the one who is traced.
    pub fn of_customer<D: Dial>(
        scene: &Rc<Scene<D>>,
        caller: Caller,
        due: Time,
    ) -> Option<Box<Tap>> {
        let traced = scene.traces(caller.number);
        traced.then(|| Tap::on(scene, Whose::Customer(caller.attempt, due)))
    }

    /// A tap on the connection of an agent, if somebody is traced.
    pub fn of_agent<D: Dial>(scene: &Rc<Scene<D>>, agent: u32) -> Option<Box<Tap>> {
        let traced = scene.traces_somebody();
        traced.then(|| Tap::on(scene, Whose::Agent(agent, Vec::new())))
    }

    #[cold]
    fn on<D: Dial>(scene: &Rc<Scene<D>>, whose: Whose) -> Box<Tap> {
        let witness: Rc<dyn Witness> = Rc::<Scene<D>>::clone(scene);
        let mask = scene.to.credentials().map(Credentials::mask).cloned();
        let mask = mask.unwrap_or_default();
        Box::new(Tap {
            witness,
            whose,
            mask,
        })
    }

    /// The handshake is asked for with this text. Values of headers are not shown.
    #[cold]
    pub fn asks(&self, request: &str) {
        if let Whose::Customer(_, due) = self.whose {
            let mut lines = request.lines();
            let asked = lines.next().unwrap_or_default();
            let headers = lines.filter_map(|line| line.split_once(':'));
            let names = names(headers.map(|(name, _)| name));
            self.tell(Passing::Said, due, &format!("{asked}, with {names}"));
        }
    }

    /// The handshake is answered, with headers of these names.
    #[cold]
    pub fn answered<'n>(&self, status: u16, headers: impl Iterator<Item = &'n str>) {
        let (status, names) = (in_words(status), names(headers));
        let words = format!("HTTP {status}, with {names}");
        self.tell(Passing::Heard, Time::NEVER, &words);
    }

    /// A frame was said, which was due at `due` if it was due at all.
    #[cold]
    pub fn said(&mut self, frame: &impl Frame, due: Time) {
        if let Some((attempt, agent)) = self.concerned(frame) {
            let text = shown(&frame.encode(), &self.mask);
            self.witness.saw(attempt, agent, Passing::Said, due, text);
        }
    }

    /// A frame was heard, of this text.
    #[cold]
    pub fn heard(&mut self, frame: &impl Frame, text: &str) {
        if let Some((attempt, agent)) = self.concerned(frame) {
            let (passing, text) = (Passing::Heard, shown(text, &self.mask));
            self.witness.saw(attempt, agent, passing, Time::NEVER, text);
        }
    }

    /// Something else passed over the connection, or no frame of the protocol did.
    #[cold]
    pub fn tell(&self, passing: Passing, due: Time, words: &str) {
        if let Whose::Customer(attempt, _) = self.whose {
            let text = shown(words, &self.mask);
            self.witness.saw(attempt, None, passing, due, text);
        }
    }

    /// In which attempt of the traced customer a frame concerns it, and on which agent's connection.
    fn concerned(&mut self, frame: &impl Frame) -> Option<(u16, Option<u32>)> {
        let (agent, chats) = match &mut self.whose {
            Whose::Customer(attempt, _) => return Some((*attempt, None)),
            Whose::Agent(agent, chats) => (*agent, chats),
        };
        let chat = frame.chat()?;
        if let Some(marker) = frame.marker() {
            chats.retain(|known| known.0 != chat);
            chats.extend(self.witness.follows(marker).map(|attempt| (chat, attempt)));
        }
        let known = chats.iter().find(|known| known.0 == chat)?;
        Some((known.1, Some(agent)))
    }
}

/// The names of headers, in small letters.
fn names<'n>(headers: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = headers.map(str::to_ascii_lowercase).collect();
    names.join(", ")
}

/// A status of HTTP, with its name.
pub(super) fn in_words(status: u16) -> String {
    let known = StatusCode::from_u16(status);
    known.map_or_else(|_| status.to_string(), |status| status.to_string())
}

/// A frame's text as it may be shown. What JSON escapes may hide a secret, so that where there are
/// secrets it is looked at unescaped.
fn shown(text: &str, mask: &Mask) -> String {
    let escaped = text.contains('\\') && *mask != Mask::default();
    let value = escaped.then(|| serde_json::from_str::<Value>(text).ok());
    match value.flatten() {
        Some(value) => clean_to(&masked(value, mask).to_string(), mask, FRAME_SHOWN),
        None => clean_to(text, mask, FRAME_SHOWN),
    }
}

/// The value, with all its texts masked.
fn masked(value: Value, mask: &Mask) -> Value {
    let text = |text: &str| clean_to(text, mask, FRAME_SHOWN);
    match value {
        Value::String(words) => Value::String(text(&words)),
        Value::Array(values) => values.into_iter().map(|v| masked(v, mask)).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(k, v)| (text(&k), masked(v, mask))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::wire::frame::{FromAgent, ToAgent};
    use crate::wire::marker::Marker;
    use std::cell::RefCell;

    /// Takes down all that concerns customer 17.
    #[derive(Default)]
    struct Clerk(RefCell<Vec<Taken>>);

    /// Attempt, agent, which way, text.
    type Taken = (u16, Option<u32>, Passing, String);

    impl Witness for Clerk {
        fn follows(&self, marker: &str) -> Option<u16> {
            let marker = Marker::parse(marker).filter(|marker| marker.customer == 17)?;
            u16::try_from(marker.attempt).ok()
        }

        fn saw(&self, attempt: u16, agent: Option<u32>, passing: Passing, _: Time, text: String) {
            self.0.borrow_mut().push((attempt, agent, passing, text));
        }
    }

    fn assigned(chat: u64, marker: &str) -> ToAgent {
        ToAgent::Assigned {
            chat,
            marker: marker.into(),
            text: None,
            turn: 0,
            answered: 0,
            pending: None,
        }
    }

    #[test]
    fn of_an_agents_frames_those_of_the_traced_customers_chats_are_taken_down() {
        let clerk = Rc::new(Clerk::default());
        let witness: Rc<dyn Witness> = Rc::<Clerk>::clone(&clerk);
        let whose = Whose::Agent(4, Vec::new());
        let mut tap = Tap {
            witness,
            whose,
            mask: Arc::default(),
        };
        let ours = assigned(7, "bh-00c0ffee-c17-1-u-0");
        tap.heard(&assigned(6, "bh-00c0ffee-c16-1-u-0"), "other");
        tap.heard(&ours, "assigned");
        tap.said(&FromAgent::Offline {}, Time::NEVER);
        for chat in [6, 7] {
            tap.said(&FromAgent::Close { chat }, Time::ZERO);
            tap.heard(&ToAgent::Freed { chat }, "freed");
        }
        tap.tell(Passing::Met, Time::NEVER, "words");
        // A server that gives the number to another's chat.
        tap.heard(&assigned(7, "no marker"), "another");
        tap.heard(&ToAgent::Left { chat: 7 }, "left");
        let texts = [
            (Passing::Heard, "assigned"),
            (Passing::Said, r#"{"type":"close","chat":7}"#),
            (Passing::Heard, "freed"),
        ];
        let expected = texts.map(|(passing, text)| (1, Some(4), passing, text.to_owned()));
        assert_eq!(*clerk.0.borrow(), expected);
    }

    #[test]
    fn secrets_are_masked_however_they_are_escaped() {
        let mask = Mask::of(&[Secret::new("canary/4711\"x")]);
        for (text, expected) in [
            (r#"{"type":"a","n":1}"#, r#"{"type":"a","n":1}"#),
            (
                r#"{"b":["canary\/4711\"x",2],"\u0063anary/4711\"x":null}"#,
                r#"{"b":["***",2],"***":null}"#,
            ),
            ("\u{1b}[2Jno canary", "[2Jno ***"),
        ] {
            assert_eq!(shown(text, &mask), expected);
        }
        let long = shown(&"x".repeat(2 * FRAME_SHOWN), &mask);
        assert_eq!(long.chars().count(), FRAME_SHOWN);
    }
}
