//! Live runs from outside: against the built-in server and against one of its own.

use super::program::Program;

/// A few minutes of the scenario in two seconds.
const SHORT: [&str; 6] = [
    "--set",
    "calendar.horizon=3m",
    "--set",
    "run.drain_limit=1m",
    "--speed",
    "120",
];

/// A busy machine may spoil the schedule, and that is for other tests to say.
const FINE_OR_INVALID: [Option<i32>; 2] = [Some(0), Some(4)];

#[test]
fn a_live_run_reports_in_the_terms_of_a_simulation() {
    let program = Program::new();
    let args = [
        &["load", "small.toml", "--records", "chats.csv"][..],
        &SHORT,
    ]
    .concat();
    let run = program.run(&args);
    assert!(FINE_OR_INVALID.contains(&run.code), "{}", run.stderr);
    for words in [
        "VALID",
        "built-in server",
        "schedule lag",
        "delivery",
        "result: run.json",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let result = program.result("run.json");
    // What is said of the server depends on how busy the machine was.
    let found = result.attribution.as_ref().expect("it is asked");
    assert!(
        run.stdout.contains("What the server added"),
        "{}",
        run.stdout
    );
    let attributed = found.reasons.is_empty();
    assert_eq!(found.measures.len(), if attributed { 5 } else { 0 });
    assert!(attributed || run.stdout.contains("not attributable: "));
    let arrived = result.value("arrived").unwrap();
    assert!(arrived > 0.0 && result.value("delivery_ms_p50").is_some());
    let rows = std::fs::read_to_string(program.path("chats.csv")).unwrap();
    assert_eq!(rows.lines().count() as f64 - 1.0, arrived);
}

/// No generator is never late at all.
#[test]
fn a_run_that_cannot_keep_its_schedule_is_invalid() {
    let program = Program::new();
    let bound = [
        "--set",
        "validity.lag_ms_p99=0.0001",
        "--set",
        "gate.handled='> 0'",
    ];
    let args = [&["load", "small.toml"][..], &SHORT, &bound].concat();
    let run = program.run(&args).ends_with(4);
    let why = "not attributable: the run is INVALID";
    assert!(run.stdout.contains(why), "{}", run.stdout);
    assert!(
        run.stdout
            .starts_with("INVALID, FAILED  1 gate not judged\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("  ! schedule lag p99"),
        "{}",
        run.stdout
    );
}

/// What the server keeps to otherwise than the scenario, the run says.
#[test]
fn a_server_goes_by_its_flags() {
    let program = Program::new();
    let flags = [
        "serve",
        "--listen=127.0.0.1:0",
        "--policy=longest-idle",
        "--queue-limit=9",
        "--priorities=3",
        "--age-after=2m",
        "--inactivity=4m",
        "--speed=120",
    ];
    let mut server = program.start(&flags);
    let line = server.line();
    let address = line.strip_prefix("listening on ").unwrap();
    let target = ["load", "small.toml", "--target", address, "--skip-closed"];
    let run = program.run(&[&target[..], &SHORT].concat());
    assert!(FINE_OR_INVALID.contains(&run.code), "{}", run.stderr);
    for words in [
        "routes by longest-idle",
        "queue limit",
        "priorities",
        "age_after",
        "inactivity",
    ] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let found = program.result("run.json").attribution.unwrap();
    let why = found.reasons.join("\n");
    let differences = [
        "routing policy",
        "queue limit",
        "number of priorities",
        "age_after",
    ];
    for words in differences.into_iter().chain(["inactivity timeout"]) {
        assert!(why.contains(words), "{words}: {why}");
    }
    assert!(found.measures.is_empty());
    server.send("TERM");
    server.wait().ends_with(143);
}

#[test]
fn a_server_of_its_own_serves_a_run_and_counts_it() {
    let program = Program::new();
    let mut server = program.start(&["serve", "--listen", "127.0.0.1:0", "small.toml"]);
    let line = server.line();
    let address = line.strip_prefix("listening on ").unwrap();
    let target = ["load", "small.toml", "--target", address, "--no-prediction"];
    let run = program.run(&[&target[..], &SHORT].concat());
    assert!(FINE_OR_INVALID.contains(&run.code), "{}", run.stderr);
    assert!(run.stdout.contains(address), "{}", run.stdout);
    assert!(
        !run.stdout.contains("What the server added"),
        "{}",
        run.stdout
    );
    assert_eq!(program.result("run.json").attribution, None);
    server.send("TERM");
    let ended = server.wait().ends_with(143);
    let offered = program.result("run.json").value("offered").unwrap();
    let chats = ended
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix(" chats "));
    assert_eq!(chats.unwrap().trim(), offered.to_string());
}
