//! Lists the measures that had to be known well, and how well they are.

use super::grid::Grid;
use crate::measure::precision::Precise;
use crate::measure::result::RunResult;
use crate::report::figure::Unit;
use crate::report::paint::Paint;
use crate::wire::clean;

/// The measures, one a line; nothing where the replications were fixed.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    if result.precision.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(width);
    grid.heading(["Precision", "wanted", "measured"]);
    for precise in &result.precision {
        grid.row(cells(precise, result));
    }
    let plain_lines = grid.render(paint);
    let mut lines = plain_lines.lines();
    let mut out = format!("{}\n", lines.next().unwrap_or_default());
    for (line, precise) in lines.zip(&result.precision) {
        let word = match precise.reached {
            true => paint.good("reached"),
            false => paint.doubtful("NOT REACHED"),
        };
        out.push_str(&format!("{line}  {word}\n"));
    }
    out
}

/// `precision reached`, or that it is not; nothing where none was asked for.
pub fn in_words(result: &RunResult) -> Option<String> {
    let all = result.precision.len();
    let missed = result.precision.iter().filter(|p| !p.reached).count();
    match (all, missed) {
        (0, _) => None,
        (_, 0) => Some("precision reached".into()),
        (1, _) => Some("precision NOT reached".into()),
        _ => Some(format!(
            "precision NOT reached for {missed} of {all} measures"
        )),
    }
}

fn cells(precise: &Precise, result: &RunResult) -> [String; 3] {
    let unit = Unit::of(&precise.measure);
    let mut wanted = Vec::new();
    if precise.relative > 0.0 {
        wanted.push(Unit::Ratio.say_bound(precise.relative));
    }
    if precise.absolute > 0.0 {
        wanted.push(unit.say_bound(precise.absolute));
    }
    let measured = result.measure(&precise.measure);
    [
        clean(&precise.measure),
        format!("± {}", wanted.join(" or ")),
        measured.map_or("-".into(), |measure| unit.say_measure_plainly(measure)),
    ]
}
