//! Owns `Step`: one thing that a script says or asks for, and what it waits for.
//!
//! Law: a step says one thing. What it keeps of the answer, and whether the answer is a yes, stands
//! beside it, so that whoever reads a step has read it all.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::capture::Capture;
use super::conditions;
use super::form::{Captured, FIELD, HEADER, Holes, JsonHoles, texts};
use super::json_template::JsonTemplate;
use super::lexicon::Lexicon;
use super::matcher::Matcher;
use super::template::Template;
use crate::scenario::document::{Node, Place, Value};
use crate::scenario::duration::SPAN;
use crate::scenario::form::{Form, List, Whole, wrong_kind};
use crate::scenario::names::list;
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};

pub mod ack;
pub mod keep;

pub use ack::Ack;
pub use keep::Keep;

/// One thing that a script says or asks for.
#[derive(Clone, Debug)]
pub struct Step {
    /// What goes out.
    pub what: What,
    /// What has to be heard before the script goes on.
    pub expect: Option<Matcher>,
    /// What is kept of the answer, or of what was expected.
    pub keeps: Vec<Keep>,
    /// How the server says that it has taken what was said.
    pub ack: Option<Ack>,
    /// How long an answer may take.
    pub within: Duration,
    /// What answer means that too much is asked.
    pub throttled: Option<Throttled>,
    /// Where it stands in the file.
    pub place: Place,
}

impl Step {
    /// Whether a value is kept under this name of what comes of it.
    pub fn keeps(&self, name: &str) -> bool {
        self.keeps.iter().any(|keep| keep.name == name)
    }
}

/// What goes out.
#[derive(Clone, Debug)]
pub enum What {
    /// Nothing: the step waits.
    Nothing,
    /// JSON on the stream.
    Json(JsonTemplate),
    /// A text on the stream.
    Text(Template),
    /// An event of Socket.IO.
    Event(Template, Option<JsonTemplate>),
    /// A request.
    Request(Box<Call>),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    /// `GET`, `POST`, ...
    pub method: &'static str,
    /// Path and query.
    pub path: Template,
    /// Further headers.
    pub headers: Vec<(String, Template)>,
    /// The body.
    pub body: Body,
    /// The statuses that are a yes; none for all from 200 to 299.
    pub status: Vec<u16>,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub enum Body {
    /// None.
    Empty,
    /// JSON.
    Json(JsonTemplate),
    /// Fields of a form.
    Form(Vec<(String, Template)>),
    /// A text.
    Text(Template),
}

/// An answer that means that too much is asked.
#[derive(Clone, Debug)]
pub struct Throttled {
    /// Its status.
    pub status: u16,
    /// When to come again.
    pub retry: Option<Capture>,
}

/// The status that means so where nothing else is said.
pub const TOO_MANY: u16 = 429;

const METHODS: [(&str, &str); 5] = [
    ("get", "GET"),
    ("post", "POST"),
    ("put", "PUT"),
    ("patch", "PATCH"),
    ("delete", "DELETE"),
];

const KINDS: [&str; 7] = ["send", "emit", "get", "post", "put", "patch", "delete"];

const STATUS: Whole = Whole {
    least: 100,
    most: 599,
};

/// The statuses that are a yes: one or several.
struct Statuses;

impl Form for Statuses {
    type Out = Vec<u16>;

    fn says(&self) -> String {
        "a status or a list of them".into()
    }

    fn example(&self) -> String {
        "[200, 201]".into()
    }

    fn schema(&self) -> Json {
        let several = json!({ "type": "array", "minItems": 1, "items": STATUS.schema() });
        json!({ "anyOf": [STATUS.schema(), several] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Vec<u16>> {
        let several = List {
            of: STATUS,
            may_be_empty: false,
        };
        let statuses = match &node.value {
            Value::List(_) => several.read(key, node, problems)?,
            _ => return Some(vec![STATUS.read(key, node, problems)? as u16]),
        };
        Some(statuses.iter().map(|status| status.value as u16).collect())
    }
}

/// What is sent: a text or JSON.
struct Sent<'a>(&'a Lexicon);

impl Form for Sent<'_> {
    type Out = What;

    fn says(&self) -> String {
        "a text, or a table that becomes JSON".into()
    }

    fn example(&self) -> String {
        "{ type = \"say\", text = \"${text}\" }".into()
    }

    fn schema(&self) -> Json {
        json!({ "type": ["string", "object", "array"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<What> {
        match &node.value {
            Value::Text { .. } => Holes(self.0).read(key, node, problems).map(What::Text),
            _ => JsonHoles(self.0).read(key, node, problems).map(What::Json),
        }
    }
}

/// Asks for the keys of a step. A sign of life is one with more keys, which have been asked for.
pub fn ask(section: &mut Section, lexicon: &Lexicon) -> Step {
    let what = ask_what(section, lexicon);
    let expect = section.optional(
        "expect",
        "What has to come on the stream before the script goes on: tests by pointer.",
        &conditions::whole(lexicon),
    );
    let keeps = section.map(
        "capture",
        "What is kept of the answer, of what was expected or of the acknowledgement: the name of \
         the value, and where it stands: a pointer, or `header:NAME`.",
        &keep::Name(lexicon),
        &keep::Written(None),
    );
    let ack = section.optional(
        "ack",
        "How the server says that it has taken it: `true`, or a table.",
        &ack::AckForm(lexicon),
    );
    let within = section.or("within", "How long an answer may take.", &SPAN, "\"30s\"");
    section.above_zero("within", Some(&within));
    let throttled = section.table(
        "throttled",
        "What answer means that too much is asked; absent: status 429.",
        ask_throttled,
    );
    let is_empty = what.is_none() && expect.is_none();
    if is_empty
        && !KINDS
            .iter()
            .chain(&["expect"])
            .any(|kind| section.is_unread(kind))
    {
        let help = "write for example `send = { type = \"ping\" }`, `post = \"/login\"` or \
                    `expect = { \"/type\" = \"ready\" }`";
        let there = KINDS.iter().any(|kind| section.key_place(kind).is_some());
        if !there && !section.has_strangers() {
            let place = section.place();
            let label = "nothing is sent, asked for or expected";
            section.problem(place, "this step does nothing", label, Some(help.into()));
        }
    }
    Step {
        what: what.unwrap_or(What::Nothing),
        expect: conditions::matcher(expect),
        keeps: keep::list(keeps),
        ack: ack.and_then(|ack| ack.value),
        within: Duration::from_nanos(within.value.0),
        throttled: throttled.map(|throttled| throttled.value),
        place: section.place(),
    }
}

fn ask_what(section: &mut Section, lexicon: &Lexicon) -> Option<What> {
    let sent = section.optional("send", "A text or JSON on the stream.", &Sent(lexicon));
    let event = section.optional("emit", "An event of Socket.IO.", &Holes(lexicon));
    let data = section.optional("data", "What goes with the event.", &JsonHoles(lexicon));
    let mut path = None;
    for (key, method) in METHODS {
        let doc = "A request: path and query, from the first `/` on.";
        let there = section.optional(key, doc, &Holes(lexicon));
        path = path.or(there.map(|path| (method, path.value)));
    }
    let call = ask_call(section, lexicon, path);
    let there = KINDS
        .iter()
        .filter(|kind| section.key_place(kind).is_some());
    let there: Vec<&str> = there.copied().collect();
    if let [first, .., last] = there[..] {
        let title = format!("a step does one thing, not `{first}` and `{last}`");
        let help = "make two steps of it".to_string();
        let place = section.key_place(last).unwrap_or(section.place());
        section.problem(place, title, format!("contradicts `{first}`"), Some(help));
    }
    alone(section, "data", &["emit"]);
    for key in ["json", "form", "body", "headers", "status", "throttled"] {
        alone(section, key, &KINDS[2..]);
    }
    section.excludes("json", &["form", "body"], "a request has one body");
    section.excludes("form", &["body"], "a request has one body");
    let event = event.map(|event| What::Event(event.value, data.map(|data| data.value)));
    let call = call.map(|call| What::Request(Box::new(call)));
    sent.map(|sent| sent.value).or(event).or(call)
}

/// Notes a key that stands without the one that it belongs to.
fn alone(section: &mut Section, key: &str, owners: &[&str]) {
    let Some(place) = section.key_place(key) else {
        return;
    };
    if !owners
        .iter()
        .any(|owner| section.key_place(owner).is_some())
    {
        let names = list(owners.iter().copied());
        let title = format!("`{key}` goes with {names}");
        let help = Some(format!("take `{key}` out, or write a step with {names}"));
        section.problem(place, title, "nothing here that it could belong to", help);
    }
}

/// What a request has besides its method and path.
pub(super) fn ask_call(
    section: &mut Section,
    lexicon: &Lexicon,
    path: Option<(&'static str, Template)>,
) -> Option<Call> {
    let json = section.optional("json", "The body, as JSON.", &JsonHoles(lexicon));
    let doc = "The body, as fields of a form.";
    let form = section.map("form", doc, &FIELD, &Holes(lexicon));
    let body = section.optional("body", "The body, as a text.", &Holes(lexicon));
    let headers = section.map("headers", "Further headers.", &HEADER, &Holes(lexicon));
    let status = section.optional(
        "status",
        "The statuses that are a yes; absent: 200 to 299.",
        &Statuses,
    );
    let form = form.map(|form| Body::Form(texts(Some(form))));
    let json = json.map(|json| Body::Json(json.value));
    let body = body.map(|body| Body::Text(body.value));
    let (method, path) = path?;
    Some(Call {
        method,
        path,
        headers: texts(headers),
        body: json.or(form).or(body).unwrap_or(Body::Empty),
        status: status.map_or(Vec::new(), |status| status.value),
    })
}

/// Asks for what answer means that too much is asked.
pub(super) fn ask_throttled(section: &mut Section) -> Throttled {
    let status = section.or("status", "The status of the answer.", &STATUS, "429");
    let retry = section.optional(
        "retry",
        "Where it stands when to come again, with its unit, as \"/retry_after_ms:ms\"; absent: the \
         header Retry-After.",
        &Captured {
            name: "retry",
            each: None,
        },
    );
    Throttled {
        status: status.value as u16,
        retry: retry.map(|retry| retry.value),
    }
}

/// A list of steps of which a script is, or none.
pub struct Steps<'a>(pub &'a Lexicon);

impl Form for Steps<'_> {
    type Out = Vec<Step>;

    fn says(&self) -> String {
        "a list of steps".into()
    }

    fn example(&self) -> String {
        "[{ send = { type = \"close\" } }]".into()
    }

    fn schema(&self) -> Json {
        json!({ "type": "array", "items": { "$ref": "#/$defs/step" } })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Vec<Step>> {
        let Value::List(items) = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        let mut steps = Vec::with_capacity(items.len());
        for item in items {
            let Value::Table(table) = &item.value else {
                let title = format!("a step of `{key}` is a table");
                let help = "write for example `{ send = { type = \"close\" } }`".to_string();
                problems.add(item.place, title, "a table is expected here", Some(help));
                continue;
            };
            let name = format!("a step of `{key}`");
            steps.push(section::read(
                &name,
                table,
                item.place,
                problems,
                |section| ask(section, self.0),
            ));
        }
        (steps.len() == items.len()).then_some(steps)
    }
}
