//! Owns `RankSet`: a set of ranks that gives its least in a few steps.
//!
//! Law: insert, remove and first cost at most three words each, whatever the size up to 262,144.
//! A tree of bits, because ranks are dense and a heap would have to be searched for removal.

/// A set of ranks below a fixed capacity.
#[derive(Clone, Debug)]
pub struct RankSet {
    ranks: Vec<u64>,
    words: Vec<u64>,
    tops: Vec<u64>,
}

impl RankSet {
    /// An empty set of ranks below `capacity`.
    pub fn new(capacity: usize) -> RankSet {
        let ranks = capacity.div_ceil(64).max(1);
        let words = ranks.div_ceil(64);
        let tops = words.div_ceil(64);
        RankSet {
            ranks: vec![0; ranks],
            words: vec![0; words],
            tops: vec![0; tops],
        }
    }

    /// Adds a rank.
    #[inline]
    pub fn insert(&mut self, rank: u32) {
        let rank = rank as usize;
        self.ranks[rank >> 6] |= 1 << (rank & 63);
        self.words[rank >> 12] |= 1 << (rank >> 6 & 63);
        self.tops[rank >> 18] |= 1 << (rank >> 12 & 63);
    }

    /// Takes a rank out; nothing happens when it is not in.
    #[inline]
    pub fn remove(&mut self, rank: u32) {
        let rank = rank as usize;
        self.ranks[rank >> 6] &= !(1 << (rank & 63));
        if self.ranks[rank >> 6] == 0 {
            self.words[rank >> 12] &= !(1 << (rank >> 6 & 63));
            if self.words[rank >> 12] == 0 {
                self.tops[rank >> 18] &= !(1 << (rank >> 12 & 63));
            }
        }
    }

    /// The least rank in the set.
    #[inline]
    pub fn first(&self) -> Option<u32> {
        let top = self.tops.iter().position(|bits| *bits != 0)?;
        let word = top << 6 | self.tops[top].trailing_zeros() as usize;
        let rank = word << 6 | self.words[word].trailing_zeros() as usize;
        Some((rank << 6) as u32 | self.ranks[rank].trailing_zeros())
    }

    /// The least rank in the set that is not below `from`. Takes as many steps as there are words of
    /// 64 ranks between.
    pub fn first_from(&self, from: u32) -> Option<u32> {
        let from = from as usize;
        let word = *self.ranks.get(from >> 6)? & (!0 << (from & 63));
        let rest = self.ranks.iter().enumerate().skip((from >> 6) + 1);
        let words = std::iter::once((from >> 6, word)).chain(rest.map(|(at, word)| (at, *word)));
        let (at, word) = words.into_iter().find(|(_, word)| *word != 0)?;
        Some((at << 6) as u32 | word.trailing_zeros())
    }

    /// Any rank in the set, each for an equal part of all lots. Takes as many steps as there are
    /// words of 64 ranks.
    pub fn any(&self, lot: u32) -> Option<u32> {
        let size: u64 = self
            .ranks
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum();
        let mut skip = ((u64::from(lot) * size) >> 32) as u32;
        for (at, word) in self.ranks.iter().enumerate() {
            if skip < word.count_ones() {
                let above = (0..skip).fold(*word, |word, _| word & (word - 1));
                return Some((at << 6) as u32 | above.trailing_zeros());
            }
            skip -= word.count_ones();
        }
        None
    }

    /// Takes out all ranks.
    pub fn clear(&mut self) {
        self.ranks.fill(0);
        self.words.fill(0);
        self.tops.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn gives_the_same_least_as_a_tree(
            steps in prop::collection::vec((any::<bool>(), 0u32..300_000), 1..200),
        ) {
            let (mut set, mut tree) = (RankSet::new(300_000), BTreeSet::new());
            for (insert, rank) in steps {
                if insert {
                    set.insert(rank);
                    tree.insert(rank);
                } else {
                    let rank = tree.range(rank..).next().copied().unwrap_or(rank);
                    set.remove(rank);
                    tree.remove(&rank);
                }
                prop_assert_eq!(set.first(), tree.first().copied());
                prop_assert_eq!(set.first_from(rank), tree.range(rank..).next().copied());
                let lot = rank.wrapping_mul(2_654_435_769);
                let place = ((u64::from(lot) * tree.len() as u64) >> 32) as usize;
                prop_assert_eq!(set.any(lot), tree.iter().nth(place).copied());
            }
        }
    }
}
