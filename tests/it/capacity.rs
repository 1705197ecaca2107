//! Probes of a server on a paused clock, and how a search and a sweep are told.

mod told;

use std::path::Path;

use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::measure::attribution::Attribution;
use busyhour::scenario::plan::{Arrivals, Plan};
use busyhour::scenario::read_text;
use busyhour::study::capacity::bounds::{Bounds, Cause};
use busyhour::study::capacity::probe::Probe;
use busyhour::study::capacity::search::Vote;
use busyhour::time::Time;

use crate::stage::{Delay, Stage};

/// Two chats a second, each of two exchanges, and agents for all: eight messages a second.
fn plan(gates: &str) -> Plan {
    let text = format!(
        "seed = 3
        [calendar]
        start = 2026-11-23T09:00:00
        horizon = \"2m\"
        [arrivals]
        rate = \"120 per minute\"
        [customers]
        queue_patience = \"never\"
        reply_patience = \"never\"
        think = \"exponential(mean=3s)\"
        exchanges = \"constant(2)\"
        [agents]
        count = 30
        concurrency = 2
        reply = \"exponential(mean=2s)\"
        [run]
        warm_up = \"30s\"
        {gates}"
    );
    let mut plan = read_text("test", &text, Path::new("."), &[]).unwrap();
    let arrivals = (0..240).map(|number| Time::from_secs_f64(f64::from(number) * 0.5));
    plan.arrivals = Arrivals::Replay(arrivals.collect());
    // A paused clock goes on by whole milliseconds.
    plan.in_whole_millis();
    plan
}

/// A probe of the built-in server that takes so many messages a second.
fn probe(plan: Plan, limit: Option<f64>, delay: Delay) -> Probe {
    let bounds = Bounds::of(&plan, 0.01, 500.0);
    let stage = Stage {
        delay,
        ..Stage::new(plan, 0)
    };
    let outcome = stage.built_in(|options| options.messages_per_second = limit);
    Probe::played(1.0, &stage.plan, &outcome, &bounds)
}

/// What is not known of a run is not made up: neither what was asked of the server until it failed, nor
/// what the server added where nothing was simulated.
#[test]
fn what_is_not_known_of_a_probe_is_not_told() {
    let plan = plan("");
    let bounds = Bounds::of(&plan, 0.01, 500.0);
    let stage = Stage {
        delay: Delay::of(5),
        ..Stage::new(plan, 0)
    };
    let mut outcome = stage.built_in(|_| {});
    let played = |outcome: &Outcome| Probe::played(1.0, &stage.plan, outcome, &bounds);
    let unpredicted = played(&outcome);
    assert_eq!(unpredicted.vote, Vote::Held);
    assert!(unpredicted.load.is_some() && unpredicted.added_wait_not_judged.is_some());
    let words = "the server's routing policy is not the scenario's".to_string();
    outcome.result.attribution = Some(Attribution {
        reasons: vec![words.clone()],
        ..Attribution::default()
    });
    assert_eq!(played(&outcome).added_wait_not_judged, Some(words));
    outcome.result.verdict.failed = Some("the server is gone".into());
    let failed = played(&outcome);
    assert_eq!((failed.vote, failed.load), (Vote::Broke, None));
    assert_eq!(failed.added_wait_not_judged, None);
}

/// Which gates a probe did not keep.
fn gates(probe: &Probe) -> Vec<&str> {
    let gates = probe.causes.iter().map(|cause| match cause {
        Cause::Gate { gate, .. } => gate.measure.as_str(),
        other => panic!("{other:?}"),
    });
    gates.collect()
}

#[test]
fn a_server_that_keeps_up_holds() {
    for limit in [None, Some(20.0)] {
        let probe = probe(plan(""), limit, Delay::of(5));
        assert_eq!((probe.vote, &probe.causes[..]), (Vote::Held, &[][..]));
        let load = probe.load.unwrap();
        assert_eq!(load.customers_per_min, 120.0);
        assert!((load.messages_per_s - 8.0).abs() < 0.5, "{load:?}");
        let replies = load.exchanges_per_s / load.messages_per_s;
        assert!((replies - 0.5).abs() < 0.02, "{load:?}");
    }
}

/// Seven and a half messages a second of the eight that come: what is said waits, longer and longer,
/// and nothing is lost by it.
#[test]
fn a_server_that_does_not_keep_up_breaks_by_delivery() {
    let probe = probe(plan(""), Some(7.5), Delay::of(5));
    assert_eq!(probe.vote, Vote::Broke, "{probe:?}");
    let gates = gates(&probe);
    assert_eq!(gates[0], "delivery_ms_p99");
    // Whoever comes waits behind what was said before: for the hello, and for an agent.
    assert!(gates.contains(&"connect_ms_p99"), "{gates:?}");
    for fault in Fault::ALL {
        assert_eq!(probe.value(fault.measure()), Some(0.0), "{fault:?}");
    }
    // Every message of a chat waits for the one before, and the first for the hello: where the delay
    // grows by g a second, there are 2 (1 + 2 + 3 + 4) g fewer a second than without it. So half a
    // message a second too many makes it grow by 0.5 / (7.5 + 20): to 2.2 s in two minutes, and
    // somewhat more, since chats take their time.
    let delivery = probe.value("delivery_ms_p99").unwrap();
    assert!((2_200.0..3_300.0).contains(&delivery), "{delivery}");
}

/// What waits behind a few messages breaks a strict gate of the scenario, and no other.
#[test]
fn the_scenarios_gates_are_held_to() {
    let strict = "[gate]\ndelivery_ms_p50 = \"< 5\"\nwait_s_mean = \"< 0.001\"";
    let probe = probe(plan(strict), None, Delay::of(5));
    assert_eq!(
        (probe.vote, gates(&probe)),
        (Vote::Broke, vec!["delivery_ms_p50"])
    );
}
