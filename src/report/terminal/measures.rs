//! Owns the one table of the main measures.
//!
//! Law: a row stands for measures that the result has; nothing is computed but the share of a
//! count. Intervals stand where there is room for them, the mean's first.

use super::grid::Grid;
use crate::measure::catalogue::{SERVICE_LEVEL_FORMS, STATISTICS, service_level};
use crate::measure::result::{Measure, RunKind, RunResult};
use crate::report::figure::Unit;
use crate::report::paint::Paint;

/// Who is not among the offered: told where they came.
const APART: [(&str, &str); 2] = [("closed desk", "closed"), ("left out", "short_abandoned")];

/// Counts with the measure of their share, where it is one of offered.
const FATES: [(&str, &str, &str); 12] = [
    ("offered", "offered", ""),
    ("  came again", "retried", ""),
    ("handled", "handled", ""),
    ("left the queue", "abandoned_queue", "abandoned_queue_ratio"),
    ("left the chat", "abandoned_chat", ""),
    ("  silently", "abandoned_silent", ""),
    ("rejected", "rejected", "rejected_ratio"),
    ("dropped", "dropped", ""),
    ("open at end", "open_at_end", ""),
    ("failed", "failed", "failed_ratio"),
    ("broken", "broken", "broken_ratio"),
    ("reconnects", "reconnects", ""),
];

/// What few centers have: told where it came.
const RARE: [&str; 7] = [
    "retried",
    "abandoned_silent",
    "dropped",
    "reconnects",
    "requeue_wait_s",
    "orbit_mean",
    "wasted_slot_s",
];

const TIMES: [(&str, &str); 5] = [
    ("wait", "wait_s"),
    ("second wait", "requeue_wait_s"),
    ("first response", "first_response_s"),
    ("inter-message", "inter_message_s"),
    ("handle time", "handle_s"),
];

const LIVE_TIMES: [(&str, &str); 8] = [
    ("delivery", "delivery_ms"),
    ("acknowledged", "acknowledged_ms"),
    ("round trip", "round_trip_ms"),
    ("schedule lag", "schedule_lag_ms"),
    ("connect", "connect_ms"),
    ("assignment", "assignment_ms"),
    ("dispatch", "dispatch_ms"),
    ("agent online", "agent_online_ms"),
];

const LEVELS: [(&str, &str); 7] = [
    ("occupancy", "occupancy_ratio"),
    ("utilisation", "utilisation_ratio"),
    ("active chats", "active_chats_mean"),
    ("chats waiting", "queue_mean"),
    ("most waiting", "queue_max"),
    ("to come again", "orbit_mean"),
    ("slots wasted", "wasted_slot_s"),
];

const LIVE_COUNTS: [(&str, &str); 2] = [
    ("not started", "not_started"),
    ("undelivered", "undelivered"),
];

/// The words of the service level's forms, in the catalogue's order.
const FORMS: [&str; 4] = ["", "  of answered", "  less short", "  with short"];

/// The table of the main measures.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let room = Room::of(width);
    let mut grid = Grid::new(width);
    chats(&mut grid, result, room);
    blank(&mut grid);
    let statistics = STATISTICS.iter().map(ToString::to_string);
    grid.heading(std::iter::once("Times".to_string()).chain(statistics.clone()));
    series(&mut grid, result, &TIMES, room);
    blank(&mut grid);
    grid.heading(["Load", ""]);
    singles(&mut grid, result, &LEVELS, room);
    service_levels(&mut grid, result);
    if result.kind == RunKind::Load {
        blank(&mut grid);
        grid.heading(std::iter::once("Live".to_string()).chain(statistics));
        series(&mut grid, result, &LIVE_TIMES, room);
        singles(&mut grid, result, &LIVE_COUNTS, room);
    }
    grid.render(paint)
}

/// How many intervals there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    /// Those of means and counts.
    Little,
    /// Those of shares and 95th percentiles too.
    Some,
    /// All.
    Ample,
}

impl Room {
    fn of(width: usize) -> Room {
        match width {
            ..108 => Room::Little,
            108..150 => Room::Some,
            _ => Room::Ample,
        }
    }

    fn shows_interval(self, statistic: &str) -> bool {
        match statistic {
            "mean" => true,
            "p95" => self >= Room::Some,
            _ => self == Room::Ample,
        }
    }
}

fn blank(grid: &mut Grid) {
    grid.row([""]);
}

/// Whether a row is told: always, but for what few centers have.
fn is_told(name: &str, measure: &Measure) -> bool {
    !RARE.contains(&name) || measure.value.is_some_and(|value| value > 0.0)
}

fn chats(grid: &mut Grid, result: &RunResult, room: Room) {
    let each = match result.scenario.replications {
        0 | 1 => "chats",
        _ => "a replication",
    };
    grid.heading(["Chats", each, "share"]);
    let offered = result.value("offered").filter(|offered| *offered > 0.0);
    for (label, name) in APART {
        let count = result.measures.get(name);
        if let Some(count) = count.filter(|count| count.value.is_some_and(|count| count > 0.0)) {
            grid.row([label.into(), Unit::Count.say_measure(count)]);
        }
    }
    for (label, name, ratio) in FATES {
        let Some(count) = result.measures.get(name).filter(|m| is_told(name, m)) else {
            continue;
        };
        let share = match (result.measures.get(ratio), count.value.zip(offered)) {
            (Some(ratio), _) if room >= Room::Some => Unit::Ratio.say_measure(ratio),
            (_, Some((count, offered))) => Unit::Ratio.say(count / offered),
            _ => "-".into(),
        };
        grid.row([label.into(), Unit::Count.say_measure(count), share]);
    }
}

fn series(grid: &mut Grid, result: &RunResult, series: &[(&str, &str)], room: Room) {
    for (label, name) in series {
        let measure = |statistic: &str| result.measures.get(&format!("{name}_{statistic}"));
        let mean = measure(STATISTICS[0]);
        if mean.is_none_or(|mean| !is_told(name, mean)) {
            continue;
        }
        let cell = |statistic: &&str| match measure(statistic) {
            Some(measure) if room.shows_interval(statistic) => {
                Unit::of(&format!("{name}_mean")).say_measure(measure)
            }
            Some(measure) => {
                Unit::of(&format!("{name}_mean")).say_measure(&measure.without_interval())
            }
            None => "-".into(),
        };
        let cells = STATISTICS.iter().map(cell);
        grid.row(std::iter::once((*label).to_string()).chain(cells));
    }
}

fn singles(grid: &mut Grid, result: &RunResult, singles: &[(&str, &str)], room: Room) {
    for (label, name) in singles {
        let Some(measure) = result.measures.get(*name).filter(|m| is_told(name, m)) else {
            continue;
        };
        // A long time with its interval is the widest of all.
        let shown = match Unit::of(name) {
            Unit::Seconds if room < Room::Some => measure.without_interval(),
            _ => *measure,
        };
        grid.row([(*label).to_string(), Unit::of(name).say_measure(&shown)]);
    }
}

/// The service level in its four forms, for each time it was counted within.
fn service_levels(grid: &mut Grid, result: &RunResult) {
    for (name, offered) in &result.measures {
        let form = SERVICE_LEVEL_FORMS
            .iter()
            .rev()
            .find(|form| name.ends_with(*form));
        let (Some(within), Some(&"")) = (service_level(name), form) else {
            continue;
        };
        let label = format!("answered in {within}");
        grid.row([label, Unit::Ratio.say_measure(offered)]);
        for (form, words) in SERVICE_LEVEL_FORMS.iter().zip(FORMS).skip(1) {
            if let Some(measure) = result.measures.get(&format!("{name}{form}")) {
                grid.row([words.to_string(), Unit::Ratio.say_measure(measure)]);
            }
        }
    }
}
