//! Owns `clean`: foreign text made fit for a terminal, a log or a file.
//!
//! Law: the result holds no character that a terminal obeys or that turns the reading order, and
//! no more characters than stated. Text of a server is somebody else's text.

use crate::secret::{MASKED, Mask};

/// The most characters that `clean` lets through, an ellipsis for the rest included.
pub const CLEAN_MOST: usize = 200;

/// The text without control characters (C0, C1, DEL), line and paragraph separators, bidirectional
/// controls and invisible format characters; at most `CLEAN_MOST` characters.
pub fn clean(text: &str) -> String {
    clean_masked(text, &Mask::default())
}

/// The same, of somebody who knows our secrets: what the mask covers is `***`. Masked before it is
/// cut, or the first part of a secret would be left.
pub fn clean_masked(text: &str, mask: &Mask) -> String {
    clean_to(text, mask, CLEAN_MOST)
}

/// The same, of at most `most` characters.
pub fn clean_to(text: &str, mask: &Mask, most: usize) -> String {
    // What most servers say, on every connection.
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain && text.len() <= most && mask.is_empty() {
        return text.to_owned();
    }
    let fit: String = text.chars().filter(|c| !is_unfit(*c)).collect();
    let (mut cleaned, mut length, mut rest) = (String::new(), 0, fit.as_str());
    while let Some(first) = rest.chars().next() {
        if length > most {
            break;
        }
        let covered = mask.covers(rest);
        let (shown, behind) = rest.split_at(covered.unwrap_or(first.len_utf8()));
        let shown = if covered.is_some() { MASKED } else { shown };
        cleaned.push_str(shown);
        length += shown.chars().count();
        rest = behind;
    }
    if length > most {
        cleaned = cleaned.chars().take(most - 1).collect();
        cleaned.push('…');
    }
    cleaned
}

fn is_unfit(c: char) -> bool {
    // Soft hyphen, Arabic letter mark, zero-width and bidirectional marks, separators, embeddings,
    // isolates, byte-order mark, annotations, and the tags that can hide a second text.
    let invisible = matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    );
    c.is_control() || invisible
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_obeys_is_gone() {
        assert_eq!(clean("a\u{1b}[31mred\u{9b}2J\u{7f}\r\n\tb"), "a[31mred2Jb");
        assert_eq!(clean("user\u{202e}txt.exe\u{2066}\u{feff}"), "usertxt.exe");
        assert_eq!(clean("¿Qué tal? 你好 👋"), "¿Qué tal? 你好 👋");
    }

    #[test]
    fn long_text_ends_in_an_ellipsis() {
        let exact = "é".repeat(CLEAN_MOST);
        assert_eq!(clean(&exact), exact);
        let cut = clean(&"é".repeat(CLEAN_MOST + 1));
        assert_eq!(cut.chars().count(), CLEAN_MOST);
        assert!(cut.ends_with("é…"));
    }

    #[test]
    fn secrets_are_masked_also_where_the_text_is_cut_or_strewn_with_controls() {
        let mask = Mask::of(&[Secret::new("Bearer canary-4711canary")]);
        for (said, shown) in [
            ("no: Bearer canary-4711canary!", "no: ***!"),
            ("no: \u{1b}Bear\u{200b}er canary-4711canary", "no: ***"),
            ("4711canary\\/canary", "***\\/***"),
        ] {
            assert_eq!(clean_masked(said, &mask), shown);
        }
        for before in 0..=CLEAN_MOST {
            let said = "é".repeat(before) + "4711canary and more";
            let cleaned = clean_masked(&said, &mask);
            assert!(!cleaned.contains("47"), "{before}: {cleaned}");
            assert!(cleaned.chars().count() <= CLEAN_MOST);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_bounded_and_stays_clean(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert!(cleaned.chars().count() <= CLEAN_MOST);
            prop_assert!(!cleaned.chars().any(char::is_control));
            prop_assert_eq!(clean(&cleaned), cleaned);
        }
    }
}
