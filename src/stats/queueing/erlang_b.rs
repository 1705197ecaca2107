//! Owns Erlang B: the loss system, in which nobody waits.
//!
//! Law: the recursion over servers never leaves 0..1, so no load and no team is too large for it.

/// The share of arrivals that find all `servers` busy and are turned away, at `load` erlangs
/// offered (M/G/c/c; Erlang 1917). Recursion of Jagerman (1974): B(c) = a B(c-1) / (c + a B(c-1)),
/// from B(0) = 1; the time grows with the servers, 100,000 take a millisecond.
pub fn blocked(load: f64, servers: u32) -> f64 {
    let mut blocked = 1.0;
    for server in 1..=servers {
        let carried = load * blocked;
        blocked = carried / (f64::from(server) + carried);
    }
    blocked
}

/// The load that each of the servers carries, 0 to 1.
pub fn occupancy(load: f64, servers: u32) -> f64 {
    load * (1.0 - blocked(load, servers)) / f64::from(servers)
}
