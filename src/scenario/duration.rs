//! Owns the text form of a length of time: `250ms`, `45s`, `15m`, `2h`, `7d`, `1h30m`.
//!
//! Law: a number without a unit is refused, since nobody agrees on what it means.

use super::form::Phrase;
use super::names::list;
use super::problem::Fault;
use crate::time::Span;

/// A length of time as written: whole days apart, since a day of the calendar may have 23 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration {
    /// Days, as `d` and `w` count them.
    pub days: u32,
    /// The rest.
    pub rest: Span,
}

impl Duration {
    /// The length with days of 24 hours.
    pub fn span(self) -> Span {
        Span::from_secs(86_400) * u64::from(self.days) + self.rest
    }
}

const UNITS: [(&str, u64); 6] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// What people write for a unit, and the unit.
const WISHES: [(&str, &str); 18] = [
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("week", "w"),
    ("weeks", "w"),
    ("msec", "ms"),
    ("millis", "ms"),
];

/// The longest length that a scenario may name: a hundred years.
const LONGEST: Span = Span::from_secs(36_525 * 86_400);

/// A length of time in a scenario.
pub const DURATION: Phrase<Duration> = Phrase {
    parse,
    says: "a length of time",
    example: "15m",
    pattern: r"^\s*([0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d|w)\s*)+$",
};

/// A length of time, days counted as 24 hours.
pub const SPAN: Phrase<Span> = Phrase {
    parse: |text| parse(text).map(Duration::span),
    says: DURATION.says,
    example: DURATION.example,
    pattern: DURATION.pattern,
};

/// Reads a length of time.
pub fn parse(text: &str) -> Result<Duration, Fault> {
    let (mut days, mut rest) = (0u32, Span::ZERO);
    let mut from = text.len() - text.trim_start().len();
    if from == text.len() {
        return Err(Fault::new(0..text.len(), "no length of time").with_help("write `15m`"));
    }
    while from < text.len() {
        let (number, number_end) = number_at(text, from)?;
        let (unit, unit_end) = unit_at(text, from, number_end)?;
        let whole_days = matches!(unit.0, "d" | "w") && number.fract() == 0.0;
        if whole_days {
            days += (number * unit.1 as f64 / 86_400e9).min(1e6) as u32;
        } else {
            rest += Span((number * unit.1 as f64).round() as u64);
        }
        from = unit_end + text[unit_end..].len() - text[unit_end..].trim_start().len();
    }
    let duration = Duration { days, rest };
    if duration.span() > LONGEST {
        return Err(Fault::new(0..text.len(), "longer than a hundred years"));
    }
    Ok(duration)
}

fn number_at(text: &str, from: usize) -> Result<(f64, usize), Fault> {
    let end = text[from..].find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let end = end.map_or(text.len(), |end| from + end);
    if text[from..].starts_with('-') {
        let fault = Fault::new(from..text.len(), "a length of time is not negative");
        return Err(fault.with_help("write it without the minus"));
    }
    let number = text[from..end].parse();
    number.map(|number| (number, end)).map_err(|_| {
        let fault = Fault::new(from..text.len(), "a number and a unit are expected here");
        fault.with_help("write for example `45s`, `15m`, `2h` or `1h30m`")
    })
}

fn unit_at(
    text: &str,
    from: usize,
    number_end: usize,
) -> Result<((&'static str, u64), usize), Fault> {
    let start = number_end + text[number_end..].len() - text[number_end..].trim_start().len();
    let end = text[start..].find(|c: char| !c.is_alphabetic() && c != 'µ');
    let end = end.map_or(text.len(), |end| start + end);
    let (word, number) = (&text[start..end], &text[from..number_end]);
    if word.is_empty() {
        let fault = Fault::new(from..number_end, "a unit is missing");
        return Err(fault.with_help(format!("write `{number}s`, `{number}m` or `{number}h`")));
    }
    if let Some(unit) = UNITS.into_iter().find(|unit| unit.0 == word) {
        return Ok((unit, end));
    }
    let lower = word.to_lowercase();
    let meant = WISHES
        .into_iter()
        .find(|wish| wish.0 == lower)
        .map(|wish| wish.1);
    let meant = meant.or_else(|| UNITS.into_iter().find(|u| u.0 == lower).map(|u| u.0));
    let help = match meant {
        Some(unit) => format!("write `{number}{unit}`"),
        None => format!("the units are {}", list(UNITS.map(|unit| unit.0))),
    };
    Err(Fault::new(start..end, "no unit of time").with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(text: &str) -> f64 {
        parse(text).unwrap().span().as_secs_f64()
    }

    #[test]
    fn lengths_are_numbers_with_units() {
        assert_eq!(secs("250ms"), 0.25);
        assert_eq!(secs("45s"), 45.0);
        assert_eq!(secs("1h30m"), 5_400.0);
        assert_eq!(secs("1.5 h"), 5_400.0);
        assert_eq!(secs("1w"), 7.0 * 86_400.0);
        let days = Duration {
            days: 8,
            rest: Span::from_secs(3_600),
        };
        assert_eq!(parse("1w 1d 1h").unwrap(), days);
    }

    #[test]
    fn wrong_units_are_pointed_at() {
        let fault = parse("15 min").unwrap_err();
        assert_eq!(
            (fault.at, fault.help.unwrap().as_str()),
            (3..6, "write `15m`")
        );
        let fault = parse("1h30").unwrap_err();
        assert_eq!(
            (fault.at, fault.label.as_str()),
            (2..4, "a unit is missing")
        );
        assert_eq!(parse("-5s").unwrap_err().at, 0..3);
        assert!(parse("").is_err() && parse("h").is_err() && parse("1.2.3s").is_err());
        assert!(parse("99999999w").is_err());
    }
}
