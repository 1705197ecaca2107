//! Owns `[messages]`: what the messages of a live run are like.
//!
//! Law: without the section a message is its marker alone, as small as a message can be; what a
//! scenario says here changes no simulation.

use std::path::Path;

use super::distribution::Sizes;
use super::duration::SPAN;
use super::form::Whole;
use super::plan::Messages;
use super::section::Section;
use super::texts::TextFile;

/// Reads `[messages]`.
pub fn ask(section: &mut Section, folder: &Path) -> Messages {
    let bytes = section.optional(
        "bytes",
        "How many bytes the text of a message has, of customers and agents alike; never fewer than \
         its marker, never more than 8000. Absent: what `texts` give, else the marker alone.",
        &Sizes(folder),
    );
    let reply_bytes = section.optional(
        "reply_bytes",
        "The same of agents' replies. Absent: as `bytes`.",
        &Sizes(folder),
    );
    let texts = section.optional(
        "texts",
        "A file of what people say, one text a line: each message is a line by lot, or, where there \
         is a size, as many lines as fill it. Absent: texts of its own.",
        &TextFile(folder),
    );
    let parts = section.or(
        "parts",
        "In how many messages, one right after the other, each message and each reply goes out.",
        &Whole {
            least: 1,
            most: Messages::MOST_PARTS.into(),
        },
        "1",
    );
    let typing = section.optional(
        "typing",
        "How long before a message or a reply is due its sender is seen typing, in scenario time. \
         Absent: never.",
        &SPAN,
    );
    section.above_zero("typing", typing.as_ref());
    let bytes = bytes.map(|bytes| bytes.value);
    Messages {
        reply_bytes: reply_bytes.map_or_else(|| bytes.clone(), |bytes| Some(bytes.value)),
        bytes,
        texts: texts.map(|texts| texts.value),
        parts: parts.value as u32,
        typing: typing.map(|typing| typing.value),
    }
}
