//! Owns `[run]`, `[live]` and `[validity]`: how a scenario is run and what a live run must keep.
//!
//! Law: every key has a default, so that a scenario without these sections can be run.

use super::document::At;
use super::duration::SPAN;
use super::form::{Choice, Number, Whole};
use super::plan::{EndsQuiet, Live, Validity};
use super::precision::{self, Precision};
use super::section::Section;
use crate::time::Span;

/// `[run]` as written.
pub struct Run {
    /// What is left out at the start.
    pub warm_up: At<Span>,
    /// Who leaves the queue before it is left out; none where it cannot be read.
    pub short_abandon: Option<At<Span>>,
    /// How long the run may go on after the horizon.
    pub drain_limit: Span,
    /// How often a simulation is repeated.
    pub replications: u32,
    /// When it may stop before; `replications` counts where there is none.
    pub precision: Option<Precision>,
    /// How long an interval is.
    pub interval: At<Span>,
}

/// The shortest interval.
pub const LEAST_INTERVAL: Span = Span::from_secs(1);

/// Reads `[run]`.
pub fn ask(section: &mut Section) -> Run {
    let warm_up = section.or(
        "warm_up",
        "What is left out of all figures at the start.",
        &SPAN,
        "\"0s\"",
    );
    let short_abandon = section.or(
        "short_abandon",
        "Who leaves the queue after less than this is left out of all figures, as if nobody had \
         come.",
        &SPAN,
        "\"0s\"",
    );
    let drain_limit = section.or(
        "drain_limit",
        "How long chats may go on after the horizon.",
        &SPAN,
        "\"24h\"",
    );
    let replications = section.or(
        "replications",
        "How often a simulation is repeated with other draws.",
        &Whole {
            least: 1,
            most: 1_000_000,
        },
        "10",
    );
    let precision = section.table(
        "precision",
        "How well measures are to be known, in place of `replications`: 10, 20, 40, ... are made \
         until the 95 % interval of each is within its bound on either side.",
        precision::ask,
    );
    section.excludes("precision", &["replications"], "precision decides how many");
    let interval = section.or(
        "interval",
        "The interval that figures are given by.",
        &SPAN,
        "\"30m\"",
    );
    if drain_limit.value > Span::from_secs(366 * 86_400) {
        let label = "at most 366d";
        section.problem(drain_limit.place, "`drain_limit` is too long", label, None);
    }
    if interval.value < LEAST_INTERVAL {
        let help = Some("write for example `interval = \"15m\"`".to_string());
        section.problem(
            interval.place,
            "`interval` is too short",
            "at least 1s",
            help,
        );
    }
    Run {
        warm_up,
        short_abandon: Some(short_abandon).filter(|_| !section.is_unread("short_abandon")),
        drain_limit: drain_limit.value,
        replications: replications.value as u32,
        precision: precision.map(|precision| precision.value),
        interval,
    }
}

/// Reads `[live]`.
pub fn ask_live(section: &mut Section) -> Live {
    let speed = section.or(
        "speed",
        "How many seconds of the scenario pass in one second of the wall clock.",
        &Number {
            least: 0.001,
            most: 100_000.0,
            least_allowed: true,
            example: "60",
        },
        "1.0",
    );
    let connect_lead = section.or(
        "connect_lead",
        "Wall time by which agents connect before their shift.",
        &SPAN,
        "\"5s\"",
    );
    let closing_deadline = section.or(
        "closing_deadline",
        "Wall time that stopping may take.",
        &SPAN,
        "\"10s\"",
    );
    let start_deadline = section.or(
        "start_deadline",
        "Wall time within which all agents of the first shift must be online.",
        &SPAN,
        "\"10s\"",
    );
    let inactivity = section.or(
        "inactivity",
        "Who ends a chat whose customer has been quiet for `agents.inactivity`: the server, by a \
         timeout of its own, or the agent, who closes it.",
        &Choice(&[("server", EndsQuiet::Server), ("agent", EndsQuiet::Agent)]),
        "\"server\"",
    );
    let reconnect_for = section.or(
        "reconnect_for",
        "Wall time for which somebody who is not let in, or has lost its connection, tries to get in, \
         with growing pauses; `\"0s\"` for not at all.",
        &SPAN,
        "\"30s\"",
    );
    let max_connect_rate = section.optional(
        "max_connect_rate",
        "The most connects in a second of the wall clock, over the whole run. A plan with more is \
         refused; who has lost its connection waits for room. Any number if absent.",
        &Number::above_zero(1e6, "500"),
    );
    let breaker_share = section.or(
        "breaker_share",
        "The share of connects and connections that may fail.",
        &Number::above_zero(1.0, "0.5"),
        "0.5",
    );
    let breaker_after = section.or(
        "breaker_after",
        "Wall time for which more than that may fail before the run is stopped; `\"0s\"` for ever.",
        &SPAN,
        "\"10s\"",
    );
    Live {
        speed: speed.value,
        connect_lead: connect_lead.value,
        closing_deadline: closing_deadline.value,
        start_deadline: start_deadline.value,
        inactivity: inactivity.value,
        reconnect_for: reconnect_for.value,
        max_connect_rate: max_connect_rate.map(|rate| rate.value),
        breaker_share: breaker_share.value,
        breaker_after: breaker_after.value,
    }
}

/// Reads `[validity]`.
pub fn ask_validity(section: &mut Section) -> Validity {
    let lag_ms_p99 = section.or(
        "lag_ms_p99",
        "The most that the 99th percentile of the schedule lag may be, in wall milliseconds.",
        &Number::above_zero(1e6, "20"),
        "20.0",
    );
    let lag_share = section.or(
        "lag_share",
        "The most that it may be as a share of the median human time at the run's speed.",
        &Number::above_zero(1.0, "0.01"),
        "0.01",
    );
    let lag_of_delivery = section.or(
        "lag_of_delivery",
        "Where the 99th percentile of the delivery times this is more than `lag_ms_p99`, the lag may \
         be so much.",
        &Number::above_zero(1.0, "0.1"),
        "0.1",
    );
    let stood_still_ratio = section.or(
        "stood_still_ratio",
        "The most of its time for which an event loop of the generator may stand still, 100 ms or \
         more at a time.",
        &Number::above_zero(1.0, "0.01"),
        "0.01",
    );
    Validity {
        lag_ms_p99: lag_ms_p99.value,
        lag_of_delivery: lag_of_delivery.value,
        lag_share: lag_share.value,
        stood_still_ratio: stood_still_ratio.value,
    }
}
