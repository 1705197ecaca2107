//! Owns `Feeder`: a CSV file that gives each person a secret of its own.
//!
//! Law: of what stands in the file nothing is told, not even its first line: a file without a
//! header has a secret there. What is wrong is told by column and line.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::ReaderBuilder;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Bytes of a file that are read; all of its column is held in memory.
const MOST: u64 = 256 << 20;

/// A CSV file with a header, a row a person.
#[derive(Clone, Debug)]
pub struct Feeder<'a>(pub &'a Path);

impl Feeder<'_> {
    /// The column of this name, at least one row of it.
    ///
    /// # Errors
    /// Refused: the file cannot be read, is no CSV, has no such column, or no rows.
    pub fn column(&self, name: &str) -> Result<Vec<Secret>> {
        let file = File::open(self.0).map_err(|error| Error::unreadable(self.0, &error))?;
        let mut rows = ReaderBuilder::new()
            .flexible(true)
            .from_reader(file.take(MOST));
        let header = rows.headers().map_err(|error| self.no_csv(&error))?;
        let place = header.iter().position(|column| column.trim() == name);
        let columns = header.len();
        let place = place.ok_or_else(|| {
            let path = self.path();
            Error::refused(format!("{path} has no column `{name}` among its {columns}"))
                .with_remedy("name a column of its first line, which must be a header")
        })?;
        let mut column = Vec::new();
        for row in rows.records() {
            let row = row.map_err(|error| self.no_csv(&error))?;
            let line = row.position().map_or(0, csv::Position::line);
            let cell = row.get(place).filter(|cell| !cell.is_empty());
            let cell = cell.ok_or_else(|| {
                Error::refused(format!("line {line} of {} has no `{name}`", self.path()))
                    .with_remedy("give each row a value, or take it out")
            })?;
            column.push(Secret::new(cell));
        }
        if rows.position().byte() >= MOST {
            let words = format!("{} is too large for a feeder", self.path());
            return Err(Error::refused(words).with_remedy("give one of less than 256 MiB"));
        }
        if column.is_empty() {
            let words = format!("{} has no rows", self.path());
            return Err(Error::refused(words).with_remedy("write one row a person at least"));
        }
        Ok(column)
    }

    fn no_csv(&self, error: &csv::Error) -> Error {
        match error.kind() {
            csv::ErrorKind::Io(error) => Error::unreadable(self.0, error),
            _ => {
                let line = error.position().map_or(1, csv::Position::line);
                Error::refused(format!("line {line} of {} is no CSV in UTF-8", self.path()))
            }
        }
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn column(text: &[u8], name: &str) -> Result<Vec<Secret>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Feeder(file.path()).column(name)
    }

    #[test]
    fn a_column_is_read_by_its_name() {
        let text = b"who, token\nann,t-0\n\"b, c\",\"t\"\"1\"\n";
        let tokens = column(text, "token").unwrap();
        let tokens: Vec<&str> = tokens.iter().map(Secret::reveal).collect();
        assert_eq!(tokens, ["t-0", "t\"1"]);
    }

    #[test]
    fn what_is_wrong_is_told_and_nothing_that_stands_there() {
        for (text, words) in [
            (
                &b"canary,x\ncanary,y\n"[..],
                "no column `token` among its 2",
            ),
            (b"token\n", "no rows"),
            (b"", "no column"),
            (b"who,token\ncanary,t\ncanary\n", "line 3"),
            (b"who,token\ncanary,\n", "line 2"),
            (b"token\ncanary\xff\n", "line 2"),
        ] {
            let error = column(text, "token").unwrap_err();
            assert_eq!(error.exit(), Exit::Refused);
            let message = error.message(false);
            assert!(message.contains(words), "{words}: {message}");
            assert!(!message.contains("canary"), "{message}");
        }
        let missing = Feeder(Path::new("missing.csv"))
            .column("token")
            .unwrap_err();
        assert!(missing.message(false).contains("missing.csv"), "{missing}");
    }
}
