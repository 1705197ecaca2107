//! Owns `[customers]`: the classes of customers, how each behaves and how often it comes.
//!
//! Law: keys at the top hold for every class that does not say otherwise; without classes the top
//! is the only one. A class hands over rules that the center can run, or a problem.

mod disconnect;
mod retry;

use std::path::Path;

use serde_json::{Value as Json, json};

use super::distribution::{Counts, Times};
use super::document::{At, Node, Place};
use super::form::{Form, Number, Whole};
use super::problem::Problems;
use super::section::Section;
use crate::center::rules::{CustomerClasses, CustomerRules};
use crate::stats::law::{CountLaw, Law};
use crate::time::Span;
use disconnect::Disconnect;
use retry::Retry;

/// `[customers]` as written.
pub struct Customers {
    /// Whether all priorities could be read.
    knows_levels: bool,
    /// The classes with their names; one without a name of its own where there are no tables.
    classes: Vec<(String, Class)>,
}

/// One class as written.
#[derive(Clone)]
struct Class {
    share: f64,
    priority: u64,
    /// Whether the priority could be read, where one is written.
    knows_priority: bool,
    queue_patience: At<Law>,
    reply_patience: At<Law>,
    think: Option<At<Law>>,
    exchanges: At<CountLaw>,
    silent: At<f64>,
    retry: Option<Retry>,
    disconnect: Option<Disconnect>,
    /// Keys that tell of messages, where they are written.
    of_messages: Vec<(&'static str, Place)>,
    /// Whether some keys are not known: one of them may be a patience, misspelt.
    strange: bool,
}

/// The most classes: they are numbered in 8 bits.
const MOST_CLASSES: usize = 250;

const OF_MESSAGES: [&str; 4] = ["think", "exchanges", "silent", "disconnect"];

/// Reads `[customers]`.
pub fn ask(section: &mut Section, folder: &Path) -> Customers {
    let top = Class::ask(section, folder, None);
    let named = section.named(&ClassName, |s| {
        let class = Class::ask(s, folder, Some(&top));
        let strange = s.has_strangers();
        Class { strange, ..class }
    });
    let strange = section.has_strangers();
    let place = section.place();
    if named.len() > MOST_CLASSES {
        let label = format!("at most {MOST_CLASSES}");
        section.problem(place, "there are too many classes", label, None);
    }
    if let (false, Some(share)) = (named.is_empty(), section.key_place("share")) {
        let help = Some("write `share` into each class".to_string());
        let title = "`share` is that of one class, and there are several";
        section.problem(share, title, "whose share is it?", help);
    }
    let knows_levels =
        named.iter().all(|(_, class)| class.value.knows_priority) && top.knows_priority;
    let mut classes: Vec<_> = named
        .into_iter()
        .map(|(name, class)| (name.value, class.value))
        .collect();
    if classes.is_empty() {
        classes.push(("customers".into(), top));
    }
    for (_, class) in &mut classes {
        class.strange |= strange;
    }
    Customers {
        knows_levels,
        classes,
    }
}

impl Customers {
    /// The names of the classes.
    pub fn names(&self) -> Vec<String> {
        self.classes.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The priorities in use, ascending.
    fn priorities(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.classes.iter().map(|(_, c)| c.priority).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// How many priorities are in use.
    pub fn levels(&self) -> u8 {
        // More classes than fit have been noted.
        self.priorities().len().min(MOST_CLASSES) as u8
    }

    /// Whether there is one priority, as far as can be said.
    pub fn are_of_one_level(&self) -> bool {
        self.knows_levels && self.levels() <= 1
    }

    /// Whether anybody leaves without a word.
    pub fn are_silent(&self) -> bool {
        self.classes.iter().any(|(_, class)| *class.silent > 0.0)
    }

    /// Whether anybody's connection is cut, as far as can be said.
    pub fn are_cut(&self) -> bool {
        let mut cut = self
            .classes
            .iter()
            .filter_map(|(_, c)| c.disconnect.as_ref());
        cut.any(Disconnect::cuts)
    }

    /// Whether somebody's patience in the queue ends, as far as can be said.
    pub fn may_leave_queue(&self) -> bool {
        let mut classes = self.classes.iter().map(|(_, class)| class);
        classes.any(|class| class.strange || class.queue_patience.value != Law::Never)
    }

    /// Keys that tell of messages, where they are written.
    pub fn of_messages(&self) -> impl Iterator<Item = (&'static str, Place)> {
        let keys = self
            .classes
            .iter()
            .flat_map(|(_, class)| &class.of_messages);
        keys.copied()
    }

    /// Where some of those who left come again although nobody can leave who would.
    pub fn again_without_leaving(&self) -> Vec<Place> {
        let coming = |class: &Class| class.retry.as_ref()?.of_abandoned();
        let leaving = self.classes.iter().filter(|(_, class)| class.may_leave());
        let sound: Vec<Place> = leaving.filter_map(|(_, class)| coming(class)).collect();
        let mut places: Vec<Place> = Vec::new();
        for place in self.classes.iter().filter_map(|(_, class)| coming(class)) {
            if !sound.contains(&place) && !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// The rules of all classes, of whose chats the customer closes a share; `None` after noting
    /// why there are none.
    pub fn resolve(&self, closes: f64, problems: &mut Problems) -> Option<CustomerClasses> {
        let priorities = self.priorities();
        let mut rules = Vec::new();
        for (_, class) in &self.classes {
            let level = priorities.partition_point(|p| *p < class.priority);
            let found = class.rules(problems);
            rules.extend(found.map(|rules| {
                let level = level.min(MOST_CLASSES) as u8;
                (
                    class.share,
                    CustomerRules {
                        level,
                        closes,
                        ..rules
                    },
                )
            }));
        }
        let cut = self
            .classes
            .iter()
            .filter_map(|(_, class)| class.disconnect.as_ref());
        disconnect::check_kept_for(cut, problems);
        (rules.len() == self.classes.len()).then(|| CustomerClasses::new(rules))
    }
}

const SHARE: Number = Number::above_zero(1e6, "0.3");

impl Class {
    fn ask(section: &mut Section, folder: &Path, all: Option<&Class>) -> Class {
        let share = "The class's share of the customers; shares are weights and need not sum to 1.";
        let share = match all {
            None => section.or("share", share, &SHARE, "1.0").value,
            Some(_) => section
                .required("share", share, &SHARE)
                .map_or(1.0, |s| s.value),
        };
        let priority = section.or(
            "priority",
            "A greater number is served first.",
            &Whole {
                least: 0,
                most: 1_000_000,
            },
            "0",
        );
        let (queue_patience, reply_patience) = ask_patience(section, folder);
        let think = ask_think(section, folder);
        let exchanges = section.or(
            "exchanges",
            "How many messages the customer sends, each with its reply; `poisson` is one and a \
             Poisson count.",
            &Counts(folder),
            "\"constant(1)\"",
        );
        let silent = section.or(
            "silent",
            "The share of abandonments that are silent: nobody tells the system.",
            &Number::up_to(1.0, "0.2"),
            "0.0",
        );
        let again = "Who comes again, each with its probability; absent: nobody.";
        let retry = section.table("retry", again, |s| retry::ask(s, folder));
        let cut = "Connections are cut for a while; absent: never.";
        let disconnect = section.table("disconnect", cut, |s| disconnect::ask(s, folder));
        let written = |key: &&'static str| Some((*key, section.key_place(key)?));
        let of_messages = OF_MESSAGES.iter().filter_map(written).collect();
        let class = Class {
            share,
            priority: priority.value,
            knows_priority: !section.is_unread("priority"),
            queue_patience,
            reply_patience,
            think,
            exchanges,
            silent,
            retry: retry.map(|retry| retry.value),
            disconnect: disconnect.map(|disconnect| disconnect.value),
            of_messages,
            strange: false,
        };
        match all {
            Some(all) => class.or(all, |key| section.key_place(key).is_some()),
            None => class,
        }
    }

    /// What is not written in this class as it holds for all.
    fn or(mut self, all: &Class, written: impl Fn(&str) -> bool) -> Class {
        fn take<T: Clone>(own: &mut T, all: &T, written: bool) {
            if !written {
                *own = all.clone();
            }
        }
        take(&mut self.priority, &all.priority, written("priority"));
        let patience = [
            (
                &mut self.queue_patience,
                &all.queue_patience,
                "queue_patience",
            ),
            (
                &mut self.reply_patience,
                &all.reply_patience,
                "reply_patience",
            ),
        ];
        for (own, all, key) in patience {
            take(own, all, written(key));
        }
        take(&mut self.think, &all.think, written("think"));
        take(&mut self.exchanges, &all.exchanges, written("exchanges"));
        take(&mut self.silent, &all.silent, written("silent"));
        take(&mut self.retry, &all.retry, written("retry"));
        take(&mut self.disconnect, &all.disconnect, written("disconnect"));
        self.of_messages.extend(&all.of_messages);
        self
    }

    /// Whether some patience ends, as far as can be said.
    fn may_leave(&self) -> bool {
        let patience = [&self.queue_patience, &self.reply_patience];
        self.strange || patience.iter().any(|law| law.value != Law::Never)
    }

    fn rules(&self, problems: &mut Problems) -> Option<CustomerRules> {
        let retry = self.retry.as_ref().map(|retry| retry.resolve(problems));
        let cut = self.disconnect.as_ref();
        let disconnect = cut.and_then(|disconnect| disconnect.resolve(problems));
        if *self.silent > 0.0 && !self.may_leave() {
            let title = "nobody abandons, silently or not";
            let help = "write `queue_patience` or `reply_patience`, or take `silent` out";
            let label = "both patiences are `never`";
            problems.add(self.silent.place, title, label, Some(help.into()));
        }
        let think = match &self.think {
            Some(think) => think.value.clone(),
            None if self.exchanges.mean() <= 1.0 => Law::Constant(Span::ZERO),
            None => {
                let title = "customers with several exchanges think between them";
                let help = "write `think = \"lognormal(mean=60s, cv=1)\"`".to_string();
                problems.add(
                    self.exchanges.place,
                    title,
                    "`think` is missing",
                    Some(help),
                );
                return None;
            }
        };
        let mut rules = CustomerRules::new(
            self.queue_patience.value.clone(),
            self.reply_patience.value.clone(),
            think,
            self.exchanges.value.clone(),
        );
        rules.silent = *self.silent;
        rules.retry = retry.unwrap_or_default();
        rules.disconnect = disconnect;
        Some(rules)
    }
}

/// Patience in the queue and for a reply; one that cannot be read ends, so that nobody is said to
/// have none.
fn ask_patience(section: &mut Section, folder: &Path) -> (At<Law>, At<Law>) {
    let mut queue = section.or(
        "queue_patience",
        "How long a customer waits in the queue, from asking for an agent; `never` gives up never.",
        &Times(folder),
        "\"never\"",
    );
    let mut reply = section.or(
        "reply_patience",
        "How long a customer waits for a reply inside the chat; drawn anew for each message.",
        &Times(folder),
        "\"never\"",
    );
    for (key, law) in [
        ("queue_patience", &mut queue),
        ("reply_patience", &mut reply),
    ] {
        if section.is_unread(key) {
            law.value = Law::Constant(Span::ZERO);
        }
    }
    (queue, reply)
}

/// Thinking; no time at all where it cannot be read, so that it is not missed besides.
fn ask_think(section: &mut Section, folder: &Path) -> Option<At<Law>> {
    let think = section.optional(
        "think",
        "Reading, thinking and typing between a reply and the next message; needed unless every \
         chat has one exchange.",
        &Times(folder),
    );
    if let Some(law) = think.as_ref().filter(|law| law.value == Law::Never) {
        let title = "a customer who thinks for ever sends no message";
        section.problem(law.place, title, "`never` is for patience", None);
    }
    let unread = || {
        let place = section.key_place("think")?;
        let value = Law::Constant(Span::ZERO);
        Some(At { value, place })
    };
    think.or_else(unread)
}

/// The name of a class: that of a bare key, so that a path to it can be written.
struct ClassName;

const LONGEST_NAME: usize = 40;

impl Form for ClassName {
    type Out = String;

    fn says(&self) -> String {
        "the name of a class".into()
    }

    fn example(&self) -> String {
        "business".into()
    }

    fn schema(&self) -> Json {
        json!({ "pattern": format!("^[A-Za-z0-9_-]{{1,{LONGEST_NAME}}}$") })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<String> {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if (1..=LONGEST_NAME).contains(&key.len()) && key.chars().all(bare) {
            return Some(key.to_string());
        }
        let label = format!("letters, digits, `-` and `_`, at most {LONGEST_NAME}, are expected");
        let title = format!("`{key}` is no name for a class of customers");
        problems.add(node.place, title, label, None);
        None
    }
}
