//! Owns `Unit`: how figures are worded for people to read.
//!
//! Law: a figure says no more digits than its interval supports, and always its unit.

use crate::measure::result::Measure;

/// What a measure's figures are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Chats, customers, messages.
    Count,
    /// Scenario seconds.
    Seconds,
    /// Wall milliseconds.
    Millis,
    /// Hours.
    Hours,
    /// A share, worded in per cent.
    Ratio,
    /// A mean number of something.
    Number,
}

const NO_VALUE: &str = "-";

impl Unit {
    /// The unit that a measure's name tells.
    pub fn of(measure: &str) -> Unit {
        let mut parts = measure.split('_').rev();
        let last = parts.next().unwrap_or_default();
        let before = parts.next().unwrap_or_default();
        if measure.starts_with("service_level_") || last == "ratio" {
            return Unit::Ratio;
        }
        match (before, last) {
            ("s", _) | (_, "s") => Unit::Seconds,
            ("ms", _) | (_, "ms") => Unit::Millis,
            (_, "h") => Unit::Hours,
            (_, "mean" | "busy" | "hour") => Unit::Number,
            _ => Unit::Count,
        }
    }

    /// The unit as it follows a figure.
    fn suffix(self) -> &'static str {
        match self {
            Unit::Seconds => " s",
            Unit::Millis => " ms",
            Unit::Hours => " h",
            Unit::Ratio => " %",
            Unit::Count | Unit::Number => "",
        }
    }

    fn scaled(self, value: f64) -> f64 {
        if self == Unit::Ratio {
            value * 100.0
        } else {
            value
        }
    }

    /// Decimals of a figure that stands alone.
    fn decimals(self, scaled: f64) -> usize {
        let size = scaled.abs();
        match self {
            Unit::Count if scaled.fract() == 0.0 || size >= 100.0 => 0,
            Unit::Count => 1,
            Unit::Ratio if size == 0.0 => 0,
            Unit::Ratio if size >= 0.995 => 1,
            Unit::Ratio if size >= 0.0995 => 2,
            _ if size >= 99.95 || size == 0.0 => 0,
            _ if size >= 9.995 => 1,
            _ if size >= 0.9995 => 2,
            _ => 3,
        }
    }

    /// A figure, as `1,234`, `12.3 s`, `4 m 05 s`, `3.2 %`.
    pub fn say(self, value: f64) -> String {
        if self == Unit::Seconds && value >= 59.95 {
            return long(value);
        }
        self.say_plainly(value)
    }

    /// A figure in the unit itself, however large: as bounds of gates are written.
    pub fn say_plainly(self, value: f64) -> String {
        let scaled = self.scaled(value);
        grouped(scaled, self.decimals(scaled)) + self.suffix()
    }

    /// A bound, with the digits it was written with.
    pub fn say_bound(self, bound: f64) -> String {
        let scaled = (self.scaled(bound) * 1e9).round() / 1e9;
        let text = format!("{scaled}");
        let decimals = text.split_once('.').map_or(0, |(_, rest)| rest.len());
        grouped(scaled, decimals) + self.suffix()
    }

    /// A measure with its interval: `71.2 ± 0.4 s`, `4 m 05 s ± 13 s`; `-` without samples. Beside
    /// whole seconds the half width is rounded up.
    pub fn say_measure(self, measure: &Measure) -> String {
        match (measure.value, measure.half_width()) {
            (None, _) => NO_VALUE.into(),
            (Some(value), None) => self.say(value),
            (Some(value), Some(half)) if self == Unit::Seconds && value >= 59.95 => {
                let half = match half {
                    short if short < 59.0 => grouped(short.ceil(), 0) + " s",
                    long => self.say(long),
                };
                format!("{} ± {half}", self.say(value))
            }
            (Some(value), Some(half)) => self.beside(value, half),
        }
    }

    /// A measure with its interval in the unit itself, as gates compare it.
    pub fn say_measure_plainly(self, measure: &Measure) -> String {
        match (measure.value, measure.half_width()) {
            (None, _) => NO_VALUE.into(),
            (Some(value), None) => self.say_plainly(value),
            (Some(value), Some(half)) => self.beside(value, half),
        }
    }

    fn beside(self, value: f64, half: f64) -> String {
        let (value, half) = (self.scaled(value), self.scaled(half));
        let decimals = if half > 0.0 {
            figures(half)
        } else {
            self.decimals(value)
        };
        let (value, half) = (grouped(value, decimals), grouped(half, decimals));
        format!("{value} ± {half}{}", self.suffix())
    }
}

/// A figure where there is one, else `-`.
pub fn say_some(unit: Unit, value: Option<f64>) -> String {
    value.map_or_else(|| NO_VALUE.into(), |value| unit.say(value))
}

/// Decimals that show one digit of a half width, two where the first is a 1.
fn figures(half: f64) -> usize {
    let place = half.abs().log10().floor();
    let leading_one = half.abs() / 10f64.powf(place) < 1.95;
    let decimals = -place + if leading_one { 1.0 } else { 0.0 };
    decimals.clamp(0.0, 4.0) as usize
}

/// A minute and more, in two units.
fn long(seconds: f64) -> String {
    let total = seconds.round() as u64;
    let (days, hours) = (total / 86_400, total / 3_600);
    if total < 3_600 {
        format!("{} m {:02} s", total / 60, total % 60)
    } else if days == 0 {
        format!("{hours} h {:02} m", total / 60 % 60)
    } else {
        format!("{days} d {:02} h", hours % 24)
    }
}

/// A number with its thousands parted by commas.
pub fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) => (whole, format!(".{rest}")),
        None => (text.as_str(), String::new()),
    };
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    let mut out = String::from(if value < 0.0 && !zero { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(value: f64, half: f64) -> Measure {
        Measure {
            value: Some(value),
            low: Some(value - half),
            high: Some(value + half),
            samples: 1,
        }
    }

    #[test]
    fn names_tell_their_unit() {
        assert_eq!(Unit::of("wait_s_p95"), Unit::Seconds);
        assert_eq!(Unit::of("delivery_ms_p99"), Unit::Millis);
        assert_eq!(Unit::of("abandoned_ratio"), Unit::Ratio);
        assert_eq!(Unit::of("service_level_30s"), Unit::Ratio);
        assert_eq!(Unit::of("service_level_30s_of_answered"), Unit::Ratio);
        assert_eq!(Unit::of("overtime_h"), Unit::Hours);
        assert_eq!(Unit::of("queue_mean"), Unit::Number);
        assert_eq!(Unit::of("chats_per_agent_hour"), Unit::Number);
        assert_eq!(Unit::of("queue_max"), Unit::Count);
        assert_eq!(Unit::of("offered"), Unit::Count);
    }

    #[test]
    fn figures_read_as_a_person_says_them() {
        assert_eq!(Unit::Count.say(1_234.0), "1,234");
        assert_eq!(Unit::Count.say(1_234_567.4), "1,234,567");
        assert_eq!(Unit::Count.say(12.34), "12.3");
        assert_eq!(Unit::Seconds.say(12.34), "12.3 s");
        assert_eq!(Unit::Seconds.say(0.0), "0 s");
        assert_eq!(Unit::Seconds.say(0.0456), "0.046 s");
        assert_eq!(Unit::Seconds.say(59.97), "1 m 00 s");
        assert_eq!(Unit::Seconds.say(245.0), "4 m 05 s");
        assert_eq!(Unit::Seconds.say(3_599.7), "1 h 00 m");
        assert_eq!(Unit::Seconds.say(100_000.0), "1 d 03 h");
        assert_eq!(Unit::Ratio.say(0.032), "3.2 %");
        assert_eq!(Unit::Ratio.say(0.0), "0 %");
        assert_eq!(Unit::Ratio.say(0.00565), "0.56 %");
        assert_eq!(Unit::Ratio.say(1.0), "100.0 %");
        assert_eq!(Unit::Millis.say(1.5), "1.50 ms");
        assert_eq!(Unit::Count.say(-0.0), "0");
    }

    #[test]
    fn intervals_decide_the_digits() {
        assert_eq!(
            Unit::Count.say_measure(&measure(14_210.4, 55.3)),
            "14,210 ± 55"
        );
        assert_eq!(
            Unit::Seconds.say_measure(&measure(12.3456, 0.043)),
            "12.35 ± 0.04 s"
        );
        assert_eq!(
            Unit::Seconds.say_measure(&measure(245.0, 12.2)),
            "4 m 05 s ± 13 s"
        );
        assert_eq!(
            Unit::Seconds.say_measure_plainly(&measure(245.0, 3.2)),
            "245 ± 3 s"
        );
        assert_eq!(Unit::Ratio.say_measure(&measure(0.5, 0.0)), "50.0 ± 0.0 %");
        assert_eq!(
            Unit::Ratio.say_measure(&measure(0.8431, 0.0123)),
            "84.3 ± 1.2 %"
        );
    }

    #[test]
    fn bounds_keep_their_digits() {
        assert_eq!(Unit::Ratio.say_bound(0.8), "80 %");
        assert_eq!(Unit::Ratio.say_bound(0.055), "5.5 %");
        assert_eq!(Unit::Seconds.say_bound(240.0), "240 s");
        assert_eq!(Unit::Millis.say_bound(0.25), "0.25 ms");
    }
}
