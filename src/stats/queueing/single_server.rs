//! Owns the single server with service times of any law.

use super::patience::positive;
use crate::stats::law::Impossible;

fn stable_load(arrivals: f64, handle_time: f64) -> Result<f64, Impossible> {
    positive("rate of arrivals", arrivals)?;
    positive("mean handle time", handle_time)?;
    let load = arrivals * handle_time;
    if load < 1.0 {
        return Ok(load);
    }
    Err(format!(
        "the queue grows without end: {load:.4} erlangs need more than one agent"
    ))
}

/// The mean wait, first come first served, with handle times of this mean and coefficient of
/// variation (M/G/1; Pollaczek 1930, Khinchine 1932).
///
/// # Errors
/// A rate or a time that is not above zero, or a load of one erlang and more.
pub fn wait(arrivals: f64, handle_time: f64, cv: f64) -> Result<f64, Impossible> {
    let load = stable_load(arrivals, handle_time)?;
    Ok(load * handle_time * (1.0 + cv * cv) / (2.0 * (1.0 - load)))
}

/// The mean time from coming to going when all share the server evenly, for handle times of any
/// law (M/G/1 processor sharing; Sakata, Noguchi and Oizumi 1971).
///
/// # Errors
/// A rate or a time that is not above zero, or a load of one erlang and more.
pub fn shared_stay(arrivals: f64, handle_time: f64) -> Result<f64, Impossible> {
    stable_load(arrivals, handle_time).map(|load| handle_time / (1.0 - load))
}
