//! What a live run's figures are due to, against a server that frames take a while to.

use busyhour::center::rules::Policy;
use busyhour::live::Outcome;
use busyhour::measure::attribution::Attribution;
use busyhour::measure::cells::TURNED_AWAY;
use busyhour::scenario::plan::Plan;
use busyhour::server::ServerOptions;
use busyhour::simulation::Watch;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::study::attribution::attribute;
use busyhour::time::{Span, Time};

use crate::plans::Center;
use crate::stage::Stage;

/// A center whose people do everything at whole milliseconds, the grain of a paused clock.
fn plan(agents: u32) -> Plan {
    let center = Center {
        per_hour: 120.0,
        hours: 2.0,
        warm_up_hours: 0.0,
        agents,
        concurrency: 3,
        reply: Law::lognormal(40.0, 0.5).unwrap(),
        think: Law::lognormal(60.0, 0.5).unwrap(),
        wrap_up: Law::exponential(20.0).unwrap(),
        exchanges: CountLaw::constant(3).unwrap(),
        queue_patience: Law::exponential(240.0).unwrap(),
        slow_down: 0.05,
        replications: 1,
        seed: 3,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.in_whole_millis();
    plan.live.speed = 1.0;
    plan
}

fn found(
    plan: &Plan,
    delay_ms: u64,
    change: impl FnOnce(&mut ServerOptions),
) -> (Outcome, Attribution) {
    let stage = Stage::new(plan.clone(), delay_ms);
    let outcome = stage.built_in(change);
    let found = attribute(plan, &outcome.result, &outcome.evidence, &Watch::default());
    (outcome, found)
}

/// Agents enough that nobody waits for another: a wait is a handshake and a request, there and back; a
/// reply goes one way, its message another.
#[test]
fn what_frames_take_is_the_servers_part() {
    let plan = plan(60);
    let (_, found) = found(&plan, 40, |_| {});
    assert_eq!(found.reasons, Vec::<String>::new());
    assert!(found.blocks >= 10, "{found:?}");
    let frame = 0.040;
    // The first of three replies waits for no message: that came with the chat.
    let per_reply = (2.0 + 4.0 + 4.0) / 3.0;
    for (name, frames) in [
        ("wait_s_mean", 4.0),
        ("first_response_s_mean", 6.0),
        ("inter_message_s_mean", per_reply),
    ] {
        let parts = found.measures[name];
        assert_eq!(parts.generator.value, Some(0.0), "{name}");
        let (low, high) = (parts.server.low.unwrap(), parts.server.high.unwrap());
        let (expected, grain) = (frames * frame, 0.002);
        assert!(
            low - grain < expected && expected < high + grain,
            "{name}: {parts:?}"
        );
        assert!(high - low < expected / 2.0, "{name}: {parts:?}");
    }
}

/// Where people queue, a wait has the delays of those before in it, and chance.
#[test]
fn in_a_queue_the_servers_part_lies_within_its_interval() {
    let plan = plan(4);
    let (outcome, found) = found(&plan, 200, |_| {});
    let measured = |name: &str| outcome.result.value(name).unwrap();
    assert!(measured("delayed_ratio") > 0.2, "{found:?}");
    let away = (measured("rejected") + measured("dropped")) / measured("offered");
    for (name, parts) in &found.measures {
        assert_eq!(parts.generator.value, Some(0.0), "{name}");
        let measured = match name.as_str() {
            // Results count the two apart.
            TURNED_AWAY => away,
            name => measured(name),
        };
        let sum = parts.predicted.value.unwrap() + parts.server.value.unwrap();
        assert!((sum - measured).abs() < 1e-9, "{name}: {parts:?}");
    }
    let reply = found.measures["inter_message_s_mean"].server;
    let frames = (2.0 + 4.0 + 4.0) / 3.0 * 0.2;
    assert!(
        reply.low < Some(frames) && reply.high > Some(frames),
        "{reply:?}"
    );
}

/// Without delay there is nothing to attribute, not a nanosecond.
#[test]
fn without_delay_nothing_is_added() {
    let plan = plan(60);
    let (_, found) = found(&plan, 0, |_| {});
    for (name, parts) in &found.measures {
        assert_eq!(parts.generator.value, Some(0.0), "{name}");
        let server = parts.server.value.unwrap();
        assert!(server.abs() < 0.001, "{name}: {parts:?}");
    }
}

#[test]
fn a_server_of_other_rules_is_not_held_to_the_prediction() {
    let mut plan = plan(60);
    plan.outline.horizon = Time::from_secs_f64(600.0);
    let (_, found) = found(&plan, 0, |options| {
        options.rules.policy = Policy::Random;
        options.inactivity = Span::from_secs(1_000);
    });
    let reasons = found.reasons.join("\n");
    assert!(reasons.contains("routing policy"), "{reasons}");
    assert!(reasons.contains("inactivity timeout"), "{reasons}");
    assert!(found.measures.is_empty());
}
