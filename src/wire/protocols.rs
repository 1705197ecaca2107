//! Owns which protocols there are: by the names that come with the program, or from a file.
//!
//! Law: whoever plays a part of a run in another process reads its protocol from what the first read it
//! from, and gets the same.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::declared::{self, built_in};
use super::speaker::Protocol;
use super::xmpp::{self, Settings};
use crate::error::{Error, Result};
use crate::scenario::document::Document;
use crate::scenario::names::did_you_mean;
use crate::scenario::problem::Problems;

/// The built-in server's own.
pub const NATIVE: &str = "native";

/// XMPP over WebSocket.
pub const XMPP: &str = "xmpp";

/// What a protocol was read from, with its secrets in clear: for a pipe to another process of the run
/// and for nothing else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A file that declares it.
    Declared(declared::Source),
    /// The settings of an XMPP server.
    Xmpp(xmpp::InClear),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Source::Declared(_) => "Declared(..)",
            Source::Xmpp(_) => "Xmpp(..)",
        })
    }
}

/// A protocol that comes with the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// By which it is asked for.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: String,
    /// What was run, and what was only read.
    pub evidence: String,
    /// Whether it was run against a real server.
    pub is_tried: bool,
}

/// The protocol of this name, or in this file; none for the built-in server's.
///
/// # Errors
/// Refused: there is none of this name, the file cannot be read, or is wrong.
pub fn open(name: &str) -> Result<Option<Arc<dyn Protocol>>> {
    let is_file = name.contains(['/', '.']);
    Ok(match name {
        NATIVE => None,
        XMPP => Some(Arc::new(Settings::usual())),
        _ if is_file => Some(read(Path::new(name))?),
        _ if built_in::NAMES.contains(&name) => Some(Arc::new(declared::read_built_in(name)?)),
        _ => {
            let words = format!("no protocol `{name}` comes with the program");
            let known = [NATIVE, XMPP].into_iter().chain(built_in::NAMES);
            let near = did_you_mean(name, known.collect::<Vec<_>>());
            return Err(Error::refused(words).with_remedy(format!(
                "{near} (a file is named with its ending, as `chat.toml`)"
            )));
        }
    })
}

/// The protocol that a file declares, or the XMPP server that it tells of.
fn read(file: &Path) -> Result<Arc<dyn Protocol>> {
    let text = declared::text_of(file)?;
    let mut problems = Problems::new(&file.display().to_string(), &text);
    let Some(document) = Document::parse(&text, &mut problems) else {
        return Err(problems.into_error());
    };
    if !xmpp::file::is_one(&document) {
        return Ok(Arc::new(declared::read(file)?));
    }
    let env = |variable: &str| std::env::var(variable).ok();
    let settings = xmpp::file::read(&document, &env, &mut problems);
    match problems.is_empty() {
        true => Ok(Arc::new(settings)),
        false => Err(problems.into_error()),
    }
}

/// Reads a protocol once more, in another process.
///
/// # Errors
/// Those of `open`.
pub fn read_again(source: Source) -> Result<Arc<dyn Protocol>> {
    Ok(match source {
        Source::Declared(source) => Arc::new(declared::read_again(&source)?),
        Source::Xmpp(settings) => Arc::new(settings.hide()),
    })
}

/// Those that come with the program, in the order in which they are told.
///
/// # Panics
/// One of them cannot be read: a test reads them all.
pub fn all() -> Vec<Entry> {
    let native = Entry {
        name: NATIVE,
        about: "the built-in server's own: docs/protocol.md".into(),
        evidence: "Run against the built-in server.".into(),
        is_tried: true,
    };
    let xmpp = Entry {
        name: XMPP,
        about: "XMPP over WebSocket (RFC 7395), direct messages; this program gives out the chats"
            .into(),
        evidence: "Run against Prosody 0.12.".into(),
        is_tried: true,
    };
    let declared = built_in::NAMES.iter().map(|name| {
        let protocol = declared::look_at_built_in(name).expect("what comes with the program reads");
        Entry {
            name,
            about: protocol.about().to_owned(),
            evidence: protocol.evidence().to_owned(),
            is_tried: protocol.is_tried(),
        }
    });
    [native, xmpp].into_iter().chain(declared).collect()
}
