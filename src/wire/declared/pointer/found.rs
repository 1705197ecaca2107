//! Owns `Found`: the values that a pointer finds, and the keys at which they stand.
//!
//! Law: where it is stands in a few words on the stack, one level for each `*`: a search through a
//! frame of any shape allocates nothing.

use std::borrow::Cow;
use std::iter::Enumerate;
use std::slice;

use serde_json::{Map, Value, map};

use super::{LOOKS_MOST, STARS_MOST, Step};

/// The key of a member or the number of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'v> {
    /// A member's.
    Name(&'v str),
    /// An element's, from 0.
    Index(usize),
}

impl<'v> Key<'v> {
    /// As text.
    pub fn text(self) -> Cow<'v, str> {
        match self {
            Key::Name(name) => Cow::Borrowed(name),
            Key::Index(index) => Cow::Owned(index.to_string()),
        }
    }
}

/// The values that a pointer finds, one after the other.
#[derive(Clone, Debug)]
pub struct Found<'p, 'v> {
    steps: &'p [Step],
    start: Option<&'v Value>,
    /// One for each `*` on the way to the value that was found last.
    levels: [Option<Level<'v>>; STARS_MOST],
    depth: usize,
    looks: usize,
}

#[derive(Clone, Debug)]
struct Level<'v> {
    children: Children<'v>,
    /// The step behind the `*`.
    next: usize,
    key: Option<Key<'v>>,
}

#[derive(Clone, Debug)]
enum Children<'v> {
    Elements(Enumerate<slice::Iter<'v, Value>>),
    Members(map::Iter<'v>),
}

impl<'v> Children<'v> {
    fn of(value: &'v Value) -> Option<Children<'v>> {
        match value {
            Value::Array(elements) => Some(Children::Elements(elements.iter().enumerate())),
            Value::Object(members) => Some(Children::Members(Map::iter(members))),
            _ => None,
        }
    }

    fn next(&mut self) -> Option<(Key<'v>, &'v Value)> {
        match self {
            Children::Elements(elements) => {
                let (index, value) = elements.next()?;
                Some((Key::Index(index), value))
            }
            Children::Members(members) => {
                let (name, value) = members.next()?;
                Some((Key::Name(name), value))
            }
        }
    }
}

impl<'p, 'v> Found<'p, 'v> {
    /// What stands in a value at the end of these steps.
    pub(super) fn new(steps: &'p [Step], value: &'v Value) -> Found<'p, 'v> {
        Found {
            steps,
            start: Some(value),
            levels: [const { None }; STARS_MOST],
            depth: 0,
            looks: LOOKS_MOST,
        }
    }

    /// The keys at the pointer's `*`, in order, of the value that was found last.
    pub fn keys(&self) -> [Option<Key<'v>>; STARS_MOST] {
        let key = |number: usize| {
            let level = self.levels[number].as_ref();
            level.filter(|_| number < self.depth)?.key
        };
        std::array::from_fn(key)
    }

    /// Follows the steps from one on: to a value, to the next `*`, or to nothing.
    fn descend(&mut self, mut value: &'v Value, from: usize) -> Option<&'v Value> {
        for (number, step) in self.steps.iter().enumerate().skip(from) {
            if *step == Step::Any {
                let children = Children::of(value)?;
                let next = number + 1;
                let key = None;
                self.levels[self.depth] = Some(Level {
                    children,
                    next,
                    key,
                });
                self.depth += 1;
                return None;
            }
            value = step.child(value)?;
        }
        Some(value)
    }
}

impl<'v> Iterator for Found<'_, 'v> {
    type Item = &'v Value;

    fn next(&mut self) -> Option<&'v Value> {
        if let Some(start) = self.start.take()
            && let Some(found) = self.descend(start, 0)
        {
            return Some(found);
        }
        while let Some(last) = self.depth.checked_sub(1) {
            let level = self.levels[last].as_mut()?;
            let Some((key, child)) = level.children.next() else {
                self.depth = last;
                continue;
            };
            self.looks = self.looks.checked_sub(1)?;
            level.key = Some(key);
            let next = level.next;
            if let Some(found) = self.descend(child, next) {
                return Some(found);
            }
        }
        None
    }
}
