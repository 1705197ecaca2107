//! Playing until a measure is known well enough: reached, not reached, and never to be reached.

use super::program::Program;

#[test]
fn precision_that_is_reached_is_said() {
    let program = Program::new();
    let args = [
        "simulate",
        "small.toml",
        "--precision",
        "inter_message_s_mean=5%",
    ];
    let report = program.run(&args).ends_with(0).stdout;
    assert!(report.contains("reached"), "{report}");
    assert!(!report.contains("NOT REACHED"), "{report}");
    let precision = &program.result("run.json").precision;
    assert!(precision[0].reached && precision[0].half_width <= precision[0].wanted);
}

#[test]
fn a_cap_that_comes_first_is_said_and_is_no_failure() {
    let program = Program::new();
    let args = ["simulate", "small.toml", "--precision", "wait_s_p99=0.001"];
    let cap = ["--set", "run.precision.at_most=20"];
    let ended = program.run(&[&args[..], &cap].concat()).ends_with(0);
    assert!(ended.stdout.contains("NOT REACHED"), "{}", ended.stdout);
    let result = program.result("run.json");
    assert_eq!(result.scenario.replications, 20);
    assert!(!result.precision[0].reached);
}

#[test]
fn a_measure_without_samples_ends_the_run_with_its_report() {
    let program = Program::new();
    let never = ["--set", "customers.queue_patience=never"];
    let args = [
        "simulate",
        "small.toml",
        "--precision",
        "wait_abandoned_s_mean=2%",
    ];
    let ended = program.run(&[&args[..], &never].concat()).ends_with(3);
    let why = "wait_abandoned_s_mean has no samples";
    assert!(ended.stdout.contains(why), "{}", ended.stdout);
    let result = program.result("run.json");
    assert!(
        result
            .verdict
            .failed
            .is_some_and(|why| why.contains("wait_abandoned_s_mean"))
    );
    assert_eq!(result.scenario.replications, 10);
}

#[test]
fn a_measure_that_is_none_is_refused_with_the_nearest() {
    let program = Program::new();
    let run = |wanted: &str| program.run(&["simulate", "small.toml", "--precision", wanted]);
    run("wait_s_maen=2%").fails_with(2, &["wait_s_maen", "wait_s_mean"]);
    run("delivery_ms_p99=5").fails_with(2, &["delivery_ms_p99"]);
    let gate = ["simulate", "small.toml", "--set", "gate.wait_s_maen=< 5"];
    program
        .run(&gate)
        .fails_with(2, &["wait_s_maen", "wait_s_mean"]);
}
