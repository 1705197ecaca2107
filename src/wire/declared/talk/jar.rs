//! Owns `Jar`: a person's cookies.
//!
//! Law: there is one server, so a cookie is a name and a value and is sent with every request; what
//! is too long or one too many is let go.

use std::collections::BTreeMap;

/// The most cookies.
const MOST: usize = 50;

/// The longest name and value together.
const LONGEST: usize = 4 * 1024;

/// A person's cookies.
#[derive(Clone, Default)]
pub struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Takes what a header `Set-Cookie` says.
    pub fn take(&mut self, header: &str) {
        let mut parts = header.split(';');
        let Some((name, value)) = parts.next().and_then(|first| first.split_once('=')) else {
            return;
        };
        let (name, value) = (name.trim(), value.trim());
        let is_over = parts.any(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let age = value.trim().parse::<i64>();
            key.trim().eq_ignore_ascii_case("max-age") && age.is_ok_and(|age| age <= 0)
        });
        if is_over {
            self.0.remove(name);
            return;
        }
        let has_room = self.0.contains_key(name) || self.0.len() < MOST;
        let is_fit = !name.is_empty() && name.len() + value.len() <= LONGEST;
        if has_room && is_fit && !header.chars().any(char::is_control) {
            self.0.insert(name.to_string(), value.to_string());
        }
    }

    /// The value of the header `Cookie`; none where there are no cookies.
    pub fn header(&self) -> Option<String> {
        let cookies = self.0.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies: Vec<String> = cookies.collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cookies_come_go_and_are_replaced() {
        let mut jar = Jar::default();
        assert_eq!(jar.header(), None);
        jar.take("sid=abc; Path=/; HttpOnly");
        jar.take("lang=de");
        jar.take("sid=def");
        assert_eq!(jar.header().unwrap(), "lang=de; sid=def");
        jar.take("lang=; Max-Age=0");
        jar.take("no cookie");
        assert_eq!(jar.header().unwrap(), "sid=def");
    }

    proptest! {
        #[test]
        fn any_header_is_taken_or_let_go(headers in prop::collection::vec(any::<String>(), 0..80)) {
            let mut jar = Jar::default();
            headers.iter().for_each(|header| jar.take(header));
            prop_assert!(jar.0.len() <= MOST);
            prop_assert!(!jar.header().unwrap_or_default().chars().any(char::is_control));
        }
    }
}
