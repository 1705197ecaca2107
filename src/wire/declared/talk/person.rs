//! Owns `People`: what those who were cut off keep for their next connection.
//!
//! Law: it has a bound; who finds no room in it is set up once more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::jar::Jar;
use crate::wire::declared::side;
use crate::wire::speaker::Who;

/// The most who are kept.
const MOST: usize = 100_000;

/// What a person keeps from one connection to the next.
#[derive(Default)]
pub struct Person {
    /// The values of the scope `user`.
    pub user: BTreeMap<String, String>,
    /// The cookies.
    pub jar: Jar,
}

/// Those who were cut off, by side and number.
#[derive(Default)]
pub struct People(Mutex<HashMap<(usize, u32), Person>>);

impl People {
    /// Takes out what somebody has kept.
    pub fn take(&self, who: &Who) -> Option<Person> {
        // Nothing is half done under the lock, so a panic elsewhere has broken nothing.
        let mut people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        people.remove(&(side(who.party), who.number))
    }

    /// Keeps it, if there is room.
    pub fn keep(&self, who: &Who, person: Person) {
        let mut people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() < MOST {
            people.insert((side(who.party), who.number), person);
        }
    }
}
