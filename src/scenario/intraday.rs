//! Owns `Intraday`: how the chats of a day spread over its hours, and which day has which curve.
//!
//! Law: bins are equally long and lie within one day of the local clock; outside them nobody comes.
//! Whatever the shape, a curve has the same area: its points stand in the middle of their bins, and
//! it is flat from the first bin's start to its point and from the last point to the last bin's end.

use std::path::Path;

use super::clock::{CLOCK, Clock, DAY};
use super::column::Columns;
use super::days::{DayKind, NAMES};
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

/// The curves of the days.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// That of all days without their own.
    common: Intraday,
    /// By weekday, Monday first, and of holidays.
    own: [Option<Intraday>; 8],
}

/// How a curve goes from point to point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Level within a bin.
    #[default]
    Steps,
    /// Straight from the middle of one bin to the middle of the next.
    Linear,
}

const WEIGHT: Number = Number::up_to(1e12, "10");

/// A day in bins of a minute.
const MOST_BINS: u64 = 1_440;

struct Bins {
    from: At<Clock>,
    until: Option<At<Clock>>,
    every: Option<At<Span>>,
}

impl Intraday {
    /// Reads the curve of a day; `None` when there is something wrong with it.
    fn ask(section: &mut Section, folder: &Path) -> Option<Intraday> {
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

    /// The weights at the ends of a stretch of the day that no edge lies within, in seconds.
    pub fn weights(&self, shape: Shape, from: f64, until: f64) -> [f64; 2] {
        let bin = (from - f64::from(self.from.0)) / f64::from(self.every);
        if bin < 0.0 || bin >= self.weights.len() as f64 {
            return [0.0; 2];
        }
        match shape {
            Shape::Steps => [self.weights[bin as usize]; 2],
            Shape::Linear => [from, until].map(|second| self.between(second)),
        }
    }

    /// The weight on the line between the points.
    fn between(&self, second: f64) -> f64 {
        let last = self.weights.len() - 1;
        let at = (second - f64::from(self.from.0)) / f64::from(self.every) - 0.5;
        let at = at.clamp(0.0, last as f64);
        let (left, share) = (at as usize, at.fract());
        let (from, to) = (self.weights[left], self.weights[last.min(left + 1)]);
        from + (to - from) * share
    }

    /// Sum of the weights.
    pub fn sum(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// Where the curve may change its course, from midnight by the clock.
    pub fn edges(&self, shape: Shape) -> impl Iterator<Item = Span> {
        let [from, every] = [self.from.0, self.every].map(|secs| Span::from_secs(secs.into()));
        let bins = self.weights.len() as u64;
        let points = match shape {
            Shape::Steps => 0,
            Shape::Linear => bins,
        };
        let edges = (0..=bins).map(move |bin| from + every * bin);
        edges.chain((0..points).map(move |bin| from + every * bin + every / 2))
    }
}

impl Curves {
    /// Reads `intraday`; `None` inside when there is something wrong with it.
    pub fn ask(section: &mut Section, folder: &Path) -> Option<Curves> {
        let common = Intraday::ask(section, folder);
        let own = NAMES.map(|day| {
            let doc = "A curve of its own for these days, with the same keys.";
            section.table(day, doc, |section| Intraday::ask(section, folder))
        });
        let wrong = own.iter().flatten().any(|curve| curve.value.is_none());
        let own = own.map(|curve| curve.and_then(|curve| curve.value));
        Some(Curves {
            common: common.filter(|_| !wrong)?,
            own,
        })
    }

    /// The curve of such a day.
    pub fn of(&self, kind: DayKind) -> &Intraday {
        self.own[kind.0].as_ref().unwrap_or(&self.common)
    }

    /// The least sum of weights among the curves.
    pub fn least_sum(&self) -> f64 {
        let all = self.own.iter().flatten().chain([&self.common]);
        all.map(Intraday::sum).fold(f64::INFINITY, f64::min)
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
        keeps: size_of::<f64>(),
    };
    let mut weights = Vec::new();
    let read = columns.read(problems, |row, cells| {
        if row >= MOST_BINS {
            let label = format!("a day has at most {MOST_BINS} bins");
            return Err((0, Fault::new(0..cells[0].len(), label)));
        }
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

    fn curve(weights: &[f64]) -> Intraday {
        Intraday {
            from: Clock(28_800),
            every: 1_800,
            weights: weights.to_vec(),
        }
    }

    #[test]
    fn outside_the_bins_nobody_comes() {
        let curve = curve(&[2.0, 5.0]);
        for shape in [Shape::Steps, Shape::Linear] {
            let at = |second| curve.weights(shape, second, second)[0];
            assert_eq!([at(28_799.0), at(28_800.0)], [0.0, 2.0]);
            assert_eq!([at(32_399.0), at(32_400.0)], [5.0, 0.0]);
        }
        let at = |second| curve.weights(Shape::Steps, second, second)[0];
        assert_eq!([at(30_599.0), at(30_600.0)], [2.0, 5.0]);
        let edges = curve.edges(Shape::Steps).map(|edge| edge.0 / 1_000_000_000);
        assert_eq!(edges.collect::<Vec<_>>(), [28_800, 30_600, 32_400]);
    }

    /// Between its points the curve is straight, and its area is that of the steps.
    #[test]
    fn a_linear_curve_has_the_area_of_the_steps() {
        let curve = curve(&[2.0, 5.0, 1.0, 0.0, 4.0]);
        let at = |second| curve.weights(Shape::Linear, second, second)[0];
        assert_eq!([at(29_700.0), at(30_600.0), at(31_500.0)], [2.0, 3.5, 5.0]);
        let mut edges: Vec<f64> = curve.edges(Shape::Linear).map(Span::as_secs_f64).collect();
        edges.sort_by(f64::total_cmp);
        let area = |ends: &[f64]| {
            let [from, until] = curve.weights(Shape::Linear, ends[0], ends[1]);
            (from + until) / 2.0 * (ends[1] - ends[0])
        };
        let sum: f64 = edges.windows(2).map(area).sum();
        assert!((sum - 12.0 * 1_800.0).abs() < 1e-9, "{sum}");
    }
}
