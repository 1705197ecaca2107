//! `busyhour protocol`: a protocol, tried on a server.

mod transcript;

use std::time::Duration;

use clap::{Args, Subcommand};

use super::access_args::AccessArgs;
use super::console::Console;
use crate::error::{Exit, Result};
use crate::live::Options;
use crate::live::rehearsal::rehearse;
use crate::scenario::read_span;
use crate::time::Span;
use crate::wire::protocols;
use transcript::Transcript;

/// Arguments of `protocol`.
#[derive(Debug, Args)]
pub struct Protocol {
    #[command(subcommand)]
    what: What,
}

/// What is done with a protocol.
#[derive(Debug, Subcommand)]
enum What {
    /// Play one customer and one agent through one chat, and show every frame
    Try(Try),
}

/// Arguments of `protocol try`.
#[derive(Debug, Args)]
struct Try {
    /// A name of `busyhour protocols`, or a file that declares a protocol
    #[arg(value_name = "NAME|FILE")]
    protocol: String,
    /// How long each step of the chat may take
    #[arg(long, value_name = "TIME", value_parser = within, default_value = "20s")]
    within: Span,
    /// Do not cut lines at the width of the terminal
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    access: AccessArgs,
}

/// Does what is asked for.
///
/// # Errors
/// Refused: there is no such protocol or target. Failed: stdout cannot be written.
pub fn run(args: &Protocol, console: &Console) -> Result<Exit> {
    let What::Try(args) = &args.what;
    let options = Options {
        protocol: protocols::open(&args.protocol)?,
        ..args.access.options()?
    };
    let mut transcript = Transcript::new(console, args.full);
    let within = Duration::from_nanos(args.within.0);
    let ending = rehearse(&options, within, &mut |moment| transcript.tell(&moment));
    let ending = transcript.finish().and(ending)?;
    console.tell(&transcript.verdict(&ending))?;
    let Some(missed) = ending.missed else {
        return Ok(Exit::Fine);
    };
    if let Some(error) = &missed.error {
        console.complain(error);
    }
    Ok(Exit::Failed)
}

fn within(text: &str) -> std::result::Result<Span, String> {
    read_span(text).and_then(|span| match span {
        Span::ZERO => Err("a length of time above zero is expected".into()),
        span => Ok(span),
    })
}
