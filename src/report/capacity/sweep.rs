//! Words a sweep: a row a value, live and, of the wait, simulated beside it.

use crate::report::figure::{Unit, grouped, say_some};
use crate::report::paint::Paint;
use crate::report::terminal::grid::Grid;
use crate::report::terminal::wrapped;
use crate::study::capacity::findings::{End, Findings};
use crate::study::capacity::sweep::{Point, Sweep};

/// The columns after the value: heading, measure, whether it is the prediction's.
const COLUMNS: [(&str, &str, bool); 9] = [
    ("wait", "wait_s_mean", false),
    ("predicted", "wait_s_mean", true),
    ("p95", "wait_s_p95", false),
    ("first reply", "first_response_s_mean", false),
    ("reply", "inter_message_s_mean", false),
    ("left", "abandoned_ratio", false),
    ("occupied", "occupancy_ratio", false),
    ("chats/agent h", "chats_per_agent_hour", false),
    ("delivery p99", "delivery_ms_p99", false),
];

/// How many runs there are, and of what.
pub fn verdict(findings: &Findings, sweep: &Sweep, width: usize, paint: Paint) -> String {
    let bad = sweep.points.iter().filter(|point| !is_sound(point)).count();
    let word = match (&findings.end, bad) {
        (End::Done, 0) => paint.good("DONE"),
        (End::Done, _) => paint.bad("DONE IN PART"),
        _ => paint.doubtful("BROKEN OFF"),
    };
    let runs = match sweep.points.len() {
        1 => "1 live run".to_string(),
        several => format!("{} live runs", grouped(several as f64, 0)),
    };
    let bad = match bad {
        0 => String::new(),
        bad => format!(", {bad} of them {}", kinds(&sweep.points)),
    };
    let mut out = format!("{word}  {runs} over {}{bad}\n", sweep.key);
    for line in super::ended(&findings.end)
        .iter()
        .flat_map(|words| wrapped(words, width - 2))
    {
        out += &format!("  {line}\n");
    }
    out
}

/// What became of those that are no good: `INVALID or FAILED`, `NOT PLAYED`.
fn kinds(points: &[Point]) -> String {
    let is_kind = |kind: &&str| points.iter().any(|point| run(point) == *kind);
    let kinds = ["INVALID", "FAILED", "NOT PLAYED"].into_iter();
    kinds.filter(is_kind).collect::<Vec<_>>().join(" or ")
}

/// What became of a run, in a word.
fn run(point: &Point) -> &'static str {
    match &point.verdict {
        _ if point.is_not_played() => "NOT PLAYED",
        verdict if verdict.failed.is_some() => "FAILED",
        verdict if verdict.valid == Some(false) => "INVALID",
        _ => "VALID",
    }
}

fn is_sound(point: &Point) -> bool {
    point.verdict.failed.is_none() && point.verdict.valid != Some(false)
}

pub fn table(sweep: &Sweep, width: usize, paint: Paint) -> String {
    let mut grid = Grid::new(width);
    let headings = COLUMNS.map(|(heading, ..)| heading);
    grid.heading(
        [sweep.key.as_str()]
            .into_iter()
            .chain(headings)
            .chain(["run"]),
    );
    for point in &sweep.points {
        let cell = |(_, name, predicted): (&str, &str, bool)| {
            let from = if predicted {
                &point.predicted
            } else {
                &point.measures
            };
            say_some(
                Unit::of(name),
                from.get(name).and_then(|measure| measure.value),
            )
        };
        let cells = COLUMNS.map(cell).into_iter();
        grid.row(
            [point.value.to_string()]
                .into_iter()
                .chain(cells)
                .chain([run(point).to_string()]),
        );
    }
    grid.render(paint)
}

/// Why a run is no good, or has no prediction; what the columns are.
pub fn notes(sweep: &Sweep, width: usize, paint: Paint) -> String {
    let mut notes = Vec::new();
    for point in &sweep.points {
        let verdict = &point.verdict;
        let failed = verdict.failed.iter();
        let invalid = verdict
            .reasons
            .iter()
            .filter(|_| verdict.valid == Some(false));
        let unpredicted = point.not_predicted.iter().filter(|_| is_sound(point));
        let unpredicted = unpredicted.map(|words| format!("not predicted: {words}"));
        let words = failed.chain(invalid).cloned().chain(unpredicted);
        notes.extend(words.map(|words| format!("{} = {}: {words}", sweep.key, point.value)));
    }
    notes.push(
        "measured live; predicted: the mean wait of the same people, simulated; wait, replies and \
         delivery p99 as in a run's report"
            .into(),
    );
    let mut out = String::new();
    for line in notes.iter().flat_map(|note| wrapped(note, width - 2)) {
        out += &format!("  {}\n", paint.faint(&line));
    }
    out
}
