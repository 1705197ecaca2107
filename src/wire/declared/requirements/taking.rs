//! Owns what a file must have whose agents take the chats, and no other may.
//!
//! Law: an agent who takes chats says how, is told that some wait, and that it has got one.

use super::super::file::Written;
use super::super::on::{Meaning, On};
use super::super::script::{Action, Script};
use super::super::step::Step;
use crate::scenario::document::Place;
use crate::scenario::problem::Problems;
use crate::wire::speaker::Dispatch;

/// The server's name for a chat, as it is kept.
const ID: &str = "chat.id";

fn script(written: &Written) -> &Script {
    &written.sides[1].scripts[Action::Take as usize]
}

/// The steps by which an agent takes a chat.
fn steps(written: &Written) -> &[Step] {
    match script(written) {
        Script::Steps(steps) => steps,
        Script::As { agent, action, .. } => {
            match &written.sides[usize::from(*agent)].scripts[*action as usize] {
                Script::Steps(steps) => steps,
                Script::As { .. } => &[],
            }
        }
    }
}

/// What an agent hears.
fn heard(written: &Written) -> impl Iterator<Item = &On> {
    written.sides[1].on.iter().chain(&written.on)
}

/// Whether an agent who takes a chat knows then which it is, without being told.
pub fn tells(written: &Written) -> bool {
    let mut waiting = heard(written).filter(|on| on.meaning == Meaning::Queued);
    let is_named = waiting.any(|on| on.matcher.capture("chat").is_some());
    let is_answered = steps(written).iter().any(|step| step.keeps(ID));
    written.manners.dispatch == Dispatch::Pull && (is_named || is_answered)
}

/// Notes what is missing, or nobody would use; `dispatch` is where it stands who gives out chats.
pub fn check(written: &Written, dispatch: Place, problems: &mut Problems) {
    let place = match script(written) {
        Script::As { place, .. } => Some(*place),
        Script::Steps(steps) => steps.first().map(|step| step.place),
    };
    if written.manners.dispatch != Dispatch::Pull {
        if let Some(place) = place {
            let help = "take it out, or write `dispatch = \"pull\"`".to_string();
            let title = "agents take no chats here: they are given them";
            problems.add(place, title, "never said", Some(help));
        }
        return;
    }
    if steps(written).is_empty() {
        let help = "write `take = [{ send = { .. } }]` in [agent]".to_string();
        let title = "nothing says how an agent takes a chat";
        problems.add(dispatch, title, "needs `agent.take`", Some(help));
    }
    let answers = written.sides[1]
        .scripts
        .iter()
        .flat_map(|script| match script {
            Script::Steps(steps) => steps.as_slice(),
            Script::As { .. } => &[],
        });
    let is_answered = |step: &Step| step.ack.as_ref().is_some_and(|ack| ack.position.is_some());
    let is_told = heard(written).any(|on| on.meaning == Meaning::Queued);
    if !is_told && !answers.into_iter().any(is_answered) {
        let help = "write `queued = { when = { .. } }` in [agent.on]".to_string();
        let title = "nothing tells an agent that chats wait";
        problems.add(dispatch, title, "needs `queued`", Some(help));
    }
}
