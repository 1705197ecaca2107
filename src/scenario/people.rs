//! Owns `[customers]`, `[queue]` and `[agents]`: how people behave and how many there are.
//!
//! Law: a section hands over rules that the center can run, or a problem.

use super::distribution::{COUNT_LAW, LAW};
use super::document::At;
use super::form::{Choice, Form, List, Number, Whole, wrong_kind};
use super::headcount::{Count, CountForm};
use super::problem::Problems;
use super::roster::{self, MOST_AGENTS, Staffing};
use super::section::Section;
use crate::center::rules::{AgentRules, CustomerRules, Policy, RouterRules};
use crate::stats::law::Law;

/// `[agents]` as written.
pub struct Team {
    /// How they work.
    pub rules: AgentRules,
    /// How many there are, and when.
    pub staffing: Staffing,
    /// Which of them gets a chat.
    pub policy: Policy,
}

/// The most slots of a team, in all.
const MOST_SLOTS: u64 = 20_000_000;

/// Reads `[customers]`.
pub fn ask_customers(section: &mut Section) -> Option<CustomerRules> {
    let queue_patience = section.or(
        "queue_patience",
        "How long a customer waits in the queue, from asking for an agent; `never` gives up never.",
        &LAW,
        "\"never\"",
    );
    let reply_patience = section.or(
        "reply_patience",
        "How long a customer waits for a reply inside the chat; drawn anew for each message.",
        &LAW,
        "\"never\"",
    );
    let think = section.optional(
        "think",
        "Reading, thinking and typing between a reply and the next message; needed unless every \
         chat has one exchange.",
        &LAW,
    );
    let exchanges = section.or(
        "exchanges",
        "How many messages the customer sends, each with its reply.",
        &COUNT_LAW,
        "\"constant(1)\"",
    );
    if let Some(law) = think.as_ref().filter(|law| law.value == Law::Never) {
        let title = "a customer who thinks for ever sends no message";
        section.problem(law.place, title, "`never` is for patience", None);
    }
    let one = exchanges.value.mean() <= 1.0;
    let think = match think {
        Some(think) => think.value,
        None if one || section.key_place("think").is_some() => {
            Law::Constant(crate::time::Span::ZERO)
        }
        None => {
            let title = "customers with several exchanges think between them";
            let help = "write `think = \"lognormal(mean=60s, cv=1)\"`".to_string();
            section.problem(exchanges.place, title, "`think` is missing", Some(help));
            return None;
        }
    };
    Some(CustomerRules::new(
        queue_patience.value,
        reply_patience.value,
        think,
        exchanges.value,
    ))
}

/// Reads `[queue]`: the most that may wait.
pub fn ask_queue(section: &mut Section) -> u32 {
    let limit = section.optional(
        "limit",
        "The most customers that may wait; who comes beyond it is rejected. Absent: no limit.",
        &Whole {
            least: 0,
            most: 1_000_000_000,
        },
    );
    limit.map_or(u32::MAX, |limit| limit.value as u32)
}

/// Reads `[agents]`.
pub fn ask_agents(section: &mut Section) -> Option<Team> {
    let concurrency = section.required(
        "concurrency",
        "The concurrency limit K: how many chats an agent may hold at a time.",
        &Whole {
            least: 1,
            most: 65_000,
        },
    );
    let staffing = ask_staffing(section);
    let reply = section.required(
        "reply",
        "How long composing one reply takes an agent with one chat.",
        &LAW,
    );
    let slow_down = section.or(
        "slow_down",
        "Composing takes f(n) times as long with n chats: f(n) = 1 + slow_down (n - 1); or a list, \
         one factor a level, the last for all beyond.",
        &SlowDown,
        "0",
    );
    let wrap_up = section.or(
        "wrap_up",
        "The work after the chat, which holds the slot.",
        &LAW,
        "\"constant(0s)\"",
    );
    let policy = section.or(
        "routing",
        "Which agent with room gets the next chat: the one with the fewest.",
        &Choice(&[("fewest-active", Policy::FewestActive)]),
        "\"fewest-active\"",
    );
    for law in [reply.as_ref(), Some(&wrap_up)].into_iter().flatten() {
        if law.value == Law::Never {
            let title = "work that never ends would hold its slot for ever";
            section.problem(law.place, title, "`never` is for patience", None);
        }
    }
    let (concurrency, staffing) = (concurrency?, staffing?);
    check_size(section, &concurrency, &staffing);
    let rules = AgentRules::new(
        concurrency.value as u32,
        reply?.value,
        wrap_up.value,
        slow_down.value.factors(concurrency.value),
    );
    Some(Team {
        rules,
        staffing,
        policy: policy.value,
    })
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
    /// The rules of the router, with the queue's limit.
    pub fn router(&self, queue_limit: u32) -> RouterRules {
        RouterRules::new(queue_limit, self.policy)
    }
}

/// A slow-down by chats held.
enum Slowing {
    /// So much for each chat beyond the first.
    Linear(f64),
    /// One factor a level.
    Levels(Vec<f64>),
}

impl Slowing {
    /// f(1), f(2), ... up to K, or to where nothing changes any more.
    fn factors(&self, concurrency: u64) -> Vec<f64> {
        match self {
            Slowing::Linear(0.0) => vec![1.0],
            Slowing::Linear(step) => (0..concurrency).map(|n| 1.0 + step * n as f64).collect(),
            Slowing::Levels(factors) => factors.clone(),
        }
    }
}

/// The form of a slow-down: a number or a list.
struct SlowDown;

const STEP: Number = Number::up_to(100.0, "0.05");
const FACTORS: List<Number> = List {
    of: Number::above_zero(1_000.0, "1.0"),
    may_be_empty: false,
};

impl Form for SlowDown {
    type Out = Slowing;

    fn says(&self) -> String {
        "a number, or a list with one factor a level".into()
    }

    fn example(&self) -> String {
        "0.05".into()
    }

    fn schema(&self) -> serde_json::Value {
        serde_json::json!({ "anyOf": [STEP.schema(), FACTORS.schema()] })
    }

    fn read(
        &self,
        key: &str,
        node: &super::document::Node,
        problems: &mut Problems,
    ) -> Option<Slowing> {
        use super::document::Value;
        match &node.value {
            Value::Number { .. } => STEP.read(key, node, problems).map(Slowing::Linear),
            Value::List(_) => {
                let factors = FACTORS.read(key, node, problems)?;
                Some(Slowing::Levels(
                    factors.into_iter().map(|factor| factor.value).collect(),
                ))
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}
