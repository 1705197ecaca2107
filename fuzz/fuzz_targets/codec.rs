//! Owns the question whether any text of a server makes a codec panic.
//!
//! Law: every codec is shown every text, and what it hands out is opened. Run with
//! `cargo fuzz run codec`.

#![no_main]

use std::sync::LazyLock;

use busyhour::wire::declared::codec::{Codec, Incoming};
use busyhour::wire::declared::inner::Inner;
use busyhour::wire::declared::pattern::Pattern;
use busyhour::wire::declared::pointer::Pointer;
use libfuzzer_sys::fuzz_target;

static CODECS: LazyLock<(Vec<Codec>, Inner)> = LazyLock::new(|| {
    let line = Pattern::parse(r"^(?<a>\S+) (?<b>.*)$").expect("a pattern");
    let codecs = vec![
        Codec::Json,
        Codec::JsonArray,
        Codec::SocketIo,
        Codec::Text(line),
        Codec::Separator('\u{1e}'),
    ];
    let mut inner = Inner::new();
    for pointer in ["", "/args/*", "/a", "/a/*/b"] {
        let pointer = Pointer::parse(pointer).expect("a pointer");
        inner.add(pointer).expect("few levels");
    }
    (codecs, inner)
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (codecs, inner) = &*CODECS;
    for codec in codecs {
        let _ = codec.decode(text, &mut |one| {
            if let Incoming::Event(mut event) = one {
                inner.open(&mut event);
            }
        });
    }
});
