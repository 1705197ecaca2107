//! Signals: the run stops, the report is written, the exit code tells.

use std::time::{Duration, Instant};

use super::program::{Ended, Program};

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
    for (signal, name, code) in [("INT", "SIGINT", 130), ("TERM", "SIGTERM", 143)] {
        let command = [&["simulate", "small.toml"][..], &LONG].concat();
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

/// What was not played has not passed.
#[test]
fn a_validation_that_is_stopped_has_not_passed() {
    let (_, ended, _) = stopped(&["validate"], &["INT"]);
    let told = ended.ends_with(130).stdout;
    let verdict = told.lines().last().unwrap_or_default();
    assert!(verdict.starts_with("STOPPED  "), "{told}");
    assert!(verdict.contains(" of 109 cases: "), "{told}");
    let (_, ended, _) = stopped(&["validate", "--json"], &["INT"]);
    let told = ended.ends_with(130).stdout;
    let found: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(found["verdict"]["passed"], false);
    assert_eq!(found["asked"], 109);
}

#[test]
fn a_live_run_stops_with_a_report() {
    let command = ["load", "small.toml", "--speed", "1"];
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

/// Writing to a pipe that nobody reads hangs for ever: only the second signal ends it.
#[test]
fn the_second_signal_ends_it_at_once() {
    let program = Program::new();
    program.shell("mkfifo pipe").ends_with(0);
    let running = program.start(&["simulate", "small.toml", "--out", "pipe"]);
    std::thread::sleep(Duration::from_millis(500));
    running.send("INT");
    std::thread::sleep(Duration::from_millis(300));
    running.send("TERM");
    let ended = running.wait().ends_with(143);
    assert!(
        ended.stderr.contains("once more to exit at once"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stdout, "");
}

#[test]
fn no_gate_passes_in_a_stopped_run() {
    let gate = ["--set", "gate.handled='> 0'"];
    let command = [&["simulate", "small.toml"][..], &LONG, &gate].concat();
    let (_, ended, _) = stopped(&command, &["INT"]);
    let ended = ended.ends_with(130);
    assert!(ended.stdout.contains("not judged"), "{}", ended.stdout);
}

/// Those who were given up have no rows, and the others keep their numbers.
#[test]
fn a_stopped_run_has_written_the_rows_of_what_it_played() {
    let records = ["--records", "rows.csv"];
    let command = [&["simulate", "small.toml"][..], &LONG, &records].concat();
    let (program, ended, _) = stopped(&command, &["INT"]);
    ended.ends_with(130);
    let text = std::fs::read_to_string(program.path("rows.csv")).unwrap();
    let numbers = text.lines().skip(1).filter_map(|row| row.split(',').next());
    let mut numbers: Vec<u32> = numbers.map(|number| number.parse().unwrap()).collect();
    assert!(numbers.is_sorted());
    numbers.dedup();
    let played = program.result("run.json").scenario.replications;
    assert_eq!(numbers.len(), played as usize);
}
