//! Owns the question whether anything that a server says makes a talk in a declared protocol panic.
//!
//! Law: the lines of the input are what the server says on the stream; where they begin with `#`, its
//! answer to the oldest request that has none, a status and a body; where they begin with `~`, what
//! it says on the stream of a chat, by its number; and `!` cuts the connection, with which the next
//! goes on. Run with `cargo fuzz run talk`.

#![no_main]

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use busyhour::wire::declared::{Protocol, read_built_in, read_text};
use busyhour::wire::frame::Party;
use busyhour::wire::speaker::{
    Answer, Beside, Deed, Effects, Protocol as _, Speaker, Who,
};
use libfuzzer_sys::fuzz_target;

static PROTOCOLS: LazyLock<Vec<Arc<Protocol>>> = LazyLock::new(|| {
    let built_in = ["socketio", "hexlet"].map(|name| {
        let read = read_built_in(name);
        Arc::new(read.expect("it comes with the program"))
    });
    let all = read_text("all.toml", ALL, Path::new("")).expect("it can be read");
    built_in.into_iter().chain([Arc::new(all)]).collect()
});

/// A protocol in which agents take chats, have a connection for each and poll beside, and customers
/// who are cut off come back.
const ALL: &str = r#"
name = "all"
evidence = "none"
dispatch = "pull"
secret = ["user.key"]
[transport]
kind = "both"
path = "/"
connection = "chat"
inner = ["/inner"]
[transport.poll]
get = "/poll?since=${connection.since}"
capture = { "connection.since" = "/next" }
throttled = { retry = "/s:s" }
[chat_connection]
path = "/${chat.id}"
connect = [{ send = { join = "${chat.id}" }, expect = { "/t" = "joined" } }]
[user]
key = "${hex16}"
[connection]
since = "0"
[customer]
connect = [{ send = { id = "${seq}" }, expect = { "/t" = "hello" }, capture = { "user.key" = "/key" } }]
open = [{ post = "/open", json = { key = "${user.key}" }, capture = { "chat.id" = "/chat" } }]
say = [{ send = { chat = "${chat.id}", text = "${text}" }, ack = { by = "/re", equals = "${seq}" } }]
resume = [{ send = { again = "${chat.id}" } }]
close = [{ post = "/close", json = { id = "${chat.id}" }, ack = true }]
[agent]
connect = "customer.connect"
take = [{ send = { take = "${user.key}" }, ack = { when = { "/t" = "took" }, error = { when = { "/why" = { exists = true } } } }, capture = { "chat.id" = "/chat" } }]
say = "customer.say"
close = "customer.close"
[on]
queued = [{ when = { "/t" = "waits" }, chat = "/chat" }, { when = { "/t" = "wait" }, position = "/s" }]
assigned = { when = { "/t" = "assigned" }, chat = "/chat" }
message = { each = "/all/*", when = { "/text" = { exists = true } }, chat = "@1", text = "/text", ts = "/ts:iso" }
closed = { when = { "/t" = "closed" }, chat = "/chat" }
gone = { when = { "/t" = "gone" } }
resumed = { when = { "/t" = "back" } }
throttled = { when = { "/t" = "slow" }, kind = "/why", retry = "/s:s" }
error = { when = { "/why" = { exists = true } }, kind = "/why" }
[resume]
within = "60s"
resay = true
[[keepalive]]
every = "2s"
send = "ping"
"#;

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
    let mut talk: Box<dyn Speaker> = Box::new(protocol.talk(who));
    let mut asked = VecDeque::new();
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
        Deed::Take,
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
            None if said.starts_with('~') => beside(&mut *talk, now, said, &mut out),
            None if said == "!" => {
                if let Some(lost) = talk.lose(now) {
                    talk = Arc::clone(protocol).resume(who, lost, Duration::ZERO);
                    (now, asked) = (Duration::ZERO, VecDeque::new());
                    out = Effects::default();
                    talk.start(now, &mut out)
                } else {
                    Ok(())
                }
            }
            None => talk.hear(now, said, &mut out),
        };
        for one in std::mem::take(&mut out.beside) {
            if let Beside::Open { chat, .. } = one {
                let _ = talk.begin_beside(now, chat, &mut out);
            }
        }
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

/// Says something on the stream of a chat, or ends it where there is nothing.
fn beside(
    talk: &mut dyn Speaker,
    now: Duration,
    said: &str,
    out: &mut Effects,
) -> busyhour::error::Result<()> {
    let (chat, text) = said[1..].split_once(' ').unwrap_or((&said[1..], ""));
    let chat = chat.parse().unwrap_or(1);
    match text {
        "" => talk.end_beside(now, chat, "it ends", out),
        text => talk.hear_beside(now, chat, text, out),
    }
}

fn answered(text: &str) -> Answer {
    let (status, body) = text.split_once(' ').unwrap_or((text, ""));
    Answer {
        status: status.parse().unwrap_or(200),
        headers: vec![("set-cookie".into(), body.into())],
        body: body.as_bytes().to_vec(),
    }
}
