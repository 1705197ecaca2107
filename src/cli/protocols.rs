//! `busyhour protocols`: what the program can speak, and the files to begin with.

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};

use super::console::Console;
use crate::error::{Exit, Result};
use crate::report::paint::Paint;
use crate::report::terminal::wrapped;
use crate::wire::declared;
use crate::wire::protocols::{self, Entry};

/// Arguments of `protocols`.
#[derive(Debug, Args)]
pub struct Protocols {
    /// Print this one's file instead, as in `busyhour protocols socketio > mine.toml`
    name: Option<String>,
}

/// What follows the list.
const NEXT: &str = "`busyhour protocols NAME` prints the file of one, `busyhour protocol try \
                    NAME|FILE --target ws://HOST:PORT` plays a chat in it and shows every frame, \
                    and `load` and `capacity` take it as --protocol NAME|FILE. \
                    docs/protocol-files.md tells how such a file is written.";

/// Lists the protocols, or prints one.
///
/// # Errors
/// Refused: there is none of this name. Failed: stdout cannot be written.
pub fn run(args: &Protocols, console: &Console) -> Result<Exit> {
    let text = match args.name.as_deref() {
        None => list(console),
        Some(protocols::NATIVE) => words(
            "The protocol of the built-in server has no file. It is what is spoken where \
             --protocol is left out; docs/protocol.md tells its frames.",
            console,
        ),
        Some(protocols::XMPP) => words(
            "XMPP over WebSocket (RFC 7395) is spoken by the program itself and has no file. \
             Customers log in without a name (ANONYMOUS) at visitors.localhost, agents as agent1, \
             agent2 and so on, with the password `secret`, at agents.localhost; the WebSocket is \
             at /xmpp-websocket. A file with `driver = \"xmpp\"` says it otherwise. \
             docs/servers.md has a Prosody that is set up for this.",
            console,
        ),
        Some(name) => declared::built_in_text(name)?.to_owned(),
    };
    console.tell(&text)?;
    Ok(Exit::Fine)
}

fn words(text: &str, console: &Console) -> String {
    wrapped(text, console.width).join("\n") + "\n"
}

fn list(console: &Console) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(console.width).unwrap_or(u16::MAX));
    table.add_row(["name", "state", "what it is"]);
    for entry in &protocols::all() {
        table.add_row([entry.name, state(entry), &entry.about]);
    }
    let mut text = String::new();
    let paint = Paint::new(console.colour);
    for (index, line) in table.lines().enumerate() {
        let line = line.trim_end();
        match index {
            0 => text.push_str(&paint.heading(line)),
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text + "\n" + &words(NEXT, console)
}

/// Whether it was run against a real server.
fn state(entry: &Entry) -> &str {
    match entry.is_tried {
        true => "tried",
        false => "a draft: never run",
    }
}
