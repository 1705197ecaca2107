//! Owns `Waiting`: the entries of a journal that are still to be posted, in the order of time.
//!
//! Law: what is taken out is the earliest; of one instant, what was taken over first. Taking entries
//! over does not touch those that come before all of them.

use crate::live::journal::Entry;
use crate::time::Time;

/// Entries that are still to be posted.
#[derive(Debug, Default)]
pub struct Waiting {
    /// In order; those that were taken out come first, for a while.
    entries: Vec<Entry>,
    /// How many were taken out.
    out: usize,
}

impl Waiting {
    /// Takes entries over, in any order, and leaves none behind.
    pub fn take(&mut self, entries: &mut Vec<Entry>) {
        let Some(first) = entries.iter().map(|entry| entry.at).min() else {
            return;
        };
        self.forget();
        let left = &self.entries[self.out..];
        let stay = self.out + left.partition_point(|entry| entry.at <= first);
        self.entries.append(entries);
        self.entries[stay..].sort_by_key(|entry| entry.at);
    }

    /// Takes the next one out that is of before `until`.
    pub fn next_before(&mut self, until: Time) -> Option<Entry> {
        let next = self.entries.get(self.out)?;
        (next.at < until).then(|| {
            self.out += 1;
            *next
        })
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.out == self.entries.len()
    }

    /// Forgets those that were taken out, once they are as many as those that are left: so in the long
    /// run an entry is moved once.
    fn forget(&mut self) {
        if 2 * self.out >= self.entries.len() {
            self.entries.drain(..self.out);
            self.out = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::journal::Event;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// An entry that can be told from others of its instant.
    fn entry(at: u64, number: usize) -> Entry {
        Entry {
            at: Time(at),
            event: Event::SlotTaken(number as u32),
        }
    }

    proptest! {
        /// Whatever comes when, late or not: the same as sorting all that is left each time.
        #[test]
        fn the_earliest_comes_first(rounds in vec((vec(0..60_u64, 0..20), 0..60_u64), 0..20)) {
            let (mut waiting, mut left) = (Waiting::default(), Vec::new());
            let mut numbers = 0_usize..;
            for (times, until) in rounds {
                let entries = times.iter().zip(&mut numbers);
                let mut entries: Vec<Entry> = entries.map(|(at, number)| entry(*at, number)).collect();
                left.extend(entries.iter().copied());
                waiting.take(&mut entries);
                prop_assert!(entries.is_empty());
                left.sort_by_key(|entry| entry.at);
                let due = left.partition_point(|entry| entry.at < Time(until));
                let expected: Vec<Entry> = left.drain(..due).collect();
                let next = std::iter::from_fn(|| waiting.next_before(Time(until)));
                prop_assert_eq!(next.collect::<Vec<_>>(), expected);
                prop_assert_eq!(waiting.is_empty(), left.is_empty());
            }
        }
    }
}
