//! Signals: the run stops, the report is written, the exit code tells.

use std::time::{Duration, Instant};

use super::program::{Ended, Program, shipped};

/// Long enough that no run ends by itself before the signal comes.
const LONG: [&str; 2] = ["--replications", "1000000"];

fn stopped(command: &[&str], signals: &[&str]) -> (Program, Ended, Duration) {
    let program = Program::new();
    let running = program.start(command);
    std::thread::sleep(Duration::from_millis(700));
    let began = Instant::now();
    for signal in signals {
        running.send(signal);
        std::thread::sleep(Duration::from_millis(50));
    }
    let ended = running.wait();
    (program, ended, began.elapsed())
}

#[test]
fn a_simulation_stops_with_a_report() {
    let file = shipped("quickstart");
    for (signal, name, code) in [("INT", "SIGINT", 130), ("TERM", "SIGTERM", 143)] {
        let command = [&["simulate", &file][..], &LONG].concat();
        let (program, ended, took) = stopped(&command, &[signal]);
        let ended = ended.ends_with(code);
        assert!(
            ended.stdout.starts_with(&format!("STOPPED by {name}")),
            "{}",
            ended.stdout
        );
        assert!(
            ended.stderr.contains("once more to exit at once"),
            "{}",
            ended.stderr
        );
        let result = program.result("run.json");
        assert_eq!(result.verdict.stopped_by.as_deref(), Some(name));
        assert!(result.scenario.replications > 0);
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[test]
fn a_live_run_stops_with_a_report() {
    let file = shipped("quickstart");
    let command = ["load", &file, "--speed", "1"];
    let (program, ended, took) = stopped(&command, &["INT"]);
    let ended = ended.ends_with(130);
    assert!(
        ended.stdout.starts_with("STOPPED by SIGINT"),
        "{}",
        ended.stdout
    );
    let result = program.result("run.json");
    assert_eq!(result.verdict.stopped_by.as_deref(), Some("SIGINT"));
    assert!(took < Duration::from_secs(15), "{took:?}");
}

#[test]
fn no_gate_passes_in_a_stopped_run() {
    let file = shipped("quickstart");
    let gate = ["--set", "gate.handled='> 0'"];
    let command = [&["simulate", &file][..], &LONG, &gate].concat();
    let (_, ended, _) = stopped(&command, &["INT"]);
    let ended = ended.ends_with(130);
    assert!(ended.stdout.contains("not judged"), "{}", ended.stdout);
}
