//! The live run against the simulation, customer by customer and field by field.
//!
//! On a paused clock nothing takes any time but what people do, and everything they draw is rounded
//! to whole milliseconds of the wall, the clock's grain. So both drivers have to give the same
//! records, but where things happen at the same instant to different people; scenarios in which
//! they do are refused.

use std::fmt::Write;

use busyhour::center::fate::Fate;
use busyhour::live::Options;
use busyhour::live::journal::Fault;
use busyhour::measure::record::Record;
use busyhour::measure::recorder::Recorder;
use busyhour::scenario::plan::{Arrivals, AtClosing, Plan};
use busyhour::scenario::stream::ArrivalStream;
use busyhour::simulation::world::{Watcher, World};
use busyhour::stats::law::Law;
use busyhour::time::{Span, Time};

use super::line::played;

/// Replications that are looked at for some without ties.
const MOST: u32 = 100;

/// What one wall millisecond is at the plan's speed.
pub fn grain(plan: &Plan) -> Span {
    Span::from_millis(1).scaled(plan.live.speed)
}

/// The replication's plan with everything drawn in whole grains; arrivals down, one at a time.
pub fn in_grains(plan: &Plan, replication: u32) -> Plan {
    let (mut plan, grain) = (plan.clone(), grain(plan));
    let mut last = Time::ZERO;
    let whole = |at: Time| {
        let at = Time(at.0 / grain.0 * grain.0).max(last + grain);
        last = at;
        at
    };
    let arrivals = ArrivalStream::new(&plan, replication).map(whole).collect();
    plan.arrivals = Arrivals::Replay(arrivals);
    let round = |law: &mut Law| *law = law.clone().in_grains(grain);
    for rules in plan.customers.rules_mut() {
        round(&mut rules.queue_patience);
        round(&mut rules.reply_patience);
        round(&mut rules.think);
        if let Some(cut) = &mut rules.disconnect {
            round(&mut cut.every);
            round(&mut cut.away);
            cut.kept_for = cut.kept_for.in_grains(grain);
        }
        let retry = &mut rules.retry;
        let retries = [
            &mut retry.abandoned,
            &mut retry.rejected,
            &mut retry.unresolved,
        ];
        let retries = retries.into_iter().flatten();
        retries.for_each(|retry| round(&mut retry.after));
    }
    round(&mut plan.agents.reply);
    round(&mut plan.agents.wrap_up);
    let agents = &mut plan.agents;
    (agents.inactivity, agents.grain) = (agents.inactivity.in_grains(grain), grain);
    plan.router.age_after = plan.router.age_after.in_grains(grain);
    plan
}

struct Nobody;

impl Watcher for Nobody {
    fn look(&mut self, _: u64, _: u64) -> bool {
        false
    }
}

pub fn simulated(plan: &Plan, replication: u32) -> Vec<Record> {
    let mut recorder = Recorder::new(&plan.outline, false, true);
    let (end, stopped) = match plan.outline.cuts {
        true => World::late(plan).play(replication, &mut recorder, &mut Nobody),
        false => World::new(plan).play(replication, &mut recorder, &mut Nobody),
    };
    recorder.finish(end, stopped).1
}

/// Events of different people at the same instant, as far as records tell; what the plan itself does
/// to several at once is none.
fn ties(plan: &Plan, records: &[Record]) -> Vec<(Time, u32, u32)> {
    let closings = plan.open.iter().map(|period| period.until);
    let closings = closings.filter(|_| plan.at_closing == AtClosing::SentAway);
    let planned: Vec<Time> = plan
        .shifts
        .iter()
        .map(|s| s.until)
        .chain(closings)
        .collect();
    let mut events = Vec::new();
    for record in records {
        let own = [
            record.offered,
            record.first_reply,
            record.freed,
            record.closed,
        ];
        let mut own: Vec<Time> = own.into_iter().filter(|at| at.comes()).collect();
        if planned.contains(&record.closed) {
            own.pop();
        }
        own.dedup();
        events.extend(own.into_iter().map(|at| (at, record.number)));
    }
    events.sort_unstable();
    let pairs = events.windows(2).filter(|two| two[0].0 == two[1].0);
    let apart = pairs.filter(|two| two[0].1 != two[1].1);
    apart.map(|two| (two[0].0, two[0].1, two[1].1)).collect()
}

/// Where two lists of records differ, the first few, in words.
pub fn differences(simulated: &[Record], live: &[Record]) -> String {
    let mut words = String::new();
    if simulated.len() != live.len() {
        let _ = writeln!(words, "{} records, live {}", simulated.len(), live.len());
    }
    let pairs = simulated.iter().zip(live).filter(|(a, b)| a != b);
    for (simulated, live) in pairs.take(3) {
        let _ = writeln!(words, "simulated {simulated:#?}\nlive {live:#?}");
    }
    words
}

/// Plays so many replications both ways and gives all records, which are the same.
pub fn agree(name: &str, plan: &Plan, wanted: usize) -> Vec<Record> {
    let found = untied(name, plan, wanted).into_iter();
    let records = found.map(|replication| agree_on(name, plan, replication));
    records.flatten().collect()
}

/// The first so many replications in which no two people's events tie.
pub fn untied(name: &str, plan: &Plan, wanted: usize) -> Vec<u32> {
    let free = |replication: &u32| {
        let plan = in_grains(plan, *replication);
        ties(&plan, &simulated(&plan, *replication)).is_empty()
    };
    let found: Vec<u32> = (0..MOST).filter(free).take(wanted).collect();
    assert_eq!(
        found.len(),
        wanted,
        "{name}: of {MOST} replications only {found:?} have no events of different people at one \
         instant: let less happen, or at a lower speed"
    );
    found
}

/// Plays one replication both ways.
fn agree_on(name: &str, plan: &Plan, replication: u32) -> Vec<Record> {
    let speed = plan.live.speed;
    let name = format!("{name}, replication {replication}, speed {speed}");
    let plan = in_grains(plan, replication);
    let records = simulated(&plan, replication);
    let options = Options {
        replication,
        records: true,
        ..Options::default()
    };
    let (outcome, stats, _) = played(&plan, &options);
    let verdict = &outcome.result.verdict;
    assert_eq!(verdict.failed, None, "{name}");
    let differences = differences(&records, &outcome.records[0]);
    assert!(
        differences.is_empty(),
        "{name}: {:?}\n{differences}",
        verdict.reasons
    );
    let reasons = verdict.reasons.iter();
    let faults: Vec<&String> = reasons
        .filter(|r| !r.starts_with("the level model"))
        .collect();
    assert!(faults.is_empty(), "{name}: {faults:?}");
    assert_eq!(stats.tally.violations, 0, "{name}: {stats:?}");
    for fault in Fault::ALL.map(Fault::measure) {
        assert_eq!(outcome.result.value(fault), Some(0.0), "{name}: {fault}");
    }
    records
}

/// How many records have that fate.
pub fn fated(records: &[Record], fate: Fate) -> usize {
    records.iter().filter(|r| r.fate == Some(fate)).count()
}
