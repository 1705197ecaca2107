//! Owns `Slice`: which part of a run's people one worker plays.
//!
//! Law: the parts of a run are disjoint and together the whole, customers and agents alike, by
//! number; so a part needs nothing of the others to know whom it plays.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Every `of`-th person from `index` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written")]
pub struct Slice {
    index: u32,
    of: u32,
}

/// A part as it stands in a file, which may be anything.
#[derive(Deserialize)]
struct Written {
    index: u32,
    of: u32,
}

impl TryFrom<Written> for Slice {
    type Error = &'static str;

    fn try_from(Written { index, of }: Written) -> Result<Slice, &'static str> {
        Slice::new(index, of).ok_or("there is no such part of a run")
    }
}

impl Slice {
    /// Everybody.
    pub const WHOLE: Slice = Slice { index: 0, of: 1 };

    /// The part of this index, from 0, of so many; none where there is no such part.
    pub fn new(index: u32, of: u32) -> Option<Slice> {
        (index < of).then_some(Slice { index, of })
    }

    /// Which part it is, from 1.
    pub fn number(self) -> u32 {
        self.index + 1
    }

    /// Of how many.
    pub fn of(self) -> u32 {
        self.of
    }

    /// Whether it is everybody.
    pub fn is_whole(self) -> bool {
        self.of == 1
    }

    /// `part 2 of 8`.
    pub fn words(self) -> String {
        format!("part {} of {}", self.number(), self.of)
    }

    /// Its share of what the whole needs: parts are by number, so that they are alike but for
    /// chance.
    pub fn share(self, whole: u64) -> u64 {
        whole.div_ceil(self.of.into())
    }

    /// Whether the person of this number is in it.
    pub fn has(self, number: u32) -> bool {
        number % self.of == self.index
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
        write!(f, "{}/{}", self.number(), self.of)
    }
}

/// The most parts of a run.
pub const PARTS_MOST: u32 = 1_000;

impl FromStr for Slice {
    type Err = String;

    fn from_str(text: &str) -> Result<Slice, String> {
        let expected = || {
            format!(
                "`2/8` for the second of eight parts is expected, of at most {PARTS_MOST} parts"
            )
        };
        let (number, of) = text.split_once('/').ok_or_else(expected)?;
        let (number, of): (u32, u32) = number
            .parse()
            .ok()
            .zip(of.parse().ok())
            .ok_or_else(expected)?;
        let slice = number
            .checked_sub(1)
            .and_then(|index| Slice::new(index, of));
        slice.filter(|_| of <= PARTS_MOST).ok_or_else(expected)
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

    #[test]
    fn parts_are_counted_from_one() {
        let second: Slice = "2/8".parse().unwrap();
        assert_eq!(Some(second), Slice::new(1, 8));
        assert_eq!(
            (second.to_string(), second.words()),
            ("2/8".into(), "part 2 of 8".into())
        );
        assert_eq!((second.share(17), second.is_whole()), (3, false));
        assert_eq!("1/1".parse(), Ok(Slice::WHOLE));
        for none in [
            "", "2", "0/8", "9/8", "1/0", "-1/8", "2/8/1", "a/b", "1/1001",
        ] {
            assert!(
                none.parse::<Slice>().unwrap_err().contains("`2/8`"),
                "{none}"
            );
        }
    }
}
