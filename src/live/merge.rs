//! Owns the merge: the parts of a run, played in several places, become the run.
//!
//! Law: what the parts noted is posted to the one ledger of live runs, in the order of time, by the
//! one way on which a run of several processes goes; so the whole is what one process would have
//! made of it. Clocks of different machines are not compared: of a message whose two sides were on
//! two of them no delivery is measured.

use std::collections::BTreeSet;

use super::coordinator::Course;
use super::journal::{ChatEvent, Entry, Event};
use super::ledger::Ledger;
use super::monotonic::Tick;
use super::outcome::{self, Outcome, Terms};
use super::shard::{Facts, Filed, fingerprint};
use super::slice::PARTS_MOST;
use super::spool::Pages;
use crate::error::{Error, Result};
use crate::measure::result::{Environment, ScenarioEcho, Verdict};
use crate::scenario;
use crate::scenario::plan::Plan;
use crate::time::{Span, Time};

/// A part of a run, read from its result file.
#[derive(Debug)]
pub struct Part {
    /// The file's name.
    name: String,
    scenario: ScenarioEcho,
    verdict: Verdict,
    environment: Environment,
    facts: Facts,
    pages: Pages,
}

/// What is asked of a merge.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// A row a customer.
    pub records: bool,
    /// The customer whose story is told.
    pub trace: Option<u32>,
}

impl Part {
    /// The part that stands in a result file of this name.
    ///
    /// # Errors
    /// Refused: it is no part of a run, or one of another version's.
    pub fn of(name: &str, filed: Filed) -> Result<Part> {
        let Filed {
            busyhour: theirs,
            scenario,
            verdict,
            environment,
            ..
        } = filed;
        let (Some(facts), Some(journal)) = (filed.shard, filed.journal) else {
            return Err(
                Error::refused(format!("{name} is no part of a run: it has no journal"))
                    .with_remedy("merge what `busyhour load --shard I/N --start-at TIME` wrote"),
            );
        };
        let ours = env!("CARGO_PKG_VERSION");
        if theirs != ours {
            return Err(Error::refused(format!(
                "{name} is by busyhour {theirs}, and this is {ours}"
            ))
            .with_remedy("merge with the version that played the parts"));
        }
        let of = facts.part.of();
        if of > PARTS_MOST {
            return Err(Error::refused(format!(
                "{name} is one of {of} parts, and a run has at most {PARTS_MOST}"
            ))
            .with_remedy("copy the file once more from where it was written"));
        }
        let pages = Pages::of(&journal, facts.entries).map_err(|_| strange(name))?;
        Ok(Part {
            name: name.into(),
            scenario,
            verdict,
            environment,
            facts,
            pages,
        })
    }

    /// Which replication it is of.
    pub fn replication(&self) -> u32 {
        self.scenario.replication.unwrap_or_default()
    }
}

fn strange(name: &str) -> Error {
    let words = format!("the journal in {name} is cut off, or is none");
    Error::refused(words).with_remedy("copy the file once more from where it was written")
}

/// The plan that these parts have played, read again; the parts are put in their order.
///
/// # Errors
/// Refused: they are not all the parts of one run, or what the plan is read from has changed.
pub fn plan_of(parts: &mut [Part]) -> Result<Plan> {
    parts.sort_by_key(|part| part.facts.part.number());
    let first = agree(parts)?;
    let plan = scenario::read_again(&first.facts.source)?;
    if fingerprint(&plan) != first.facts.fingerprint {
        return Err(Error::refused(
            "a file that the scenario names is not what it was where the parts were played",
        )
        .with_remedy("merge beside the same files"));
    }
    Ok(plan)
}

/// Makes a run of its parts, which have played this plan.
///
/// # Errors
/// Refused: they are not all the parts of one run, or a journal is cut off.
pub fn merge(plan: &Plan, mut parts: Vec<Part>, wanted: Wanted) -> Result<Outcome> {
    parts.sort_by_key(|part| part.facts.part.number());
    let first = agree(&parts)?;
    let mut ledger = Ledger::new(plan, first.facts.run, wanted.records);
    wanted.trace.into_iter().for_each(|who| ledger.trace(who));
    if parts.len() > 1 {
        ledger.bear_skew();
    }
    let course = together(&parts);
    let (terms, environment) = (terms(&parts, wanted), environment(&parts));
    let stopped = parts
        .iter()
        .find_map(|part| part.verdict.stopped_by.clone());
    post(parts, &mut ledger)?;
    let mut outcome = outcome::of_run(plan, &terms, &mut ledger, &course);
    outcome.result.verdict.stopped_by = stopped;
    outcome.result.environment = environment;
    Ok(outcome)
}

/// Sees that these, in their order, are all the parts of one run; the first of them.
fn agree(parts: &[Part]) -> Result<&Part> {
    let Some(first) = parts.first() else {
        return Err(Error::refused("there is nothing to merge"));
    };
    for part in &parts[1..] {
        differ(first, part)?;
    }
    let of = first.facts.part.of();
    for two in parts.windows(2) {
        if two[0].facts.part == two[1].facts.part {
            let (one, other) = (&two[0].name, &two[1].name);
            let part = two[0].facts.part.words();
            return Err(Error::refused(format!("{one} and {other} are both {part}"))
                .with_remedy("name each part once"));
        }
    }
    let there = |number: u32| parts.iter().any(|part| part.facts.part.number() == number);
    let missing: Vec<u32> = (1..=of).filter(|number| !there(*number)).collect();
    if let Some(number) = missing.first() {
        return Err(Error::refused(match missing.len() {
            1 => format!("part {number} of {of} is missing"),
            several => format!("{several} of {of} parts are missing, part {number} the first"),
        })
        .with_remedy("name the result files of all parts: `busyhour merge part-*.json`"));
    }
    if of > 1 && first.facts.start_at.is_none() {
        return Err(Error::refused(format!(
            "{} began by itself, not together with the other parts",
            first.name
        ))
        .with_remedy("play all parts with the same --start-at"));
    }
    Ok(first)
}

/// What a part says of its run.
type Said<'a> = &'a dyn Fn(&Part) -> String;

/// Sees that two are parts of the same run.
fn differ(one: &Part, other: &Part) -> Result<()> {
    let speed = |part: &Part| part.scenario.speed.unwrap_or_default().to_string();
    let replication = |part: &Part| part.replication().to_string();
    let start = |part: &Part| match part.facts.start_at {
        Some(at) => at.to_string(),
        None => "none".into(),
    };
    let target = |part: &Part| part.scenario.target.clone().unwrap_or_default();
    let doors = |part: &Part| match part.scenario.separate {
        true => "separate",
        false => "pooled",
    };
    let of = |part: &Part| part.facts.part.of().to_string();
    let facts: [(&str, Said); 9] = [
        ("number of parts", &of),
        ("seed", &|part| part.scenario.seed.to_string()),
        ("speed", &speed),
        ("replication", &replication),
        ("start", &start),
        ("target", &target),
        ("kind of targets", &|part| doors(part).into()),
        ("people", &|part| part.scenario.cast.words().into()),
        ("plan", &|part| part.facts.fingerprint.clone()),
    ];
    for (what, said) in facts {
        let (ours, theirs) = (said(one), said(other));
        if ours != theirs {
            let (one, other) = (&one.name, &other.name);
            return Err(Error::refused(format!(
                "{one} and {other} are not of the same run: the {what} is {ours} in one, {theirs} in \
                 the other"
            ))
            .with_remedy("merge parts of the same scenario, changes and start alone"));
        }
    }
    Ok(())
}

/// Posts what all parts noted, in the order of time.
fn post(parts: Vec<Part>, ledger: &mut Ledger) -> Result<()> {
    let hosts = hosts(&parts);
    let ticks: Vec<(u16, Tick)> = hosts
        .iter()
        .copied()
        .zip(parts.iter().map(|part| part.facts.tick))
        .collect();
    // What the clocks of two machines show has nothing to do with each other.
    let earliest = |host: u16| {
        let of_host = ticks.iter().filter(|(other, _)| *other == host);
        of_host.map(|(_, tick)| *tick).min().unwrap_or_default()
    };
    let mut readers: Vec<Reader> = parts
        .into_iter()
        .zip(hosts)
        .map(|(part, host)| Reader {
            ahead: Span(part.facts.tick - earliest(host)),
            host,
            name: part.name,
            pages: part.pages,
            until: Time::ZERO,
        })
        .collect();
    while let Some(next) = readers.iter_mut().min_by_key(|reader| reader.until)
        && next.until.comes()
    {
        next.read(ledger)?;
        let until = readers.iter().map(|reader| reader.until).min();
        ledger.post_until(until.unwrap_or(Time::NEVER));
    }
    Ok(())
}

/// By part, on which machine it was played. Where a system does not say, on one of its own.
fn hosts(parts: &[Part]) -> Vec<u16> {
    let host = |part: &Part| part.facts.host.clone();
    let same = |one: &Part, other: &Part| host(one).is_some() && host(one) == host(other);
    let first = |part| {
        let place = parts.iter().position(|other| same(part, other));
        place.and_then(|place| u16::try_from(place).ok())
    };
    let own = (0..u16::MAX).rev();
    parts
        .iter()
        .zip(own)
        .map(|(part, own)| first(part).unwrap_or(own))
        .collect()
}

/// The journal of a part on its way to the ledger.
struct Reader {
    name: String,
    pages: Pages,
    /// By how much later than the first part of its machine it has begun, by that machine's clock.
    ahead: Span,
    host: u16,
    /// Everything before this time was handed on.
    until: Time,
}

impl Reader {
    /// Hands the next page on.
    fn read(&mut self, ledger: &mut Ledger) -> Result<()> {
        let page = self.pages.page().map_err(|_| strange(&self.name))?;
        let Some(mut page) = page else {
            self.until = Time::NEVER;
            return Ok(());
        };
        for Entry { at, event } in &mut page {
            self.until = self.until.max(*at);
            if let Event::Chat(_, ChatEvent::Sent(message) | ChatEvent::Read(message, _)) = event {
                message.host = self.host;
                message.wall = message.wall.map(|wall| wall + self.ahead);
            }
        }
        ledger.take(&mut page);
        Ok(())
    }
}

/// How the run went, by how its parts did.
fn together(parts: &[Part]) -> Course {
    let mut all = Course::default();
    for part in parts {
        let (course, verdict) = (part.facts.course.clone(), &part.verdict);
        let words = part.facts.part.words();
        all.end = all.end.max(course.end);
        all.stopped |= course.stopped;
        all.not_started += course.not_started;
        all.differences = all.differences.and(course.differences);
        all.stood_still_ratio = all.stood_still_ratio.max(course.stood_still_ratio);
        all.remarks.append(course.remarks);
        let failure = course.failure.map(|failure| format!("{words}: {failure}"));
        all.failure = all.failure.or(failure);
        let lost = course.lost.iter().map(|lost| format!("{words}: {lost}"));
        all.lost.extend(lost);
        if let Some(signal) = &verdict.stopped_by {
            all.lost.push(format!(
                "{words} was stopped by {signal}: from then on its customers and agents are missing"
            ));
        } else if verdict.valid == Some(false) {
            all.unsound.push(format!(
                "{words} is not valid by itself: its own report says why"
            ));
        }
    }
    all
}

/// What is said of the run besides its figures.
fn terms(parts: &[Part], wanted: Wanted) -> Terms {
    let mut echo = parts[0].scenario.clone();
    (echo.part, echo.parts) = (None, Some(parts.len() as u32));
    let machines: BTreeSet<u16> = hosts(parts).into_iter().collect();
    let mut terms = Terms::echoing(echo);
    terms.traced = wanted.trace.is_some();
    terms.machines = machines.len();
    terms
}

/// From the first start of a part on, as long as the longest.
fn environment(parts: &[Part]) -> Environment {
    let each = || parts.iter().map(|part| &part.environment);
    let started = each().map(|e| &e.started).min();
    let first = each().next().cloned().unwrap_or_default();
    Environment {
        started: started.cloned().unwrap_or_default(),
        duration_s: each().map(|e| e.duration_s).fold(0.0, f64::max),
        threads: each().map(|e| e.threads).sum(),
        ..first
    }
}
