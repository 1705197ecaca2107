//! Owns `Days`: a set of weekdays, and whether holidays belong to it.
//!
//! Law: a date that is a holiday is no weekday: it belongs to a set only where `holiday` is named.

use jiff::civil::Weekday;

use super::form::Phrase;
use super::names::{did_you_mean, list};
use super::problem::Fault;

/// The names of the days, Monday first, and holidays.
pub const NAMES: [&str; 8] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"];

/// A set of days: bits by the place in `NAMES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

/// A kind of day: its place in `NAMES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayKind(pub usize);

/// A set of days in a scenario.
pub const DAYS: Phrase<Days> = Phrase {
    parse,
    says: "a set of days",
    example: "mon-fri",
    pattern: concat!(
        r"^\s*((mon|tue|wed|thu|fri|sat|sun)(\s*-\s*(mon|tue|wed|thu|fri|sat|sun))?|holiday)",
        r"(\s*,\s*((mon|tue|wed|thu|fri|sat|sun)(\s*-\s*(mon|tue|wed|thu|fri|sat|sun))?|holiday))*",
        r"\s*$"
    ),
};

impl DayKind {
    /// The kind of a date.
    pub fn of(weekday: Weekday, holiday: bool) -> DayKind {
        DayKind(if holiday {
            7
        } else {
            weekday.to_monday_zero_offset() as usize
        })
    }
}

impl Days {
    /// Whether days of this kind belong to the set.
    pub fn contain(self, kind: DayKind) -> bool {
        self.0 >> kind.0 & 1 == 1
    }
}

fn parse(text: &str) -> Result<Days, Fault> {
    let mut from = 0;
    let mut days = 0;
    for part in text.split(',') {
        days |= parse_range(part).map_err(|fault| fault.shifted(from))?;
        from += part.len() + 1;
    }
    Ok(Days(days))
}

/// `mon-fri`, `sat` or `holiday`, as bits.
fn parse_range(part: &str) -> Result<u8, Fault> {
    let Some((first, last)) = part.split_once('-') else {
        return Ok(1 << day(part, &NAMES)?);
    };
    let start = day(first, &NAMES[..7])?;
    let end = day(last, &NAMES[..7]).map_err(|fault| fault.shifted(first.len() + 1))?;
    let length = (end + 7 - start) % 7;
    let bits = (0..=length).map(|step| 1u8 << ((start + step) % 7));
    Ok(bits.fold(0, |all, bit| all | bit))
}

fn day(word: &str, names: &[&'static str]) -> Result<usize, Fault> {
    let name = word.trim();
    let start = word.len() - word.trim_start().len();
    names
        .iter()
        .position(|known| *known == name)
        .ok_or_else(|| {
            let fault = Fault::new(start..start + name.len().max(1).min(word.len()), "no day");
            let lower = name.to_lowercase();
            let long = NAMES.iter().find(|known| lower.starts_with(**known));
            fault.with_help(match long {
                Some(known) if names.contains(known) => format!("write `{known}`"),
                _ if name.is_empty() => format!("there is {}", list(names.iter().copied())),
                _ => did_you_mean(name, names.iter().copied()),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> u8 {
        parse(text).unwrap().0
    }

    #[test]
    fn sets_of_days() {
        assert_eq!(bits("mon-fri"), 0b001_1111);
        assert_eq!(bits("mon,wed, holiday"), 0b1000_0101);
        assert_eq!(bits("sat-mon"), 0b110_0001);
        assert_eq!(bits("sun"), 0b100_0000);
    }

    #[test]
    fn wrong_days_are_pointed_at() {
        let fault = parse("mon,Wednesday").unwrap_err();
        assert_eq!(
            (fault.at, fault.help.unwrap().as_str()),
            (4..13, "write `wed`")
        );
        assert_eq!(parse("mon-fry").unwrap_err().at, 4..7);
        assert!(parse("").is_err() && parse("mon,").is_err() && parse("mon-holiday").is_err());
    }

    #[test]
    fn a_holiday_is_no_weekday() {
        let week = parse("mon-sun").unwrap();
        assert!(week.contain(DayKind::of(Weekday::Friday, false)));
        assert!(!week.contain(DayKind::of(Weekday::Friday, true)));
    }
}
