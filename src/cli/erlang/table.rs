//! Owns the table of `busyhour erlang`: a column for each number of agents, a row for each figure.

use super::{Figures, Question};
use crate::cli::console::Console;
use crate::measure::catalogue::service_level;
use crate::report::figure::{Unit, grouped};
use crate::report::paint::Paint;
use crate::report::terminal::grid::Grid;
use crate::report::terminal::wrapped;
use crate::stats::law::Impossible;

/// Rows by measure; those of service levels are worded by their form.
const ROWS: [(&str, &str); 15] = [
    ("delayed_ratio", "have to wait"),
    ("wait_s_mean", "wait of answered, mean"),
    ("wait_s_p50", "  half within"),
    ("wait_s_p90", "  90 % within"),
    ("wait_s_p95", "  95 % within"),
    ("wait_s_p99", "  99 % within"),
    ("wait_all_s_mean", "wait of all, mean"),
    ("wait_abandoned_s_mean", "wait of those who left"),
    ("abandoned_queue_ratio", "left the queue"),
    ("rejected_ratio", "turned away"),
    ("queue_mean", "chats waiting"),
    ("occupancy_ratio", "occupancy"),
    ("active_chats_mean", "active chats"),
    ("concurrency_busy", "chats of a busy agent"),
    ("handle_s_mean", "handle time, mean"),
];

/// The words of the service level's forms.
fn form(measure: &str) -> &'static str {
    match measure {
        _ if measure.ends_with("_of_answered") => "  of answered",
        _ if measure.ends_with("_less_short_abandons") => "  less short abandons",
        _ if measure.ends_with("_with_short_abandons") => "  with short abandons",
        _ => "",
    }
}

/// The answer as a table.
pub(super) fn render(
    question: &Question,
    agents: u32,
    found: bool,
    rows: &[(u32, Result<Figures, Impossible>)],
    console: &Console,
) -> String {
    let mut text = String::new();
    let lines = |text: &mut String, words: &str| {
        for line in wrapped(words, console.width) {
            text.push_str(&line);
            text.push('\n');
        }
    };
    lines(&mut text, &question.asked);
    if found {
        let agents = grouped(f64::from(agents), 0);
        lines(&mut text, &format!("{agents} agents {}", question.enough));
    }
    text.push('\n');
    let mut grid = Grid::new(console.width);
    let title = |(number, _): &(u32, _)| {
        let number_text = grouped(f64::from(*number), 0);
        if *number == agents {
            format!("[{number_text}]")
        } else {
            number_text
        }
    };
    grid.heading(
        ["agents".to_string()]
            .into_iter()
            .chain(rows.iter().map(title)),
    );
    for (measure, label) in labels(rows) {
        let cell = |(_, figures): &(u32, Result<Figures, Impossible>)| {
            let value = figures
                .as_ref()
                .ok()
                .and_then(|figures| figures.get(&measure));
            value.map_or_else(|| "-".into(), |value| Unit::of(&measure).say(*value))
        };
        grid.row([label].into_iter().chain(rows.iter().map(cell)));
    }
    text.push_str(&grid.render(Paint::new(console.colour)));
    if rows.iter().any(|(_, figures)| figures.is_err()) {
        text.push_str("\n-: the queue grows without end.\n");
    }
    let note = (question.note)(agents);
    if !note.is_empty() {
        text.push('\n');
        lines(&mut text, note);
    }
    text
}

/// The measures that the rows have, with their words: the service levels first.
fn labels(rows: &[(u32, Result<Figures, Impossible>)]) -> Vec<(String, String)> {
    let Some(figures) = rows.iter().find_map(|(_, figures)| figures.as_ref().ok()) else {
        return Vec::new();
    };
    let level = |measure: &String| {
        let within = service_level(measure)?;
        let words = match form(measure) {
            "" => format!("answered in {within}"),
            words => words.to_string(),
        };
        Some((measure.clone(), words))
    };
    let others = ROWS
        .iter()
        .filter(|(measure, _)| figures.contains_key(*measure));
    let others = others.map(|(measure, words)| (measure.to_string(), words.to_string()));
    figures.keys().filter_map(level).chain(others).collect()
}

/// A share in per cent, without needless digits.
pub(super) fn per_cent(share: f64) -> String {
    Unit::Ratio.say_bound(share)
}

/// A number with at most two decimals.
pub(super) fn plain(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let decimals = if rounded.fract() == 0.0 { 0 } else { 2 };
    grouped(rounded, decimals)
}
