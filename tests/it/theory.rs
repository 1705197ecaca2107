//! The simulation against exact queueing theory.
//!
//! Each figure is a literature value to ten digits (closed forms of Erlang; Markov chains solved
//! numerically). The rule: at least 30 replications, fixed seeds, an estimate passes within 3.3
//! standard errors (99.9 % each); of twenty or more, one may exceed that, none may exceed 4.

use busyhour::measure::result::RunResult;
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::stats::interval::student;

use crate::plans::Center;

/// Runs a center's replications and holds measures against exact values.
pub fn simulated(center: &Center) -> RunResult {
    let options = Options {
        threads: 2,
        records: false,
    };
    simulate(&center.plan(), &options, &Watch::default()).result
}

/// How many standard errors each estimate is away from its exact value.
pub fn deviations(center: &Center, exact: &[(&str, f64)]) -> Vec<f64> {
    let result = simulated(center);
    let t = student(center.replications as usize - 1);
    let deviation = |(name, exact): &(&str, f64)| {
        let measure = result.measures[*name];
        let (value, low, high) = (
            measure.value.unwrap(),
            measure.low.unwrap(),
            measure.high.unwrap(),
        );
        let error = (high - low) / 2.0 / t;
        let z = (value - exact) / error;
        println!(
            "{name:24} {value:12.6} exact {exact:12.6} z {z:6.2} +-{:.2} %",
            100.0 * (high - low) / 2.0 / exact
        );
        z
    };
    exact.iter().map(deviation).collect()
}

#[test]
fn probe() {
    let center = Center::default();
    deviations(
        &center,
        &[
            ("wait_s_mean", 80.0),
            ("delayed_ratio", 2.0 / 3.0),
            ("utilisation_ratio", 2.0 / 3.0),
            ("queue_mean", 4.0 / 3.0),
            ("service_level_30s", 0.480799478),
        ],
    );
    panic!();
}
