//! Owns the question whether anything that a server says makes a talk in a declared protocol panic.
//!
//! Law: the lines of the input are what the server says on the stream, or, where they begin with `#`,
//! its answer to the oldest request that has none: a status and a body. Run with
//! `cargo fuzz run talk`.

#![no_main]

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use busyhour::wire::declared::{Protocol, read_built_in};
use busyhour::wire::frame::Party;
use busyhour::wire::speaker::{Answer, Deed, Effects, Speaker, Who};
use libfuzzer_sys::fuzz_target;

static PROTOCOLS: LazyLock<[Arc<Protocol>; 2]> = LazyLock::new(|| {
    ["socketio", "hexlet"].map(|name| {
        let read = read_built_in(name);
        Arc::new(read.expect("it comes with the program"))
    })
});

/// What a server says until the person is in.
const WAY_IN: [&str; 5] = [
    "#201 {}",
    "#200 {\"token\":\"t\"}",
    "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":60000}",
    "40{\"sid\":\"y\"}",
    "430[{\"ok\":true,\"id\":\"y\"}]",
];

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for protocol in PROTOCOLS.iter() {
        for party in [Party::Customer, Party::Agent] {
            converse(protocol, party, text.split('\n'));
            let known = WAY_IN.into_iter().chain(text.split('\n'));
            converse(protocol, party, known);
        }
    }
});

fn converse<'t>(protocol: &Arc<Protocol>, party: Party, said: impl Iterator<Item = &'t str>) {
    let who = Who {
        party,
        number: 0,
        attempt: 0,
        connection: 0,
        run: 1,
    };
    let (mut now, mut out) = (Duration::ZERO, Effects::default());
    let (mut talk, mut asked) = (protocol.talk(who), VecDeque::new());
    talk.start(now, &mut out).expect("nothing is missing");
    let chat = u64::from(party == Party::Agent);
    let begins = [
        Deed::Online { limit: 3 },
        Deed::Open { priority: 0 },
        Deed::Meet { chat, peer: "someone" },
    ];
    let goes_on = [
        Deed::Say { chat, text: "bh-00000001-c0-0-u-1 Hello" },
        Deed::Typing { chat },
    ];
    for deed in begins {
        let _ = talk.act(now, deed, &mut out);
    }
    for said in said {
        now += Duration::from_millis(700);
        asked.extend(out.requests.drain(..).map(|request| request.number));
        if out.opening.take().is_some() {
            let _ = talk.begin(now, &mut out);
        }
        let _ = match said.strip_prefix('#') {
            Some(answer) => match asked.pop_front() {
                Some(number) => talk.answered(now, number, Ok(answered(answer)), &mut out),
                None => Ok(()),
            },
            None => talk.hear(now, said, &mut out),
        };
        for deed in goes_on {
            let _ = talk.act(now, deed, &mut out);
        }
        if talk.deadline().is_some_and(|due| due <= now) {
            let _ = talk.wake(now, &mut out);
        }
        out.sends.clear();
        out.tidings.clear();
    }
    let _ = talk.act(now, Deed::Close { chat }, &mut out);
    let _ = talk.act(now, Deed::Free { chat }, &mut out);
}

fn answered(text: &str) -> Answer {
    let (status, body) = text.split_once(' ').unwrap_or((text, ""));
    Answer {
        status: status.parse().unwrap_or(200),
        headers: vec![("set-cookie".into(), body.into())],
        body: body.as_bytes().to_vec(),
    }
}
