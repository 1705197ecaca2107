//! Owns `Problems`: everything that is wrong with a scenario, and how it is shown.
//!
//! Law: reading never stops at the first problem; all are shown at once, each with its place and
//! what to write instead, because mending a file one error at a time is a waste of afternoons.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::document::{Node, Place};
use crate::error::Error;

/// What is wrong inside a string: where, what, and what to write.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The bytes of the string at fault.
    pub at: Range<usize>,
    /// What is wrong, in a few words.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// A text that problems point into.
struct Source {
    name: String,
    text: String,
    first_line: usize,
}

struct Problem {
    place: Place,
    title: String,
    label: String,
    help: Option<String>,
}

/// Everything that is wrong with a scenario.
pub struct Problems {
    sources: Vec<Source>,
    list: Vec<Problem>,
    /// The files that were read besides the scenario.
    files: BTreeSet<PathBuf>,
}

impl Fault {
    /// A fault of a part of the string.
    pub fn new(at: Range<usize>, label: impl Into<String>) -> Fault {
        Fault {
            at,
            label: label.into(),
            help: None,
        }
    }

    /// Adds what to write instead.
    pub fn with_help(mut self, help: impl Into<String>) -> Fault {
        self.help = Some(help.into());
        self
    }

    /// The fault without its place.
    pub fn in_words(self) -> String {
        match self.help {
            Some(help) => format!("{}; {help}", self.label),
            None => self.label,
        }
    }

    /// The same fault in a longer string, in which the part at fault begins `by` bytes later.
    pub fn shifted(mut self, by: usize) -> Fault {
        self.at = self.at.start + by..self.at.end + by;
        self
    }
}

impl Problems {
    /// Nothing wrong yet with the scenario file `name`.
    pub fn new(name: &str, text: &str) -> Problems {
        let mut problems = Problems {
            sources: Vec::new(),
            list: Vec::new(),
            files: BTreeSet::new(),
        };
        problems.add_source(name, text, 1);
        problems
    }

    /// Adds a text that problems may point into; its first line has the number `first_line`.
    pub fn add_source(&mut self, name: &str, text: &str, first_line: usize) -> u32 {
        self.sources.push(Source {
            name: name.to_string(),
            text: text.to_string(),
            first_line,
        });
        self.sources.len() as u32 - 1
    }

    /// Notes that a file is read besides the scenario.
    pub fn add_file(&mut self, path: &Path) {
        self.files.insert(path.into());
    }

    /// The files that were read besides the scenario.
    pub fn files(&self) -> Vec<PathBuf> {
        self.files.iter().cloned().collect()
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many problems there are.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Notes a problem.
    pub fn add(
        &mut self,
        place: Place,
        title: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        self.list.push(Problem {
            place,
            title: title.into(),
            label: label.into(),
            help,
        });
    }

    /// Notes a fault inside a string value; points at the whole where the string has escapes.
    pub fn add_fault(&mut self, node: &Node, title: impl Into<String>, fault: Fault) {
        let place = node.part(&fault.at);
        self.add(place, title, fault.label, fault.help);
    }

    /// The whole as one error: in the order of the text, the file first.
    pub fn into_error(mut self) -> Error {
        self.list.sort_by_key(|problem| problem.place);
        // What several classes of customers inherit is wrong once.
        let mut told = BTreeSet::new();
        let once = |p: &Problem| told.insert((p.place, p.title.clone(), p.label.clone()));
        self.list.retain(once);
        let plain = self.render(&Renderer::plain().decor_style(DecorStyle::Ascii));
        let styled = self.render(&Renderer::styled().decor_style(DecorStyle::Unicode));
        Error::refused(plain).with_styled(styled)
    }

    fn render(&self, renderer: &Renderer) -> String {
        let shown = self.list.iter().map(|problem| {
            let group = self.group(problem);
            renderer.render(&[group])
        });
        let count = match self.list.len() {
            1 => "1 problem".to_string(),
            n => format!("{n} problems"),
        };
        let title = format!("{} has {count}; nothing was run", self.sources[0].name);
        let last = Level::ERROR.primary_title(title);
        let last = renderer.render(&[Group::with_title(last)]);
        shown.chain([last]).collect::<Vec<_>>().join("\n\n")
    }

    fn group<'a>(&'a self, problem: &'a Problem) -> Group<'a> {
        let source = &self.sources[problem.place.source as usize];
        let span = within(&source.text, problem.place);
        let annotation = AnnotationKind::Primary.span(span).label(&problem.label);
        let snippet = Snippet::source(&source.text)
            .line_start(source.first_line)
            .path(&source.name)
            .annotation(annotation);
        let group = Level::ERROR.primary_title(&problem.title).element(snippet);
        match &problem.help {
            Some(help) => group.element(Level::HELP.message(help)),
            None => group,
        }
    }
}

/// The place as a range of the text, on character boundaries.
fn within(text: &str, place: Place) -> Range<usize> {
    let boundary = |offset: u32| {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let (from, until) = (boundary(place.from), boundary(place.until));
    from..until.max(from)
}
