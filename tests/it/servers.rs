//! Owns the chat servers of others that tests play against: `prosody`, `socketio`, `hexlet`,
//! `synapse`.
//!
//! Law: a test either has its server or says aloud that it has none, and where `CI=true` it must
//! have it: a test that is left out in silence would pass for ever.
//!
//! ```text
//! let Some(server) = servers::prosody(servers::Prosody::default()) else { return };
//! ```
//!
//! `.ci/servers target/servers` installs what is missing: the package `prosody`, Node.js, and the
//! packages of `tests/servers`, of npm and of Python.

mod node;
mod process;
mod prosody;
mod synapse;

use std::io::Write;
use std::path::{Path, PathBuf};

pub use process::Server;
pub use prosody::{PASSWORD, Prosody};

/// Prosody: XMPP over WebSocket, on `visitors.localhost` and `agents.localhost`.
pub fn prosody(options: Prosody) -> Option<Server> {
    had(options.start())
}

/// A chat server of our own over Socket.IO, `socketio/server.cjs`: it has a queue and assigns.
pub fn socketio() -> Option<Server> {
    had(node::socketio())
}

/// `@hexlet/chat-server`: somebody else's, Socket.IO and REST, without assignment.
pub fn hexlet() -> Option<Server> {
    had(node::hexlet())
}

/// Synapse: Matrix, over HTTP, where anybody may register.
pub fn synapse() -> Option<Server> {
    had(synapse::synapse())
}

/// What is not installed, and how it gets there.
struct Missing(String);

/// The server; or none, with the reason told.
fn had(server: Result<Server, Missing>) -> Option<Server> {
    let Missing(reason) = match server {
        Ok(server) => return Some(server),
        Err(missing) => missing,
    };
    assert!(!must_be_had(), "{reason}");
    // Not by `println!`: of a test that passes it would be shown to nobody.
    let told = writeln!(std::io::stderr(), "skipped: {reason}");
    told.expect("stderr takes a line");
    None
}

fn must_be_had() -> bool {
    std::env::var("CI").is_ok_and(|ci| ci == "true")
}

/// Where `.ci/servers` has put them: `BUSYHOUR_SERVERS`, else `servers` in the target folder of this binary.
fn folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("BUSYHOUR_SERVERS") {
        // It is looked for from here, and used elsewhere.
        return std::path::absolute(folder).expect("it names a folder");
    }
    let binary = std::env::current_exe().expect("a test runs");
    // target/PROFILE/deps/it-HASH
    let target = binary.ancestors().nth(3).unwrap_or(Path::new("target"));
    target.join("servers")
}

/// Where a program is, by the path of the environment.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(name));
    places.find(|place| place.is_file())
}
