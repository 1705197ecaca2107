//! One side alone, at a server whose people are the other.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::program::{Program, Running};
use busyhour::measure::cast::Cast;

/// A server, and where it is.
fn server(program: &Program) -> (Running, String) {
    let mut server = program.start(&["serve", "small.toml", "--listen", "127.0.0.1:0"]);
    let line = server.line();
    let target = line.strip_prefix("listening on ").map(String::from);
    (server, target.unwrap_or_else(|| panic!("{line}")))
}

/// However the lines are broken.
fn in_words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn agents_alone_are_refused_where_nobody_could_come() {
    let program = Program::new();
    let refused = |more: &[&str], words: &[&str]| {
        let load = ["load", "small.toml", "--only", "agents"];
        program
            .run(&[&load[..], more].concat())
            .fails_with(2, words);
        assert!(!program.path("run.json").exists());
    };
    refused(
        &[],
        &["nobody comes to a server of the run's own", "--target"],
    );
    let target = ["--target", "ws://127.0.0.1:9"];
    let hexlet = ["--protocol", "hexlet"];
    let words = ["`hexlet`", "gives out the chats", "leave out --only agents"];
    refused(&[&target[..], &hexlet].concat(), &words);
    let jumps = [&target[..], &["--skip-closed"]].concat();
    refused(&jumps, &["come when they like", "leave out --skip-closed"]);
    let traced = [&target[..], &["--trace", "customer:0"]].concat();
    refused(&traced, &["a story is a customer's", "leave out --trace"]);
    let help = program.run(&["load", "--help"]).ends_with(0).stdout;
    for words in [
        "No customer connects: visitors come by themselves",
        "No agent connects",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
}

/// No visitor comes: the agents are there until the horizon, and go.
#[test]
fn agents_alone_report_of_what_they_see() {
    let program = Program::new();
    let (_server, target) = server(&program);
    let load = [
        "load",
        "small.toml",
        "--only",
        "agents",
        "--workers",
        "2",
        "--target",
        &target,
    ];
    // A rate that customers would need is none that the agents do.
    let short = "--speed 120 --set calendar.horizon=4m --max-connect-rate 20 --records rows.csv";
    let short: Vec<&str> = short.split(' ').collect();
    let run = program.run(&[&load[..], &short].concat());
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    let words = in_words(&run.stdout);
    for told in [
        "the agents alone, for visitors of the server's own: 8 agents, 3 chats each",
        "the agents alone were played",
        "none: assigned twice, over limit, assigned offline",
        "not measured: lost, duplicated, reordered, misdelivered, foreign",
        "the visitors are the server's own",
    ] {
        assert!(words.contains(told), "{told}: {words}");
    }
    let result = program.result("run.json");
    assert_eq!(result.scenario.cast, Cast::Agents);
    let text = std::fs::read_to_string(program.path("run.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["scenario"]["only"], "agents");
    for (name, value) in [
        ("offered", Some(0.0)),
        ("over_limit", Some(0.0)),
        ("occupancy_ratio", Some(0.0)),
        ("wait_s_mean", None),
        ("arrived", None),
    ] {
        assert_eq!(result.value(name), value, "{name}");
    }
    assert_eq!(result.measure("agent_online_ms_mean").unwrap().samples, 8);
    // Of visitors nobody sees who waits or gives up, in no interval either.
    for row in &result.intervals {
        assert_eq!((row.abandoned_queue, row.rejected), (None, None));
        assert_eq!((row.offered, row.abandoned_chat), (0.0, 0.0));
    }
    assert!(!result.intervals.is_empty());
    let rows = std::fs::read_to_string(program.path("rows.csv")).unwrap();
    assert_eq!(rows.lines().count(), 1);
}

/// One program plays the customers, two others parts of the agents, one of them in two processes: each
/// is a stranger to the others.
#[test]
#[ignore = "plays for half a minute"]
fn each_side_is_a_stranger_to_the_other() {
    let program = Program::new();
    let (_server, target) = server(&program);
    let start = Timestamp::now() + SignedDuration::from_secs(6);
    let start = format!("{start:.0}");
    let play = |only: &str, horizon: &str, more: &[&str]| {
        let horizon = format!("calendar.horizon={horizon}");
        let load = ["load", "small.toml", "--speed", "120", "--start-at", &start];
        let whom = ["--only", only, "--target", &target, "--set", &horizon];
        let people = [
            "--set",
            "customers.exchanges=constant(2)",
            "--set",
            "customers.reply_patience=never",
            "--set",
            "customers.queue_patience=never",
        ];
        program.start(&[&load[..], &whom, &people, more].concat())
    };
    let parts = [
        play(
            "agents",
            "25m",
            &["--shard", "1/2", "--out", "a.json", "--workers", "2"],
        ),
        play("agents", "25m", &["--shard", "2/2", "--out", "b.json"]),
    ];
    let customers = play("customers", "10m", &["--out", "customers.json"]);
    for running in parts.into_iter().chain([customers]) {
        let ended = running.wait();
        assert!([Some(0), Some(4)].contains(&ended.code), "{}", ended.stderr);
    }
    let merge = program.run(&["merge", "b.json", "a.json", "--out", "agents.json"]);
    assert!([Some(0), Some(4)].contains(&merge.code), "{}", merge.stderr);
    let told = in_words(&merge.stdout);
    for words in [
        "played live in 2 parts",
        "the agents alone, for visitors of",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let (agents, customers) = (
        program.result("agents.json"),
        program.result("customers.json"),
    );
    let text = std::fs::read_to_string(program.path("b.json")).unwrap();
    let everybodys = text.replace(r#""only": "agents""#, r#""only_customers": true"#);
    assert_ne!(everybodys, text);
    std::fs::write(program.path("other.json"), everybodys).unwrap();
    let mixed = program.run(&["merge", "a.json", "other.json"]);
    let words = ["the people is agents alone in one, customers alone in the other"];
    mixed.fails_with(2, &words);
    let offered = agents.value("offered").unwrap();
    assert!(offered > 15.0, "{offered}");
    let assigned = customers.measure("wait_s_mean").unwrap().samples;
    assert_eq!(offered as u64, assigned);
    for result in [&agents, &customers] {
        assert_eq!(
            result.value("handled"),
            Some(offered),
            "{:#?}",
            result.verdict
        );
    }
    let parts = ["a.json", "b.json"].map(|name| program.result(name).value("offered").unwrap());
    assert_eq!(parts[0] + parts[1], offered);
    assert!(parts.iter().all(|taken| *taken > 0.0), "{parts:?}");
    for fault in ["over_limit", "assigned_twice", "assigned_offline"] {
        assert_eq!(agents.value(fault), Some(0.0), "{fault}");
    }
    let handled = agents.measure("handle_s_mean").unwrap().samples;
    assert_eq!(handled as f64, offered);
}
