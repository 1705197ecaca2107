//! A live run spread over worker processes: what it plays, and what becomes of it when one dies.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::looking::until_so_many_came;
use super::program::{BINARY, Program, Running};

/// The scenario, spread over three.
const SPREAD: [&str; 6] = [
    "load",
    "small.toml",
    "--workers",
    "3",
    "--records",
    "chats.csv",
];

/// Half an hour in fifteen seconds, and no more than a few for what is open then.
const BRISK: [&str; 4] = ["--speed", "120", "--set", "run.drain_limit=4m"];

/// Twice as fast, for what does not depend on how well the schedule is kept.
const FAST: [&str; 4] = ["--speed", "240", "--set", "run.drain_limit=4m"];

/// The rows of a records file, by number, as far as the plan has made them: number, attempt, class,
/// when they came.
fn arrivals(program: &Program, name: &str) -> BTreeMap<u32, Vec<String>> {
    let text = std::fs::read_to_string(program.path(name)).unwrap();
    let rows = text.lines().skip(1).map(|row| {
        let cells: Vec<String> = row.split(',').take(6).map(String::from).collect();
        (cells[1].parse().unwrap(), cells)
    });
    rows.collect()
}

/// The worker processes of a run.
fn workers(running: &Running) -> Vec<u32> {
    let id = running.id();
    let began = Instant::now();
    loop {
        let path = format!("/proc/{id}/task/{id}/children");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let ids: Vec<u32> = text.split_whitespace().flat_map(str::parse).collect();
        if ids.len() == 3 {
            return ids;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{ids:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a run and waits until so many customers have come.
fn under_way(program: &Program, args: &[&str], customers: f64) -> Running {
    let metrics = ["--metrics", "127.0.0.1:0"];
    let mut running = program.start(&[&SPREAD[..], args, &metrics].concat());
    until_so_many_came(&mut running, customers);
    running
}

fn signal(id: u32, name: &str) {
    let args = [format!("-{name}"), id.to_string()];
    assert!(Command::new("kill").args(args).status().unwrap().success());
}

fn is_there(id: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // What has ended and was not waited for yet is a zombie.
    !status.is_empty() && !status.contains(") Z ")
}

/// Waits for all to end.
fn gone(ids: &[u32], within: Duration) {
    let began = Instant::now();
    while ids.iter().any(|id| is_there(*id)) {
        assert!(began.elapsed() < within, "{ids:?} are still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn workers_play_who_one_process_plays() {
    let program = Program::new();
    let short = ["--set", "calendar.horizon=8m", "--quiet"];
    let simulated = [
        &["simulate", "small.toml", "--replication", "0"][..],
        &["--records", "simulated.csv"],
        &short,
    ]
    .concat();
    program.run(&simulated).ends_with(0);
    let run = program.run(&[&SPREAD[..], &FAST, &short].concat());
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    let result = program.result("run.json");
    assert_eq!(result.environment.threads, 3);
    let spread = arrivals(&program, "chats.csv");
    assert!(spread.len() > 15);
    assert_eq!(spread, arrivals(&program, "simulated.csv"));
    for fault in ["lost", "duplicated", "misdelivered", "assigned_twice"] {
        assert_eq!(result.value(fault), Some(0.0), "{fault}");
    }
    // A customer of one worker is served by agents of the others, and all messages are timed.
    let delivered = result.measures["delivery_ms_mean"].samples;
    let replies = result.measures["inter_message_s_mean"].samples;
    assert!(
        delivered >= 2 * replies - spread.len() as u64,
        "{delivered}"
    );
}

#[test]
fn a_worker_that_dies_makes_the_run_invalid_and_the_rest_goes_on() {
    let program = Program::new();
    let running = under_way(&program, &FAST, 30.0);
    let ids = workers(&running);
    signal(ids[1], "KILL");
    let ended = running.wait().ends_with(4);
    let told = "worker 2 of 3 was lost (killed by signal 9)";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    let result = program.result("run.json");
    assert_eq!(result.verdict.valid, Some(false));
    let whole = [
        "--replication",
        "0",
        "--records",
        "simulated.csv",
        "--quiet",
    ];
    let simulate = [&["simulate", "small.toml"][..], &whole].concat();
    program.run(&simulate).ends_with(0);
    let survivors = |name| {
        let mut rows = arrivals(&program, name);
        rows.retain(|number, _| number % 3 != 1);
        rows
    };
    let (live, simulated) = (survivors("chats.csv"), survivors("simulated.csv"));
    assert!(live.len() > 40);
    assert_eq!(live, simulated, "the rest's customers come as planned");
    let fates = ["handled", "abandoned_queue", "abandoned_chat", "rejected"];
    let fates = fates
        .iter()
        .chain(&["dropped", "open_at_end", "failed", "broken"]);
    let sum: f64 = fates.map(|fate| result.value(fate).unwrap()).sum();
    assert_eq!(Some(sum), result.value("offered"));
    for fault in ["duplicated", "misdelivered", "assigned_twice", "over_limit"] {
        assert_eq!(result.value(fault), Some(0.0), "{fault}");
    }
    gone(&ids, Duration::from_secs(5));
}

#[test]
fn a_worker_that_is_held_up_makes_the_run_invalid() {
    let program = Program::new();
    let short = ["--set", "calendar.horizon=7m"];
    let running = under_way(&program, &[&BRISK[..], &short].concat(), 1.0);
    let ids = workers(&running);
    for _ in 0..3 {
        signal(ids[2], "STOP");
        std::thread::sleep(Duration::from_millis(500));
        signal(ids[2], "CONT");
        std::thread::sleep(Duration::from_millis(500));
    }
    let ended = running.wait().ends_with(4);
    assert!(
        ended.stdout.contains("schedule lag p99"),
        "{}",
        ended.stdout
    );
}

#[test]
fn workers_end_with_their_coordinator_however_it_ends() {
    for (name, code) in [("INT", Some(130)), ("TERM", Some(143)), ("KILL", None)] {
        let program = Program::new();
        let running = under_way(&program, &BRISK, 6.0);
        let ids = workers(&running);
        running.send(name);
        let ended = running.wait();
        assert_eq!(ended.code, code, "{}", ended.stderr);
        gone(&ids, Duration::from_secs(12));
        if code.is_some() {
            assert!(ended.stdout.starts_with("STOPPED"), "{}", ended.stdout);
            assert!(program.result("run.json").value("offered").is_some());
        }
    }
}

#[test]
fn a_worker_is_nothing_for_people() {
    let by_hand = Command::new(BINARY)
        .arg("worker")
        .stdin(Stdio::null())
        .output();
    let by_hand = by_hand.unwrap();
    assert_eq!(by_hand.status.code(), Some(2));
    let words = String::from_utf8(by_hand.stderr).unwrap();
    assert!(words.contains("run `busyhour load`"), "{words}");
    let program = Program::new();
    let skipping = [&SPREAD[..], &["--skip-closed"]].concat();
    program.run(&skipping).fails_with(2, &["--workers 1"]);
}

/// Frames of a customer who is played by one process, and of its agent who is played by another.
#[test]
fn frames_of_a_trace_come_from_every_worker() {
    let program = Program::new();
    let short = ["--set", "calendar.horizon=3m", "--set", "agents.count=1"];
    let trace = ["--no-prediction", "--trace", "customer:1"];
    let run = program.run(&[&SPREAD[..], &FAST, &short, &trace].concat());
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    for words in [
        "customer > GET /customer HTTP/1.1, with host,",
        "customer < HTTP 101 Switching Protocols",
        "customer < {\"type\":\"hello\"",
        "customer > {\"type\":\"open\"",
        "customer < {\"type\":\"assigned\"",
        "agent 0  < {\"type\":\"assigned\"",
        "agent 0  > {\"type\":\"reply\"",
        "customer < {\"type\":\"message\",\"seq\":1,",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
}
