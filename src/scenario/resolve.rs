//! Owns the step from the scenario as written to the plan.
//!
//! Law: whatever can be checked is checked, also where something else is wrong already; a plan
//! comes out only of a scenario without problems.

use std::path::Path;

use super::almanac::Almanac;
use super::calendar::Calendar;
use super::contradictions;
use super::cover;
use super::document::At;
use super::file::Written;
use super::hours;
use super::plan::{Plan, Source};
use super::problem::Problems;
use super::run;
use crate::measure::catalogue;
use crate::measure::gate::Judge;
use crate::measure::outline::Outline;
use crate::time::{Span, Time};

/// The service level that every run counts.
const USUAL_SERVICE_LEVEL: Span = Span::from_secs(30);

/// The most intervals of a run.
const MOST_INTERVALS: u64 = 200_000;

/// The plan; `None` after noting why there is none.
pub fn resolve(written: &Written, source: Source, problems: &mut Problems) -> Option<Plan> {
    contradictions::check(written, problems);
    let team = written.team.as_ref();
    let closes = team.map_or(0.0, |team| team.closes);
    let customers = written.customers.resolve(closes, problems);
    let Some(almanac) = written.calendar.resolve(problems) else {
        check_without_calendar(written, problems);
        return None;
    };
    check_run(written, almanac.horizon, problems);
    // Where there would be too many intervals, that is a problem noted already.
    let least = run::LEAST_INTERVAL.max(Span(almanac.horizon.0 / MOST_INTERVALS));
    let interval = written.run.interval.value.max(least);
    let arrivals = written
        .arrivals
        .resolve(&almanac, written.seed, interval, problems);
    let end = almanac.horizon + written.run.drain_limit;
    let opening = written.calendar.opening.as_ref();
    let open = hours::expand(opening.map(|lines| &lines.value[..]), &almanac, end);
    let staffing = team.map(|team| (&team.staffing, team.shift_end));
    let shifts = staffing.and_then(|(s, ends)| s.expand(&almanac, end, ends, problems));
    let headcounts = staffing.and_then(|(s, _)| s.headcounts(&almanac, end, problems));
    let (arrivals, team, shifts, headcounts) = (arrivals?, team?, shifts?, headcounts?);
    let customers = customers?;
    let agents = team.rules(written.customers.are_silent());
    let precision = written.run.precision.as_ref();
    let bounds = precision.map_or(Vec::new(), |p| values(&p.bounds));
    let gates = values(&written.gates);
    let remarks = written.arrivals.remarks(&almanac);
    let plan = Plan {
        name: written.name.clone().unwrap_or_else(|| stem(&source.file)),
        source,
        seed: written.seed,
        outline: outline(written, &almanac, interval, agents.concurrency),
        calendar: Calendar::new(almanac.start),
        begin: Time::ZERO,
        drain_limit: written.run.drain_limit,
        replications: precision.map_or(written.run.replications, |p| p.at_most),
        first_replication: 0,
        precision: bounds,
        arrivals,
        open,
        at_closing: written.queue.at_closing.value,
        customers,
        agents,
        router: team.router(&written.queue, written.customers.levels()),
        team: team.staffing.team() as u32,
        shifts,
        headcounts,
        messages: written.messages.clone(),
        live: written.live.clone(),
        validity: written.validity.clone(),
        gates,
        remarks,
        judge: Judge::Interval,
        grain: Span(1),
        lag: None,
        center: None,
    };
    // Opening hours that could not be read are none that somebody has to be there for.
    if problems.is_empty() {
        let opening = opening.map(|lines| lines.place);
        cover::check(&plan, opening, team.staffing.place(), problems);
    }
    Some(plan)
}

/// The frame of what is measured.
fn outline(written: &Written, almanac: &Almanac, interval: Span, concurrency: u32) -> Outline {
    let short = written.run.short_abandon.as_ref();
    Outline {
        warm_up: Time::ZERO + written.run.warm_up.value,
        short_abandon: short.map_or(Span::ZERO, |short| short.value),
        horizon: almanac.horizon,
        end: almanac.horizon + written.run.drain_limit,
        interval,
        days: almanac.days(),
        service_levels: service_levels(written),
        concurrency,
        classes: written.customers.names(),
        messages: !written.is_level_model(),
        cuts: written.customers.are_cut(),
    }
}

/// Checks what does not depend on the calendar, which has problems of its own.
fn check_without_calendar(written: &Written, problems: &mut Problems) {
    let hours = written.calendar.hours().map(|hours| Time::ZERO + hours);
    if let Some(horizon) = hours.filter(|horizon| *horizon > Time::ZERO) {
        check_run(written, horizon, problems);
    }
    if let Some(zone) = written.calendar.zone() {
        written.arrivals.check_times(zone, problems);
    }
}

fn check_run(written: &Written, end: Time, problems: &mut Problems) {
    let (warm_up, interval) = (&written.run.warm_up, &written.run.interval);
    if Time::ZERO + warm_up.value >= end {
        let horizon = end.since(Time::ZERO);
        let label = format!("the horizon is {horizon}: nothing would be left to measure");
        problems.add(
            warm_up.place,
            "`warm_up` is not before the horizon",
            label,
            None,
        );
    }
    // One below a second has been noted.
    if interval.value >= run::LEAST_INTERVAL && end.0 / interval.value.0 > MOST_INTERVALS {
        let label = format!("at most {MOST_INTERVALS} intervals fit a run");
        problems.add(
            interval.place,
            "`interval` is too short for the horizon",
            label,
            None,
        );
    }
}

fn values<T: Clone>(list: &[At<T>]) -> Vec<T> {
    list.iter().map(|item| item.value.clone()).collect()
}

/// The times T that gates and precision name, and the usual one.
fn service_levels(written: &Written) -> Vec<Span> {
    let measures = written.asked().map(|(measure, _)| measure);
    let named = measures.filter_map(catalogue::service_level);
    let mut levels: Vec<Span> = named.chain([USUAL_SERVICE_LEVEL]).collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

/// The file's name without folder and ending.
fn stem(file: &str) -> String {
    let stem = Path::new(file).file_stem();
    stem.map_or_else(
        || file.to_string(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}
