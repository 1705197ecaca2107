//! Owns `Server`: a chat server's process in a folder of its own, on a port of its own.
//!
//! Law: it ends with its value, whatever comes of the test, and with the thread that started it:
//! even a test binary that is killed leaves none behind.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Runs what follows with as many open files as may be had, to be killed with who started it.
const SHELL: &str = r#"ulimit -n "$(ulimit -Hn)"; exec setpriv --pdeathsig KILL "$@""#;

/// A start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A chat server at work.
pub struct Server {
    command: Command,
    folder: TempDir,
    port: u16,
    /// Where its WebSocket is.
    path: &'static str,
    /// None while it is down.
    child: Option<Child>,
}

impl Server {
    /// Starts a program by the words that it gets for a folder and a port, and waits until it
    /// listens there. `path` is where its WebSocket is.
    pub fn start(
        path: &'static str,
        command: impl FnOnce(&Path, u16, &mut Command) -> std::io::Result<()>,
    ) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let mut shell = Command::new("sh");
        shell.args(["-c", SHELL, "sh"]);
        command(folder.path(), port, &mut shell).unwrap();
        shell.current_dir(folder.path()).stdin(Stdio::null());
        let mut server = Server {
            command: shell,
            folder,
            port,
            path,
            child: None,
        };
        server.restart();
        server
    }

    /// Starts it again where it was, with what it has kept.
    pub fn restart(&mut self) {
        self.kill();
        let path = self.folder.path().join("log");
        let mut log = std::fs::File::options();
        let log = log.create(true).append(true).open(path).unwrap();
        let command = self.command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let began = Instant::now();
        while TcpStream::connect(self.address()).is_err() {
            assert!(!self.has_ended(), "it did not start: {}", self.log());
            assert!(began.elapsed() < PATIENCE, "not heard: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!self.has_ended(), "its port was taken: {}", self.log());
    }

    fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut().expect("it is at work");
        child.try_wait().unwrap().is_some()
    }

    /// Kills it, as the kernel would one that takes too much. [`Server::restart`] follows, or nothing.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended needs no killing.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it is at work").id()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The URL of its WebSocket.
    pub fn url(&self) -> String {
        format!("ws://{}{}", self.address(), self.path)
    }

    /// What it has said, since its first start.
    pub fn log(&self) -> String {
        let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody has, and below those that the kernel lends to who connects. People who try a
/// server that is down again and again would sooner or later be lent its own port, be connected to
/// themselves, and hold it when the server comes back.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two test binaries at work begin in different places.
    let begin = std::process::id().wrapping_mul(131);
    loop {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(begin.wrapping_add(next) % 20_000).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
