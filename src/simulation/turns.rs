//! Owns `Turns`: hands on the rows of replications in the order of their numbers, as they end.
//!
//! Law: who is too far ahead waits, so that the rows kept are bounded by the threads and not by the
//! replications. The one whose turn it is never waits for others, so all get on.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::measure::record::Record;

/// Takes the rows of a replication, by its number.
pub type Sink<'s> = dyn FnMut(u32, Vec<Record>) + Send + 's;

/// Hands on the rows of replications in the order of their numbers.
pub struct Turns<'t, 's> {
    state: Mutex<State<'t, 's>>,
    moved: Condvar,
    /// How far a replication may be ahead of the one whose turn it is.
    ahead: u32,
}

struct State<'t, 's> {
    /// Whose turn it is.
    next: u32,
    /// Those that ended before their turn; without rows where they were given up.
    ended: BTreeMap<u32, Option<Vec<Record>>>,
    sink: &'t mut Sink<'s>,
}

/// The turn of a replication; dropped without rows, it is passed on.
pub struct Turn<'a, 't, 's> {
    turns: &'a Turns<'t, 's>,
    number: u32,
    rows: Option<Vec<Record>>,
}

impl<'t, 's> Turns<'t, 's> {
    /// Turns from this number on, for so many threads.
    pub fn new(first: u32, threads: usize, sink: &'t mut Sink<'s>) -> Turns<'t, 's> {
        Turns {
            state: Mutex::new(State {
                next: first,
                ended: BTreeMap::new(),
                sink,
            }),
            moved: Condvar::new(),
            ahead: 2 * threads as u32,
        }
    }

    /// Waits until the replication of this number is not too far ahead to be played.
    pub fn take(&self, number: u32) -> Turn<'_, 't, 's> {
        let far = |state: &mut State| number - state.next >= self.ahead;
        let near = self.moved.wait_while(self.lock(), far);
        drop(near.unwrap_or_else(PoisonError::into_inner));
        Turn {
            turns: self,
            number,
            rows: None,
        }
    }

    /// A thread that panics passes its turn on, so that the others end and the panic is heard.
    fn lock(&self) -> MutexGuard<'_, State<'t, 's>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_, '_, '_> {
    /// The replication has ended with these rows.
    pub fn hand(mut self, rows: Vec<Record>) {
        self.rows = Some(rows);
    }
}

impl Drop for Turn<'_, '_, '_> {
    fn drop(&mut self) {
        let mut guard = self.turns.lock();
        let state = &mut *guard;
        state.ended.insert(self.number, self.rows.take());
        while let Some(rows) = state.ended.remove(&state.next) {
            if let Some(rows) = rows {
                (state.sink)(state.next, rows);
            }
            state.next += 1;
        }
        self.turns.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_handed_on_in_order_and_those_given_up_hold_nobody_up() {
        let mut came = Vec::new();
        let mut sink = |number, _| came.push(number);
        let turns = Turns::new(3, 2, &mut sink);
        let [third, fourth, fifth, sixth] = [3, 4, 5, 6].map(|number| turns.take(number));
        fifth.hand(Vec::new());
        fourth.hand(Vec::new());
        assert_eq!(turns.lock().next, 3);
        drop(third);
        assert_eq!(turns.lock().next, 6);
        sixth.hand(Vec::new());
        drop(turns);
        assert_eq!(came, [4, 5, 6]);
    }

    #[test]
    fn who_is_too_far_ahead_waits() {
        let mut sink = |_, _| {};
        let turns = Turns::new(0, 1, &mut sink);
        let first = turns.take(0);
        std::thread::scope(|scope| {
            let ahead = scope.spawn(|| drop(turns.take(2)));
            std::thread::sleep(std::time::Duration::from_millis(20));
            assert!(!ahead.is_finished());
            drop(first);
        });
        assert_eq!(turns.lock().next, 1);
    }
}
