//! Owns `Poll`: the request by which what comes is asked for, where it does not come on a stream.
//!
//! Law: it is a request like a step's, made again and again; what its answer holds is heard as the texts
//! of a stream are.

use std::time::Duration;

use super::form::Holes;
use super::lexicon::Lexicon;
use super::step::{Call, Keep, Throttled, ask_call, ask_throttled, keep};
use crate::scenario::duration::SPAN;
use crate::scenario::section::Section;

/// The request by which what comes is asked for.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What is asked for.
    pub call: Call,
    /// How long the server may hold it back.
    pub hold: Duration,
    /// Wall time between an answer and the next request.
    pub pause: Duration,
    /// What is kept of an answer: how far one has read.
    pub keeps: Vec<Keep>,
    /// What answer means that too much is asked.
    pub throttled: Option<Throttled>,
}

/// Asks for `[transport.poll]`; none where no request can be read.
pub fn ask(section: &mut Section, lexicon: &Lexicon) -> Option<Poll> {
    let mut path = None;
    for (key, method) in [("get", "GET"), ("post", "POST")] {
        let doc = "The request: path and query, from the first `/` on.";
        let there = section.optional(key, doc, &Holes(lexicon));
        path = path.or(there.map(|path| (method, path.value)));
    }
    section.exactly_one(&["get", "post"], "`get = \"/events?since=${user.since}\"`");
    let call = ask_call(section, lexicon, path);
    section.excludes("json", &["form", "body"], "a request has one body");
    section.excludes("form", &["body"], "a request has one body");
    let doc = "How long the server may hold the request back until there is something to say.";
    let hold = section.or("hold", doc, &SPAN, "\"30s\"");
    let doc = "Time on the wall between an answer and the next request.";
    let pause = section.or("pause", doc, &SPAN, "\"0s\"");
    let keeps = section.map(
        "capture",
        "What is kept of an answer: the name of the value, and where it stands: a pointer, or \
         `header:NAME`.",
        &keep::Name(lexicon),
        &keep::Written(None),
    );
    let throttled = section.table(
        "throttled",
        "What answer means that too much is asked; absent: status 429.",
        ask_throttled,
    );
    Some(Poll {
        call: call?,
        hold: Duration::from_nanos(hold.value.0),
        pause: Duration::from_nanos(pause.value.0),
        keeps: keep::list(keeps),
        throttled: throttled.map(|throttled| throttled.value),
    })
}
