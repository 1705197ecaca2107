//! Owns `Document`: the scenario as a tree of values that know where they stand.
//!
//! Law: every value and every key has a place in a source text, so that whatever is wrong with it
//! later can be pointed at. A tree of our own, because values from the command line join it.

use std::ops::{Deref, Range};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::Problems;

/// A stretch of a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which text: 0 is the scenario file.
    pub source: u32,
    /// First byte.
    pub from: u32,
    /// First byte after.
    pub until: u32,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// A value of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string; `raw` is where its text begins, if it stands in the source as it reads.
    Text { text: String, raw: Option<u32> },
    /// A number; whole numbers have been written without point and exponent.
    Number { value: f64, whole: Option<i64> },
    /// True or false.
    Boolean(bool),
    /// A date, a time, or both.
    Moment(toml::value::Datetime),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

/// Keys and values in the order of the text.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Key and value.
    pub entries: Vec<(At<String>, Node)>,
}

/// The whole scenario.
#[derive(Clone, Debug)]
pub struct Document {
    /// The top level.
    pub root: Table,
}

impl Place {
    /// A place from byte offsets.
    pub fn new(source: u32, range: &Range<usize>) -> Place {
        Place {
            source,
            from: range.start as u32,
            until: range.end as u32,
        }
    }

    /// The top of a source.
    pub fn top(source: u32) -> Place {
        Place::new(source, &(0..0))
    }
}

impl Node {
    /// Where a part of a string stands; the whole where the string has escapes.
    pub fn part(&self, bytes: &Range<usize>) -> Place {
        let Value::Text { raw: Some(raw), .. } = self.value else {
            return self.place;
        };
        let start = raw as usize;
        Place::new(self.place.source, &(start + bytes.start..start + bytes.end))
    }
}

impl<T> At<T> {
    /// Another value at the same place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: f(self.value),
            place: self.place,
        }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl Table {
    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries.iter().find(|(k, _)| k.value == key);
        found.map(|(_, node)| node)
    }

    /// The key as it stands in the text.
    pub fn key(&self, key: &str) -> Option<Place> {
        let found = self.entries.iter().find(|(k, _)| k.value == key);
        found.map(|(key, _)| key.place)
    }
}

impl Document {
    /// Parses the scenario file; `None` when it is no TOML, with every syntax error noted.
    pub fn parse(text: &str, problems: &mut Problems) -> Option<Document> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let end = text.len().saturating_sub(1);
            let at = error.span().unwrap_or(end..text.len());
            let place = Place::new(0, &at);
            problems.add(place, "this is not TOML", error.message(), None);
        }
        if !errors.is_empty() {
            return None;
        }
        let root = grow_table(
            table.get_ref(),
            &Text {
                source: 0,
                offset: 0,
                text,
            },
        );
        Some(Document { root })
    }
}

/// The text that a tree is grown from.
struct Text<'a> {
    source: u32,
    /// Where the text begins in its source.
    offset: usize,
    text: &'a str,
}

impl Text<'_> {
    fn place(&self, range: &Range<usize>) -> Place {
        Place::new(
            self.source,
            &(range.start + self.offset..range.end + self.offset),
        )
    }

    /// Where the text of a quoted string begins, if it has no escapes.
    fn raw_start(&self, text: &str, quoted: Range<usize>) -> Option<u32> {
        let inside = self.text.get(quoted.clone())?;
        let lead = inside.find(|c| c != '"' && c != '\'')?;
        let raw = inside.get(lead..lead + text.len())?;
        (raw == text).then_some((quoted.start + lead + self.offset) as u32)
    }
}

/// Parses one TOML value that begins at byte `offset` of source `source`; its error counts from
/// the value's start.
pub fn parse_value(text: &str, offset: usize, source: u32) -> Result<Node, toml::de::Error> {
    let value = DeValue::parse(text)?;
    Ok(grow(
        &value,
        &Text {
            source,
            offset,
            text,
        },
    ))
}

fn grow(value: &Spanned<DeValue<'_>>, from: &Text<'_>) -> Node {
    let place = from.place(&value.span());
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text {
            text: text.to_string(),
            raw: from.raw_start(text, value.span()),
        },
        DeValue::Integer(number) => {
            let whole = i64::from_str_radix(number.as_str(), number.radix()).ok();
            let value =
                whole.map_or_else(|| number.as_str().parse().unwrap_or(f64::NAN), |n| n as f64);
            Value::Number { value, whole }
        }
        DeValue::Float(number) => Value::Number {
            value: number.as_str().parse().unwrap_or(f64::NAN),
            whole: None,
        },
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(moment) => Value::Moment(*moment),
        DeValue::Array(items) => Value::List(items.iter().map(|item| grow(item, from)).collect()),
        DeValue::Table(table) => Value::Table(grow_table(table, from)),
    };
    Node { place, value }
}

fn grow_table(table: &DeTable<'_>, from: &Text<'_>) -> Table {
    let grown = table.iter().map(|(key, value)| {
        let key = At {
            value: key.get_ref().to_string(),
            place: from.place(&key.span()),
        };
        (key, grow(value, from))
    });
    let mut entries: Vec<_> = grown.collect();
    entries.sort_by_key(|(key, _)| key.place);
    Table { entries }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_where_they_stand() {
        let text = "[a]\nb = \"15m\"\nc = [1, 2.5]\n";
        let mut problems = Problems::new("x.toml", text);
        let document = Document::parse(text, &mut problems).unwrap();
        let Value::Table(a) = &document.root.get("a").unwrap().value else {
            panic!("a table");
        };
        let b = a.get("b").unwrap();
        assert_eq!(
            &text[b.place.from as usize..b.place.until as usize],
            "\"15m\""
        );
        let Value::Text { raw: Some(raw), .. } = b.value else {
            panic!("a string that stands as it reads");
        };
        assert_eq!(&text[raw as usize..raw as usize + 3], "15m");
    }

    #[test]
    fn several_syntax_errors_come_at_once() {
        let text = "a = \nb = 3 4\n";
        let mut problems = Problems::new("x.toml", text);
        assert!(Document::parse(text, &mut problems).is_none());
        assert!(problems.len() >= 2, "{}", problems.into_error());
    }
}
