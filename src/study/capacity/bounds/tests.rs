//! Probes that are made up, held against bounds.

use std::path::Path;

use indexmap::IndexMap;

use super::*;
use crate::measure::attribution::{Attribution, Parts};
use crate::measure::kpi::Findings;
use crate::measure::pool::Pool;
use crate::measure::result::{RunKind, ScenarioEcho};
use crate::measure::sight::Sight;
use crate::scenario::read_text;

fn plan(gates: &str) -> Plan {
    let text = [
        "[calendar]\nstart = 2026-01-05T09:00:00\nhorizon = \"1h\"",
        "[arrivals]\nrate = \"10 per hour\"",
        "[agents]\ncount = 1\nconcurrency = 1\nreply = \"constant(60s)\"",
        gates,
    ];
    read_text("test", &text.join("\n"), Path::new(""), &[]).unwrap()
}

fn of(value: f64) -> Measure {
    Measure {
        value: Some(value),
        samples: 100,
        ..Measure::NONE
    }
}

/// A sound run of a hundred chats, changed.
fn run(plan: &Plan, changes: &[(&str, f64)]) -> RunResult {
    let pool = Pool::new(&plan.outline, true);
    let findings = Findings {
        outline: &plan.outline,
        tallies: &[],
        pool: &pool,
        live: None,
        sight: Sight::Whole,
    };
    let scenario = ScenarioEcho {
        speed: Some(2.0),
        ..plan.echo()
    };
    let label = |_| String::new();
    let gates = (&plan.gates[..], plan.judge);
    let mut result = RunResult::new(RunKind::Load, scenario, &findings, gates, label);
    result.verdict.valid = Some(true);
    let sound = [
        ("offered", 100.0),
        ("failed", 0.0),
        ("broken", 0.0),
        ("delivery_ms_p99", 3.0),
        ("connect_ms_p99", 3.0),
        ("assignment_ms_p99", 3.0),
        ("wait_s_p95", 600.0),
    ];
    let faults = Fault::ALL.map(|fault| (fault.measure(), 0.0));
    let wait = [("wait_s_mean", 9.0)];
    for (name, value) in sound.iter().chain(&wait).chain(&faults).chain(changes) {
        result.measures.insert((*name).into(), of(*value));
    }
    result
}

fn judged(plan: &Plan, changes: &[(&str, f64)]) -> (Vote, Vec<Cause>) {
    Bounds::of(plan, 0.01, 500.0).judge(&run(plan, changes))
}

/// What broke, by the measure or the kind.
fn broken(plan: &Plan, changes: &[(&str, f64)]) -> Vec<String> {
    let (vote, causes) = judged(plan, changes);
    assert_eq!(
        vote,
        if causes.is_empty() {
            Vote::Held
        } else {
            Vote::Broke
        }
    );
    let name = |cause: &Cause| match cause {
        Cause::Gate { gate, .. } => gate.measure.clone(),
        Cause::Failures { .. } => "failures".into(),
        Cause::Silence { .. } => "silence".into(),
        Cause::Abandoned { .. } => "abandoned".into(),
        Cause::AddedWait { .. } => "added wait".into(),
        Cause::Run { .. } | Cause::Generator { .. } => "run".into(),
    };
    causes.iter().map(name).collect()
}

#[test]
fn a_sound_run_holds_whatever_people_wait() {
    let plan = plan("[gate]\nwait_s_p95 = \"< 60\"\nabandoned_ratio = \"< 0.1\"");
    assert_eq!(broken(&plan, &[]), [""; 0]);
    let bounds = Bounds::of(&plan, 0.01, 500.0);
    assert_eq!(bounds.not_judged, ["wait_s_p95", "abandoned_ratio"]);
}

#[test]
fn latencies_are_held_to_the_scenarios_gates_or_to_a_second() {
    let bare = plan("");
    for name in DEFAULTS {
        assert_eq!(broken(&bare, &[(name, 1_001.0)]), [name]);
        assert_eq!(broken(&bare, &[(name, 1_000.0)]), [""; 0]);
    }
    let strict = plan("[gate]\ndelivery_ms_p50 = \"<= 2\"\nagent_online_ms_max = \"< 9\"");
    let changes = [
        ("delivery_ms_p50", 2.5),
        ("delivery_ms_p99", 5_000.0),
        ("agent_online_ms_max", 9.0),
    ];
    assert_eq!(
        broken(&strict, &changes),
        ["delivery_ms_p50", "agent_online_ms_max"]
    );
    // A gate that somebody asked for fails without samples, and one that nobody did does not.
    assert_eq!(
        broken(&strict, &[]),
        ["delivery_ms_p50", "agent_online_ms_max"]
    );
    let mut silent = run(&bare, &[]);
    DEFAULTS.into_iter().for_each(|name| {
        silent.measures.insert(name.into(), Measure::NONE);
    });
    assert_eq!(Bounds::of(&bare, 0.01, 500.0).judge(&silent).0, Vote::Held);
}

#[test]
fn failures_and_faults_break_a_probe() {
    let plan = plan("");
    assert_eq!(broken(&plan, &[("failed", 1.0)]), [""; 0]);
    assert_eq!(
        broken(&plan, &[("failed", 1.0), ("broken", 1.0)]),
        ["failures"]
    );
    for fault in Fault::ALL.map(Fault::measure) {
        assert_eq!(broken(&plan, &[(fault, 1.0)]), [fault]);
    }
}

#[test]
fn a_scenario_may_allow_faults() {
    let plan = plan("[gate]\nlost = \"<= 5\"\nfailed_ratio = \"< 0.001\"");
    let changes = [("lost", 5.0), ("failed_ratio", 0.0005)];
    assert_eq!(broken(&plan, &changes), [""; 0]);
    let changes = [("lost", 6.0), ("failed_ratio", 0.002)];
    let mut names = broken(&plan, &changes);
    names.sort();
    assert_eq!(names, ["failed_ratio", "lost"]);
}

/// The parts of a measure of which so much is the server's, beyond so much at least.
fn server(value: f64, low: f64) -> Parts {
    let server = Measure {
        value: Some(value),
        low: Some(low),
        high: Some(2.0 * value - low),
        samples: 100,
    };
    Parts {
        predicted: of(1.0),
        predicted_with_lag: of(1.0),
        measured: of(1.0),
        generator: of(0.0),
        server,
    }
}

fn attributed(result: &mut RunResult, measure: &str, parts: Parts) {
    result.attribution = Some(Attribution {
        measures: IndexMap::from([(measure.to_string(), parts)]),
        ..Attribution::default()
    });
}

#[test]
fn who_is_turned_away_or_sent_off_counts_with_the_failures() {
    let endless = plan("");
    assert_eq!(broken(&endless, &[("rejected", 1.0)]), [""; 0]);
    for changes in [
        [("rejected", 2.0), ("dropped", 0.0)],
        [("rejected", 0.0), ("dropped", 100.0)],
        [("failed", 1.0), ("rejected", 1.0)],
    ] {
        assert_eq!(broken(&endless, &changes), ["failures"]);
    }
    let told = judged(&endless, &[("failed", 1.0), ("dropped", 2.0)]).1;
    let (ratio, turned_away, bound) = (0.03, 0.02, 0.01);
    let failures = Cause::Failures {
        ratio,
        turned_away,
        bound,
    };
    assert_eq!(told, [failures]);
}

/// Where the scenario has a limit on its queue, what goes beyond the prediction is the server's.
#[test]
fn whom_the_scenario_turns_away_is_none_of_the_servers() {
    let limited = plan("[queue]\nlimit = 3");
    let bounds = Bounds::of(&limited, 0.01, 500.0);
    let mut result = run(&limited, &[("rejected", 30.0)]);
    assert_eq!(bounds.judge(&result).0, Vote::Held);
    for (value, low, vote) in [
        (0.05, -0.01, Vote::Held),
        (0.009, 0.001, Vote::Held),
        (0.05, 0.02, Vote::Broke),
    ] {
        attributed(&mut result, TURNED_AWAY, server(value, low));
        assert_eq!(bounds.judge(&result).0, vote, "{value} {low}");
    }
}

/// Where it plans that connections are cut, chats are lost by that too.
#[test]
fn whose_chat_the_scenario_cuts_is_none_of_the_servers() {
    let bounds = Bounds::of(&plan(""), 0.01, 500.0);
    let mut result = run(&plan(""), &[("broken", 30.0)]);
    for (broken_by_plan, vote) in [
        (None, Vote::Broke),
        (Some(28), Vote::Broke),
        (Some(29), Vote::Held),
        (Some(40), Vote::Held),
    ] {
        result.attribution = Some(Attribution {
            broken_by_plan,
            ..Attribution::default()
        });
        assert_eq!(bounds.judge(&result).0, vote, "{broken_by_plan:?}");
    }
}

#[test]
fn whom_the_server_made_leave_breaks_a_probe() {
    let plan = plan("");
    let bounds = Bounds::of(&plan, 0.01, 500.0);
    let mut result = run(&plan, &[("abandoned_ratio", 0.4)]);
    assert_eq!(bounds.judge(&result).0, Vote::Held, "nothing is predicted");
    attributed(&mut result, "abandoned_ratio", server(0.2, -0.1));
    assert_eq!(bounds.judge(&result).0, Vote::Held, "it may be chance");
    attributed(&mut result, "abandoned_ratio", server(0.2, 0.1));
    let (ratio, bound) = (0.2, 0.01);
    let cause = Cause::Abandoned { ratio, bound };
    assert_eq!(bounds.judge(&result), (Vote::Broke, vec![cause]));
}

/// A server that gives nobody an agent does not hold, however quick it is otherwise.
#[test]
fn a_server_that_gives_nobody_an_agent_breaks() {
    let plan = plan("");
    let bounds = Bounds::of(&plan, 0.01, 500.0);
    let silent = |offered: f64| {
        let mut result = run(&plan, &[("offered", offered)]);
        let none = ["wait_s_mean", "delivery_ms_p99", "assignment_ms_p99"];
        none.into_iter().for_each(|name| {
            result.measures.insert(name.into(), Measure::NONE);
        });
        result
    };
    let cause =
        |offered: f64, predicted| (Vote::Broke, vec![Cause::Silence { offered, predicted }]);
    assert_eq!(bounds.judge(&silent(10.0)), cause(10.0, None));
    assert_eq!(bounds.judge(&silent(9.0)).0, Vote::Held, "too few to tell");
    let predicting = |samples: u64| {
        let mut result = silent(9.0);
        let mut parts = server(0.0, 0.0);
        parts.predicted_with_lag.samples = samples;
        attributed(&mut result, "wait_s_mean", parts);
        result
    };
    assert_eq!(bounds.judge(&predicting(4)), cause(9.0, Some(4)));
    assert_eq!(bounds.judge(&predicting(0)).0, Vote::Held);
}

/// Added wait breaks a probe where it is beyond chance and beyond the bound, on the wall: at speed 2
/// half of what the scenario says.
#[test]
fn added_wait_counts_beyond_chance_and_bound() {
    let plan = plan("");
    let vote = |value: f64, low: f64| {
        let mut result = run(&plan, &[]);
        attributed(&mut result, "wait_s_mean", server(value, low));
        Bounds::of(&plan, 0.01, 500.0).judge(&result)
    };
    assert_eq!(vote(0.9, 0.8).0, Vote::Held);
    assert_eq!(vote(5.0, -1.0).0, Vote::Held);
    let (ms, bound) = (550.0, 500.0);
    let cause = Cause::AddedWait { ms, bound };
    assert_eq!(vote(1.1, 0.2), (Vote::Broke, vec![cause]));
}

/// Where nobody comes no server breaks.
#[test]
fn a_run_without_customers_tells_nothing() {
    let (vote, causes) = judged(&plan(""), &[("offered", 0.0)]);
    assert_eq!((vote, causes.len()), (Vote::Bound, 1));
}

#[test]
fn who_fell_short_is_told_apart() {
    let plan = plan("");
    let bounds = Bounds::of(&plan, 0.01, 500.0);
    let mut result = run(&plan, &[("delivery_ms_p99", 9_000.0)]);
    result.verdict.valid = Some(false);
    result.verdict.reasons = vec!["the generator was late".into()];
    let words = "the generator was late".to_string();
    let bound = (Vote::Bound, vec![Cause::Generator { words }]);
    assert_eq!(bounds.judge(&result), bound);
    result.verdict.failed = Some("the server is gone".into());
    let words = "the server is gone".to_string();
    let broke = (Vote::Broke, vec![Cause::Run { words }]);
    assert_eq!(bounds.judge(&result), broke);
}

/// A run that fails because this machine could not start its customers says nothing of the server.
#[test]
fn what_this_machine_could_not_start_is_judged_first() {
    let plan = plan("");
    let mut result = run(&plan, &[("not_started", 7.0), ("failed", 7.0)]);
    result.verdict.valid = Some(false);
    result.verdict.failed = Some("more than half of the tries failed".into());
    let (vote, causes) = Bounds::of(&plan, 0.01, 500.0).judge(&result);
    let [Cause::Generator { words }] = &causes[..] else {
        panic!("{causes:?}");
    };
    assert_eq!(vote, Vote::Bound);
    assert!(words.starts_with("7 arrivals were not started"), "{words}");
}
