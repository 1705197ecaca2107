//! Owns the window: the part of a plan that is played.
//!
//! Law: a window changes when the plan is played, never who comes: customers keep the numbers, the
//! times and so the draws that they have in the whole.

use jiff::civil::Date;

use super::clock::{CLOCK, Clock, DAY};
use super::days::{DayKind, NAMES};
use super::local::{Local, Refusal};
use super::outlook::flow::Flow;
use super::plan::{Arrivals, Headcount, Plan};
use crate::error::{Error, Result};
use crate::time::{Span, Time};

/// Which part of a plan is meant.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Window {
    /// As somebody wrote it: `fri 09:00/10:00` or `2026-11-27 09:00/10:00`.
    Written(String),
    /// The hour with the most customers expected.
    BusyHour,
}

const HOUR: Span = Span::from_secs(3_600);

const FORM: &str = "write it as 'fri 09:00/10:00' or '2026-11-27 09:00/10:00', local time";

impl Window {
    /// Narrows the plan to the window. Its warm-up lies before the window, as far as the scenario
    /// goes back: play begins so much earlier.
    ///
    /// # Errors
    /// Refused: what is written is no window, or lies outside the scenario's time.
    pub fn narrow(&self, plan: &mut Plan) -> Result<()> {
        let (from, until) = match self {
            Window::Written(text) => Written::parse(text)?.find(text, plan)?,
            Window::BusyHour => busy_hour(plan),
        };
        let warm_up = plan.outline.warm_up.since(Time::ZERO);
        plan.begin = from - warm_up;
        plan.outline.warm_up = from;
        plan.outline.horizon = until;
        plan.outline.end = until + plan.drain_limit;
        plan.outline.days.retain(|day| *day < until);
        if let Arrivals::Rate(curve) = &mut plan.arrivals {
            let beyond = curve.pieces.partition_point(|piece| piece.until < until);
            curve.pieces.truncate(beyond + 1);
        }
        cut_staff(plan);
        plan.source.window = Some(self.words(plan, warm_up));
        plan.source.narrowed = Some(self.clone());
        Ok(())
    }

    /// `Fri 2026-11-27 09:00 to 10:00, played from 08:55 on`, and what of the warm-up the scenario
    /// has no time for.
    fn words(&self, plan: &Plan, warm_up: Span) -> String {
        let local = |at: Time| plan.calendar.local(at);
        let (begin, outline) = (local(plan.begin), &plan.outline);
        let (from, until) = (local(outline.warm_up), local(outline.horizon));
        let clock = |at: &jiff::Zoned| match at.date() == from.date() {
            true => at.strftime("%H:%M").to_string(),
            false => at.strftime("%a %Y-%m-%d %H:%M").to_string(),
        };
        let which = match self {
            Window::Written(_) => "",
            Window::BusyHour => "the busy hour, ",
        };
        let day = from.strftime("%a %Y-%m-%d %H:%M");
        let early = match plan.begin == outline.warm_up {
            true => String::new(),
            false => format!(", played from {} on", clock(&begin)),
        };
        let warmed = outline.warm_up.since(plan.begin);
        let lost = match warmed {
            all if all == warm_up => String::new(),
            Span::ZERO => format!(", without its warm-up of {warm_up}: the scenario starts then"),
            part => format!(", with {part} of its warm-up of {warm_up}: the scenario starts then"),
        };
        format!("{which}{day} to {}{early}{lost}", clock(&until))
    }
}

/// Who left before play begins is not there; who is there then is there from then on.
fn cut_staff(plan: &mut Plan) {
    let begin = plan.begin;
    plan.shifts.retain(|shift| shift.until > begin);
    for shift in &mut plan.shifts {
        shift.from = shift.from.max(begin);
    }
    plan.shifts
        .sort_unstable_by_key(|shift| (shift.from, shift.agent));
    let there = plan.headcounts.partition_point(|count| count.at <= begin);
    plan.headcounts.drain(..there.saturating_sub(1));
    if let Some(Headcount { at, .. }) = plan.headcounts.first_mut() {
        *at = begin.max(*at);
    }
}

/// The hour, or the whole horizon where it is shorter, that begins with an interval and has the
/// most customers expected; the first of several.
fn busy_hour(plan: &Plan) -> (Time, Time) {
    let (flow, outline) = (Flow::of(plan), &plan.outline);
    let ends = |index| {
        let from = outline.interval_start(index);
        (from, (from + HOUR).min(outline.horizon))
    };
    let whole = |index: &usize| outline.interval_start(*index) + HOUR <= outline.horizon;
    let chats = |ends: (Time, Time)| (ends, flow.arrived(ends.0, ends.1));
    let hours = (0..outline.intervals())
        .take_while(whole)
        .map(|index| chats(ends(index)));
    let best = hours.reduce(|best, next| {
        if next.1 > best.1 * (1.0 + 1e-9) {
            next
        } else {
            best
        }
    });
    best.map_or(ends(0), |best| best.0)
}

/// A window as written.
#[derive(Clone, Debug, PartialEq)]
struct Written<'t> {
    day: Day,
    from: Edge<'t>,
    until: Edge<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Day {
    Date(Date),
    /// Monday is 0.
    Weekday(usize),
}

/// A time of day and the offset written behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Edge<'t> {
    clock: Clock,
    offset: &'t str,
}

impl<'t> Edge<'t> {
    fn parse(text: &'t str) -> Option<Edge<'t>> {
        let end = text.find(['+', '-', 'Z']).unwrap_or(text.len());
        let clock = (CLOCK.parse)(&text[..end]).ok()?;
        let offset = text[end..].trim();
        (offset.is_empty() || Local::parse(&format!("2026-01-01T00:00{offset}")).is_some())
            .then_some(Edge { clock, offset })
    }

    fn on(self, date: Date) -> Option<Local> {
        let time = self.clock.on(date);
        Local::parse(&format!("{time}{}", self.offset))
    }
}

impl<'t> Written<'t> {
    fn parse(text: &'t str) -> Result<Written<'t>> {
        let refused = || Error::refused(format!("'{text}' is no window")).with_remedy(FORM);
        Self::read(text).ok_or_else(refused)
    }

    fn read(text: &'t str) -> Option<Written<'t>> {
        let (day, hours) = text.trim().split_once(char::is_whitespace)?;
        let (from, until) = hours.trim().split_once('/')?;
        let lower = day.to_lowercase();
        let weekday = NAMES[..7].iter().position(|name| *name == lower);
        let day = match weekday {
            Some(weekday) => Day::Weekday(weekday),
            None => Day::Date(day.parse().ok()?),
        };
        let (from, until) = (Edge::parse(from)?, Edge::parse(until)?);
        let sound = from.clock != until.clock && from.clock.0 < DAY;
        sound.then_some(Written { day, from, until })
    }

    /// The first such stretch that lies within the scenario's time.
    fn find(&self, text: &str, plan: &Plan) -> Result<(Time, Time)> {
        let start = plan.calendar.start();
        let end = plan.calendar.local(plan.outline.horizon);
        let days = start.date().series(jiff::ToSpan::day(1));
        let days = days.take_while(|date| *date <= end.date());
        let is = |date: &Date| match self.day {
            Day::Date(day) => day == *date,
            Day::Weekday(weekday) => DayKind::of(date.weekday(), false) == DayKind(weekday),
        };
        for date in days.filter(is) {
            let next = date.tomorrow().unwrap_or(date);
            let last = if self.until.clock <= self.from.clock {
                next
            } else {
                date
            };
            let from = instant(plan, self.from.on(date))?;
            let until = instant(plan, self.until.on(last))?;
            let (Ok(from), Ok(until)) = (u64::try_from(from), u64::try_from(until)) else {
                continue;
            };
            if from < until && until <= plan.outline.horizon.0 {
                return Ok((Time(from), Time(until)));
            }
        }
        let show = |at: &jiff::Zoned| at.strftime("%a %Y-%m-%d %H:%M").to_string();
        let what = format!("the window '{text}' does not lie within the scenario's time");
        let remedy = format!("the scenario goes from {} to {}", show(start), show(&end));
        Err(Error::refused(what).with_remedy(remedy))
    }
}

/// Nanoseconds from the scenario's start to an edge of a window.
fn instant(plan: &Plan, local: Option<Local>) -> Result<i128> {
    let refused = |refusal: Refusal| {
        let what = format!(
            "the window is refused: {}; {}",
            refusal.title, refusal.label
        );
        Error::refused(what).with_remedy(refusal.help)
    };
    let start = plan.calendar.start();
    let zone = start.time_zone();
    let local = local.ok_or_else(|| Error::refused("the window is no time").with_remedy(FORM))?;
    let instant = local.instant(zone).map_err(refused)?;
    Ok(instant.as_nanosecond() - start.timestamp().as_nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_hours_are_read() {
        let read = |text| Written::read(text).map(|w| (w.day, w.from.clock.0, w.until.clock.0));
        assert_eq!(
            read("fri 09:00/10:00"),
            Some((Day::Weekday(4), 32_400, 36_000))
        );
        assert_eq!(
            read(" Sat  23:00/01:00"),
            Some((Day::Weekday(5), 82_800, 3_600))
        );
        let date = jiff::civil::date(2026, 11, 27);
        assert_eq!(
            read("2026-11-27 22:00/24:00"),
            Some((Day::Date(date), 79_200, 86_400))
        );
        let chosen = Written::read("sun 02:30+01:00/04:00").unwrap();
        assert_eq!((chosen.from.offset, chosen.until.offset), ("+01:00", ""));
        for wrong in [
            "",
            "fri",
            "09:00/10:00",
            "friday 09:00/10:00",
            "fri 09:00",
            "fri 9/10",
            "fri 09:00-10:00",
            "fri 09:00/09:00",
            "2026-02-30 09:00/10:00",
            "fri 24:00/01:00",
            "fri 09:00+x/10:00",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
