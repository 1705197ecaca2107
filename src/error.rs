//! Owns the crate's one error type and the exit codes.
//!
//! Law: an error is the user's or the world's fault and says what, where and what to do; a broken
//! invariant of ours is a panic. One type, because every error ends at the same place: one message
//! and one exit code.

use std::fmt;
use std::path::Path;

/// How the process ends; the numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything as asked.
    Fine,
    /// A gate failed.
    GateFailed,
    /// Refused before the start: usage, scenario, unreadable file, too few descriptors, a host
    /// that is not allowed.
    Refused,
    /// The run failed: port in use, target unreachable, disk full, precision that nothing can reach.
    Failed,
    /// The run is not to be trusted: the generator fell short.
    Invalid,
    /// Stopped by SIGINT, after the report was written.
    Interrupted,
    /// Stopped by SIGTERM, after the report was written.
    Terminated,
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::GateFailed => 1,
            Exit::Refused => 2,
            Exit::Failed => 3,
            Exit::Invalid => 4,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}

/// Something the user or the world has to mend.
#[derive(Debug)]
pub struct Error(Box<Details>);

/// What is known of it; apart, since everything that may fail has room for an error.
#[derive(Debug)]
struct Details {
    exit: Exit,
    plain: String,
    styled: Option<String>,
    remedy: Option<String>,
    of_this_machine: bool,
    for_good: bool,
}

/// `Result` with the crate's error.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(exit: Exit, what: String) -> Error {
        Error(Box::new(Details {
            exit,
            plain: what,
            styled: None,
            remedy: None,
            of_this_machine: false,
            for_good: false,
        }))
    }

    // Cold, so that the code on the way to an error is laid out of the way of what is run all the time.

    /// Refused before anything started (exit 2).
    #[cold]
    pub fn refused(what: impl Into<String>) -> Error {
        Error::new(Exit::Refused, what.into())
    }

    /// The run failed (exit 3).
    #[cold]
    pub fn failed(what: impl Into<String>) -> Error {
        Error::new(Exit::Failed, what.into())
    }

    /// A file that could not be read (exit 2).
    pub fn unreadable(path: &Path, source: &std::io::Error) -> Error {
        Error::refused(format!(
            "cannot read {}: {}",
            path.display(),
            in_words(source)
        ))
    }

    /// A file that could not be written (exit 3).
    pub fn unwritable(path: &Path, source: &std::io::Error) -> Error {
        Error::failed(format!(
            "cannot write {}: {}",
            path.display(),
            in_words(source)
        ))
    }

    /// Adds what the user can do about it.
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Error {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// The same error with what it kept from happening before it.
    pub fn within(mut self, what: &str) -> Error {
        self.0.plain = format!("{what}: {}", self.0.plain);
        self
    }

    /// Adds the same message with terminal colours.
    pub fn with_styled(mut self, styled: String) -> Error {
        self.0.styled = Some(styled);
        self
    }

    /// Marks the error as a shortage of this machine's own: descriptors, ports.
    pub fn of_this_machine(mut self) -> Error {
        self.0.of_this_machine = true;
        self
    }

    /// Whether this machine fell short, not the other side.
    pub fn is_of_this_machine(&self) -> bool {
        self.0.of_this_machine
    }

    /// Marks the error as one that another try would meet as well.
    pub fn for_good(mut self) -> Error {
        self.0.for_good = true;
        self
    }

    /// The same error where another try may fare better, whatever was thought of it before.
    pub fn may_pass(mut self) -> Error {
        self.0.for_good = false;
        self
    }

    /// Whether another try is of no use.
    pub fn is_for_good(&self) -> bool {
        self.0.for_good || self.0.of_this_machine
    }

    /// What went wrong, without colours and remedy.
    pub fn plain(&self) -> &str {
        &self.0.plain
    }

    /// What the user can do about it, where there is something.
    pub fn remedy(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// How the process has to end.
    pub fn exit(&self) -> Exit {
        self.0.exit
    }

    /// The whole message, with the remedy on a line of its own; coloured where the error has
    /// colours and `colour` asks for them.
    pub fn message(&self, colour: bool) -> String {
        let text = match &self.0.styled {
            Some(styled) if colour => styled.clone(),
            Some(_) => self.0.plain.clone(),
            None => format!("error: {}", self.0.plain),
        };
        match &self.0.remedy {
            Some(remedy) => format!("{text}\n  help: {remedy}"),
            None => text,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(false))
    }
}

impl std::error::Error for Error {}

/// The operating system's words without its error number.
pub(crate) fn in_words(source: &std::io::Error) -> String {
    let text = source.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_lowercase()
}
