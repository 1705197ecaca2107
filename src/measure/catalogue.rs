//! Owns the catalogue of measures: every name that results, gates and reports may use.
//!
//! Law: a name that is not found here is no measure. Units end names.

mod sides;

use super::result::RunKind;
use crate::time::Span;
pub use sides::{tells_of_agents, tells_of_customers, tells_of_one_side};

/// One measure, or one statistic of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Which kinds of run can have it.
    pub runs: Runs,
    /// What it is, in a few words.
    pub says: &'static str,
}

/// Which kinds of run can have a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Simulated and live.
    All,
    /// Live, and simulated where customers' connections are cut by plan.
    Cut,
    /// Live only.
    Live,
}

impl Entry {
    /// Whether a run of this kind can have the measure, where connections are cut by plan or not.
    pub fn applies_to(&self, kind: RunKind, cuts: bool) -> bool {
        match self.runs {
            Runs::All => true,
            Runs::Cut => cuts || kind == RunKind::Load,
            Runs::Live => kind == RunKind::Load,
        }
    }
}

/// The statistics of a series, as they end its measures' names.
pub const STATISTICS: [&str; 6] = ["mean", "p50", "p90", "p95", "p99", "max"];

/// The forms of the service level, as they end its measures' names: over offered, over answered,
/// over offered less short abandonments, and with short abandonments counted as good.
pub const SERVICE_LEVEL_FORMS: [&str; 4] = [
    "",
    "_of_answered",
    "_less_short_abandons",
    "_with_short_abandons",
];

/// Measures of one value: name, which runs, what it is.
const SINGLES: &[(&str, Runs, &str)] = &[
    ("arrived", Runs::All, "customers who came"),
    (
        "closed",
        Runs::All,
        "came outside opening hours and went away",
    ),
    ("customers", Runs::All, "different people who came"),
    ("offered", Runs::All, "chats that asked for an agent"),
    (
        "retried",
        Runs::All,
        "chats of customers who came again, of those offered",
    ),
    (
        "short_abandoned",
        Runs::All,
        "left the queue before `run.short_abandon`; in no other count",
    ),
    ("handled", Runs::All, "chats that got to their end"),
    ("abandoned_queue", Runs::All, "left in the queue"),
    ("abandoned_chat", Runs::All, "left in the chat"),
    (
        "abandoned_silent",
        Runs::All,
        "left without telling anybody, of both",
    ),
    (
        "rejected",
        Runs::All,
        "turned away: full queue, closing time",
    ),
    (
        "dropped",
        Runs::All,
        "ended by agent or system before their end",
    ),
    (
        "open_at_end",
        Runs::All,
        "neither ended nor left when the drain was over",
    ),
    ("failed", Runs::Live, "never got in"),
    ("broken", Runs::Cut, "cut and not resumed"),
    (
        "reconnects",
        Runs::Cut,
        "cut and resumed: times a customer was back in time",
    ),
    (
        "abandoned_ratio",
        Runs::All,
        "left in queue or chat, of offered",
    ),
    (
        "abandoned_queue_ratio",
        Runs::All,
        "left in the queue, of offered",
    ),
    (
        "abandoned_chat_ratio",
        Runs::All,
        "left in the chat, of assigned",
    ),
    ("rejected_ratio", Runs::All, "turned away, of offered"),
    ("delayed_ratio", Runs::All, "had to wait, of offered"),
    ("failed_ratio", Runs::Live, "never got in, of offered"),
    ("broken_ratio", Runs::Cut, "cut and not resumed, of offered"),
    (
        "unanswered_ratio",
        Runs::All,
        "messages without a reply, of messages",
    ),
    (
        "occupancy_ratio",
        Runs::All,
        "slot-time in use, of slot-time staffed",
    ),
    (
        "utilisation_ratio",
        Runs::All,
        "composing time, of staffed time",
    ),
    (
        "composing_total_ratio",
        Runs::All,
        "all composing, drain included, of staffed time",
    ),
    ("active_chats_mean", Runs::All, "slots in use, by the clock"),
    ("queue_mean", Runs::All, "chats waiting, by the clock"),
    ("queue_max", Runs::All, "most chats waiting at once"),
    (
        "orbit_mean",
        Runs::All,
        "customers who will come again, by the clock",
    ),
    (
        "concurrency_busy",
        Runs::All,
        "slots in use of an agent who has any",
    ),
    ("overtime_h", Runs::All, "hours worked after shift ends"),
    (
        "wasted_slot_s",
        Runs::All,
        "slot-time held for customers who are gone",
    ),
    (
        "chats_per_agent_hour",
        Runs::All,
        "chats handled an hour staffed",
    ),
    (
        "not_started",
        Runs::Live,
        "arrivals that the generator did not start",
    ),
    ("over_limit", Runs::Live, "times the server exceeded K"),
    (
        "lost",
        Runs::Live,
        "messages that did not come, though both sides were there",
    ),
    (
        "undelivered",
        Runs::Live,
        "messages that did not come since one side had gone",
    ),
    ("duplicated", Runs::Live, "messages that came twice"),
    (
        "reordered",
        Runs::Live,
        "messages that came after one sent later",
    ),
    (
        "misdelivered",
        Runs::Live,
        "messages that came to somebody else",
    ),
    (
        "foreign",
        Runs::Live,
        "messages and chats that are not of this run",
    ),
    (
        "assigned_twice",
        Runs::Live,
        "times a chat was given to an agent while another had it",
    ),
    (
        "assigned_offline",
        Runs::Live,
        "times a chat was given to an agent who was away",
    ),
];

/// Series: name with unit, which runs, what it is. Each has the six statistics.
const SERIES: &[(&str, Runs, &str)] = &[
    (
        "wait_s",
        Runs::All,
        "offer to assignment, of assigned chats",
    ),
    (
        "wait_all_s",
        Runs::All,
        "time in the queue, of assigned, abandoned and rejected chats",
    ),
    (
        "wait_abandoned_s",
        Runs::All,
        "time in the queue of those who left it",
    ),
    (
        "requeue_wait_s",
        Runs::All,
        "back in the queue to assigned again",
    ),
    (
        "first_response_s",
        Runs::All,
        "offer to the first reply delivered",
    ),
    (
        "inter_message_s",
        Runs::All,
        "message pending to its reply delivered",
    ),
    (
        "pending_abandoned_s",
        Runs::All,
        "message pending to the customer leaving",
    ),
    ("handle_s", Runs::All, "assignment to slot free"),
    ("wrap_up_s", Runs::All, "close to slot free"),
    ("composing_per_chat_s", Runs::All, "composing for one chat"),
    (
        "delivery_ms",
        Runs::Live,
        "message written by one side to read by the other",
    ),
    (
        "delivery_from_due_ms",
        Runs::Live,
        "message due at one side to read by the other",
    ),
    (
        "round_trip_ms",
        Runs::Live,
        "customer's message written to its reply read, less the agent's own hold",
    ),
    ("connect_ms", Runs::Live, "dialling to the server's hello"),
    (
        "assignment_ms",
        Runs::Live,
        "opening a chat to its assignment, where nobody waited",
    ),
    (
        "dispatch_ms",
        Runs::Live,
        "asking the run's own dispatcher for an agent to its assignment, where nobody waited",
    ),
    (
        "acknowledged_ms",
        Runs::Live,
        "message written to the server's own word that it has it",
    ),
    (
        "agent_online_ms",
        Runs::Live,
        "dialling to the server's confirmation of an agent",
    ),
    (
        "schedule_lag_ms",
        Runs::Live,
        "due to written by the generator",
    ),
];

/// The entry of a measure's name; `None` when there is no such measure.
pub fn find(name: &str) -> Option<Entry> {
    let entry = |&(_, runs, says): &(&str, Runs, &'static str)| Entry { runs, says };
    if let Some(single) = SINGLES.iter().find(|single| single.0 == name) {
        return Some(entry(single));
    }
    if let Some((series, statistic)) = name.rsplit_once('_')
        && STATISTICS.contains(&statistic)
    {
        return SERIES.iter().find(|s| s.0 == series).map(entry);
    }
    service_level(name).map(|_| Entry {
        runs: Runs::All,
        says: "share answered within the time",
    })
}

/// The least and the greatest value that a measure can have. A share is at most 1, but that the
/// composing of the drain is set against the time staffed before it.
pub fn range(name: &str) -> (f64, f64) {
    let share = name.ends_with("_ratio") && name != "composing_total_ratio";
    match share || service_level(name).is_some() {
        true => (0.0, 1.0),
        false => (0.0, f64::INFINITY),
    }
}

/// Whether a measure tells of messages or of composing, which the level model does not have.
pub fn tells_of_messages(name: &str) -> bool {
    let singles = [
        "unanswered_ratio",
        "utilisation_ratio",
        "composing_total_ratio",
    ];
    let series = [
        "first_response_s",
        "inter_message_s",
        "pending_abandoned_s",
        "composing_per_chat_s",
    ];
    let of_series = name.rsplit_once('_').map_or("", |(series, _)| series);
    singles.contains(&name) || series.contains(&of_series)
}

/// The time T of a service-level measure's name, as in `service_level_30s_of_answered`.
pub fn service_level(name: &str) -> Option<Span> {
    let rest = name.strip_prefix("service_level_")?;
    let form = SERVICE_LEVEL_FORMS
        .iter()
        .filter(|form| rest.ends_with(*form));
    let form = form.max_by_key(|form| form.len())?;
    let time = &rest[..rest.len() - form.len()];
    let digits = time.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let number: u64 = digits.parse().ok()?;
    let millis = match &time[digits.len()..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let nanos = number.checked_mul(millis)?.checked_mul(1_000_000)?;
    Some(Span(nanos))
}

/// The name of a service-level measure, form included.
pub fn service_level_name(within: Span, form: &str) -> String {
    let millis = within.0 / 1_000_000;
    if millis.is_multiple_of(1_000) {
        format!("service_level_{}s{form}", millis / 1_000)
    } else {
        format!("service_level_{millis}ms{form}")
    }
}

/// All names, with service levels within 30 s, for suggestions and for help.
pub fn names() -> Vec<String> {
    let singles = SINGLES.iter().map(|single| single.0.to_string());
    let of_series = |series: &(&str, Runs, &str)| {
        let name = series.0;
        STATISTICS.map(|statistic| format!("{name}_{statistic}"))
    };
    let levels = SERVICE_LEVEL_FORMS.map(|form| format!("service_level_30s{form}"));
    singles
        .chain(SERIES.iter().flat_map(of_series))
        .chain(levels)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found() {
        for name in names() {
            assert!(find(&name).is_some(), "{name}");
        }
        assert!(find("wait_s").is_none() && find("wait_s_p96").is_none() && find("").is_none());
        assert!(find("service_level_30").is_none() && find("service_level_s").is_none());
    }

    #[test]
    fn measures_of_messages_are_told_apart() {
        assert!(tells_of_messages("first_response_s_p95") && tells_of_messages("unanswered_ratio"));
        assert!(!tells_of_messages("wait_s_mean") && !tells_of_messages("first_response_s"));
        let of_messages = names().into_iter().filter(|name| tells_of_messages(name));
        assert_eq!(of_messages.count(), 3 + 4 * STATISTICS.len());
    }

    #[test]
    fn shares_end_at_one() {
        assert_eq!(range("abandoned_ratio"), (0.0, 1.0));
        assert_eq!(range("service_level_30s_of_answered"), (0.0, 1.0));
        for endless in ["wait_s_p95", "handled", "composing_total_ratio"] {
            assert_eq!(range(endless), (0.0, f64::INFINITY), "{endless}");
        }
    }

    #[test]
    fn service_levels_name_their_time() {
        assert_eq!(
            service_level("service_level_30s"),
            Some(Span::from_secs(30))
        );
        assert_eq!(
            service_level("service_level_2m_of_answered"),
            Some(Span::from_secs(120))
        );
        assert_eq!(
            service_level_name(Span::from_secs(120), ""),
            "service_level_120s"
        );
        assert_eq!(
            service_level_name(Span::from_millis(1500), ""),
            "service_level_1500ms"
        );
    }
}
