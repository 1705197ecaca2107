//! Owns `Apart`: how an agent's connection for one chat is asked for, where each chat has its own.
//!
//! Law: it is at the target's own authority and speaks by the codec of the agent's own connection; it
//! is asked for when the agent is given the chat, and ends with it.

use super::form::{HEADER, Holes, blank, texts};
use super::lexicon::Lexicon;
use super::step::{Step, Steps};
use super::template::Template;
use crate::scenario::document::Place;
use crate::scenario::section::Section;

/// How an agent's connection for one chat is asked for.
#[derive(Debug)]
pub struct Apart {
    /// Path and query.
    pub path: Template,
    /// The WebSocket subprotocol.
    pub subprotocol: Option<Template>,
    /// Further headers.
    pub headers: Vec<(String, Template)>,
    /// What is said first on it.
    pub connect: Vec<Step>,
    /// Where it stands in the file.
    pub place: Place,
}

/// Asks for `[chat_connection]`.
pub fn ask(root: &mut Section, lexicon: &Lexicon) -> Option<Apart> {
    let doc = "With `connection = \"chat\"`: how an agent's connection for a chat is asked for.";
    let apart = root.table("chat_connection", doc, |section| ask_keys(section, lexicon));
    apart.map(|apart| apart.value)
}

fn ask_keys(section: &mut Section, lexicon: &Lexicon) -> Apart {
    let doc = "Path and query of the chat's stream, from the first `/` on: `/chats/${chat.id}`.";
    let path = section.required("path", doc, &Holes(lexicon));
    let doc = "The WebSocket subprotocol.";
    let subprotocol = section.optional("subprotocol", doc, &Holes(lexicon));
    let doc = "Further headers of the stream's request.";
    let headers = section.map("headers", doc, &HEADER, &Holes(lexicon));
    let doc = "What is said first on it, before `assigned`.";
    let connect = section.optional("connect", doc, &Steps(lexicon));
    Apart {
        path: path.map_or_else(blank, |path| path.value),
        subprotocol: subprotocol.map(|name| name.value),
        headers: texts(headers),
        connect: connect.map_or(Vec::new(), |connect| connect.value),
        place: section.place(),
    }
}
