//! The terminal report of a search and of a sweep, word for word.

use busyhour::measure::gate::{Gate, Relation};
use busyhour::measure::result::{Environment, Measure, ScenarioEcho, Verdict};
use busyhour::report::capacity::{render, why};
use busyhour::study::capacity::bounds::{Bounds, Cause};
use busyhour::study::capacity::findings::{End, FORMAT, Findings, Searched, VERSION};
use busyhour::study::capacity::probe::{Load, Probe};
use busyhour::study::capacity::search::{Search, Trial, Vote};
use busyhour::study::capacity::sweep::{Point, Sweep};
use indexmap::IndexMap;

fn measure(value: f64) -> Measure {
    Measure {
        value: Some(value),
        samples: 1_000,
        ..Measure::NONE
    }
}

fn findings(end: End) -> Findings {
    Findings {
        format: FORMAT.into(),
        version: VERSION,
        busyhour: "0.1.0".into(),
        scenario: ScenarioEcho {
            name: "A busy hour".into(),
            overrides: vec!["calendar.horizon=10s".into()],
            horizon_s: 3_600.0,
            agents: 13,
            concurrency: 3,
            seed: 7,
            speed: Some(85.0),
            target: Some("ws://127.0.0.1:4210".into()),
            ..ScenarioEcho::default()
        },
        end,
        search: None,
        sweep: None,
        environment: Environment::default(),
    }
}

fn bounds() -> Bounds {
    let gate = |measure: &str, bound: f64| Gate {
        measure: measure.into(),
        relation: Relation::AtMost,
        bound,
        implied: true,
    };
    Bounds {
        gates: vec![
            gate("delivery_ms_p99", 300.0),
            gate("connect_ms_p99", 1_000.0),
            gate("lost", 0.0),
        ],
        failures_ratio: 0.01,
        turns_away: false,
        added_wait_ms: 500.0,
        not_judged: vec!["service_level_60s".into()],
    }
}

fn probe(scale: f64, seed: u64, delivery: f64, causes: Vec<Cause>) -> Probe {
    let vote = if causes.is_empty() {
        Vote::Held
    } else {
        Vote::Broke
    };
    let names = ["delivery_ms_p99"].map(String::from);
    Probe {
        scale,
        seed: 7 + seed,
        agents: (13.0 * scale) as u32,
        vote,
        causes,
        load: Some(Load {
            customers_per_min: 4_512.0 * scale,
            messages_per_s: 289.04 * scale,
            exchanges_per_s: 144.5 * scale,
        }),
        added_wait_ms: Some(Measure {
            low: Some(11.0),
            high: Some(17.0),
            ..measure(14.0)
        }),
        added_wait_not_judged: None,
        measures: IndexMap::from_iter(names.into_iter().zip([measure(delivery)])),
        started: String::new(),
        took_s: 24.2,
    }
}

/// What a server breaks by that is too slow, and loses three messages.
fn broken(delivery: f64) -> Vec<Cause> {
    let bounds = bounds();
    let gate = |index: usize, value: f64| Cause::Gate {
        gate: bounds.gates[index].clone(),
        value: Some(value),
    };
    let failures = Cause::Failures {
        ratio: 0.034,
        turned_away: 0.0,
        bound: 0.01,
    };
    vec![gate(0, delivery), gate(2, 3.0), failures]
}

fn searched(probes: Vec<Probe>) -> Searched {
    let mut search = Search::new(1.0);
    for probe in &probes {
        let (scale, seed) = (probe.scale, (probe.seed - 7) as u32);
        search.take(Trial { scale, seed }, probe.vote);
    }
    Searched::of(&search, bounds(), probes)
}

#[test]
fn what_was_found_stands_first() {
    let probes = vec![
        probe(1.0, 0, 12.0, vec![]),
        probe(1.0, 1, 14.0, vec![]),
        probe(1.05, 0, 280.0, vec![]),
        probe(1.05, 1, 432.0, broken(432.0)),
        probe(1.05, 2, 1_980.0, broken(1_980.0)),
    ];
    let mut found = findings(End::Done);
    found.search = Some(searched(probes));
    insta::assert_snapshot!("a_capacity_at_100_columns", render(&found, 100, false));
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Findings>(&text).unwrap(), found);
}

#[test]
fn what_ended_early_says_at_least() {
    let words = "schedule lag p99 is 31.0 ms".to_string();
    let mut bound = probe(
        2.0,
        0,
        9.0,
        vec![Cause::Generator {
            words: words.clone(),
        }],
    );
    bound.vote = Vote::Bound;
    let probes = vec![
        probe(1.0, 0, 12.0, vec![]),
        probe(1.0, 1, 14.0, vec![]),
        bound,
    ];
    let mut found = findings(End::Generator { words });
    found.search = Some(searched(probes));
    insta::assert_snapshot!("a_capacity_at_least", render(&found, 72, false));
    let none = Searched::of(&Search::new(1.0), bounds(), Vec::new());
    let mut found = findings(End::Stopped {
        signal: "SIGINT".into(),
    });
    found.search = Some(none);
    let told = render(&found, 100, false);
    assert!(
        told.starts_with("UNKNOWN  no scale was seen to hold\n  stopped by SIGINT\n"),
        "{told}"
    );
}

/// What broke it besides gates, in words.
#[test]
fn whom_the_server_let_down_is_told() {
    let told = |cause: Cause| why(&[cause]);
    let (ratio, turned_away, bound) = (0.12, 0.11, 0.01);
    let failures = Cause::Failures {
        ratio,
        turned_away,
        bound,
    };
    assert_eq!(
        told(failures),
        "12.0 % of the chats failed, were cut, or were turned away or ended by the server \
         (11.0 %), not <= 1 %"
    );
    let (offered, predicted) = (1_200.0, Some(1_100));
    assert_eq!(
        told(Cause::Silence { offered, predicted }),
        "nobody got an agent, of 1,200 who asked for one; of the same people, simulated, 1,100 did"
    );
    assert_eq!(
        told(Cause::Abandoned { ratio, bound }),
        "the server made 12.0 % of the customers leave, not <= 1 %"
    );
}

#[test]
fn an_added_wait_that_was_not_judged_is_not_held_to() {
    let found = |unjudged: usize| {
        let mut probes = vec![probe(1.0, 0, 12.0, vec![]), probe(1.0, 1, 14.0, vec![])];
        for probe in &mut probes[..unjudged] {
            probe.added_wait_not_judged = Some("too few chats".into());
        }
        let mut found = findings(End::Done);
        found.search = Some(searched(probes));
        render(&found, 180, false)
    };
    for (unjudged, said, held_to) in [
        (0, "", true),
        (
            1,
            "wait added: not judged in 1 of 2 probes, too few chats\n",
            true,
        ),
        (2, "wait added: not judged, too few chats\n", false),
    ] {
        let told = found(unjudged);
        assert!(told.contains(said), "{told}");
        assert_eq!(told.contains("wait added: "), unjudged > 0, "{told}");
        assert_eq!(told.contains("wait added <= 500 ms"), held_to, "{told}");
    }
}

#[test]
fn a_sweep_is_a_row_a_value() {
    let point = |value: f64| Point {
        value,
        seed: 7,
        verdict: Verdict {
            valid: Some(true),
            ..Verdict::default()
        },
        load: None,
        measures: IndexMap::from_iter(
            [
                ("wait_s_mean", 65.0 / value),
                ("wait_s_p95", 300.0 / value),
                ("first_response_s_mean", 120.0),
                ("inter_message_s_mean", 40.0 * value),
                ("abandoned_ratio", 0.12),
                ("occupancy_ratio", 0.81),
                ("chats_per_agent_hour", 9.5),
                ("delivery_ms_p99", 0.42),
            ]
            .map(|(name, value)| (name.to_string(), measure(value))),
        ),
        predicted: IndexMap::from([("wait_s_mean".to_string(), measure(64.0 / value))]),
        not_predicted: Vec::new(),
        took_s: 42.0,
    };
    let mut late = point(3.0);
    late.verdict.valid = Some(false);
    late.verdict.reasons = vec!["schedule lag p99 is 31.0 ms, over 20.0 ms".into()];
    late.predicted.clear();
    late.not_predicted = vec!["the run is INVALID".into()];
    let mut found = findings(End::Done);
    found.sweep = Some(Sweep {
        key: "agents.concurrency".into(),
        points: vec![point(1.0), point(2.0), late],
    });
    insta::assert_snapshot!("a_sweep", render(&found, 120, false));
    let text = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Findings>(&text).unwrap(), found);
}
