//! Owns the question whether any frame makes a matcher, its conditions or its captures panic.
//!
//! Law: the first line is a pointer, the second a text with holes, the rest the frame, so that all
//! three are tried. Run with `cargo fuzz run matcher`.

#![no_main]

use busyhour::wire::declared::capture::{Capture, Unit};
use busyhour::wire::declared::condition::{Condition, Test};
use busyhour::wire::declared::json_template::JsonTemplate;
use busyhour::wire::declared::matcher::Matcher;
use busyhour::wire::declared::pointer::Pointer;
use busyhour::wire::declared::template::Template;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::json;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default();
    let (pointer, template, frame) = (next(), next(), next());
    let values = |name: &str, into: &mut String| {
        into.push_str(frame);
        name != "none"
    };
    if let Ok(made) = JsonTemplate::parse(&json!({ template: [template] })) {
        let mut written = String::new();
        if made.render(&values, &mut written).is_ok() {
            // A value that is pasted as JSON may be as deep as the reader of values allows.
            let read = serde_json::from_str::<IgnoredAny>(&written);
            assert!(read.is_ok(), "{written}");
        }
    }
    let (Ok(frame), Ok(each)) = (serde_json::from_str(frame), Pointer::parse(pointer)) else {
        return;
    };
    let tests = [
        Template::parse(template)
            .map(Test::Same)
            .unwrap_or(Test::Exists),
        Test::Absent,
    ];
    for test in tests {
        let when = Condition::parse(pointer, test, Some(&each));
        let captures = [pointer, "@1", "@2"].map(|at| Capture::parse("x", at, Some(&each)));
        let matcher = Matcher {
            each: Some(each.clone()),
            when: when.into_iter().collect(),
            captures: captures.into_iter().flatten().collect(),
        };
        for hit in matcher.hits(&frame, &values) {
            for mut capture in matcher.captures.iter().cloned() {
                let _ = (capture.text(&hit), capture.number(&hit));
                for unit in [Unit::Ms, Unit::S, Unit::Us, Unit::Iso] {
                    capture.unit = Some(unit);
                    let _ = capture.millis(&hit);
                }
            }
        }
    }
});
