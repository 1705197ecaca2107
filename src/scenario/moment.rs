//! Owns how time zones, local times and dates are written in a scenario.
//!
//! Law: a local time has no offset: the scenario's time zone alone says when it is.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::document::{Node, Value};
use super::form::{Form, wrong_kind};
use super::names::nearest;
use super::problem::Problems;

/// A time zone's name.
pub struct Zone;

impl Form for Zone {
    type Out = TimeZone;

    fn says(&self) -> String {
        "the name of a time zone".into()
    }

    fn example(&self) -> String {
        "\"Europe/Madrid\"".into()
    }

    fn schema(&self) -> Json {
        json!({ "type": "string", "pattern": "^[A-Za-z0-9_+/-]+$" })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<TimeZone> {
        let Value::Text { text, .. } = &node.value else {
            wrong_kind(self, key, node, problems);
            return None;
        };
        if let Ok(zone) = TimeZone::get(text) {
            return Some(zone);
        }
        let known: Vec<_> = jiff::tz::db().available().collect();
        let help = match nearest(text, known.iter().map(jiff::tz::TimeZoneName::as_str)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write a name of the IANA database, such as `America/New_York`".into(),
        };
        problems.add(
            node.place,
            format!("`{key}` is no time zone"),
            "not known",
            Some(help),
        );
        None
    }
}

/// A local date with or without a time of day.
pub struct Moment;

/// A local date.
pub struct Day;

impl Form for Moment {
    type Out = DateTime;

    fn says(&self) -> String {
        "a local date and time".into()
    }

    fn example(&self) -> String {
        "2026-11-23T08:00:00".into()
    }

    fn schema(&self) -> Json {
        let pattern =
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?)?$";
        let formats = ["local-date-time", "local-date"]
            .map(|format| json!({ "type": "string", "format": format, "pattern": pattern }));
        json!({ "anyOf": formats })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<DateTime> {
        let text = match &node.value {
            Value::Text { text, .. } => text.clone(),
            Value::Moment(moment) if moment.date.is_some() => moment.to_string(),
            _ => {
                wrong_kind(self, key, node, problems);
                return None;
            }
        };
        let pieces = jiff::fmt::temporal::Pieces::parse(&text).ok();
        let local = pieces.filter(|p| p.offset().is_none() && p.time_zone_annotation().is_none());
        let Some(pieces) = local else {
            let title = format!("`{key}` is not {}", self.says());
            let label = "without an offset or a zone: it is local in the scenario's time zone";
            problems.add(
                node.place,
                title,
                label,
                Some(format!("write `{key} = {}`", self.example())),
            );
            return None;
        };
        Some(pieces.date().to_datetime(pieces.time().unwrap_or_default()))
    }
}

impl Form for Day {
    type Out = Date;

    fn says(&self) -> String {
        "a date".into()
    }

    fn example(&self) -> String {
        "2026-12-25".into()
    }

    fn schema(&self) -> Json {
        let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
        json!({ "type": "string", "format": "local-date", "pattern": pattern })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Date> {
        let text = match &node.value {
            Value::Text { text, .. } => Some(text.clone()),
            Value::Moment(moment) if moment.time.is_none() => Some(moment.to_string()),
            _ => None,
        };
        let date = text.and_then(|text| text.parse().ok());
        if date.is_none() {
            wrong_kind(self, key, node, problems);
        }
        date
    }
}
