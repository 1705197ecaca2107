//! Owns the level model: `level_handle_time`, one mean handle time for each number of chats held.
//!
//! Law: a chat is one piece of exponential work without messages; with k chats held each is done at
//! rate 1 / (handle time at k). So it is told by the first time and the ratios of the others to it,
//! and stands in place of everything that tells of messages.

use crate::center::rules::{AgentRules, Attention};
use crate::scenario::duration::SPAN;
use crate::scenario::form::List;
use crate::scenario::section::Section;
use crate::stats::law::Law;
use crate::time::Span;

/// Keys of agents that tell of messages or of the work on them.
const OF_MESSAGES: [&str; 6] = [
    "slow_down",
    "attention",
    "wrap_up",
    "wrap_up_holds",
    "closes",
    "inactivity",
];

/// Why a key does not go with the level model.
pub const WHY: &str = "the level model has no messages: a chat is one piece of work";

/// Reads `level_handle_time`, and sees that nothing contradicts it; `None` where there is none.
pub fn ask(section: &mut Section, concurrency: Option<u64>) -> Option<AgentRules> {
    let times = section.optional(
        "level_handle_time",
        "The level model: the mean handle time of a chat while its agent holds 1, 2, ... chats, in \
         place of `reply` and all else that tells of messages.",
        &List {
            of: SPAN,
            may_be_empty: false,
        },
    );
    section.exactly_one(
        &["reply", "level_handle_time"],
        "`reply = \"lognormal(mean=40s, cv=0.8)\"`",
    );
    section.excludes("level_handle_time", &OF_MESSAGES, WHY);
    let (times, concurrency) = (times?, concurrency?);
    if times.len() as u64 != concurrency {
        let title = format!("`level_handle_time` has {} times", times.len());
        let label = format!("{concurrency} are expected, one for each number of chats held");
        section.problem(times.place, title, label, None);
        return None;
    }
    if let Some(zero) = times.iter().find(|time| time.value == Span::ZERO) {
        let title = "a chat takes some time";
        section.problem(zero.place, title, "longer than zero is expected", None);
        return None;
    }
    let secs: Vec<f64> = times.iter().map(|time| time.as_secs_f64()).collect();
    let work = Law::exponential(secs[0]).ok()?;
    let factors = secs.iter().map(|time| time / secs[0]).collect();
    let mut rules = AgentRules::new(concurrency as u32, work, Law::Constant(Span::ZERO), factors);
    rules.attention = Attention::Levels;
    Some(rules)
}
