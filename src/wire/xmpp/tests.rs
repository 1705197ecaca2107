//! Owns whole conversations, with a server that says its lines by heart.
//!
//! Law: what goes out is compared word for word, since that is what a server sees.

pub(super) use super::*;

use crate::secret::Secret;
use crate::wire::frame::Party;

pub(super) const OPEN: &str =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' id='x'/>";
pub(super) const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
pub(super) const PEER: &str = "9f@visitors.localhost/web";
pub(super) const MESSAGE: &str =
    "xmlns='jabber:client' from='9f@visitors.localhost/web' type='chat'";

/// One person's connection.
pub(super) struct Line {
    pub(super) xmpp: Xmpp,
    pub(super) now: Duration,
    pub(super) out: Effects,
}

pub(super) fn who(party: Party) -> Who {
    Who {
        party,
        number: 0,
        attempt: 0,
        connection: 0,
        run: 1,
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        password: Some(Secret::new("pencil")),
        ..Settings::default()
    }
}

impl Line {
    pub(super) fn new(party: Party, settings: Settings) -> Line {
        Line::of(Xmpp::new(who(party), Arc::new(settings)))
    }

    /// A stream that stands, and what was said on it first.
    pub(super) fn of(xmpp: Xmpp) -> Line {
        let mut line = Line {
            xmpp,
            now: Duration::ZERO,
            out: Effects {
                notes: Some(Vec::new()),
                ..Effects::default()
            },
        };
        line.xmpp.start(line.now, &mut line.out).unwrap();
        line.xmpp.begin(line.now, &mut line.out).unwrap();
        line
    }

    /// A customer who is in, without stream management.
    pub(super) fn customer(settings: Settings) -> Line {
        let settings = Settings {
            stream_management: false,
            ..settings
        };
        let mut line = Line::new(Party::Customer, settings);
        line.gets_in(&["ANONYMOUS"]);
        line.hears(&bound("me@visitors.localhost/1"));
        line.quiet();
        line
    }

    /// An agent who is in, with stream management.
    pub(super) fn agent(settings: Settings) -> Line {
        let mut line = Line::new(Party::Agent, settings);
        line.gets_in(&["PLAIN"]);
        line.hears(&bound("agent1@agents.localhost/1"));
        line.hears("<enabled xmlns='urn:xmpp:sm:3' id='s1' resume='true' max='600'/>");
        line.quiet();
        line
    }

    /// As far as what is offered after the login.
    pub(super) fn gets_in(&mut self, offers: &[&str]) {
        self.hears(OPEN);
        self.hears(&mechanisms(offers));
        self.hears(SUCCESS);
        self.hears(OPEN);
        self.hears(&features());
    }

    pub(super) fn hears(&mut self, text: &str) {
        self.xmpp.hear(self.now, text, &mut self.out).unwrap();
    }

    pub(super) fn fails(&mut self, text: &str) -> Error {
        self.xmpp.hear(self.now, text, &mut self.out).unwrap_err()
    }

    pub(super) fn does(&mut self, deed: Deed<'_>) {
        self.xmpp.act(self.now, deed, &mut self.out).unwrap();
    }

    pub(super) fn meets(&mut self, chat: u64, peer: &str) {
        self.does(Deed::Meet { chat, peer });
    }

    pub(super) fn after(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    pub(super) fn said(&mut self) -> Vec<String> {
        self.out
            .sends
            .drain(..)
            .map(|send| send.to_string())
            .collect()
    }

    pub(super) fn heard(&mut self) -> Vec<Tidings> {
        self.out.tidings.drain(..).collect()
    }

    /// Forgets what was said and heard so far.
    pub(super) fn quiet(&mut self) {
        self.said();
        self.heard();
    }
}

pub(super) fn mechanisms(offers: &[&str]) -> String {
    let offers = offers
        .iter()
        .map(|offer| format!("<mechanism>{offer}</mechanism>"));
    let offers: String = offers.collect();
    format!(
        "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\
         <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{offers}</mechanisms>\
         </stream:features>"
    )
}

pub(super) fn features() -> String {
    "<stream:features xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>\
     <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><required/></bind>\
     <sm xmlns='urn:xmpp:sm:3'><optional/></sm></stream:features>"
        .to_owned()
}

pub(super) fn bound(address: &str) -> String {
    format!(
        "<iq xmlns='jabber:client' type='result' id='bind'>\
         <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{address}</jid></bind></iq>"
    )
}

pub(super) fn ready(address: &str) -> Tidings {
    let address = address.to_owned();
    Tidings::Ready { address }
}

pub(super) fn message(chat: u64, text: &str) -> Tidings {
    Tidings::Message {
        chat: Some(chat),
        text: text.to_owned(),
        server_ms: None,
    }
}

#[test]
fn it_is_small() {
    let size = size_of::<Xmpp>();
    assert!(size <= 256, "{size}");
}

#[test]
fn a_customer_gets_in_without_a_name() {
    let mut line = Line::new(Party::Customer, settings());
    let opening = line.out.opening.take().unwrap();
    assert_eq!(opening.path, "/xmpp-websocket");
    assert_eq!(opening.subprotocol.as_deref(), Some("xmpp"));
    assert!(opening.headers.is_empty());
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='visitors.localhost' \
                version='1.0'/>";
    assert_eq!(line.said(), [open]);
    line.hears(OPEN);
    line.hears(&mechanisms(&["SCRAM-SHA-1", "ANONYMOUS"]));
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
    assert_eq!(line.said(), [auth]);
    line.hears(SUCCESS);
    assert_eq!(line.said(), [open]);
    line.hears(OPEN);
    line.hears(&features());
    let bind = "<iq xmlns='jabber:client' type='set' id='bind'>\
                <bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    assert_eq!(line.said(), [bind]);
    line.hears(&bound("9f@visitors.localhost/web"));
    assert_eq!(
        line.said(),
        ["<enable xmlns='urn:xmpp:sm:3' resume='true'/>"]
    );
    assert!(line.heard().is_empty(), "not in yet");
    line.hears("<enabled xmlns='urn:xmpp:sm:3' id='1' resume='true'/>");
    assert_eq!(line.heard(), [ready("9f@visitors.localhost/web")]);
    assert!(line.said().is_empty());
}

#[test]
fn an_agent_gets_in_by_what_is_strongest() {
    let cases: [(&[&str], &str); 3] = [
        (&["PLAIN"], "PLAIN"),
        (&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], "SCRAM-SHA-1"),
        (&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"], "SCRAM-SHA-256"),
    ];
    for (offers, chosen) in cases {
        let mut line = Line::new(Party::Agent, settings());
        line.hears(OPEN);
        line.quiet();
        line.hears(&mechanisms(offers));
        let said = line.said();
        assert!(
            said[0].contains(&format!(" mechanism='{chosen}'>")),
            "{said:?}"
        );
        assert_eq!(said.len(), 1);
    }
    let mut line = Line::new(Party::Agent, settings());
    line.hears(OPEN);
    line.quiet();
    line.hears(&mechanisms(&["PLAIN"]));
    // Nothing, agent1, pencil.
    let auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>\
                AGFnZW50MQBwZW5jaWw=</auth>";
    assert_eq!(line.said(), [auth]);
}

/// The server's part of a proof is made with the other's own rules: what is tested is the order.
#[test]
fn an_agent_proves_a_password_and_so_does_the_server() {
    for offer in ["SCRAM-SHA-1", "SCRAM-SHA-256"] {
        for in_success in [true, false] {
            let mut line = Line::new(Party::Agent, settings());
            line.hears(OPEN);
            line.hears(&mechanisms(&[offer]));
            let first = decoded(line.said().last().unwrap());
            let nonce = first.strip_prefix("n,,n=agent1,r=").unwrap();
            let salt = format!("r={nonce}theirs,s=QSXCR+Q6sek8bf92,i=4096");
            line.hears(&coded("challenge", &salt));
            let last = decoded(&line.said()[0]);
            let proof = server_proof(offer == "SCRAM-SHA-1", &first, &salt, &last);
            if in_success {
                line.hears(&coded("success", &proof));
            } else {
                line.hears(&coded("challenge", &proof));
                let empty = "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
                assert_eq!(line.said(), [empty]);
                line.hears(SUCCESS);
            }
            assert!(line.said()[0].starts_with("<open "), "in");
        }
    }
}

#[test]
fn a_server_that_proves_nothing_is_left() {
    let mut line = Line::new(Party::Agent, settings());
    line.hears(OPEN);
    line.hears(&mechanisms(&["SCRAM-SHA-256"]));
    assert!(line.fails(SUCCESS).is_for_good());
    let first = decoded(line.said().last().unwrap());
    let nonce = first.strip_prefix("n,,n=agent1,r=").unwrap();
    line.hears(&coded("challenge", &format!("r={nonce}x,s=QSXC,i=4096")));
    let error = line.fails(SUCCESS);
    assert!(error.is_for_good(), "{error}");
    let error = line.fails(&coded("success", "v=AAAA"));
    assert!(error.plain().contains("does not prove"), "{error}");
}

#[test]
fn what_is_done_before_one_is_in_is_kept_back() {
    let mut line = Line::new(Party::Agent, settings());
    line.does(Deed::Online { limit: 2 });
    line.meets(1, PEER);
    line.does(Deed::Say {
        chat: 1,
        text: "hello",
    });
    line.gets_in(&["PLAIN"]);
    line.hears(&bound("agent1@agents.localhost/1"));
    line.quiet();
    line.hears("<failed xmlns='urn:xmpp:sm:3'/>");
    assert_eq!(
        line.heard(),
        [ready("agent1@agents.localhost/1"), Tidings::Online]
    );
    let said = line.said();
    assert!(
        said.len() == 1 && said[0].contains("<body>hello</body>"),
        "{said:?}"
    );
    let mut line = Line::new(Party::Agent, settings());
    let too_many = (0..100).map(|_| {
        let deed = Deed::Typing { chat: 1 };
        line.xmpp.act(line.now, deed, &mut line.out)
    });
    assert_eq!(too_many.filter(Result::is_err).count(), 36);
}

pub(super) fn coded(name: &str, text: &str) -> String {
    use base64::Engine as _;
    let text = base64::prelude::BASE64_STANDARD.encode(text);
    format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{text}</{name}>")
}

fn decoded(line: &str) -> String {
    use base64::Engine as _;
    let text = Element::read(line).unwrap().text;
    let bytes = base64::prelude::BASE64_STANDARD.decode(text).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn server_proof(is_sha1: bool, first: &str, salt: &str, last: &str) -> String {
    use base64::Engine as _;
    use ring::{hmac, pbkdf2};
    let (hmac, rounds, length) = if is_sha1 {
        (
            hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            pbkdf2::PBKDF2_HMAC_SHA1,
            20,
        )
    } else {
        (hmac::HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA256, 32)
    };
    let code = base64::prelude::BASE64_STANDARD;
    let mut salted = vec![0; length];
    let bytes = code.decode("QSXCR+Q6sek8bf92").unwrap();
    let count = 4096.try_into().unwrap();
    pbkdf2::derive(rounds, count, &bytes, b"pencil", &mut salted);
    let sign = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac, key), text.as_bytes());
    let server = sign(&salted, "Server Key");
    let unproved = last.split(",p=").next().unwrap();
    let signed = format!("{},{salt},{unproved}", first.strip_prefix("n,,").unwrap());
    format!("v={}", code.encode(sign(server.as_ref(), &signed)))
}
