//! Owns `Keepalive`: a sign of life, by the clock or as an answer.
//!
//! Law: it is a step like any other, and nobody waits for it.

use std::time::Duration;

use super::conditions;
use super::lexicon::Lexicon;
use super::matcher::Matcher;
use super::step::{self, Step, What};
use crate::scenario::duration::SPAN;
use crate::scenario::form::Choice;
use crate::scenario::section::Section;

/// A sign of life.
#[derive(Clone, Debug)]
pub struct Keepalive {
    /// By the clock: how often.
    pub every: Option<Duration>,
    /// As an answer: to what.
    pub on: Option<Matcher>,
    /// Of the agent if so, of the customer if not, of both where it is not said.
    pub agent: Option<bool>,
    /// What is said.
    pub step: Step,
}

const SIDE: Choice<bool> = Choice(&[("customer", false), ("agent", true)]);

/// Asks for one.
pub fn ask(section: &mut Section, lexicon: &Lexicon) -> Keepalive {
    let every = section.optional("every", "How often.", &SPAN);
    section.above_zero("every", every.as_ref());
    let doc = "To what it is the answer: tests by pointer.";
    let on = section.optional("on", doc, &conditions::whole(lexicon));
    section.exactly_one(&["every", "on"], "`every = \"25s\"`");
    let side = section.optional("side", "Whose it is; absent: both sides'.", &SIDE);
    let step = step::ask(section, lexicon);
    if step.expect.is_some() || step.ack.is_some() {
        let help = "take `expect` and `ack` out of it";
        let place = section.place();
        let title = "a sign of life waits for nothing";
        section.problem(place, title, "nobody waits for it", Some(help.into()));
    }
    if matches!(step.what, What::Nothing) && step.expect.is_some() {
        let place = section.place();
        section.problem(
            place,
            "this sign of life says nothing",
            "nothing is sent",
            None,
        );
    }
    Keepalive {
        every: every.map(|every| Duration::from_nanos(every.value.0)),
        on: conditions::matcher(on),
        agent: side.map(|side| side.value),
        step,
    }
}
