//! Owns the declaration of the scenario file: every section and key, for reader and schema alike.
//!
//! Law: what is not asked for here is not known. Sections ask for all their keys first and look at
//! the answers afterwards, since the describing pass has no answers.

use std::path::Path;

use super::almanac;
use super::arrivals::{self, Arrivals};
use super::customers::{self, Customers};
use super::document::{At, Document, Place};
use super::form::{Text, Whole};
use super::gates;
use super::messages;
use super::people::{self, Queue, Team};
use super::plan::{Live, Messages, Validity};
use super::problem::Problems;
use super::run::{self, Run};
use super::section::{self, Section};
use crate::measure::gate::Gate;

/// The scenario as written: what could be read of it.
pub struct Written {
    /// What people call it.
    pub name: Option<String>,
    /// Of all draws.
    pub seed: u64,
    /// `[calendar]`.
    pub calendar: almanac::Written,
    /// `[arrivals]`.
    pub arrivals: Arrivals,
    /// `[customers]`.
    pub customers: Customers,
    /// `[queue]`.
    pub queue: Queue,
    /// `[agents]`.
    pub team: Option<Team>,
    /// `[run]`.
    pub run: Run,
    /// `[messages]`.
    pub messages: Messages,
    /// `[live]`.
    pub live: Live,
    /// `[validity]`.
    pub validity: Validity,
    /// `[gate]`.
    pub gates: Vec<At<Gate>>,
}

impl Written {
    /// Whether chats are pieces of work by level, without messages.
    pub fn is_level_model(&self) -> bool {
        self.team
            .as_ref()
            .is_some_and(|team| team.level_model.is_some())
    }

    /// The measures that gates and precision name, with where.
    pub fn asked(&self) -> impl Iterator<Item = (&str, Place)> {
        let gates = self.gates.iter();
        let gates = gates.map(|gate| (gate.measure.as_str(), gate.place));
        let bounds = self.run.precision.iter().flat_map(|p| &p.bounds);
        gates.chain(bounds.map(|bound| (bound.measure.as_str(), bound.place)))
    }
}

/// Reads the document.
pub fn read(document: &Document, folder: &Path, problems: &mut Problems) -> Written {
    let top = Place::top(0);
    section::read("the scenario", &document.root, top, problems, |root| {
        ask(root, folder)
    })
}

const CUSTOMERS: &str = "How customers behave; or several classes, a table each, as \
                         `[customers.business]`: what stands at the top holds for every class that \
                         does not say otherwise.";

const MESSAGES: &str = "What the messages of a live run are like; a simulation does not ask.";

/// Asks for everything that a scenario can hold.
pub fn ask(root: &mut Section, folder: &Path) -> Written {
    let name = root.optional(
        "name",
        "What people call the scenario; absent: the file's name.",
        &Text {
            says: "a name",
            example: "A busy hour",
        },
    );
    let seed = root.or(
        "seed",
        "The seed of all draws: the same seed, the same people.",
        &Whole {
            least: 0,
            most: i64::MAX,
        },
        "1",
    );
    Written {
        name: name.map(|name| name.value),
        seed: seed.value,
        calendar: root.part("calendar", "When the scenario plays.", almanac::ask),
        arrivals: root.part("arrivals", "When customers come.", |s| {
            arrivals::ask(s, folder)
        }),
        customers: root.part("customers", CUSTOMERS, |s| customers::ask(s, folder)),
        queue: root.part("queue", "Where customers wait.", people::ask_queue),
        team: root.part("agents", "Who answers.", |s| people::ask_agents(s, folder)),
        run: root.part("run", "How the scenario is run.", run::ask),
        messages: root.part("messages", MESSAGES, |s| messages::ask(s, folder)),
        live: root.part("live", "How a live run goes.", run::ask_live),
        validity: root.part(
            "validity",
            "What a live run must keep to be VALID.",
            run::ask_validity,
        ),
        gates: gates::ask(root),
    }
}
