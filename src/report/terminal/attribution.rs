//! Words what a live run's figures are due to: the queue, the generator, the server and the network.
//!
//! Law: the first line says what the server added, or that it is not known; what chance alone could
//! do is never said to be the server's.

use super::grid::Grid;
use super::wrapped;
use crate::measure::attribution::{Attribution, Parts};
use crate::measure::result::{Measure, RunResult};
use crate::report::figure::{Unit, grouped, say_some};
use crate::report::paint::Paint;

/// The measures, as people say them in a sentence and in the table.
const NAMES: [(&str, &str, &str); 4] = [
    ("wait_s_mean", "the wait", "wait"),
    ("first_response_s_mean", "the first reply", "first reply"),
    ("inter_message_s_mean", "each reply", "reply"),
    ("abandoned_ratio", "those who left", "left"),
];

/// The verdict, the table, what it goes by; nothing where nobody has asked.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let Some(found) = &result.attribution else {
        return String::new();
    };
    let mut out = format!("{}\n", paint.heading("What the server added"));
    let mut say = |text: &str| {
        for line in wrapped(text, width - 2) {
            out.push_str(&format!("  {line}\n"));
        }
    };
    if found.reasons.is_empty() {
        say(&verdict(found));
    } else {
        for reason in &found.reasons {
            say(&format!("not attributable: {reason}"));
        }
    }
    if !found.measures.is_empty() {
        out.push_str(&table(found, width, paint));
    }
    for note in notes(found, result.scenario.speed) {
        for line in wrapped(&note, width - 2) {
            out.push_str(&format!("  {}\n", paint.faint(&line)));
        }
    }
    out
}

/// What is beyond chance, or that nothing is.
fn verdict(found: &Attribution) -> String {
    let all = || {
        let named = NAMES.iter();
        named.filter_map(|(name, words, _)| Some((*name, *words, found.measures.get(*name)?)))
    };
    if found.blocks == 0 {
        return "too few chats, or too short a time, to tell the server's part from chance".into();
    }
    let sure: Vec<_> = all()
        .filter(|(_, _, parts)| is_sure(&parts.server))
        .collect();
    let Some(((name, words, parts), others)) = sure.split_first() else {
        return "nothing beyond what chance does: every interval of the server's part holds zero"
            .into();
    };
    let others: Vec<&str> = others.iter().map(|(_, words, _)| *words).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!("; beyond chance, too: {}", others.join(", ")),
    };
    format!("the server {}{others}", added(name, words, parts))
}

/// Whether the interval lies on one side of zero.
fn is_sure(part: &Measure) -> bool {
    let ends = part.low.zip(part.high);
    ends.is_some_and(|(low, high)| low > 0.0 || high < 0.0)
}

/// `added 0.21 s to the wait (0.02 s .. 0.40 s), 0.4 % of what was predicted`.
fn added(name: &str, words: &str, parts: &Parts) -> String {
    let unit = Unit::of(name);
    let Measure {
        value, low, high, ..
    } = parts.server;
    let (value, low, high) = (
        value.unwrap_or_default(),
        low.unwrap_or_default(),
        high.unwrap_or_default(),
    );
    let less = value < 0.0;
    let (verb, to) = if less {
        ("took", "off")
    } else {
        ("added", "to")
    };
    let (nearest, farthest) = if less { (-high, -low) } else { (low, high) };
    let size = unit.say_plainly(value.abs());
    let (nearest, farthest) = (unit.say_plainly(nearest), unit.say_plainly(farthest));
    let predicted = parts.predicted.value.filter(|predicted| *predicted > 0.0);
    let share = predicted.map_or_else(String::new, |predicted| {
        let share = Unit::Ratio.say(value.abs() / predicted);
        format!(", {share} of what was predicted")
    });
    format!("{verb} {size} {to} {words} ({nearest} .. {farthest}){share}")
}

fn table(found: &Attribution, width: usize, paint: Paint) -> String {
    let mut grid = Grid::new(width);
    grid.heading([
        "Mean",
        "predicted",
        "generator",
        "server, network",
        "measured",
    ]);
    for (name, _, label) in NAMES {
        let Some(parts) = found.measures.get(name) else {
            continue;
        };
        let unit = Unit::of(name);
        let part = |part: &Measure| {
            let sign = if part.value > Some(0.0) { "+" } else { "" };
            format!("{sign}{}", unit.say_measure_plainly(part))
        };
        grid.row([
            label.to_string(),
            say_some(unit, parts.predicted.value),
            part(&parts.generator),
            part(&parts.server),
            say_some(unit, parts.measured.value),
        ]);
    }
    grid.render(paint)
}

/// What the figures go by, and what is in none of them.
fn notes(found: &Attribution, speed: Option<f64>) -> Vec<String> {
    let mut notes = Vec::new();
    if !found.measures.is_empty() {
        let mut words =
            "predicted: the same people, simulated; generator: late as this run's".to_string();
        if found.blocks > 0 {
            words += &format!("; 95 % intervals by {} blocks of time", found.blocks);
        }
        notes.push(words);
        if let Some(speed) = speed.filter(|speed| *speed != 1.0) {
            let times = grouped(speed, if speed.fract() == 0.0 { 0 } else { 1 });
            notes.push(format!(
                "at speed {times} the delays of server, network and generator count {times} times"
            ));
        }
    }
    let say = |count: u64| grouped(count as f64, 0);
    let by_plan = found.broken_by_plan.filter(|count| *count > 0);
    let by_plan = by_plan.map(|count| format!(" ({} by plan)", say(count)));
    let apart = [
        (found.failed, "failed, in none of the latencies".into()),
        (
            found.broken,
            format!(
                "cut{}, in the latencies up to then",
                by_plan.unwrap_or_default()
            ),
        ),
    ];
    let apart = apart.into_iter().filter(|(count, _)| *count > 0);
    let apart: Vec<String> = apart
        .map(|(count, words)| format!("{} {words}", say(count)))
        .collect();
    if !apart.is_empty() {
        notes.push(format!("chats apart: {}", apart.join("; ")));
    }
    notes
}
