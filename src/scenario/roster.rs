//! Owns the roster: which agents are there when.
//!
//! Law: each line has agents of its own, numbered in the order of the lines, so nobody has two
//! shifts at once. A shift belongs to the day it starts on; shifts of one agent that touch are one,
//! and a break makes two of one.

use super::almanac::Almanac;
use super::clock::{CLOCK, Clock, DAY, Hours, SHIFT};
use super::days::{DAYS, Days};
use super::document::{At, Place};
use super::duration::SPAN;
use super::form::Whole;
use super::headcount::Counts;
use super::plan::{Headcount, Shift};
use super::problem::Problems;
use super::section::Section;
use crate::center::rules::ShiftEnd;
use crate::time::{Span, Time};

/// The most agents of a team.
pub const MOST_AGENTS: i64 = 200_000;

/// The most shifts of a plan: 32 bytes each.
const MOST_SHIFTS: u64 = 10_000_000;

/// One line of the roster.
#[derive(Clone, Debug)]
pub struct Line {
    days: Days,
    shift: Hours,
    agents: u32,
    /// In order, inside the shift.
    breaks: Vec<Break>,
}

/// A break: the agent takes no new chats and finishes its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Break {
    at: Clock,
    length: Span,
}

/// How the team is staffed.
#[derive(Clone, Debug)]
pub enum Staffing {
    /// So many agents, always.
    Count(u32),
    /// So many agents over time, whoever they are.
    OverTime(Counts),
    /// By shifts.
    Roster(At<Vec<Line>>),
}

/// Reads one line.
pub fn ask(section: &mut Section) -> Option<Line> {
    let days = section.required("days", "On which days the shift starts.", &DAYS);
    let shift = section.required(
        "shift",
        "From when until when, local time; over midnight it belongs to the day it starts on.",
        &SHIFT,
    );
    let agents = section.required(
        "agents",
        "How many agents have this shift.",
        &Whole {
            least: 1,
            most: MOST_AGENTS,
        },
    );
    let breaks = section.tables(
        "breaks",
        "Breaks inside the shift: the agents take no new chats and finish their own.",
        ask_break,
    );
    let (days, shift, agents) = (days?, shift?, agents?);
    let breaks = match breaks {
        Some(breaks) => in_order(breaks.value, shift.value, section)?,
        None if section.key_place("breaks").is_some() => return None,
        None => Vec::new(),
    };
    Some(Line {
        days: days.value,
        shift: shift.value,
        agents: agents.value as u32,
        breaks,
    })
}

fn ask_break(section: &mut Section) -> Option<Break> {
    let at = section.required("at", "When it begins, local time.", &CLOCK);
    let length = section.required("for", "How long it is.", &SPAN);
    let length = length.filter(|length| {
        if length.value == Span::ZERO {
            section.problem(
                length.place,
                "a break lasts no time",
                "how long is it?",
                None,
            );
        }
        length.value > Span::ZERO
    });
    Some(Break {
        at: at?.value,
        length: length?.value,
    })
}

/// The breaks of a shift by time; `None` after noting that one is not inside, or that two overlap.
fn in_order(
    breaks: Vec<At<Option<Break>>>,
    shift: Hours,
    section: &mut Section,
) -> Option<Vec<Break>> {
    let read = breaks.into_iter().map(|given| {
        let place = given.place;
        given.value.map(|value| At { value, place })
    });
    let mut breaks = read.collect::<Option<Vec<At<Break>>>>()?;
    breaks.sort_by_key(|pause| shift.since_start(pause.at));
    let (mut last, mut right) = (Span::ZERO, true);
    for pause in &breaks {
        let from = shift.since_start(pause.value.at);
        let until = from + pause.value.length;
        if from == Span::ZERO || until >= shift.length() {
            let help = "a break begins after its shift begins and ends before it ends: make the \
                        shift shorter instead";
            let title = "a break is not inside its shift";
            let label = "outside the shift, or at its edge";
            section.problem(pause.place, title, label, Some(help.into()));
            right = false;
        } else if from < last {
            let label = "begins before the one before it ends";
            section.problem(pause.place, "two breaks overlap", label, None);
            right = false;
        }
        last = until;
    }
    right.then(|| breaks.iter().map(|pause| pause.value).collect())
}

impl Hours {
    /// By the clock, from the shift's start to the next time it shows `clock`.
    fn since_start(self, clock: Clock) -> Span {
        Span::from_secs(u64::from((clock.0 + DAY - self.from.0) % DAY))
    }

    /// By the clock, from start to end.
    fn length(self) -> Span {
        match self.since_start(self.until) {
            Span::ZERO => Span::from_secs(DAY.into()),
            length => length,
        }
    }
}

impl Staffing {
    /// How many agents there are; the most at once where they are only counted.
    pub fn team(&self) -> u64 {
        match self {
            Staffing::Count(agents) => u64::from(*agents),
            Staffing::OverTime(counts) => u64::from(counts.greatest()),
            Staffing::Roster(lines) => lines.iter().map(|line| u64::from(line.agents)).sum(),
        }
    }

    /// Where it stands that agents come and go; `None` where they are always there.
    pub fn place(&self) -> Option<Place> {
        match self {
            Staffing::Count(_) => None,
            Staffing::OverTime(counts) => Some(counts.place()),
            Staffing::Roster(lines) => Some(lines.place),
        }
    }

    /// How many agents there are over time, where they are only counted; `None` after noting what
    /// is wrong.
    pub fn headcounts(
        &self,
        almanac: &Almanac,
        end: Time,
        problems: &mut Problems,
    ) -> Option<Vec<Headcount>> {
        match self {
            Staffing::OverTime(counts) => counts.expand(almanac, end, problems),
            _ => Some(Vec::new()),
        }
    }

    /// The shifts from the start to `end`, by start, then agent; none where agents are counted over
    /// time; `None` after noting that nobody is there, or too many are. At its own end a shift ends
    /// by `shift_end`, before a break by finishing.
    pub fn expand(
        &self,
        almanac: &Almanac,
        end: Time,
        shift_end: ShiftEnd,
        problems: &mut Problems,
    ) -> Option<Vec<Shift>> {
        let lines = match self {
            Staffing::Count(agents) => {
                let shift = |agent| Shift {
                    agent,
                    from: Time::ZERO,
                    until: Time::NEVER,
                    end: ShiftEnd::Finish,
                };
                return Some((0..*agents).map(shift).collect());
            }
            Staffing::OverTime(_) => return Some(Vec::new()),
            Staffing::Roster(lines) => lines,
        };
        let (mut shifts, mut first) = (Vec::new(), 0);
        for line in &lines.value {
            let stretches = line.stretches(almanac, end, shift_end);
            let more = stretches.len() as u64 * u64::from(line.agents);
            if shifts.len() as u64 + more > MOST_SHIFTS {
                let title = format!("the roster has more than {MOST_SHIFTS} shifts");
                problems.add(lines.place, title, "too many for one run", None);
                return None;
            }
            for shift in stretches {
                let agents = first..first + line.agents;
                shifts.extend(agents.map(|agent| Shift { agent, ..shift }));
            }
            first += line.agents;
        }
        shifts.sort_unstable_by_key(|shift| (shift.from, shift.agent));
        let staffed = shifts
            .first()
            .is_some_and(|shift| shift.from < almanac.horizon);
        if !staffed && almanac.knows_holidays {
            note_nobody(lines.place, problems);
        }
        staffed.then_some(shifts)
    }
}

impl Line {
    /// When each agent of the line is there, as shifts of agent 0: ascending, without touching.
    fn stretches(&self, almanac: &Almanac, end: Time, shift_end: ShiftEnd) -> Vec<Shift> {
        let mut stretches: Vec<Shift> = Vec::new();
        let dates = almanac.dates(end);
        for date in dates.filter(|date| self.days.contain(almanac.kind(*date))) {
            for (from, until, end_by) in self.parts(almanac, date, shift_end) {
                let (from, until) = (from.max(0) as u64, until.max(0) as u64);
                if from >= until || from >= end.0 {
                    continue;
                }
                match stretches.last_mut() {
                    Some(last) if last.until.0 == from => {
                        (last.until, last.end) = (Time(until), end_by);
                    }
                    _ => stretches.push(Shift {
                        agent: 0,
                        from: Time(from),
                        until: Time(until),
                        end: end_by,
                    }),
                }
            }
        }
        stretches
    }

    /// The shift that starts on a date, between its breaks. A break lasts its time on the wall, so
    /// on a short day two may run into each other, or one over the shift's end.
    fn parts(
        &self,
        almanac: &Almanac,
        date: jiff::civil::Date,
        shift_end: ShiftEnd,
    ) -> Vec<(i64, i64, ShiftEnd)> {
        let instant = |clock: Clock| {
            // What the clock shows after midnight belongs to the next date.
            let overnight = clock <= self.shift.from;
            let date = if overnight { date.tomorrow() } else { Ok(date) };
            date.map_or(i64::MAX / 4, |date| almanac.instant(clock.on(date)))
        };
        let mut from = almanac.instant(self.shift.from.on(date));
        let until = instant(self.shift.until);
        let mut parts = Vec::with_capacity(self.breaks.len() + 1);
        for pause in &self.breaks {
            let at = instant(pause.at).min(until);
            parts.push((from, at, ShiftEnd::Finish));
            from = from.max(at + pause.length.0 as i64);
        }
        parts.push((from, until, shift_end));
        parts
    }
}

fn note_nobody(place: Place, problems: &mut Problems) {
    let help = "a roster covers holidays only where `days` names `holiday`".to_string();
    problems.add(
        place,
        "nobody is there",
        "no shift falls within the horizon",
        Some(help),
    );
}
