//! Owns the servers that run in Node.js: which packages they are of, and how they are started.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Missing, Server, program};

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
    let modules = modules();
    if modules.join(package).is_dir() {
        return Ok((node, modules));
    }
    let (parent, modules) = (modules.parent().unwrap_or(&modules), modules.display());
    Err(Missing(format!(
        "{package} is not in {modules} (.ci/servers {})",
        parent.display()
    )))
}

/// `BUSYHOUR_NODE_MODULES`, else `servers/node_modules` in the target folder of this binary.
fn modules() -> PathBuf {
    if let Some(folder) = std::env::var_os("BUSYHOUR_NODE_MODULES") {
        // It is looked for from here, and used elsewhere.
        return std::path::absolute(folder).expect("it names a folder");
    }
    let binary = std::env::current_exe().expect("a test runs");
    // target/PROFILE/deps/it-HASH
    let target = binary.ancestors().nth(3).unwrap_or(Path::new("target"));
    target.join("servers/node_modules")
}
