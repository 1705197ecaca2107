//! What runs: help, reports, files, gates.

use super::program::Program;

#[test]
fn help_names_commands_examples_and_exit_codes() {
    let help = Program::new().run(&["--help"]).ends_with(0).stdout;
    for words in [
        "simulate",
        "load",
        "serve",
        "check",
        "schema",
        "Examples:",
        "130 and 143",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
    let version = Program::new().run(&["--version"]).ends_with(0).stdout;
    assert_eq!(version, format!("busyhour {}\n", env!("CARGO_PKG_VERSION")));
    let bare = Program::new().run(&[]).ends_with(2);
    assert!(bare.stderr.contains("Usage:"), "{}", bare.stderr);
}

/// Cuts are told before a run and counted after it; a gate on them applies where there are any.
#[test]
fn cuts_are_told_and_gated() {
    let program = Program::new();
    let cut = "customers.disconnect={ every=\"exponential(mean=5m)\", away=\"constant(90s)\" }";
    let check = program
        .run(&["check", "small.toml", "--set", cut])
        .ends_with(0);
    let one_line = check
        .stdout
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let words = "cuts chats are kept for 1m, which 100.0 % of the times away outlast";
    assert!(one_line.contains(words), "{one_line}");
    let gate = ["--set", "gate.broken_ratio='< 0.001'"];
    let simulate = ["simulate", "small.toml"];
    let run = [&simulate[..], &gate[..], &["--set", cut]].concat();
    let failed = program.run(&run).ends_with(1);
    assert!(failed.stdout.contains("broken_ratio"), "{}", failed.stdout);
    let whole = [&simulate[..], &gate[..]].concat();
    program.run(&whole).ends_with(0);
}

/// The figure behind a label of the check, for a run in this protocol.
fn checked(program: &Program, protocol: &str, label: &str) -> u64 {
    let args = ["check", "small.toml", "--protocol", protocol];
    let told = program.run(&args).ends_with(0).stdout;
    let line = told.lines().find(|line| line.trim().starts_with(label));
    let mut words = line.unwrap_or_else(|| panic!("{told}")).split_whitespace();
    let figure = words.nth(1).unwrap().trim_end_matches([':', ';']);
    figure.replace(',', "").parse().unwrap()
}

/// A poll is a connection for each person, and requests need more; a stream alone needs what the
/// built-in protocol does.
#[test]
fn connections_over_http_are_counted() {
    let program = Program::new();
    let of = |protocol| checked(&program, protocol, "connections");
    let (native, polled) = (of("native"), of("matrix"));
    assert_eq!(of("xmpp"), native);
    assert!(polled > 2 * native, "{polled} {native}");
    let printed = program.run(&["protocols", "matrix"]).ends_with(0).stdout;
    let both = printed.replace("kind = \"poll\"", "kind = \"both\"\npath = \"/ws\"");
    std::fs::write(program.path("both.toml"), both).unwrap();
    assert_eq!(of("both.toml"), polled + native);
    for protocol in ["xmpp", "matrix", "both.toml"] {
        let descriptors = checked(&program, protocol, "descriptors");
        assert_eq!(descriptors, of(protocol) + 64, "{protocol}");
    }
    let wrong = program.run(&["check", "small.toml", "--protocol", "matrics"]);
    wrong.fails_with(2, &["no protocol `matrics`"]);
}

#[test]
fn a_simulation_reports_and_writes_its_files() {
    let program = Program::new();
    let args = [
        "simulate",
        "small.toml",
        "--replications",
        "3",
        "--records",
        "chats.csv",
        "--seed",
        "9",
    ];
    let run = program.run(&args).ends_with(0);
    assert!(run.stdout.contains("simulated 3 times"), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("\nresult: run.json\nrecords: chats.csv\ntook: "),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains('\u{1b}'));
    assert_eq!(run.stderr, "");
    let result = program.result("run.json");
    assert_eq!((result.scenario.seed, result.scenario.replications), (9, 3));
    let arrived = result.value("arrived").unwrap() * 3.0;
    let rows = std::fs::read_to_string(program.path("chats.csv")).unwrap();
    assert_eq!(rows.lines().count() as f64 - 1.0, arrived.round());
}

/// What is played of a scenario, and how much of it, is told by `check`, the report and the result.
#[test]
fn windows_scale_and_traffic_are_told() {
    let program = Program::new();
    let told = |args: &[&str], words: &[&str]| {
        let out = program.run(args).ends_with(0).stdout;
        let one_line = out.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(one_line.contains(word), "`{word}` is not in: {out}");
        }
    };
    // 200 an hour, three times; of the half-hour twenty minutes.
    let late = [
        "check",
        "small.toml",
        "--window",
        "mon 09:15/09:25",
        "--warm-up",
        "5m",
    ];
    told(
        &late,
        &[
            "window Mon 2026-11-23 09:15 to 09:25, played from 09:10 on",
            "in all 50 of 50",
        ],
    );
    let busy = [
        "check",
        "small.toml",
        "--busy-hour",
        "--scale",
        "3",
        "--with-agents",
    ];
    told(
        &busy,
        &[
            "window the busy hour, Mon 2026-11-23 09:00 to 09:30",
            "scaled 3 times the customers, and the agents",
            "in all 300 of 300",
            "staffed 24 throughout",
        ],
    );
    let traffic = [
        "check",
        "small.toml",
        "--set",
        "messages={ bytes=\"lognormal(mean=120, cv=1)\", reply_bytes=\"constant(200)\", parts=2, \
         typing=\"10s\" }",
    ];
    let words = "messages 120 bytes on average, replies 200 bytes on average, in 2 parts, typing \
                 from 10s before";
    told(&traffic, &[words]);
    let run = [
        "simulate",
        "small.toml",
        "--window",
        "2026-11-23 09:00/09:20",
        "--scale",
        "3",
        "--replications",
        "2",
    ];
    told(
        &run,
        &[
            "Mon 2026-11-23 09:00 to 09:20, of what begins Mon 2026-11-23 09:00 Europe/Madrid; 8 agents",
            "; 3 times the customers, the agents as they are; seed 5",
            "changed: run.replications=2, arrivals.scale=3",
        ],
    );
    let scenario = program.result("run.json").scenario;
    assert_eq!(scenario.window.unwrap(), "Mon 2026-11-23 09:00 to 09:20");
    assert_eq!(
        scenario.scaled.unwrap(),
        "3 times the customers, the agents as they are"
    );
    assert_eq!(
        scenario.overrides,
        ["run.replications=2", "arrivals.scale=3"]
    );
}

#[test]
fn colours_come_when_asked_for() {
    let program = Program::new();
    let args = [
        "simulate",
        "small.toml",
        "--replications",
        "2",
        "--color",
        "always",
    ];
    assert!(program.run(&args).ends_with(0).stdout.contains("\u{1b}[1"));
}

#[test]
fn quiet_says_nothing_and_writes_the_result() {
    let program = Program::new();
    let run = program
        .run(&["simulate", "small.toml", "--replications", "2", "--quiet"])
        .ends_with(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert_eq!(program.result("run.json").scenario.replications, 2);
}

#[test]
fn gates_decide_the_exit_code() {
    let program = Program::new();
    let gated = |gate: &str| {
        let set = format!("gate.{gate}");
        program.run(&[
            "simulate",
            "small.toml",
            "--replications",
            "2",
            "--set",
            &set,
        ])
    };
    let kept = gated("handled='> 0'").ends_with(0);
    assert!(kept.stdout.starts_with("PASSED"), "{}", kept.stdout);
    let broken = gated("handled='< 1'").ends_with(1);
    assert!(
        broken.stdout.starts_with("FAILED  1 of "),
        "{}",
        broken.stdout
    );
    // Live only: no failure here.
    let other = gated("delivery_ms_p99='< 1'").ends_with(0);
    assert!(other.stdout.contains("not applicable"), "{}", other.stdout);
}

#[test]
fn the_point_alone_may_be_judged() {
    let program = Program::new();
    let first = ["simulate", "small.toml", "--replications", "5", "--quiet"];
    program.run(&first).ends_with(0);
    let offered = program.result("run.json").measures["offered"];
    let just_under = format!("gate.offered='> {}'", offered.value.unwrap() - 1e-3);
    let judged = |how| {
        let args = [&first[..], &["--set", &just_under, "--judge", how]].concat();
        program.run(&args).code
    };
    assert_eq!(judged("interval"), Some(1));
    assert_eq!(judged("point"), Some(0));
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let program = Program::new();
    let line = "{ $BUSYHOUR schema; echo $? >code; } | head -n 1";
    let run = program.shell(line).ends_with(0);
    assert_eq!(run.stdout, "{\n");
    assert_eq!(run.stderr, "");
    assert_eq!(
        std::fs::read_to_string(program.path("code")).unwrap(),
        "0\n"
    );
}

#[test]
fn the_schema_is_json() {
    let schema = Program::new().run(&["schema"]).ends_with(0).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert!(schema["properties"]["agents"].is_object());
}
