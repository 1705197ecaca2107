//! The scenario file: what it accepts, what it refuses and how, and what it resolves to.

mod at_once;
mod clocks;
mod disconnect;
mod effects;
mod errors;
mod messages;
mod outlook;
mod people;
mod replay;
mod schema;
mod seasons;
mod shipped;
mod staffing;
mod windows;

use std::path::Path;

use busyhour::scenario::plan::Plan;
use busyhour::scenario::read_text;

/// A scenario that is complete but for `[calendar]` and `[arrivals]`.
const PEOPLE: &str = "
[agents]
concurrency = 2
count = 5
reply = \"exponential(mean=30s)\"
";

/// The plan of a calendar and arrivals, with people added.
fn plan(text: &str) -> Plan {
    let text = format!("{text}{PEOPLE}");
    read_text("test.toml", &text, Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// The message for a text that must be refused, without colours.
fn refused(text: &str, overrides: &[&str]) -> String {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let error = read_text("test.toml", text, Path::new("no-such-folder"), &overrides);
    let error = error.expect_err("this scenario is to be refused");
    assert_eq!(error.exit().code(), 2);
    assert_eq!(
        strip(&error.message(true)).lines().count(),
        error.message(false).lines().count()
    );
    error.message(false)
}

/// A text without its colours.
fn strip(text: &str) -> String {
    let mut plain = String::new();
    let mut coded = false;
    for c in text.chars() {
        match c {
            '\u{1b}' => coded = true,
            'm' if coded => coded = false,
            _ if coded => {}
            c => plain.push(c),
        }
    }
    plain
}
