//! Owns what makes any text fit for an XML document.
//!
//! Law: what is written is read back as it was, save for characters that no XML document may
//! hold: a replacement character stands for each, so that a message keeps its length and its
//! place.

use super::namespace::Namespace;

/// Whether an XML document may hold it.
pub(super) fn is_allowed(c: char) -> bool {
    // What else XML forbids, surrogates, is no `char`.
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{1_0000}'..)
}

/// Writes text between tags.
pub(super) fn text(out: &mut String, text: &str) {
    escaped(out, text);
}

/// Writes an attribute, with a space before it.
pub(super) fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("='");
    escaped(out, value);
    out.push('\'');
}

/// Writes the vocabulary of an element, as an attribute.
pub(super) fn vocabulary(out: &mut String, namespace: Namespace) {
    attribute(out, "xmlns", namespace.uri());
}

/// The same for both, since what is right in an attribute is right between tags.
fn escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let Some(special) = from.chars().next() else {
            return;
        };
        out.push_str(match special {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\'' => "&apos;",
            '"' => "&quot;",
            // As they are, an attribute's would be read as spaces, and two of them as one.
            '\t' => "&#9;",
            '\n' => "&#10;",
            '\r' => "&#13;",
            _ => "\u{FFFD}",
        });
        rest = &from[special.len_utf8()..];
    }
    out.push_str(rest);
}

fn is_special(c: char) -> bool {
    matches!(c, '&' | '<' | '>' | '\'' | '"' | '\t' | '\n' | '\r') || !is_allowed(c)
}

#[cfg(test)]
mod tests {
    use super::super::element::Element;
    use super::*;
    use proptest::prelude::*;

    fn written(value: &str) -> String {
        let mut out = String::from("<a");
        attribute(&mut out, "b", value);
        out.push('>');
        text(&mut out, value);
        out.push_str("</a>");
        out
    }

    #[test]
    fn it_is_escaped() {
        let line = written("a<b> & 'c' \"d\"\n\u{0}\u{FFFF}é");
        let escaped = "a&lt;b&gt; &amp; &apos;c&apos; &quot;d&quot;&#10;\u{FFFD}\u{FFFD}é";
        assert_eq!(line, format!("<a b='{escaped}'>{escaped}</a>"));
    }

    proptest! {
        #[test]
        fn it_is_read_back_as_it_was(value in any::<String>()) {
            let read = Element::read(&written(&value)).unwrap();
            let fit: String = value
                .chars()
                .map(|c| if is_allowed(c) { c } else { '\u{FFFD}' })
                .collect();
            prop_assert_eq!(read.attribute("b"), Some(fit.as_str()));
            prop_assert_eq!(&read.text, &fit);
        }

        #[test]
        fn controls_and_line_ends_too(value in "[\\x00-\\x20&<>'\";#x]{0,20}") {
            let fit = value.replace(|c| !is_allowed(c), "\u{FFFD}");
            prop_assert_eq!(Element::read(&written(&value)).unwrap().text, fit);
        }
    }
}
