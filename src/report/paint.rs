//! Owns `Paint`: colours, or none.
//!
//! Law: without colours a painted text is the plain text, so that both read the same.

/// Colours where they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    colour: bool,
}

impl Paint {
    /// Colours if `colour`.
    pub fn new(colour: bool) -> Paint {
        Paint { colour }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }

    /// What is well.
    pub fn good(self, text: &str) -> String {
        self.with("1;32", text)
    }

    /// What is not.
    pub fn bad(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// What the reader should look at.
    pub fn doubtful(self, text: &str) -> String {
        self.with("1;33", text)
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.with("1", text)
    }

    /// What is less important than the rest.
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// A bar.
    pub fn bar(self, text: &str) -> String {
        self.with("36", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_where_asked_for() {
        assert_eq!(Paint::new(false).bad("no"), "no");
        assert_eq!(Paint::new(true).bad("no"), "\u{1b}[1;31mno\u{1b}[0m");
    }
}
