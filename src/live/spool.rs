//! Owns `Spool`: the journal of a part of a run, on its way to the part's result file and back.
//!
//! Law: what is posted goes to disk at once, compressed, so that a long run takes no more memory
//! than a short one; the file has no name, so that whatever ends the run leaves nothing behind. The
//! entries come back in the order in which they were posted.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Cursor, Read, Seek};
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};

use super::journal::{Entry, Event};
use super::pipe;
use crate::error::in_words;
use crate::time::Time;

/// Entries that are written at a time.
const PAGE: usize = 2_048;

/// Bytes that are made text at a time: a multiple of three, so that no padding stands between.
const TEXT: usize = 48 * 1_024;

/// An entry as it is written: how much later than the one before, or earlier.
type Line = (i64, Event);

/// The journal of a part of a run while it is written.
#[derive(Debug)]
pub struct Spool {
    out: ZlibEncoder<BufWriter<File>>,
    page: Vec<Line>,
    last: Time,
    entries: u64,
    /// Why nothing more can be written.
    failed: Option<io::Error>,
}

/// The journal of a part of a run, all written.
#[derive(Debug)]
pub struct Spooled {
    file: File,
    /// How many entries it has.
    pub entries: u64,
}

impl Spool {
    /// An empty journal on the disk of this folder.
    ///
    /// # Errors
    /// Nothing can be written there.
    pub fn in_folder(folder: &Path) -> io::Result<Spool> {
        let file = BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(folder)?);
        Ok(Spool {
            out: ZlibEncoder::new(file, Compression::new(4)),
            page: Vec::with_capacity(PAGE),
            last: Time::ZERO,
            entries: 0,
            failed: None,
        })
    }

    /// Takes down an entry that is posted.
    pub fn put(&mut self, entry: Entry) {
        let later = entry.at.0.wrapping_sub(self.last.0) as i64;
        self.last = entry.at;
        self.entries += 1;
        self.page.push((later, entry.event));
        if self.page.len() == PAGE {
            self.turn();
        }
    }

    fn turn(&mut self) {
        if self.failed.is_none() {
            self.failed = pipe::put(&mut self.out, &self.page).err();
        }
        self.page.clear();
    }

    /// All that was put is there.
    ///
    /// # Errors
    /// It could not be written: the disk is full.
    pub fn finish(mut self) -> io::Result<Spooled> {
        self.turn();
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let file = self.out.finish()?.into_inner();
        Ok(Spooled {
            file: file.map_err(io::IntoInnerError::into_error)?,
            entries: self.entries,
        })
    }
}

impl Serialize for Spooled {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = Text {
            file: &self.file,
            failed: Cell::new(None),
        };
        let written = to.collect_str(&text)?;
        match text.failed.take() {
            None => Ok(written),
            Some(error) => Err(S::Error::custom(in_words(&error))),
        }
    }
}

/// The bytes of a file in base64.
struct Text<'a> {
    file: &'a File,
    /// Why the text ends too early: what is shown may fail for want of room alone.
    failed: Cell<Option<io::Error>>,
}

impl Text<'_> {
    /// Hands it on in pieces, until one is not taken.
    fn pieces(&self, mut take: impl FnMut(&str) -> fmt::Result) -> io::Result<fmt::Result> {
        let mut file = self.file;
        file.rewind()?;
        let (mut bytes, mut text) = (Vec::with_capacity(TEXT), String::new());
        loop {
            bytes.clear();
            if file.take(TEXT as u64).read_to_end(&mut bytes)? == 0 {
                return Ok(Ok(()));
            }
            text.clear();
            BASE64_STANDARD.encode_string(&bytes, &mut text);
            if let Err(full) = take(&text) {
                return Ok(Err(full));
            }
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces(|piece| f.write_str(piece))
            .unwrap_or_else(|error| {
                self.failed.set(Some(error));
                Ok(())
            })
    }
}

/// A journal that is read back, page by page.
#[derive(Debug)]
pub struct Pages {
    bytes: ZlibDecoder<Cursor<Vec<u8>>>,
    last: Time,
    /// Entries that are still to come.
    left: u64,
}

impl Pages {
    /// The pages of a journal of so many entries, from its text.
    ///
    /// # Errors
    /// It is no text of a journal.
    pub fn of(text: &str, entries: u64) -> io::Result<Pages> {
        let bytes = BASE64_STANDARD.decode(text).map_err(io::Error::other)?;
        Ok(Pages {
            bytes: ZlibDecoder::new(Cursor::new(bytes)),
            last: Time::ZERO,
            left: entries,
        })
    }

    /// The next entries; none after the last.
    ///
    /// # Errors
    /// It is cut off, or is no journal.
    pub fn page(&mut self) -> io::Result<Option<Vec<Entry>>> {
        let Some(page) = pipe::take::<Vec<Line>>(&mut self.bytes)? else {
            return match self.left {
                0 => Ok(None),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        };
        let left = self.left.checked_sub(page.len() as u64);
        self.left = left.ok_or_else(|| io::Error::other("there is more than there was"))?;
        let entry = |(later, event): Line| {
            self.last = Time(self.last.0.wrapping_add(later as u64));
            Entry {
                at: self.last,
                event,
            }
        };
        Ok(Some(page.into_iter().map(entry).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(count: u64) -> Vec<Entry> {
        let entry = |n: u64| Entry {
            // Some are late.
            at: Time(n * 1_000 - 1_500 * u64::from(n.is_multiple_of(7) && n > 0)),
            event: Event::SlotTaken(n as u32),
        };
        (0..count).map(entry).collect()
    }

    fn text(entries: &[Entry]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::in_folder(folder.path()).unwrap();
        assert_eq!(
            folder.path().read_dir().unwrap().count(),
            0,
            "it has no name"
        );
        entries.iter().for_each(|entry| spool.put(*entry));
        let spooled = spool.finish().unwrap();
        assert_eq!(spooled.entries, entries.len() as u64);
        let [text, again] = [(); 2].map(|()| serde_json::to_value(&spooled).unwrap());
        assert_eq!(text, again);
        text.as_str().unwrap().to_owned()
    }

    fn back(text: &str, entries: u64) -> io::Result<Vec<Entry>> {
        let mut pages = Pages::of(text, entries)?;
        let mut all = Vec::new();
        while let Some(page) = pages.page()? {
            all.extend(page);
        }
        Ok(all)
    }

    #[test]
    fn entries_come_back_as_they_were_put() {
        for count in [0, 1, PAGE as u64, 100_000] {
            let put = entries(count);
            assert_eq!(back(&text(&put), count).unwrap(), put);
        }
    }

    /// A disk that does not give back what it took: an error, and no part of a journal.
    #[test]
    fn what_cannot_be_read_back_is_not_written() {
        let named = tempfile::NamedTempFile::new().unwrap();
        let file = File::options().write(true).open(named.path()).unwrap();
        let error = serde_json::to_string(&Spooled { file, entries: 0 }).unwrap_err();
        assert!(error.to_string().contains("descriptor"), "{error}");
    }

    #[test]
    fn what_is_cut_off_or_strange_is_an_error() {
        let text = text(&entries(5_000));
        assert!(back(&text, 5_001).is_err() && back(&text, 4_999).is_err());
        let cut = text.len() / 2 / 4 * 4;
        assert!(back(&text[..cut], 5_000).is_err());
        assert!(back("no journal", 0).is_err() && back("AAAA", 0).is_err());
    }
}
