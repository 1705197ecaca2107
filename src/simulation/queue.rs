//! Owns `EventQueue`: the next wake-up of each subject, in order of time.
//!
//! Law: at most one entry a subject; entries leave in order of (time, subject), so that ties are
//! broken by the subject's number and no sequence counter is needed. It knows no chats.
//!
//! A calendar queue (Brown 1988): a ring of buckets of equal width, each a short list linked by
//! subject, so that an entry is set in constant time and moved in a few steps; the buckets being
//! played are a short sorted array. A bit a bucket finds the next one with entries. The trade-off: widths
//! are fixed from the plan's peak rate, so a rate far above it makes the array long.

use prefetch_index::prefetch_index;

use crate::time::{Span, Time};

const NIL: u32 = u32::MAX;

/// Entries a bucket at the busiest time: more make the array that is sorted longer, fewer make more
/// buckets to open.
const ENTRIES: f64 = 8.0;

/// Where a subject's entry stands.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// `Time::NEVER` for none.
    time: Time,
    after: u32,
    /// Whom it has to do with, as was said when it was set.
    with: u32,
}

impl Entry {
    const NONE: Entry = Entry {
        time: Time::NEVER,
        after: NIL,
        with: 0,
    };
}

/// A wake-up in the order of the law: time first, then subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

impl Key {
    #[inline]
    fn new(time: Time, subject: u32, with: u32) -> Key {
        let subjects = u64::from(subject) << 32 | u64::from(with);
        Key(u128::from(time.0) << 64 | u128::from(subjects))
    }

    #[inline]
    fn time(self) -> Time {
        Time((self.0 >> 64) as u64)
    }

    #[inline]
    fn subject(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    fn with(self) -> u32 {
        self.0 as u32
    }
}

/// The next wake-up of each subject.
#[derive(Debug)]
pub struct EventQueue {
    entries: Vec<Entry>,
    heads: Vec<u32>,
    occupied: Vec<u64>,
    /// The wake-ups of the days begun, in order; those before `first` are over.
    current: Vec<Key>,
    first: usize,
    /// The last day begun, counted from time zero without wrapping.
    day: u64,
    shift: u32,
    /// A new day is begun when fewer than so many wake-ups are left of those begun.
    least: usize,
}

impl EventQueue {
    /// A queue for `subjects`, meant for `peak` wake-ups a nanosecond at the busiest time and for
    /// most waits shorter than `reach`. So many wake-ups as `foreseen` are known ahead.
    pub fn new(subjects: usize, peak: f64, reach: Span, foreseen: usize) -> EventQueue {
        // A few entries a bucket: a power of two, so that a shift finds the bucket.
        let width = (ENTRIES / peak.max(1e-13)).clamp(1.0, 1e13);
        let shift = (width as u64).max(1).ilog2();
        let buckets = ((reach.0 >> shift) as usize)
            .clamp(64, 1 << 16)
            .next_power_of_two();
        EventQueue {
            entries: vec![Entry::NONE; subjects],
            heads: vec![NIL; buckets],
            occupied: vec![0; buckets / 64],
            current: Vec::with_capacity(64),
            first: 0,
            day: 0,
            shift,
            least: foreseen.max(1),
        }
    }

    /// Takes out everything and starts again at time zero.
    pub fn clear(&mut self) {
        self.entries.fill(Entry::NONE);
        self.heads.fill(NIL);
        self.occupied.fill(0);
        self.current.clear();
        (self.day, self.first) = (0, 0);
    }

    /// Makes room for subjects up to `subject`.
    #[inline]
    pub fn admit(&mut self, subject: u32) {
        if subject as usize >= self.entries.len() {
            self.entries.resize(subject as usize + 1, Entry::NONE);
        }
    }

    /// Sets or moves the subject's wake-up; `Time::NEVER` takes it out.
    #[inline(always)]
    pub fn set(&mut self, subject: u32, time: Time) {
        self.set_with(subject, time, 0);
    }

    /// Sets or moves the subject's wake-up, which will have to do with another subject: that is told
    /// to whoever looks ahead.
    #[inline(always)]
    pub fn set_with(&mut self, subject: u32, time: Time, other: u32) {
        let present = self.entries[subject as usize].time;
        if present == time {
            return;
        }
        if present.comes() {
            self.remove(subject, present);
        }
        if time.comes() {
            self.insert(subject, time, other);
        }
    }

    #[inline(never)]
    fn insert(&mut self, subject: u32, time: Time, with: u32) {
        let day = time.0 >> self.shift;
        let entry = &mut self.entries[subject as usize];
        (entry.time, entry.with) = (time, with);
        if day <= self.day {
            self.insert_sorted(Key::new(time, subject, with));
            return;
        }
        let bucket = day as usize & (self.heads.len() - 1);
        entry.after = std::mem::replace(&mut self.heads[bucket], subject);
        self.occupied[bucket >> 6] |= 1 << (bucket & 63);
    }

    /// Apart, so that it does not stand in the way of what is usual: a later day.
    #[inline(never)]
    fn insert_sorted(&mut self, key: Key) {
        sink(&mut self.current, self.first, key);
    }

    #[inline(never)]
    fn remove(&mut self, subject: u32, time: Time) {
        self.entries[subject as usize].time = Time::NEVER;
        if time.0 >> self.shift <= self.day {
            let own = |key: &Key| (key.subject(), key.time()) == (subject, time);
            let place = self.current.iter().rposition(own);
            self.current
                .remove(place.expect("an entry of a day begun is in the array"));
            return;
        }
        let bucket = (time.0 >> self.shift) as usize & (self.heads.len() - 1);
        self.unlink(subject, bucket);
    }

    /// Takes the subject out of its bucket's list.
    fn unlink(&mut self, subject: u32, bucket: usize) {
        let after = self.entries[subject as usize].after;
        let mut here = self.heads[bucket];
        if here == subject {
            self.heads[bucket] = after;
            if after == NIL {
                self.occupied[bucket >> 6] &= !(1 << (bucket & 63));
            }
            return;
        }
        while self.entries[here as usize].after != subject {
            here = self.entries[here as usize].after;
        }
        self.entries[here as usize].after = after;
    }

    /// The earliest wake-up; `Time::NEVER` when there is none.
    #[inline]
    pub fn peek(&mut self) -> Time {
        self.begin_days();
        let first = self.current.get(self.first);
        first.map_or(Time::NEVER, |key| key.time())
    }

    /// Takes out the earliest wake-up, if it comes before `limit`.
    #[inline]
    pub fn pop_before(&mut self, limit: Time) -> Option<(Time, u32)> {
        self.begin_days();
        let key = *self.current.get(self.first)?;
        if key.time() >= limit {
            return None;
        }
        self.first += 1;
        self.entries[key.subject() as usize].time = Time::NEVER;
        Some((key.time(), key.subject()))
    }

    /// Whose wake-up comes after `others` more, as things stand, and with whom that has to do; none
    /// where it is not known yet.
    #[inline]
    pub fn upcoming(&self, others: usize) -> Option<(u32, u32)> {
        let key = self.current.get(self.first + others)?;
        Some((key.subject(), key.with()))
    }

    /// Sends for the memory of a subject's entry.
    #[inline]
    pub fn foresee(&self, subject: u32) {
        prefetch_index(&self.entries, subject as usize);
    }

    /// Whether there is no wake-up.
    pub fn is_empty(&self) -> bool {
        self.first == self.current.len() && self.occupied.iter().all(|word| *word == 0)
    }

    /// Sees to it that enough wake-ups are in the array, where there are so many.
    #[inline]
    fn begin_days(&mut self) {
        if self.current.len() - self.first < self.least {
            self.turn();
        }
    }

    /// Begins days until enough wake-ups are in the array or all are.
    #[inline(never)]
    fn turn(&mut self) {
        self.current.drain(..self.first);
        self.first = 0;
        while self.current.len() < self.least && self.begin_day() {}
    }

    /// Begins the next day with entries; false when there are no entries but those of days begun.
    fn begin_day(&mut self) -> bool {
        let ring = self.heads.len() as u64;
        let (held, mut ahead, mut least) = (self.current.len(), 1, u64::MAX);
        while ahead <= ring {
            let Some(distance) = self.next_occupied(self.day + ahead) else {
                break;
            };
            ahead += distance;
            if ahead > ring {
                break;
            }
            let later = self.open(self.day + ahead);
            if self.current.len() > held {
                return true;
            }
            least = least.min(later);
            ahead += 1;
        }
        // What is left lies more than a turn of the ring ahead: go straight there.
        let left = least != u64::MAX;
        if left {
            self.open(least);
        }
        left
    }

    /// How many days after `day` the next occupied bucket is, within one turn.
    #[inline]
    fn next_occupied(&self, day: u64) -> Option<u64> {
        let start = day as usize & (self.heads.len() - 1);
        let words = self.occupied.len();
        let first = self.occupied[start >> 6] >> (start & 63);
        if first != 0 {
            return Some(u64::from(first.trailing_zeros()));
        }
        let mut days = 64 - (start as u64 & 63);
        for step in 1..=words {
            let word = self.occupied[((start >> 6) + step) & (words - 1)];
            if word != 0 {
                return Some(days + u64::from(word.trailing_zeros()));
            }
            days += 64;
        }
        None
    }

    /// Moves the entries of `day` into the array and returns the least later day in its bucket.
    #[inline]
    fn open(&mut self, day: u64) -> u64 {
        let bucket = day as usize & (self.heads.len() - 1);
        let mut subject = std::mem::replace(&mut self.heads[bucket], NIL);
        let (mut stays, mut later) = (NIL, u64::MAX);
        let held = self.current.len();
        while subject != NIL {
            let Entry { time, after, with } = self.entries[subject as usize];
            let entry_day = time.0 >> self.shift;
            if entry_day == day {
                let key = Key::new(time, subject, with);
                sink(&mut self.current, held, key);
            } else {
                later = later.min(entry_day);
                self.entries[subject as usize].after = stays;
                stays = subject;
            }
            subject = after;
        }
        self.heads[bucket] = stays;
        if stays == NIL {
            self.occupied[bucket >> 6] &= !(1 << (bucket & 63));
        }
        if self.current.len() > held {
            self.day = day;
        }
        later
    }
}

/// Puts a key into its place among those from `first` on, which are in order.
#[inline]
fn sink(keys: &mut Vec<Key>, first: usize, key: Key) {
    let mut place = keys.len();
    keys.push(key);
    while place > first && key < keys[place - 1] {
        keys[place] = keys[place - 1];
        place -= 1;
    }
    keys[place] = key;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Set(u32, u64),
        Unset(u32),
        Pop,
    }

    fn doing() -> impl Strategy<Value = Do> {
        let ahead = prop_oneof![0u64..50, 0u64..5_000, 0u64..5_000_000];
        prop_oneof![
            3 => (0u32..40, ahead).prop_map(|(subject, ahead)| Do::Set(subject, ahead)),
            1 => (0u32..40).prop_map(Do::Unset),
            3 => Just(Do::Pop),
        ]
    }

    proptest! {
        /// Against a sorted set, with entries near, far and beyond a turn of the ring.
        #[test]
        fn gives_entries_in_order(steps in prop::collection::vec(doing(), 1..400)) {
            let mut queue = EventQueue::new(40, 0.1, Span(640), 3);
            let (mut tree, mut times) = (BTreeSet::new(), [Time::NEVER; 40]);
            let mut now = 0;
            for step in steps {
                match step {
                    Do::Set(subject, ahead) => {
                        let time = Time(now + ahead);
                        tree.remove(&(times[subject as usize], subject));
                        times[subject as usize] = time;
                        tree.insert((time, subject));
                        queue.set(subject, time);
                    }
                    Do::Unset(subject) => {
                        tree.remove(&(times[subject as usize], subject));
                        times[subject as usize] = Time::NEVER;
                        queue.set(subject, Time::NEVER);
                    }
                    Do::Pop => {
                        let early = queue.peek().0 / 2;
                        prop_assert!(queue.peek() == Time::ZERO || queue.pop_before(Time(early)).is_none());
                        let first = tree.pop_first();
                        prop_assert_eq!(queue.peek(), first.map_or(Time::NEVER, |f| f.0));
                        prop_assert_eq!(queue.pop_before(Time::NEVER), first);
                        if let Some((time, subject)) = first {
                            times[subject as usize] = Time::NEVER;
                            now = time.0;
                        }
                    }
                }
                prop_assert_eq!(queue.is_empty(), tree.is_empty());
            }
        }
    }
}
