//! `busyhour erlang`: figures, the fewest agents, and what cannot be.

use serde_json::Value;

use super::program::Program;

const HUNDRED: [&str; 4] = ["--rate", "100 per hour", "--aht", "3m"];

fn json(args: &[&str]) -> Value {
    let args: Vec<&str> = [&["erlang"], args, &["--json"]].concat();
    let run = Program::new().run(&args).ends_with(0);
    serde_json::from_str(&run.stdout).unwrap()
}

/// A figure of the row of the number of agents asked for.
fn figure(answer: &Value, name: &str) -> f64 {
    let rows = answer["rows"].as_array().unwrap();
    let asked = rows
        .iter()
        .find(|row| row["agents"] == answer["agents"])
        .unwrap();
    asked["measures"][name]
        .as_f64()
        .unwrap_or_else(|| panic!("{name}: {answer}"))
}

fn close(got: f64, exact: f64) {
    assert!((got / exact - 1.0).abs() < 1e-8, "{got} {exact}");
}

/// The fewest agents for 80 % in 20 s, with endless patience and with two minutes of it.
#[test]
fn the_fewest_agents_are_found() {
    let endless = json(&[&["c"][..], &HUNDRED].concat());
    assert_eq!(endless["agents"], 8);
    close(figure(&endless, "delayed_ratio"), 0.1672665067);
    close(figure(&endless, "service_level_20s"), 1.0 - 0.1198516892);
    close(figure(&endless, "wait_s_p90"), 30.86509216);
    assert_eq!(endless["rows"].as_array().unwrap().len(), 5);
    let impatient = json(&[&["a", "--patience", "2m"][..], &HUNDRED].concat());
    assert_eq!(impatient["agents"], 7);
    let strict = ["--target", "0.95", "--within", "1m"];
    let strict = json(&[&["c"][..], &HUNDRED, &strict].concat());
    assert_eq!(strict["agents"], 9);
}

#[test]
fn erlang_b_and_the_level_model_answer_too() {
    let loss = json(&[
        "b",
        "--rate",
        "2000 per hour",
        "--aht",
        "3m",
        "--agents",
        "120",
    ]);
    close(figure(&loss, "rejected_ratio"), 0.005690054607);
    let chats = [
        "--aht",
        "400s,480s,580s",
        "--patience",
        "3m",
        "--agents",
        "10",
        "--within",
        "30s",
    ];
    let chats = json(&[&["chat", "--rate", "160 per hour"][..], &chats].concat());
    close(figure(&chats, "delayed_ratio"), 0.1166085879);
    close(figure(&chats, "concurrency_busy"), 2.290686496);
    close(figure(&chats, "service_level_30s"), 0.9298214952);
    assert!(chats["note"].as_str().unwrap().contains("exactly"));
    let large = [
        "chat",
        "--rate",
        "160000 per hour",
        "--aht",
        "400s",
        "--concurrency",
        "3",
    ];
    let large = json(&[&large[..], &["--patience", "3m", "--agents", "7000"]].concat());
    assert!(large["note"].as_str().unwrap().contains("Too many states"));
}

#[test]
fn the_table_marks_what_was_asked_for() {
    let program = Program::new();
    let args = [&["erlang", "c"][..], &HUNDRED, &["--agents", "6"]].concat();
    let table = program.run(&args).ends_with(0).stdout;
    assert!(table.contains("[6]") && table.contains("58.8 %"), "{table}");
    // Five erlangs: four and five agents are too few.
    assert!(table.contains("the queue grows without end"), "{table}");
}

#[test]
fn what_cannot_be_is_refused() {
    let program = Program::new();
    let refused = |args: &[&str], words: &[&str]| {
        program
            .run(&[&["erlang"], args].concat())
            .fails_with(2, words);
    };
    refused(
        &[&["c"][..], &HUNDRED, &["--agents", "5"]].concat(),
        &["grows without end", "--agents"],
    );
    refused(
        &["c", "--rate", "100 per hour", "--aht", "3min"],
        &["--aht", "no unit", "`3m`"],
    );
    refused(
        &["c", "--rate", "100 an hour", "--aht", "3m"],
        &["--rate", "`per` is expected"],
    );
    refused(
        &["c", "--rate", "1000000 per second", "--aht", "3m"],
        &["no team of up to"],
    );
    refused(
        &["c", "--rate", "100 per hour", "--aht", "0s"],
        &["handle time must be above zero"],
    );
    refused(
        &["b", "--rate", "100 per hour", "--aht", "0s"],
        &["handle time must be above zero"],
    );
    refused(
        &[&["c"][..], &HUNDRED, &["--target", "80"]].concat(),
        &["between 0 and 1"],
    );
    refused(
        &[&["c"][..], &HUNDRED, &["--agents", "0"]].concat(),
        &["--agents"],
    );
    refused(&[&["a"][..], &HUNDRED].concat(), &["--patience"]);
    let chat = [
        "chat",
        "--rate",
        "9 per hour",
        "--aht",
        "400s,480s",
        "--concurrency",
        "3",
    ];
    refused(
        &chat,
        &["2 handle times for a concurrency of 3", "400s,480s,580s"],
    );
}

#[test]
fn a_case_that_is_none_is_refused() {
    let validate = Program::new().run(&["validate", "--quick", "--only", "no such case"]);
    validate.fails_with(2, &["no case has `no such case`"]);
}

#[test]
fn a_case_alone_is_held_against_theory() {
    let program = Program::new();
    let args = [
        "validate",
        "--quick",
        "--only",
        "Erlang B, 5.0",
        "--no-progress",
    ];
    let run = program.run(&args).ends_with(0);
    assert!(run.stdout.contains("rejected_ratio"), "{}", run.stdout);
    assert!(
        run.stdout.contains("PASSED  2 estimates of 1 case"),
        "{}",
        run.stdout
    );
    let json = program.run(&[&args[..], &["--json"]].concat()).ends_with(0);
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(found["verdict"]["passed"], true);
    assert_eq!(found["cases"][0]["measures"][0]["verdict"], "agrees");
}
