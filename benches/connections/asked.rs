//! Owns `Asked`: what was asked on the command line of the benchmark.

/// The words after the program's name.
pub struct Asked(pub Vec<String>);

impl Asked {
    /// Whether this word was said.
    pub fn says(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }

    /// The word after this one.
    pub fn after(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    /// The whole number after this word.
    pub fn number(&self, name: &str, usual: u32) -> u32 {
        let number = self.after(name).map(str::parse);
        number.map_or(usual, |number| number.expect("a number is expected there"))
    }

    /// The words of a command, with its places filled in.
    pub fn command(&self, name: &str, places: &[(&str, u32)]) -> Option<Vec<String>> {
        let fill = |word: &str| {
            let filled = |text: String, (name, value): &(&str, u32)| {
                text.replace(&format!("{{{name}}}"), &value.to_string())
            };
            places.iter().fold(word.to_owned(), filled)
        };
        let words = self.after(name)?.split_whitespace();
        Some(words.map(fill).collect())
    }
}
