//! Owns `Place`: where a value is written, and what it must not say there.
//!
//! Law: a value is never pasted: what would end the place where it stands is escaped, or refused
//! where nothing can escape it. Values come from servers and files, and are nobody's instructions.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Where a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// As it is: for a body of plain text, and for comparing.
    Plain,
    /// Inside a JSON string.
    Json,
    /// A part of a path or of a query: percent-encoded, a `/` too.
    Url,
    /// The value of a header: control characters are refused.
    Header,
    /// A key or value of an HTML form.
    Form,
}

/// What needs no escape in a URL.
const IN_URL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What needs no escape in a form; the blank is `+` there.
const IN_FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*')
    .remove(b' ');

impl Place {
    /// Escapes what was written to `into` from the byte `from` on.
    ///
    /// # Errors
    /// It cannot be said there; why.
    pub fn escape(self, into: &mut String, from: usize) -> Result<(), &'static str> {
        let is_fit: fn(u8) -> bool = match self {
            Place::Plain => return Ok(()),
            Place::Json => |byte| byte >= b' ' && byte != b'"' && byte != b'\\',
            Place::Header => |byte| byte >= b' ' && byte != 0x7f,
            Place::Url | Place::Form => |byte| byte.is_ascii_alphanumeric(),
        };
        let written = &into.as_bytes()[from..];
        let Some(unfit) = written.iter().position(|byte| !is_fit(*byte)) else {
            return Ok(());
        };
        if self == Place::Header {
            return Err("holds control characters, which no header may");
        }
        let rest = into.split_off(from + unfit);
        match self {
            Place::Json => escape_json(&rest, into),
            Place::Url => into.extend(utf8_percent_encode(&rest, IN_URL)),
            _ => {
                let parts = utf8_percent_encode(&rest, IN_FORM);
                parts.for_each(|part| push_with_plus(part, into));
            }
        }
        Ok(())
    }
}

fn push_with_plus(part: &str, into: &mut String) {
    for (number, words) in part.split(' ').enumerate() {
        if number > 0 {
            into.push('+');
        }
        into.push_str(words);
    }
}

/// Writes a text as the inside of a JSON string.
pub fn escape_json(text: &str, into: &mut String) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        into.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => into.push_str("\\\""),
            b'\\' => into.push_str("\\\\"),
            b'\n' => into.push_str("\\n"),
            b'\r' => into.push_str("\\r"),
            b'\t' => into.push_str("\\t"),
            _ => {
                into.push_str("\\u00");
                push_hex(byte, into);
            }
        }
    }
    into.push_str(&text[plain..]);
}

/// Writes a byte as two hex digits.
pub fn push_hex(byte: u8, into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    into.push(char::from(DIGITS[usize::from(byte >> 4)]));
    into.push(char::from(DIGITS[usize::from(byte & 15)]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(place: Place, value: &str) -> Result<String, &'static str> {
        let mut into = "before \"".to_string();
        let from = into.len();
        into.push_str(value);
        place.escape(&mut into, from)?;
        assert!(into.starts_with("before \""));
        Ok(into.split_off(from))
    }

    #[test]
    fn each_place_has_its_escapes() {
        let value = "a b/é\"\\+&=";
        let all = [
            (Place::Plain, "a b/é\"\\+&="),
            (Place::Json, "a b/é\\\"\\\\+&="),
            (Place::Url, "a%20b%2F%C3%A9%22%5C%2B%26%3D"),
            (Place::Header, "a b/é\"\\+&="),
            (Place::Form, "a+b%2F%C3%A9%22%5C%2B%26%3D"),
        ];
        for (place, fit) in all {
            assert_eq!(escaped(place, value).as_deref(), Ok(fit), "{place:?}");
        }
        assert_eq!(escaped(Place::Url, "A-._~z0").unwrap(), "A-._~z0");
        assert_eq!(escaped(Place::Form, "A-._*z0").unwrap(), "A-._*z0");
    }

    #[test]
    fn a_header_cannot_be_split() {
        for value in ["a\r\nSet-Cookie: b", "a\n", "\0", "a\tb", "\u{7f}"] {
            assert!(escaped(Place::Header, value).is_err(), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn json_is_read_back(value in any::<String>()) {
            let text = format!("\"{}\"", escaped(Place::Json, &value).unwrap());
            prop_assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
        }

        #[test]
        fn urls_are_read_back(value in any::<String>()) {
            let text = escaped(Place::Url, &value).unwrap();
            prop_assert!(!text.contains(['/', '?', '#', '&', '=', '+', ' ', '"']));
            let read = percent_encoding::percent_decode_str(&text).decode_utf8().unwrap();
            prop_assert_eq!(read, value);
        }
    }
}
