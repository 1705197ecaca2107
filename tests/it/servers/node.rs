//! Owns the servers that run in Node.js: which packages they are of, and how they are started.

use std::path::PathBuf;
use std::process::Command;

use super::{Missing, Server, folder, program};

/// Both speak Engine.IO 4.
const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

const OURS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/servers/socketio/server.cjs"
);

pub fn socketio() -> Result<Server, Missing> {
    let (node, modules) = with("socket.io")?;
    Ok(Server::start(PATH, |_, port, command: &mut Command| {
        command.arg(node).arg(OURS);
        command.env("NODE_PATH", modules);
        command.env("PORT", port.to_string());
        Ok(())
    }))
}

pub fn hexlet() -> Result<Server, Missing> {
    let (node, modules) = with("@hexlet/chat-server")?;
    let main = modules.join("@hexlet/chat-server/bin/index.js");
    Ok(Server::start(
        PATH,
        |folder, port, command: &mut Command| {
            let files = folder.join("static");
            std::fs::create_dir(&files)?;
            command.arg(node).arg(main);
            command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-s"]);
            command.arg(files);
            Ok(())
        },
    ))
}

/// Node.js, and the folder of packages, with this one in it.
fn with(package: &str) -> Result<(PathBuf, PathBuf), Missing> {
    let missing = "node is not installed (apt-get install nodejs)";
    let node = program("node").ok_or_else(|| Missing(missing.to_owned()))?;
    let servers = folder();
    let modules = servers.join("node_modules");
    if modules.join(package).is_dir() {
        return Ok((node, modules));
    }
    let (servers, modules) = (servers.display(), modules.display());
    Err(Missing(format!(
        "{package} is not in {modules} (.ci/servers {servers})"
    )))
}
