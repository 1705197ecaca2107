//! Owns `Action`: what a side of a chat can do, each with a script of its own, and `Side`.
//!
//! Law: a script is a list of steps in order. The agent's may be the customer's and the other way
//! round, by name, since many servers do not tell them apart.

use serde_json::{Value as Json, json};

use super::lexicon::Lexicon;
use super::on::{self, On};
use super::step::{Step, Steps};
use crate::scenario::document::{At, Node, Value};
use crate::scenario::form::{Form, wrong_kind};
use crate::scenario::names::did_you_mean;
use crate::scenario::problem::Problems;
use crate::scenario::section::Section;

/// What has a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Once a person, before the first connection.
    Setup,
    /// Before each connection.
    BeforeConnect,
    /// On each connection.
    Connect,
    /// A customer goes on with its chat, on another connection.
    Resume,
    /// A customer asks for an agent.
    Open,
    /// Says something.
    Say,
    /// Is seen typing.
    Typing,
    /// Ends the chat.
    Close,
    /// The chat has got its other side.
    Assigned,
    /// Goes.
    Bye,
    /// An agent's limit is set.
    SetLimit,
    /// An agent takes chats.
    Online,
    /// An agent takes no more.
    Offline,
    /// An agent takes a chat that it was given.
    Accept,
    /// An agent asks for a chat that waits.
    Take,
    /// An agent's slot is free.
    Free,
    /// An agent gives a chat back.
    Transfer,
}

/// All, with their keys and what they are for: first those of both sides.
pub const ACTIONS: [(Action, &str, &str); 17] = [
    (
        Action::Setup,
        "setup",
        "Requests, once a person, before the first connection.",
    ),
    (
        Action::BeforeConnect,
        "before_connect",
        "Requests before each connection.",
    ),
    (
        Action::Connect,
        "connect",
        "What is said first on each connection; the person is in when it is through.",
    ),
    (
        Action::Resume,
        "resume",
        "A customer who was cut off goes on with its chat: after `connect`.",
    ),
    (Action::Open, "open", "A customer asks for an agent."),
    (Action::Say, "say", "The person says `${text}` in a chat."),
    (Action::Typing, "typing", "The person is seen typing."),
    (Action::Close, "close", "The person ends the chat."),
    (
        Action::Assigned,
        "assigned",
        "The chat has got its other side: what is to be asked for then.",
    ),
    (Action::Bye, "bye", "The person goes."),
    (
        Action::SetLimit,
        "set_limit",
        "An agent takes `${max_chats}` chats at a time: before `online`.",
    ),
    (
        Action::Online,
        "online",
        "An agent takes chats, `${max_chats}` at a time.",
    ),
    (Action::Offline, "offline", "An agent takes no more chats."),
    (
        Action::Accept,
        "accept",
        "An agent takes a chat that it was given, before `assigned`.",
    ),
    (
        Action::Take,
        "take",
        "With `dispatch = \"pull\"`: an agent asks for a chat that waits.",
    ),
    (
        Action::Free,
        "free",
        "An agent's slot is free: the work after the chat is done.",
    ),
    (
        Action::Transfer,
        "transfer",
        "An agent gives the chat back to the queue.",
    ),
];

/// How many of them customers have, too.
const OF_BOTH: usize = 10;

impl Action {
    /// As it is written.
    pub fn key(self) -> &'static str {
        ACTIONS[self as usize].1
    }

    /// Whether there is no stream yet.
    pub fn is_before_stream(self) -> bool {
        matches!(self, Action::Setup | Action::BeforeConnect)
    }
}

/// What one side says, and what it hears before both sides' matchers are asked.
#[derive(Clone, Debug)]
pub struct Side {
    /// By the number of the action.
    pub scripts: Vec<Script>,
    /// Before those of both sides.
    pub on: Vec<On>,
}

/// A script, or whose it is.
#[derive(Clone, Debug)]
pub enum Script {
    /// Its steps.
    Steps(Vec<Step>),
    /// That of another action, of the agent if so, and where that is said.
    As {
        /// Whose: the agent's or the customer's.
        agent: bool,
        /// Which.
        action: Action,
        /// Where it is said.
        place: crate::scenario::document::Place,
    },
}

impl Default for Script {
    fn default() -> Script {
        Script::Steps(Vec::new())
    }
}

struct ScriptForm<'a>(&'a Lexicon);

impl Form for ScriptForm<'_> {
    type Out = Script;

    fn says(&self) -> String {
        "a list of steps, or the name of another script".into()
    }

    fn example(&self) -> String {
        Steps(self.0).example()
    }

    fn schema(&self) -> Json {
        json!({ "$ref": "#/$defs/script" })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Script> {
        match &node.value {
            Value::List(_) => Steps(self.0).read(key, node, problems).map(Script::Steps),
            Value::Text { text, .. } => {
                let found = named(text, node);
                if found.is_none() {
                    let names = names();
                    let help = did_you_mean(text, names.iter().map(String::as_str));
                    let title = format!("`{key}` names no script");
                    problems.add(node.place, title, "no such script", Some(help));
                }
                found
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}

/// The scripts that can be named.
pub fn names() -> Vec<String> {
    let of = |side: &'static str, many: usize| {
        let keys = ACTIONS.iter().take(many).map(|(_, key, _)| *key);
        keys.map(move |key| format!("{side}.{key}"))
    };
    of("customer", OF_BOTH)
        .chain(of("agent", ACTIONS.len()))
        .collect()
}

fn named(text: &str, node: &Node) -> Option<Script> {
    let (side, key) = text.split_once('.')?;
    let agent = side == "agent";
    let known = if agent { ACTIONS.len() } else { OF_BOTH };
    let mut known = ACTIONS.iter().take(known);
    let (action, ..) = known.find(|(_, known, _)| *known == key)?;
    (agent || side == "customer").then_some(Script::As {
        agent,
        action: *action,
        place: node.place,
    })
}

/// Asks for the keys of a side.
pub fn ask(section: &mut Section, lexicon: &Lexicon, agent: bool) -> Side {
    let many = if agent { ACTIONS.len() } else { OF_BOTH };
    let mut scripts = vec![Script::default(); ACTIONS.len()];
    for (action, key, doc) in ACTIONS.into_iter().take(many) {
        let script: Option<At<Script>> = section.optional(key, doc, &ScriptForm(lexicon));
        if let Some(script) = script {
            scripts[action as usize] = script.value;
        }
    }
    let doc = "What this side alone hears; asked before the `[on]` of both.";
    let on = section.part("on", doc, |section| on::ask(section, lexicon));
    Side { scripts, on }
}

/// The steps of each script, once those that are another's are found.
pub fn settle(sides: [Side; 2], problems: &mut Problems) -> [(Vec<Vec<Step>>, Vec<On>); 2] {
    let steps = |agent: bool| -> Vec<Vec<Step>> {
        let scripts = sides[usize::from(agent)].scripts.iter();
        scripts.map(|script| resolve(&sides, script)).collect()
    };
    let settled = [steps(false), steps(true)];
    for script in sides.iter().flat_map(|side| &side.scripts) {
        if let Script::As {
            agent,
            action,
            place,
        } = script
            && let Script::As { .. } = sides[usize::from(*agent)].scripts[*action as usize]
        {
            let title = "this script is itself another's";
            let help = "name the one that has the steps".to_string();
            problems.add(*place, title, "no steps there", Some(help));
        }
    }
    let [customer, agent] = sides;
    let [of_customer, of_agent] = settled;
    [(of_customer, customer.on), (of_agent, agent.on)]
}

fn resolve(sides: &[Side; 2], script: &Script) -> Vec<Step> {
    match script {
        Script::Steps(steps) => steps.clone(),
        Script::As { agent, action, .. } => {
            match &sides[usize::from(*agent)].scripts[*action as usize] {
                Script::Steps(steps) => steps.clone(),
                Script::As { .. } => Vec::new(),
            }
        }
    }
}
