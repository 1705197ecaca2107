//! What a test's options make of Prosody.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::line::Line;
use super::{PASSWORD, Prosody, Server, prosody};

/// Opens a stream and hears what the host offers.
fn offered(line: &mut Line, host: &str) -> String {
    line.say(format!(
        r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="{host}" version="1.0"/>"#
    ));
    assert!(line.hear().starts_with("<open "));
    line.hear()
}

/// Says who it is, and is in.
fn authenticate(line: &mut Line, host: &str, mechanism: &str, proof: &str) {
    line.say(format!(
        r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="{mechanism}">{proof}</auth>"#
    ));
    let heard = line.hear();
    assert!(heard.starts_with("<success "), "{heard}");
    assert!(offered(line, host).contains("xmpp-bind"));
    line.say(
        r#"<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>"#,
    );
    line.hear_of("<jid>");
}

/// A customer who is in.
pub fn customer(server: &Server) -> Line {
    let mut line = Line::open(server, Some("xmpp"));
    let offered = offered(&mut line, "visitors.localhost");
    assert!(offered.contains(">ANONYMOUS<"), "{offered}");
    authenticate(&mut line, "visitors.localhost", "ANONYMOUS", "");
    line
}

#[test]
#[ignore = "needs a real server"]
fn agents_say_their_password_or_prove_it() {
    let mut options = Prosody {
        agents: 3,
        nagle: true,
        ..Prosody::default()
    };
    let Some(server) = prosody(options) else {
        return;
    };
    let mut line = Line::open(&server, Some("xmpp"));
    let offer = offered(&mut line, "agents.localhost");
    assert!(
        offer.contains(">PLAIN<") && !offer.contains("SCRAM"),
        "{offer}"
    );
    let proof = STANDARD.encode(format!("\0agent3\0{PASSWORD}"));
    authenticate(&mut line, "agents.localhost", "PLAIN", &proof);

    options.scram = true;
    let server = prosody(options).expect("it was there before");
    let mut line = Line::open(&server, Some("xmpp"));
    let offer = offered(&mut line, "agents.localhost");
    assert!(
        offer.contains(">SCRAM-SHA-1<") && !offer.contains("PLAIN"),
        "{offer}"
    );
    // The server's challenge has the account's salt in it: there is such an account.
    let first = STANDARD.encode("n,,n=agent3,r=abc");
    line.say(format!(
        r#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-1">{first}</auth>"#
    ));
    let heard = line.hear();
    assert!(heard.starts_with("<challenge "), "{heard}");
}

/// 60 kB at once: 20 kB of them may come in a burst, the rest comes at 10 kB/s.
#[test]
#[ignore = "needs a real server"]
fn limits_hold_a_session_to_ten_kilobytes_a_second() {
    let took = |limits| {
        let options = Prosody {
            limits,
            ..Prosody::default()
        };
        let server = prosody(options)?;
        let mut line = customer(&server);
        let id = "x".repeat(1_900);
        let began = Instant::now();
        for _ in 0..30 {
            line.say(format!(
                r#"<iq xmlns="jabber:client" type="get" id="{id}"><ping xmlns="urn:xmpp:ping"/></iq>"#
            ));
        }
        for _ in 0..30 {
            line.hear_of(&id);
        }
        Some(began.elapsed())
    };
    let Some(free) = took(false) else { return };
    let held = took(true).expect("it was there before");
    println!("60 kB took {free:?} without limits, {held:?} with them");
    assert!(held > Duration::from_millis(2_500), "{held:?}");
    assert!(free < held / 4, "{free:?} {held:?}");
}
