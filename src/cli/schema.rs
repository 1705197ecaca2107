//! `busyhour schema`: the JSON Schema of scenario files.

use super::console::Console;
use crate::error::{Error, Exit, Result};
use crate::scenario;

/// Prints the schema.
///
/// # Errors
/// Failed: stdout cannot be written.
pub fn run(console: &Console) -> Result<Exit> {
    let text = serde_json::to_string_pretty(&scenario::schema())
        .map_err(|error| Error::failed(format!("cannot word the schema: {error}")))?;
    console.tell(&format!("{text}\n"))?;
    Ok(Exit::Fine)
}
