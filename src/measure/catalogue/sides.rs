//! Owns which measures take which side of the chats to see.
//!
//! Law: a measure of which a side is missing is not measured; what either side sees alone is.

/// Whether a measure is one of these, or a statistic of one of those series.
fn is_of(name: &str, singles: &[&str], series: &[&str]) -> bool {
    let of_series = name.rsplit_once('_').map_or("", |(series, _)| series);
    singles.contains(&name) || series.contains(&of_series)
}

/// What takes both sides: what becomes of messages on the way.
const OF_BOTH: [&str; 6] = [
    "lost",
    "undelivered",
    "duplicated",
    "reordered",
    "misdelivered",
    "foreign",
];

/// How long messages are under way, by both sides.
const SERIES_OF_BOTH: [&str; 3] = ["delivery_ms", "delivery_from_due_ms", "round_trip_ms"];

/// Whether a measure needs the agents' side of the chats, which a live run does not see where the
/// customers alone are played: slots and their times, composing, delivery from one side to the other
/// and what becomes of messages on the way.
pub fn tells_of_agents(name: &str) -> bool {
    let singles = [
        "occupancy_ratio",
        "utilisation_ratio",
        "composing_total_ratio",
        "active_chats_mean",
        "concurrency_busy",
        "overtime_h",
        "wasted_slot_s",
        "chats_per_agent_hour",
        "assigned_twice",
        "over_limit",
        "assigned_offline",
    ];
    let series = [
        "handle_s",
        "wrap_up_s",
        "composing_per_chat_s",
        "agent_online_ms",
    ];
    is_of(name, &singles, &series) || is_of(name, &OF_BOTH, &SERIES_OF_BOTH)
}

/// Whether a measure needs the customers' side of the chats, which a live run does not see where the
/// agents alone are played: who comes, the queue, who gives up silently, connecting, delivery from one
/// side to the other and what becomes of messages on the way.
pub fn tells_of_customers(name: &str) -> bool {
    let singles = [
        "arrived",
        "closed",
        "customers",
        "retried",
        "short_abandoned",
        "abandoned_queue",
        "abandoned_silent",
        "rejected",
        "failed",
        "reconnects",
        "abandoned_ratio",
        "abandoned_queue_ratio",
        "rejected_ratio",
        "delayed_ratio",
        "failed_ratio",
        "queue_mean",
        "queue_max",
        "orbit_mean",
        "wasted_slot_s",
    ];
    let series = [
        "wait_s",
        "wait_all_s",
        "wait_abandoned_s",
        "requeue_wait_s",
        "connect_ms",
        "assignment_ms",
        "dispatch_ms",
    ];
    let of_one = is_of(name, &singles, &series) || super::service_level(name).is_some();
    of_one || is_of(name, &OF_BOTH, &SERIES_OF_BOTH)
}

/// Whether a measure that needs agents of the run is of one side alone: who plays a part of the
/// customers and of the agents sees it.
pub fn tells_of_one_side(name: &str) -> bool {
    name.starts_with("round_trip_ms_") || name.starts_with("agent_online_ms_")
}

#[cfg(test)]
mod tests {
    use super::super::{SERVICE_LEVEL_FORMS, STATISTICS, names};
    use super::*;

    #[test]
    fn measures_of_agents_are_told_apart() {
        assert!(tells_of_agents("handle_s_p95") && tells_of_agents("over_limit"));
        assert!(!tells_of_agents("wait_s_mean") && !tells_of_agents("schedule_lag_ms_p99"));
        let of_agents = names().into_iter().filter(|name| tells_of_agents(name));
        assert_eq!(of_agents.count(), 17 + 7 * STATISTICS.len());
    }

    #[test]
    fn measures_of_customers_are_told_apart() {
        assert!(tells_of_customers("wait_s_p95") && tells_of_customers("foreign"));
        assert!(tells_of_customers("service_level_20s_of_answered"));
        for seen in [
            "handled",
            "first_response_s_mean",
            "over_limit",
            "agent_online_ms_max",
        ] {
            assert!(!tells_of_customers(seen), "{seen}");
        }
        let of_customers = names().into_iter().filter(|name| tells_of_customers(name));
        let levels = SERVICE_LEVEL_FORMS.len();
        assert_eq!(of_customers.count(), 25 + 10 * STATISTICS.len() + levels);
    }
}
