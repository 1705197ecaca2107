//! Owns the validity of a live run: whether the generator did what the plan said, when it said.
//!
//! Law: validity is about the generator alone; what the server did wrong is for gates to judge.

use crate::scenario::plan::Plan;

/// What is known of the generator at the end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Conduct {
    /// The 99th percentile of the schedule lag in wall milliseconds; none when nothing was due.
    pub lag_ms_p99: Option<f64>,
    /// Arrivals that this machine could not start.
    pub not_started: u32,
    /// Which workers were lost, and how, a sentence each.
    pub lost: Vec<String>,
}

/// The most that the 99th percentile of the lag may be at this plan's speed, in milliseconds.
pub fn lag_bound_ms(plan: &Plan) -> f64 {
    let share = plan.validity.lag_share * plan.median_human_time() / plan.live.speed * 1e3;
    plan.validity.lag_ms_p99.min(share)
}

/// Why the run is not valid; empty when it is.
pub fn faults(plan: &Plan, conduct: Conduct) -> Vec<String> {
    let mut faults = conduct.lost;
    let bound = lag_bound_ms(plan);
    if let Some(lag) = conduct.lag_ms_p99.filter(|lag| *lag > bound) {
        let why = if bound < plan.validity.lag_ms_p99 {
            let share = plan.validity.lag_share * 100.0;
            let speed = plan.live.speed;
            format!("{share} % of the median human time at speed {speed}: lower the speed")
        } else {
            "the scenario's bound: give the generator more of the machine".to_string()
        };
        faults.push(format!(
            "schedule lag p99 is {lag:.1} ms, over {bound:.1} ms, {why}"
        ));
    }
    if conduct.not_started > 0 {
        let count = conduct.not_started;
        faults.push(format!(
            "{count} arrivals were not started: descriptors or ports of this machine ran out"
        ));
    }
    faults
}
