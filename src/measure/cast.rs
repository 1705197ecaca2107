//! Owns `Cast`: which of the people of a scenario are played live.
//!
//! Law: who is not played is somebody else's, a stranger of whom nothing is known but what those who
//! are played see. One name of it goes through all layers, so that none of them guesses.

use serde::{Deserialize, Deserializer, Serialize};

/// Which of the people of a scenario are played live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cast {
    /// Customers and agents.
    #[default]
    Everybody,
    /// The customers alone; the staff is the server's own.
    Customers,
    /// The agents alone; the visitors come by themselves.
    Agents,
}

impl Cast {
    /// Whether customers are played.
    pub fn plays_customers(self) -> bool {
        self != Cast::Agents
    }

    /// Whether agents are played.
    pub fn plays_agents(self) -> bool {
        self != Cast::Customers
    }

    /// Whether both are, which is not told.
    pub fn is_everybody(&self) -> bool {
        *self == Cast::Everybody
    }

    /// Who is played, in words.
    pub fn words(self) -> &'static str {
        match self {
            Cast::Everybody => "customers and agents",
            Cast::Customers => "customers alone",
            Cast::Agents => "agents alone",
        }
    }

    /// Reads who was played, also where it stands as older result files have it: whether it was the
    /// customers alone.
    ///
    /// # Errors
    /// It is neither.
    pub fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Cast, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Only(Cast),
            Customers(bool),
        }
        Ok(match Written::deserialize(from)? {
            Written::Only(cast) => cast,
            Written::Customers(true) => Cast::Customers,
            Written::Customers(false) => Cast::Everybody,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::result::ScenarioEcho;

    /// An echo with this changed in it, as a file has it.
    fn read(name: &str, value: serde_json::Value) -> Result<Cast, serde_json::Error> {
        let mut echo = serde_json::to_value(ScenarioEcho::default()).unwrap();
        assert!(echo.get("only").is_none(), "{echo}");
        echo[name] = value;
        serde_json::from_value::<ScenarioEcho>(echo).map(|echo| echo.cast)
    }

    #[test]
    fn who_was_played_is_read_as_it_is_and_as_it_was_written() {
        for cast in [Cast::Customers, Cast::Agents] {
            let written = serde_json::to_value(cast).unwrap();
            assert_eq!(read("only", written).unwrap(), cast);
        }
        assert_eq!(
            read("only_customers", true.into()).unwrap(),
            Cast::Customers
        );
        assert_eq!(
            read("only_customers", false.into()).unwrap(),
            Cast::Everybody
        );
        assert!(read("only", "nobody".into()).is_err());
        assert_eq!(read("file", "x".into()).unwrap(), Cast::Everybody);
    }
}
