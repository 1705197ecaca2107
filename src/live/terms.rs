//! Owns `Differences`: by which rules a server goes otherwise than the scenario, as it says itself.
//!
//! Law: a fact that can be asked, whatever is remarked of it: where a server goes by other rules, no
//! prediction by the scenario's is held against it.

use serde::{Deserialize, Serialize};

use crate::scenario::plan::Plan;
use crate::time::Span;
use crate::wire::frame::Hello;

/// A rule by which a server may go otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Which agent gets a chat.
    Policy,
    /// How many may wait.
    QueueLimit,
    /// How many levels of priority there are.
    Levels,
    /// After how long a chat is raised by a level.
    AgeAfter,
    /// After how long a quiet chat is ended.
    Inactivity,
    /// For how long the chat of one whose connection is lost is kept.
    KeptFor,
}

impl Difference {
    /// All of them, in the order in which they are told.
    pub const ALL: [Difference; 6] = [
        Difference::Policy,
        Difference::QueueLimit,
        Difference::Levels,
        Difference::AgeAfter,
        Difference::Inactivity,
        Difference::KeptFor,
    ];

    /// What is meant, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Difference::Policy => "routing policy",
            Difference::QueueLimit => "queue limit",
            Difference::Levels => "number of priorities",
            Difference::AgeAfter => "age_after",
            Difference::Inactivity => "inactivity timeout",
            Difference::KeptFor => "kept_for",
        }
    }
}

/// The rules by which a server goes otherwise than the scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences(u8);

impl Differences {
    /// What a server's hello says of its rules, against the plan's.
    pub fn between(hello: &Hello, plan: &Plan) -> Differences {
        let rules = &plan.router;
        let queue_limit = Some(rules.queue_limit).filter(|limit| *limit != u32::MAX);
        let differs = |theirs: Option<u64>, ours: Span| {
            let ours_ms = ours.0 as f64 / plan.live.speed / 1e6;
            match theirs {
                None => ours != Span::ENDLESS,
                // Said in whole milliseconds.
                Some(theirs) => (theirs as f64 - ours_ms).abs() > 1.0,
            }
        };
        let differ = |which: &Difference| match which {
            Difference::Policy => hello.policy != rules.policy.name(),
            Difference::QueueLimit => hello.queue_limit != queue_limit,
            Difference::Levels => hello.levels != rules.levels,
            Difference::AgeAfter => differs(hello.age_after_ms, rules.age_after),
            Difference::Inactivity => differs(hello.inactivity_ms, plan.server_inactivity()),
            // Where nobody is cut it makes no difference.
            Difference::KeptFor => plan.customers.kept_for().is_some_and(|ours| {
                differs(
                    hello.kept_ms,
                    if ours > Span::ZERO {
                        ours
                    } else {
                        Span::ENDLESS
                    },
                )
            }),
        };
        let found = Difference::ALL.into_iter().filter(differ);
        Differences(found.fold(0, |bits, which| bits | 1 << which as u8))
    }

    /// These and those.
    #[must_use]
    pub fn and(self, others: Differences) -> Differences {
        Differences(self.0 | others.0)
    }

    /// Each of them.
    pub fn each(self) -> impl Iterator<Item = Difference> {
        let has = move |which: &Difference| self.0 >> *which as u8 & 1 != 0;
        Difference::ALL.into_iter().filter(has)
    }
}
