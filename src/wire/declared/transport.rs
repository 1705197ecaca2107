//! Owns `Transport`: how what is said comes, on a stream or by polling, and how a text is an event.
//!
//! Law: stream and polls are at the target's own authority; a file names a path, never another host.

use super::codec::Codec;
use super::form::{HEADER, Holes, JsonHoles, POINTER, blank, texts};
use super::inner::Inner;
use super::json_template::JsonTemplate;
use super::lexicon::Lexicon;
use super::pattern::Pattern;
use super::pointer::Pointer;
use super::poll::{self, Poll};
use super::template::Template;
use crate::scenario::document::{At, Place};
use crate::scenario::form::{Choice, List, Phrase, Text};
use crate::scenario::problem::Fault;
use crate::scenario::section::Section;

/// How what is said comes, and how a text is an event.
#[derive(Debug)]
pub struct Transport {
    /// Whether there is a stream.
    pub stream: bool,
    /// What is asked for again and again, where that is done.
    pub poll: Option<Poll>,
    /// Path and query of the stream.
    pub path: Template,
    /// The WebSocket subprotocol.
    pub subprotocol: Option<Template>,
    /// Further headers.
    pub headers: Vec<(String, Template)>,
    /// How a text is an event.
    pub codec: Codec,
    /// Which texts of an event are JSON themselves.
    pub inner: Inner,
    /// The namespace of Socket.IO, empty for the main one.
    pub namespace: String,
    /// What is said when the namespace is asked for.
    pub auth: Option<JsonTemplate>,
    /// Where it is said that an agent has one more connection for each chat.
    pub apart: Option<Place>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Json,
    JsonArray,
    SocketIo,
    Text,
    Separator,
}

const KIND: Choice<Kind> = Choice(&[
    ("json", Kind::Json),
    ("json-array", Kind::JsonArray),
    ("socketio", Kind::SocketIo),
    ("text", Kind::Text),
    ("separator", Kind::Separator),
]);

/// By what events come: a stream, polls.
const CARRIER: Choice<(bool, bool)> = Choice(&[
    ("ws", (true, false)),
    ("poll", (false, true)),
    ("both", (true, true)),
]);

/// What a stream alone has.
const OF_STREAM: [&str; 3] = ["path", "subprotocol", "headers"];

/// Whether an agent's chats share a connection.
const CONNECTION: Choice<bool> = Choice(&[("agent", true), ("chat", false)]);

const SEPARATOR: Phrase<char> = Phrase {
    parse: separator,
    says: "one character",
    example: "\\u001e",
    pattern: "^[\\s\\S]$",
};

const PATTERN: Phrase<Pattern> = Phrase {
    parse: Pattern::parse,
    says: "a regular expression with names",
    example: "^(?<event>[A-Z]+) (?<text>.*)$",
    pattern: "",
};

const NAMESPACE: Text = Text {
    says: "a namespace",
    example: "/chat",
};

fn separator(text: &str) -> Result<char, Fault> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(one), None) => Ok(one),
        _ => {
            let fault = Fault::new(0..text.len(), "one character is expected");
            Err(fault.with_help("write for example `separator = \"\\u001e\"`"))
        }
    }
}

/// Which codec is asked for, with what belongs to one of them alone.
struct Asked {
    kind: At<Kind>,
    separator: Option<At<char>>,
    pattern: Option<At<Pattern>>,
    namespace: Option<At<String>>,
    auth: Option<At<JsonTemplate>>,
}

/// Asks for `[transport]`.
pub fn ask(section: &mut Section, lexicon: &Lexicon) -> Transport {
    let doc = "By what events come: a WebSocket, requests that are made again and again, or both.";
    let carrier = section.or("kind", doc, &CARRIER, "\"ws\"");
    let doc = "Path and query of the stream, from the first `/` on; with `kind = \"poll\"` there is none.";
    let path = section.optional("path", doc, &Holes(lexicon));
    let doc = "The WebSocket subprotocol.";
    let subprotocol = section.optional("subprotocol", doc, &Holes(lexicon));
    let doc = "Further headers of the stream's request.";
    let headers = section.map("headers", doc, &HEADER, &Holes(lexicon));
    let asked = ask_codec(section, lexicon);
    let inner = ask_inner(section);
    let doc = "Whether an agent has one connection, or one for each chat.";
    let connection = section.or("connection", doc, &CONNECTION, "\"agent\"");
    let doc = "With `kind = \"poll\"` or `\"both\"`: the request by which events are asked for.";
    let poll = section.table("poll", doc, |section| poll::ask(section, lexicon));
    check_carrier(section, &carrier, &asked.kind);
    let codec = codec(section, &asked);
    Transport {
        stream: carrier.value.0,
        poll: poll.and_then(|poll| poll.value),
        path: path.map_or_else(blank, |path| path.value),
        subprotocol: subprotocol.map(|name| name.value),
        headers: texts(headers),
        codec,
        inner,
        namespace: asked.namespace.map_or(String::new(), |name| name.value),
        auth: asked.auth.map(|auth| auth.value),
        apart: (!connection.value).then_some(connection.place),
    }
}

/// Notes what is missing for what events come by, and what is nothing to it.
fn check_carrier(section: &mut Section, carrier: &At<(bool, bool)>, kind: &At<Kind>) {
    if section.is_unread("kind") {
        return;
    }
    let (stream, polls) = carrier.value;
    let lacks =
        |section: &Section, key| section.key_place(key).is_none() && !section.is_unread(key);
    if stream && lacks(section, "path") {
        let help =
            "write `path = \"/chat\"` in [transport], or `kind = \"poll\"` if there is no stream";
        let (place, label) = (section.place(), "`path` is missing here");
        section.problem(place, "[transport] has no `path`", label, Some(help.into()));
    }
    if polls && lacks(section, "poll") {
        let help = "write `[transport.poll]` with `get = \"/events\"`";
        let title = "nothing says how to poll";
        section.problem(
            carrier.place,
            title,
            "needs [transport.poll]",
            Some(help.into()),
        );
    }
    if let Some(place) = section.key_place("poll").filter(|_| !polls) {
        let help = "write `kind = \"poll\"` in [transport], or `kind = \"both\"`";
        let title = "`poll` goes with `kind = \"poll\"` or `\"both\"`";
        section.problem(place, title, "nothing polls", Some(help.into()));
    }
    if stream {
        return;
    }
    let help = |key: &str| Some(format!("take `{key}` out, or write `kind = \"both\"`"));
    for key in OF_STREAM {
        if let Some(place) = section.key_place(key) {
            let title = format!("`{key}` is the stream's");
            section.problem(place, title, "there is no stream", help(key));
        }
    }
    if kind.value == Kind::SocketIo {
        let title = "`socketio` is spoken on a stream";
        section.problem(kind.place, title, "there is no stream", help("codec"));
    }
}

fn ask_codec(section: &mut Section, lexicon: &Lexicon) -> Asked {
    let doc = "How a text on the stream is an event.";
    let kind = section.or("codec", doc, &KIND, "\"json\"");
    let doc = "With `codec = \"separator\"`: the character behind each event.";
    let separator = section.optional("separator", doc, &SEPARATOR);
    let doc = "With `codec = \"text\"`: a regular expression; its names are the event's keys.";
    let pattern = section.optional("pattern", doc, &PATTERN);
    let doc = "With `codec = \"socketio\"`: the namespace.";
    let namespace = section.optional("namespace", doc, &NAMESPACE);
    let doc = "With `codec = \"socketio\"`: what is said when the namespace is asked for.";
    let auth = section.optional("auth", doc, &JsonHoles(lexicon));
    Asked {
        kind,
        separator,
        pattern,
        namespace,
        auth,
    }
}

fn ask_inner(section: &mut Section) -> Inner {
    let pointers = List {
        of: POINTER,
        may_be_empty: true,
    };
    let doc = "Where texts stand in an event that are JSON themselves.";
    let pointers = section.optional("inner", doc, &pointers);
    let mut inner = Inner::new();
    let pointers = pointers.map_or(Vec::new(), |pointers| pointers.value);
    for pointer in pointers {
        let place = pointer.place;
        let pointer: Pointer = pointer.value;
        if let Err(fault) = inner.add(pointer) {
            section.problem(place, "`inner` goes too deep", fault.label, fault.help);
        }
    }
    inner
}

fn codec(section: &mut Section, asked: &Asked) -> Codec {
    let kind = asked.kind.value;
    let places = [
        (
            "separator",
            Kind::Separator,
            asked.separator.as_ref().map(|at| at.place),
        ),
        (
            "pattern",
            Kind::Text,
            asked.pattern.as_ref().map(|at| at.place),
        ),
        (
            "namespace",
            Kind::SocketIo,
            asked.namespace.as_ref().map(|at| at.place),
        ),
        (
            "auth",
            Kind::SocketIo,
            asked.auth.as_ref().map(|at| at.place),
        ),
    ];
    for (key, owner, place) in places {
        let is_needed = kind == owner && owner != Kind::SocketIo;
        match place {
            Some(place) if kind != owner => {
                let word = KIND.0.iter().find(|(_, kind)| *kind == owner);
                let word = word.map_or("", |(word, _)| *word);
                let title = format!("`{key}` goes with `codec = \"{word}\"`");
                let help = Some(format!("take `{key}` out, or write `codec = \"{word}\"`"));
                section.problem(place, title, "another codec is asked for", help);
            }
            None if is_needed && !section.is_unread(key) => {
                let title = format!("this codec needs `{key}`");
                let help = Some(format!("write `{key} = ...` beside it"));
                section.problem(asked.kind.place, title, format!("`{key}` is missing"), help);
            }
            _ => {}
        }
    }
    let pattern = asked.pattern.as_ref();
    match kind {
        Kind::Json => Codec::Json,
        Kind::JsonArray => Codec::JsonArray,
        Kind::SocketIo => Codec::SocketIo,
        Kind::Text => pattern.map_or(Codec::Json, |pattern| Codec::Text(pattern.value.clone())),
        Kind::Separator => {
            let separator = asked.separator.as_ref();
            separator.map_or(Codec::Json, |separator| Codec::Separator(separator.value))
        }
    }
}
