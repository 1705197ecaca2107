//! Owns `Time` and `Span`: integer nanoseconds since the scenario's start, and lengths of it.
//!
//! Law: no clock is read here. Integers, because the same instants must compare equal on every
//! machine and a sum must not depend on its order.

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

/// An instant: nanoseconds since the scenario's start.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

/// A length of time in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span(pub u64);

impl Time {
    /// The scenario's start.
    pub const ZERO: Time = Time(0);
    /// An instant that does not come.
    pub const NEVER: Time = Time(u64::MAX);

    /// Whether the instant comes at all.
    pub fn comes(self) -> bool {
        self != Time::NEVER
    }

    /// The length from `earlier` to this instant; zero when `earlier` is the later one.
    #[inline]
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Seconds since the scenario's start.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// The instant `secs` seconds after the start; below zero is the start.
    pub fn from_secs_f64(secs: f64) -> Time {
        Time(Span::from_secs_f64(secs).0)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Without end: an instant so far away does not come.
    pub const ENDLESS: Span = Span(u64::MAX);

    /// A length of whole seconds.
    pub const fn from_secs(secs: u64) -> Span {
        Span(secs * 1_000_000_000)
    }

    /// A length of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis * 1_000_000)
    }

    /// A length from seconds; negative is zero, too long is endless.
    #[inline]
    pub fn from_secs_f64(secs: f64) -> Span {
        Span((secs * 1e9) as u64)
    }

    /// The length in seconds.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 * 1e-9
    }

    /// The length in whole microseconds, rounded down.
    #[inline]
    pub fn as_micros(self) -> u64 {
        self.0 / 1_000
    }

    /// This length in whole grains, the nearest; a grain of 1 ns changes nothing.
    #[inline]
    pub fn in_grains(self, grain: Span) -> Span {
        if grain.0 <= 1 || self == Span::ENDLESS {
            return self;
        }
        Span(self.0.saturating_add(grain.0 / 2) / grain.0 * grain.0)
    }

    /// This length times a factor of zero or more; at most 292 years, but that what is longer
    /// already stays as it is.
    #[inline]
    pub fn scaled(self, factor: f64) -> Span {
        // Signed conversions are the cheaper ones.
        match self.0 as i64 {
            signed @ 0.. => Span((signed as f64 * factor) as i64 as u64),
            _ => self,
        }
    }
}

impl Add<Span> for Time {
    type Output = Time;
    #[inline]
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    #[inline]
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times))
    }
}

impl Div<u64> for Span {
    type Output = Span;
    fn div(self, parts: u64) -> Span {
        Span(self.0 / parts)
    }
}

impl fmt::Display for Span {
    /// At most two units, as a person would say it: `1h 30m`, `45s`, `1.5s`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == u64::MAX {
            return f.write_str("endless");
        }
        let millis = self.0 / 1_000_000;
        if millis < 1_000 && self.0 > 0 {
            return write!(f, "{}ms", self.0 as f64 / 1e6);
        }
        let (secs, rest) = (millis / 1_000, millis % 1_000);
        if secs < 60 {
            return write!(f, "{}s", (secs * 1_000 + rest) as f64 / 1e3);
        }
        let (days, hours, minutes) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60);
        let units = [(days, "d"), (hours, "h"), (minutes, "m"), (secs % 60, "s")];
        let parts = units.into_iter().filter(|(n, _)| *n > 0).take(2);
        let text: Vec<String> = parts.map(|(n, unit)| format!("{n}{unit}")).collect();
        f.write_str(&text.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_stays_never() {
        assert_eq!(Time::NEVER + Span::from_secs(1), Time::NEVER);
        assert_eq!(Time::ZERO + Span::ENDLESS, Time::NEVER);
        assert_eq!(Span::from_secs_f64(f64::INFINITY), Span::ENDLESS);
        assert_eq!(Span::from_secs_f64(-1.0), Span::ZERO);
    }

    #[test]
    fn spans_read_as_a_person_says_them() {
        let said = |millis| Span::from_millis(millis).to_string();
        assert_eq!(said(0), "0s");
        assert_eq!(said(250), "250ms");
        assert_eq!(said(1_500), "1.5s");
        assert_eq!(said(60_000), "1m");
        assert_eq!(said(5_400_000), "1h 30m");
        assert_eq!(said(7 * 86_400_000), "7d");
    }
}
