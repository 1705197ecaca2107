//! A search for what a server holds, and runs over a key, from outside.

use std::time::Duration;

use busyhour::study::capacity::bounds::Cause;
use busyhour::study::capacity::findings::{End, Findings, Level};

use super::program::{Ended, Program, Running};

/// A question and an answer each, 400 messages a second at scale 1.
const SHORT_CHATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/short-chats.toml");

fn findings(program: &Program) -> Findings {
    let text = std::fs::read_to_string(program.path("capacity.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A server of its own, and where it listens.
fn server(program: &Program, limit: &str) -> (Running, String) {
    let mut server = program.start(&[
        "serve",
        "--listen=127.0.0.1:0",
        "--messages-per-second",
        limit,
    ]);
    let line = server.line();
    let target = line.strip_prefix("listening on ").map(String::from);
    (server, target.unwrap_or_else(|| panic!("{line}")))
}

#[test]
fn what_makes_no_search_is_refused() {
    let program = Program::new();
    let run = |args: &[&str]| program.run(&[&["capacity", "small.toml"], args].concat());
    run(&["--scale", "2"]).fails_with(2, &["--scale is what the search looks for", "--from"]);
    run(&["--from", "0"]).fails_with(2, &["--from", "a number above 0"]);
    run(&["--budget", "5"]).fails_with(2, &["--budget"]);
    run(&["--recovery", "0s"]).fails_with(2, &["--recovery", "above zero"]);
    run(&["--failures", "2"]).fails_with(2, &["--failures", "from 0 to 1"]);
    run(&["--vary", "agents.concurrency"]).fails_with(2, &["KEY=VALUES"]);
    run(&["--vary", "agents.concurrency=1..2", "--from", "2"]).fails_with(2, &["--from"]);
    run(&["--vary", "agents.concurency=1..2"]).fails_with(2, &["concurrency"]);
    run(&["--vary", "agents.concurrency=1,0.5"]).fails_with(2, &["concurrency"]);
    run(&["--out", "small.toml"]).fails_with(2, &["would overwrite"]);
    run(&["--target", "ws://192.0.2.1:80"]).fails_with(2, &["192.0.2.1", "--allow-target"]);
    let serve = program.run(&["serve", "--messages-per-second", "0"]);
    serve.fails_with(2, &["--messages-per-second", "from 0.001"]);
    assert!(!program.path("capacity.json").exists());
}

#[test]
fn a_server_that_is_not_there_is_no_server_that_breaks() {
    let program = Program::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}", port.local_addr().unwrap());
    drop(port);
    let run = program.run(&["capacity", "small.toml", "--target", &target]);
    run.fails_with(3, &["cannot reach", &target]);
    assert!(!program.path("capacity.json").exists());
}

/// A few minutes of the scenario in two seconds.
const QUICK: [&str; 6] = [
    "--length",
    "2m",
    "--speed",
    "120",
    "--set",
    "run.drain_limit=2m",
];

#[test]
fn a_budget_without_room_begins_nothing() {
    let program = Program::new();
    let args = [&["capacity", "small.toml", "--budget", "1s"][..], &QUICK].concat();
    let ended = program.run(&args).ends_with(3);
    assert!(ended.stdout.starts_with("UNKNOWN  "), "{}", ended.stdout);
    assert!(ended.stdout.contains("out of time: "), "{}", ended.stdout);
    let found = findings(&program);
    assert!(matches!(found.end, End::Budget { .. }), "{:?}", found.end);
    assert_eq!(found.search.unwrap().probes, []);
}

/// A sweep that has played nothing has failed, as a search has.
#[test]
fn a_sweep_without_a_run_has_failed() {
    let program = Program::new();
    let vary = ["--vary", "agents.concurrency=1..3:2"];
    let args = [
        &["capacity", "small.toml", "--budget", "1s"][..],
        &vary,
        &QUICK,
    ]
    .concat();
    let ended = program.run(&args).ends_with(3);
    assert!(ended.stdout.contains("out of time: "), "{}", ended.stdout);
    assert_eq!(findings(&program).sweep.unwrap().points, []);
}

/// A value for which there is no room is told, and what was played before it is kept.
#[test]
fn a_refusal_in_the_midst_of_a_sweep_keeps_what_was_played() {
    let program = Program::new();
    let sweep = |values: &str| {
        let vary = format!("live.max_connect_rate={values}");
        program.run(&[&["capacity", "small.toml", "--vary", &vary][..], &QUICK].concat())
    };
    sweep("0.1").fails_with(2, &["max_connect_rate"]);
    assert!(!program.path("capacity.json").exists());
    let ended = sweep("10000,0.1").ends_with(4);
    assert!(ended.stdout.contains("NOT PLAYED"), "{}", ended.stdout);
    let sweep = findings(&program).sweep.unwrap();
    let [played, refused] = &sweep.points[..] else {
        panic!("{sweep:?}");
    };
    assert!(played.measures["offered"].value > Some(0.0));
    assert!(refused.is_not_played() && !refused.verdict.reasons.is_empty());
}

/// What is known when the time is over is told. A busy machine may end the search before.
#[test]
fn a_budget_ends_a_search_with_what_is_known() {
    let program = Program::new();
    let args = ["capacity", "small.toml", "--budget", "6s"];
    let own = [
        "--set",
        "validity.lag_ms_p99=1000",
        "--set",
        "validity.lag_share=1",
    ];
    let ended = program.run(&[&args[..], &QUICK, &own].concat());
    assert!(
        matches!(ended.code, Some(0 | 3 | 4)),
        "{:?} {}",
        ended.code,
        ended.stderr
    );
    let found = findings(&program);
    assert_ne!(found.end, End::Done);
    let searched = found.search.unwrap();
    assert!(!searched.probes.is_empty());
    assert!(ended.stdout.contains("delivery p99"), "{}", ended.stdout);
    assert_eq!(searched.probes[0].scale, 1.0);
    assert_eq!(searched.probes[0].seed, 5);
    assert!(
        ended.stderr.contains("a probe takes about"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_key_at_several_values_is_a_run_each() {
    let program = Program::new();
    let args = [
        "capacity",
        "small.toml",
        "--vary",
        "agents.concurrency=1..3:2",
    ];
    let ended = program.run(&[&args[..], &QUICK].concat());
    // A busy machine may spoil the schedule, and that is for other tests to say.
    assert!(
        matches!(ended.code, Some(0 | 4)),
        "{:?} {}",
        ended.code,
        ended.stderr
    );
    let sweep = findings(&program).sweep.unwrap();
    let values: Vec<f64> = sweep.points.iter().map(|point| point.value).collect();
    assert_eq!(values, [1.0, 3.0]);
    for point in &sweep.points {
        assert!(point.measures["offered"].value > Some(0.0));
        let sound = point.verdict.valid == Some(true) && point.not_predicted.is_empty();
        assert_eq!(
            sound,
            point.predicted.contains_key("wait_s_mean"),
            "{point:?}"
        );
    }
    let offered = |index: usize| sweep.points[index].measures["offered"];
    assert_eq!(offered(0), offered(1), "the same customers");
    for words in ["agents.concurrency", "predicted", "2 live runs"] {
        assert!(ended.stdout.contains(words), "{words}: {}", ended.stdout);
    }
}

#[test]
fn a_signal_ends_the_probe_and_tells_what_is_known() {
    let program = Program::new();
    let running = program.start(&["capacity", "small.toml", "--speed", "30"]);
    std::thread::sleep(Duration::from_millis(1_500));
    running.send("INT");
    let ended: Ended = running.wait().ends_with(130);
    assert!(
        ended.stdout.contains("stopped by SIGINT"),
        "{}",
        ended.stdout
    );
    let signal = "SIGINT".to_string();
    assert_eq!(findings(&program).end, End::Stopped { signal });
}

/// The server takes 600 messages a second and no more.
#[test]
#[ignore = "takes two and a half minutes"]
fn the_limit_of_a_server_is_found_within_ten_per_cent() {
    const LIMIT: f64 = 600.0;
    let program = Program::new();
    let (server, target) = server(&program, "600");
    let args = ["capacity", SHORT_CHATS, "--target", &target];
    // A busy machine may be late.
    let own = [
        "--set",
        "validity.lag_ms_p99=2000",
        "--set",
        "validity.lag_share=1",
        "--set",
        "validity.stood_still_ratio=1",
    ];
    let ended = program.run(&[&args[..], &own].concat()).ends_with(0);
    println!("{}", ended.stdout);
    let found = findings(&program);
    assert_eq!(found.end, End::Done);
    let searched = found.search.unwrap();
    let (holds, breaks) = (searched.holds.unwrap(), searched.breaks.unwrap());
    let sent = |level: &Level| level.load.unwrap().messages_per_s / LIMIT;
    // Who waits for a reply sends no more: customers who come tell what was asked for.
    let asked = |level: &Level| level.load.unwrap().customers_per_min / 60.0 * 2.0 / LIMIT;
    for share in [sent(&holds), asked(&holds), sent(&breaks)] {
        assert!((0.9..=1.1).contains(&share), "{holds:?} {breaks:?}");
    }
    assert!(breaks.scale / holds.scale <= 1.05);
    let Cause::Gate { gate, value } = &breaks.causes[0] else {
        panic!("{breaks:?}");
    };
    assert_eq!(gate.measure, "delivery_ms_p99");
    assert!(*value > Some(gate.bound));
    assert!(
        ended.stdout.contains(": delivery_ms_p99 "),
        "{}",
        ended.stdout
    );
    server.send("TERM");
    server.wait().ends_with(143);
}
