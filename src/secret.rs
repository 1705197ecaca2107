//! Owns `Secret`: a text that nobody is to see, such as a token or a private key.
//!
//! Law: shown in any way (Debug, Display, serialised) it is `***`. What it is comes out by `reveal`
//! alone, so that every place that uses it can be found by that name.

mod mask;

pub use mask::Mask;

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// What stands for a secret wherever one would be shown.
pub const MASKED: &str = "***";

/// A text that nobody is to see. What was serialised is read back as `***`: the text itself has to
/// be handed over apart.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(Box<str>);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<Box<str>>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for whom it is meant: never for a file, a report or an error.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASKED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASKED)
    }
}

/// So that what is written on a command line is hidden from the first.
impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Secret, Infallible> {
        Ok(Secret::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_shown() {
        let secret = Secret::new("canary-4711");
        assert_eq!(secret.reveal(), "canary-4711");
        let shown = [
            format!("{secret}"),
            format!("{secret:?}"),
            format!("{:#?}", Some(&secret)),
            serde_json::to_string(&[&secret]).unwrap(),
        ];
        for shown in shown {
            assert!(!shown.contains("canary"), "{shown}");
            assert!(shown.contains(MASKED), "{shown}");
        }
    }
}
