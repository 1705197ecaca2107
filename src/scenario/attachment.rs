//! Owns `Attachment`: a file that a scenario names, where it is, and what is wrong with it.
//!
//! Law: names in the scenario count from its folder, those on the command line from the working
//! directory. Only regular files are read: others have no end, or cannot be read a second time to
//! show the line at fault.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::document::{At, Place};
use super::problem::Problems;
use crate::error::in_words;

/// The longest part of a line that is shown.
const WIDTH: u64 = 2_000;

/// A file that a scenario names.
pub struct Attachment {
    /// Where it is.
    pub path: PathBuf,
    /// Where it is named.
    named: Place,
}

impl Attachment {
    /// The file of that name, in a scenario of that folder.
    pub fn new(name: &At<String>, folder: &Path) -> Attachment {
        let path = match name.place.source {
            0 => folder.join(&name.value),
            _ => PathBuf::from(&name.value),
        };
        Attachment {
            path,
            named: name.place,
        }
    }

    /// Its name for people.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Opens it.
    pub fn open(&self) -> io::Result<File> {
        let there = std::fs::metadata(&self.path)?;
        if there.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !there.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        File::open(&self.path)
    }

    /// Notes that it cannot be read.
    pub fn unreadable(&self, error: &io::Error, problems: &mut Problems) {
        let title = format!("cannot read {}: {}", self.name(), in_words(error));
        let help = match error.kind() {
            io::ErrorKind::Other => "copy what a pipe or a device gives into a file first",
            _ => "a name in the scenario counts from the scenario's folder",
        };
        problems.add(self.named, title, "this file", Some(help.into()));
    }

    /// A line of it, by its number from 1, as problems point into it: the place of the part that
    /// `part` finds in its text.
    pub fn line(
        &self,
        number: u64,
        problems: &mut Problems,
        part: impl FnOnce(&str) -> Range<usize>,
    ) -> Place {
        let line = line_of(&self.path, number).unwrap_or_default();
        let source = problems.add_source(&self.name(), &line, number as usize);
        Place::new(source, &part(&line))
    }
}

/// A line of a file, by its number from 1, for people to see.
fn line_of(path: &Path, number: u64) -> Option<String> {
    let mut reader = BufReader::new(File::open(path).ok()?);
    for _ in 1..number {
        reader.skip_until(b'\n').ok()?;
    }
    let mut line = Vec::new();
    reader.take(WIDTH).read_until(b'\n', &mut line).ok()?;
    let text = String::from_utf8_lossy(&line);
    Some(text.trim_end_matches(['\n', '\r']).to_string())
}
