//! Owns `Mask`: the secrets of a run, to be found again in what others say.
//!
//! Law: it covers each secret whole, and each run of letters and digits in it of six or more: a
//! server that knows a token may say it without the word before it, or escaped in between. Sorted,
//! because a feeder may hold tens of thousands of tokens and a refusing server speaks often.

use std::fmt;

use super::Secret;

/// The fewest letters and digits of a part that is covered by itself; fewer are in many words.
const PART_LEAST: usize = 6;

/// The secrets of a run, and their parts.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mask {
    /// Sorted, each once, none empty.
    covered: Vec<Box<[u8]>>,
}

impl Mask {
    /// A mask for these. Control characters count for nothing, since no text is shown with them.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Mask {
        let mut covered: Vec<Box<[u8]>> = Vec::new();
        for secret in secrets {
            let whole: String = secret
                .reveal()
                .chars()
                .filter(|c| !c.is_control())
                .collect();
            let parts = whole.split(|c: char| !c.is_alphanumeric());
            let parts = parts.filter(|part| part.chars().count() >= PART_LEAST);
            covered.extend(parts.map(|part| part.as_bytes().into()));
            covered.push(whole.trim().as_bytes().into());
        }
        covered.retain(|text| !text.is_empty());
        covered.sort_unstable();
        covered.dedup();
        covered.shrink_to_fit();
        Mask { covered }
    }

    /// Whether there is nothing to cover.
    pub fn is_empty(&self) -> bool {
        self.covered.is_empty()
    }

    /// How many bytes at the start of `text` are a secret or a part of one: the longest that is.
    pub fn covers(&self, text: &str) -> Option<usize> {
        let mut text = text.as_bytes();
        // What is covered and begins the text sorts before the text, and so does nothing between
        // them but what begins with it, too.
        loop {
            let below = self.covered.partition_point(|covered| **covered <= *text);
            let nearest = &self.covered[below.checked_sub(1)?];
            let shared = nearest.iter().zip(text).take_while(|(a, b)| a == b).count();
            if shared == nearest.len() {
                return Some(shared);
            }
            text = &text[..shared];
        }
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mask({} texts)", self.covered.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(secrets: &[&str]) -> Mask {
        let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
        Mask::of(&secrets)
    }

    #[test]
    fn whole_secrets_and_their_parts_are_covered() {
        let mask = mask(&["Bearer abcdef.ghijkl+x", "pw", "a\tb", "", "pw-longer"]);
        for (text, covered) in [
            ("Bearer abcdef.ghijkl+x is wrong", Some(22)),
            ("abcdef.", Some(6)),
            ("ghijklmn", Some(6)),
            ("pw", Some(2)),
            ("pw-longe", Some(2)),
            ("pw-longer", Some(9)),
            ("ab", Some(2)),
            ("Beare", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(mask.covers(text), covered, "{text}");
        }
        assert_eq!(format!("{mask:?}"), "Mask(8 texts)");
        assert_eq!(Mask::default().covers("anything"), None);
    }

    proptest! {
        /// Sorting finds what looking at each of them finds.
        #[test]
        fn the_longest_is_found(
            secrets in prop::collection::vec("[ab]{1,5}", 0..8),
            text in "[ab]{0,8}",
        ) {
            let texts: Vec<&str> = secrets.iter().map(String::as_str).collect();
            let begins = texts.iter().filter(|secret| text.starts_with(**secret));
            let longest = begins.map(|secret| secret.len()).max();
            prop_assert_eq!(mask(&texts).covers(&text), longest);
        }
    }
}
