//! Owns `disconnect`: how often customers' connections are cut, for how long, and how long the
//! server keeps what they have.
//!
//! Law: the server does not know classes, so all classes are kept for the same time.

use std::path::Path;

use crate::center::rules::DisconnectRules;
use crate::scenario::distribution::Times;
use crate::scenario::document::{At, Place};
use crate::scenario::duration::SPAN;
use crate::scenario::problem::Problems;
use crate::scenario::section::Section;
use crate::stats::law::Law;
use crate::time::Span;

/// `disconnect` as written.
#[derive(Clone)]
pub struct Disconnect {
    every: Option<At<Law>>,
    away: Option<At<Law>>,
    /// How long the server keeps the chat of one who is away.
    pub kept_for: At<Span>,
}

/// The least mean time between two cuts, in seconds.
const LEAST_EVERY: f64 = 1.0;

/// Reads `disconnect`.
pub fn ask(section: &mut Section, folder: &Path) -> Disconnect {
    Disconnect {
        every: section.required(
            "every",
            "How long a connection is up, from the offer or the last return until it is cut; \
             `never` for a class that is not cut.",
            &Times(folder),
        ),
        away: section.required(
            "away",
            "How long a customer who was cut is away.",
            &Times(folder),
        ),
        kept_for: section.or(
            "kept_for",
            "How long the server keeps the chat, or the place in the queue, of one who was cut; the \
             same for all classes.",
            &SPAN,
            "\"1m\"",
        ),
    }
}

impl Disconnect {
    /// Whether anybody is cut by it, as far as can be said.
    pub fn cuts(&self) -> bool {
        self.every
            .as_ref()
            .is_some_and(|law| law.value != Law::Never)
    }

    /// The rules, `None` where nobody is cut; what is wrong with them is noted.
    pub fn resolve(&self, problems: &mut Problems) -> Option<DisconnectRules> {
        let (every, away) = (self.every.as_ref()?, self.away.as_ref()?);
        if every.value != Law::Never && every.mean() < LEAST_EVERY {
            let title = "connections are cut all the time";
            let label = "a second or more on average is expected";
            problems.add(every.place, title, label, None);
            return None;
        }
        if away.value == Law::Never {
            let title = "who is cut never comes back";
            let help =
                "who goes for ever without a word is `silent`: write how long others are away";
            problems.add(
                away.place,
                title,
                "`never` is for patience",
                Some(help.into()),
            );
            return None;
        }
        self.cuts().then(|| DisconnectRules {
            every: every.value.clone(),
            away: away.value.clone(),
            kept_for: self.kept_for.value,
        })
    }
}

/// Notes where classes that are cut are kept for different times.
pub fn check_kept_for<'a>(classes: impl Iterator<Item = &'a Disconnect>, problems: &mut Problems) {
    let mut first: Option<&At<Span>> = None;
    for disconnect in classes.filter(|disconnect| disconnect.cuts()) {
        let first = *first.get_or_insert(&disconnect.kept_for);
        if first.value != disconnect.kept_for.value {
            let place: Place = disconnect.kept_for.place;
            let title = "classes are kept for different times";
            let label = format!("another class is kept for {}", first.value);
            let help = "the server knows no classes: write the same `kept_for` in each".to_string();
            problems.add(place, title, label, Some(help));
            return;
        }
    }
}
