//! `busyhour worker`: a worker process of `busyhour load`, which starts it. Not for people.

use crate::error::{Exit, Result};
use crate::live::process;

/// Works until its coordinator sends it home, or is gone.
///
/// # Errors
/// Nobody is there who tells it what to do.
pub fn run() -> Result<Exit> {
    process::work(std::io::stdin(), std::io::stdout())?;
    Ok(Exit::Fine)
}
