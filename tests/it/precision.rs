//! Replications until measures are known well enough, and one replication alone.

use std::sync::atomic::Ordering;

use busyhour::measure::result::RunResult;
use busyhour::scenario::plan::{Plan, Precision};
use busyhour::simulation::{Options, Outcome, Watch, simulate, simulate_into};
use busyhour::stats::law::{CountLaw, Law};

use crate::plans::Center;

/// Two agents at whom some wait and some leave.
fn plan(precision: &[(&str, f64, f64)], at_most: u32) -> Plan {
    let center = Center {
        per_hour: 100.0,
        hours: 6.0,
        warm_up_hours: 0.0,
        agents: 2,
        concurrency: 2,
        exchanges: CountLaw::geometric(2.0).unwrap(),
        think: Law::exponential(30.0).unwrap(),
        queue_patience: Law::exponential(120.0).unwrap(),
        reply_patience: Law::exponential(600.0).unwrap(),
        replications: at_most,
        seed: 3,
        ..Center::default()
    };
    let wanted = |&(measure, relative, absolute): &(&str, f64, f64)| Precision {
        measure: measure.into(),
        relative,
        absolute,
    };
    Plan {
        precision: precision.iter().map(wanted).collect(),
        ..center.plan()
    }
}

fn run(plan: &Plan, threads: usize) -> Outcome {
    let options = Options {
        threads,
        records: true,
        ..Options::default()
    };
    simulate(plan, &options, &Watch::default())
}

fn bytes(result: &RunResult) -> String {
    let mut result = result.clone();
    result.environment = Default::default();
    serde_json::to_string(&result).unwrap()
}

#[test]
fn rounds_double_until_the_measure_is_known_well_enough() {
    let wanted = plan(&[("wait_s_mean", 0.04, 0.0)], 10_000);
    let result = run(&wanted, 2).result;
    let made = result.scenario.replications;
    assert!([20, 40, 80, 160].contains(&made), "{made}");
    let precise = &result.precision[0];
    assert!(precise.reached && precise.half_width <= precise.wanted);
    let wait = &result.measures["wait_s_mean"];
    assert_eq!(precise.wanted, wait.value.map(|value| 0.04 * value));
    assert_eq!(precise.half_width, wait.half_width());
    // The round before was not enough, and a run of as many replications finds the same.
    let half_as_many = run(&plan(&[], made / 2), 2).result;
    let wait = &half_as_many.measures["wait_s_mean"];
    assert!(wait.half_width().unwrap() > 0.04 * wait.value.unwrap());
    let as_many = run(&plan(&[], made), 2).result;
    assert_eq!(as_many.measures, result.measures);
    assert_eq!(as_many.histograms, result.histograms);
}

#[test]
fn the_rounds_are_the_same_for_any_number_of_threads() {
    let wanted = plan(&[("wait_s_p90", 0.03, 0.0)], 10_000);
    let (one, three) = (run(&wanted, 1), run(&wanted, 3));
    assert!(one.result.scenario.replications > 10);
    assert_eq!(bytes(&one.result), bytes(&three.result));
    assert_eq!(one.records, three.records);
}

/// No row waits for more than a few replications, however many there are.
#[test]
fn rows_are_handed_on_in_order_while_the_run_goes_on() {
    let wanted = plan(&[("wait_s_mean", 0.000_1, 0.0)], 60);
    let options = Options {
        threads: 3,
        records: true,
        ..Options::default()
    };
    let (watch, mut came) = (Watch::default(), Vec::new());
    let outcome = simulate_into(&wanted, &options, &watch, &mut |number, rows| {
        let ended = watch.replications.load(Ordering::Relaxed);
        assert!(
            ended <= number + 6,
            "{ended} ended before the rows of {number}"
        );
        assert_eq!(came.len() as u32, number);
        came.push(rows);
    });
    assert!(outcome.records.is_empty());
    assert_eq!(came, run(&wanted, 1).records);
}

#[test]
fn means_ratios_percentiles_and_counts_may_be_named() {
    let wanted = [
        ("first_response_s_mean", 0.10, 0.0),
        ("abandoned_ratio", 0.0, 0.03),
        ("inter_message_s_p95", 0.10, 0.0),
        ("offered", 0.10, 0.0),
        ("service_level_30s", 0.05, 0.0),
        ("occupancy_ratio", 0.05, 0.0),
    ];
    let result = run(&plan(&wanted, 1_000), 2).result;
    assert_eq!(result.precision.len(), wanted.len());
    assert!(result.precision.iter().all(|precise| precise.reached));
    assert_eq!(result.verdict.failed, None);
}

#[test]
fn at_the_cap_it_is_said_that_the_precision_was_not_reached() {
    let mut result = run(&plan(&[("wait_s_mean", 0.000_1, 0.0)], 25), 2).result;
    result.settle();
    assert_eq!(result.scenario.replications, 25);
    assert!(!result.precision[0].reached);
    assert_eq!((result.verdict.failed, result.verdict.passed), (None, None));
}

#[test]
fn a_measure_without_samples_fails_the_run_after_the_first_round() {
    let endless = [
        ("wait_s_mean", 0.000_1, 0.0),
        ("requeue_wait_s_mean", 0.5, 0.0),
    ];
    let result = run(&plan(&endless, 1_000), 2).result;
    assert_eq!(result.scenario.replications, 10);
    let words = result.verdict.failed.unwrap();
    assert!(
        words.starts_with("requeue_wait_s_mean has no samples"),
        "{words}"
    );
    assert!(words.contains("run.precision"), "{words}");
}

#[test]
fn a_replication_alone_has_the_rows_of_the_whole_run() {
    let whole = run(&plan(&[], 4), 2);
    let mut third = plan(&[], 1);
    third.first_replication = 3;
    let alone = run(&third, 2);
    assert_eq!(alone.records, whole.records[3..]);
    let echo = alone.result.scenario;
    assert_eq!((echo.replications, echo.replication), (1, Some(3)));
    assert_eq!(whole.result.scenario.replication, None);
}
