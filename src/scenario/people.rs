//! Owns `[agents]` and `[queue]`: how agents work, how many there are, and where customers wait.
//!
//! Law: a section hands over rules that the center can run, or a problem.

mod closes;
mod levels;
mod slow_down;

use std::path::Path;

use super::distribution::Times;
use super::document::{At, Place};
use super::duration::SPAN;
use super::form::{Choice, Whole};
use super::headcount::{Count, CountForm};
use super::roster::{self, MOST_AGENTS, Staffing};
use super::section::Section;
use crate::center::rules::{AgentRules, Attention, Policy, RouterRules, ShiftEnd};
use crate::scenario::plan::AtClosing;
use crate::stats::law::Law;
use crate::time::Span;
use closes::Closes;
pub use levels::WHY as LEVEL_MODEL;
use slow_down::SlowDown;

/// `[agents]` as written.
pub struct Team {
    /// How they work; inactivity as written, endless where it is not.
    rules: AgentRules,
    /// Whether `inactivity` is written.
    inactivity_written: bool,
    /// How many there are, and when.
    pub staffing: Staffing,
    /// Which of them gets a chat.
    policy: Policy,
    /// What becomes of their chats at the end of a shift.
    pub shift_end: ShiftEnd,
    /// The share of chats that the customer closes.
    pub closes: f64,
    /// Where the level model is asked for, if it is.
    pub level_model: Option<Place>,
}

/// `[queue]` as written.
pub struct Queue {
    limit: u32,
    /// After how long a waiting chat is raised by a level.
    pub age_after: Option<At<Span>>,
    /// What becomes of the queue when the desk closes.
    pub at_closing: At<AtClosing>,
}

/// The most slots of a team, in all.
const MOST_SLOTS: u64 = 20_000_000;

/// After how long a silent chat is ended, where nothing is written and some leave silently.
const USUAL_INACTIVITY: Span = Span::from_secs(300);

/// Reads `[queue]`.
pub fn ask_queue(section: &mut Section) -> Queue {
    let limit = section.optional(
        "limit",
        "The most customers that may wait; who comes beyond it is rejected. Absent: no limit.",
        &Whole {
            least: 0,
            most: 1_000_000_000,
        },
    );
    let age_after = section.optional(
        "age_after",
        "After waiting so long a chat is raised by one of the priorities in use, once; nobody above \
         the highest. Absent: never.",
        &SPAN,
    );
    let at_closing = section.or(
        "at_closing",
        "What becomes of those who wait when the desk closes: `served`, or `sent-away`.",
        &Choice(&[
            ("served", AtClosing::Served),
            ("sent-away", AtClosing::SentAway),
        ]),
        "\"served\"",
    );
    section.above_zero("age_after", age_after.as_ref());
    Queue {
        limit: limit.map_or(u32::MAX, |limit| limit.value as u32),
        age_after,
        at_closing,
    }
}

/// Reads `[agents]`.
pub fn ask_agents(section: &mut Section, folder: &Path) -> Option<Team> {
    let concurrency = section.required(
        "concurrency",
        "The concurrency limit K: how many chats an agent may hold at a time.",
        &Whole {
            least: 1,
            most: 65_000,
        },
    );
    let staffing = ask_staffing(section);
    let shift_end = ask_shift_end(section);
    let work = ask_work(section, folder);
    let level_model = section.key_place("level_handle_time");
    let levels = levels::ask(section, concurrency.as_ref().map(|k| k.value));
    let policy = section.or(
        "routing",
        "Which agent with room gets the next chat: the one with the fewest chats, the one idle \
         longest, the next in turn, the one with the most chats below the limit, or any.",
        &Choice(&[
            ("fewest-active", Policy::FewestActive),
            ("longest-idle", Policy::LongestIdle),
            ("round-robin", Policy::RoundRobin),
            ("most-active-first", Policy::MostActiveFirst),
            ("random", Policy::Random),
        ]),
        "\"fewest-active\"",
    );
    let (closes, inactivity) = ask_endings(section);
    let (concurrency, staffing) = (concurrency?, staffing?);
    check_size(section, &concurrency, &staffing);
    let k = concurrency.value;
    let mut rules = levels.or_else(|| work.rules(k))?;
    rules.inactivity = inactivity.as_ref().map_or(Span::ENDLESS, |span| span.value);
    Some(Team {
        rules,
        inactivity_written: inactivity.is_some(),
        staffing,
        policy: policy.value,
        shift_end,
        closes,
        level_model,
    })
}

/// Who closes chats, and when a silent one is ended.
fn ask_endings(section: &mut Section) -> (f64, Option<At<Span>>) {
    let closes = section.or(
        "closes",
        "Who closes the chat after the last reply: the agent, the customer, or the customer in a \
         share of chats: `{ customer = 0.3 }`.",
        &Closes,
        "\"agent\"",
    );
    let inactivity = section.optional(
        "inactivity",
        "A chat in which the agent waits for the customer for so long is ended. Absent: 5m where \
         some customers leave silently, else never.",
        &SPAN,
    );
    section.above_zero("inactivity", inactivity.as_ref());
    (closes.value, inactivity)
}

fn ask_shift_end(section: &mut Section) -> ShiftEnd {
    let shift_end = section.or(
        "shift_end",
        "What becomes of an agent's chats at the end of the shift: the agent finishes them, they \
         go back to the front of the queue, or they are ended.",
        &Choice(&[
            ("finish", ShiftEnd::Finish),
            ("hand-over", ShiftEnd::HandOver),
            ("drop", ShiftEnd::Drop),
        ]),
        "\"finish\"",
    );
    let why = "agents who are only counted have no shifts";
    section.excludes("count", &["shift_end"], why);
    shift_end.value
}

/// How agents work on messages, as written.
struct Work {
    reply: Option<At<Law>>,
    slow_down: slow_down::Slowing,
    attention: Attention,
    wrap_up: Law,
    wrap_up_attends: bool,
}

fn ask_work(section: &mut Section, folder: &Path) -> Work {
    let reply = section.optional(
        "reply",
        "How long composing one reply takes an agent with one chat.",
        &Times(folder),
    );
    let slow_down = section.or(
        "slow_down",
        "Composing takes f(n) times as long with n chats: f(n) = 1 + slow_down (n - 1); or a list, \
         one factor a level, the last for all beyond.",
        &SlowDown,
        "0",
    );
    let attention = section.or(
        "attention",
        "Which pending message the agent attends to: the first to come, that of the customer who \
         came first, or all at once, each at its share of the agent's speed.",
        &Choice(&[
            ("fifo", Attention::Fifo),
            ("oldest-customer", Attention::OldestCustomer),
            ("shared", Attention::Shared),
        ]),
        "\"fifo\"",
    );
    let wrap_up = section.or(
        "wrap_up",
        "The work after the chat, which holds the slot.",
        &Times(folder),
        "\"constant(0s)\"",
    );
    let wrap_up_holds = section.or(
        "wrap_up_holds",
        "Whether wrap-up takes the slot alone, or the agent's attention as well: then it waits its \
         turn among the pending messages.",
        &Choice(&[("slot", false), ("attention", true)]),
        "\"slot\"",
    );
    check_wrap_up(section, &wrap_up_holds);
    for law in [reply.as_ref(), Some(&wrap_up)].into_iter().flatten() {
        if law.value == Law::Never {
            let title = "work that never ends would hold its slot for ever";
            section.problem(law.place, title, "`never` is for patience", None);
        }
    }
    Work {
        reply,
        slow_down: slow_down.value,
        attention: attention.value,
        wrap_up: wrap_up.value,
        wrap_up_attends: wrap_up_holds.value,
    }
}

/// Notes that wrap-up is to take attention where there is none.
fn check_wrap_up(section: &mut Section, holds: &At<bool>) {
    let missing = ["wrap_up", "level_handle_time"].map(|key| section.key_place(key).is_none());
    if holds.value && missing == [true; 2] {
        let title = "there is no wrap-up that could take attention";
        let help = "write `wrap_up = \"exponential(mean=30s)\"`, or take `wrap_up_holds` out";
        section.problem(
            holds.place,
            title,
            "`wrap_up` is missing",
            Some(help.into()),
        );
    }
}

impl Work {
    fn rules(self, k: u64) -> Option<AgentRules> {
        let slow_down = self.slow_down.factors(k);
        let mut rules = AgentRules::new(k as u32, self.reply?.value, self.wrap_up, slow_down);
        rules.attention = self.attention;
        rules.wrap_up_attends = self.wrap_up_attends;
        Some(rules)
    }
}

fn ask_staffing(section: &mut Section) -> Option<Staffing> {
    let count = section.optional(
        "count",
        "How many agents there are: always, or in each stretch of time; or say it by `roster`.",
        &CountForm,
    );
    let lines = "Who is there when, one line a group of agents; each line has agents of its own.";
    let roster = section.tables("roster", lines, roster::ask);
    section.exactly_one(&["count", "roster"], "`count = 12` or `roster = [...]`");
    match (count, roster) {
        (Some(count), _) => Some(match count.value {
            Count::Always(agents) => Staffing::Count(agents),
            Count::OverTime(counts) => Staffing::OverTime(counts),
        }),
        (None, Some(lines)) => {
            let read: Option<Vec<_>> = lines.value.into_iter().map(|line| line.value).collect();
            read.map(|value| {
                Staffing::Roster(At {
                    value,
                    place: lines.place,
                })
            })
        }
        (None, None) => None,
    }
}

fn check_size(section: &mut Section, concurrency: &At<u64>, staffing: &Staffing) {
    let team = staffing.team();
    if team > MOST_AGENTS as u64 || team * concurrency.value > MOST_SLOTS {
        let title = format!(
            "{team} agents with {} slots each are too many",
            concurrency.value
        );
        let label = format!("at most {MOST_AGENTS} agents and {MOST_SLOTS} slots");
        section.problem(concurrency.place, title, label, None);
    }
}

impl Team {
    /// How they work among customers some of whom may leave silently.
    pub fn rules(&self, silent: bool) -> AgentRules {
        let mut rules = self.rules.clone();
        if silent && !self.inactivity_written {
            rules.inactivity = USUAL_INACTIVITY;
        }
        rules
    }

    /// The rules of the router, for so many levels of priority.
    pub fn router(&self, queue: &Queue, levels: u8) -> RouterRules {
        let mut rules = RouterRules::new(queue.limit, self.policy);
        rules.levels = levels;
        rules.age_after = queue.age_after.as_deref().copied().unwrap_or(Span::ENDLESS);
        rules
    }
}
