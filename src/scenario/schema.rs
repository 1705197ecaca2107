//! Owns the JSON Schema of the scenario file.
//!
//! Law: it is what the reader asks for, since the reader's own declaration describes it.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{file, section};

/// The JSON Schema (2020-12) of the scenario file.
pub fn schema() -> Json {
    let described = section::describe(|root| file::ask(root, Path::new("")));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "busyhour scenario",
        "description": "Customers, agents and the season of a chat contact center.",
    });
    if let (Json::Object(schema), Json::Object(described)) = (&mut schema, described) {
        schema.extend(described);
    }
    schema
}
