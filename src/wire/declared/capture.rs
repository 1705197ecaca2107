//! Owns `Capture`: a value that is read from a hit, under a name; and the units of times.
//!
//! Law: a value that is not what it should be is no value: servers leave out and mix up, and one
//! odd field is no reason to lose a connection.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::Value;

use super::aim::{Aim, Hit};
use super::pointer::Pointer;
use crate::scenario::problem::Fault;

/// The most bytes of a time that is a text.
const TIME_MOST: usize = 64;

/// A value that is read from a hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// Under which name.
    pub name: String,
    /// Where.
    pub aim: Aim,
    /// In which unit, for times.
    pub unit: Option<Unit>,
}

/// How a time is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unix milliseconds.
    Ms,
    /// Unix seconds, perhaps with a fraction.
    S,
    /// Unix microseconds.
    Us,
    /// A text as in RFC 3339; without an offset it is UTC.
    Iso,
}

impl Capture {
    /// Reads `/path`, or `/path:unit` with one of `ms`, `s`, `us` and `iso`; a `:` before anything
    /// else is part of the key.
    ///
    /// # Errors
    /// It is no aim at the hits of `each`; the fault says where.
    pub fn parse(name: &str, text: &str, each: Option<&Pointer>) -> Result<Capture, Fault> {
        let split = text.rsplit_once(':');
        let split = split.and_then(|(path, unit)| Some((path, Unit::parse(unit)?)));
        let (path, unit) = match split {
            Some((path, unit)) => (path, Some(unit)),
            None => (text, None),
        };
        Ok(Capture {
            name: name.to_string(),
            aim: Aim::parse(path, each)?,
            unit,
        })
    }

    /// The value as text: a string as it is, anything else but null as JSON.
    pub fn text<'v>(&self, hit: &Hit<'v>) -> Option<Cow<'v, str>> {
        self.aim.text(hit)
    }

    /// The value as a time in Unix milliseconds; without a unit it is taken for those.
    pub fn millis(&self, hit: &Hit<'_>) -> Option<u64> {
        let unit = self.unit.unwrap_or(Unit::Ms);
        self.aim.first(hit).and_then(|value| unit.millis(&value))
    }

    /// The value as a whole number, such as a place in the queue; also where it is a string.
    pub fn number(&self, hit: &Hit<'_>) -> Option<u64> {
        match &*self.aim.first(hit)? {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().or_else(|| whole(other.as_f64()?)),
        }
    }
}

impl Unit {
    /// The unit of this name.
    pub fn parse(name: &str) -> Option<Unit> {
        match name {
            "ms" => Some(Unit::Ms),
            "s" => Some(Unit::S),
            "us" => Some(Unit::Us),
            "iso" => Some(Unit::Iso),
            _ => None,
        }
    }

    /// A time in Unix milliseconds; numbers may also be strings.
    pub fn millis(self, value: &Value) -> Option<u64> {
        let text = value.as_str().map(str::trim);
        if text.is_some_and(|text| text.len() > TIME_MOST) {
            return None;
        }
        let exact = || match text {
            Some(text) => text.parse().ok(),
            None => value.as_u64(),
        };
        let inexact = || match text {
            Some(text) => text.parse().ok(),
            None => value.as_f64(),
        };
        match self {
            Unit::Ms => exact().or_else(|| whole(inexact()?)),
            Unit::Us => exact()
                .map(|us: u64| us / 1_000)
                .or_else(|| whole(inexact()? / 1e3)),
            Unit::S => match exact() {
                Some(s) => s.checked_mul(1_000),
                None => whole((inexact()? * 1e3).round()),
            },
            Unit::Iso => iso(text?),
        }
    }
}

fn whole(number: f64) -> Option<u64> {
    (0.0..9e15).contains(&number).then_some(number as u64)
}

fn iso(text: &str) -> Option<u64> {
    let with_offset = text.parse::<Timestamp>().ok();
    let instant = with_offset.or_else(|| {
        let civil = text.parse::<DateTime>().ok()?;
        civil
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned: Zoned| zoned.timestamp())
    })?;
    u64::try_from(instant.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn capture(text: &str) -> Capture {
        Capture::parse("x", text, None).unwrap()
    }

    #[test]
    fn times_are_read_in_their_units() {
        let ms = 1_700_000_000_250;
        for (unit, value) in [
            ("ms", json!(1_700_000_000_250_u64)),
            ("ms", json!(1_700_000_000_250.4)),
            ("ms", json!("1700000000250")),
            ("s", json!(1_700_000_000.25)),
            ("s", json!("1700000000.250000")),
            ("us", json!(1_700_000_000_250_999_u64)),
            ("iso", json!("2023-11-14T22:13:20.250Z")),
            ("iso", json!("2023-11-14T23:13:20.25+01:00")),
            ("iso", json!("2023-11-14 22:13:20.250")),
        ] {
            let at = capture(&format!("/ts/$date:{unit}"));
            let root = json!({"ts": {"$date": value}});
            assert_eq!(at.millis(&Hit::whole(&root)), Some(ms), "{unit} {value}");
        }
        assert_eq!(Unit::S.millis(&json!(7)), Some(7_000));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for unit in [Unit::Ms, Unit::S, Unit::Us, Unit::Iso] {
            for value in [
                json!(null),
                json!("soon"),
                json!(-1),
                json!([1]),
                json!("NaN"),
            ] {
                assert_eq!(unit.millis(&value), None, "{unit:?} {value}");
            }
        }
        for value in [
            json!(u64::MAX),
            json!(1e300),
            json!("inf"),
            json!("9".repeat(99)),
        ] {
            assert_eq!(Unit::S.millis(&value), None, "{value}");
        }
    }

    #[test]
    fn texts_and_numbers_are_read() {
        let root = json!({"a": "é", "b": 3, "c": true, "d": null, "e": "4", "x:y": 2.0, "f": 1.5});
        let hit = Hit::whole(&root);
        let texts = ["/a", "/b", "/c", "/d", "/x:y"].map(|at| capture(at).text(&hit));
        let texts = texts.map(|text| text.map(Cow::into_owned));
        let expected = [Some("é"), Some("3"), Some("true"), None, Some("2.0")];
        assert_eq!(texts, expected.map(|text| text.map(String::from)));
        let numbers = ["/b", "/e", "/x:y", "/a", "/no"].map(|at| capture(at).number(&hit));
        assert_eq!(numbers, [Some(3), Some(4), Some(2), None, None]);
    }

    proptest! {
        #[test]
        fn any_value_is_a_time_or_none(text in any::<String>(), number in any::<f64>()) {
            for unit in [Unit::Ms, Unit::S, Unit::Us, Unit::Iso] {
                let _ = (unit.millis(&json!(text)), unit.millis(&json!(number)));
            }
        }
    }
}
