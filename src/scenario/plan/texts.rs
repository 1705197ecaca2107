//! Owns `Texts`: what people say, one text a line.
//!
//! Law: there is at least one, and each is one line of at most [`Texts::LONGEST`] bytes. All of them
//! are one stretch of memory that copies of a plan share, since there may be a million.

use std::sync::Arc;

/// What people say: lines of text, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The lines, one after the other.
    all: Arc<str>,
    /// Where each ends.
    ends: Arc<[u32]>,
    /// The length of the longest.
    longest: usize,
}

impl Texts {
    /// The longest line, in bytes: a marker goes before it.
    pub const LONGEST: usize = 7_900;

    /// The lines of a text that are not blank, without the blanks around them; none where there is
    /// no such line, or more than 4 GiB of them.
    pub fn of(text: &str) -> Option<Texts> {
        let (mut all, mut ends) = (String::with_capacity(text.len()), Vec::new());
        let mut longest = 0;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            all.push_str(line);
            longest = longest.max(line.len());
            ends.push(u32::try_from(all.len()).ok()?);
        }
        (!ends.is_empty()).then(|| Texts {
            all: all.into(),
            ends: ends.into(),
            longest,
        })
    }

    /// How many there are: at least one.
    pub fn count(&self) -> u32 {
        self.ends.len() as u32
    }

    /// A line by its number, below the count.
    pub fn line(&self, number: u32) -> &str {
        let number = number as usize;
        let from = match number {
            0 => 0,
            _ => self.ends[number - 1] as usize,
        };
        &self.all[from..self.ends[number] as usize]
    }

    /// The length of the longest in bytes.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The mean length in bytes.
    pub fn mean(&self) -> f64 {
        self.all.len() as f64 / self.ends.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_without_blanks() {
        let texts = Texts::of("\n  ¿Qué tal?\r\n\n你好\n \t \nbye").unwrap();
        let lines: Vec<&str> = (0..texts.count()).map(|n| texts.line(n)).collect();
        assert_eq!(lines, ["¿Qué tal?", "你好", "bye"]);
        assert_eq!(texts.longest(), 11);
        assert_eq!(texts.mean(), (11.0 + 6.0 + 3.0) / 3.0);
        assert_eq!(Texts::of(" \n\n"), None);
    }
}
