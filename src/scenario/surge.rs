//! Owns `Surge`: a rush of customers that rises, holds and falls.
//!
//! Law: a surge multiplies the rate, linearly on its ramps; several surges multiply each other.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::almanac::Almanac;
use super::document::At;
use super::duration::SPAN;
use super::form::{Number, Text};
use super::local::Local;
use super::moment::Moment;
use super::problem::Problems;
use super::section::Section;
use crate::time::Span;

/// A surge as written.
#[derive(Clone, Debug)]
pub struct Written {
    name: Option<String>,
    at: At<Local>,
    factor: f64,
    rise: Span,
    hold: Span,
    fall: Span,
}

/// A surge in nanoseconds since the scenario's start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surge {
    /// When it begins to rise, holds, begins to fall and is over.
    edges: [i64; 4],
    /// What the rate is multiplied with while it holds.
    factor: f64,
}

/// Reads one surge.
pub fn ask(section: &mut Section) -> Option<Written> {
    let name = section.optional(
        "name",
        "What people call it.",
        &Text {
            says: "a name",
            example: "newsletter",
        },
    );
    let at = section.required("at", "When it begins to rise, local time.", &Moment);
    let factor = section.required(
        "factor",
        "What the rate is multiplied with at its height; below 1 it is a lull.",
        &Number::up_to(1e6, "3.0"),
    );
    let rise = section.or("rise", "How long it rises, linearly.", &SPAN, "\"0s\"");
    let hold = section.or("hold", "How long it stays at its height.", &SPAN, "\"0s\"");
    let fall = section.or("fall", "How long it falls, linearly.", &SPAN, "\"0s\"");
    let (rise, hold, fall) = (rise.value, hold.value, fall.value);
    if (rise + hold + fall) == Span::ZERO && section.key_place("at").is_some() {
        let help = "write `hold = \"1h\"`, with `rise` and `fall` if it has ramps".to_string();
        section.problem(
            section.place(),
            "a surge lasts no time",
            "without length",
            Some(help),
        );
    }
    Some(Written {
        name: name.map(|name| name.value),
        at: at?,
        factor: factor?.value,
        rise,
        hold,
        fall,
    })
}

impl Written {
    /// The surge in nanoseconds.
    pub fn resolve(&self, almanac: &Almanac, problems: &mut Problems) -> Surge {
        let instant = self.instant(almanac.zone(), problems);
        let mut at = instant.map_or(0, |instant| almanac.since_start(instant));
        let mut edge = |length: Span| {
            at = at.saturating_add(length.0 as i64);
            at
        };
        let edges = [Span::ZERO, self.rise, self.hold, self.fall].map(&mut edge);
        Surge {
            edges,
            factor: self.factor,
        }
    }

    /// That it lies outside the horizon, in words, if it does.
    pub fn outside(&self, almanac: &Almanac) -> Option<String> {
        let surge = self.resolve(almanac, &mut Problems::new("", ""));
        let [rise, .., over] = surge.edges;
        (over <= 0 || rise >= almanac.horizon.0 as i64).then(|| {
            let name = self.name.as_ref().map(|name| format!(" {name:?}"));
            let at = self.at.value.time;
            format!(
                "the surge{} at {at} lies outside the horizon: it brings nobody",
                name.unwrap_or_default()
            )
        })
    }

    /// When it begins to rise; `None` after noting that there is no such time.
    pub fn instant(&self, zone: &TimeZone, problems: &mut Problems) -> Option<Timestamp> {
        let instant = self.at.instant(zone);
        instant
            .map_err(|refusal| refusal.note(self.at.place, problems))
            .ok()
    }
}

impl Surge {
    /// When its shape changes.
    pub fn edges(&self) -> [i64; 4] {
        self.edges
    }

    /// Whether it rises or falls at this instant.
    pub fn ramps(&self, at: f64) -> bool {
        let [rise, hold, fall, over] = self.edges.map(|edge| edge as f64);
        (rise < at && at < hold) || (fall < at && at < over)
    }

    /// What it multiplies the rate with at `at`, in the phase that `within` lies in: at an edge
    /// the two phases may differ.
    pub fn factor(&self, at: f64, within: f64) -> f64 {
        let [rise, hold, fall, over] = self.edges.map(|edge| edge as f64);
        let height = self.factor - 1.0;
        if within < rise || within >= over {
            1.0
        } else if within < hold {
            1.0 + height * (at - rise) / (hold - rise)
        } else if within < fall {
            self.factor
        } else {
            1.0 + height * (over - at) / (over - fall)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_holds_and_falls() {
        let surge = Surge {
            edges: [100, 200, 300, 500],
            factor: 3.0,
        };
        let at = |t: f64| surge.factor(t, t);
        assert_eq!(
            [at(0.0), at(100.0), at(150.0), at(250.0)],
            [1.0, 1.0, 2.0, 3.0]
        );
        assert_eq!([at(400.0), at(500.0)], [2.0, 1.0]);
        assert_eq!(surge.factor(200.0, 150.0), 3.0);
        assert!(surge.ramps(150.0) && surge.ramps(301.0) && !surge.ramps(250.0));
    }
}
