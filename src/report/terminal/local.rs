//! Reads and words the local times of a result.
//!
//! Law: a time that cannot be read is shown as it stands: a report never fails.

use jiff::Zoned;
use jiff::civil::DateTime;

use crate::wire::clean;

/// The local date and time of `2026-11-23T09:30:00+01:00`.
pub fn civil(start: &str) -> Option<DateTime> {
    start.get(..19)?.parse().ok()
}

/// A day of a run: `Mon 23 Nov`.
pub fn day(start: &str) -> String {
    civil(start).map_or_else(
        || clean(start),
        |time| time.strftime("%a %-d %b").to_string(),
    )
}

/// The start of a run: `Mon 2026-11-23 00:00 Europe/Madrid`.
pub fn start(start: &str) -> String {
    match start.parse::<Zoned>() {
        Ok(zoned) => {
            let zone = zoned.time_zone().iana_name().unwrap_or_default();
            let time = zoned.strftime("%a %Y-%m-%d %H:%M");
            format!("{time} {zone}").trim_end().to_string()
        }
        Err(_) => match civil(start) {
            Some(time) => time.strftime("%a %Y-%m-%d %H:%M").to_string(),
            None => clean(start),
        },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_read_locally_and_rubbish_as_it_stands() {
        assert_eq!(super::day("2026-11-23T00:00:00+01:00"), "Mon 23 Nov");
        assert_eq!(
            super::start("2026-11-23T08:00:00+01:00[Europe/Madrid]"),
            "Mon 2026-11-23 08:00 Europe/Madrid"
        );
        assert_eq!(
            super::start("2026-11-23T08:00:00+01:00"),
            "Mon 2026-11-23 08:00"
        );
        assert_eq!(super::day("\u{1b}soon"), "soon");
    }
}
