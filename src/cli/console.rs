//! Owns `Console`: the two streams the program talks on.
//!
//! Law: a reader who goes away (a broken pipe) is no error; a full disk behind stdout is one.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use crate::error::{Error, Result};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Nowhere
    Never,
}

/// Columns of a report that goes to no terminal.
const WIDTH: usize = 100;

/// The two streams the program talks on.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Columns of stdout.
    pub width: usize,
    /// Whether stdout is coloured.
    pub colour: bool,
    /// Whether stderr is coloured.
    colour_errors: bool,
    /// Whether stderr is a terminal, so that progress can move.
    pub moving: bool,
}

impl Console {
    /// Looks at both streams.
    pub fn new(colour: Colour) -> Console {
        let wanted = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let columns = || terminal_size::terminal_size_of(io::stdout());
        let width = match io::stdout().is_terminal().then(columns).flatten() {
            Some((columns, _)) => usize::from(columns.0),
            None => WIDTH,
        };
        Console {
            width,
            colour: wanted(io::stdout().is_terminal()),
            colour_errors: wanted(io::stderr().is_terminal()),
            moving: io::stderr().is_terminal(),
        }
    }

    /// Writes to stdout.
    ///
    /// # Errors
    /// Failed: stdout cannot be written, but for a reader who went away.
    pub fn tell(&self, text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::failed(format!("cannot write to stdout: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Writes a line to stderr; that nobody reads it is no error.
    pub fn note(&self, line: &str) {
        let _ = writeln!(io::stderr(), "{line}");
    }

    /// Writes an error to stderr.
    pub fn complain(&self, error: &Error) {
        self.note(error.message(self.colour_errors).trim_end());
    }
}
