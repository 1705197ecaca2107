//! Owns what a protocol file must have as a whole, once its parts can be read.
//!
//! Law: what can never work is told when the file is read, not when the first customer waits.

mod taking;

use super::codec::Codec;
use super::file::Written;
use super::on::Meaning;
use super::script::{ACTIONS, Action, Script};
use super::step::{Step, What};
use crate::scenario::document::{Document, Place};
use crate::scenario::problem::Problems;
use crate::wire::speaker::{Audience, Dispatch};

/// Notes what is missing, or cannot be where it is.
pub fn check(written: &Written, document: &Document, problems: &mut Problems) {
    if !problems.is_empty() {
        // Something may be missing because it could not be read.
        return;
    }
    let at = |key| document.root.key(key).unwrap_or(Place::top(0));
    for side in &written.sides {
        for (action, key, _) in ACTIONS {
            if let Script::Steps(steps) = &side.scripts[action as usize] {
                steps
                    .iter()
                    .for_each(|step| check_step(written, action, key, step, problems));
            }
        }
    }
    taking::check(written, at("dispatch"), problems);
    for keepalive in &written.keepalives {
        check_codec(written, &keepalive.step, problems);
    }
    check_resume(written, problems);
    check_apart(written, problems);
    for (agent, name) in ["customer", "agent"].into_iter().enumerate() {
        let on = written.sides[agent].on.iter().chain(&written.on);
        let says = |meaning| on.clone().any(|on| on.meaning == meaning);
        if !says(Meaning::Message) {
            let title = format!("nothing tells the {name} that something was said");
            let help = "write `message = { when = { .. }, text = \"/..\" }` in [on]".to_string();
            problems.add(at("on"), title, "no `message` here", Some(help));
        }
        // A customer whom nobody tells may talk once its chat is open; an agent has no chat then.
        let is_ours = written.manners.dispatch == Dispatch::Busyhour;
        let is_told = says(Meaning::Assigned) || taking::tells(written);
        if agent == 1 && !is_ours && !is_told {
            let title = "nothing tells the agent that it has a chat";
            let help = "write `assigned = { when = { .. }, chat = \"/..\" }` in [on]".to_string();
            problems.add(at("on"), title, "no `assigned` here", Some(help));
        }
    }
    let is_ours = written.manners.dispatch == Dispatch::Busyhour;
    if is_ours && written.manners.audience == Audience::Chat && written.address.is_none() {
        let title = "without an address nobody can be told whom to talk with";
        let help = "write for example `address = \"${user.name}\"`".to_string();
        problems.add(at("dispatch"), title, "needs `address`", Some(help));
    }
}

/// It is said twice that each chat has its own connection: that it has, and how.
fn check_apart(written: &Written, problems: &mut Problems) {
    match (written.transport.apart, &written.apart) {
        (Some(place), None) => {
            let help = "write `[chat_connection]` and `path = \"/chats/${chat.id}\"`".to_string();
            let title = "nothing says how the connection of a chat is asked for";
            problems.add(place, title, "needs `[chat_connection]`", Some(help));
        }
        (None, Some(apart)) => {
            let help = "write `connection = \"chat\"` in [transport], or take it out".to_string();
            let title = "an agent's chats share its connection";
            problems.add(apart.place, title, "never asked for", Some(help));
        }
        _ => {}
    }
    for step in written.apart.iter().flat_map(|apart| &apart.connect) {
        check_codec(written, step, problems);
    }
}

/// Nobody comes back to a server that keeps nothing.
fn check_resume(written: &Written, problems: &mut Problems) {
    if written.resume.is_some() {
        return;
    }
    let place = match &written.sides[0].scripts[Action::Resume as usize] {
        Script::As { place, .. } => Some(*place),
        Script::Steps(steps) => steps.first().map(|step| step.place),
    };
    let on = written.sides[0].on.iter().chain(&written.on);
    let mut on = on.filter(|on| matches!(on.meaning, Meaning::Resumed | Meaning::Gone));
    if let Some(place) = place.or(on.next().map(|on| on.place)) {
        let help = "write `[resume]` and `within = \"60s\"`, or take it out".to_string();
        let title = "nobody goes on with a chat where the server keeps none";
        problems.add(place, title, "needs `[resume]`", Some(help));
    }
}

fn check_step(written: &Written, action: Action, key: &str, step: &Step, problems: &mut Problems) {
    let is_request = matches!(step.what, What::Request(_));
    if action.is_before_stream() && (!is_request || step.expect.is_some()) {
        let title = format!("`{key}` is done before there is a stream");
        let help = "ask for something over HTTP, or move the step to `connect`".to_string();
        problems.add(step.place, title, "needs a stream", Some(help));
    }
    check_codec(written, step, problems);
}

fn check_codec(written: &Written, step: &Step, problems: &mut Problems) {
    let is_said = matches!(step.what, What::Json(_) | What::Text(_) | What::Event(..));
    if is_said && !written.transport.stream {
        let help = "make a request of it, or write `kind = \"both\"` in [transport]".to_string();
        let title = "there is no stream to say it on";
        problems.add(step.place, title, "needs a stream", Some(help));
        return;
    }
    let is_socket_io = written.transport.codec == Codec::SocketIo;
    match &step.what {
        What::Event(..) if !is_socket_io => {
            let help = "write `send`, or `codec = \"socketio\"` in [transport]".to_string();
            let title = "`emit` is for Socket.IO";
            problems.add(step.place, title, "another codec is asked for", Some(help));
        }
        What::Json(_) if is_socket_io => {
            let help = "write `emit = \"EVENT\"` and `data = ..`".to_string();
            let title = "Socket.IO has events, not plain JSON";
            problems.add(step.place, title, "`send` is not spoken there", Some(help));
        }
        What::Json(_) | What::Text(_) => {
            let ack = step.ack.as_ref();
            if ack.is_some_and(|ack| ack.by.is_none() && ack.when.is_none()) {
                let help = "write `ack = { by = \"/id\", equals = \"${seq}\" }`".to_string();
                let title = "nothing tells this acknowledgement from others";
                problems.add(step.place, title, "`ack` needs `by` or `when`", Some(help));
            }
        }
        What::Nothing | What::Event(..) | What::Request(_) => {}
    }
    let is_stream = !matches!(step.what, What::Request(_));
    if is_stream && step.ack.is_some() && step.expect.is_some() {
        let title = "a step waits for one thing";
        let help = "make a step of its own of `expect`".to_string();
        problems.add(step.place, title, "`ack` and `expect` at once", Some(help));
    }
}
