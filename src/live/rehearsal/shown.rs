//! Owns how what passes in a rehearsal is shown: clean, of a stated length, without secrets.
//!
//! Law: what the masks cover is `***`, however JSON escapes it, and so is what a name of its own
//! calls a secret, since an answer is shown before anybody knows which of its values will be kept. Of a
//! login nothing is shown by which a password could be found out.

use serde_json::Value;

use crate::secret::{MASKED, Mask};
use crate::wire::clean::clean_to;

/// The most characters of one text.
const MOST: usize = 8_000;

/// Parts of names whose values are secret wherever they stand.
const SECRET: [&str; 6] = [
    "token",
    "passw",
    "secret",
    "authorization",
    "cookie",
    "apikey",
];

/// The elements of a login in XML (RFC 6120, section 6.4): who has all of their texts can try passwords.
const LOGIN: [&str; 4] = ["<auth ", "<challenge ", "<response ", "<success "];

/// A text as it may be shown.
pub fn shown(text: &str, masks: &[&Mask]) -> String {
    if LOGIN.iter().any(|element| text.starts_with(element)) {
        return clean(&without_content(text), masks);
    }
    let at = text.find(['{', '[']).unwrap_or(text.len());
    let (before, rest) = text.split_at(at);
    let value = serde_json::from_str::<Value>(rest).ok();
    let hidden = value.and_then(|mut value| hide(&mut value, masks).then(|| value.to_string()));
    let text = hidden.map_or_else(|| text.to_owned(), |hidden| before.to_owned() + &hidden);
    clean(&text, masks)
}

/// One element of XML without its content.
fn without_content(text: &str) -> String {
    let content = text.find('>').zip(text.rfind("</"));
    match content.filter(|(opened, closed)| opened + 1 < *closed) {
        Some((opened, closed)) => format!("{}{MASKED}{}", &text[..=opened], &text[closed..]),
        None => text.to_owned(),
    }
}

fn clean(text: &str, masks: &[&Mask]) -> String {
    let whole = clean_to(text, &Mask::default(), MOST);
    let masked = masks.iter();
    masked.fold(whole, |text, mask| clean_to(&text, mask, MOST))
}

/// Hides what is secret in a value; whether there was anything.
fn hide(value: &mut Value, masks: &[&Mask]) -> bool {
    match value {
        Value::String(text) => {
            let covered = masks
                .iter()
                .fold(text.clone(), |text, mask| clean_to(&text, mask, MOST));
            let is_secret = covered.contains(MASKED) && covered != *text;
            if is_secret {
                *text = covered;
            }
            is_secret
        }
        Value::Array(values) => {
            let hidden = values.iter_mut().map(|value| hide(value, masks));
            hidden.fold(false, |any, hidden| any | hidden)
        }
        Value::Object(fields) => {
            let hidden = fields.iter_mut().map(|(name, value)| {
                if !is_secret(name) || !value.is_string() {
                    return hide(value, masks);
                }
                *value = Value::String(MASKED.into());
                true
            });
            hidden.fold(false, |any, hidden| any | hidden)
        }
        _ => false,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    SECRET.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn secrets_are_hidden_by_mask_and_by_name() {
        let (first, second) = (Secret::new("canary/1"), Secret::new("finch-2"));
        let masks = [Mask::of([&first]), Mask::of([&second])];
        let masks = [&masks[0], &masks[1]];
        for (text, expected) in [
            (r#"42["say",{"n":1}]"#, r#"42["say",{"n":1}]"#),
            (
                r#"42["in", {"Access_Token":"x"}]"#,
                r#"42["in",{"Access_Token":"***"}]"#,
            ),
            (
                r#"{"a":["canary\/1"],"b":"finch-2"}"#,
                r#"{"a":["***"],"b":"***"}"#,
            ),
            ("<auth>finch-2</auth>", "<auth>***</auth>"),
            (
                "<response xmlns='sasl'>Yz1iaXdzLHI9</response>",
                "<response xmlns='sasl'>***</response>",
            ),
            ("<success xmlns='sasl'/>", "<success xmlns='sasl'/>"),
            ("<auth xmlns='sasl'></auth>", "<auth xmlns='sasl'></auth>"),
            ("POST /x?key=canary/1 a{b", "POST /x?key=*** a{b"),
            ("\u{1b}[2Jno", "[2Jno"),
        ] {
            assert_eq!(shown(text, &masks), expected);
        }
        assert_eq!(shown(&"x".repeat(2 * MOST), &masks).chars().count(), MOST);
    }
}
