//! Owns how time zones, local times and dates are written in a scenario.
//!
//! Law: the scenario's time zone says when a local time is; an offset beside it only chooses
//! between two, or confirms.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::document::{Node, Value};
use super::form::{Form, wrong_kind};
use super::local::Local;
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

/// A local date with or without a time of day, and with or without its offset.
pub struct Moment;

/// A local date.
pub struct Day;

impl Form for Moment {
    type Out = Local;

    fn says(&self) -> String {
        "a local date and time".into()
    }

    fn example(&self) -> String {
        "2026-11-23T08:00:00".into()
    }

    fn schema(&self) -> Json {
        let pattern =
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?)?$";
        let mut formats: Vec<Json> = ["local-date-time", "local-date"]
            .map(|format| json!({ "type": "string", "format": format, "pattern": pattern }))
            .into();
        let offset = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?\
                      ([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$";
        formats.push(json!({ "type": "string", "format": "date-time", "pattern": offset }));
        json!({ "anyOf": formats })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Local> {
        let text = match &node.value {
            Value::Text { text, .. } => text.clone(),
            Value::Moment(moment) if moment.date.is_some() => moment.to_string(),
            _ => {
                wrong_kind(self, key, node, problems);
                return None;
            }
        };
        let local = Local::parse(&text);
        if local.is_none() {
            let title = format!("`{key}` is not {}", self.says());
            let label = "without a zone: it is local in the scenario's time zone";
            let help = Some(format!("write `{key} = {}`", self.example()));
            problems.add(node.place, title, label, help);
        }
        local
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
