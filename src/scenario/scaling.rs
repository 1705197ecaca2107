//! Owns `Scaling`: a scenario made greater or smaller as a whole.
//!
//! Law: scaling is a row of changes in terms of the scenario's keys, so that whoever repeats those
//! changes by `--set` gets the same plan.

use super::document::{Document, Node, Table, Value};

/// How a scenario is scaled as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// How many times as many customers come.
    pub factor: f64,
    /// Whether there are as many times as many agents, rounded up.
    pub with_agents: bool,
}

impl Scaling {
    /// `3 times the customers, the agents as they are`.
    pub fn words(self) -> String {
        let agents = match self.with_agents {
            true => "and the agents",
            false => "the agents as they are",
        };
        format!("{} times the customers, {agents}", self.factor)
    }

    /// The changes, as `path=value`. What is not a number is left for the reader to refuse.
    pub fn changes(self, document: &Document) -> Vec<String> {
        let written = match find(&document.root, &["arrivals", "scale"]) {
            None => Some(1.0),
            Some(node) => number(node),
        };
        // Twelve digits, lest 1.3 x 3 reads 3.9000000000000004.
        let scale = written.map(|scale| (scale * self.factor * 1e12).round() / 1e12);
        let scale = scale.map(|scale| format!("arrivals.scale={scale}"));
        let mut changes: Vec<String> = scale.into_iter().collect();
        if self.with_agents {
            changes.extend(self.of_agents(&document.root).unwrap_or_default());
        }
        changes
    }

    /// The changes of `count` or of each line of `roster`; `None` where they are neither, which the
    /// reader will say.
    fn of_agents(self, root: &Table) -> Option<Vec<String>> {
        let set = |path: String, node: &Node| Some(format!("{path}={}", self.agents(node)?));
        if let Some(Value::List(lines)) = find(root, &["agents", "roster"]).map(|node| &node.value)
        {
            let line = |(index, line): (usize, &Node)| {
                let Value::Table(line) = &line.value else {
                    return None;
                };
                set(format!("agents.roster.{index}.agents"), line.get("agents")?)
            };
            return lines.iter().enumerate().map(line).collect();
        }
        let count = find(root, &["agents", "count"])?;
        let Value::Table(counts) = &count.value else {
            return Some(vec![set("agents.count".into(), count)?]);
        };
        let Value::List(values) = &counts.get("values")?.value else {
            return None;
        };
        let values: Option<Vec<String>> = values
            .iter()
            .map(|node| Some(self.agents(node)?.to_string()))
            .collect();
        Some(vec![format!(
            "agents.count.values=[{}]",
            values?.join(", ")
        )])
    }

    /// So many times a number of agents, rounded up but for what rounding itself adds.
    fn agents(self, node: &Node) -> Option<f64> {
        let agents = number(node).filter(|agents| agents.fract() == 0.0)?;
        Some((agents * self.factor - 1e-9).ceil().max(0.0))
    }
}

fn find<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Node> {
    let (first, rest) = path.split_first()?;
    let node = table.get(first)?;
    match (&node.value, rest) {
        (_, []) => Some(node),
        (Value::Table(table), rest) => find(table, rest),
        _ => None,
    }
}

fn number(node: &Node) -> Option<f64> {
    match node.value {
        Value::Number { value, .. } => Some(value),
        _ => None,
    }
}
