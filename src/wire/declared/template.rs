//! Owns `Template`: a text with holes that are filled with values.
//!
//! Law: the text is the file's and is written as it is; a value is somebody else's and is escaped
//! for the place where it stands. A name without a value is an error: half a frame helps nobody.
//!
//! `${name}` is a hole, `$$` a dollar sign; a `$` before anything else is itself.

use std::fmt;
use std::ops::Range;

use super::hole::{Hole, Type};
use super::place::Place;
use crate::error::Error;
use crate::scenario::problem::Fault;

/// What holes are filled with.
pub trait Values {
    /// Adds the value of a name to the text; whether there is one.
    fn write(&self, name: &str, into: &mut String) -> bool;
}

impl<F: Fn(&str, &mut String) -> bool> Values for F {
    fn write(&self, name: &str, into: &mut String) -> bool {
        self(name, into)
    }
}

/// A hole that cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The name in it.
    pub name: String,
    /// Why, to be read after the name.
    pub why: &'static str,
}

impl Missing {
    /// There is no such value.
    #[cold]
    pub fn value(name: &str) -> Missing {
        Missing::because(name, "has no value yet")
    }

    /// There is one that does not fit.
    #[cold]
    pub fn because(name: &str, why: &'static str) -> Missing {
        let name = name.to_string();
        Missing { name, why }
    }

    /// As the error that ends a connection. No `From`: a second one for `Error` would make the type
    /// of many an `Ok` elsewhere unclear.
    #[cold]
    pub fn into_error(self) -> Error {
        Error::failed(self.to_string())
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.why)
    }
}

/// A text with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    segments: Box<[Segment]>,
}

/// A part of a text with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// To be written as it is.
    Text(String),
    /// To be filled.
    Hole {
        hole: Hole,
        as_type: Option<Type>,
        at: Range<usize>,
    },
}

impl Template {
    /// Reads a text with holes.
    ///
    /// # Errors
    /// A hole is none; the fault says where.
    pub fn parse(text: &str) -> Result<Template, Fault> {
        let segments = segments(text)?;
        no_types(&segments)?;
        Ok(Template {
            segments: segments.into(),
        })
    }

    /// The names in its holes, some perhaps more than once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        names(self.segments.iter().filter_map(Segment::hole))
    }

    /// The whole text, where there are no holes in it.
    pub fn constant(&self) -> Option<&str> {
        match &*self.segments {
            [] => Some(""),
            [Segment::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Adds the text with its holes filled to `into`, which holds part of it after an error.
    ///
    /// # Errors
    /// There is no value for a hole, or it cannot be said in this place.
    pub fn render(
        &self,
        values: &dyn Values,
        place: Place,
        into: &mut String,
    ) -> Result<(), Missing> {
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => into.push_str(text),
                Segment::Hole { hole, .. } => fill(hole, values, place, into)?,
            }
        }
        Ok(())
    }
}

impl Segment {
    fn hole(&self) -> Option<&Hole> {
        match self {
            Segment::Text(_) => None,
            Segment::Hole { hole, .. } => Some(hole),
        }
    }
}

/// Adds a value, escaped for its place.
pub(super) fn fill(
    hole: &Hole,
    values: &dyn Values,
    place: Place,
    into: &mut String,
) -> Result<(), Missing> {
    let from = into.len();
    hole.write(values, into)?;
    let escaped = place.escape(into, from);
    escaped.map_err(|why| Missing::because(hole.name(), why))
}

/// The names in holes.
pub(super) fn names<'h>(holes: impl Iterator<Item = &'h Hole>) -> impl Iterator<Item = &'h str> {
    let mut names = Vec::new();
    holes.for_each(|hole| hole.add_names(&mut names));
    names.into_iter()
}

/// A type makes sense only where the value is not within a text.
pub(super) fn no_types(segments: &[Segment]) -> Result<(), Fault> {
    for segment in segments {
        if let Segment::Hole {
            as_type: Some(_),
            at,
            ..
        } = segment
        {
            let fault = Fault::new(
                at.clone(),
                "a type stands where a whole JSON string is a hole",
            );
            return Err(fault.with_help("leave the type out, or the text around the hole"));
        }
    }
    Ok(())
}

/// Takes a text with holes apart.
pub(super) fn segments(text: &str) -> Result<Vec<Segment>, Fault> {
    let (mut segments, mut plain, mut from) = (Vec::new(), String::new(), 0);
    while let Some(dollar) = text[from..].find('$').map(|at| from + at) {
        plain.push_str(&text[from..dollar]);
        let behind = &text[dollar + 1..];
        if !behind.starts_with('{') {
            plain.push('$');
            from = dollar + if behind.starts_with('$') { 2 } else { 1 };
            continue;
        }
        let Some(length) = behind.find('}') else {
            let fault = Fault::new(dollar..text.len(), "this hole has no end");
            return Err(fault.with_help("write `${name}`, or `$$` for a dollar sign"));
        };
        let (inner, end) = (dollar + 2, dollar + 1 + length);
        let parsed = Hole::parse(&text[inner..end]);
        let (hole, as_type) = parsed.map_err(|fault| fault.shifted(inner))?;
        if !plain.is_empty() {
            segments.push(Segment::Text(std::mem::take(&mut plain)));
        }
        from = end + 1;
        segments.push(Segment::Hole {
            hole,
            as_type,
            at: dollar..from,
        });
    }
    plain.push_str(&text[from..]);
    if !plain.is_empty() {
        segments.push(Segment::Text(plain));
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(name: &str, into: &mut String) -> bool {
        let value = match name {
            "n" => "17",
            "user.name" => "Zoë \"Z\"",
            "split" => "a\r\nb",
            _ => return false,
        };
        into.push_str(value);
        true
    }

    fn rendered(text: &str, place: Place) -> Result<String, String> {
        let mut into = String::new();
        let template = Template::parse(text).map_err(Fault::in_words)?;
        let done = template.render(&values, place, &mut into);
        done.map(|()| into).map_err(|missing| missing.to_string())
    }

    #[test]
    fn holes_are_filled_and_the_rest_stays() {
        for (text, place, whole) in [
            ("", Place::Plain, ""),
            (
                "/v\"${n}/${user.name}?",
                Place::Url,
                "/v\"17/Zo%C3%AB%20%22Z%22?",
            ),
            ("${n}${n}", Place::Plain, "1717"),
            ("$$ $$${n} $date $", Place::Plain, "$ $17 $date $"),
            ("$${n}", Place::Plain, "${n}"),
            (
                "{\"a\":\"${user.name}\"}",
                Place::Json,
                "{\"a\":\"Zoë \\\"Z\\\"\"}",
            ),
            ("Bearer ${b64(n)}", Place::Header, "Bearer MTc="),
            ("${user.name}", Place::Form, "Zo%C3%AB+%22Z%22"),
        ] {
            assert_eq!(rendered(text, place).as_deref(), Ok(whole), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_an_error_with_its_name() {
        let none = rendered("a ${chat.id}", Place::Json);
        assert_eq!(none.unwrap_err(), "`chat.id` has no value yet");
        let split = rendered("${split}", Place::Header);
        assert_eq!(
            split.unwrap_err(),
            "`split` holds control characters, which no header may"
        );
    }

    #[test]
    fn names_and_constants_are_told() {
        let template = Template::parse("${a} ${hmac_sha256(b.c, json(d))}").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["a", "b.c", "d"]);
        assert_eq!(template.constant(), None);
        assert_eq!(Template::parse("a$$b").unwrap().constant(), Some("a$b"));
        assert_eq!(Template::parse("").unwrap().constant(), Some(""));
    }

    #[test]
    fn faults_have_a_place() {
        for (text, at) in [
            ("ab${n", 2..5),
            ("ab${}", 4..4),
            ("é${n:int}", 2..10),
            ("${n} ${md5(n)}", 7..10),
        ] {
            assert_eq!(Template::parse(text).unwrap_err().at, at, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_a_fault_in_it(text in "[${}nb64():,. é]{0,16}") {
            match Template::parse(&text) {
                Ok(template) => {
                    let _ = template.render(&values, Place::Json, &mut String::new());
                }
                Err(fault) => prop_assert!(text.get(fault.at).is_some()),
            }
        }
    }
}
