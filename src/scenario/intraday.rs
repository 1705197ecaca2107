//! Owns `Intraday`: how the chats of a day spread over its hours.
//!
//! Law: bins are equally long and lie within one day of the local clock; outside them nobody comes.

use std::path::Path;

use super::clock::{CLOCK, Clock, DAY};
use super::column::Columns;
use super::document::{At, Place};
use super::duration::SPAN;
use super::form::{Form, List, Number, Text};
use super::problem::{Fault, Problems};
use super::section::Section;
use crate::time::Span;

/// The curve of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Intraday {
    /// When the first bin starts.
    pub from: Clock,
    /// Seconds a bin.
    pub every: u32,
    /// One weight a bin.
    pub weights: Vec<f64>,
}

const WEIGHT: Number = Number::up_to(1e12, "10");

struct Bins {
    from: At<Clock>,
    until: Option<At<Clock>>,
    every: Option<At<Span>>,
}

impl Intraday {
    /// Reads `intraday`; `None` inside when there is something wrong with it.
    pub fn ask(section: &mut Section, folder: &Path) -> Option<Intraday> {
        let bins = Bins {
            from: section.or("from", "When the first bin starts.", &CLOCK, "\"00:00\""),
            until: section.optional(
                "until",
                "When the last bin ends; states how many weights there have to be.",
                &CLOCK,
            ),
            every: section.required("every", "How long a bin is.", &SPAN),
        };
        let weights = section.optional(
            "weights",
            "One weight a bin. With `volume` they are shares, with `rate` factors.",
            &List {
                of: WEIGHT,
                may_be_empty: false,
            },
        );
        let file = section.optional(
            "file",
            "A CSV with one bin a row, in place of `weights`.",
            &Text {
                says: "the name of a CSV file",
                example: "curve.csv",
            },
        );
        let column = section.optional(
            "column",
            "The column of the CSV that holds the weights.",
            &Text {
                says: "the name of a column",
                example: "chats",
            },
        );
        section.exactly_one(
            &["weights", "file"],
            "`weights = [...]` or `file = \"curve.csv\"`",
        );
        section.pair("file", "column");
        let problems = section.problems()?;
        let weights = match (weights, file, column) {
            (Some(weights), ..) => {
                let values = weights
                    .value
                    .into_iter()
                    .map(|weight| weight.value)
                    .collect();
                Some(At {
                    value: values,
                    place: weights.place,
                })
            }
            (None, Some(file), Some(column)) => from_file(&file, &column, folder, problems),
            _ => None,
        };
        bins.fill(&weights?, problems)
    }

    /// The bin that a second of the day lies in.
    pub fn weight_at(&self, second: u32) -> f64 {
        let Some(since) = second.checked_sub(self.from.0) else {
            return 0.0;
        };
        self.weights
            .get((since / self.every) as usize)
            .copied()
            .unwrap_or(0.0)
    }

    /// Sum of the weights.
    pub fn sum(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Where the bins begin and end.
    pub fn edges(&self) -> impl Iterator<Item = Clock> {
        let (from, every) = (self.from.0, self.every);
        (0..=self.weights.len() as u32).map(move |bin| Clock(from + bin * every))
    }
}

impl Bins {
    fn fill(self, weights: &At<Vec<f64>>, problems: &mut Problems) -> Option<Intraday> {
        let every = self.every?;
        let secs = every.value.0 / 1_000_000_000;
        if secs < 60 || secs > u64::from(DAY) || every.value.0 % 1_000_000_000 != 0 {
            let label = "whole seconds, from 1m to 24h, are expected";
            problems.add(every.place, "`every` is out of range", label, None);
            return None;
        }
        let (secs, count, from) = (secs as u32, weights.value.len() as u64, self.from.value);
        let room = u64::from((DAY - from.0) / secs);
        let (wanted, why) = match &self.until {
            Some(until) if until.value <= from || (until.value.0 - from.0) % secs != 0 => {
                let label = "a whole number of bins after `from` is expected";
                problems.add(until.place, "`until` does not fit the bins", label, None);
                return None;
            }
            Some(until) => (u64::from((until.value.0 - from.0) / secs), "until `until`"),
            None => (count.min(room), "until midnight, at most"),
        };
        if count != wanted {
            let title = format!("`intraday` has {count} weights, not {wanted}");
            let label = format!("{wanted} bins of {} fit {why}", every.value);
            problems.add(weights.place, title, label, None);
            return None;
        }
        Some(Intraday {
            from,
            every: secs,
            weights: weights.value.clone(),
        })
    }
}

fn from_file(
    file: &At<String>,
    column: &At<String>,
    folder: &Path,
    problems: &mut Problems,
) -> Option<At<Vec<f64>>> {
    let columns = Columns {
        file,
        folder,
        names: vec![column],
    };
    let mut weights = Vec::new();
    let read = columns.read(problems, |_, cells| {
        let weight = cells[0]
            .parse()
            .ok()
            .filter(|w| (0.0..=WEIGHT.most).contains(w));
        let label = format!("{} is expected", WEIGHT.says());
        weights.push(weight.ok_or((0, Fault::new(0..cells[0].len(), label)))?);
        Ok(())
    });
    let place: Place = file.place;
    read.then_some(At {
        value: weights,
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_the_bins_nobody_comes() {
        let curve = Intraday {
            from: Clock(28_800),
            every: 1_800,
            weights: vec![2.0, 5.0],
        };
        let at = |second| curve.weight_at(second);
        assert_eq!([at(28_799), at(28_800), at(30_599)], [0.0, 2.0, 2.0]);
        assert_eq!([at(30_600), at(32_399), at(32_400)], [5.0, 5.0, 0.0]);
        assert_eq!(
            curve.edges().map(|e| e.0).collect::<Vec<_>>(),
            [28_800, 30_600, 32_400]
        );
    }
}
