//! Owns the saturated agent: what an agent can do whose queue never empties.

/// What a saturated agent does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturated {
    /// The share of its time that it composes.
    pub utilisation: f64,
    /// Replies in a unit of time.
    pub replies: f64,
    /// Chats in a unit of time.
    pub chats: f64,
    /// From a message pending to its reply.
    pub latency: f64,
}

/// One agent with `concurrency` chats at all times. A reply takes `reply` on average, exponential;
/// then the customer thinks for `think`, or, after the last of `exchanges` on average (geometric),
/// wrap-up holds the slot for `wrap_up`; both of any law. The agent is a finite-source queue with
/// the slots as sources, so idle as often as M/G/K/K is full (Palm 1943; Takacs 1962).
pub fn saturated(
    concurrency: u32,
    reply: f64,
    think: f64,
    exchanges: f64,
    wrap_up: f64,
) -> Saturated {
    let away = think * (1.0 - 1.0 / exchanges) + wrap_up / exchanges;
    let utilisation = 1.0 - super::erlang_b::blocked(away / reply, concurrency);
    let replies = utilisation / reply;
    Saturated {
        utilisation,
        replies,
        chats: replies / exchanges,
        latency: f64::from(concurrency) / replies - away,
    }
}
