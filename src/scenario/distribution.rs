//! Owns the text form of distributions: `lognormal(mean=60s, cv=1)`, `never`, `geometric(mean=5)`.
//!
//! Law: parameters that make no distribution are refused here, and the part of the string that is
//! at fault is named, so that no draw can ever fail.

use std::ops::Range;

use super::duration;
use super::form::Phrase;
use super::names::did_you_mean;
use super::problem::Fault;
use crate::stats::law::{CountLaw, Impossible, Law, Quantile};

/// The distribution of a length of time.
pub const LAW: Phrase<Law> = Phrase {
    parse: law,
    says: "a distribution of times",
    example: "lognormal(mean=60s, cv=1)",
    pattern: r"^\s*(never|(exponential|lognormal|gamma|weibull|uniform|constant)\s*\(.*\))\s*$",
};

/// The distribution of a number of exchanges.
pub const COUNT_LAW: Phrase<CountLaw> = Phrase {
    parse: count_law,
    says: "a distribution of counts",
    example: "geometric(mean=5)",
    pattern: r"^\s*(geometric|constant)\s*\(.*\)\s*$",
};

const LAWS: [&str; 7] = [
    "exponential",
    "lognormal",
    "gamma",
    "weibull",
    "uniform",
    "constant",
    "never",
];

/// The least and the greatest coefficient of variation; beyond them lies no human behaviour, and
/// no arithmetic either.
const CV: (f64, f64) = (0.001, 100.0);

/// `name(parameter, ...)` taken apart.
struct Call<'a> {
    name: &'a str,
    name_at: Range<usize>,
    parameters: Vec<Parameter<'a>>,
    /// Between the parentheses.
    inside: Range<usize>,
}

struct Parameter<'a> {
    /// Empty for a bare value.
    key: &'a str,
    key_at: Range<usize>,
    value: &'a str,
    value_at: Range<usize>,
}

/// What parameters a law was given.
enum Given {
    MeanAndCv { mean: f64, cv: f64 },
    Mean(f64),
    One(Quantile),
    Two(Quantile, Quantile),
    Bounds { low: f64, high: f64 },
    Value(f64),
}

fn law(text: &str) -> Result<Law, Fault> {
    let call = Call::parse(text)?;
    if call.name == "never" {
        return match call.parameters[..] {
            [] => Ok(Law::Never),
            _ => Err(Fault::new(call.inside, "`never` takes no parameters")),
        };
    }
    if !LAWS.contains(&call.name) {
        let help = match call.name {
            "geometric" => "counts are geometric, times are not: `exponential(mean=60s)`".into(),
            name => did_you_mean(name, LAWS),
        };
        return Err(Fault::new(call.name_at, "no distribution of times").with_help(help));
    }
    let (given, blame) = call.times()?;
    let law = match (call.name, given) {
        ("exponential", Given::Mean(mean)) => Law::exponential(mean),
        ("exponential", Given::One(quantile)) => Law::exponential_through(quantile),
        ("lognormal", Given::MeanAndCv { mean, cv }) => Law::lognormal(mean, cv),
        ("lognormal", Given::Two(a, b)) => Law::lognormal_through(a, b),
        ("gamma", Given::MeanAndCv { mean, cv }) => Law::gamma(mean, cv),
        ("gamma", Given::Two(a, b)) => Law::gamma_through(a, b),
        ("weibull", Given::MeanAndCv { mean, cv }) => Law::weibull(mean, cv),
        ("weibull", Given::Two(a, b)) => Law::weibull_through(a, b),
        ("uniform", Given::Bounds { low, high }) => Law::uniform(low, high),
        ("uniform", Given::MeanAndCv { mean, cv }) => Law::uniform_by(mean, cv),
        ("uniform", Given::Two(a, b)) => Law::uniform_through(a, b),
        ("constant", Given::Value(secs)) => Law::constant(secs),
        (name, _) => return Err(call.misfit(name)),
    };
    law.and_then(sound).map_err(|why| Fault::new(blame, why))
}

/// Refuses laws whose numbers have run out of what arithmetic holds.
fn sound(law: Law) -> Result<Law, Impossible> {
    let figures = [law.mean(), law.quantile(0.01), law.quantile(0.99)];
    if figures.iter().all(|secs| secs.is_finite() && *secs >= 0.0) {
        return Ok(law);
    }
    Err("no distribution of times has these parameters".into())
}

fn count_law(text: &str) -> Result<CountLaw, Fault> {
    let call = Call::parse(text)?;
    let names = ["geometric", "constant"];
    let wanted = match call.name {
        "geometric" => "mean",
        "constant" => "value",
        name => {
            let help = did_you_mean(name, names);
            return Err(Fault::new(call.name_at, "no distribution of counts").with_help(help));
        }
    };
    let [parameter] = &call.parameters[..] else {
        let help = format!("write `{}({wanted}=5)`", call.name);
        return Err(
            Fault::new(call.inside, format!("`{wanted}` alone is expected")).with_help(help),
        );
    };
    let bare = parameter.key.is_empty() && call.name == "constant";
    if parameter.key != wanted && !bare {
        let help = format!("write `{}({wanted}=5)`", call.name);
        return Err(Fault::new(parameter.key_at.clone(), "unknown parameter").with_help(help));
    }
    let number = parameter.number()?;
    let at = || parameter.value_at.clone();
    if call.name == "geometric" {
        return CountLaw::geometric(number).map_err(|why| Fault::new(at(), why));
    }
    if number.fract() != 0.0 || !(1.0..=1e6).contains(&number) {
        return Err(Fault::new(
            at(),
            "a whole number from 1 to 1000000 is expected",
        ));
    }
    CountLaw::constant(number as u32).map_err(|why| Fault::new(at(), why))
}

impl<'a> Call<'a> {
    fn parse(text: &'a str) -> Result<Call<'a>, Fault> {
        let (open, close) = (text.find('('), text.rfind(')'));
        let name_end = open.unwrap_or(text.len());
        let (name, name_at) = trimmed(text, 0..name_end);
        let inside = match (open, close) {
            (None, None) if name == "never" => text.len()..text.len(),
            (Some(open), Some(close)) if open < close && text[close + 1..].trim().is_empty() => {
                open + 1..close
            }
            (None, _) => {
                let fault = Fault::new(name_at, "a distribution and its parameters are expected");
                return Err(fault.with_help("write for example `exponential(mean=60s)`"));
            }
            _ => {
                let fault = Fault::new(name_end..text.len(), "the parentheses do not match");
                return Err(fault.with_help("write for example `exponential(mean=60s)`"));
            }
        };
        let mut parameters = Vec::new();
        let mut from = inside.start;
        for part in text[inside.clone()].split(',') {
            let range = from..from + part.len();
            from += part.len() + 1;
            if !(part.trim().is_empty() && inside.len() == part.len()) {
                parameters.push(Parameter::parse(text, range)?);
            }
        }
        Ok(Call {
            name,
            name_at,
            parameters,
            inside,
        })
    }

    /// The parameters as times, and where to point when they make no distribution.
    fn times(&self) -> Result<(Given, Range<usize>), Fault> {
        let keys: Vec<&str> = self.parameters.iter().map(|p| p.key).collect();
        let all = || self.inside.clone();
        match &self.parameters[..] {
            [only] => match only.key {
                "mean" => Ok((Given::Mean(only.above_zero()?), only.value_at.clone())),
                "" | "value" => Ok((Given::Value(only.secs()?), only.value_at.clone())),
                _ => Ok((Given::One(only.quantile(self)?), only.value_at.clone())),
            },
            [a, b] => match keys[..] {
                ["mean", "cv"] => Ok((a.mean_and_cv(b)?, b.value_at.clone())),
                ["cv", "mean"] => Ok((b.mean_and_cv(a)?, a.value_at.clone())),
                ["low", "high"] => Ok((a.bounds(b)?, b.value_at.clone())),
                ["high", "low"] => Ok((b.bounds(a)?, a.value_at.clone())),
                ["mean" | "cv" | "low" | "high" | "value" | "", _]
                | [_, "mean" | "cv" | "low" | "high" | "value" | ""] => Err(self.misfit(self.name)),
                _ => Ok((Given::Two(a.quantile(self)?, b.quantile(self)?), all())),
            },
            _ => Err(self.misfit(self.name)),
        }
    }

    /// The parameters do not go with the name.
    fn misfit(&self, name: &str) -> Fault {
        let fits = match name {
            "exponential" => "`exponential(mean=60s)` or `exponential(p90=2m)`".to_string(),
            "uniform" => "`uniform(low=10s, high=50s)` or `uniform(mean=30s, cv=0.5)`".to_string(),
            "constant" => "`constant(30s)`".to_string(),
            name => format!("`{name}(mean=60s, cv=0.8)` or `{name}(median=45s, p90=2m)`"),
        };
        let known = ["mean", "cv", "low", "high", "value", "median", ""];
        let strange = self
            .parameters
            .iter()
            .find(|p| !known.contains(&p.key) && percentile(p.key).is_none());
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
    fn parse(text: &'a str, range: Range<usize>) -> Result<Parameter<'a>, Fault> {
        let Some(equals) = text[range.clone()].find('=').map(|at| range.start + at) else {
            let (value, value_at) = trimmed(text, range.clone());
            if value.is_empty() {
                return Err(Fault::new(range, "a parameter is missing here"));
            }
            return Ok(Parameter {
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
            key,
            key_at,
            value,
            value_at,
        })
    }

    fn secs(&self) -> Result<f64, Fault> {
        let duration = duration::parse(self.value);
        let duration = duration.map_err(|fault| fault.shifted(self.value_at.start))?;
        Ok(duration.span().as_secs_f64())
    }

    fn above_zero(&self) -> Result<f64, Fault> {
        let secs = self.secs()?;
        if secs > 0.0 {
            return Ok(secs);
        }
        let fault = Fault::new(self.value_at.clone(), "must be longer than zero");
        Err(fault.with_help("for no time at all write `constant(0s)`"))
    }

    fn number(&self) -> Result<f64, Fault> {
        let number = self
            .value
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        number.ok_or_else(|| Fault::new(self.value_at.clone(), "a plain number is expected here"))
    }

    fn mean_and_cv(&self, cv: &Parameter) -> Result<Given, Fault> {
        let (mean, value) = (self.above_zero()?, cv.number()?);
        if (CV.0..=CV.1).contains(&value) {
            return Ok(Given::MeanAndCv { mean, cv: value });
        }
        let label = format!("a cv from {} to {} is expected", CV.0, CV.1);
        let fault = Fault::new(cv.value_at.clone(), label);
        Err(fault.with_help(format!("for no variation write `constant({})`", self.value)))
    }

    fn bounds(&self, high: &Parameter) -> Result<Given, Fault> {
        Ok(Given::Bounds {
            low: self.secs()?,
            high: high.secs()?,
        })
    }

    fn quantile(&self, call: &Call) -> Result<Quantile, Fault> {
        match percentile(self.key) {
            Some(p) => Ok((p, self.above_zero()?)),
            None => Err(call.misfit(call.name)),
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

/// A part of the text without the blanks around it.
fn trimmed(text: &str, range: Range<usize>) -> (&str, Range<usize>) {
    let part = &text[range.clone()];
    let word = part.trim();
    let start = range.start + part.len() - part.trim_start().len();
    (word, start..start + word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_are_read_by_moments_and_by_quantiles() {
        assert_eq!(law("never"), Ok(Law::Never));
        assert_eq!(
            law("exponential(mean=3m)"),
            Law::exponential(180.0).map_err(|_| unreachable!())
        );
        let lognormal = law(" lognormal( mean = 40s , cv = 0.8 ) ").unwrap();
        assert_eq!(lognormal, Law::lognormal(40.0, 0.8).unwrap());
        let through = law("gamma(median=90s, p90=4m)").unwrap();
        assert!((through.quantile(0.9) - 240.0).abs() < 1e-6);
        assert_eq!(law("constant(30s)"), law("constant(value=30s)"));
        assert_eq!(law("uniform(high=20s, low=10s)").unwrap().mean(), 15.0);
        assert_eq!(count_law("constant(value=5)"), Ok(CountLaw::Constant(5)));
        assert_eq!(count_law("geometric(mean=5)").unwrap().mean(), 5.0);
    }

    /// Where the fault lies, by the words there.
    fn blamed(text: &str) -> String {
        let fault = law(text).expect_err(text);
        text[fault.at].to_string()
    }

    #[test]
    fn faults_point_at_the_part() {
        assert_eq!(blamed("lognormal(mean=60, cv=1)"), "60");
        assert_eq!(blamed("lognormal(mean=60s, cv=-1)"), "-1");
        assert_eq!(blamed("lognormal(mean=60s, sd=1)"), "sd");
        assert_eq!(blamed("lognormal(mean=0s, cv=1)"), "0s");
        assert_eq!(blamed("lognorm(mean=60s, cv=1)"), "lognorm");
        assert_eq!(blamed("uniform(mean=60s, cv=0.9)"), "0.9");
        assert_eq!(blamed("uniform(low=60s, high=30s)"), "30s");
        assert_eq!(blamed("gamma(p90=30s, median=60s)"), "p90=30s, median=60s");
        assert_eq!(blamed("exponential(mean=60s"), "(mean=60s");
        assert_eq!(blamed("exponential()"), "exponential");
        assert_eq!(blamed("exponential(mean=60s, cv=1)"), "mean=60s, cv=1");
        assert_eq!(blamed("weibull(p50=60s, p100=90s)"), "p100");
        assert_eq!(blamed("geometric(mean=5)"), "geometric");
        for text in [
            "",
            "60s",
            "constant(60s,)",
            "constant(,)",
            "never(1)",
            "()",
            ")(",
        ] {
            assert!(law(text).is_err(), "{text}");
        }
        assert!(count_law("geometric(mean=0.5)").is_err() && count_law("constant(2.5)").is_err());
        assert!(count_law("geometric(5)").is_err() && count_law("poisson(mean=4)").is_err());
    }
}
