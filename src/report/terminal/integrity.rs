//! Words what a server did that it must not, with examples to look at.
//!
//! Law: nothing is said where nothing was found, but that; a measure that is not there was not
//! measured, and is said to be so.

use super::wrapped;
use crate::measure::result::{RunKind, RunResult};
use crate::report::figure::grouped;
use crate::report::paint::Paint;

/// The counts, each with what it means.
const COUNTS: [(&str, &str); 8] = [
    ("lost", "messages that did not come"),
    ("duplicated", "messages that came twice"),
    ("reordered", "messages that came after one sent later"),
    ("misdelivered", "messages that came to somebody else"),
    ("foreign", "messages and chats that are not of this run"),
    ("assigned_twice", "chats given away while an agent had them"),
    ("over_limit", "chats given to an agent beyond its limit"),
    ("assigned_offline", "chats given to an agent who was away"),
];

/// What a live run found; nothing of a simulated one.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    if result.kind != RunKind::Load {
        return String::new();
    }
    let mut out = format!("{}\n", paint.heading("Integrity"));
    let kept: Vec<&str> = COUNTS
        .iter()
        .filter(|(name, _)| result.value(name) == Some(0.0))
        .map(|(name, _)| *name)
        .collect();
    let unknown = COUNTS
        .iter()
        .filter(|(name, _)| result.value(name).is_none())
        .map(|(name, _)| *name);
    let unknown: Vec<&str> = unknown.collect();
    for (words, names) in [("none", kept), ("not measured", unknown)] {
        if names.is_empty() {
            continue;
        }
        let names = names.join(", ").replace('_', " ");
        for line in wrapped(&format!("{words}: {names}"), width - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    }
    for found in &result.faults {
        let words = COUNTS.iter().find(|(name, _)| *name == found.measure);
        let words = words.map_or(found.measure.as_str(), |(_, words)| words);
        let count = grouped(found.count as f64, 0);
        out.push_str(&format!("  {} {words}\n", paint.bad(&count)));
        for example in &found.examples {
            for line in wrapped(&format!("e.g. {example}"), width - 6) {
                out.push_str(&format!("      {line}\n"));
            }
        }
    }
    out
}
