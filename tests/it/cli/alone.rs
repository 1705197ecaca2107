//! One replication alone, and one customer's story.

use super::program::Program;

fn rows(program: &Program, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(program.path(name)).unwrap();
    text.lines().map(String::from).collect()
}

#[test]
fn a_replication_alone_has_the_rows_of_a_whole_run() {
    let program = Program::new();
    let simulate = |args: &[&str]| {
        let all = [&["simulate", "small.toml"], args].concat();
        program.run(&all).ends_with(0).stdout
    };
    simulate(&["--replications", "3", "--records", "whole.csv", "--quiet"]);
    let report = simulate(&["--replication", "2", "--records", "alone.csv"]);
    assert!(report.contains("simulated once: "), "{report}");
    let words: Vec<&str> = report.split_whitespace().collect();
    assert!(
        words.join(" ").contains("seed 5, replication 2 "),
        "{report}"
    );
    assert_eq!(program.result("run.json").scenario.replication, Some(2));
    let (whole, alone) = (rows(&program, "whole.csv"), rows(&program, "alone.csv"));
    let third = whole.iter().filter(|row| row.starts_with("2,"));
    assert!(alone.len() > 50);
    assert!(alone[1..].iter().eq(third));
}

#[test]
fn a_story_is_told_and_nothing_else() {
    let program = Program::new();
    let run = |args: &[&str]| {
        let all = [&["simulate", "small.toml", "--trace", "customer:17"], args].concat();
        program.run(&all).ends_with(0)
    };
    let story = run(&[]).stdout;
    assert!(
        story.starts_with("Customer 17\n\n Attempt 0, Mon 23 Nov 2026\n"),
        "{story}"
    );
    assert!(story.contains("asks for an agent\n"), "{story}");
    assert!(
        story.lines().last().unwrap().starts_with("fate: "),
        "{story}"
    );
    assert!(!program.path("run.json").exists());
    let named = [
        "--out",
        "story.json",
        "--records",
        "rows.csv",
        "--set",
        "gate.handled='< 1'",
    ];
    assert_eq!(run(&named).stdout, story);
    assert!(program.path("rows.csv").exists());
    // The gates of the run are judged in the file, and the story is told all the same.
    assert_eq!(program.result("story.json").verdict.passed, Some(false));
    assert_ne!(run(&["--replication", "1"]).stdout, story);
    assert_eq!(run(&["--replication", "0"]).stdout, story);
}

#[test]
fn who_never_came_has_no_story() {
    let program = Program::new();
    let trace = |who: &str| program.run(&["simulate", "small.toml", "--trace", who]);
    trace("customer:5000").fails_with(
        2,
        &["no customer 5000 in replication 0", " come, customer:0 to "],
    );
    trace("customer:17.3").fails_with(2, &["customer 17 had no attempt 3", "it came once"]);
    trace("17").fails_with(2, &["`customer:17`"]);
    // In a window customers keep the numbers that they have in the whole run.
    let windowed = |who: &str| {
        let window = ["simulate", "small.toml", "--window", "mon 09:20/09:30"];
        program.run(&[&window[..], &["--trace", who]].concat())
    };
    let refused = windowed("customer:0").ends_with(2).stderr;
    let (_, numbers) = refused.split_once(" come, customer:").expect("who comes");
    let first = numbers.split(' ').next().expect("the first is named");
    assert_ne!(first, "0");
    let story = windowed(&format!("customer:{first}")).ends_with(0).stdout;
    assert!(story.starts_with(&format!("Customer {first}\n")), "{story}");
    let both = [
        "simulate",
        "small.toml",
        "--trace",
        "customer:1",
        "--replications",
        "3",
    ];
    program.run(&both).fails_with(2, &["cannot be used with"]);
    let both = [
        "simulate",
        "small.toml",
        "--replication",
        "1",
        "--replications",
        "3",
    ];
    program.run(&both).fails_with(2, &["cannot be used with"]);
    let live = ["load", "small.toml", "--trace", "customer:5000"];
    program.run(&live).fails_with(2, &["no customer 5000"]);
}

#[test]
fn a_live_story_stands_before_the_report() {
    let program = Program::new();
    let args = [
        "load",
        "small.toml",
        "--trace",
        "customer:3",
        "--speed",
        "900",
        "--set",
        "calendar.horizon=10m",
        "--set",
        "run.drain_limit=10m",
        "--no-progress",
    ];
    let run = program.run(&args);
    let (story, report) = run
        .stdout
        .split_once("\nfate: ")
        .expect("a story and a report");
    assert!(story.starts_with("Customer 3\n\n Attempt 0, "), "{story}");
    assert!(report.contains("played live against"), "{report}");
}
