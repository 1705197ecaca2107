//! A protocol that is declared in a file: what is said, what is heard, and what it means.
//!
//! Law: what a file declares is read once, with every fault in its place; what is done for each frame
//! after that is bounded, and nothing that a server says can panic or be taken for more than a value.
//!
//! ```text
//!  file --> transport, script: step, on, keepalive --> Protocol --> Talk, one a connection
//!           made of: template, json_template, pointer, condition, matcher, codec
//! ```

pub mod aim;
mod apart;
pub mod built_in;
pub mod capture;
pub mod codec;
pub mod condition;
mod conditions;
mod file;
pub(in crate::wire) mod form;
pub mod hole;
pub mod inner;
pub mod json_template;
mod keepalive;
mod lexicon;
pub mod matcher;
mod on;
pub mod outside;
mod pacing;
pub mod pattern;
pub mod place;
pub mod pointer;
mod poll;
mod requirements;
mod resume;
mod schema;
mod script;
mod step;
pub mod talk;
pub mod template;
mod transport;

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::apart::Apart;
use self::keepalive::Keepalive;
use self::on::On;
use self::outside::{Outside, Values};
use self::resume::Resume;
use self::script::Action;
use self::step::Step;
use self::talk::{People, Talk};
use self::template::Template;
use self::transport::Transport;
use super::frame::Party;
use super::protocols;
use super::speaker::{self, Deed, Lost, Manners, Speaker, Who};
use crate::error::{Error, Result};
use crate::scenario::document::Document;
use crate::scenario::problem::Problems;

pub use schema::schema;

/// The longest protocol file, in bytes.
const LONGEST: u64 = 1 << 20;

/// What a protocol was read from: enough to read it again in another process. It holds secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The file's name, for errors.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What it took from other files and the environment.
    pub values: Values,
}

/// A protocol that was declared in a file.
pub struct Protocol {
    source: Source,
    name: String,
    about: String,
    evidence: String,
    tried: bool,
    manners: Manners,
    address: Option<Template>,
    secret: Vec<String>,
    transport: Transport,
    /// How an agent's connection for a chat is asked for, where each has its own.
    apart: Option<Apart>,
    /// Made once a person, a connection and a chat.
    scopes: [Vec<(String, Template)>; 3],
    /// The customer's and the agent's, by the number of the action.
    scripts: [Vec<Vec<Step>>; 2],
    /// The customer's and the agent's, in the order in which they are asked; with the number under
    /// which hits are counted.
    on: [Vec<(usize, On)>; 2],
    matcher_names: Vec<String>,
    keepalives: Vec<Keepalive>,
    pacing: Vec<(Option<Action>, Duration)>,
    /// What the server keeps of customers who are cut off; none for nothing.
    resume: Option<Resume>,
    /// Those who were cut off in this process.
    people: People,
}

/// What it was made of may be long and hold secrets.
impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protocol({})", self.name)
    }
}

/// Reads a protocol file. Other files that it names are sought from its own folder.
///
/// # Errors
/// One error (exit 2) with everything that is wrong with it.
pub fn read(file: &Path) -> Result<Protocol> {
    let text = text_of(file)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    read_text(&file.display().to_string(), &text, folder)
}

/// The text of a protocol file.
///
/// # Errors
/// Refused: it cannot be read, is too long, or no text.
pub fn text_of(file: &Path) -> Result<String> {
    let bytes = read_bytes(file).map_err(|source| Error::unreadable(file, &source))?;
    String::from_utf8(bytes)
        .map_err(|_| Error::refused(format!("{} is not UTF-8 text", file.display())))
}

fn read_bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(file)?.take(LONGEST + 1);
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        let why = format!("it is longer than {LONGEST} bytes, too long for a protocol");
        return Err(std::io::Error::other(why));
    }
    Ok(bytes)
}

/// Reads a protocol from its text, as [`read`] does from a file; `name` stands for the file in
/// errors, and `folder` is where the files it names are sought.
///
/// # Errors
/// As [`read`].
pub fn read_text(name: &str, text: &str, folder: &Path) -> Result<Protocol> {
    let outside = Outside {
        folder,
        env: &|variable| std::env::var(variable).ok(),
        taken: None,
    };
    read_with(name, text, &outside)
}

/// Reads one of the protocols that come with the program.
///
/// # Errors
/// There is none of this name, or a variable that it asks for is not set.
pub fn read_built_in(name: &str) -> Result<Protocol> {
    let text = built_in_text(name)?;
    read_text(&format!("the built-in `{name}`"), text, Path::new(""))
}

/// Looks at one of the protocols that come with the program, which need not be fit to be spoken: what
/// it takes from files and the environment may be missing.
///
/// # Errors
/// There is none of this name.
pub fn look_at_built_in(name: &str) -> Result<Protocol> {
    let text = built_in_text(name)?;
    let outside = Outside {
        folder: Path::new(""),
        env: &|_| None,
        taken: Some(&Values::default()),
    };
    read_with(&format!("the built-in `{name}`"), text, &outside)
}

/// The file of one of the protocols that come with the program.
///
/// # Errors
/// There is none of this name.
pub fn built_in_text(name: &str) -> Result<&'static str> {
    built_in::built_in(name).ok_or_else(|| {
        let help = crate::scenario::names::did_you_mean(name, built_in::NAMES);
        let error = Error::refused(format!("no protocol `{name}` comes with the program"));
        error.with_remedy(help)
    })
}

/// Reads a protocol once more, in another process, from what it was read from.
///
/// # Errors
/// As [`read`].
pub fn read_again(source: &Source) -> Result<Protocol> {
    let outside = Outside {
        folder: Path::new(""),
        env: &|_| None,
        taken: Some(&source.values),
    };
    read_with(&source.name, &source.text, &outside)
}

fn read_with(name: &str, text: &str, outside: &Outside) -> Result<Protocol> {
    let mut problems = Problems::new(name, text);
    let Some(document) = Document::parse(text, &mut problems) else {
        return Err(problems.into_error());
    };
    let written = file::read(&document, outside, &mut problems);
    requirements::check(&written, &document, &mut problems);
    let source = Source {
        name: name.to_string(),
        text: text.to_string(),
        values: written.values.clone(),
    };
    let protocol = Protocol::new(written, source, &mut problems);
    match problems.is_empty() {
        true => Ok(protocol),
        false => Err(problems.into_error()),
    }
}

impl Protocol {
    fn new(written: file::Written, source: Source, problems: &mut Problems) -> Protocol {
        let [customer, agent] = script::settle(written.sides, problems);
        let mut names = Vec::new();
        let of_customer = numbered("customer.on", customer.1, &mut names);
        let of_agent = numbered("agent.on", agent.1, &mut names);
        let of_both = numbered("on", written.on, &mut names);
        let with_both = |own: Vec<(usize, On)>| own.into_iter().chain(of_both.clone()).collect();
        Protocol {
            source,
            name: written.name,
            about: written.about,
            evidence: written.evidence,
            tried: written.tried,
            manners: written.manners,
            address: written.address,
            secret: written.secret,
            transport: written.transport,
            apart: written.apart,
            scopes: written.scopes,
            scripts: [customer.0, agent.0],
            on: [with_both(of_customer), with_both(of_agent)],
            matcher_names: names,
            keepalives: written.keepalives,
            pacing: written.pacing,
            resume: written.resume,
            people: People::default(),
        }
    }

    /// What it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What reports call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is, in one line.
    pub fn about(&self) -> &str {
        &self.about
    }

    /// What was run, and what was only read.
    pub fn evidence(&self) -> &str {
        &self.evidence
    }

    /// Whether it was run against a real server.
    pub fn is_tried(&self) -> bool {
        self.tried
    }

    /// How the server goes about chats.
    pub fn manners(&self) -> Manners {
        self.manners
    }

    /// The names of its matchers, in the order of [`Talk::matched`].
    pub fn matcher_names(&self) -> &[String] {
        &self.matcher_names
    }

    /// One connection of one person.
    pub fn talk(self: &Arc<Protocol>, who: Who) -> Talk {
        Talk::new(self.clone(), who)
    }

    fn script(&self, party: Party, action: Action) -> &[Step] {
        &self.scripts[side(party)][action as usize]
    }

    fn matchers(&self, party: Party) -> &[(usize, On)] {
        &self.on[side(party)]
    }

    /// Whether a person hears by a matcher that something is so.
    fn says(&self, party: Party, meaning: on::Meaning) -> bool {
        let mut matchers = self.matchers(party).iter();
        matchers.any(|(_, on)| on.meaning == meaning)
    }
}

impl speaker::Protocol for Protocol {
    fn name(&self) -> &str {
        Protocol::name(self)
    }

    fn manners(&self) -> Manners {
        Protocol::manners(self)
    }

    fn is_tried(&self) -> bool {
        Protocol::is_tried(self)
    }

    fn channels(&self) -> speaker::Channels {
        let is_request = |step: &Step| matches!(step.what, step::What::Request(_));
        let mut steps = self.scripts.iter().flatten().flatten();
        let signs = self.keepalives.iter().any(|sign| is_request(&sign.step));
        speaker::Channels {
            stream: self.transport.stream,
            poll: self.transport.poll.is_some(),
            requests: signs || steps.any(is_request),
            apart: self.apart.is_some(),
        }
    }

    fn hands_over(&self) -> bool {
        let is_ours = self.manners.dispatch == speaker::Dispatch::Busyhour;
        is_ours || !self.script(Party::Agent, Action::Transfer).is_empty()
    }

    fn passes_on(&self, from: Party, deed: &Deed<'_>) -> bool {
        let (action, meaning) = match deed {
            Deed::Typing { .. } => (Action::Typing, on::Meaning::Typing),
            Deed::Close { .. } => (Action::Close, on::Meaning::Closed),
            _ => return true,
        };
        let other = match from {
            Party::Agent => Party::Customer,
            Party::Customer | Party::Server => Party::Agent,
        };
        !self.script(from, action).is_empty() && self.says(other, meaning)
    }

    fn matchers(&self) -> &[String] {
        self.matcher_names()
    }

    fn resume(self: Arc<Self>, who: Who, lost: Lost, _: Duration) -> Box<dyn Speaker> {
        match lost {
            Lost::Declared(remains) => Box::new(Talk::resuming(self, who, *remains)),
            Lost::Xmpp(_) => self.speaker(who),
        }
    }

    fn source(&self) -> Option<protocols::Source> {
        Some(protocols::Source::Declared(self.source.clone()))
    }

    fn speaker(self: Arc<Self>, who: Who) -> Box<dyn Speaker> {
        Box::new(Talk::new(self, who))
    }
}

/// The place of a side's in a pair: the customer's first.
fn side(party: Party) -> usize {
    usize::from(party == Party::Agent)
}

/// Gives matchers their numbers, and adds their names.
fn numbered(table: &str, matchers: Vec<On>, names: &mut Vec<String>) -> Vec<(usize, On)> {
    let mut numbered = Vec::with_capacity(matchers.len());
    for on in matchers {
        let key = on.meaning.key();
        let name = format!("{table}.{key}");
        let earlier = |(_, other): &&(usize, On)| other.meaning == on.meaning;
        let earlier = numbered.iter().filter(earlier).count();
        let number = names.len();
        names.push(match earlier {
            0 => name,
            _ => format!("{name} ({})", earlier + 1),
        });
        numbered.push((number, on));
    }
    numbered
}

#[cfg(test)]
mod tests;
