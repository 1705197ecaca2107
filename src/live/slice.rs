//! Owns `Slice`: which part of a run's people one worker plays.
//!
//! Law: the parts of a run are disjoint and together the whole, customers and agents alike, by
//! number; so a part needs nothing of the others to know whom it plays.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Every `of`-th person from `index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    index: u32,
    of: u32,
}

impl Slice {
    /// Everybody.
    pub const WHOLE: Slice = Slice { index: 0, of: 1 };

    /// The part of this index, from 0, of so many; none where there is no such part.
    pub fn new(index: u32, of: u32) -> Option<Slice> {
        (index < of).then_some(Slice { index, of })
    }

    /// Whether the person of this number is in it.
    pub fn has(self, number: u32) -> bool {
        number % self.of == self.index
    }

    /// Which share of the people it is.
    pub fn share(self) -> f64 {
        1.0 / f64::from(self.of)
    }

    /// The part of this index of so many parts of this one.
    pub fn part(self, index: u32, of: u32) -> Slice {
        Slice {
            index: self.index + self.of * index,
            of: self.of * of,
        }
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_parts_are_the_whole() {
        for (of, parts) in [(1, 1), (3, 1), (1, 4), (3, 2)] {
            for number in 0..50 {
                let slices = (0..of).filter_map(|index| Slice::new(index, of));
                let slices = slices.flat_map(|slice| (0..parts).map(move |i| slice.part(i, parts)));
                assert_eq!(slices.filter(|slice| slice.has(number)).count(), 1);
            }
        }
        assert_eq!(Slice::new(3, 3), None);
    }
}
