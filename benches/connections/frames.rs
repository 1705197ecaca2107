//! Owns the measurement of what a message costs a person before it is anybody's: in the built-in
//! protocol, in the same where a file declares it, over Socket.IO and over XMPP.
//!
//! Law: no socket and no clock but the stopwatch: a speaker hears what a server would send it, over
//! and over. An agent has [`CHATS`] chats, which are spoken of in turn.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use busyhour::wire::frame::{Frame, Party, ToAgent, ToCustomer};
use busyhour::wire::protocols;
use busyhour::wire::speaker::{Deed, Effects, OWN, Protocol, Speaker, Tidings, Who};

use crate::asked::Asked;

/// Chats of an agent.
const CHATS: u64 = 20;

/// Messages that are heard in one go.
const MESSAGES: usize = 200_000;

/// What is said: a marker and words, 120 bytes.
const TEXT: &str = "bh-00c0ffee-c17-0-{}-1 Where is my parcel? It was to be here on Monday, and it is \
                    Thursday now; thanks for looking into it.";

/// A protocol whose server is played here.
struct Server {
    name: &'static str,
    protocol: Arc<dyn Protocol>,
    /// What it says until somebody is in, and then until the person takes part.
    way_in: fn(Party) -> Vec<String>,
    begins: fn(Party) -> Vec<String>,
    /// A message in a chat of this number.
    message: fn(Party, u64) -> String,
}

/// Measures it.
pub fn measure(asked: &Asked) -> bool {
    let runs = asked.number("--runs", 3);
    println!("a message heard, ns: the least of {runs} runs   customer   agent of {CHATS} chats");
    let native = [Party::Customer, Party::Agent].map(|party| {
        let texts = messages(party, native::message);
        least(runs, || decode(party, &texts))
    });
    row("built in, decoded", native);
    for server in servers() {
        let heard = [Party::Customer, Party::Agent].map(|party| {
            let texts = messages(party, server.message);
            least(runs, || hear(&server, party, &texts))
        });
        row(server.name, heard);
    }
    true
}

fn row(name: &str, [customer, agent]: [f64; 2]) {
    println!("{name:44}  {customer:8.0}   {agent:8.0}");
}

fn least(runs: u32, once: impl Fn() -> f64) -> f64 {
    (0..runs).map(|_| once()).fold(f64::INFINITY, f64::min)
}

fn servers() -> [Server; 3] {
    let open = |name: &str| {
        protocols::open(name)
            .expect("it is there")
            .expect("it is foreign")
    };
    let declared = Path::new("benches/connections/declared.toml");
    [
        Server {
            name: "built in, declared",
            protocol: open(&declared.display().to_string()),
            way_in: native::way_in,
            begins: native::begins,
            message: native::message,
        },
        Server {
            name: "socketio",
            protocol: open("socketio"),
            way_in: socketio::way_in,
            begins: socketio::begins,
            message: socketio::message,
        },
        Server {
            name: "xmpp",
            protocol: open("xmpp"),
            way_in: xmpp::way_in,
            begins: |_| Vec::new(),
            message: xmpp::message,
        },
    ]
}

fn chats(party: Party) -> impl Iterator<Item = u64> {
    match party {
        Party::Agent => 1..=CHATS,
        _ => OWN..=OWN,
    }
}

fn messages(party: Party, message: fn(Party, u64) -> String) -> Vec<String> {
    chats(party).map(|chat| message(party, chat)).collect()
}

fn text(party: Party) -> String {
    // The other side's.
    TEXT.replace("{}", if party == Party::Agent { "u" } else { "a" })
}

fn decode(party: Party, texts: &[String]) -> f64 {
    let began = Instant::now();
    for text in texts.iter().cycle().take(MESSAGES) {
        match party {
            Party::Agent => drop(black_box(ToAgent::decode(text).expect("it is a frame"))),
            _ => drop(black_box(ToCustomer::decode(text).expect("it is a frame"))),
        }
    }
    nanos(began)
}

fn nanos(began: Instant) -> f64 {
    began.elapsed().as_nanos() as f64 / MESSAGES as f64
}

/// Brings somebody in, and has it hear messages.
fn hear(server: &Server, party: Party, texts: &[String]) -> f64 {
    let mut out = Effects::default();
    let mut speaker = bring_in(server, party, &mut out);
    let (mut heard, now) = (0, Duration::from_secs(1));
    let began = Instant::now();
    for text in texts.iter().cycle().take(MESSAGES) {
        speaker.hear(now, text, &mut out).expect("it is a message");
        while let Some(tidings) = out.tidings.pop_front() {
            heard += usize::from(matches!(black_box(tidings), Tidings::Message { .. }));
        }
        out.sends.clear();
    }
    let took = nanos(began);
    assert_eq!(heard, MESSAGES, "each is heard");
    took
}

fn bring_in(server: &Server, party: Party, out: &mut Effects) -> Box<dyn Speaker> {
    let who = Who {
        party,
        number: 17,
        attempt: 0,
        connection: 0,
        run: 0x00c0_ffee,
    };
    let now = Duration::ZERO;
    let mut speaker = Arc::clone(&server.protocol).speaker(who);
    speaker.start(now, out).expect("nothing is missing");
    speaker.begin(now, out).expect("nothing is missing");
    let hear = |speaker: &mut Box<dyn Speaker>, said: Vec<String>, out: &mut Effects| {
        for said in said {
            speaker.hear(now, &said, out).expect("a server says so");
        }
    };
    hear(&mut speaker, (server.way_in)(party), out);
    let deed = match party {
        Party::Agent => Deed::Online {
            limit: CHATS as u32,
        },
        _ => Deed::Open { priority: 0 },
    };
    speaker.act(now, deed, out).expect("it can be said");
    hear(&mut speaker, (server.begins)(party), out);
    for chat in chats(party) {
        let peer = xmpp::peer(chat);
        // Where the server gives out the chats, nobody is met.
        if server.name == "xmpp" {
            let deed = Deed::Meet { chat, peer: &peer };
            speaker.act(now, deed, out).expect("it can be said");
        }
    }
    *out = Effects::default();
    speaker
}

mod native {
    use super::{Party, chats, text};

    pub fn way_in(_: Party) -> Vec<String> {
        vec![r#"{"type":"hello"}"#.into()]
    }

    pub fn begins(party: Party) -> Vec<String> {
        let online = (party == Party::Agent).then(|| r#"{"type":"online"}"#.to_string());
        let assigned = chats(party).map(|chat| format!(r#"{{"type":"assigned","chat":{chat}}}"#));
        online.into_iter().chain(assigned).collect()
    }

    pub fn message(party: Party, chat: u64) -> String {
        let text = text(party);
        match party {
            Party::Agent => {
                format!(r#"{{"type":"message","chat":{chat},"seq":1,"text":"{text}"}}"#)
            }
            _ => format!(r#"{{"type":"message","seq":1,"text":"{text}"}}"#),
        }
    }
}

mod socketio {
    use super::{Party, chats, text};

    pub fn way_in(party: Party) -> Vec<String> {
        let mut said = vec![r#"0{"sid":"x"}"#.to_string(), r#"40{"sid":"y"}"#.into()];
        if party == Party::Customer {
            said.push(r#"430[{"ok":true,"id":"y"}]"#.into());
        }
        said
    }

    pub fn begins(party: Party) -> Vec<String> {
        let ack = match party {
            Party::Agent => r#"430[{"ok":true,"id":"y"}]"#,
            _ => r#"431[{"pos":1}]"#,
        };
        let assigned = chats(party);
        let assigned = assigned
            .map(|chat| format!(r#"42["assigned",{{"chat":"c{chat}","agent":"z","ts":1}}]"#));
        std::iter::once(ack.to_string()).chain(assigned).collect()
    }

    pub fn message(party: Party, chat: u64) -> String {
        let text = text(party);
        format!(
            r#"42["message",{{"chat":"c{chat}","text":"{text}","id":3,"from":"x","ts":1700000000001}}]"#
        )
    }
}

mod xmpp {
    use super::{Party, text};

    pub fn peer(chat: u64) -> String {
        format!("9f{chat}@visitors.localhost/web")
    }

    pub fn way_in(party: Party) -> Vec<String> {
        let mechanism = match party {
            Party::Agent => "PLAIN",
            _ => "ANONYMOUS",
        };
        let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='x'/>";
        let features = |inside: &str| {
            format!(
                "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{inside}\
                 </stream:features>"
            )
        };
        vec![
            open.into(),
            features(&format!(
                "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>{mechanism}\
                 </mechanism></mechanisms>"
            )),
            "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>".into(),
            open.into(),
            features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"),
            "<iq xmlns='jabber:client' type='result' id='bind'>\
             <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@visitors.localhost/1</jid>\
             </bind></iq>"
                .into(),
        ]
    }

    pub fn message(party: Party, chat: u64) -> String {
        let (peer, text) = (peer(chat), text(party));
        format!(
            "<message xmlns='jabber:client' from='{peer}' type='chat' id='m1' to='me@x/1'><body>{text}\
             </body><active xmlns='http://jabber.org/protocol/chatstates'/>\
             <request xmlns='urn:xmpp:receipts'/></message>"
        )
    }
}
