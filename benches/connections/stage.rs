//! Owns what every measurement begins with: servers and generators, each a process of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use busyhour::measure::result::RunResult;
use tempfile::NamedTempFile;

use crate::asked::Asked;
use crate::process::Process;

/// The core on which the answering server runs, that of what is measured, and both.
pub const SERVERS: &str = "0";
pub const CLIENTS: &str = "1";
pub const BOTH: &str = "0,1";

const BUSYHOUR: &str = env!("CARGO_BIN_EXE_busyhour");

/// A port that is free; each run has its own, so that none meets the TIME_WAIT of another.
pub fn free_port() -> u16 {
    let taken = std::net::TcpListener::bind("127.0.0.1:0");
    let addr = taken.and_then(|taken| taken.local_addr());
    addr.expect("a port is free").port()
}

/// The same words, owned.
pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// The path of a file, as a word.
pub fn word(path: &Path) -> &str {
    path.to_str().expect("the path of a temporary file is text")
}

/// A file for a result, gone when dropped.
pub fn temporary() -> NamedTempFile {
    NamedTempFile::new().expect("a temporary file can be had")
}

/// What a run wrote.
pub fn result(of: &Path) -> Option<RunResult> {
    serde_json::from_str(&std::fs::read_to_string(of).ok()?).ok()
}

/// The answering server of this program, on a port.
pub fn answering(port: u16) -> Process {
    let this = std::env::current_exe().expect("this program is a file");
    let answer = words(&[word(&this), "--answer", &port.to_string()]);
    Process::start(SERVERS, &answer, Stdio::piped())
}

/// The server that answers the other client.
pub fn their_answering(asked: &Asked, port: u16) -> Option<Process> {
    let words = asked.command("--against-server", &[("port", port.into())])?;
    let server = Process::start(SERVERS, &words, Stdio::piped());
    std::thread::sleep(Duration::from_millis(500));
    Some(server)
}

/// `busyhour serve` on a port, told more.
pub fn serve(cores: &str, port: u16, more: &[&str]) -> Process {
    let listen = format!("127.0.0.1:{port}");
    let usual = [BUSYHOUR, "serve", "--listen", &listen];
    let server = Process::start(cores, &words(&[&usual, more].concat()), Stdio::null());
    std::thread::sleep(Duration::from_millis(500));
    server
}

/// `busyhour load` of the scenario of this benchmark against these, told more.
pub fn generator(cores: &str, targets: &[String], more: &[&str], out: &Path) -> Process {
    load(cores, "scenarios/bench.toml", targets, more, out)
}

/// The same of any scenario.
pub fn load(cores: &str, scenario: &str, targets: &[String], more: &[&str], out: &Path) -> Process {
    let mut all = vec![BUSYHOUR, "load", scenario, "--out", word(out)];
    all.extend(
        targets
            .iter()
            .flat_map(|target| ["--target", target.as_str()]),
    );
    all.extend(more);
    Process::start(cores, &words(&all), Stdio::null())
}

/// The address of a server on this machine.
pub fn at(port: u16) -> Vec<String> {
    vec![format!("ws://127.0.0.1:{port}")]
}

/// Changes of the scenario, as words of `busyhour load`.
pub fn set<'a>(changes: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    changes
        .into_iter()
        .flat_map(|change| ["--set", change])
        .collect()
}
