//! Owns `Hole`: what stands between `${` and `}`: a name, or a function of some.
//!
//! Law: a hole is read once and writes its value raw at the end of the text; whoever asked escapes
//! it for its place. Functions nest [`CALLS_MOST`] deep, since some escape what they are given and
//! double its length.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};

use super::place::{Place, push_hex};
use super::template::{Missing, Values};
use crate::scenario::problem::Fault;

/// How deep functions nest.
pub const CALLS_MOST: usize = 4;

/// A name, or a function of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hole {
    /// The value of this name.
    Name(Box<str>),
    /// A function's value.
    Call(Function, Box<[Hole]>),
}

/// What can be made of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `json(x)`: the inside of a JSON string, for JSON in JSON.
    Json,
    /// `b64(x)`: Base64, with padding.
    Base64,
    /// `sha256hex(x)`: the SHA-256 in hex digits.
    Sha256,
    /// `hmac_sha256(key, x)`: the HMAC in hex digits.
    Hmac,
    /// `urlenc(x)`: percent-encoded.
    UrlEncoded,
}

/// As what a value stands in JSON where it is no string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A whole number.
    Int,
    /// Any number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Any JSON value.
    Json,
}

impl Function {
    const ALL: [(&'static str, Function); 5] = [
        ("json", Function::Json),
        ("b64", Function::Base64),
        ("sha256hex", Function::Sha256),
        ("hmac_sha256", Function::Hmac),
        ("urlenc", Function::UrlEncoded),
    ];

    fn takes(self) -> usize {
        if self == Function::Hmac { 2 } else { 1 }
    }
}

impl Type {
    const ALL: [(&'static str, Type); 4] = [
        ("int", Type::Int),
        ("number", Type::Number),
        ("bool", Type::Bool),
        ("json", Type::Json),
    ];

    /// Whether the text is a JSON value of this type.
    ///
    /// # Errors
    /// It is none; what it is not.
    pub fn check(self, text: &str) -> Result<(), &'static str> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_int = digits.len() <= 64
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'));
        let is_fit = match self {
            Type::Int => is_int,
            Type::Number => is_int || serde_json::from_str::<serde_json::Number>(text).is_ok(),
            Type::Bool => matches!(text, "true" | "false"),
            Type::Json => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        };
        match (is_fit, self) {
            (true, _) => Ok(()),
            (false, Type::Int) => Err("is no whole number"),
            (false, Type::Number) => Err("is no number"),
            (false, Type::Bool) => Err("is neither true nor false"),
            (false, Type::Json) => Err("is no JSON"),
        }
    }
}

impl Hole {
    /// Reads what stands between the braces.
    ///
    /// # Errors
    /// It is no hole; the fault's place is within `text`.
    pub fn parse(text: &str) -> Result<(Hole, Option<Type>), Fault> {
        let mut reader = Reader { text, at: 0 };
        let hole = reader.hole(0)?;
        let as_type = match reader.skip(":") {
            true => Some(reader.type_name()?),
            false => None,
        };
        if reader.at < text.len() {
            let fault = Fault::new(reader.at..text.len(), "this belongs to no name");
            return Err(fault.with_help("write `${name}`, `${name:type}` or `${function(name)}`"));
        }
        Ok((hole, as_type))
    }

    /// Adds the names in it to a list.
    pub fn add_names<'h>(&'h self, names: &mut Vec<&'h str>) {
        match self {
            Hole::Name(name) => names.push(name),
            Hole::Call(_, of) => of.iter().for_each(|hole| hole.add_names(names)),
        }
    }

    /// The first name in it.
    pub fn name(&self) -> &str {
        match self {
            Hole::Name(name) => name,
            Hole::Call(_, of) => of.first().map_or("", Hole::name),
        }
    }

    /// Writes the value, raw.
    ///
    /// # Errors
    /// There is no such value.
    pub fn write(&self, values: &dyn Values, into: &mut String) -> Result<(), Missing> {
        let from = into.len();
        let (function, of) = match self {
            Hole::Call(function, of) => (function, of),
            Hole::Name(name) if values.write(name, into) => return Ok(()),
            Hole::Name(name) => return Err(Missing::value(name)),
        };
        let mut second = from;
        for hole in of {
            second = into.len();
            hole.write(values, into)?;
        }
        let given = &into[second..];
        match function {
            Function::Json => escape(Place::Json, into, from),
            Function::UrlEncoded => escape(Place::Url, into, from),
            Function::Base64 => {
                let made = STANDARD.encode(given);
                into.truncate(from);
                into.push_str(&made);
            }
            Function::Sha256 => {
                let made = digest::digest(&digest::SHA256, given.as_bytes());
                into.truncate(from);
                made.as_ref().iter().for_each(|byte| push_hex(*byte, into));
            }
            Function::Hmac => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &into.as_bytes()[from..second]);
                let made = hmac::sign(&key, given.as_bytes());
                into.truncate(from);
                made.as_ref().iter().for_each(|byte| push_hex(*byte, into));
            }
        }
        Ok(())
    }
}

/// Escapes for a place that refuses nothing.
fn escape(place: Place, into: &mut String, from: usize) {
    let escaped = place.escape(into, from);
    debug_assert!(escaped.is_ok(), "only headers refuse");
}

/// Reads a hole from left to right.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn hole(&mut self, depth: usize) -> Result<Hole, Fault> {
        let (from, word) = self.word()?;
        if !self.skip("(") {
            return Ok(Hole::Name(word.into()));
        }
        let at = from..from + word.len();
        let known = Function::ALL.iter().find(|(name, _)| *name == word);
        let Some((_, function)) = known else {
            let fault = Fault::new(at, "there is no such function");
            return Err(fault.with_help(list(&Function::ALL)));
        };
        if depth >= CALLS_MOST {
            let label = format!("functions nest {CALLS_MOST} deep at most");
            return Err(Fault::new(at, label));
        }
        let mut of = vec![self.hole(depth + 1)?];
        while self.skip(",") {
            of.push(self.hole(depth + 1)?);
        }
        if !self.skip(")") {
            let fault = Fault::new(at, "this function has no end");
            return Err(fault.with_help(format!("write `{word}(name)`")));
        }
        if of.len() != function.takes() {
            let label = format!("`{word}` takes {} and has {}", function.takes(), of.len());
            return Err(Fault::new(from..self.at, label));
        }
        Ok(Hole::Call(*function, of.into()))
    }

    fn type_name(&mut self) -> Result<Type, Fault> {
        let (from, word) = self.word()?;
        let known = Type::ALL.iter().find(|(name, _)| *name == word);
        known.map(|(_, as_type)| *as_type).ok_or_else(|| {
            let fault = Fault::new(from..from + word.len(), "there is no such type");
            fault.with_help(list(&Type::ALL))
        })
    }

    /// The word that comes next, with where it begins.
    fn word(&mut self) -> Result<(usize, &'t str), Fault> {
        self.skip("");
        let rest = &self.text[self.at..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        if word.is_empty() {
            let until = rest.chars().next().map_or(0, char::len_utf8);
            let fault = Fault::new(self.at..self.at + until, "here should be a name");
            return Err(fault.with_help("names have letters, digits, `_`, `-` and `.`"));
        }
        let from = self.at;
        self.at += word.len();
        Ok((from, word))
    }

    /// Goes past blanks, and `what` if it comes next with the blanks behind it.
    fn skip(&mut self, what: &str) -> bool {
        let rest = self.text[self.at..].trim_start();
        let behind = rest.strip_prefix(what).map(str::trim_start);
        self.at = self.text.len() - behind.unwrap_or(rest).len();
        behind.is_some()
    }
}

fn list<T>(all: &[(&str, T)]) -> String {
    let names: Vec<String> = all.iter().map(|(name, _)| format!("`{name}`")).collect();
    format!("there are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let values = |name: &str, into: &mut String| {
            into.push_str(match name {
                "key" => "key",
                "x" => "The quick brown fox jumps over the lazy dog",
                "q" => "\"/",
                _ => return false,
            });
            true
        };
        let mut into = "before".to_string();
        let (hole, _) = Hole::parse(text).unwrap();
        match hole.write(&values, &mut into) {
            Ok(()) => into.split_off("before".len()),
            Err(missing) => missing.name,
        }
    }

    #[test]
    fn functions_are_what_they_are_elsewhere() {
        let hmac = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        let sha = "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592";
        for (text, value) in [
            ("hmac_sha256(key, x)", hmac),
            ("sha256hex(x)", sha),
            ("b64(key)", "a2V5"),
            ("json(q)", "\\\"/"),
            ("json(json(q))", "\\\\\\\"/"),
            ("urlenc(q)", "%22%2F"),
            (" b64( urlenc( q ) ) ", "JTIyJTJG"),
            ("hmac_sha256(key, none)", "none"),
        ] {
            assert_eq!(written(text), value, "{text}");
        }
    }

    #[test]
    fn types_are_strict() {
        for (name, good, bad) in [
            ("int", "-12", "1.5"),
            ("int", "0", "01"),
            ("number", "1.5e3", "1e999"),
            ("number", "7", "0x7"),
            ("bool", "true", "True"),
            ("json", "{\"a\":[1]}", "{\"a\":[1]},1"),
        ] {
            let (_, as_type) = Hole::parse(&format!("x:{name}")).unwrap();
            assert_eq!(as_type.unwrap().check(good), Ok(()), "{good}");
            assert!(as_type.unwrap().check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn faults_have_a_place() {
        for (text, at) in [
            ("", 0..0),
            ("é", 0..2),
            ("a b", 2..3),
            ("md5(x)", 0..3),
            ("b64(x", 0..3),
            ("b64(x, x)", 0..9),
            ("b64(hmac_sha256(x))", 4..18),
            ("x:integer", 2..9),
            ("json(json(json(json(json(x)))))", 20..24),
        ] {
            assert_eq!(Hole::parse(text).unwrap_err().at, at, "{text}");
        }
    }
}
