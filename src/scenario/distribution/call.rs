//! Owns `Call`: `name(key=value, ...)` taken apart, every part with its place in the string.
//!
//! Law: a fault names the part of the string that is wrong, and what fits there.

use std::ops::Range;

use super::super::duration;
use super::super::problem::Fault;
use crate::stats::law::Quantile;

/// The least and the greatest coefficient of variation; beyond them lies no human behaviour, and
/// no arithmetic either.
const CV: (f64, f64) = (0.001, 100.0);

/// What the amounts of a call are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Lengths of time, which count in seconds.
    Time,
    /// Bytes, plain numbers.
    Bytes,
}

impl Unit {
    /// So many seconds or bytes, as an example would write them.
    fn example(self, amount: u32) -> String {
        match self {
            Unit::Time if amount > 60 && amount.is_multiple_of(60) => format!("{}m", amount / 60),
            Unit::Time => format!("{amount}s"),
            Unit::Bytes => amount.to_string(),
        }
    }
}

/// `name(parameter, ...)` taken apart.
pub struct Call<'a> {
    /// What its amounts are.
    pub unit: Unit,
    /// The name before the parentheses.
    pub name: &'a str,
    /// Where it stands.
    pub name_at: Range<usize>,
    /// In the order of the text.
    pub parameters: Vec<Parameter<'a>>,
    /// Between the parentheses.
    pub inside: Range<usize>,
}

/// `key=value` between the parentheses.
pub struct Parameter<'a> {
    unit: Unit,
    /// Empty for a bare value.
    pub key: &'a str,
    /// Where the key stands.
    pub key_at: Range<usize>,
    /// The value.
    pub value: &'a str,
    /// Where it stands.
    pub value_at: Range<usize>,
}

impl<'a> Call<'a> {
    /// Takes a text apart whose amounts are of a unit.
    pub fn parse(text: &'a str, unit: Unit) -> Result<Call<'a>, Fault> {
        let (open, close) = (text.find('('), text.rfind(')'));
        let name_end = open.unwrap_or(text.len());
        let (name, name_at) = trimmed(text, 0..name_end);
        let inside = match (open, close) {
            (None, None) if name == "never" => text.len()..text.len(),
            (Some(open), Some(close)) if open < close && text[close + 1..].trim().is_empty() => {
                open + 1..close
            }
            (Some(open), Some(close)) if open < close => {
                let behind = close + 1..text.len();
                let (_, behind) = trimmed(text, behind);
                return Err(Fault::new(
                    behind,
                    "nothing is expected behind the parentheses",
                ));
            }
            (None, _) => {
                let fault = Fault::new(name_at, "a distribution and its parameters are expected");
                return Err(fault.with_help(for_example(unit)));
            }
            _ => {
                let fault = Fault::new(name_end..text.len(), "the parentheses do not match");
                return Err(fault.with_help(for_example(unit)));
            }
        };
        let mut parameters = Vec::new();
        let mut from = inside.start;
        for part in text[inside.clone()].split(',') {
            let range = from..from + part.len();
            from += part.len() + 1;
            if !(part.trim().is_empty() && inside.len() == part.len()) {
                parameters.push(Parameter::parse(text, range, unit)?);
            }
        }
        Ok(Call {
            unit,
            name,
            name_at,
            parameters,
            inside,
        })
    }

    /// The parameters in the order of these keys, when it is exactly these that are there.
    pub fn exactly<const N: usize>(&self, keys: [&str; N]) -> Option<[&Parameter<'a>; N]> {
        let places = keys.map(|key| self.parameters.iter().position(|p| p.key == key));
        if self.parameters.len() != N || places.contains(&None) {
            return None;
        }
        Some(places.map(|place| &self.parameters[place.unwrap_or_default()]))
    }

    /// The parameters that go with the name, as they would be written.
    fn fits(&self) -> String {
        let [short, some, mode] = [10, 30, 20].map(|amount| self.unit.example(amount));
        let [mean, high, p90, rare] = [60, 50, 120, 300].map(|amount| self.unit.example(amount));
        let median = self.unit.example(45);
        match self.name {
            "exponential" => format!("`exponential(mean={mean})` or `exponential(p90={p90})`"),
            "uniform" => {
                format!("`uniform(low={short}, high={high})` or `uniform(mean={some}, cv=0.5)`")
            }
            "constant" => format!("`constant({some})`"),
            "erlang" => {
                format!("`erlang(shape=3, mean={mean})` or `erlang(shape=3, p90={p90})`")
            }
            "hyperexponential" => format!(
                "`hyperexponential(mean={mean}, cv=2)`, or the chance of each phase and its mean: \
                 `hyperexponential(0.9={some}, 0.1={rare})`"
            ),
            "triangular" => format!("`triangular(low={short}, mode={mode}, high={mean})`"),
            "empirical" => "`empirical(file=replies.csv, column=seconds)`".to_string(),
            name => {
                format!("`{name}(mean={mean}, cv=0.8)` or `{name}(median={median}, p90={p90})`")
            }
        }
    }

    /// The parameters do not go with the name.
    pub fn misfit(&self) -> Fault {
        let fits = self.fits();
        let known = [
            "mean", "cv", "low", "mode", "high", "value", "median", "shape", "file", "column", "",
        ];
        let strange = self.parameters.iter().find(|p| {
            !known.contains(&p.key) && percentile(p.key).is_none() && p.key.parse::<f64>().is_err()
        });
        let (at, label) = match strange {
            Some(parameter) => (parameter.key_at.clone(), "unknown parameter"),
            None => (
                self.inside.clone(),
                "these parameters do not fit the distribution",
            ),
        };
        // Nothing between the parentheses to point at: point at the name.
        let at = if at.is_empty() {
            self.name_at.clone()
        } else {
            at
        };
        Fault::new(at, label).with_help(format!("write {fits}"))
    }
}

impl<'a> Parameter<'a> {
    fn parse(text: &'a str, range: Range<usize>, unit: Unit) -> Result<Parameter<'a>, Fault> {
        let Some(equals) = text[range.clone()].find('=').map(|at| range.start + at) else {
            let (value, value_at) = trimmed(text, range.clone());
            if value.is_empty() {
                return Err(Fault::new(range, "a parameter is missing here"));
            }
            return Ok(Parameter {
                unit,
                key: "",
                key_at: value_at.clone(),
                value,
                value_at,
            });
        };
        let (key, key_at) = trimmed(text, range.start..equals);
        let (value, value_at) = trimmed(text, equals + 1..range.end);
        if key.is_empty() || value.is_empty() {
            return Err(Fault::new(range, "`name=value` is expected here"));
        }
        Ok(Parameter {
            unit,
            key,
            key_at,
            value,
            value_at,
        })
    }

    /// A length of time, in seconds, or a number of bytes.
    pub fn amount(&self) -> Result<f64, Fault> {
        if self.unit == Unit::Bytes {
            let bytes = self.number()?;
            let fault = || Fault::new(self.value_at.clone(), "zero bytes or more are expected");
            return Some(bytes).filter(|b| *b >= 0.0).ok_or_else(fault);
        }
        let duration = duration::parse(self.value);
        let duration = duration.map_err(|fault| fault.shifted(self.value_at.start))?;
        Ok(duration.span().as_secs_f64())
    }

    /// A length of time above zero, in seconds, or a number of bytes above zero.
    pub fn above_zero(&self) -> Result<f64, Fault> {
        let amount = self.amount()?;
        if amount > 0.0 {
            return Ok(amount);
        }
        let (label, none) = match self.unit {
            Unit::Time => ("must be longer than zero", "for no time at all"),
            Unit::Bytes => ("must be more than zero", "for no bytes at all"),
        };
        let constant = self.unit.example(0);
        let fault = Fault::new(self.value_at.clone(), label);
        Err(fault.with_help(format!("{none} write `constant({constant})`")))
    }

    /// A plain number.
    pub fn number(&self) -> Result<f64, Fault> {
        let number = self
            .value
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        number.ok_or_else(|| Fault::new(self.value_at.clone(), "a plain number is expected here"))
    }

    /// A whole number between two bounds.
    pub fn whole(&self, least: u32, most: u32) -> Result<u32, Fault> {
        let number = self.number()?;
        if number.fract() == 0.0 && (f64::from(least)..=f64::from(most)).contains(&number) {
            return Ok(number as u32);
        }
        let label = format!("a whole number from {least} to {most} is expected");
        Err(Fault::new(self.value_at.clone(), label))
    }

    /// A coefficient of variation.
    pub fn cv(&self, mean: &Parameter) -> Result<f64, Fault> {
        let value = self.number()?;
        if (CV.0..=CV.1).contains(&value) {
            return Ok(value);
        }
        let label = format!("a cv from {} to {} is expected", CV.0, CV.1);
        let fault = Fault::new(self.value_at.clone(), label);
        if value > CV.1 {
            return Err(fault);
        }
        Err(fault.with_help(format!("for no variation write `constant({})`", mean.value)))
    }

    /// A quantile, by its key.
    pub fn quantile(&self, call: &Call) -> Result<Quantile, Fault> {
        match percentile(self.key) {
            Some(p) => Ok((p, self.above_zero()?)),
            None => Err(call.misfit()),
        }
    }
}

/// The share that `median` or `p1` to `p99` stands for.
fn percentile(key: &str) -> Option<f64> {
    if key == "median" {
        return Some(0.5);
    }
    let percent: u32 = key.strip_prefix('p')?.parse().ok()?;
    (1..=99)
        .contains(&percent)
        .then(|| f64::from(percent) / 100.0)
}

fn for_example(unit: Unit) -> String {
    format!("write for example `exponential(mean={})`", unit.example(60))
}

/// A part of the text without the blanks around it.
fn trimmed(text: &str, range: Range<usize>) -> (&str, Range<usize>) {
    let part = &text[range.clone()];
    let word = part.trim();
    let start = range.start + part.len() - part.trim_start().len();
    (word, start..start + word.len())
}
