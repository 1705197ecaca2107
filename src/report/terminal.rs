//! Words a run for a terminal: the verdict first, the gates, one table, the day's curve.
//!
//! Law: colours add nothing that the text does not say, and the same run, width and choice of
//! colours give the same text, on a terminal or not.

mod attribution;
mod classes;
mod curve;
mod days;
mod gates;
pub mod grid;
mod heading;
mod integrity;
mod local;
mod measures;
mod precision;

use super::paint::Paint;
use crate::measure::result::{Row, RunResult};
use crate::wire::clean;

/// The narrowest text that still reads well.
const NARROWEST: usize = 72;
/// Wider lines are hard to follow.
const WIDEST: usize = 180;

/// The report of a run, `width` columns wide.
pub fn render(result: &RunResult, width: usize, colour: bool) -> String {
    let (width, paint) = (width.clamp(NARROWEST, WIDEST), Paint::new(colour));
    let parts = [
        heading::render(result, width, paint),
        gates::render(result, width, paint),
        precision::render(result, width, paint),
        measures::render(result, width, paint),
        integrity::render(result, width, paint),
        attribution::render(result, width, paint),
        classes::render(result, width, paint),
        curve::render(result, width, paint),
        days::render(result, width, paint),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// The rows that are measured, or in part: those before are of the warm-up and empty.
fn measured(rows: &[Row], warm_up_s: f64) -> &[Row] {
    let first = rows.partition_point(|row| row.start_s + row.length_s <= warm_up_s);
    &rows[first..]
}

/// Breaks a text at white space into lines of at most `width` columns, its words cleaned: names
/// come from a file and reasons from a server, and must not steer the reader's terminal.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = clean(word);
        let line = lines.last_mut().expect("there is always a last line");
        if line.is_empty() {
            line.push_str(&word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}
