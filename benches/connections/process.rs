//! Owns `Process`: a program run whole on a core of its own, and what the system says of it.
//!
//! Law: it ends with its owner. Processor time is user and system, memory is what is resident, both
//! of all that it has started too.

use std::fs::{read_dir, read_to_string};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of processor time a second that `/proc` counts in, on every Linux there is.
const TICKS: f64 = 100.0;

/// A program that runs.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a program on some cores, which writes to `out`; what it tells people in passing is let
    /// pass.
    pub fn start(cores: &str, words: &[String], out: Stdio) -> Process {
        let child = Command::new("taskset")
            .args(["-c", cores])
            .args(words)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(Stdio::null())
            .spawn();
        let child = child.expect("`taskset` is there: Debian's package util-linux has it");
        Process { child }
    }

    /// What it writes, where that was piped.
    pub fn lines(&mut self) -> BufReader<ChildStdout> {
        let out = self.child.stdout.take();
        BufReader::new(out.expect("it is piped, and read once"))
    }

    /// Seconds of processor time that it and all that it has started have taken.
    pub fn cpu_s(&self) -> f64 {
        self.tree().into_iter().filter_map(ticks).sum::<f64>() / TICKS
    }

    /// Bytes of memory that it and all that it has started take up.
    pub fn bytes(&self) -> f64 {
        let resident = |pid| rolled_up(pid, "Rss:");
        self.tree().into_iter().filter_map(resident).sum()
    }

    /// Its name and that of each that it has started, with the bytes of memory that are its share.
    pub fn shares(&self) -> Vec<(String, f64)> {
        let share = |pid| {
            let words = read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
            let name = words.split('\0').nth(1).unwrap_or_default().to_owned();
            Some((name, rolled_up(pid, "Pss:")?))
        };
        self.tree().into_iter().filter_map(share).collect()
    }

    /// Descriptors that it and all that it has started have open.
    pub fn descriptors(&self) -> usize {
        let open = |pid: u32| read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        self.tree().into_iter().map(open).sum()
    }

    /// Whether it has not ended yet.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Asks it to stop, as Ctrl-C does, and waits for its end; after that it is ended.
    pub fn stop(self, within: Duration) {
        let pid = self.child.id().to_string();
        // One that has ended by itself needs no asking.
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        self.end(within);
    }

    /// Waits for its end; after that it is ended.
    pub fn end(mut self, within: Duration) {
        let until = Instant::now() + within;
        while Instant::now() < until && self.runs() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// It and all that it has started.
    fn tree(&self) -> Vec<u32> {
        let mut found = vec![self.child.id()];
        let mut looked = 0;
        while looked < found.len() {
            let tasks = read_dir(format!("/proc/{}/task", found[looked]));
            for task in tasks.into_iter().flatten().flatten() {
                let children = read_to_string(task.path().join("children")).unwrap_or_default();
                found.extend(children.split_whitespace().flat_map(str::parse::<u32>));
            }
            looked += 1;
        }
        found
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes of a process's memory, of this kind.
fn rolled_up(pid: u32, kind: &str) -> Option<f64> {
    let rolled = read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rolled.lines().find(|line| line.starts_with(kind))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}

/// Seconds of processor time that a process has taken.
pub fn seconds_of(pid: u32) -> Option<f64> {
    Some(ticks(pid)? / TICKS)
}

/// User and system time of a process, and of what it has started and seen the end of.
fn ticks(pid: u32) -> Option<f64> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let after = &stat[stat.rfind(')')? + 1..];
    let fields = after.split_whitespace().skip(11).take(4);
    Some(fields.flat_map(str::parse::<f64>).sum())
}

/// What a server has counted, as it says itself once a second.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub accepted: f64,
    pub messages: f64,
}

/// The next count that a server writes; none when it has ended.
pub fn count(lines: &mut impl BufRead) -> Option<Counted> {
    let mut line = String::new();
    while lines.read_line(&mut line).ok()? > 0 {
        let words: Vec<f64> = line.split_whitespace().flat_map(str::parse).collect();
        if let (true, [_, accepted, _, messages]) = (line.starts_with("S "), &words[..]) {
            return Some(Counted {
                accepted: *accepted,
                messages: *messages,
            });
        }
        line.clear();
    }
    None
}
