//! Owns the roster: which agents are there when.
//!
//! Law: each line has agents of its own, numbered in the order of the lines; a shift belongs to
//! the day it starts on, and shifts that touch stay two.

use super::almanac::Almanac;
use super::clock::{Hours, SHIFT};
use super::days::{DAYS, Days};
use super::document::{At, Place};
use super::form::Whole;
use super::plan::Shift;
use super::problem::Problems;
use super::section::Section;
use crate::center::rules::ShiftEnd;
use crate::time::Time;

/// The most agents of a team.
pub const MOST_AGENTS: i64 = 200_000;

/// The most shifts of a plan: 24 bytes each.
const MOST_SHIFTS: u64 = 10_000_000;

/// One line of the roster.
#[derive(Clone, Debug)]
pub struct Line {
    days: Days,
    shift: Hours,
    agents: u32,
}

/// How the team is staffed.
#[derive(Clone, Debug)]
pub enum Staffing {
    /// So many agents, always.
    Count(u32),
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
    Some(Line {
        days: days?.value,
        shift: shift?.value,
        agents: agents?.value as u32,
    })
}

impl Staffing {
    /// How many agents there are.
    pub fn team(&self) -> u64 {
        match self {
            Staffing::Count(agents) => u64::from(*agents),
            Staffing::Roster(lines) => lines.iter().map(|line| u64::from(line.agents)).sum(),
        }
    }

    /// The shifts from the start to `end`, by start, then agent; `None` after noting that there
    /// are none, or too many.
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
            Staffing::Roster(lines) => lines,
        };
        let mut shifts = Vec::new();
        for date in almanac.dates(end) {
            let kind = almanac.kind(date);
            let mut first = 0;
            for line in &lines.value {
                if line.days.contain(kind) {
                    let stretch = stretch(almanac, date, line.shift, end);
                    shifts.extend(stretch.into_iter().flat_map(|(from, until)| {
                        (first..first + line.agents).map(move |agent| Shift {
                            agent,
                            from,
                            until,
                            end: shift_end,
                        })
                    }));
                }
                first += line.agents;
            }
            if shifts.len() as u64 > MOST_SHIFTS {
                let title = format!("the roster has more than {MOST_SHIFTS} shifts");
                problems.add(lines.place, title, "too many for one run", None);
                return None;
            }
        }
        shifts.sort_unstable_by_key(|shift| (shift.from, shift.agent));
        let staffed = shifts
            .first()
            .is_some_and(|shift| shift.from < almanac.horizon);
        if !staffed {
            note_nobody(lines.place, problems);
        }
        staffed.then_some(shifts)
    }
}

/// A shift that starts on a date, cut at the scenario's start; `None` outside the plan.
fn stretch(
    almanac: &Almanac,
    date: jiff::civil::Date,
    shift: Hours,
    end: Time,
) -> Option<(Time, Time)> {
    let overnight = shift.until < shift.from;
    let last = if overnight {
        date.tomorrow().ok()?
    } else {
        date
    };
    let from = almanac.instant(shift.from.on(date)).max(0) as u64;
    let until = almanac.instant(shift.until.on(last)).max(0) as u64;
    (from < until && from < end.0).then_some((Time(from), Time(until)))
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
