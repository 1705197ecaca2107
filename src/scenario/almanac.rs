//! Owns `Almanac`: the stretch of local time that a scenario covers, with its holidays.
//!
//! Law: the one place where dates and clocks of a plan become instants. An edge that the clocks
//! skip is the instant at which they go on, one that comes twice its first coming.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::days::DayKind;
use super::document::At;
use super::duration::{DURATION, Duration};
use super::form::List;
use super::hours::{self, Opening};
use super::local::{self, Local};
use super::moment::{Day, Moment, Zone};
use super::problem::Problems;
use super::section::Section;
use crate::time::{Span, Time};

/// `[calendar]` as written.
pub struct Written {
    zone: At<TimeZone>,
    start: At<Local>,
    horizon: Option<At<Duration>>,
    holidays: Vec<Date>,
    /// What cannot be read: a default stands in for it.
    unread: Unread,
    /// When the desk is open; `None` for always.
    pub opening: Option<At<Vec<Opening>>>,
}

/// Which keys of `[calendar]` cannot be read.
struct Unread {
    zone: bool,
    start: bool,
    holidays: bool,
}

/// The stretch of local time that a scenario covers.
#[derive(Clone, Debug)]
pub struct Almanac {
    /// When it starts.
    pub start: Zoned,
    /// How long it lasts.
    pub horizon: Time,
    holidays: BTreeSet<Date>,
    /// Whether all holidays could be read: else a date may be of another kind than it seems.
    pub knows_holidays: bool,
}

/// The longest horizon: three years.
const LONGEST: Span = Span::from_secs(1_100 * 86_400);

/// Reads `[calendar]`.
pub fn ask(section: &mut Section) -> Written {
    let zone = section.or(
        "time_zone",
        "The IANA time zone of all local times, such as Europe/Madrid.",
        &Zone,
        "\"UTC\"",
    );
    let start = section.or(
        "start",
        "When the scenario starts, local time; a date alone means midnight. An offset beside it \
         chooses where the clocks show it twice.",
        &Moment,
        "\"2026-01-05\"",
    );
    let horizon = section.required(
        "horizon",
        "How long customers arrive: in [start, start + horizon). Days are days of the calendar, \
         hours are hours.",
        &DURATION,
    );
    let opening = hours::ask(section);
    let holidays = section.optional(
        "holidays",
        "Dates that are no ordinary days.",
        &List {
            of: Day,
            may_be_empty: true,
        },
    );
    let holidays = holidays.map(|days| days.value.into_iter().map(|day| day.value).collect());
    let unread = Unread {
        zone: section.is_unread("time_zone"),
        start: section.is_unread("start"),
        holidays: section.is_unread("holidays"),
    };
    Written {
        zone,
        start,
        horizon,
        holidays: holidays.unwrap_or_default(),
        unread,
        opening,
    }
}

impl Written {
    /// The stretch of time meant; `None` where it is not known, after noting why.
    pub fn resolve(&self, problems: &mut Problems) -> Option<Almanac> {
        let horizon = self.horizon.as_ref().filter(|h| fits(h, problems));
        // Without its zone no local time is known to exist or not to.
        let start = match self.start.instant(self.zone()?) {
            _ if self.unread.start => return None,
            Ok(instant) => instant.to_zoned(self.zone.value.clone()),
            Err(refusal) => {
                refusal.note(self.start.place, problems);
                return None;
            }
        };
        let horizon = horizon?;
        let Some(end) = end_of(&start, horizon.value) else {
            let title = "the horizon ends beyond the calendar";
            let help = Some("the last year is 9999".to_string());
            problems.add(horizon.place, title, "too long from this start", help);
            return None;
        };
        let length = end.timestamp().as_nanosecond() - start.timestamp().as_nanosecond();
        Some(Almanac {
            start,
            horizon: Time(u64::try_from(length).unwrap_or(0)),
            holidays: self.holidays.iter().copied().collect(),
            knows_holidays: !self.unread.holidays,
        })
    }

    /// The time zone, if it is known.
    pub fn zone(&self) -> Option<&TimeZone> {
        (!self.unread.zone).then_some(&self.zone.value)
    }

    /// How long the horizon is, where that is so whenever it starts: without days.
    pub fn hours(&self) -> Option<Span> {
        let horizon = self.horizon.as_ref()?.value;
        (horizon.days == 0).then_some(horizon.rest)
    }
}

/// Notes a horizon that is no time at all, or too long.
fn fits(horizon: &At<Duration>, problems: &mut Problems) -> bool {
    let title = match horizon.value.span() {
        Span::ZERO => "the horizon is zero",
        length if length > LONGEST => "the horizon is longer than 1100 days",
        _ => return true,
    };
    let help = Some("write for example `horizon = \"8h\"` or `\"7d\"`".to_string());
    problems.add(horizon.place, title, "a stretch of time is expected", help);
    false
}

/// Days go by the calendar, the rest by the clock. The days end at an edge, by the rule of all
/// edges.
fn end_of(start: &Zoned, length: Duration) -> Option<Zoned> {
    let zone = start.time_zone();
    let days = match length.days {
        0 => start.clone(),
        days => {
            let local = start.datetime().checked_add(i64::from(days).days()).ok()?;
            edge(zone, local)?.to_zoned(zone.clone())
        }
    };
    days.checked_add(jiff::SignedDuration::from_nanos(length.rest.0 as i64))
        .ok()
}

/// The instant of an edge: where the clocks go on where they skip it, the first where it comes
/// twice; `None` beyond the calendar.
fn edge(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let there = || zone.to_ambiguous_timestamp(local).compatible().ok();
    local::skipping(zone, local).or_else(there)
}

impl Almanac {
    /// Nanoseconds from the start to an instant, negative before it.
    pub fn since_start(&self, instant: Timestamp) -> i64 {
        let nanos = instant.as_nanosecond() - self.start.timestamp().as_nanosecond();
        nanos.clamp(i128::from(i64::MIN / 4), i128::from(i64::MAX / 4)) as i64
    }

    /// The local time of so many nanoseconds after the start.
    pub fn local(&self, since_start: i64) -> DateTime {
        let later = jiff::SignedDuration::from_nanos(since_start);
        self.start
            .checked_add(later)
            .unwrap_or_else(|_| self.start.clone())
            .datetime()
    }

    /// Nanoseconds from the start to a local time, the first where it comes twice; to where the
    /// clocks go on where they skip it.
    pub fn instant(&self, local: DateTime) -> i64 {
        self.instants(local).0
    }

    /// As [`Almanac::instant`], and to the time's return where clocks are put back.
    pub fn instants(&self, local: DateTime) -> (i64, Option<i64>) {
        let zone = self.start.time_zone();
        let ambiguous = zone.to_ambiguous_timestamp(local);
        let twice = matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Fold { .. });
        let second = ambiguous.later().ok().filter(|_| twice);
        let first = edge(zone, local).map_or(i64::MAX / 4, |first| self.since_start(first));
        (first, second.map(|second| self.since_start(second)))
    }

    /// The time zone of all local times.
    pub fn zone(&self) -> &TimeZone {
        self.start.time_zone()
    }

    /// The local dates from the day before the start to the day on which `until` lies.
    pub fn dates(&self, until: Time) -> impl Iterator<Item = Date> {
        let first = self.start.date().yesterday().unwrap_or(self.start.date());
        let last = self.local(until.0.min(i64::MAX as u64 / 4) as i64).date();
        first.series(1.day()).take_while(move |date| *date <= last)
    }

    /// What kind of day a date is.
    pub fn kind(&self, date: Date) -> DayKind {
        DayKind::of(date.weekday(), self.holidays.contains(&date))
    }

    /// When the clocks change before `until`.
    pub fn clock_changes(&self, until: Time) -> impl Iterator<Item = i64> {
        let until = until.0.min(i64::MAX as u64 / 4) as i64;
        let following = self.zone().following(self.start.timestamp());
        let changes = following.map(|change| self.since_start(change.timestamp()));
        changes.take_while(move |change| *change < until)
    }

    /// When local days begin within the horizon; the first is the start.
    pub fn days(&self) -> Vec<Time> {
        let midnight = |date: Date| u64::try_from(self.instant(date.at(0, 0, 0, 0))).ok();
        let midnights = self.dates(self.horizon).filter_map(midnight).map(Time);
        let inside = midnights.filter(|day| *day > Time::ZERO && *day < self.horizon);
        let mut days: Vec<Time> = [Time::ZERO].into_iter().chain(inside).collect();
        days.dedup();
        days
    }
}
