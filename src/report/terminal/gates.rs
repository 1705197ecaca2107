//! Lists the gates: what was asked, what was measured, what became of it.

use super::grid::Grid;
use crate::measure::gate::{Judgement, Outcome};
use crate::measure::result::RunResult;
use crate::report::figure::Unit;
use crate::report::paint::Paint;
use crate::wire::clean;

/// The gates, one a line; nothing where there are none.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let shown: Vec<_> = result.gates.iter().filter(|gate| is_shown(gate)).collect();
    if shown.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(width);
    grid.heading(["Gate", "bound", "measured"]);
    for gate in &shown {
        grid.row(cells(gate));
    }
    let plain_lines = grid.render(paint);
    let mut lines = plain_lines.lines();
    let mut out = format!("{}\n", lines.next().unwrap_or_default());
    for (line, gate) in lines.zip(&shown) {
        out.push_str(&format!("{line}  {}\n", word(gate.outcome, paint)));
    }
    out
}

/// Whether a gate is worth a line: what nobody asked for is if it is not kept.
pub fn is_shown(gate: &Judgement) -> bool {
    !gate.gate.implied || gate.outcome == Outcome::Fail
}

fn cells(judged: &Judgement) -> [String; 3] {
    let unit = Unit::of(&judged.gate.measure);
    let bound = unit.say_bound(judged.gate.bound);
    [
        clean(&judged.gate.measure),
        format!("{} {bound}", judged.gate.relation.symbol()),
        match &judged.measured {
            Some(measure) => unit.say_measure_plainly(measure),
            None => "-".into(),
        },
    ]
}

fn word(outcome: Outcome, paint: Paint) -> String {
    match outcome {
        Outcome::Pass => paint.good("pass"),
        Outcome::Fail => paint.bad("FAIL"),
        Outcome::Undecided => paint.doubtful("UNDECIDED: bound within ±"),
        Outcome::NotApplicable => paint.faint("not applicable"),
        Outcome::NotJudged => paint.doubtful("not judged"),
    }
}
