//! Owns the JSON Schema of the protocol file.
//!
//! Law: as the scenario's, it is what the reader asks for. Steps and tests are described once.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::lexicon::Lexicon;
use super::outside::Outside;
use super::{conditions, file, step};
use crate::scenario::form::Form;
use crate::scenario::section;

/// The JSON Schema (2020-12) of the protocol file.
pub fn schema() -> Json {
    let lexicon = Lexicon::default();
    let outside = Outside {
        folder: Path::new(""),
        env: &|_| None,
        taken: None,
    };
    let described = section::describe(|root| file::ask(root, &lexicon, &outside));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "busyhour protocol",
        "description": "How a chat server is spoken with.",
    });
    if let (Json::Object(schema), Json::Object(described)) = (&mut schema, described) {
        schema.extend(described);
    }
    let step = section::describe(|section| step::ask(section, &lexicon));
    schema["$defs"] = json!({
        "tests": conditions::schema(),
        "step": step,
        "script": {
            "anyOf": [
                step::Steps(&lexicon).schema(),
                { "type": "string", "pattern": r"^(customer|agent)\.[a-z_]+$" },
            ],
        },
    });
    schema
}
