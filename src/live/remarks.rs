//! Owns `Remarks`: what the reader of a report should know, in words, with how often.
//!
//! Law: the same words are counted, not repeated; a hostile server, which could make every remark a
//! new one, cannot fill a report.

use serde::{Deserialize, Serialize};

/// More different ones than this are let pass.
const MOST: usize = 50;

/// Remarks, in the order in which they came up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarks(Vec<(String, u32)>);

impl Remarks {
    /// Adds a remark that was made so often.
    pub fn add(&mut self, words: String, times: u32) {
        let room = self.0.len() < MOST;
        match self.0.iter_mut().find(|remark| remark.0 == words) {
            Some(remark) => remark.1 += times,
            None if room => self.0.push((words, times)),
            None => {}
        }
    }

    /// Adds those of somebody else.
    pub fn append(&mut self, others: Remarks) {
        for (words, times) in others.0 {
            self.add(words, times);
        }
    }

    /// Each with how often it was made.
    pub fn each(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(words, times)| (&**words, *times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_counted_and_there_is_an_end_to_others() {
        let mut remarks = Remarks::default();
        for number in 0..60 {
            remarks.add(format!("number {number}"), 1);
            remarks.add("number 7".into(), 1);
        }
        let mut others = Remarks::default();
        others.add("number 7".into(), 40);
        remarks.append(others);
        assert_eq!(remarks.each().count(), MOST);
        let sevens: Vec<_> = remarks.each().filter(|(_, times)| *times > 1).collect();
        assert_eq!(sevens, [("number 7", 101)]);
    }
}
