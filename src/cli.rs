//! The command line: one file a command.
//!
//! Law: the only place that prints and the only one that exits. The report goes to stdout, progress
//! and errors to stderr, so that either can be piped away.

mod access_args;
mod capacity;
mod check;
mod conclude;
mod console;
mod erlang;
mod live_args;
mod live_run;
mod load;
mod merge;
mod metrics;
mod otlp;
mod progress;
mod protocol;
mod protocols;
mod room;
mod scenario_args;
mod schema;
mod serve;
mod signals;
mod simulate;
mod trace;
mod validate;
mod worker;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Exit;
use console::{Colour, Console};

const EXAMPLES: &str = "\
Examples:
  busyhour check scenarios/reference.toml        what the plan will do, before anything runs
  busyhour simulate scenarios/reference.toml     twelve hours, ten times, in virtual time
  busyhour simulate scenarios/reference.toml --set agents.concurrency=4 --set agents.count=120
  busyhour simulate scenarios/reference.toml --trace customer:17      one person's story
  busyhour simulate scenarios/online-shop-week.toml --busy-hour --scale 2 --warm-up 10m
  busyhour load scenarios/quickstart.toml        live, against the built-in chat server
  busyhour serve --listen 127.0.0.1:4210         the built-in chat server alone
  busyhour load scenarios/quickstart.toml --target ws://127.0.0.1:4210
  busyhour load FILE --target wss://localhost:4210 --ca ca.pem --header Authorization=env:TOKEN
  busyhour load FILE --target ws://HOST:4210 --shard 2/8 --start-at 2026-11-27T21:30:00Z
  busyhour merge part-*.json                     what eight hosts have played, as one run
  busyhour capacity FILE --target ws://127.0.0.1:4210     how much it holds, and what breaks
  busyhour protocols socketio > mine.toml                 another server's protocol, to begin with
  busyhour protocol try mine.toml --target ws://127.0.0.1:3000       one chat, every frame shown
  busyhour load FILE --target ws://127.0.0.1:3000 --protocol mine.toml
  busyhour erlang c --rate '100 per hour' --aht 3m --target 0.8
  busyhour validate --quick                      the simulation against theory, in seconds

Exit codes: 0 fine; 1 a gate failed; 2 refused before the start; 3 the run failed; 4 the run is
INVALID; 130 and 143 stopped by a signal, the report written.";

/// A contact-center load simulator and benchmark harness for live chat.
///
/// One scenario file describes customers, agents and the season. `simulate` plays it in virtual
/// time, `load` plays the same people over WebSocket connections against a chat server; both report
/// wait, first response, inter-message latency and abandonment in the same terms.
#[derive(Debug, Parser)]
#[command(name = "busyhour", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Colours: auto (on a terminal, unless NO_COLOR is set), always, never
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    #[arg(hide_possible_values = true)]
    color: Colour,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play a scenario in virtual time
    Simulate(simulate::Simulate),
    /// Play a scenario in real time, against a chat server
    Load(Box<load::Load>),
    /// Make one run of the parts that were played in several places
    Merge(merge::Merge),
    /// Find out how much of a scenario a chat server holds, and what breaks beyond
    Capacity(Box<capacity::Capacity>),
    /// Run the built-in chat server
    Serve(serve::Serve),
    /// Read a scenario and say what its plan will do
    Check(check::Check),
    /// Ask the formulas of Erlang and their kin about a team
    Erlang(erlang::Erlang),
    /// Hold the simulation against exact theory
    Validate(validate::Validate),
    /// List the protocols that `load` speaks, or print the file of one
    Protocols(protocols::Protocols),
    /// Try a protocol on a server: one chat, every frame shown
    Protocol(Box<protocol::Protocol>),
    /// Print the JSON Schema of scenario or protocol files
    Schema(schema::Schema),
    /// Work for a `load` that has started it
    #[command(hide = true)]
    Worker,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let parsed = arguments()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        // Help and version are "errors" of code 0; a broken pipe while printing them is none.
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let console = Console::new(cli.color);
    let done = match &cli.command {
        Command::Simulate(args) => simulate::run(args, &console),
        Command::Load(args) => load::run(args, &console),
        Command::Merge(args) => merge::run(args, &console),
        Command::Capacity(args) => capacity::run(args, &console),
        Command::Serve(args) => serve::run(args, &console),
        Command::Check(args) => check::run(args, &console),
        Command::Erlang(args) => erlang::run(args, &console),
        Command::Validate(args) => validate::run(args, &console),
        Command::Protocols(args) => protocols::run(args, &console),
        Command::Protocol(args) => protocol::run(args, &console),
        Command::Schema(args) => schema::run(args, &console),
        Command::Worker => worker::run(),
    };
    let exit = done.unwrap_or_else(|error| {
        console.complain(&error);
        error.exit()
    });
    code(exit)
}

/// The arguments, where a negative number is a value: it is refused as one, not as a strange flag.
fn arguments() -> clap::Command {
    fn with_negatives(command: clap::Command) -> clap::Command {
        command
            .mut_args(
                |arg| match arg.get_action().takes_values() && !arg.is_positional() {
                    true => arg.allow_negative_numbers(true),
                    false => arg,
                },
            )
            .mut_subcommands(with_negatives)
    }
    with_negatives(Cli::command())
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit.code())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_sound() {
        super::arguments().debug_assert();
    }
}
