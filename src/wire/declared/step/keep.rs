//! Owns `Keep`: a value that is kept of what a server says, and where it stands there.
//!
//! Law: what is kept has a name with a scope, so that it is known how long it is kept.

use serde_json::{Value as Json, json};

use crate::scenario::document::{Node, Value};
use crate::scenario::form::Form;
use crate::scenario::problem::Problems;
use crate::wire::declared::capture::Capture;
use crate::wire::declared::form::{Captured, KEPT, Pairs, texts};
use crate::wire::declared::lexicon::Lexicon;
use crate::wire::declared::pointer::Pointer;

/// A value that is kept.
#[derive(Clone, Debug)]
pub struct Keep {
    /// Its name, with the scope.
    pub name: String,
    /// Where it stands.
    pub source: Source,
}

/// Where a value stands.
#[derive(Clone, Debug)]
pub enum Source {
    /// In a frame or a body.
    Value(Capture),
    /// In a header, by its name in small letters.
    Header(String),
}

/// Reads where a value stands in the hits of `each`: a pointer, or `header:NAME`.
pub struct Written<'a>(pub Option<&'a Pointer>);

impl Form for Written<'_> {
    type Out = Source;

    fn says(&self) -> String {
        "a pointer, or `header:NAME`".into()
    }

    fn example(&self) -> String {
        "\"/data/id\"".into()
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": "^(header:.+|[/@].*|)$", "examples": ["/data/id"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Source> {
        if let Value::Text { text, .. } = &node.value
            && let Some(name) = text.strip_prefix("header:")
        {
            return Some(Source::Header(name.trim().to_ascii_lowercase()));
        }
        let captured = Captured {
            name: key,
            each: self.0,
        };
        captured.read(key, node, problems).map(Source::Value)
    }
}

/// The name under which a value is kept; whoever uses the name later may.
pub struct Name<'a>(pub &'a Lexicon);

impl Form for Name<'_> {
    type Out = String;

    fn says(&self) -> String {
        KEPT.says()
    }

    fn example(&self) -> String {
        // As a key, in quotes: a bare dot would make a table.
        KEPT.example()
    }

    fn schema(&self) -> Json {
        KEPT.schema()
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<String> {
        let name = KEPT.read(key, node, problems)?;
        self.0.give(name.clone());
        Some(name)
    }
}

/// What a table of such names says.
pub fn list(pairs: Option<Pairs<String, Source>>) -> Vec<Keep> {
    let keep = |(name, source)| Keep { name, source };
    texts(pairs).into_iter().map(keep).collect()
}
