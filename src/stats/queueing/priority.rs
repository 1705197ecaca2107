//! Owns the waits of classes by priority: M/M/n, first come first served within a class, nobody
//! interrupted.

use super::erlang_b::blocked;
use super::patience::positive;
use crate::stats::law::Impossible;

/// The mean wait of each class, the most urgent first: `arrivals` are their rates, `handle_time` is
/// the mean of exponential handle times, the same for all (Cobham 1954, equation 3; Kella and
/// Yechiali 1985 for several servers).
///
/// # Errors
/// A rate or a time that is not above zero, no agents, or a load that the agents cannot carry.
pub fn waits(arrivals: &[f64], handle_time: f64, agents: u32) -> Result<Vec<f64>, Impossible> {
    for rate in arrivals {
        positive("rate of arrivals", *rate)?;
    }
    positive("mean handle time", handle_time)?;
    positive("number of agents", f64::from(agents))?;
    let n = f64::from(agents);
    let load = arrivals.iter().sum::<f64>() * handle_time;
    if load >= n {
        return Err(format!(
            "the queue grows without end: {load:.4} erlangs need more than {agents} agents"
        ));
    }
    let blocked = blocked(load, agents);
    let p_wait = blocked / (1.0 - load / n * (1.0 - blocked));
    let mut above = 0.0;
    let wait = |rate: &f64| {
        let with = above + rate * handle_time / n;
        let wait = p_wait * handle_time / n / ((1.0 - above) * (1.0 - with));
        above = with;
        wait
    };
    Ok(arrivals.iter().map(wait).collect())
}
