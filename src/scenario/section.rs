//! Owns `Section`: a table of the scenario that either reads its keys or describes them.
//!
//! Law: a key is known because the code asks for it, and asking is describing: the same call reads
//! the value and writes its line of the JSON Schema. So a section asks for all its keys before it
//! looks at any answer, and what was not asked for is unknown.

pub mod free;
mod rules;

use serde_json::{Map, Value as Json, json};

use super::document::{At, Node, Place, Table, Value};
use super::form::{Form, kind};
use super::names::did_you_mean;
use super::problem::Problems;

/// A table of the scenario, read or described.
pub struct Section<'a> {
    /// The name in messages, as `[agents]` or `intraday`.
    name: String,
    asked: Vec<&'static str>,
    /// Keys of the scenario's own choosing that have been read.
    free: Vec<Place>,
    /// Keys that are there and cannot be read.
    unread: Vec<&'static str>,
    /// Stands in for a part that is no table: nothing is known of any key.
    stands_in: bool,
    mode: Mode<'a>,
}

enum Mode<'a> {
    Read {
        table: &'a Table,
        place: Place,
        problems: &'a mut Problems,
    },
    Describe(Description),
}

#[derive(Default)]
struct Description {
    properties: Map<String, Json>,
    required: Vec<&'static str>,
    /// Further rules of the table as a whole.
    rules: Map<String, Json>,
}

/// Reads a table by what `ask` asks for, then notes the keys it did not ask for.
pub fn read<T>(
    name: &str,
    table: &Table,
    place: Place,
    problems: &mut Problems,
    ask: impl FnOnce(&mut Section) -> T,
) -> T {
    let mode = Mode::Read {
        table,
        place,
        problems,
    };
    let mut section = Section::new(name, mode);
    let answer = ask(&mut section);
    section.note_unknown_keys();
    answer
}

/// What `ask` makes of a part that is no table, which has been noted: what it would lack is not.
fn read_nothing<T>(name: &str, place: Place, ask: impl FnOnce(&mut Section) -> T) -> T {
    let (mut ignored, empty) = (Problems::new("", ""), Table::default());
    let mode = Mode::Read {
        table: &empty,
        place,
        problems: &mut ignored,
    };
    ask(&mut Section {
        stands_in: true,
        ..Section::new(name, mode)
    })
}

/// The JSON Schema of a table that is read by `ask`.
pub fn describe<T>(ask: impl FnOnce(&mut Section) -> T) -> Json {
    let mode = Mode::Describe(Description::default());
    let mut section = Section::new("", mode);
    ask(&mut section);
    let Mode::Describe(description) = section.mode else {
        unreachable!("a section does not change its mode");
    };
    let mut schema = json!({
        "type": "object",
        "properties": description.properties,
        "additionalProperties": false,
    });
    if let Json::Object(schema) = &mut schema {
        if !description.required.is_empty() {
            schema.insert("required".into(), json!(description.required));
        }
        schema.extend(description.rules);
    }
    schema
}

impl<'a> Section<'a> {
    fn new(name: &str, mode: Mode<'a>) -> Section<'a> {
        Section {
            name: name.to_string(),
            asked: Vec::new(),
            free: Vec::new(),
            unread: Vec::new(),
            stands_in: false,
            mode,
        }
    }
}

impl Section<'_> {
    /// Whether something stands under a key that cannot be read: the answer is a stand-in then, and
    /// what follows from it is not the scenario's fault.
    pub fn is_unread(&self, key: &str) -> bool {
        self.stands_in || self.unread.contains(&key)
    }

    /// A key that may be absent.
    pub fn optional<F: Form>(
        &mut self,
        key: &'static str,
        doc: &str,
        form: &F,
    ) -> Option<At<F::Out>> {
        self.property(key, doc, || form.schema());
        let node = self.node(key)?;
        let place = node.place;
        let value = form.read(key, node, self.problems()?);
        if value.is_none() {
            self.unread.push(key);
        }
        value.map(|value| At { value, place })
    }

    /// A key that must be there.
    pub fn required<F: Form>(
        &mut self,
        key: &'static str,
        doc: &str,
        form: &F,
    ) -> Option<At<F::Out>> {
        let answer = self.optional(key, doc, form);
        self.require(key, || format!("`{key} = {}`", form.example()));
        answer
    }

    /// A key with a default, as it would be written: `"30m"` in quotes, `10` without.
    ///
    /// # Panics
    /// When the default does not read; the test of the schema asks for every default.
    pub fn or<F: Form>(
        &mut self,
        key: &'static str,
        doc: &str,
        form: &F,
        default: &'static str,
    ) -> At<F::Out> {
        let answer = self.optional(key, doc, form);
        if let Mode::Describe(description) = &mut self.mode {
            let shown = serde_json::from_str(default).expect("a default is also JSON");
            description.properties[key]["default"] = shown;
        }
        answer.unwrap_or_else(|| {
            let node = super::document::parse_value(default, 0, 0).expect("a default is TOML");
            let value = form.read(key, &node, &mut Problems::new("default", default));
            let place = self.place();
            At {
                value: value.expect("a default is accepted"),
                place,
            }
        })
    }

    /// A table that may be absent.
    pub fn table<T>(
        &mut self,
        key: &'static str,
        doc: &str,
        ask: impl Fn(&mut Section) -> T,
    ) -> Option<At<T>> {
        self.property(key, doc, || describe(&ask));
        let node = self.node(key)?;
        self.read_table(&format!("`{key}`"), node, &ask)
    }

    /// A table that is as good as empty when it is absent, as `[run]`.
    pub fn part<T>(&mut self, key: &'static str, doc: &str, ask: impl Fn(&mut Section) -> T) -> T {
        self.property(key, doc, || describe(&ask));
        if let Mode::Describe(description) = &mut self.mode
            && ["required", "allOf"]
                .iter()
                .any(|rule| description.properties[key][rule].is_array())
        {
            description.required.push(key);
        }
        let name = format!("[{key}]");
        let node = self.node(key);
        if let Some(answer) = node.and_then(|node| self.read_table(&name, node, &ask)) {
            return answer.value;
        }
        let place = self.place();
        match (&mut self.mode, node) {
            (Mode::Read { problems, .. }, None) => {
                read(&name, &Table::default(), place, problems, ask)
            }
            _ => read_nothing(&name, place, ask),
        }
    }

    /// A list of tables.
    pub fn tables<T>(
        &mut self,
        key: &'static str,
        doc: &str,
        ask: impl Fn(&mut Section) -> T,
    ) -> Option<At<Vec<At<T>>>> {
        self.property(
            key,
            doc,
            || json!({ "type": "array", "minItems": 1, "items": describe(&ask) }),
        );
        let node = self.node(key)?;
        let Value::List(items) = &node.value else {
            let title = format!("`{key}` is a list of tables, not {}", kind(node));
            self.problem(node.place, title, "a list is expected here", None);
            return None;
        };
        if items.is_empty() {
            self.problem(
                node.place,
                format!("`{key}` is empty"),
                "nothing here",
                None,
            );
            return None;
        }
        let name = format!("`{key}`");
        let read = items.iter().map(|item| self.read_table(&name, item, &ask));
        let value = read
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Option<Vec<_>>>()?;
        Some(At {
            value,
            place: node.place,
        })
    }

    /// Whether some key is not known, as far as has been asked: what is missing may be that one,
    /// misspelt. To be called last.
    pub fn has_strangers(&self) -> bool {
        let Mode::Read { table, .. } = &self.mode else {
            return false;
        };
        let mut keys = table.entries.iter().map(|(key, _)| key);
        keys.any(|key| !self.asked.contains(&key.value.as_str()) && !self.free.contains(&key.place))
    }

    /// Where a key of this section stands in the text.
    pub fn key_place(&self, key: &str) -> Option<Place> {
        match &self.mode {
            Mode::Read { table, .. } => table.key(key),
            Mode::Describe(_) => None,
        }
    }

    /// Where the section stands.
    pub fn place(&self) -> Place {
        match &self.mode {
            Mode::Read { place, .. } => *place,
            Mode::Describe(_) => Place::top(0),
        }
    }

    /// Notes a problem; nothing while describing.
    pub fn problem(
        &mut self,
        place: Place,
        title: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        if let Some(problems) = self.problems() {
            problems.add(place, title, label, help);
        }
    }

    /// The problems so far; `None` while describing.
    pub fn problems(&mut self) -> Option<&mut Problems> {
        match &mut self.mode {
            Mode::Read { problems, .. } => Some(problems),
            Mode::Describe(_) => None,
        }
    }

    fn require(&mut self, key: &'static str, example: impl Fn() -> String) {
        let place = self.place();
        match &mut self.mode {
            Mode::Describe(description) => description.required.push(key),
            Mode::Read { table, .. } if table.get(key).is_some() => {}
            Mode::Read { .. } => {
                let title = format!("{} has no `{key}`", self.name);
                let help = format!("write {} in {}", example(), self.name);
                self.problem(place, title, format!("`{key}` is missing here"), Some(help));
            }
        }
    }

    /// Remembers that a key was asked for, and describes it while describing.
    fn property(&mut self, key: &'static str, doc: &str, schema: impl FnOnce() -> Json) {
        self.asked.push(key);
        if let Mode::Describe(description) = &mut self.mode {
            let mut schema = schema();
            schema["description"] = json!(doc);
            description.properties.insert(key.into(), schema);
        }
    }

    fn read_table<T>(
        &mut self,
        name: &str,
        node: &Node,
        ask: impl FnOnce(&mut Section) -> T,
    ) -> Option<At<T>> {
        let Value::Table(table) = &node.value else {
            let title = format!("{name} is a table, not {}", kind(node));
            self.problem(node.place, title, "a table is expected here", None);
            return None;
        };
        let value = read(name, table, node.place, self.problems()?, ask);
        Some(At {
            value,
            place: node.place,
        })
    }

    fn note_unknown_keys(&mut self) {
        let Mode::Read {
            table, problems, ..
        } = &mut self.mode
        else {
            return;
        };
        for (key, _) in &table.entries {
            let known = self.asked.contains(&key.value.as_str());
            if !known && !self.free.contains(&key.place) {
                let title = format!("unknown key `{}`", key.value);
                let label = format!("not a key of {}", self.name);
                let help = did_you_mean(&key.value, self.asked.iter().copied());
                problems.add(key.place, title, label, Some(help));
            }
        }
    }
}

impl<'a> Section<'a> {
    /// The value under a key, for as long as the document lives.
    fn node(&self, key: &str) -> Option<&'a Node> {
        match &self.mode {
            Mode::Read { table, .. } => {
                let table: &'a Table = table;
                table.get(key)
            }
            Mode::Describe(_) => None,
        }
    }
}
