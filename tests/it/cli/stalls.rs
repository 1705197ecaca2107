//! A server that stands still for a while: the report tells it, and the run is as valid as ever.

use std::time::Duration;

use super::looking::until_so_many_came;
use super::program::{Program, Running};

/// A server of its own, and where it listens.
fn server(program: &Program) -> (Running, String) {
    let mut server = program.start(&["serve", "small.toml", "--listen", "127.0.0.1:0"]);
    let line = server.line();
    let target = line.strip_prefix("listening on ").map(String::from);
    (server, target.unwrap_or_else(|| panic!("{line}")))
}

#[test]
fn a_server_that_stands_still_for_three_seconds_is_told_and_the_run_is_valid() {
    let program = Program::new();
    let (server, target) = server(&program);
    let args = ["load", "small.toml", "--speed", "60", "--target", &target];
    let patient = [
        "--set",
        "customers.queue_patience=never",
        "--set",
        "customers.reply_patience=never",
        "--set",
        "customers.exchanges=constant(2)",
        "--set",
        "calendar.horizon=6m",
        "--records",
        "chats.csv",
        // A busy machine may be late by this; three seconds taken for lag would be beyond it.
        "--set",
        "validity.lag_ms_p99=250",
        "--set",
        "validity.lag_share=0.5",
        "--set",
        "validity.stood_still_ratio=0.3",
    ];
    let metrics = ["--metrics", "127.0.0.1:0"];
    let mut running = program.start(&[&args[..], &patient, &metrics].concat());
    until_so_many_came(&mut running, 5.0);
    server.send("STOP");
    std::thread::sleep(Duration::from_secs(3));
    server.send("CONT");
    let ended = running.wait();
    let result = program.result("run.json");
    server.send("INT");
    server.wait();
    ended.ends_with(0);
    assert_eq!(result.verdict.valid, Some(true));
    let value = |name: &str| result.value(name).unwrap();
    // All that was sent meanwhile came when it went on, and counts so long.
    for name in ["delivery_ms_max", "delivery_from_due_ms_max"] {
        assert!(value(name) > 2_000.0, "{name}: {}", value(name));
    }
    assert!(value("delivery_from_due_ms_mean") >= value("delivery_ms_mean"));
    assert_eq!(value("handled"), value("offered"));
    assert_eq!(value("failed") + value("broken") + value("lost"), 0.0);
    // Nobody came later, or not at all, for that.
    let simulate = ["simulate", "small.toml", "--replication", "0", "--quiet"];
    let simulate = [
        &simulate[..],
        &patient[..8],
        &["--records", "simulated.csv"],
    ]
    .concat();
    program.run(&simulate).ends_with(0);
    let came = |name: &str| {
        let text = std::fs::read_to_string(program.path(name)).unwrap();
        let rows = text.lines().skip(1);
        let rows = rows.map(|row| row.split(',').take(6).collect::<Vec<_>>().join(","));
        rows.collect::<Vec<_>>()
    };
    assert_eq!(came("chats.csv"), came("simulated.csv"));
}
