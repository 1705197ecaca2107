//! Owns the question whether any text of a server makes a person who speaks XMPP panic.
//!
//! Law: the texts are the lines of the input: they go through the reader of elements, and to a person
//! who is getting in and to one who is in and has a chat. Run with `cargo fuzz run xmpp`.

#![no_main]

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use busyhour::secret::Secret;
use busyhour::wire::frame::Party;
use busyhour::wire::speaker::{Deed, Effects, Speaker, Tidings, Who};
use busyhour::wire::xmpp::{Settings, Xmpp};
use libfuzzer_sys::fuzz_target;

/// What a server says until the person is in, with a session that may be resumed.
const WAY_IN: [&str; 7] = [
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='x'/>",
    "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
     <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
     <mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='x'/>",
    "<stream:features xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>\
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind>\
     <sm xmlns='urn:xmpp:sm:3'><optional/></sm></stream:features>",
    "<iq xmlns='jabber:client' type='result' id='bind'>\
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@visitors.localhost/1</jid></bind></iq>",
    "<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true' max='600'/>",
];

/// The other side of the chat.
const PEER: &str = "9f@visitors.localhost/web";

static SETTINGS: LazyLock<Arc<Settings>> = LazyLock::new(|| {
    Arc::new(Settings {
        password: Some(Secret::new("pencil")),
        ..Settings::default()
    })
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for party in [Party::Customer, Party::Agent] {
        // From the first word on, and once the person is in.
        for known in [0, 1, 4, WAY_IN.len()] {
            converse(party, &WAY_IN[..known], text);
        }
    }
});

fn converse(party: Party, way_in: &[&str], text: &str) {
    let who = Who {
        party,
        number: 0,
        attempt: 0,
        connection: 0,
        run: 1,
    };
    let (mut now, mut out) = (Duration::ZERO, Effects::default());
    let mut xmpp = Xmpp::new(who, Arc::clone(&SETTINGS));
    xmpp.start(now, &mut out).expect("there is a password");
    xmpp.begin(now, &mut out).expect("nothing is missing");
    for said in way_in {
        let heard = xmpp.hear(now, said, &mut out);
        heard.expect("a server says it so");
    }
    let is_in = |tidings: &Tidings| matches!(tidings, Tidings::Ready { .. });
    assert_eq!(
        out.tidings.iter().any(is_in),
        way_in.len() == WAY_IN.len(),
        "the way in leads in"
    );
    let chat = u64::from(party == Party::Agent);
    let deeds = [
        Deed::Open { priority: 0 },
        Deed::Meet { chat, peer: PEER },
        Deed::Say { chat, text: "bh-00000001-c0-0-u-1 Hello" },
    ];
    for deed in deeds {
        let _ = xmpp.act(now, deed, &mut out);
    }
    for said in text.split('\n') {
        now += Duration::from_secs(1);
        let _ = xmpp.hear(now, said, &mut out);
        let _ = xmpp.act(now, Deed::Typing { chat }, &mut out);
        let due = xmpp.deadline();
        if due.is_some_and(|due| due <= now) {
            let _ = xmpp.wake(now, &mut out);
        }
        out = Effects::default();
    }
    if let Some(lost) = xmpp.resumption(now) {
        let later = Duration::from_secs(1);
        let mut again = Xmpp::resuming(who, Arc::clone(&SETTINGS), lost, later);
        let _ = again.start(now, &mut out);
        let _ = again.begin(now, &mut out);
        for said in WAY_IN[..5].iter().copied().chain(text.split('\n')) {
            let _ = again.hear(now, said, &mut out);
        }
    }
}
