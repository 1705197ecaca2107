//! `busyhour schema`: the JSON Schema of the files that people write.

use clap::{Args, ValueEnum};

use super::console::Console;
use crate::error::{Error, Exit, Result};
use crate::scenario;
use crate::wire::{declared, xmpp};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Of which files
    #[arg(value_enum, default_value_t, value_name = "FILES")]
    of: Files,
}

/// Files that people write.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Files {
    /// Scenarios
    #[default]
    Scenario,
    /// Protocols that are declared
    Protocol,
    /// XMPP servers: `driver = "xmpp"`
    Xmpp,
}

/// Prints the schema.
///
/// # Errors
/// Failed: stdout cannot be written.
pub fn run(args: &Schema, console: &Console) -> Result<Exit> {
    let schema = match args.of {
        Files::Scenario => scenario::schema(),
        Files::Protocol => declared::schema(),
        Files::Xmpp => xmpp::file::schema(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|error| Error::failed(format!("cannot word the schema: {error}")))?;
    console.tell(&format!("{text}\n"))?;
    Ok(Exit::Fine)
}
