//! Owns the step from the scenario as written to the plan.
//!
//! Law: whatever can be checked is checked, also where something else is wrong already; a plan
//! comes out only of a scenario without problems.

use std::path::Path;

use super::almanac::Almanac;
use super::calendar::Calendar;
use super::cover;
use super::file::Written;
use super::hours;
use super::plan::{AtClosing, Plan, Source};
use super::problem::Problems;
use crate::center::rules::{CustomerClasses, ShiftEnd};
use crate::measure::catalogue;
use crate::measure::gate::{Gate, Judge};
use crate::measure::outline::Outline;
use crate::time::{Span, Time};

/// The service level that every run counts.
const USUAL_SERVICE_LEVEL: Span = Span::from_secs(30);

/// The most intervals of a run.
const MOST_INTERVALS: u64 = 200_000;

/// The plan; `None` after noting why there is none.
pub fn resolve(written: &Written, source: Source, problems: &mut Problems) -> Option<Plan> {
    let almanac = written.calendar.resolve(problems)?;
    check_run(written, &almanac, problems);
    // Where there would be too many intervals, that is a problem noted already.
    let least = Span::from_secs(1).max(Span(almanac.horizon.0 / MOST_INTERVALS));
    let interval = written.run.interval.value.max(least);
    let arrivals = written
        .arrivals
        .resolve(&almanac, written.seed, interval, problems);
    let end = almanac.horizon + written.run.drain_limit;
    let open = hours::expand(written.calendar.opening.as_deref(), &almanac, end);
    let team = written.team.as_ref();
    let staffing = team.map(|team| &team.staffing);
    let shift_end = ShiftEnd::Finish;
    let shifts = staffing.and_then(|s| s.expand(&almanac, end, shift_end, problems));
    let headcounts = staffing.and_then(|s| s.headcounts(&almanac, end, problems));
    let (arrivals, team, shifts, headcounts) = (arrivals?, team?, shifts?, headcounts?);
    let plan = Plan {
        name: written.name.clone().unwrap_or_else(|| stem(&source.file)),
        source,
        seed: written.seed,
        outline: Outline {
            warm_up: Time::ZERO + written.run.warm_up.value,
            horizon: almanac.horizon,
            end,
            interval,
            days: almanac.days(),
            service_levels: service_levels(&written.gates),
            concurrency: team.rules.concurrency,
            classes: vec!["customers".into()],
            messages: true,
        },
        calendar: Calendar::new(almanac.start),
        begin: Time::ZERO,
        drain_limit: written.run.drain_limit,
        replications: written.run.replications,
        first_replication: 0,
        precision: Vec::new(),
        arrivals,
        open,
        at_closing: AtClosing::Served,
        customers: CustomerClasses::one(written.customers.clone()?),
        agents: team.rules.clone(),
        router: team.router(written.queue_limit),
        team: team.staffing.team() as u32,
        shifts,
        headcounts,
        live: written.live.clone(),
        validity: written.validity.clone(),
        gates: written.gates.clone(),
        judge: Judge::Interval,
    };
    if let Some(place) = team.staffing.place() {
        cover::check(&plan, place, problems);
    }
    Some(plan)
}

fn check_run(written: &Written, almanac: &Almanac, problems: &mut Problems) {
    let (warm_up, interval) = (&written.run.warm_up, &written.run.interval);
    if Time::ZERO + warm_up.value >= almanac.horizon {
        let horizon = almanac.horizon.since(Time::ZERO);
        let label = format!("the horizon is {horizon}: nothing would be left to measure");
        problems.add(
            warm_up.place,
            "`warm_up` is not before the horizon",
            label,
            None,
        );
    }
    if almanac.horizon.0 / interval.value.0.max(1) > MOST_INTERVALS {
        let label = format!("at most {MOST_INTERVALS} intervals fit a run");
        problems.add(
            interval.place,
            "`interval` is too short for the horizon",
            label,
            None,
        );
    }
}

/// The times T that gates name, and the usual one.
fn service_levels(gates: &[Gate]) -> Vec<Span> {
    let named = gates
        .iter()
        .filter_map(|gate| catalogue::service_level(&gate.measure));
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
