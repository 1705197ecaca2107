//! Owns `Pointer`: where in a JSON value something stands, and how it is found.
//!
//! Law: finding allocates nothing and looks at no more than [`LOOKS_MOST`] elements, whatever the
//! value: a server decides how long its arrays are.
//!
//! A pointer is a JSON pointer (RFC 6901) such as `/data/chat/id`, with `*` for any key or element:
//! `/rooms/*/events`. The empty pointer is the whole value. `/rooms/*/@key` is not what stands
//! there but the key at which it stands, for servers that use ids as keys.

mod found;

use std::borrow::Cow;

use serde_json::Value;

pub use found::{Found, Key};

use crate::scenario::problem::Fault;

/// The most elements and members that one search looks at.
pub const LOOKS_MOST: usize = 1_000;

/// The most `*` of a pointer.
pub const STARS_MOST: usize = 4;

/// The most steps of a pointer.
pub const STEPS_MOST: usize = 32;

/// The last step of a pointer to a key.
const KEY: &str = "@key";

/// Where in a JSON value something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    text: Box<str>,
    steps: Box<[Step]>,
    has_star: bool,
    is_key: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// The member of this name, or the element of this number.
    Name { key: Box<str>, index: Option<usize> },
    /// Every member or element.
    Any,
}

impl Pointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// It is none; the fault says where.
    pub fn parse(text: &str) -> Result<Pointer, Fault> {
        let Some(path) = text.strip_prefix('/') else {
            if text.is_empty() {
                return Ok(Pointer::of(text, Vec::new(), false));
            }
            let fault = Fault::new(0..text.len(), "a pointer begins with `/`");
            return Err(fault.with_help(format!("write `/{text}`")));
        };
        let (mut steps, mut from) = (Vec::new(), 1);
        let (mut is_key, whole) = (false, 0..text.len());
        for part in path.split('/') {
            let at = from..from + part.len();
            from = at.end + 1;
            if part == KEY && from > text.len() {
                if steps.last() != Some(&Step::Any) {
                    let fault = Fault::new(at, "`@key` stands behind `*` only");
                    return Err(fault.with_help("a key that is written is known: `/rooms/*/@key`"));
                }
                is_key = true;
            } else {
                steps.push(Step::parse(part).map_err(|fault| fault.shifted(at.start))?);
            }
        }
        if steps.len() > STEPS_MOST {
            let label = format!("more than {STEPS_MOST} steps");
            return Err(Fault::new(whole, label));
        }
        if steps.iter().filter(|step| **step == Step::Any).count() > STARS_MOST {
            return Err(Fault::new(whole, format!("more than {STARS_MOST} `*`")));
        }
        Ok(Pointer::of(text, steps, is_key))
    }

    fn of(text: &str, steps: Vec<Step>, is_key: bool) -> Pointer {
        Pointer {
            text: text.into(),
            has_star: steps.contains(&Step::Any),
            steps: steps.into(),
            is_key,
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it points to a key: it ends in `@key`.
    pub fn is_key(&self) -> bool {
        self.is_key
    }

    /// Whether the last step is `*`.
    pub fn ends_in_star(&self) -> bool {
        self.steps.last() == Some(&Step::Any)
    }

    /// How many `*` it has.
    pub fn stars(&self) -> usize {
        let stars = self.steps.iter().filter(|step| **step == Step::Any);
        stars.count()
    }

    /// The first value that stands there; of a pointer to a key, the value at the key.
    pub fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        if self.has_star {
            return self.all(value).next();
        }
        let mut steps = self.steps.iter();
        steps.try_fold(value, |value, step| step.child(value))
    }

    /// All values that stand there.
    pub fn all<'p, 'v>(&'p self, value: &'v Value) -> Found<'p, 'v> {
        Found::new(&self.steps, value)
    }

    /// The first key that stands there; none for a pointer that does not end in `@key`.
    pub fn first_key<'v>(&self, value: &'v Value) -> Option<Key<'v>> {
        if !self.is_key {
            return None;
        }
        let mut found = self.all(value);
        found.next()?;
        found.keys().into_iter().flatten().last()
    }

    /// What stands there as text: a key or a string as it is, anything else but null as JSON.
    pub fn text<'v>(&self, value: &'v Value) -> Option<Cow<'v, str>> {
        match self.is_key {
            true => self.first_key(value).map(Key::text),
            false => self.first(value).and_then(as_text),
        }
    }

    /// Calls `visit` with each value that stands there, so that it may be changed.
    pub fn each_mut(&self, value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
        let mut looks = LOOKS_MOST;
        each_mut(&self.steps, value, &mut looks, visit);
    }

    /// Whether what it points to may stand within what `outer` points to, or be it.
    pub fn is_within(&self, outer: &Pointer) -> bool {
        let fits =
            |(outer, own): (&Step, &Step)| outer == own || *outer == Step::Any || *own == Step::Any;
        outer.steps.len() <= self.steps.len() && outer.steps.iter().zip(&self.steps).all(fits)
    }
}

/// A value as text: a string as it is, anything else but null as JSON.
pub fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => None,
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::String(text) => Some(Cow::Borrowed(text)),
        other => Some(Cow::Owned(other.to_string())),
    }
}

impl Step {
    fn parse(part: &str) -> Result<Step, Fault> {
        if part == "*" {
            return Ok(Step::Any);
        }
        let mut rest = part;
        while let Some(at) = rest.find('~') {
            rest = &rest[at + 1..];
            if !rest.starts_with(['0', '1']) {
                let at = part.len() - rest.len() - 1;
                let fault = Fault::new(at..at + 1, "`~` stands alone");
                return Err(fault.with_help("write `~0` for `~`, and `~1` for a `/` in a key"));
            }
        }
        let key = part.replace("~1", "/").replace("~0", "~");
        let is_number = key == "0" || !key.starts_with('0');
        let is_number = is_number && key.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Step::Name {
            index: is_number.then(|| key.parse().ok()).flatten(),
            key: key.into(),
        })
    }

    /// The one value to which a step with a name leads.
    fn child<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match (self, value) {
            (Step::Name { key, .. }, Value::Object(members)) => members.get(&**key),
            (Step::Name { index, .. }, Value::Array(elements)) => elements.get((*index)?),
            _ => None,
        }
    }

    fn child_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match (self, value) {
            (Step::Name { key, .. }, Value::Object(members)) => members.get_mut(&**key),
            (Step::Name { index, .. }, Value::Array(elements)) => elements.get_mut((*index)?),
            _ => None,
        }
    }
}

fn each_mut(
    steps: &[Step],
    value: &mut Value,
    looks: &mut usize,
    visit: &mut dyn FnMut(&mut Value),
) {
    let Some((step, rest)) = steps.split_first() else {
        return visit(value);
    };
    if let Some(child) = step.child_mut(value) {
        return each_mut(rest, child, looks, visit);
    }
    let mut go = |child: &mut Value| {
        let more = *looks > 0;
        if more {
            *looks -= 1;
            each_mut(rest, child, looks, visit);
        }
        more
    };
    match (step, value) {
        (Step::Any, Value::Array(elements)) => drop(elements.iter_mut().all(go)),
        (Step::Any, Value::Object(members)) => drop(members.values_mut().all(&mut go)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pointer(text: &str) -> Pointer {
        Pointer::parse(text).unwrap()
    }

    #[test]
    fn a_pointer_is_read_as_the_standard_says() {
        let value = json!({"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, "01": 9});
        for text in [
            "", "/foo", "/foo/0", "/", "/a~1b", "/c%d", "/m~0n", "/01", "/foo/00", "/no",
        ] {
            assert_eq!(pointer(text).first(&value), value.pointer(text), "{text}");
        }
    }

    #[test]
    fn a_star_stands_for_every_key_and_element() {
        let value = json!({
            "rooms": {"!a": {"events": [1, 2]}, "!b": {"none": 0}, "!c": {"events": [3]}, "d": 4},
        });
        let events = pointer("/rooms/*/events/*");
        assert_eq!(events.all(&value).collect::<Vec<_>>(), [1, 2, 3]);
        let mut found = events.all(&value);
        found.nth(2);
        let keys = [Some(Key::Name("!c")), Some(Key::Index(0)), None, None];
        assert_eq!(found.keys(), keys);
        assert_eq!(pointer("/rooms/*/none").first(&value), Some(&json!(0)));
        assert_eq!(pointer("/*/*/*/*").all(&value).count(), 3);
        assert_eq!(pointer("/rooms/d/*").all(&value).count(), 0);
    }

    #[test]
    fn a_key_is_found_like_a_value() {
        let value = json!({"rooms": {"!a": {"x": 1}, "!b": {}}, "list": [5]});
        assert_eq!(pointer("/rooms/*/@key").text(&value).unwrap(), "!a");
        assert_eq!(pointer("/list/*/@key").text(&value).unwrap(), "0");
        assert_eq!(
            pointer("/rooms/*/@key").first(&value),
            Some(&json!({"x": 1}))
        );
        assert_eq!(pointer("/none/*/@key").text(&value), None);
        assert_eq!(pointer("/rooms/*").first_key(&value), None);
        // Only at the end: some use it as a name.
        let json_ld = json!({"@key": {"a": 1}});
        assert_eq!(pointer("/@key/a").first(&json_ld), Some(&json!(1)));
    }

    #[test]
    fn faults_have_a_place() {
        for (text, at) in [
            ("foo", 0..3),
            ("/a/b~2", 4..5),
            ("/a~", 2..3),
            ("/a/@key", 3..7),
            ("/*/*/*/*/*", 0..10),
        ] {
            assert_eq!(Pointer::parse(text).unwrap_err().at, at, "{text}");
        }
        assert!(Pointer::parse(&"/a".repeat(STEPS_MOST)).is_ok());
        assert!(Pointer::parse(&"/a".repeat(STEPS_MOST + 1)).is_err());
    }

    #[test]
    fn a_search_is_bounded() {
        let value = json!(vec![vec![0; 100]; 100]);
        assert!(pointer("/*/*").all(&value).count() < LOOKS_MOST);
        let (mut value, mut count) = (value, 0);
        pointer("/*/*").each_mut(&mut value, &mut |_| count += 1);
        assert!((900..LOOKS_MOST).contains(&count));
    }

    #[test]
    fn what_is_found_can_be_changed() {
        let mut value = json!({"a": [{"b": 1}, {"c": 1}, {"b": 2}]});
        pointer("/a/*/b").each_mut(&mut value, &mut |found| *found = json!("x"));
        assert_eq!(value, json!({"a": [{"b": "x"}, {"c": 1}, {"b": "x"}]}));
    }

    #[test]
    fn one_pointer_may_lead_into_another() {
        assert!(pointer("/a/b").is_within(&pointer("/a")));
        assert!(pointer("/a/b/c").is_within(&pointer("/*/b")));
        assert!(!pointer("/a").is_within(&pointer("/a/b")));
        assert!(!pointer("/a/b").is_within(&pointer("/b")));
    }

    proptest! {
        #[test]
        fn any_text_is_a_pointer_or_a_fault_in_it(text in "[/~*@key01 é]{0,12}") {
            let value = json!({"k": {"e": [[0], {"y": 1}]}, "": [[[]]]});
            match Pointer::parse(&text) {
                Ok(pointer) => {
                    prop_assert_eq!(pointer.first(&value), pointer.all(&value).next());
                    let _ = pointer.text(&value);
                }
                Err(fault) => prop_assert!(text.get(fault.at).is_some()),
            }
        }
    }
}
