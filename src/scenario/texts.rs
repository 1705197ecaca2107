//! Owns `TextFile`: a file of texts, one a line, as a scenario names it.
//!
//! Law: a line that cannot be sent as it stands refuses the file, with its number: what is said in
//! a run is what stands in the file, no less.

use std::io::Read;
use std::ops::Range;
use std::path::Path;

use serde_json::Value as Json;

use super::attachment::Attachment;
use super::document::{At, Node};
use super::form::{Form, Text};
use super::plan::Texts;
use super::problem::{Fault, Problems};

/// The form of a file of texts, which is sought from the folder.
pub struct TextFile<'a>(pub &'a Path);

/// The longest file, in bytes.
const LONGEST: u64 = 16 << 20;

/// The byte order mark, which editors of some systems write first.
const MARK: char = '\u{feff}';

/// How many lines at fault are shown; the rest of a broken file says nothing new.
const SHOWN: usize = 5;

const NAME: Text = Text {
    says: "the name of a file of texts",
    example: "texts.txt",
};

impl Form for TextFile<'_> {
    type Out = Texts;

    fn says(&self) -> String {
        NAME.says()
    }

    fn example(&self) -> String {
        NAME.example()
    }

    fn schema(&self) -> Json {
        NAME.schema()
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Texts> {
        let name = At {
            value: NAME.read(key, node, problems)?,
            place: node.place,
        };
        let attached = Attachment::new(&name, self.0);
        problems.add_file(&attached.path);
        let bytes = match read_bytes(&attached) {
            Ok(bytes) => bytes,
            Err(error) => {
                attached.unreadable(&error, problems);
                return None;
            }
        };
        if bytes.len() as u64 > LONGEST {
            let title = format!("{} is too long", attached.name());
            let label = format!("at most {} MiB of texts are read", LONGEST >> 20);
            problems.add(node.place, title, label, None);
            return None;
        }
        if !all_fit(&attached, &bytes, problems) {
            return None;
        }
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let texts = Texts::of(text.trim_start_matches(MARK));
        if texts.is_none() {
            let title = format!("{} has no texts", attached.name());
            problems.add(node.place, title, "nothing but blank lines", None);
        }
        texts
    }
}

fn read_bytes(attached: &Attachment) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = attached.open()?;
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether every line can be said; notes those that cannot.
fn all_fit(attached: &Attachment, bytes: &[u8], problems: &mut Problems) -> bool {
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let faults = lines.filter_map(|(number, line)| Some((number, fault_of(line)?)));
    let mut fit = true;
    for (number, fault) in faults.take(SHOWN) {
        let place = attached.line(number, problems, |shown| shown_part(&fault.at, shown));
        let title = format!("line {number} of {} cannot be said", attached.name());
        problems.add(place, title, fault.label, fault.help);
        fit = false;
    }
    fit
}

/// The part of a line as far as it is shown.
fn shown_part(part: &Range<usize>, shown: &str) -> Range<usize> {
    part.start.min(shown.len())..part.end.min(shown.len())
}

/// What keeps a line from being said.
fn fault_of(line: &[u8]) -> Option<Fault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = match std::str::from_utf8(line) {
        Ok(text) if text.trim().is_empty() => return None,
        Ok(text) => text,
        Err(error) => {
            let from = error.valid_up_to();
            return Some(Fault::new(from..from + 1, "not UTF-8 text"));
        }
    };
    if let Some((at, control)) = text.char_indices().find(|(_, c)| c.is_control()) {
        let label = format!("a control character, U+{:04X}", u32::from(control));
        let fault = Fault::new(at..at + control.len_utf8(), label);
        return Some(fault.with_help("write blanks in place of tabs, and one text a line"));
    }
    let (longest, long) = (Texts::LONGEST, text.trim_start_matches(MARK).trim().len());
    let label = || format!("{long} bytes; at most {longest} are sent");
    (long > longest).then(|| Fault::new(0..text.len(), label()))
}
