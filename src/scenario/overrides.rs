//! Owns `--set path=value`: changes to a scenario from the command line.
//!
//! Law: a change joins the tree before anything is checked and is checked like the file; what is
//! wrong with it is shown in its own text. An empty value takes the key out.

use super::document::{At, Document, Node, Place, Table, Value, parse_value};
use super::problem::Problems;

/// Makes one change.
pub fn apply(document: &mut Document, change: &str, problems: &mut Problems) {
    let source = problems.add_source("--set", change, 1);
    let whole = Place::new(source, &(0..change.len()));
    let help = || Some("write for example `--set agents.concurrency=4`".to_string());
    let Some(equals) = change.find('=') else {
        problems.add(
            whole,
            "this is no change",
            "`path=value` is expected",
            help(),
        );
        return;
    };
    let steps = steps(&change[..equals], source);
    if steps.iter().any(|step| step.value.is_empty()) {
        let path = Place::new(source, &(0..equals));
        problems.add(
            path,
            "this is no key",
            "names with dots between are expected",
            help(),
        );
        return;
    }
    if change[equals + 1..].trim().is_empty() {
        take_out(&mut document.root, &steps);
        return;
    }
    match value(change, equals + 1, source) {
        Ok(node) => put(&mut document.root, &steps, node, problems),
        Err(error) => {
            let value = &change[equals + 1..];
            let start = change.len() - value.trim_start().len();
            let at = error.span().map(|at| at.start + start..at.end + start);
            let at = Place::new(source, &at.unwrap_or(start..change.len()));
            problems.add(at, "this value is not TOML", error.message(), None);
        }
    }
}

/// `agents.concurrency` as keys with their places.
fn steps(path: &str, source: u32) -> Vec<At<String>> {
    let mut from = 0;
    let step = |part: &str| {
        let start = from + part.len() - part.trim_start().len();
        from += part.len() + 1;
        let word = part.trim();
        let place = Place::new(source, &(start..start + word.len()));
        At {
            value: word.to_string(),
            place,
        }
    };
    path.split('.').map(step).collect()
}

/// A TOML value if it is one, else the text as it stands: a shell takes the quotes away.
fn value(change: &str, from: usize, source: u32) -> Result<Node, toml::de::Error> {
    let text = &change[from..];
    let start = from + text.len() - text.trim_start().len();
    let word = text.trim();
    match parse_value(word, start, source) {
        Err(error) if word.starts_with(['[', '{', '"', '\'']) => Err(error),
        Err(_) => Ok(Node {
            place: Place::new(source, &(start..start + word.len())),
            value: Value::Text {
                text: word.to_string(),
                raw: Some(start as u32),
            },
        }),
        value => value,
    }
}

/// Puts a value in its place; makes tables on the way.
fn put(table: &mut Table, steps: &[At<String>], node: Node, problems: &mut Problems) {
    let (step, rest) = steps.split_first().expect("a path has a step");
    if rest.is_empty() {
        table.entries.retain(|(key, _)| key.value != step.value);
        table.entries.push((step.clone(), node));
        return;
    }
    if table.get(&step.value).is_none() {
        let empty = Node {
            place: step.place,
            value: Value::Table(Table::default()),
        };
        table.entries.push((step.clone(), empty));
    }
    let Some((_, next)) = table
        .entries
        .iter_mut()
        .find(|(key, _)| key.value == step.value)
    else {
        return;
    };
    put_below(next, step, rest, node, problems);
}

fn put_below(
    next: &mut Node,
    step: &At<String>,
    rest: &[At<String>],
    node: Node,
    problems: &mut Problems,
) {
    match &mut next.value {
        Value::Table(table) => put(table, rest, node, problems),
        Value::List(items) => {
            let count = items.len();
            let index = rest[0].value.parse::<usize>().ok();
            let Some(item) = index.and_then(|index| items.get_mut(index)) else {
                let title = format!("`{}` is a list of {count}", step.value);
                let label = format!("a number below {count} is expected");
                problems.add(rest[0].place, title, label, None);
                return;
            };
            match rest {
                [_] => *item = node,
                _ => put_below(item, &rest[0], &rest[1..], node, problems),
            }
        }
        _ => {
            let title = format!("`{}` is no table", step.value);
            problems.add(rest[0].place, title, "there is nothing below it", None);
        }
    }
}

/// Takes a key out, where it is.
fn take_out(table: &mut Table, steps: &[At<String>]) {
    match steps {
        [last] => table.entries.retain(|(key, _)| key.value != last.value),
        [step, rest @ ..] => {
            let found = table
                .entries
                .iter_mut()
                .find(|(key, _)| key.value == step.value);
            if let Some((
                _,
                Node {
                    value: Value::Table(table),
                    ..
                },
            )) = found
            {
                take_out(table, rest);
            }
        }
        [] => {}
    }
}
