//! Owns the opening hours: on which days the desk is open from when until when.
//!
//! Law: the periods of a plan ascend and do not touch. Hours go by the local clock, so a day on
//! which clocks change is open an hour more or less.

use super::almanac::Almanac;
use super::clock::{Hours, OPENING};
use super::days::{DAYS, Days};
use super::document::At;
use super::plan::Period;
use super::section::Section;
use crate::time::Time;

/// Hours on some days.
#[derive(Clone, Debug)]
pub struct Opening {
    days: Days,
    hours: Vec<Hours>,
}

/// Reads `opening_hours`; `None` for always open, no hours where they cannot be read.
pub fn ask(section: &mut Section) -> Option<At<Vec<Opening>>> {
    let lines = section.map(
        "opening_hours",
        "When the desk is open, local time, by days; absent: always. Customers who come outside \
         meet the closed desk. Holidays are closed unless `holiday` is named.",
        &DAYS,
        &OPENING,
    );
    if section.is_unread("opening_hours") {
        let place = section.place();
        let value = Vec::new();
        return Some(At { value, place });
    }
    let opening = |(days, hours): (At<Days>, At<Vec<Hours>>)| Opening {
        days: days.value,
        hours: hours.value,
    };
    Some(lines?.map(|lines| lines.into_iter().map(opening).collect()))
}

/// When the desk is open, from the start to `end`.
pub fn expand(opening: Option<&[Opening]>, almanac: &Almanac, end: Time) -> Vec<Period> {
    let Some(opening) = opening else {
        return vec![Period {
            from: Time::ZERO,
            until: Time::NEVER,
        }];
    };
    let mut periods = Vec::new();
    for date in almanac.dates(end) {
        let kind = almanac.kind(date);
        let lines = opening.iter().filter(|line| line.days.contain(kind));
        for hours in lines.flat_map(|line| &line.hours) {
            let instant =
                |clock: super::clock::Clock| almanac.instant(clock.on(date)).max(0) as u64;
            let (from, until) = (Time(instant(hours.from)), Time(instant(hours.until)));
            if from < until && from < end {
                periods.push(Period {
                    from,
                    until: until.min(end),
                });
            }
        }
    }
    periods.sort_by_key(|period| period.from);
    joined(periods)
}

/// Makes one of periods that touch or overlap; they come by their starts.
pub fn joined(periods: impl IntoIterator<Item = Period>) -> Vec<Period> {
    let mut joined: Vec<Period> = Vec::new();
    for period in periods {
        match joined.last_mut() {
            Some(last) if period.from <= last.until => last.until = last.until.max(period.until),
            _ => joined.push(period),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_that_touch_are_one() {
        let period = |from, until| Period {
            from: Time(from),
            until: Time(until),
        };
        let joined = joined(vec![
            period(0, 5),
            period(5, 8),
            period(7, 9),
            period(12, 13),
        ]);
        assert_eq!(joined, [period(0, 9), period(12, 13)]);
    }
}
