//! Owns `Quantity`: so many chats a period, as in `14000 per week`.
//!
//! Law: it is kept as chats a second; which period it was written in matters no more. A month is
//! a twelfth of a year and a year 365.2425 days, since a season is told by the month factors.

use super::form::Phrase;
use super::names::did_you_mean;
use super::problem::Fault;

/// Chats a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity(pub f64);

const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.2425 * DAY;

const RATE_PERIODS: &[(&str, f64)] = &[
    ("second", 1.0),
    ("minute", 60.0),
    ("hour", 3_600.0),
    ("day", DAY),
];

const VOLUME_PERIODS: &[(&str, f64)] = &[
    ("hour", 3_600.0),
    ("day", DAY),
    ("week", 7.0 * DAY),
    ("month", YEAR / 12.0),
    ("year", YEAR),
];

/// A rate of arrivals.
pub const RATE: Phrase<Quantity> = Phrase {
    parse: |text| parse(text, RATE_PERIODS),
    says: "a rate of chats",
    example: "1200 per hour",
    pattern: r"^\s*[0-9][0-9_]*(\.[0-9]+)?\s+per\s+(second|minute|hour|day)\s*$",
};

/// A volume of arrivals.
pub const VOLUME: Phrase<Quantity> = Phrase {
    parse: |text| parse(text, VOLUME_PERIODS),
    says: "a volume of chats",
    example: "14000 per week",
    pattern: r"^\s*[0-9][0-9_]*(\.[0-9]+)?\s+per\s+(hour|day|week|month|year)\s*$",
};

/// The most chats a second that a scenario may ask for.
const MOST: f64 = 1e6;

fn parse(text: &str, periods: &[(&'static str, f64)]) -> Result<Quantity, Fault> {
    let usual = format!(
        "write for example `1200 per {}`",
        periods[periods.len() / 2].0
    );
    let words = words(text);
    let [(number_at, number), (per_at, per), (period_at, period)] = words[..] else {
        let fault = Fault::new(0..text.len(), "a number, `per` and a period are expected");
        return Err(fault.with_help(usual));
    };
    let number_range = number_at..number_at + number.len();
    let digits = number
        .chars()
        .all(|c| c.is_ascii_digit() || c == '.' || c == '_');
    let value = number
        .replace('_', "")
        .parse::<f64>()
        .ok()
        .filter(|_| digits);
    let Some(value) = value else {
        return Err(Fault::new(number_range, "not a number").with_help(usual));
    };
    if per != "per" {
        let fault = Fault::new(per_at..per_at + per.len(), "`per` is expected here");
        return Err(fault.with_help(usual));
    }
    let Some((_, seconds)) = periods.iter().find(|known| known.0 == period) else {
        let help = did_you_mean(period, periods.iter().map(|known| known.0));
        let range = period_at..period_at + period.len();
        return Err(Fault::new(range, "not a period that fits here").with_help(help));
    };
    let rate = value / seconds;
    if rate > 0.0 && rate <= MOST {
        return Ok(Quantity(rate));
    }
    Err(Fault::new(
        number_range,
        "above zero and at most a million a second is expected",
    ))
}

/// The words of a text with the bytes they start at.
fn words(text: &str) -> Vec<(usize, &str)> {
    let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace()
        .map(|word| (start(word), word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(phrase: &Phrase<Quantity>, text: &str) -> Result<f64, Fault> {
        (phrase.parse)(text).map(|quantity| quantity.0)
    }

    #[test]
    fn periods_are_turned_into_chats_a_second() {
        assert_eq!(read(&RATE, "1200 per hour"), Ok(1.0 / 3.0));
        assert_eq!(read(&VOLUME, " 604_800 per week"), Ok(1.0));
        let year = read(&VOLUME, "12 per year").unwrap();
        assert!((read(&VOLUME, "1 per month").unwrap() / year - 1.0).abs() < 1e-12);
    }

    #[test]
    fn faults_point_at_the_word() {
        let fault = read(&RATE, "1200 per hours").unwrap_err();
        assert_eq!(
            (fault.at, fault.help.unwrap().as_str()),
            (9..14, "did you mean `hour`?")
        );
        assert_eq!(read(&RATE, "12OO per hour").unwrap_err().at, 0..4);
        assert_eq!(read(&RATE, "1200 an hour").unwrap_err().at, 5..7);
        assert_eq!(read(&RATE, "0 per hour").unwrap_err().at, 0..1);
        assert!(read(&RATE, "1200").is_err() && read(&RATE, "").is_err());
        assert!(read(&RATE, "-5 per hour").is_err() && read(&RATE, "1200 per week").is_err());
    }
}
