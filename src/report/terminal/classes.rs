//! Lists the classes of customers, where there are several.

use super::grid::Grid;
use crate::measure::catalogue::service_level;
use crate::measure::classes::ClassRow;
use crate::measure::result::{Measure, RunResult};
use crate::report::figure::Unit;
use crate::report::paint::Paint;
use crate::wire::clean;

/// Text from so many columns on has room for intervals.
const WIDE: usize = 132;
/// The most columns of a class's name.
const NAME: usize = 16;

/// Columns: heading, measure, its unit.
const COLUMNS: [(&str, &str); 8] = [
    ("offered", "offered"),
    ("handled", "handled"),
    ("left", "abandoned_ratio"),
    ("", "service_level"),
    ("wait", "wait_s_mean"),
    ("first reply", "first_response_s_mean"),
    ("reply", "inter_message_s_mean"),
    ("handle", "handle_s_mean"),
];

/// The classes, one a line; nothing for a single class.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let Some(first) = result.classes.first() else {
        return String::new();
    };
    let level = first
        .measures
        .keys()
        .find(|name| service_level(name).is_some());
    let within = level.and_then(|name| service_level(name));
    let columns = COLUMNS
        .iter()
        .filter_map(|(heading, measure)| match *measure {
            "service_level" => Some((format!("in {}", within?), level?.as_str())),
            measure => Some((heading.to_string(), measure)),
        });
    let columns: Vec<(String, &str)> = columns
        .filter(|(_, measure)| first.measures.contains_key(*measure))
        .collect();
    let mut grid = Grid::new(width);
    let headings = columns.iter().map(|(heading, _)| heading.clone());
    grid.heading(std::iter::once("Class".to_string()).chain(headings));
    for class in &result.classes {
        let cells = columns
            .iter()
            .map(|(_, measure)| cell(class, measure, width));
        let name = clean(&class.name).chars().take(NAME).collect();
        grid.row(std::iter::once(name).chain(cells));
    }
    grid.render(paint)
}

fn cell(class: &ClassRow, name: &str, width: usize) -> String {
    let measure = class.measures.get(name).unwrap_or(&Measure::NONE);
    let shown = match width >= WIDE {
        true => *measure,
        false => measure.without_interval(),
    };
    Unit::of(name).say_measure(&shown)
}
