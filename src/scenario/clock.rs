//! Owns `Clock`: a time of day on the local clock, and `Hours`: a stretch of the day.
//!
//! Law: 24:00 is an end, never a start. The clock knows no date and no time zone.

use jiff::civil::{Date, DateTime};

use super::form::Phrase;
use super::problem::Fault;

/// Seconds since local midnight, at most 86,400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(pub u32);

/// From inclusive, until exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// When it starts.
    pub from: Clock,
    /// When it ends; before `from` where it goes over midnight.
    pub until: Clock,
}

/// The seconds of a day of 24 hours.
pub const DAY: u32 = 86_400;

/// A time of day.
pub const CLOCK: Phrase<Clock> = Phrase {
    parse: clock,
    says: "a time of day",
    example: "08:00",
    pattern: r"^\s*[0-9]{1,2}:[0-9]{2}\s*$",
};

/// A stretch of one day, or over midnight into the next.
pub const SHIFT: Phrase<Hours> = Phrase {
    parse: hours,
    says: "a stretch of the day",
    example: "08:00-16:00",
    pattern: r"^\s*[0-9]{1,2}:[0-9]{2}\s*-\s*[0-9]{1,2}:[0-9]{2}\s*$",
};

/// One or more stretches of one day.
pub const OPENING: Phrase<Vec<Hours>> = Phrase {
    parse: opening,
    says: "opening hours",
    example: "08:00-20:00",
    pattern: r"^\s*([0-9]{1,2}:[0-9]{2}\s*-\s*[0-9]{1,2}:[0-9]{2}\s*(,\s*|$))+$",
};

impl Clock {
    /// This time on a date; 24:00 is the next midnight.
    pub fn on(self, date: Date) -> DateTime {
        let midnight = date.at(0, 0, 0, 0);
        midnight.saturating_add(jiff::SignedDuration::from_secs(i64::from(self.0)))
    }
}

fn clock(text: &str) -> Result<Clock, Fault> {
    let wrong = |label: &str| {
        let fault = Fault::new(0..text.len(), label);
        fault.with_help("write for example `08:00` or `17:30`")
    };
    let word = text.trim();
    let Some((hour, minute)) = word.split_once(':') else {
        return Err(wrong("a time of day is expected here"));
    };
    let digits = |part: &str, least| {
        let fits = (least..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| fits)
    };
    let (Some(hour), Some(minute)) = (digits(hour, 1), digits(minute, 2)) else {
        return Err(wrong("a time of day is expected here"));
    };
    let secs = hour * 3_600 + minute * 60;
    if minute > 59 || secs > DAY {
        return Err(wrong("no day has this time"));
    }
    Ok(Clock(secs))
}

fn hours(text: &str) -> Result<Hours, Fault> {
    let Some(dash) = text.find('-') else {
        let fault = Fault::new(0..text.len(), "a start and an end are expected");
        return Err(fault.with_help("write for example `08:00-16:00`"));
    };
    let from = clock(&text[..dash])?;
    let until = clock(&text[dash + 1..]).map_err(|fault| fault.shifted(dash + 1))?;
    if from == until || from.0 == DAY {
        let fault = Fault::new(0..text.len(), "starts where it ends");
        return Err(fault.with_help("for a whole day write `00:00-24:00`"));
    }
    Ok(Hours { from, until })
}

fn opening(text: &str) -> Result<Vec<Hours>, Fault> {
    let mut from = 0;
    let mut all = Vec::new();
    for part in text.split(',') {
        let stretch = hours(part).map_err(|fault| fault.shifted(from))?;
        if stretch.until < stretch.from {
            let fault = Fault::new(from..from + part.len(), "closes before it opens");
            let help = "hours over midnight belong to two days: \"22:00-24:00\" on the first and \
                        \"00:00-06:00\" on the next";
            return Err(fault.with_help(help));
        }
        all.push(stretch);
        from += part.len() + 1;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day() {
        assert_eq!(clock("08:30"), Ok(Clock(30_600)));
        assert_eq!(clock(" 8:00 "), Ok(Clock(28_800)));
        assert_eq!(clock("24:00"), Ok(Clock(86_400)));
        for wrong in [
            "", "8", "24:01", "12:60", "08:0", "008:00", "8h", "-1:00", "+8:00",
        ] {
            assert!(clock(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hours_end_after_they_start_or_over_midnight() {
        assert!(opening("08:00-12:00, 13:00-20:00").unwrap().len() == 2);
        assert_eq!(opening("08:00-12:00,20:00-13:00").unwrap_err().at, 12..23);
        assert_eq!(opening("08:00-25:00").unwrap_err().at, 6..11);
        assert!(hours("22:00-06:00").is_ok() && opening("22:00-06:00").is_err());
        assert!(hours("08:00-08:00").is_err() && hours("24:00-08:00").is_err());
        assert!(hours("00:00-24:00").is_ok() && hours("0800").is_err());
    }

    #[test]
    fn midnight_at_the_end_is_the_next_day() {
        let date = jiff::civil::date(2026, 12, 31);
        assert_eq!(
            Clock(DAY).on(date),
            jiff::civil::date(2027, 1, 1).at(0, 0, 0, 0)
        );
    }
}
