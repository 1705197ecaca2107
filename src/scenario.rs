//! What is asked: the scenario file, its errors and schema, and the plan it resolves to.
//!
//! Law: text, files and time zones end here; what comes after reads a [`plan::Plan`], which is
//! numbers only. Reading and the JSON Schema come from one declaration, in `file`.

mod almanac;
mod arrivals;
pub mod calendar;
mod clock;
mod column;
mod curve;
mod days;
mod distribution;
mod document;
pub mod duration;
mod file;
mod form;
mod gates;
mod hours;
mod intraday;
mod moment;
mod names;
pub mod outlook;
mod overrides;
mod people;
pub mod plan;
mod problem;
mod quantity;
mod replay;
mod resolve;
mod roster;
mod run;
mod schema;
mod section;
pub mod stream;
mod surge;

use std::path::Path;

use crate::error::{Error, Result};
use document::Document;
use plan::{Plan, Source};
use problem::Problems;

pub use schema::schema;

/// Reads a scenario file, changes it by `overrides` (`path=value`, in order) and resolves it.
///
/// Other files that it names are sought from its own folder; those that an override names, from
/// the working directory.
///
/// # Errors
/// One error (exit 2) with everything that is wrong with the file and the overrides.
pub fn read(file: &Path, overrides: &[String]) -> Result<Plan> {
    let bytes = std::fs::read(file).map_err(|source| Error::unreadable(file, &source))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::refused(format!("{} is not UTF-8 text", file.display())))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    read_text(&file.display().to_string(), &text, folder, overrides)
}

/// Reads a scenario from its text, as [`read`] does from a file; `name` stands for the file in
/// errors, and `folder` is where the files it names are sought.
///
/// # Errors
/// One error (exit 2) with everything that is wrong.
pub fn read_text(name: &str, text: &str, folder: &Path, overrides: &[String]) -> Result<Plan> {
    let mut problems = Problems::new(name, text);
    let Some(mut document) = Document::parse(text, &mut problems) else {
        return Err(problems.into_error());
    };
    for change in overrides {
        overrides::apply(&mut document, change, &mut problems);
    }
    let written = file::read(&document, folder, &mut problems);
    let source = Source {
        file: name.to_string(),
        text: text.to_string(),
        overrides: overrides.to_vec(),
    };
    match resolve::resolve(&written, source, &mut problems) {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(problems.into_error()),
    }
}
