//! Owns `Matcher`: which frames, or which elements of a frame, say a certain thing.
//!
//! Law: no more than [`LOOKS_MOST`] elements of a frame are looked at: a server decides how many
//! there are, and a load generator has others to attend to.

use std::slice;

use serde_json::Value;

use super::aim::Hit;
use super::capture::Capture;
use super::condition::Condition;
use super::pointer::{Found, Key, LOOKS_MOST, Pointer, STARS_MOST};
use super::template::Values;

/// Where no name has a value.
const NOTHING: fn(&str, &mut String) -> bool = |_, _| false;

/// Which frames, or which elements of a frame, say a certain thing, and what is read of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matcher {
    /// What is looked at one by one: the elements of the arrays that it points to; what it points
    /// to itself where that is no array, or where it ends in `*`. Without it, the frame.
    pub each: Option<Pointer>,
    /// What has to hold, all of it.
    pub when: Vec<Condition>,
    /// What is read.
    pub captures: Vec<Capture>,
}

impl Matcher {
    /// The hits in a frame, in order.
    pub fn hits<'m, 'v>(&'m self, root: &'v Value, values: &'m dyn Values) -> Hits<'m, 'v> {
        self.looks(root, &self.when, values)
    }

    /// All that it looks at in a frame, in order, whether its own tests hold or not.
    pub fn candidates<'m, 'v>(&'m self, root: &'v Value) -> Hits<'m, 'v> {
        self.looks(root, &[], &NOTHING)
    }

    /// Whether its tests hold for what was looked at.
    pub fn fits(&self, hit: &Hit<'_>, values: &dyn Values) -> bool {
        let (mut scratch, mut when) = (String::new(), self.when.iter());
        when.all(|condition| condition.is_met(hit, values, &mut scratch))
    }

    fn looks<'m, 'v>(
        &'m self,
        root: &'v Value,
        when: &'m [Condition],
        values: &'m dyn Values,
    ) -> Hits<'m, 'v> {
        Hits {
            matcher: self,
            when,
            values,
            root,
            whole: self.each.is_none(),
            found: self.each.as_ref().map(|each| each.all(root)),
            elements: slice::Iter::default(),
            keys: [None; STARS_MOST],
            looks: LOOKS_MOST,
            scratch: String::new(),
        }
    }

    /// Whether there is a hit in a frame.
    pub fn is_in(&self, root: &Value, values: &dyn Values) -> bool {
        self.hits(root, values).next().is_some()
    }

    /// The capture of this name.
    pub fn capture(&self, name: &str) -> Option<&Capture> {
        self.captures.iter().find(|capture| capture.name == name)
    }
}

/// The hits in a frame, one after the other.
pub struct Hits<'m, 'v> {
    matcher: &'m Matcher,
    when: &'m [Condition],
    values: &'m dyn Values,
    root: &'v Value,
    /// The frame itself has not been looked at.
    whole: bool,
    found: Option<Found<'m, 'v>>,
    /// Those of the array that was found last.
    elements: slice::Iter<'v, Value>,
    keys: [Option<Key<'v>>; STARS_MOST],
    looks: usize,
    scratch: String,
}

impl<'v> Hits<'_, 'v> {
    /// What is to be looked at next.
    fn candidate(&mut self) -> Option<&'v Value> {
        if std::mem::take(&mut self.whole) {
            return Some(self.root);
        }
        loop {
            if let Some(element) = self.elements.next() {
                return Some(element);
            }
            let found = self.found.as_mut()?;
            let value = found.next()?;
            self.keys = found.keys();
            match (value, &self.matcher.each) {
                (Value::Array(elements), Some(each)) if !each.ends_in_star() => {
                    self.elements = elements.iter();
                }
                _ => return Some(value),
            }
        }
    }
}

impl<'v> Iterator for Hits<'_, 'v> {
    type Item = Hit<'v>;

    fn next(&mut self) -> Option<Hit<'v>> {
        while let Some(element) = self.candidate() {
            self.looks = self.looks.checked_sub(1)?;
            let hit = Hit {
                root: self.root,
                element,
                keys: self.keys,
            };
            let mut when = self.when.iter();
            if when.all(|condition| condition.is_met(&hit, self.values, &mut self.scratch)) {
                return Some(hit);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::declared::condition::Test;
    use crate::wire::declared::template::Template;
    use serde_json::json;
    use std::borrow::Cow;

    /// A matcher of these conditions and captures.
    fn matcher(each: Option<&str>, when: Vec<(&str, Test)>, captures: &[&str]) -> Matcher {
        let each = each.map(|each| Pointer::parse(each).unwrap());
        let condition = |(at, test)| Condition::parse(at, test, each.as_ref()).unwrap();
        let when = when.into_iter().map(condition).collect();
        let capture = |at: &&str| Capture::parse(at, at, each.as_ref()).unwrap();
        let captures = captures.iter().map(capture).collect();
        Matcher {
            each,
            when,
            captures,
        }
    }

    fn texts(matcher: &Matcher, root: &Value) -> Vec<Vec<String>> {
        let values = |name: &str, into: &mut String| {
            into.push_str("@me");
            name == "user.id"
        };
        let hits = matcher.hits(root, &values).map(|hit| {
            let texts = matcher.captures.iter().filter_map(|one| one.text(&hit));
            texts.map(Cow::into_owned).collect()
        });
        hits.collect()
    }

    #[test]
    fn a_frame_is_a_hit_or_not() {
        let assigned = Test::Equals(json!("assigned"));
        let matcher = matcher(None, vec![("/event", assigned)], &["/data/chat"]);
        let root = json!({"event": "assigned", "data": {"chat": 7}});
        assert_eq!(texts(&matcher, &root), [["7"]]);
        assert!(texts(&matcher, &json!({"event": "queued"})).is_empty());
        assert!(texts(&matcher, &json!([])).is_empty());
        assert!(matcher.is_in(&root, &|_: &str, _: &mut String| false));
    }

    #[test]
    fn rooms_by_their_keys_and_events_that_are_not_mine() {
        let mine = Template::parse("${user.id}").unwrap();
        let message = Test::Equals(json!("m.room.message"));
        let matcher = matcher(
            Some("/rooms/join/*/timeline/events"),
            vec![
                ("/type", message),
                ("/sender", Test::Differs(mine)),
                ("@/next", Test::Exists),
            ],
            &["@1", "/body", "@/next"],
        );
        let event = |sender: &str, body: &str| json!({"type": "m.room.message", "sender": sender, "body": body});
        let mut root = json!({"next": "s1", "rooms": {"join": {
            "!a": {"timeline": {"events": [event("@me", "1"), event("@you", "2")]}},
            "!b": {"timeline": {"events": [{"type": "x"}, event("@you", "3")]}},
        }}});
        let all = [["!a", "2", "s1"], ["!b", "3", "s1"]];
        assert_eq!(texts(&matcher, &root), all);
        root["next"] = json!(null);
        assert!(texts(&matcher, &root).is_empty());
    }

    #[test]
    fn each_may_point_to_arrays_elements_or_one_value() {
        let root = json!({"args": [{"id": 1}, {"id": 2}], "one": {"id": 3}, "nested": [[4], [5]]});
        for (each, hits) in [
            ("/args", vec!["{\"id\":1}", "{\"id\":2}"]),
            ("/args/*", vec!["{\"id\":1}", "{\"id\":2}"]),
            ("/one", vec!["{\"id\":3}"]),
            ("/nested/*", vec!["[4]", "[5]"]),
            ("/none", vec![]),
        ] {
            let found = texts(&matcher(Some(each), vec![], &[""]), &root);
            assert_eq!(found.concat(), hits, "{each}");
        }
    }

    #[test]
    fn a_frame_without_end_is_looked_at_in_part() {
        let root = json!({"list": vec![1; 3 * LOOKS_MOST]});
        let all = matcher(Some("/list"), vec![], &[]);
        assert_eq!(texts(&all, &root).len(), LOOKS_MOST);
    }
}
