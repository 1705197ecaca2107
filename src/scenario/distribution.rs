//! Owns the text form of distributions: `lognormal(mean=60s, cv=1)`, `never`, `geometric(mean=5)`.
//!
//! Law: parameters that make no distribution are refused here, and the part of the string that is
//! at fault is named, so that no draw can ever fail.

mod call;
mod recorded;
mod sizes;

use std::path::Path;

use serde_json::{Value as Json, json};

use super::document::{Node, Value};
use super::form::{Form, wrong_kind};
use super::names::did_you_mean;
use super::problem::{Fault, Problems};
use crate::stats::law::{CountLaw, Impossible, Law};
use call::{Call, Parameter, Unit};
use recorded::Recorded;
pub use sizes::Sizes;

/// The form of a distribution of times; recorded ones are sought from the folder.
pub struct Times<'a>(pub &'a Path);

/// The form of a distribution of counts; recorded ones are sought from the folder.
pub struct Counts<'a>(pub &'a Path);

const TIMES: [&str; 11] = [
    "exponential",
    "lognormal",
    "gamma",
    "weibull",
    "uniform",
    "constant",
    "erlang",
    "hyperexponential",
    "triangular",
    "empirical",
    "never",
];

const COUNTS: [&str; 4] = ["geometric", "poisson", "constant", "empirical"];

/// What a string asks for: a law, or one to be made of a file's column.
enum Recipe<T> {
    Ready(T),
    Recorded(Recorded),
}

/// The most phases of a hyperexponential and of an Erlang law.
const MOST_PHASES: (usize, u32) = (8, 10_000);

impl Form for Times<'_> {
    type Out = Law;

    fn says(&self) -> String {
        "a distribution of times".into()
    }

    fn example(&self) -> String {
        "\"lognormal(mean=60s, cv=1)\"".into()
    }

    fn schema(&self) -> Json {
        let names = TIMES[..TIMES.len() - 1].join("|");
        let pattern = format!(r"^\s*(never|({names})\s*\(.*\))\s*$");
        json!({ "type": "string", "pattern": pattern, "examples": ["lognormal(mean=60s, cv=1)"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<Law> {
        match recipe(self, key, node, problems, times)? {
            Recipe::Ready(law) => Some(law),
            Recipe::Recorded(recorded) => recorded.times(self.0, node, problems),
        }
    }
}

impl Form for Counts<'_> {
    type Out = CountLaw;

    fn says(&self) -> String {
        "a distribution of counts".into()
    }

    fn example(&self) -> String {
        "\"geometric(mean=5)\"".into()
    }

    fn schema(&self) -> Json {
        let pattern = format!(r"^\s*({})\s*\(.*\)\s*$", COUNTS.join("|"));
        json!({ "type": "string", "pattern": pattern, "examples": ["geometric(mean=5)"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<CountLaw> {
        match recipe(self, key, node, problems, counts)? {
            Recipe::Ready(law) => Some(law),
            Recipe::Recorded(recorded) => recorded.counts(self.0, node, problems),
        }
    }
}

/// Parses the string under a key, or notes why it is none.
fn recipe<T>(
    form: &impl Form,
    key: &str,
    node: &Node,
    problems: &mut Problems,
    parse: fn(&str) -> Result<Recipe<T>, Fault>,
) -> Option<Recipe<T>> {
    let Value::Text { text, .. } = &node.value else {
        wrong_kind(form, key, node, problems);
        return None;
    };
    let recipe = parse(text);
    recipe
        .map_err(|fault| {
            problems.add_fault(node, format!("`{key}` is not {}", form.says()), fault);
        })
        .ok()
}

fn times(text: &str) -> Result<Recipe<Law>, Fault> {
    law_of(&Call::parse(text, Unit::Time)?)
}

/// The law that a call asks for, in the seconds or bytes of its unit.
fn law_of(call: &Call) -> Result<Recipe<Law>, Fault> {
    let law = match call.name {
        "never" if call.unit == Unit::Time && call.parameters.is_empty() => Ok(Law::Never),
        "never" if call.unit == Unit::Time => Err(Fault::new(
            call.inside.clone(),
            "`never` takes no parameters",
        )),
        "empirical" => return Recorded::of(call).map(Recipe::Recorded),
        "constant" => constant(call),
        "exponential" => exponential(call),
        "erlang" => erlang(call),
        "hyperexponential" => hyperexponential(call),
        "triangular" => triangular(call),
        "uniform" => uniform(call),
        "lognormal" => by_two(call, Law::lognormal, Law::lognormal_through),
        "gamma" => by_two(call, Law::gamma, Law::gamma_through),
        "weibull" => by_two(call, Law::weibull, Law::weibull_through),
        name => {
            let (label, known) = match call.unit {
                Unit::Time => ("no distribution of times", &TIMES[..]),
                Unit::Bytes => ("no distribution of sizes", sizes::NAMES),
            };
            let help = match (name, call.unit) {
                ("geometric" | "poisson", Unit::Time) => {
                    "counts are geometric, times are not: `exponential(mean=60s)`".into()
                }
                (name, _) => did_you_mean(name, known.iter().copied()),
            };
            Err(Fault::new(call.name_at.clone(), label).with_help(help))
        }
    };
    law.map(Recipe::Ready)
}

type Quantile = crate::stats::law::Quantile;

fn constant(call: &Call) -> Result<Law, Fault> {
    match &call.parameters[..] {
        [only] if ["", "value"].contains(&only.key) => sound(Law::constant(only.amount()?), only),
        _ => Err(call.misfit()),
    }
}

fn exponential(call: &Call) -> Result<Law, Fault> {
    if let Some([mean]) = call.exactly(["mean"]) {
        return sound(Law::exponential(mean.above_zero()?), mean);
    }
    match &call.parameters[..] {
        [one] => sound(Law::exponential_through(one.quantile(call)?), one),
        _ => Err(call.misfit()),
    }
}

/// A law by mean and coefficient of variation, or through two quantiles.
fn by_two(
    call: &Call,
    moments: fn(f64, f64) -> Result<Law, Impossible>,
    through: fn(Quantile, Quantile) -> Result<Law, Impossible>,
) -> Result<Law, Fault> {
    if let Some([mean, cv]) = call.exactly(["mean", "cv"]) {
        return sound(moments(mean.above_zero()?, cv.cv(mean)?), cv);
    }
    let [a, b] = &call.parameters[..] else {
        return Err(call.misfit());
    };
    let law = through(a.quantile(call)?, b.quantile(call)?);
    law.and_then(finite)
        .map_err(|why| Fault::new(call.inside.clone(), why))
}

fn uniform(call: &Call) -> Result<Law, Fault> {
    match call.exactly(["low", "high"]) {
        Some([low, high]) => sound(Law::uniform(low.amount()?, high.amount()?), high),
        None => by_two(call, Law::uniform_by, Law::uniform_through),
    }
}

fn triangular(call: &Call) -> Result<Law, Fault> {
    let Some([low, mode, high]) = call.exactly(["low", "mode", "high"]) else {
        return Err(call.misfit());
    };
    let law = Law::triangular(low.amount()?, mode.amount()?, high.amount()?);
    law.map_err(|why| Fault::new(call.inside.clone(), why))
}

fn erlang(call: &Call) -> Result<Law, Fault> {
    let [a, b] = &call.parameters[..] else {
        return Err(call.misfit());
    };
    let (shape, other) = match (a.key, b.key) {
        ("shape", _) => (a, b),
        (_, "shape") => (b, a),
        _ => return Err(call.misfit()),
    };
    let phases = shape.whole(1, MOST_PHASES.1)?;
    match other.key {
        "mean" => sound(Law::erlang(phases, other.above_zero()?), other),
        _ => sound(Law::erlang_through(phases, other.quantile(call)?), other),
    }
}

fn hyperexponential(call: &Call) -> Result<Law, Fault> {
    if let Some([mean, cv]) = call.exactly(["mean", "cv"]) {
        return sound(Law::hyperexponential(mean.above_zero()?, cv.cv(mean)?), cv);
    }
    let phase = |p: &Parameter| match p.key.parse::<f64>() {
        Ok(chance) => Ok((chance, p.above_zero()?)),
        Err(_) => Err(call.misfit()),
    };
    let phases: Vec<(f64, f64)> = call
        .parameters
        .iter()
        .map(phase)
        .collect::<Result<_, _>>()?;
    if !(1..=MOST_PHASES.0).contains(&phases.len()) {
        return Err(call.misfit());
    }
    let law = Law::hyperexponential_of(&phases).and_then(finite);
    law.map_err(|why| Fault::new(call.inside.clone(), why))
}

/// The law, or a fault that blames a parameter.
fn sound(law: Result<Law, Impossible>, blame: &Parameter) -> Result<Law, Fault> {
    law.and_then(finite)
        .map_err(|why| Fault::new(blame.value_at.clone(), why))
}

/// Refuses laws whose numbers have run out of what arithmetic holds.
fn finite(law: Law) -> Result<Law, Impossible> {
    let figures = [law.mean(), law.quantile(0.01), law.quantile(0.99)];
    if figures.iter().all(|secs| secs.is_finite() && *secs >= 0.0) {
        return Ok(law);
    }
    Err("no distribution has these parameters".into())
}

fn counts(text: &str) -> Result<Recipe<CountLaw>, Fault> {
    let call = Call::parse(text, Unit::Time)?;
    let wanted = match call.name {
        "geometric" | "poisson" => "mean",
        "constant" => "value",
        "empirical" => return Recorded::of(&call).map(Recipe::Recorded),
        name => {
            let help = did_you_mean(name, COUNTS);
            return Err(Fault::new(call.name_at, "no distribution of counts").with_help(help));
        }
    };
    let help = format!("write `{}({wanted}=5)`", call.name);
    let [parameter] = &call.parameters[..] else {
        let label = format!("`{wanted}` alone is expected");
        return Err(Fault::new(call.inside, label).with_help(help));
    };
    let bare = parameter.key.is_empty() && call.name == "constant";
    if parameter.key != wanted && !bare {
        return Err(Fault::new(parameter.key_at.clone(), "unknown parameter").with_help(help));
    }
    let law = match call.name {
        "geometric" => CountLaw::geometric(parameter.number()?),
        "poisson" => CountLaw::one_and_poisson(parameter.number()?),
        _ => CountLaw::constant(parameter.whole(1, 1_000_000)?),
    };
    law.map(Recipe::Ready)
        .map_err(|why| Fault::new(parameter.value_at.clone(), why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(text: &str) -> Result<Law, Fault> {
        match times(text)? {
            Recipe::Ready(law) => Ok(law),
            Recipe::Recorded(_) => panic!("{text} needs a file"),
        }
    }

    fn count_law(text: &str) -> Result<CountLaw, Fault> {
        match counts(text)? {
            Recipe::Ready(law) => Ok(law),
            Recipe::Recorded(_) => panic!("{text} needs a file"),
        }
    }

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
        assert_eq!(count_law("poisson(mean=4)").unwrap().mean(), 5.0);
        let erlang = law("erlang(mean=60s, shape=4)").unwrap();
        assert!((erlang.mean() - 60.0).abs() < 1e-9);
        let through = law("erlang(shape=3, p90=2m)").unwrap();
        assert!((through.quantile(0.9) - 120.0).abs() < 1e-6);
        let hyper = law("hyperexponential(0.9=30s, 0.1=5m)").unwrap();
        assert!((hyper.mean() - 57.0).abs() < 1e-9);
        let balanced = law("hyperexponential(mean=60s, cv=2)").unwrap();
        assert!((balanced.mean() - 60.0).abs() < 1e-9);
        let triangular = law("triangular(mode=20s, low=10s, high=60s)").unwrap();
        assert!((triangular.mean() - 30.0).abs() < 1e-9);
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
        assert_eq!(blamed("erlang(shape=2.5, mean=60s)"), "2.5");
        assert_eq!(blamed("erlang(mean=60s, cv=0.5)"), "mean=60s, cv=0.5");
        assert_eq!(blamed("erlang(shape=2, men=60s)"), "men");
        assert_eq!(blamed("hyperexponential(mean=60s, cv=0.9)"), "0.9");
        assert_eq!(
            blamed("hyperexponential(0.9=30s, 0.2=5m)"),
            "0.9=30s, 0.2=5m"
        );
        assert_eq!(blamed("hyperexponential(often=30s, 0.2=5m)"), "often");
        assert_eq!(
            blamed("triangular(low=30s, mode=20s, high=60s)"),
            "low=30s, mode=20s, high=60s"
        );
        assert_eq!(blamed("triangular(low=30s, high=60s)"), "low=30s, high=60s");
        assert_eq!(blamed("empirical(file=a.csv)"), "file=a.csv");
        assert_eq!(blamed("poisson(mean=4)"), "poisson");
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
        assert!(count_law("geometric(5)").is_err() && count_law("poisson(mean=-1)").is_err());
    }
}
