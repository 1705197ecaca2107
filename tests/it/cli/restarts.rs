//! A server that is killed and started again in the middle of a run.

use std::time::Duration;

use super::program::{Program, Running};

fn server(program: &Program, listen: &str) -> (Running, String) {
    let args = ["serve", "small.toml", "--listen", listen];
    let mut server = program.start(&[&args[..], &["--kept-for", "60s"]].concat());
    let line = server.line();
    let target = line.strip_prefix("listening on ws://").map(String::from);
    (server, target.unwrap_or_else(|| panic!("{line}")))
}

#[test]
#[ignore = "plays for half a minute"]
fn a_server_that_is_killed_and_started_again_does_not_end_the_run() {
    let program = Program::new();
    let (first, address) = server(&program, "127.0.0.1:0");
    let target = format!("ws://{address}");
    let args = [
        "load",
        "small.toml",
        "--speed",
        "60",
        "--target",
        &target,
        "--set",
        "calendar.horizon=12m",
        "--set",
        "validity.lag_ms_p99=1000",
        "--set",
        "validity.lag_share=1",
        "--set",
        "validity.stood_still_ratio=1",
        "--no-prediction",
    ];
    let running = program.start(&args);
    std::thread::sleep(Duration::from_secs(4));
    first.send("KILL");
    first.wait();
    std::thread::sleep(Duration::from_millis(700));
    let (second, _) = server(&program, &address);
    let ended = running.wait();
    second.send("INT");
    second.wait();
    ended.ends_with(0);
    let result = program.result("run.json");
    assert_eq!(result.verdict.failed, None);
    let value = |name: &str| result.value(name).unwrap();
    let fates = [
        "handled",
        "abandoned_queue",
        "abandoned_chat",
        "rejected",
        "dropped",
        "failed",
        "broken",
        "open_at_end",
    ];
    assert_eq!(value("offered"), fates.map(value).iter().sum::<f64>());
    // Chats that were there are lost with it; who comes after that is served.
    assert!(value("broken") > 0.0, "{:?}", result.verdict);
    assert!(value("handled") > value("broken"));
    assert_eq!(value("open_at_end"), 0.0);
    for fault in [
        "lost",
        "duplicated",
        "misdelivered",
        "foreign",
        "over_limit",
    ] {
        assert_eq!(value(fault), 0.0, "{fault}: {:?}", result.faults);
    }
    let reasons = &result.verdict.reasons;
    let told = |words: &str| reasons.iter().any(|reason| reason.contains(words));
    assert!(told("an agent's connection was lost"), "{reasons:?}");
}

#[test]
fn a_plan_that_connects_too_often_is_refused() {
    let program = Program::new();
    let args = ["load", "small.toml", "--speed", "60"];
    let ended = program.run(&[&args[..], &["--max-connect-rate", "5"]].concat());
    let ended = ended.ends_with(2);
    for words in [
        "connects",
        "wall clock",
        "5 is the most",
        "--max-connect-rate",
    ] {
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let slow = program.run(&[&args[..], &["--max-connect-rate", "0.5"]].concat());
    let slow = slow.ends_with(2);
    assert!(slow.stderr.contains("8 agents"), "{}", slow.stderr);
}
