//! Owns `Local`: a local time as somebody wrote it, and the instant it means in a time zone.
//!
//! Law: an instant that somebody names exists, or is refused with the nearest that do. One that
//! comes twice is the first, unless an offset beside it chooses. An edge that nobody named by itself
//! (of a shift, of opening hours) moves to where the clocks go on.

use jiff::civil::DateTime;
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::document::Place;
use super::problem::Problems;

/// A local time as written, with or without an offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// What the clock shows.
    pub time: DateTime,
    /// The offset written beside it.
    pub offset: Option<Offset>,
}

/// Why a local time means no instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What is wrong.
    pub title: String,
    /// Why, in a few words.
    pub label: String,
    /// What to write instead.
    pub help: String,
}

impl Local {
    /// Reads `2026-11-23`, `2026-11-23T08:00:00` or either with an offset; a date alone is
    /// midnight. `None` for anything else, names of time zones included.
    pub fn parse(text: &str) -> Option<Local> {
        let pieces = Pieces::parse(text).ok()?;
        if pieces.time_zone_annotation().is_some() {
            return None;
        }
        Some(Local {
            time: pieces.date().to_datetime(pieces.time().unwrap_or_default()),
            offset: pieces.to_numeric_offset(),
        })
    }

    /// The instant meant.
    ///
    /// # Errors
    /// The clocks skip this time, or never show it at that offset.
    pub fn instant(self, zone: &TimeZone) -> Result<Timestamp, Refusal> {
        if let Some(change) = skipping(zone, self.time) {
            return Err(self.skipped(zone, change));
        }
        let ambiguous = zone.to_ambiguous_timestamp(self.time);
        let first = || ambiguous.compatible().map_err(|_| beyond());
        let Some(offset) = self.offset else {
            return first();
        };
        match ambiguous.offset() {
            AmbiguousOffset::Fold { before, .. } if offset == before => first(),
            AmbiguousOffset::Fold { after, .. } if offset == after => {
                ambiguous.later().map_err(|_| beyond())
            }
            AmbiguousOffset::Unambiguous { offset: there } if offset == there => first(),
            there => Err(self.misplaced(zone, there)),
        }
    }

    fn skipped(self, zone: &TimeZone, change: Timestamp) -> Refusal {
        let second = SignedDuration::from_secs(1);
        let last = change.checked_sub(second).unwrap_or(change);
        let show = |instant: Timestamp| zone.to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S");
        Refusal {
            title: format!("the local time {} does not exist", self.time),
            label: format!("the clocks of {} are put forward over it", name(zone)),
            help: format!(
                "the nearest times that exist are {} and {}",
                show(last),
                show(change)
            ),
        }
    }

    fn misplaced(self, zone: &TimeZone, there: AmbiguousOffset) -> Refusal {
        let (right, help) = match there {
            AmbiguousOffset::Fold { before, after } => (
                format!("{before} or {after}"),
                "write one of them, or none for the first".to_string(),
            ),
            AmbiguousOffset::Gap { before: right, .. }
            | AmbiguousOffset::Unambiguous { offset: right } => (
                right.to_string(),
                format!("write {} without an offset: it is local", self.time),
            ),
        };
        Refusal {
            title: format!("the local time {} has another offset", self.time),
            label: format!("{} has {right} then", name(zone)),
            help,
        }
    }
}

impl Refusal {
    /// Notes it as a problem of what stands at a place.
    pub fn note(self, place: Place, problems: &mut Problems) {
        problems.add(place, self.title, self.label, Some(self.help));
    }
}

fn beyond() -> Refusal {
    Refusal {
        title: "this time is beyond the calendar".into(),
        label: "out of range".into(),
        help: "write a year between 1 and 9998".into(),
    }
}

fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("the time zone")
}

/// When the clocks are put forward over a local time; `None` where it exists.
pub fn skipping(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let AmbiguousOffset::Gap { after, .. } = zone.to_ambiguous_timestamp(local).offset() else {
        return None;
    };
    // Read at the later offset, a skipped time lies before the change.
    let before = after.to_timestamp(local).ok()?;
    zone.following(before)
        .next()
        .map(|change| change.timestamp())
}

/// A numeric offset in the text of a time; `Z` is none, since exports write it without a meaning.
pub fn numeric_offset(pieces: &Pieces) -> Option<Offset> {
    match pieces.offset()? {
        PiecesOffset::Numeric(offset) => Some(offset.offset()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn instant(text: &str, name: &str) -> Result<String, Refusal> {
        let local = Local::parse(text).unwrap();
        local.instant(&zone(name)).map(|at| at.to_string())
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first_or_what_its_offset_says() {
        let madrid = |text| instant(text, "Europe/Madrid").unwrap();
        assert_eq!(madrid("2026-10-25T02:30"), "2026-10-25T00:30:00Z");
        assert_eq!(madrid("2026-10-25T02:30+02:00"), "2026-10-25T00:30:00Z");
        assert_eq!(madrid("2026-10-25T02:30+01:00"), "2026-10-25T01:30:00Z");
        assert_eq!(madrid("2026-11-23T08:00+01:00"), "2026-11-23T07:00:00Z");
        let howe = |text| instant(text, "Australia/Lord_Howe").unwrap();
        // Half an hour is repeated: 02:00 at +11 is 01:30 at +10:30.
        assert_eq!(howe("2026-04-05T01:45"), "2026-04-04T14:45:00Z");
        assert_eq!(howe("2026-04-05T01:45+10:30"), "2026-04-04T15:15:00Z");
    }

    #[test]
    fn skipped_times_are_refused_with_the_nearest() {
        let help = |text, zone| instant(text, zone).unwrap_err().help;
        assert_eq!(
            help("2026-03-29T02:30", "Europe/Madrid"),
            "the nearest times that exist are 2026-03-29T01:59:59 and 2026-03-29T03:00:00"
        );
        assert_eq!(
            help("2026-10-04T02:00", "Australia/Lord_Howe"),
            "the nearest times that exist are 2026-10-04T01:59:59 and 2026-10-04T02:30:00"
        );
        // Midnight itself is skipped.
        assert_eq!(
            help("2018-11-04", "America/Sao_Paulo"),
            "the nearest times that exist are 2018-11-03T23:59:59 and 2018-11-04T01:00:00"
        );
        assert!(instant("2026-03-29T03:00", "Europe/Madrid").is_ok());
    }

    #[test]
    fn an_offset_that_the_zone_does_not_have_is_refused() {
        let label = |text| instant(text, "Europe/Madrid").unwrap_err().label;
        assert_eq!(label("2026-11-23T08:00Z"), "Europe/Madrid has +01 then");
        assert_eq!(
            label("2026-10-25T02:30Z"),
            "Europe/Madrid has +02 or +01 then"
        );
        assert!(Local::parse("2026-11-23T08:00[Europe/Madrid]").is_none());
    }
}
