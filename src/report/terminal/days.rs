//! Lists the days of a run that has several.

use super::grid::Grid;
use super::{local, measured};
use crate::measure::catalogue::service_level;
use crate::measure::result::{Row, RunResult};
use crate::report::figure::{Unit, say_some};
use crate::report::paint::Paint;

/// More days than these are told by the curve and the result file alone.
const MOST_DAYS: usize = 35;

/// The days, one a line; nothing for a single day or for very many.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let days = measured(&result.days, result.scenario.warm_up_s);
    if !(2..=MOST_DAYS).contains(&days.len()) {
        return String::new();
    }
    let level = result.measures.keys().find_map(|name| service_level(name));
    let level = level.map_or_else(String::new, |within| format!("in {within}"));
    let wide = width >= 112;
    let came = match result.scenario.cast.plays_customers() {
        true => "arrived",
        false => "taken",
    };
    let mut heading = vec!["Day", came, "handled", "left", &level, "wait", "p95"];
    if wide {
        heading.extend(["reply", "reply p95"]);
    }
    heading.extend(["active", "occupancy"]);
    let mut grid = Grid::new(width);
    grid.heading(heading);
    for day in days {
        grid.row(cells(day, wide));
    }
    grid.render(paint)
}

fn cells(day: &Row, wide: bool) -> Vec<String> {
    let left = day.abandoned_queue.map(|left| left + day.abandoned_chat);
    let share = left
        .filter(|_| day.offered > 0.0)
        .map(|left| left / day.offered);
    let mut cells = vec![
        local::day(&day.start),
        Unit::Count.say(day.arrived),
        Unit::Count.say(day.handled),
        say_some(Unit::Ratio, share),
        say_some(Unit::Ratio, day.service_level),
        say_some(Unit::Seconds, day.wait_s.mean),
        say_some(Unit::Seconds, day.wait_s.p95),
    ];
    if wide {
        cells.push(say_some(Unit::Seconds, day.inter_message_s.mean));
        cells.push(say_some(Unit::Seconds, day.inter_message_s.p95));
    }
    cells.push(say_some(Unit::Number, day.active_chats_mean));
    cells.push(say_some(Unit::Ratio, day.occupancy_ratio));
    cells
}
