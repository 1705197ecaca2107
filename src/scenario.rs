//! What is asked: the scenario file, its errors and schema, and the plan it resolves to.
//!
//! Law: text, files and time zones end here; what comes after reads a [`plan::Plan`], which is
//! numbers only. Reading and the JSON Schema come from one declaration, in `file`.

mod almanac;
mod arrivals;
mod attachment;
mod busyness;
pub mod calendar;
mod clock;
pub(crate) mod column;
mod contradictions;
mod cover;
mod curve;
mod customers;
mod days;
mod distribution;
pub(crate) mod document;
pub mod duration;
mod file;
pub(crate) mod form;
mod gates;
mod headcount;
mod hours;
mod intraday;
mod local;
pub mod memory;
mod messages;
mod moment;
pub(crate) mod names;
pub mod outlook;
mod overrides;
mod people;
pub mod plan;
mod precision;
pub(crate) mod problem;
pub(crate) mod quantity;
mod replay;
mod resample;
mod resolve;
mod roster;
mod run;
pub mod scaling;
mod schema;
pub(crate) mod section;
pub mod stream;
mod surge;
mod texts;
pub mod window;

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::time::Span;
use document::Document;
use plan::{Plan, Source};
use problem::Problems;
use scaling::Scaling;

pub use schema::schema;

/// The longest scenario file, in bytes.
const LONGEST: u64 = 16 << 20;

/// Reads a length of time as scenarios write it, for flags of the command line.
///
/// # Errors
/// What is wrong and what to write, in half a sentence.
pub fn read_span(text: &str) -> std::result::Result<Span, String> {
    (duration::SPAN.parse)(text).map_err(problem::Fault::in_words)
}

/// Reads a rate as scenarios write it, in chats a second, for flags of the command line.
///
/// # Errors
/// What is wrong and what to write, in half a sentence.
pub fn read_rate(text: &str) -> std::result::Result<f64, String> {
    let rate = (quantity::RATE.parse)(text).map_err(problem::Fault::in_words);
    rate.map(|quantity| quantity.0)
}

/// Reads a scenario file, changes it by `overrides` (`path=value`, in order) and resolves it.
///
/// Other files that it names are sought from its own folder; those that an override names, from
/// the working directory.
///
/// # Errors
/// One error (exit 2) with everything that is wrong with the file and the overrides.
pub fn read(file: &Path, overrides: &[String]) -> Result<Plan> {
    read_scaled(file, overrides, None)
}

/// Reads a scenario file as [`read`] does and scales it after all other changes.
///
/// # Errors
/// As [`read`].
pub fn read_scaled(file: &Path, overrides: &[String], scaling: Option<Scaling>) -> Result<Plan> {
    let bytes = read_bytes(file).map_err(|source| Error::unreadable(file, &source))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Error::refused(format!("{} is not UTF-8 text", file.display())))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    read_all(
        &file.display().to_string(),
        &text,
        folder,
        overrides,
        scaling,
    )
}

/// The file's bytes: what has no end is no scenario.
fn read_bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(file)?.take(LONGEST + 1);
    file.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        let why = format!("it is longer than {LONGEST} bytes, too long for a scenario");
        return Err(std::io::Error::other(why));
    }
    Ok(bytes)
}

/// Reads a scenario from its text, as [`read`] does from a file; `name` stands for the file in
/// errors, and `folder` is where the files it names are sought.
///
/// # Errors
/// One error (exit 2) with everything that is wrong.
pub fn read_text(name: &str, text: &str, folder: &Path, overrides: &[String]) -> Result<Plan> {
    read_all(name, text, folder, overrides, None)
}

/// Reads a plan's scenario once more, in another process, from what the plan was read from. Files
/// that it names are read anew: [`Plan::fingerprint`] tells whether they are still the same.
///
/// # Errors
/// As [`read`].
pub fn read_again(source: &Source) -> Result<Plan> {
    let folder = Path::new(&source.file).parent().unwrap_or(Path::new(""));
    let mut plan = read_text(&source.file, &source.text, folder, &source.overrides)?;
    if let Some(window) = &source.narrowed {
        window.narrow(&mut plan)?;
    }
    Ok(plan)
}

fn read_all(
    name: &str,
    text: &str,
    folder: &Path,
    overrides: &[String],
    scaling: Option<Scaling>,
) -> Result<Plan> {
    let mut problems = Problems::new(name, text);
    let Some(mut document) = Document::parse(text, &mut problems) else {
        return Err(problems.into_error());
    };
    let mut changes = overrides.to_vec();
    for change in overrides {
        overrides::apply(&mut document, change, &mut problems);
    }
    if let Some(scaling) = scaling {
        let more = scaling.changes(&document);
        for change in &more {
            overrides::apply(&mut document, change, &mut problems);
        }
        changes.extend(more);
    }
    let written = file::read(&document, folder, &mut problems);
    let source = Source {
        file: name.to_string(),
        text: text.to_string(),
        overrides: changes,
        scaled: scaling.map(Scaling::words),
        window: None,
        narrowed: None,
        files: problems.files(),
    };
    match resolve::resolve(&written, source, &mut problems) {
        Some(plan) if problems.is_empty() => Ok(plan),
        _ => Err(problems.into_error()),
    }
}
