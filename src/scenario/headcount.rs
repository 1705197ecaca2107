//! Owns a number of agents over time: `agents.count` as written, and the steps it resolves to.
//!
//! Law: it goes by the local clock, as curves and rosters do: what the clock skips is skipped, and
//! what it shows twice holds twice.

use serde_json::{Value as Json, json};

use super::almanac::Almanac;
use super::clock::DAY;
use super::document::{At, Node, Value};
use super::duration::SPAN;
use super::form::{Form, List, Whole, wrong_kind};
use super::plan::Headcount;
use super::problem::Problems;
use super::roster::MOST_AGENTS;
use super::section::{self, Section};
use crate::time::{Span, Time};

/// `agents.count` as written.
#[derive(Clone, Debug)]
pub enum Count {
    /// So many, always.
    Always(u32),
    /// So many in each stretch of time.
    OverTime(Counts),
}

/// A number of agents for each stretch of the local clock.
#[derive(Clone, Debug)]
pub struct Counts {
    every: Span,
    values: At<Vec<u32>>,
}

/// The form of `agents.count`: a number, or a table with one number a stretch.
pub struct CountForm;

const ALWAYS: Whole = Whole {
    least: 1,
    most: MOST_AGENTS,
};

const VALUES: List<Whole> = List {
    of: Whole {
        least: 0,
        most: MOST_AGENTS,
    },
    may_be_empty: false,
};

/// What the last of a list of counts has to reach.
const WHOLE_DAY: Span = Span::from_secs(DAY as u64);

impl Form for CountForm {
    type Out = Count;

    fn says(&self) -> String {
        "a whole number, or `{ every = \"30m\", values = [...] }`".into()
    }

    fn example(&self) -> String {
        "12".into()
    }

    fn schema(&self) -> Json {
        json!({ "anyOf": [ALWAYS.schema(), section::describe(ask)] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Count> {
        match &node.value {
            Value::Number { .. } => {
                let count = ALWAYS.read(key, node, problems)?;
                Some(Count::Always(count as u32))
            }
            Value::Table(table) => {
                let name = format!("`{key}`");
                section::read(&name, table, node.place, problems, ask).map(Count::OverTime)
            }
            _ => {
                wrong_kind(self, key, node, problems);
                None
            }
        }
    }
}

fn ask(section: &mut Section) -> Option<Counts> {
    let every = section.required("every", "How long each number holds.", &SPAN);
    let values = section.required(
        "values",
        "How many agents there are. Numbers for 24 hours are a day's, from midnight, and hold on \
         every day; any others go from the scenario's start on and must reach its horizon.",
        &VALUES,
    );
    let (every, values) = (every?, values?);
    if every.value < Span::from_secs(60) {
        let title = "`every` is out of range";
        section.problem(every.place, title, "at least 1m is expected", None);
        return None;
    }
    if values.value.iter().all(|value| value.value == 0) {
        let title = "no agent is ever there";
        section.problem(values.place, title, "all of them are zero", None);
        return None;
    }
    let whole = |values: Vec<At<u64>>| values.iter().map(|value| value.value as u32).collect();
    Some(Counts {
        every: every.value,
        values: values.map(whole),
    })
}

impl Counts {
    /// The most agents at once.
    pub fn greatest(&self) -> u32 {
        self.values.iter().copied().max().unwrap_or(0)
    }

    /// Where the numbers stand in the scenario.
    pub fn place(&self) -> super::document::Place {
        self.values.place
    }

    /// How many agents there are from the start to `end`; `None` after noting that the numbers do
    /// not reach the horizon.
    pub fn expand(
        &self,
        almanac: &Almanac,
        end: Time,
        problems: &mut Problems,
    ) -> Option<Vec<Headcount>> {
        if !self.daily() {
            self.check_length(almanac, problems)?;
        }
        let mut edges = vec![0];
        edges.extend(almanac.clock_changes(end));
        for local in self.boundaries(almanac, end) {
            let (first, second) = almanac.instants(local);
            edges.push(first);
            edges.extend(second);
        }
        edges.retain(|edge| (0..=end.0 as i64).contains(edge));
        edges.sort_unstable();
        edges.dedup();
        let mut counts: Vec<Headcount> = Vec::new();
        for at in edges {
            let agents = self.at(almanac, at);
            if counts.last().is_none_or(|last| last.agents != agents) {
                counts.push(Headcount {
                    at: Time(at as u64),
                    agents,
                });
            }
        }
        Some(counts)
    }

    /// Whether the numbers are a day's.
    fn daily(&self) -> bool {
        self.length() == WHOLE_DAY
    }

    fn length(&self) -> Span {
        self.every * self.values.len() as u64
    }

    /// The local times at which the number may change.
    fn boundaries(&self, almanac: &Almanac, end: Time) -> Vec<jiff::civil::DateTime> {
        let after = |from: jiff::civil::DateTime, index: u64| {
            let since = (self.every * index).0.min(i64::MAX as u64);
            from.saturating_add(jiff::SignedDuration::from_nanos(since as i64))
        };
        let each = |from| (0..self.values.len() as u64).map(move |index| after(from, index));
        if self.daily() {
            let midnights = almanac.dates(end).map(|date| date.at(0, 0, 0, 0));
            midnights.flat_map(each).collect()
        } else {
            each(almanac.start.datetime()).collect()
        }
    }

    /// How many agents there are at an instant; beyond the last number it holds on.
    fn at(&self, almanac: &Almanac, at: i64) -> u32 {
        let local = almanac.local(at);
        let from = match self.daily() {
            true => local.date().at(0, 0, 0, 0),
            false => almanac.start.datetime(),
        };
        let since = u64::try_from(local.duration_since(from).as_nanos()).unwrap_or(0);
        let index = (since / self.every.0) as usize;
        self.values[index.min(self.values.len() - 1)]
    }

    fn check_length(&self, almanac: &Almanac, problems: &mut Problems) -> Option<()> {
        // The latest that the clock shows: where it is put back it has shown more than at the end.
        let shown = |at: i64| {
            let since = almanac.local(at).duration_since(almanac.start.datetime());
            u64::try_from(since.as_nanos()).unwrap_or(0)
        };
        let before = |change: i64| shown(change - 1) + 1;
        let changes = almanac.clock_changes(Time(almanac.horizon.0 + 1));
        let wanted = changes
            .map(before)
            .fold(shown(almanac.horizon.0 as i64), u64::max);
        if self.length().0 >= wanted {
            return Some(());
        }
        let (count, needed) = (self.values.len(), wanted.div_ceil(self.every.0));
        let title = format!("`count` has {count} values, the horizon needs {needed}");
        let label = format!(
            "they last {}, the horizon {} by the local clock",
            self.length(),
            Span(wanted)
        );
        let help = "write one value for each `every` from the start to the horizon, or those of a \
                    whole day, which hold on every day";
        problems.add(self.values.place, title, label, Some(help.into()));
        None
    }
}
