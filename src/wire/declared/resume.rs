//! Owns `Resume`: what a server keeps of a customer whose connection is lost.
//!
//! Law: a server that keeps nothing has no such table. What a person keeps is its own and its chat's;
//! what belongs to a connection is made anew on the next, but for what is named.

use std::time::Duration;

use super::form::Flag;
use super::lexicon::{self, Lexicon};
use crate::scenario::duration::SPAN;
use crate::scenario::form::{List, Phrase};
use crate::scenario::problem::Fault;
use crate::scenario::section::Section;

/// What a server keeps of a customer whose connection is lost.
#[derive(Clone, Debug)]
pub struct Resume {
    /// For how long.
    pub within: Duration,
    /// Which values of the scope `connection` are good on the next one.
    pub keep: Vec<String>,
    /// Whether what was not acknowledged is said again.
    pub resay: bool,
}

const KEEP: Phrase<String> = Phrase {
    parse: of_connection,
    says: "the name of a connection's value",
    example: "connection.session",
    pattern: r"^connection\.[A-Za-z0-9_]+$",
};

fn of_connection(text: &str) -> Result<String, Fault> {
    match lexicon::kept(text)? {
        name if name.starts_with("connection.") => Ok(name),
        _ => {
            let fault = Fault::new(0..text.len(), "this is kept anyway");
            Err(fault.with_help("name values of `connection` only, or take it out"))
        }
    }
}

/// Asks for `[resume]`.
pub fn ask(root: &mut Section, lexicon: &Lexicon) -> Option<Resume> {
    let doc = "What the server keeps of a customer whose connection is lost; absent: nothing.";
    let resume = root.table("resume", doc, |section| ask_keys(section, lexicon));
    resume.map(|resume| resume.value)
}

fn ask_keys(section: &mut Section, lexicon: &Lexicon) -> Resume {
    let doc = "For how long the server keeps the chat of a customer whose connection is lost.";
    let within = section.required("within", doc, &SPAN);
    section.above_zero("within", within.as_ref());
    let names = List {
        of: KEEP,
        may_be_empty: true,
    };
    let doc = "Values of `connection` that are good on the next connection, too.";
    let keep = section.optional("keep", doc, &names);
    let keep = keep.map_or(Vec::new(), |keep| keep.value);
    for name in &keep {
        lexicon.asks(&name.value, name.place);
    }
    let doc = "Whether the customer says again what the server has not acknowledged.";
    let resay = section.or("resay", doc, &Flag, "false");
    Resume {
        within: Duration::from_nanos(within.map_or(0, |within| within.value.0)),
        keep: keep.into_iter().map(|name| name.value).collect(),
        resay: resay.value,
    }
}
