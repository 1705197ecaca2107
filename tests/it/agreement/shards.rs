//! A run in parts that are played in several places is the run of one process.

use std::path::Path;

use busyhour::center::rules::Policy;
use busyhour::live::alarm::Alarm;
use busyhour::live::journal::{ChatEvent, Event, Fault};
use busyhour::live::merge::{Part, Wanted, merge};
use busyhour::live::shard::{Facts, Shard};
use busyhour::live::slice::Slice;
use busyhour::live::spool::{Pages, Spool};
use busyhour::live::start::Start;
use busyhour::live::{Options, Outcome, built_in, play, watch::Watch};
use busyhour::measure::record::Record;
use busyhour::report::file;
use busyhour::scenario::plan::Plan;
use busyhour::server::ServerOptions;
use busyhour::time::{Span, Time};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::Instant;

use super::cases::{Pace, everything};
use super::exact::{differences, in_grains, simulated, untied};
use super::line::played;
use crate::stage::{Delay, Door, Line, addr, on_a_paused_clock, serve};

/// What the parts of a run have left.
struct Parts {
    folder: TempDir,
    outcomes: Vec<Outcome>,
}

/// Plays so many parts of the plan at the same time against one built-in server; frames take so many
/// milliseconds.
fn played_in_parts(plan: &Plan, replication: u32, of: u32, delay_ms: u64) -> Parts {
    let folder = tempfile::tempdir().unwrap();
    let outcomes = on_a_paused_clock(async {
        let (far, door) = mpsc::unbounded_channel();
        let rules = ServerOptions {
            replication,
            ..built_in(plan, addr())
        };
        spawn_local(serve(Door(door), rules));
        let start = Start {
            agreed: "2026-11-27T21:30:00Z".parse().unwrap(),
            instant: Instant::now() + std::time::Duration::from_secs(3),
            tick: 0,
        };
        let part = |index| {
            let slice = Slice::new(index, of).unwrap();
            let options = Options {
                shard: Some(Shard {
                    slice,
                    folder: folder.path().into(),
                }),
                start: Some(start),
                replication,
                records: true,
                ..Options::default()
            };
            let line = Line::new(Delay::of(delay_ms), far.clone());
            async move {
                let watch = Watch::default();
                play(plan, &options, line, Alarm::coarse(), &watch).await
            }
        };
        join_all((0..of).map(part)).await
    });
    let outcomes = outcomes.into_iter().map(|outcome| outcome.unwrap());
    Parts {
        outcomes: outcomes.collect(),
        folder,
    }
}

impl Parts {
    /// The parts by way of their result files, the second one changed.
    fn read(&self, change: impl Fn(&mut Facts, &mut String, &Path)) -> Vec<Part> {
        let read = |(index, outcome): (usize, &Outcome)| {
            let name = format!("part-{index}.json");
            let path = self.folder.path().join(&name);
            file::write_result(&path, &outcome.result, outcome.kept.as_ref()).unwrap();
            let mut filed = file::read_part(&path).unwrap();
            let parts = filed.shard.as_mut().zip(filed.journal.as_mut());
            let (facts, journal) = parts.unwrap();
            if index == 1 {
                change(facts, journal, self.folder.path());
            }
            Part::of(&name, filed).unwrap()
        };
        self.outcomes.iter().enumerate().map(read).collect()
    }

    fn merged(&self, plan: &Plan, change: impl Fn(&mut Facts, &mut String, &Path)) -> Outcome {
        let wanted = Wanted {
            records: true,
            trace: None,
        };
        merge(plan, self.read(change), wanted).unwrap()
    }
}

fn unchanged(_: &mut Facts, _: &mut String, _: &Path) {}

/// The same journal with all that was noted so much later, or earlier: on the wall that much later.
fn shifted((journal, entries): (&str, u64), later_ns: i64, wall: Span, folder: &Path) -> String {
    let mut pages = Pages::of(journal, entries).unwrap();
    let mut spool = Spool::in_folder(folder).unwrap();
    while let Some(page) = pages.page().unwrap() {
        for mut entry in page {
            entry.at = Time(entry.at.0.saturating_add_signed(later_ns));
            let event = &mut entry.event;
            if let Event::Chat(_, ChatEvent::Sent(message) | ChatEvent::Read(message, _)) = event {
                message.wall = message.wall.map(|at| at + wall);
            }
            spool.put(entry);
        }
    }
    let text = serde_json::to_value(spool.finish().unwrap()).unwrap();
    text.as_str().unwrap().to_owned()
}

/// Everything at both speeds, a replication without ties each.
fn plans() -> Vec<(Plan, u32)> {
    let of = |(speed, pace)| {
        let mut plan = everything(Pace(pace), Policy::FewestActive);
        plan.live.speed = speed;
        let found = untied("everything in parts", &plan, 1);
        found.into_iter().map(move |r| (in_grains(&plan, r), r))
    };
    [(1.0, 1.0), (60.0, 10.0)]
        .into_iter()
        .flat_map(of)
        .collect()
}

#[test]
fn parts_are_the_run_of_one_process() {
    for (plan, replication) in plans() {
        let options = Options {
            replication,
            records: true,
            ..Options::default()
        };
        let whole = played(&plan, &options).0;
        for of in [1, 3] {
            let case = format!("{of} parts, replication {replication}");
            let parts = played_in_parts(&plan, replication, of, 0);
            let merged = parts.merged(&plan, unchanged);
            let differ = differences(&simulated(&plan, replication), &merged.records[0]);
            assert!(differ.is_empty(), "{case}\n{differ}");
            assert_eq!(merged.records, whole.records, "{case}");
            for (name, measure) in &whole.result.measures {
                assert_eq!(&merged.result.measures[name], measure, "{case}: {name}");
            }
            assert_eq!(merged.result.intervals, whole.result.intervals, "{case}");
            let verdict = &merged.result.verdict;
            let sound = (verdict.valid, verdict.reasons.is_empty());
            assert_eq!(sound, (Some(true), true), "{case}: {verdict:?}");
            if of == 3 {
                each_knows_its_customers(&parts, &whole.records[0]);
            }
        }
    }
}

/// What a part by itself says of its customers is true, and of the rest it says nothing.
fn each_knows_its_customers(parts: &Parts, whole: &[Record]) {
    for (outcome, index) in parts.outcomes.iter().zip(0..) {
        let own = whole.iter().filter(|record| record.number % 3 == index);
        let arrived =
            |record: &Record| (record.number, record.attempt, record.offered, record.fate);
        let told: Vec<_> = outcome.records[0].iter().map(arrived).collect();
        assert_eq!(told, own.map(arrived).collect::<Vec<_>>());
        let result = &outcome.result;
        assert_eq!(result.scenario.part, Some(format!("{}/3", index + 1)));
        for unknown in [
            "lost",
            "handle_s_mean",
            "occupancy_ratio",
            "delivery_ms_mean",
        ] {
            assert_eq!(result.value(unknown), None, "{unknown}");
        }
        assert!(result.gates.is_empty() && result.faults.is_empty());
        assert!(result.value("round_trip_ms_mean").is_some());
    }
}

/// Names of counts, and how many values each series has.
fn counts(outcome: &Outcome) -> Vec<(&str, u64)> {
    let measures = outcome.result.measures.iter();
    let in_all = |name: &str| name.ends_with("_mean") || !name.contains('_');
    let counts = measures.filter(|(name, _)| {
        let of_order = name.starts_with("orbit") || name.starts_with("queue");
        in_all(name) && !of_order
    });
    counts
        .map(|(name, measure)| (name.as_str(), measure.samples))
        .collect()
}

/// A clock that is 50 ms ahead of the others, or behind, changes no count and makes no fault.
#[test]
fn clocks_may_be_apart() {
    for (plan, replication) in plans() {
        let parts = played_in_parts(&plan, replication, 3, 1);
        let together = parts.merged(&plan, unchanged);
        assert!(together.result.value("delivery_ms_mean").is_some());
        for ms in [-50, 50] {
            let later = Span::from_millis(50).scaled(plan.live.speed).0 as i64 * ms / 50;
            let apart = parts.merged(&plan, |facts, journal, folder| {
                *journal = shifted((journal, facts.entries), later, Span::ZERO, folder);
            });
            assert_eq!(counts(&apart), counts(&together), "{ms} ms");
            for fault in Fault::ALL.map(Fault::measure) {
                let [one, other] = [&apart, &together].map(|o| o.result.value(fault));
                assert_eq!(one, other, "{fault}, {ms} ms: {:?}", apart.result.faults);
            }
            assert_eq!(
                apart.result.verdict.reasons,
                together.result.verdict.reasons
            );
            let said = |outcome: &Outcome| -> Vec<_> {
                let rows = outcome.records[0].iter();
                rows.map(|r| (r.number, r.attempt, r.fate, r.agent, r.messages, r.replies))
                    .collect()
            };
            assert_eq!(said(&apart), said(&together));
        }
    }
}

/// Of what went from one machine to another no delivery is measured, and every round trip is.
#[test]
fn across_machines_there_are_round_trips_alone() {
    let (plan, replication) = plans().remove(0);
    let parts = played_in_parts(&plan, replication, 3, 7);
    let here = parts.merged(&plan, unchanged).result;
    let abroad = parts.merged(&plan, |facts, _, _| {
        facts.host = Some("elsewhere".into());
        facts.tick += 1_000_000_000_000;
    });
    let abroad = abroad.result;
    let samples =
        |result: &busyhour::measure::result::RunResult, name| result.measure(name).unwrap().samples;
    let delivered = [&here, &abroad].map(|result| samples(result, "delivery_ms_mean"));
    assert!(
        delivered[0] > delivered[1] && delivered[1] > 0,
        "{delivered:?}"
    );
    // To the server and on, 7 ms each.
    let mean = abroad.value("delivery_ms_mean").unwrap();
    assert!((mean - 14.0).abs() < 1e-6, "{mean}");
    for result in [&here, &abroad] {
        let trips = samples(result, "round_trip_ms_mean");
        let mean = result.value("round_trip_ms_mean").unwrap();
        assert!(trips > 20 && (mean - 28.0).abs() < 1e-6, "{trips}, {mean}");
        assert_eq!(result.value("lost"), Some(0.0));
    }
    let told = abroad.verdict.reasons.join("; ");
    assert!(told.contains("played on 2 machines"), "{told}");
    assert!(here.verdict.reasons.is_empty(), "{:?}", here.verdict);
    // A clock that is ahead shows by what is read before it was written, all but its way of 14 ms.
    for (ms, valid, words) in [
        (50, true, "at least 36ms"),
        (3_000, false, "at least 2.986s"),
    ] {
        let ahead = Span::from_millis(ms);
        let apart = parts.merged(&plan, |facts, journal, folder| {
            facts.host = Some("elsewhere".into());
            let later = ahead.0 as i64;
            *journal = shifted((journal, facts.entries), later, ahead, folder);
        });
        let verdict = apart.result.verdict;
        assert_eq!(verdict.valid, Some(valid), "{verdict:?}");
        let told = verdict.reasons.join("; ");
        assert!(told.contains(words), "{words}: {told}");
    }
}
