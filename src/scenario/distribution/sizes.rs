//! Owns `Sizes`: the form of a distribution of bytes, `lognormal(mean=120, cv=1)`.
//!
//! Law: sizes are written as times are, without units. Sizes that could not be sent are refused
//! where the law has a greatest one; a law without is cut, unless that would cut every other message.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::call::{Call, Unit};
use super::{Recipe, TIMES, law_of, recipe};
use crate::scenario::document::Node;
use crate::scenario::form::Form;
use crate::scenario::plan::Messages;
use crate::scenario::problem::{Fault, Problems};
use crate::stats::law::{Law, SizeLaw};

/// The form of a distribution of bytes; recorded ones are sought from the folder.
pub struct Sizes<'a>(pub &'a Path);

/// All distributions of times but `never`.
pub(super) const NAMES: &[&str] = TIMES.split_at(TIMES.len() - 1).0;

impl Form for Sizes<'_> {
    type Out = SizeLaw;

    fn says(&self) -> String {
        "a distribution of sizes in bytes".into()
    }

    fn example(&self) -> String {
        "\"lognormal(mean=120, cv=1)\"".into()
    }

    fn schema(&self) -> Json {
        let pattern = format!(r"^\s*({})\s*\(.*\)\s*$", NAMES.join("|"));
        json!({ "type": "string", "pattern": pattern, "examples": ["lognormal(mean=120, cv=1)"] })
    }

    fn read(&self, key: &str, node: &Node, problems: &mut Problems) -> Option<SizeLaw> {
        let law = match recipe(self, key, node, problems, sizes)? {
            Recipe::Ready(law) => law,
            Recipe::Recorded(recorded) => recorded.sizes(self.0, node, problems)?,
        };
        let most = Messages::MOST_BYTES;
        let greatest = law.longest().round();
        let what = match greatest.is_finite() {
            true if greatest > f64::from(most) => format!("up to {greatest} bytes"),
            false if law.quantile(0.5) > f64::from(most) => "half of them more".into(),
            _ => return Some(SizeLaw::new(law, most)),
        };
        let title = format!("`{key}` is more than a message of the protocol holds");
        let label = format!("{what}; at most {most} are sent");
        problems.add(node.place, title, label, None);
        None
    }
}

fn sizes(text: &str) -> Result<Recipe<Law>, Fault> {
    law_of(&Call::parse(text, Unit::Bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean of a law, or where its fault lies, by the words there.
    fn mean(text: &str) -> Result<f64, String> {
        match sizes(text) {
            Ok(Recipe::Ready(law)) => Ok(law.mean().round()),
            Ok(Recipe::Recorded(_)) => panic!("{text} needs a file"),
            Err(fault) => Err(text[fault.at].to_string()),
        }
    }

    #[test]
    fn sizes_are_plain_numbers() {
        assert_eq!(mean("lognormal(mean=120, cv=1)"), Ok(120.0));
        assert_eq!(mean("constant(120)"), Ok(120.0));
        assert_eq!(mean("constant(0)"), Ok(0.0));
        assert_eq!(mean("uniform(low=20, high=40)"), Ok(30.0));
        assert_eq!(mean("hyperexponential(0.9=30, 0.1=300)"), Ok(57.0));
        let wrong = |text| mean(text).expect_err(text);
        assert_eq!(wrong("lognormal(mean=120s, cv=1)"), "120s");
        assert_eq!(wrong("constant(-1)"), "-1");
        assert_eq!(wrong("exponential(mean=0)"), "0");
        assert_eq!(wrong("never"), "never");
        assert_eq!(wrong("geometric(mean=120)"), "geometric");
        assert_eq!(wrong("120"), "120");
    }

    #[test]
    fn help_is_in_bytes() {
        let help = |text: &str| sizes(text).err().and_then(|fault| fault.help);
        let fits = help("lognormal(mean=120)").unwrap();
        assert_eq!(
            fits,
            "write `lognormal(mean=60, cv=0.8)` or `lognormal(median=45, p90=120)`"
        );
        let none = help("exponential(mean=0)").unwrap();
        assert_eq!(none, "for no bytes at all write `constant(0)`");
    }
}
