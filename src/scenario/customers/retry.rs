//! Owns `retry`: who comes again, and after how long.
//!
//! Law: time passes before anyone comes again, else a full queue would be tried without end at one
//! instant.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::center::rules::{Retries, Retry as Rule};
use crate::scenario::distribution::Times;
use crate::scenario::document::{At, Node, Place, Value};
use crate::scenario::form::{Form, Number, wrong_kind};
use crate::scenario::problem::Problems;
use crate::scenario::section::{self, Section};
use crate::stats::law::Law;
use crate::time::Span;

/// `retry` as written.
#[derive(Clone)]
pub struct Retry {
    abandoned: Option<At<Cause>>,
    rejected: Option<At<Cause>>,
    unresolved: Option<At<Cause>>,
    after: Option<At<Law>>,
}

/// One cause as written.
#[derive(Clone)]
struct Cause {
    chance: f64,
    after: Option<At<Law>>,
}

/// The least mean time before anyone comes again, in seconds.
const LEAST_AFTER: f64 = 1.0;

/// Reads `retry`.
pub fn ask(section: &mut Section, folder: &Path) -> Retry {
    let cause = CauseForm { folder };
    let retry = Retry {
        abandoned: section.optional(
            "abandoned",
            "The share of those who left that come again, or a table with a delay of their own.",
            &cause,
        ),
        rejected: section.optional(
            "rejected",
            "The same of those who were turned away.",
            &cause,
        ),
        unresolved: section.optional(
            "unresolved",
            "The same of those who were handled: their question was not.",
            &cause,
        ),
        after: ask_after(
            section,
            "How long after the end of one chat the next is asked for.",
            folder,
        ),
    };
    if retry.names_nobody()
        && !CAUSES
            .iter()
            .any(|cause| section.key_place(cause).is_some())
    {
        note_nobody(section);
    }
    retry
}

const CAUSES: [&str; 3] = ["abandoned", "rejected", "unresolved"];

/// Notes a `retry` without a cause, but where one may be misspelt.
fn note_nobody(section: &mut Section) {
    if section.has_strangers() {
        return;
    }
    let (place, label) = match section.key_place("after") {
        Some(after) => (after, "a time without a cause"),
        None => (section.place(), "nothing here"),
    };
    let help = "write `abandoned = 0.3`, `rejected` or `unresolved`, and `after`".to_string();
    let title = "`retry` names nobody who comes again";
    section.problem(place, title, label, Some(help));
}

/// A delay; some time where it cannot be read, so that it is not missed besides.
fn ask_after(section: &mut Section, doc: &str, folder: &Path) -> Option<At<Law>> {
    let after = section.optional("after", doc, &Times(folder));
    let unread = || {
        let place = section.key_place("after")?;
        let value = Law::Constant(Span::from_secs(60));
        Some(At { value, place })
    };
    after.or_else(unread)
}

impl Retry {
    fn names_nobody(&self) -> bool {
        let causes = [&self.abandoned, &self.rejected, &self.unresolved];
        causes.iter().all(|cause| cause.is_none())
    }

    /// Where it says that some of those who left come again.
    pub fn of_abandoned(&self) -> Option<Place> {
        let cause = self.abandoned.as_ref().filter(|cause| cause.chance > 0.0)?;
        Some(cause.place)
    }

    /// The rules; what is wrong with them is noted.
    pub fn resolve(&self, problems: &mut Problems) -> Retries {
        if let Some(cause) = self.unresolved.as_ref().filter(|c| c.chance == 1.0) {
            let title = "everybody would come again for ever";
            let label = "less than 1 is expected for those who were handled";
            problems.add(cause.place, title, label, None);
        }
        let mut rule = |cause: &Option<At<Cause>>| {
            let cause = cause.as_ref().filter(|cause| cause.chance > 0.0)?;
            self.rule(cause, problems)
        };
        Retries {
            abandoned: rule(&self.abandoned),
            rejected: rule(&self.rejected),
            unresolved: rule(&self.unresolved),
        }
    }

    fn rule(&self, cause: &At<Cause>, problems: &mut Problems) -> Option<Rule> {
        let Some(after) = cause.after.as_ref().or(self.after.as_ref()) else {
            let help = "write `after = \"exponential(mean=10m)\"` beside it".to_string();
            let title = "`retry` does not say after how long they come again";
            problems.add(cause.place, title, "`after` is missing", Some(help));
            return None;
        };
        if after.value == Law::Never || after.mean() < LEAST_AFTER {
            let help = "where nobody comes again, take the cause out".to_string();
            let label = "a second or more on average, and an end, are expected";
            let title = "`after` is no time to come again after";
            problems.add(after.place, title, label, Some(help));
            return None;
        }
        Some(Rule {
            chance: cause.chance,
            after: after.value.clone(),
        })
    }
}

/// The form of a cause: a share, or a table with a delay of its own.
struct CauseForm<'a> {
    folder: &'a Path,
}

const CHANCE: Number = Number::up_to(1.0, "0.3");

impl CauseForm<'_> {
    fn ask(&self, section: &mut Section) -> Option<Cause> {
        let chance = section.required("chance", "The share that comes again.", &CHANCE);
        let doc = "How long after; absent: as `after` of `retry`.";
        let after = ask_after(section, doc, self.folder);
        Some(Cause {
            chance: chance?.value,
            after,
        })
    }
}

impl Form for CauseForm<'_> {
    type Out = Cause;

    fn says(&self) -> String {
        "a share from 0 to 1, or a table with `chance` and `after`".into()
    }

    fn example(&self) -> String {
        "0.3".into()
    }

    fn schema(&self) -> Json {
        json!({ "anyOf": [CHANCE.schema(), section::describe(|s| self.ask(s))] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Cause> {
        match &node.value {
            Value::Number { .. } => {
                let chance = CHANCE.read(key, node, problems)?;
                Some(Cause {
                    chance,
                    after: None,
                })
            }
            Value::Table(table) => {
                let name = format!("`{key}`");
                section::read(&name, table, node.place, problems, |s| self.ask(s))
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}
