//! Owns the reading of CSV columns by name, row by row.
//!
//! Law: what is wrong in a row is told with file, line, column and what was expected. Rows are
//! never held all at once, since a year of chats need not fit into memory as text.

mod bounded;

use std::ops::Range;
use std::path::Path;

use csv::ByteRecord;

use super::attachment::Attachment;
use super::document::At;
use super::memory;
use super::names::{did_you_mean, list};
use super::problem::{Fault, Problems};
use bounded::{Allowance, Bounded, LONGEST};

/// How many rows at fault are shown; the rest of a broken file says nothing new.
const SHOWN: usize = 5;

/// Columns of a CSV file, as a scenario names them.
pub struct Columns<'a> {
    /// The file's name in the scenario.
    pub file: &'a At<String>,
    /// The scenario's folder.
    pub folder: &'a Path,
    /// The columns wanted, by their names in the header.
    pub names: Vec<&'a At<String>>,
    /// Bytes that are kept of a row.
    pub keeps: usize,
}

/// A fault of one cell: which of the wanted columns, and what is wrong with its text.
pub type CellFault = (usize, Fault);

impl Columns<'_> {
    /// Hands the wanted cells of each row to `take`, with the number of the row from 0; false
    /// after noting what is wrong.
    pub fn read(
        &self,
        problems: &mut Problems,
        mut take: impl FnMut(u64, &[&str]) -> Result<(), CellFault>,
    ) -> bool {
        let attached = Attachment::new(self.file, self.folder);
        problems.add_file(&attached.path);
        let (file, allowance) = match attached.open() {
            Ok(file) => Bounded::new(file),
            Err(error) => {
                attached.unreadable(&error, problems);
                return false;
            }
        };
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let header = match rows.byte_headers() {
            Ok(header) => header.clone(),
            Err(error) => return self.broken(&attached, 1, error, &allowance, problems),
        };
        let Some(places) = self.find(&header, problems) else {
            return false;
        };
        let most = memory::rows(self.keeps, memory::available());
        let (mut record, mut faults, mut row) = (ByteRecord::new(), 0, 0);
        while faults < SHOWN {
            allowance.renew();
            let more = rows.read_byte_record(&mut record);
            let line = record.position().map_or(0, csv::Position::line);
            match more {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return self.broken(&attached, line, error, &allowance, problems),
            }
            let taken = cells(&record, &places).and_then(|cells| {
                let label = || format!("this machine has memory for {most} rows");
                let fault = || (0, Fault::new(0..cells[0].len(), label()));
                (row < most).then_some(()).ok_or_else(fault)?;
                take(row, &cells)
            });
            if let Err((column, fault)) = taken {
                let cell = Cell {
                    line,
                    field: places[column],
                    name: &self.names[column].value,
                };
                note(&attached, &cell, fault, problems);
                faults += 1;
            }
            row += 1;
        }
        if row == 0 {
            let title = format!("{} has no rows", attached.name());
            problems.add(self.file.place, title, "nothing but a header", None);
        }
        faults == 0 && row > 0
    }

    /// Notes that a record, which begins at this line, could not be read.
    fn broken(
        &self,
        attached: &Attachment,
        line: u64,
        error: csv::Error,
        allowance: &Allowance,
        problems: &mut Problems,
    ) -> bool {
        if !allowance.is_spent() {
            attached.unreadable(&error.into(), problems);
            return false;
        }
        let title = format!("line {line} of {} is too long", attached.name());
        let label = format!("at most {} MiB a line are read", LONGEST >> 20);
        let help = "is this a CSV? end each line with a line break, and close each quote";
        problems.add(self.file.place, title, label, Some(help.into()));
        false
    }

    /// The places of the wanted columns in the header.
    fn find(&self, header: &ByteRecord, problems: &mut Problems) -> Option<Vec<usize>> {
        if header.is_empty() {
            let title = format!("{} is empty", self.file.value);
            problems.add(
                self.file.place,
                title,
                "a header and rows are expected",
                None,
            );
            return None;
        }
        let there: Vec<_> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_string())
            .collect();
        let find = |name: &&At<String>| {
            // Excel writes a byte order mark before the first name.
            let place = there
                .iter()
                .position(|known| known.trim_start_matches('\u{feff}') == name.value);
            if place.is_none() {
                let title = format!("{} has no column `{}`", self.file.value, name.value);
                let known = there.iter().map(String::as_str);
                let help = format!(
                    "{}; the header is {}",
                    did_you_mean(&name.value, known.clone()),
                    list(known)
                );
                problems.add(name.place, title, "no such column", Some(help));
            }
            place
        };
        let places: Vec<_> = self.names.iter().map(find).collect();
        places.into_iter().collect()
    }
}

/// The wanted cells of a row.
fn cells<'r>(record: &'r ByteRecord, places: &[usize]) -> Result<Vec<&'r str>, CellFault> {
    let cell = |(column, place): (usize, &usize)| {
        let Some(bytes) = record.get(*place) else {
            let has = record.len();
            let label = format!("the row ends after {has} of at least {} fields", place + 1);
            return Err((column, Fault::new(0..0, label)));
        };
        let text = std::str::from_utf8(bytes);
        text.map(str::trim)
            .map_err(|_| (column, Fault::new(0..0, "not UTF-8 text")))
    };
    places.iter().enumerate().map(cell).collect()
}

/// Where a fault in a CSV lies.
struct Cell<'a> {
    line: u64,
    field: usize,
    name: &'a str,
}

fn note(attached: &Attachment, cell: &Cell, fault: Fault, problems: &mut Problems) {
    let place = attached.line(cell.line, problems, |line| field_of(line, cell.field));
    let title = format!(
        "line {} of {}: column `{}` cannot be read",
        cell.line,
        attached.name(),
        cell.name
    );
    problems.add(place, title, fault.label, fault.help);
}

/// The bytes of a field in a line; the line's end where it has none.
fn field_of(line: &str, field: usize) -> Range<usize> {
    let (mut from, mut number, mut quoted) = (0, 0, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted && number == field => return from..at,
            ',' if !quoted => (from, number) = (at + 1, number + 1),
            _ => {}
        }
    }
    if number == field {
        from..line.len()
    } else {
        line.len()..line.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_in_their_line() {
        assert_eq!(field_of("a,bc,d", 1), 2..4);
        assert_eq!(field_of("\"a,b\",cd", 1), 6..8);
        assert_eq!(field_of("a", 1), 1..1);
        assert_eq!(field_of("", 0), 0..0);
    }
}
