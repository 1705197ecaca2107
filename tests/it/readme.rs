//! The README is true: its console blocks run, its scenario is read and played.

use std::path::Path;

use busyhour::scenario::read_text;
use busyhour::simulation::{Options, Watch, simulate};

const README: &str = include_str!("../../README.md");

/// `TRYCMD=overwrite cargo test` writes what the program says into the blocks.
#[test]
fn its_console_blocks_say_what_the_program_says() {
    let cases = trycmd::TestCases::new();
    cases.register_bin("busyhour", Path::new(env!("CARGO_BIN_EXE_busyhour")));
    cases.case("README.md");
}

#[test]
fn its_scenario_is_short_and_runs() {
    let block = README.split("```toml\n").nth(1).unwrap();
    let text = block.split("```").next().unwrap();
    assert!(text.lines().count() <= 12, "{text}");
    let plan = read_text("README.md", text, Path::new("."), &[]).unwrap();
    let options = Options {
        threads: 1,
        records: false,
        ..Options::default()
    };
    let result = simulate(&plan, &options, &Watch::default()).result;
    assert!(result.value("handled").unwrap() > 0.0);
}

/// `.ci/run` takes its commands from here.
#[test]
fn the_two_commands_are_marked() {
    for (mark, command) in [
        (
            "quickstart",
            "cargo run --release -- load scenarios/quickstart.toml",
        ),
        ("test", "cargo test"),
    ] {
        assert!(
            README.contains(&format!("<!-- {mark} -->\n```sh\n{command}\n```\n")),
            "{mark}"
        );
    }
}
