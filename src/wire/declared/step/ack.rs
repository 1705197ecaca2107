//! Owns `Ack`: how a server says that it has taken what was said.
//!
//! Law: an acknowledgement is told apart by the stream itself (Socket.IO counts them), by a value
//! that comes back, or by being the answer to a request; never by coming next.

use serde_json::{Value as Json, json};

use crate::scenario::document::{Node, Value};
use crate::scenario::form::{Form, wrong_kind};
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};
use crate::wire::declared::capture::Capture;
use crate::wire::declared::conditions;
use crate::wire::declared::form::{Captured, Holes};
use crate::wire::declared::lexicon::Lexicon;
use crate::wire::declared::matcher::Matcher;
use crate::wire::declared::template::Template;

/// How a server says that it has taken what was said.
#[derive(Clone, Debug, Default)]
pub struct Ack {
    /// A value that comes back in a later frame: where it stands, and what it is.
    pub by: Option<(Capture, Template)>,
    /// What else holds for that frame.
    pub when: Option<Matcher>,
    /// What it says besides.
    pub says: Vec<Capture>,
    /// The place in the queue.
    pub position: Option<Capture>,
    /// What makes a refusal of it.
    pub error: Option<Signal>,
}

/// Something to look for, and the kind that it has.
#[derive(Clone, Debug)]
pub struct Signal {
    /// The tests.
    pub when: Matcher,
    /// Where the kind stands.
    pub kind: Option<Capture>,
}

/// Reads an acknowledgement: `true`, or a table.
pub struct AckForm<'a>(pub &'a Lexicon);

impl Form for AckForm<'_> {
    type Out = Option<Ack>;

    fn says(&self) -> String {
        "`true`, or a table that says how the acknowledgement is known".into()
    }

    fn example(&self) -> String {
        "{ by = \"/id\", equals = \"${seq}\" }".into()
    }

    fn schema(&self) -> Json {
        let table = section::describe(|section| ask(section, self.0));
        json!({ "anyOf": [{ "type": "boolean" }, table] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Option<Ack>> {
        match &node.value {
            Value::Boolean(yes) => Some(yes.then(Ack::default)),
            Value::Table(table) => {
                let ask = |section: &mut Section| ask(section, self.0);
                Some(Some(section::read(
                    "`ack`", table, node.place, problems, ask,
                )))
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}

fn ask(section: &mut Section, lexicon: &Lexicon) -> Ack {
    let by = section.optional(
        "by",
        "Where a value stands that the server sends back in a later frame.",
        &captured("by"),
    );
    let equals = section.optional("equals", "The value.", &Holes(lexicon));
    section.pair("by", "equals");
    let when = section.optional(
        "when",
        "What else holds for that frame: tests by pointer.",
        &conditions::whole(lexicon),
    );
    let mut says = Vec::new();
    for (key, doc) in [
        ("id", "Where the server's name for the message stands."),
        ("ts", "Where its time stands, with its unit: \"/ts:ms\"."),
    ] {
        let place = section.optional(key, doc, &captured(key));
        says.extend(place.map(|place| place.value));
    }
    let position = section.optional(
        "position",
        "Where the place in the queue stands.",
        &captured("position"),
    );
    let error = section.table("error", "What makes a refusal of it.", |section| {
        ask_signal(section, lexicon)
    });
    Ack {
        by: by.zip(equals).map(|(by, equals)| (by.value, equals.value)),
        when: conditions::matcher(when),
        says,
        position: position.map(|place| place.value),
        error: error.map(|error| error.value),
    }
}

fn ask_signal(section: &mut Section, lexicon: &Lexicon) -> Signal {
    let doc = "Tests by pointer; all have to hold.";
    let when = section.required("when", doc, &conditions::whole(lexicon));
    let kind = section.optional(
        "kind",
        "Where the kind of the refusal stands.",
        &captured("kind"),
    );
    Signal {
        when: conditions::matcher(when).unwrap_or_default(),
        kind: kind.map(|kind| kind.value),
    }
}

/// Where something stands in the whole frame.
fn captured(name: &str) -> Captured<'_> {
    Captured { name, each: None }
}
