//! Owns `On`: what a server's event means, and what it says about it.
//!
//! Law: a matcher names one meaning and asks for no more than that meaning has. They are asked in
//! the order of the file, and the first that hits takes the event.

use serde_json::{Value as Json, json};

use super::conditions::Conditions;
use super::form::{Captured, POINTER};
use super::lexicon::Lexicon;
use super::matcher::Matcher;
use super::step::{Keep, keep};
use crate::scenario::document::{Node, Place, Value};
use crate::scenario::form::{Form, wrong_kind};
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};

/// What an event can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The person is in.
    Ready,
    /// The server takes the agent for online.
    Online,
    /// The chat waits.
    Queued,
    /// The chat has its other side.
    Assigned,
    /// Something was said.
    Message,
    /// Somebody is typing.
    Typing,
    /// The chat is over.
    Closed,
    /// The chat goes to another agent.
    Transferred,
    /// The server refuses something.
    Error,
    /// Too much is asked of the server.
    Throttled,
    /// The chat of a customer who was cut off goes on.
    Resumed,
    /// It does not.
    Gone,
    /// Nothing that matters: so that it is not taken for something else.
    Ignored,
}

/// A matcher and what it means.
#[derive(Clone, Debug)]
pub struct On {
    /// What it means.
    pub meaning: Meaning,
    /// What it looks for, and what it says.
    pub matcher: Matcher,
    /// What is kept of it.
    pub keeps: Vec<Keep>,
    /// Where it stands.
    pub place: Place,
}

type Row = (Meaning, &'static str, &'static str, &'static [&'static str]);

const CHAT: &[&str] = &["chat", "from"];

const MEANINGS: [Row; 13] = [
    (
        Meaning::Ready,
        "ready",
        "The person is in: awaited after `connect`.",
        &[],
    ),
    (
        Meaning::Online,
        "online",
        "The server takes the agent for online.",
        &[],
    ),
    (
        Meaning::Queued,
        "queued",
        "The chat waits.",
        &["chat", "position"],
    ),
    (
        Meaning::Assigned,
        "assigned",
        "The chat has its other side.",
        &["chat", "from"],
    ),
    (
        Meaning::Message,
        "message",
        "Something was said in a chat.",
        &["chat", "from", "text", "id", "ts"],
    ),
    (Meaning::Typing, "typing", "The other side is typing.", CHAT),
    (Meaning::Closed, "closed", "The chat is over.", CHAT),
    (
        Meaning::Transferred,
        "transferred",
        "The chat goes to another agent.",
        CHAT,
    ),
    (
        Meaning::Error,
        "error",
        "The server refuses something.",
        &["chat", "from", "kind"],
    ),
    (
        Meaning::Throttled,
        "throttled",
        "The server says that too much is asked of it.",
        &["chat", "from", "kind", "retry"],
    ),
    (
        Meaning::Resumed,
        "resumed",
        "The chat of a customer who was cut off goes on: awaited after `resume`.",
        &["chat"],
    ),
    (
        Meaning::Gone,
        "gone",
        "The server has the chat of a customer who was cut off no longer.",
        &["chat"],
    ),
    (
        Meaning::Ignored,
        "ignored",
        "What is known and means nothing here, so that it is not taken for something else.",
        &[],
    ),
];

/// What a matcher can say, and what that is.
const SAID: [(&str, &str); 8] = [
    ("chat", "Where the server's name for the chat stands."),
    ("from", "Where the address of the one who speaks stands."),
    ("position", "Where the place in the queue stands."),
    ("text", "Where the text stands."),
    ("id", "Where the server's name for the message stands."),
    (
        "ts",
        "Where the server's time stands, with its unit: \"/data/ts:ms\".",
    ),
    ("kind", "Where the kind of the refusal stands."),
    (
        "retry",
        "Where it stands when to come again, with its unit: \"/retry_after_ms:ms\".",
    ),
];

impl Meaning {
    /// As it is written.
    pub fn key(self) -> &'static str {
        MEANINGS[self as usize].1
    }
}

/// One matcher, or a list of them.
struct Matchers<'a>(&'a Lexicon, Row);

impl Form for Matchers<'_> {
    type Out = Vec<On>;

    fn says(&self) -> String {
        "a table with `when`, or a list of them".into()
    }

    fn example(&self) -> String {
        "{ when = { \"/event\" = \"NAME\" } }".into()
    }

    fn schema(&self) -> Json {
        let one = section::describe(|section| ask_one(section, self.0, self.1));
        json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Vec<On>> {
        let nodes = match &node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut found = Vec::new();
        for node in nodes {
            let Value::Table(table) = &node.value else {
                wrong_kind(self, key, node, problems);
                return None;
            };
            let ask = |section: &mut Section| ask_one(section, self.0, self.1);
            let name = format!("`{key}`");
            found.push(section::read(&name, table, node.place, problems, ask));
        }
        Some(found)
    }
}

/// Asks for the matchers of every meaning.
pub fn ask(section: &mut Section, lexicon: &Lexicon) -> Vec<On> {
    let mut found = Vec::new();
    for row in MEANINGS {
        let matchers = section.optional(row.1, row.2, &Matchers(lexicon, row));
        found.extend(matchers.map_or(Vec::new(), |matchers| matchers.value));
    }
    // In the order of the file, whatever the order of the meanings.
    found.sort_by_key(|on| on.place);
    found
}

fn ask_one(section: &mut Section, lexicon: &Lexicon, (meaning, _, _, says): Row) -> On {
    let doc =
        "Where several events stand in one frame: tests and pointers count from each of them.";
    let each = section.optional("each", doc, &POINTER);
    let each = each.map(|each| each.value);
    let conditions = Conditions {
        lexicon,
        each: each.as_ref(),
    };
    let doc = "Tests by pointer; all have to hold.";
    let when = section.required("when", doc, &conditions);
    let mut captures = Vec::new();
    for (key, doc) in SAID.into_iter().filter(|(key, _)| says.contains(key)) {
        let form = Captured {
            name: key,
            each: each.as_ref(),
        };
        let capture = match key {
            "text" => section.required(key, doc, &form),
            _ => section.optional(key, doc, &form),
        };
        captures.extend(capture.map(|capture| capture.value));
    }
    let keeps = section.map(
        "capture",
        "What is kept of it: the name of the value and where it stands.",
        &keep::Name(lexicon),
        &keep::Written(each.as_ref()),
    );
    On {
        meaning,
        matcher: Matcher {
            when: when.map_or(Vec::new(), |when| when.value),
            captures,
            each,
        },
        keeps: keep::list(keeps),
        place: section.place(),
    }
}
