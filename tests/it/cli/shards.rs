//! A live run whose parts are played by several programs, and what merges them.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::program::{Program, Running};

/// Eight minutes of the scenario in four seconds.
const SHORT: [&str; 4] = ["--set", "calendar.horizon=8m", "--speed", "120"];

/// A server by the scenario, and where it is.
fn server(program: &Program) -> (Running, String) {
    let mut server = program.start(&["serve", "small.toml", "--listen", "127.0.0.1:0"]);
    let line = server.line();
    let target = line.strip_prefix("listening on ").map(String::from);
    (server, target.unwrap_or_else(|| panic!("{line}")))
}

/// So many seconds from now.
fn after(secs: i64) -> String {
    let at = Timestamp::now() + SignedDuration::from_secs(secs);
    format!("{at:.0}")
}

/// The first six cells of each row, which the plan has made: replication, number, attempt, class, when
/// they came.
fn arrivals(program: &Program, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(program.path(name)).unwrap();
    let planned = |row: &str| row.split(',').take(6).collect::<Vec<_>>().join(",");
    text.lines().map(planned).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
#[ignore = "plays for half a minute"]
fn three_programs_play_what_one_plays() {
    let program = Program::new();
    let (_server, target) = server(&program);
    let start = after(6);
    let names = ["a.json", "b.json", "c.json"];
    let shards = ["1/3", "2/3", "3/3"];
    let running = [0, 1, 2].map(|part| {
        let which = [
            "--shard",
            shards[part],
            "--out",
            names[part],
            "--start-at",
            &start,
        ];
        let rest = [
            "--target",
            &target,
            "--workers",
            if part == 0 { "2" } else { "1" },
        ];
        let load = ["load", "small.toml"];
        program.start(&[&load[..], &SHORT, &which, &rest].concat())
    });
    for (running, part) in running.into_iter().zip(1..) {
        let ended = running.wait();
        assert!([Some(0), Some(4)].contains(&ended.code), "{}", ended.stderr);
        let told = [
            &format!("part {part} of 3"),
            "this is one part of a run",
            "NO GATES",
        ];
        for words in told {
            assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
        }
        assert!(!ended.stdout.contains("What the server added"));
    }
    let merge = [
        "merge",
        "c.json",
        "a.json",
        "b.json",
        "--records",
        "merged.csv",
    ];
    let run = program.run(&merge);
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    let told = [
        "played live in 3 parts",
        "round trip",
        "What the server added",
    ];
    for words in told.iter().chain(&["Integrity\n  none: "]) {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let result = program.result("run.json");
    for fault in [
        "lost",
        "duplicated",
        "misdelivered",
        "assigned_twice",
        "foreign",
    ] {
        assert_eq!(result.value(fault), Some(0.0), "{fault}");
    }
    assert_eq!(result.environment.threads, 4);
    let simulate = ["simulate", "small.toml", "--replication", "0", "--quiet"];
    let rows = ["--records", "simulated.csv", "--set", "calendar.horizon=8m"];
    program.run(&[&simulate[..], &rows].concat()).ends_with(0);
    let merged = arrivals(&program, "merged.csv");
    assert!(merged.len() > 15);
    assert_eq!(merged, arrivals(&program, "simulated.csv"));
    // All messages are timed, whichever of the programs of this machine had written or read them.
    let delivered = result.measures["delivery_ms_mean"].samples;
    let replies = result.measures["inter_message_s_mean"].samples;
    assert!(
        delivered >= 2 * replies - merged.len() as u64,
        "{delivered}"
    );
    refused_parts(&program);
    parts_that_went_wrong(&program);
}

/// What went wrong with a part has gone wrong with the run.
fn parts_that_went_wrong(program: &Program) {
    let merge = [
        "merge",
        "a.json",
        "changed.json",
        "c.json",
        "--out",
        "whole.json",
    ];
    let changed = |change: &dyn Fn(&mut Value), code: i32, words: &str| {
        let mut part = json(&program.path("b.json"));
        change(&mut part);
        std::fs::write(program.path("changed.json"), part.to_string()).unwrap();
        let run = program.run(&[&merge[..], &["--no-prediction"]].concat());
        let told = run
            .ends_with(code)
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(told.contains(words), "{words}: {told}");
    };
    let stopped = |part: &mut Value| part["verdict"]["stopped_by"] = json!("SIGINT");
    changed(
        &stopped,
        4,
        "part 2 of 3 was stopped by SIGINT: from then on",
    );
    let invalid = |part: &mut Value| part["verdict"]["valid"] = json!(false);
    changed(&invalid, 4, "part 2 of 3 is not valid by itself");
    let failed = |part: &mut Value| part["shard"]["course"]["failure"] = json!("agent 1 is lost");
    changed(&failed, 3, "part 2 of 3: agent 1 is lost");
    let lost =
        |part: &mut Value| part["shard"]["course"]["lost"] = json!(["worker 1 of 2 was lost"]);
    changed(&lost, 4, "part 2 of 3: worker 1 of 2 was lost");
}

/// What is not all of one run is no run.
fn refused_parts(program: &Program) {
    let merge = |files: &[&str], words: &[&str]| {
        program
            .run(&[&["merge"], files].concat())
            .fails_with(2, words);
    };
    merge(&["a.json", "c.json"], &["part 2 of 3 is missing"]);
    merge(&["b.json"], &["2 of 3 parts are missing, part 1 the first"]);
    merge(
        &["a.json", "b.json", "c.json", "a.json"],
        &["both part 1 of 3"],
    );
    merge(
        &["a.json", "run.json"],
        &["run.json is no part of a run", "--shard"],
    );
    merge(&["a.json", "small.toml"], &["small.toml is no result file"]);
    merge(&["a.json", "none.json"], &["cannot read none.json"]);
    let all = ["a.json", "b.json", "c.json"];
    merge(
        &[&all[..], &["--out", "b.json"]].concat(),
        &["--out b.json would overwrite"],
    );
    let changed = |change: &dyn Fn(&mut Value), words: &[&str]| {
        let mut part = json(&program.path("b.json"));
        change(&mut part);
        std::fs::write(program.path("changed.json"), part.to_string()).unwrap();
        merge(&["a.json", "changed.json", "c.json"], words);
    };
    let of = |key: &'static str, field: &'static str, value: Value| {
        move |part: &mut Value| part[key][field] = value.clone()
    };
    let plan = of("shard", "fingerprint", json!("00"));
    changed(&plan, &["a.json and changed.json", "the plan is"]);
    changed(
        &of("scenario", "seed", json!(6)),
        &["the seed is 5 in one, 6 in"],
    );
    changed(&of("scenario", "speed", json!(60.0)), &["the speed is 120"]);
    changed(
        &of("scenario", "replication", json!(1)),
        &["the replication is 0"],
    );
    changed(
        &of("scenario", "target", json!("ws://x:1")),
        &["the target is"],
    );
    let other = json!("2026-11-27T21:30:00Z");
    changed(&of("shard", "start_at", other), &["the start is"]);
    changed(
        &|part| part["busyhour"] = json!("9.9.9"),
        &["by busyhour 9.9.9"],
    );
    changed(
        &|part| part["journal"] = json!("eJw="),
        &["changed.json is cut off"],
    );
    changed(
        &|part| part["journal"] = json!("%"),
        &["changed.json is cut off"],
    );
}

#[test]
fn a_part_that_cannot_be_played_is_refused() {
    let program = Program::new();
    let load = |args: &[&str], words: &[&str]| {
        program
            .run(&[&["load", "small.toml"], args].concat())
            .fails_with(2, words);
    };
    load(&["--shard", "2/3"], &["a part of a run", "--target"]);
    load(&["--shard", "4/3"], &["`2/8`"]);
    load(&["--shard", "0/3"], &["`2/8`"]);
    load(&["--shard", "1/3", "--skip-closed"], &["--skip-closed"]);
    load(&["--start-at", "soon"], &["`soon`", "2026-11-27T21:30:00Z"]);
    load(&["--start-at", &after(-60)], &["is over"]);
    program.run(&["merge"]).fails_with(2, &["PART.json"]);
}

#[test]
fn who_is_not_there_by_the_start_fails_the_run() {
    let program = Program::new();
    // A server that lets in and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}", silent.local_addr().unwrap());
    let args = ["load", "small.toml", "--target", &target, "--shard", "1/2"];
    let start = ["--start-at", &after(3), "--no-progress"];
    let run = program.run(&[&args[..], &start].concat());
    run.fails_with(3, &["only 0 of 4 agents were online by the start at "]);
}

/// A part that began by itself is told so, and merged with nothing but itself.
#[test]
#[ignore = "plays for half a minute"]
fn a_part_by_itself_is_no_part_of_a_run() {
    let program = Program::new();
    let (_server, target) = server(&program);
    let load = ["load", "small.toml", "--target", &target, "--shard"];
    let short = ["--set", "calendar.horizon=1m", "--speed", "120", "--out"];
    let play = |shard: &str, out: &str| {
        let run = program.run(&[&load[..], &[shard], &short, &[out]].concat());
        assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
        run.stdout
    };
    let told = play("1/1", "whole.json");
    assert!(!told.contains("one part of a run"), "{told}");
    let merged = program.run(&["merge", "whole.json", "--no-prediction"]);
    assert!(
        [Some(0), Some(4)].contains(&merged.code),
        "{}",
        merged.stderr
    );
    let (whole, merged) = (program.result("whole.json"), program.result("run.json"));
    assert_eq!(whole.measures, merged.measures);
    let told = play("1/2", "one.json");
    assert!(told.contains("it began by itself"), "{told}");
    let two = play("2/2", "two.json");
    assert!(two.contains("part 2 of 2"), "{two}");
    program
        .run(&["merge", "one.json", "two.json"])
        .fails_with(2, &["began by itself", "--start-at"]);
}
