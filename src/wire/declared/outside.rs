//! Owns `Outside`: what a protocol takes from files and the environment, once, at the start.
//!
//! Law: what was taken goes along to the other processes of a run, so that all of them play the same
//! people; and nobody gets to see it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::form::{Pairs, WORD};
use super::lexicon::{self, Lexicon};
use crate::scenario::column::Columns;
use crate::scenario::document::At;
use crate::scenario::form::{Phrase, Text};
use crate::scenario::problem::{Fault, Problems};
use crate::scenario::section::Section;

/// The most bytes that a row keeps of a column.
const CELL_MOST: usize = 4 * 1024;

/// What was taken from files and the environment.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// The columns by name, each with its rows; `agents.NAME` are the agents' own.
    pub columns: BTreeMap<String, Vec<String>>,
    /// The variables by the file's name for them.
    pub env: BTreeMap<String, String>,
}

/// They may be secrets.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (columns, env) = (self.columns.len(), self.env.len());
        write!(f, "Values({columns} columns, {env} variables)")
    }
}

impl Values {
    /// A person's cell of a column: agents have their own where the file says so.
    pub fn cell(&self, name: &str, agent: bool, number: u32) -> Option<&str> {
        let own = agent.then(|| self.columns.get(&format!("agents.{name}")));
        let rows = own.flatten().or_else(|| self.columns.get(name))?;
        let row = (number as usize).checked_rem(rows.len())?;
        Some(&rows[row])
    }
}

/// Where files and variables are to be had.
pub struct Outside<'a> {
    /// The protocol file's folder.
    pub folder: &'a Path,
    /// The environment.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// What has been taken before: then nothing is looked at.
    pub taken: Option<&'a Values>,
}

const FEED: Phrase<String> = Phrase {
    parse: feed,
    says: "a name, or `agents.` and a name",
    example: "token",
    pattern: r"^(agents\.)?[A-Za-z0-9_]+$",
};

fn feed(text: &str) -> Result<String, Fault> {
    let name = text.strip_prefix("agents.").unwrap_or(text);
    let by = text.len() - name.len();
    lexicon::word(name).map_err(|fault| fault.shifted(by))?;
    Ok(text.to_string())
}

const COLUMN: Phrase<(String, String)> = Phrase {
    parse: column,
    says: "a file and its column",
    example: "users.csv:token",
    pattern: "^.+:[^:]+$",
};

fn column(text: &str) -> Result<(String, String), Fault> {
    match text.rsplit_once(':') {
        Some((file, column)) if !file.is_empty() && !column.is_empty() => {
            Ok((file.to_string(), column.to_string()))
        }
        _ => {
            let fault = Fault::new(0..text.len(), "a file, `:` and a column are expected");
            Err(fault.with_help("write for example \"users.csv:token\""))
        }
    }
}

const VARIABLE: Text = Text {
    says: "the name of an environment variable",
    example: "CHAT_TOKEN",
};

/// Asks for `columns` and `env`.
pub fn ask(section: &mut Section, lexicon: &Lexicon, outside: &Outside) -> Values {
    let columns = section.map(
        "columns",
        "Values from a CSV beside the file, a row a person: the name, the file and its column.",
        &FEED,
        &COLUMN,
    );
    let env = section.map(
        "env",
        "Values from the environment, read at the start and shown to nobody.",
        &WORD,
        &VARIABLE,
    );
    let (columns, env) = (list(columns), list(env));
    for (name, _) in &columns {
        let bare = name.strip_prefix("agents.").unwrap_or(&name.value);
        lexicon.give(format!("columns.{bare}"));
    }
    for (name, _) in &env {
        lexicon.give(format!("env.{}", name.value));
    }
    let Some(problems) = section.problems() else {
        return Values::default();
    };
    if let Some(taken) = outside.taken {
        return taken.clone();
    }
    let mut values = Values::default();
    for (name, from) in columns {
        let rows = rows(&from, outside.folder, problems);
        values.columns.insert(name.value, rows);
    }
    for (name, variable) in env {
        match (outside.env)(&variable.value) {
            Some(value) => drop(values.env.insert(name.value, value)),
            None => {
                let title = format!("the environment has no `{}`", variable.value);
                let help = format!("set it: {}=... busyhour ...", variable.value);
                problems.add(variable.place, title, "not set", Some(help));
            }
        }
    }
    values
}

/// What a table of free keys holds.
fn list<K, V>(pairs: Option<Pairs<K, V>>) -> Vec<(At<K>, At<V>)> {
    pairs.map_or(Vec::new(), |pairs| pairs.value)
}

fn rows(from: &At<(String, String)>, folder: &Path, problems: &mut Problems) -> Vec<String> {
    let place = from.place;
    let file = from.value.0.clone();
    let file = At { value: file, place };
    let column = from.value.1.clone();
    let column = At {
        value: column,
        place,
    };
    let columns = Columns {
        file: &file,
        folder,
        names: vec![&column],
        keeps: CELL_MOST,
    };
    let mut rows = Vec::new();
    columns.read(problems, |_, cells| {
        let cell = cells[0];
        if cell.len() > CELL_MOST {
            let label = format!("at most {CELL_MOST} bytes are taken");
            return Err((0, Fault::new(0..cell.len(), label)));
        }
        rows.push(cell.to_string());
        Ok(())
    });
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_take_the_rows_in_turn_and_agents_their_own() {
        let rows = |words: &[&str]| words.iter().map(|word| (*word).to_string()).collect();
        let mut values = Values::default();
        values.columns.insert("token".into(), rows(&["a", "b"]));
        values.columns.insert("agents.token".into(), rows(&["x"]));
        assert_eq!(values.cell("token", false, 3), Some("b"));
        assert_eq!(values.cell("token", true, 3), Some("x"));
        assert_eq!(values.cell("none", true, 3), None);
        assert!(!format!("{values:?}").contains('x'));
    }

    #[test]
    fn a_column_is_a_file_and_a_name() {
        let split = |file: &str, column: &str| (file.to_string(), column.to_string());
        assert_eq!(column("users.csv:token"), Ok(split("users.csv", "token")));
        assert_eq!(column("C:/u.csv:token"), Ok(split("C:/u.csv", "token")));
        assert!(column("users.csv").is_err());
        assert_eq!(feed("agents.a b").unwrap_err().at, 8..9);
    }
}
