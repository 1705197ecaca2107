//! Owns `Recorded`: `empirical(file=replies.csv, column=seconds)`, and the reading of its column.
//!
//! Law: every row counts once; a row that cannot be read refuses the file, since a sample without
//! its odd values is another sample.

use std::ops::Range;
use std::path::Path;

use super::super::column::Columns;
use super::super::document::{At, Node};
use super::super::duration;
use super::super::problem::{Fault, Problems};
use super::call::{Call, Parameter};
use crate::stats::law::{CountLaw, Impossible, Law};

/// The most values of a file.
const MOST: u64 = 10_000_000;

/// Bytes a value, with the copies that the law is made of.
const KEEPS: usize = 32;

/// Which column of which file, each with its place in the string.
pub struct Recorded {
    file: (String, Range<usize>),
    column: (String, Range<usize>),
}

impl Recorded {
    /// What a call asks for.
    pub fn of(call: &Call) -> Result<Recorded, Fault> {
        let [file, column] = call
            .exactly(["file", "column"])
            .ok_or_else(|| call.misfit())?;
        let part = |p: &Parameter| (p.value.to_string(), p.value_at.clone());
        Ok(Recorded {
            file: part(file),
            column: part(column),
        })
    }

    /// The times of the column: seconds, or lengths with their units.
    pub fn times(&self, folder: &Path, node: &Node, problems: &mut Problems) -> Option<Law> {
        let read = |cell: &str| match cell.parse::<f64>() {
            Ok(secs) => Ok(secs),
            Err(_) => duration::parse(cell).map(|length| length.span().as_secs_f64()),
        };
        let fits = |secs: &f64| (0.0..=1e9).contains(secs);
        let label = "seconds of zero or more, or a length such as `45s`, are expected";
        let read = |cell: &str| read(cell).ok().filter(fits).ok_or(label);
        self.law(folder, node, problems, read, Law::empirical)
    }

    /// The sizes of the column: bytes, a second of the law for each.
    pub fn sizes(&self, folder: &Path, node: &Node, problems: &mut Problems) -> Option<Law> {
        let label = "a whole number of bytes is expected";
        let read = |cell: &str| cell.parse::<u32>().map(f64::from).map_err(|_| label);
        self.law(folder, node, problems, read, Law::empirical)
    }

    /// The counts of the column.
    pub fn counts(&self, folder: &Path, node: &Node, problems: &mut Problems) -> Option<CountLaw> {
        let label = "a whole number from 1 to 100000 is expected";
        let fits = |count: &u32| (1..=CountLaw::MOST).contains(count);
        let read = |cell: &str| cell.parse().ok().filter(fits).ok_or(label);
        self.law(folder, node, problems, read, CountLaw::empirical)
    }

    fn law<T, L>(
        &self,
        folder: &Path,
        node: &Node,
        problems: &mut Problems,
        read: impl Fn(&str) -> Result<T, &'static str>,
        make: impl Fn(&[T]) -> Result<L, Impossible>,
    ) -> Option<L> {
        let [file, column] = [&self.file, &self.column].map(|(text, at)| At {
            value: text.clone(),
            place: node.part(at),
        });
        let columns = Columns {
            file: &file,
            folder,
            names: vec![&column],
            keeps: KEEPS,
        };
        let mut values = Vec::new();
        let all = columns.read(problems, |row, cells| {
            let fault = |label: &str| (0, Fault::new(0..cells[0].len(), label));
            if row >= MOST {
                return Err(fault("at most 10 million rows are read"));
            }
            values.push(read(cells[0]).map_err(fault)?);
            Ok(())
        });
        if !all {
            return None;
        }
        let law = make(&values);
        law.map_err(|why| problems.add(node.place, "no distribution", why, None))
            .ok()
    }
}
