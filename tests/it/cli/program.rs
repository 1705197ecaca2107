//! Owns `Program`: the binary, run in a folder of its own.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use busyhour::measure::result::RunResult;
use tempfile::TempDir;

const SIGINT: u64 = 1 << 1;
const SIGTERM: u64 = 1 << 14;

/// The binary's path, for shells.
pub const BINARY: &str = env!("CARGO_BIN_EXE_busyhour");

/// A scenario without gates: half an hour at a small team where some wait.
const SMALL: &str = r#"
name = "Half an hour"
seed = 5

[calendar]
time_zone = "Europe/Madrid"
start = 2026-11-23T09:00:00
horizon = "30m"

[arrivals]
rate = "200 per hour"

[customers]
queue_patience = "exponential(mean=3m)"
reply_patience = "lognormal(mean=6m, cv=0.5)"
think = "lognormal(mean=60s, cv=0.8)"
exchanges = "geometric(mean=3)"

[agents]
concurrency = 3
count = 8
reply = "lognormal(mean=40s, cv=0.7)"
wrap_up = "exponential(mean=30s)"

[run]
interval = "10m"
"#;

/// The binary, run in a folder of its own.
pub struct Program {
    folder: TempDir,
}

/// What a run of it gave.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Program {
    /// A folder that holds the scenario `small.toml`, which has no gates.
    pub fn new() -> Program {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("small.toml"), SMALL).unwrap();
        Program { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path());
        command.stdin(Stdio::null()).env_remove("NO_COLOR");
        command
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(BINARY, args).output().unwrap())
    }

    /// Runs a line of shell, where `$BUSYHOUR` is the binary.
    pub fn shell(&self, line: &str) -> Ended {
        let mut command = self.command("sh", &["-c", line]);
        Ended::of(command.env("BUSYHOUR", BINARY).output().unwrap())
    }

    /// Starts it and waits until it listens for signals.
    pub fn start(&self, args: &[&str]) -> Running {
        self.start_with(args, &[])
    }

    /// The same with these variables in its environment.
    pub fn start_with(&self, args: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = self.command(BINARY, args);
        command.envs(variables.iter().copied());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let running = Running {
            child: Some(command.spawn().unwrap()),
        };
        running.wait_until_it_listens();
        running
    }

    /// The result file of a run.
    pub fn result(&self, name: &str) -> RunResult {
        read_result(&self.path(name))
    }
}

pub fn read_result(path: &Path) -> RunResult {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Ended {
    fn of(output: Output) -> Ended {
        let ended = Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        ended
    }

    /// Checks the exit code, and that the error says each of `words`.
    pub fn fails_with(self, code: i32, words: &[&str]) {
        let Ended {
            code: got,
            stdout,
            stderr,
        } = self;
        assert_eq!(got, Some(code), "stdout: {stdout}\nstderr: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "`{word}` is not in: {stderr}");
        }
    }

    /// Checks the exit code.
    pub fn ends_with(self, code: i32) -> Ended {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// The binary at work; killed when dropped, so that no test leaves a server behind.
pub struct Running {
    /// None once it was waited for.
    child: Option<Child>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // One that has ended needs no killing.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Running {
    /// A signal that comes before the program listens would end it at once; the kernel knows.
    fn wait_until_it_listens(&self) {
        let status = format!("/proc/{}/status", self.id());
        let listens = || {
            let text = std::fs::read_to_string(&status).ok()?;
            let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
            let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
            Some(mask & SIGINT > 0 && mask & SIGTERM > 0)
        };
        let began = Instant::now();
        while listens() != Some(true) {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "it does not listen"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it is at work").id()
    }

    /// The next line of its stdout.
    pub fn line(&mut self) -> String {
        let child = self.child.as_mut().expect("it is at work");
        next_line(child.stdout.as_mut().unwrap())
    }

    /// The next line of its stderr.
    pub fn error_line(&mut self) -> String {
        let child = self.child.as_mut().expect("it is at work");
        next_line(child.stderr.as_mut().unwrap())
    }

    /// Sends a signal by name: `INT`, `TERM`.
    pub fn send(&self, signal: &str) {
        let id = self.id().to_string();
        let sent = Command::new("kill")
            .args([format!("-{signal}"), id])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Ended {
        let child = self.child.take().expect("it is at work");
        Ended::of(child.wait_with_output().unwrap())
    }
}

fn next_line(from: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while from.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}
