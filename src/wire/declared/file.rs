//! Owns the declaration of the protocol file: every section and key, for reader and schema alike.
//!
//! Law: as in a scenario, what is not asked for here is not known, and all that is wrong is told at
//! once.

use std::time::Duration;

use super::apart::{self, Apart};
use super::form::{ANY_VALUE, Flag, Holes, WORD};
use super::keepalive::{self, Keepalive};
use super::lexicon::Lexicon;
use super::on::{self, On};
use super::outside::{self, Outside, Values};
use super::pacing;
use super::resume::{self, Resume};
use super::script::{self, Side};
use super::template::Template;
use super::transport::{self, Transport};
use crate::scenario::document::{At, Document, Place};
use crate::scenario::form::{Choice, List, Text};
use crate::scenario::plan::EndsQuiet;
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};
use crate::wire::speaker::{Audience, Dispatch, Manners, WrapUp};

/// The protocol as written: what could be read of it.
pub struct Written {
    /// What reports call it.
    pub name: String,
    /// What it is, in one line.
    pub about: String,
    /// What was run, and what was only read.
    pub evidence: String,
    /// Whether it was run against a real server.
    pub tried: bool,
    /// How the server goes about chats.
    pub manners: Manners,
    /// By which others reach the person.
    pub address: Option<Template>,
    /// Values that nobody is to see.
    pub secret: Vec<String>,
    /// `[transport]`.
    pub transport: Transport,
    /// `[chat_connection]`.
    pub apart: Option<Apart>,
    /// What is made once a person, once a connection and once a chat.
    pub scopes: [Vec<(String, Template)>; 3],
    /// What comes from outside.
    pub values: Values,
    /// `[customer]` and `[agent]`.
    pub sides: [Side; 2],
    /// `[on]`.
    pub on: Vec<On>,
    /// `[[keepalive]]`.
    pub keepalives: Vec<Keepalive>,
    /// `[pacing]`: the least time between two of a kind.
    pub pacing: Vec<(Option<script::Action>, Duration)>,
    /// `[resume]`.
    pub resume: Option<Resume>,
}

const DISPATCH: Choice<Dispatch> = Choice(&[
    ("server", Dispatch::Server),
    ("busyhour", Dispatch::Busyhour),
    ("pull", Dispatch::Pull),
]);

const AUDIENCE: Choice<Audience> = Choice(&[("chat", Audience::Chat), ("all", Audience::All)]);

const WRAP_UP: Choice<WrapUp> = Choice(&[
    ("native", WrapUp::Native),
    ("delay-close", WrapUp::DelayClose),
    ("status-away", WrapUp::StatusAway),
    ("none", WrapUp::None),
]);

const INACTIVITY: Choice<EndsQuiet> =
    Choice(&[("server", EndsQuiet::Server), ("agent", EndsQuiet::Agent)]);

const NAME: Text = Text {
    says: "a name",
    example: "acme",
};

const WORDS: Text = Text {
    says: "a line of text",
    example: "The chat of Acme",
};

const EVIDENCE: Text = Text {
    says: "a line of text",
    example: "Run against version 2.1 in November 2026.",
};

/// Reads the document.
pub fn read(document: &Document, outside: &Outside, problems: &mut Problems) -> Written {
    let (top, lexicon) = (Place::top(0), Lexicon::default());
    let name = "the protocol file";
    let written = section::read(name, &document.root, top, problems, |root| {
        ask(root, &lexicon, outside)
    });
    lexicon.check(problems);
    written
}

/// Asks for everything that a protocol file can hold.
pub fn ask(root: &mut Section, lexicon: &Lexicon, outside: &Outside) -> Written {
    let name = root.required("name", "What reports call the protocol.", &NAME);
    let about = root.optional("about", "What it is, in one line.", &WORDS);
    let doc = "What was run, and what was only read: whoever uses the file wants to know.";
    let evidence = root.required("evidence", doc, &EVIDENCE);
    let doc = "Whether it was run against a real server; if not, that is said when it is used.";
    let tried = root.or("tried", doc, &Flag, "false");
    let manners = ask_manners(root);
    let doc = "By which others reach the person, where `dispatch = \"busyhour\"`.";
    let address = root.optional("address", doc, &Holes(lexicon));
    let values = outside::ask(root, lexicon, outside);
    let scopes = ask_scopes(root, lexicon);
    let doc = "Values that nobody is to see, by name; those of `[env]` are none's to see anyway.";
    let secret = root.optional(
        "secret",
        doc,
        &List {
            of: ANY_VALUE,
            may_be_empty: true,
        },
    );
    let secret = secret.map_or(Vec::new(), |secret| secret.value);
    for name in &secret {
        lexicon.asks(&name.value, name.place);
    }
    let transport = root.part("transport", "How a stream is asked for.", |section| {
        transport::ask(section, lexicon)
    });
    let apart = apart::ask(root, lexicon);
    let side = |root: &mut Section, key, doc, agent| {
        root.part(key, doc, |section| script::ask(section, lexicon, agent))
    };
    let customer = side(root, "customer", "What a customer says.", false);
    let agent = side(root, "agent", "What an agent says.", true);
    let doc = "What events mean, for both sides.";
    let on = root.part("on", doc, |section| on::ask(section, lexicon));
    let doc = "Signs of life, by the clock or as an answer.";
    let keepalives = root.tables("keepalive", doc, |section| keepalive::ask(section, lexicon));
    Written {
        name: text(name),
        about: text(about),
        evidence: text(evidence),
        tried: tried.value,
        manners,
        address: address.map(|address| address.value),
        secret: secret.into_iter().map(|name| name.value).collect(),
        transport,
        apart,
        scopes,
        values,
        sides: [customer, agent],
        on,
        keepalives: list(keepalives),
        pacing: pacing::ask(root),
        resume: resume::ask(root, lexicon),
    }
}

fn ask_manners(root: &mut Section) -> Manners {
    let doc = "Who gives chats to agents: the server, this program, or the agents who take them.";
    let dispatch = root.or("dispatch", doc, &DISPATCH, "\"server\"");
    let doc = "Who hears what is said: the other side, or everybody.";
    let audience = root.or("audience", doc, &AUDIENCE, "\"chat\"");
    let doc = "What holds an agent's slot during the work after a chat; absent: `delay-close` where \
               `dispatch = \"server\"`, else `native`.";
    let wrap_up = root.optional("wrap_up", doc, &WRAP_UP);
    let doc = "Who ends chats whose customers are gone silently.";
    let inactivity = root.or("inactivity", doc, &INACTIVITY, "\"agent\"");
    let usual = match dispatch.value {
        Dispatch::Server => WrapUp::DelayClose,
        // Our own agents and dispatcher wait for the end of the work of themselves.
        Dispatch::Busyhour | Dispatch::Pull => WrapUp::Native,
    };
    Manners {
        dispatch: dispatch.value,
        audience: audience.value,
        wrap_up: wrap_up.map_or(usual, |wrap_up| wrap_up.value),
        ends_quiet: inactivity.value,
    }
}

fn ask_scopes(root: &mut Section, lexicon: &Lexicon) -> [Vec<(String, Template)>; 3] {
    const DOCS: [(&str, &str); 3] = [
        ("user", "Values that are made once a person."),
        ("connection", "Values that are made once a connection."),
        ("chat", "Values that are made once a chat."),
    ];
    DOCS.map(|(key, doc)| {
        let values = root.map(key, doc, &WORD, &Holes(lexicon));
        let values = values.map_or(Vec::new(), |values| values.value);
        let value = |(name, template): (At<String>, At<Template>)| {
            let name = format!("{key}.{}", name.value);
            lexicon.give(name.clone());
            (name, template.value)
        };
        values.into_iter().map(value).collect()
    })
}

fn text(written: Option<At<String>>) -> String {
    written.map_or(String::new(), |written| written.value)
}

fn list<T>(written: Option<At<Vec<At<T>>>>) -> Vec<T> {
    let written = written.map_or(Vec::new(), |written| written.value);
    written.into_iter().map(|one| one.value).collect()
}
