//! Owns what is said between people who are in.
//!
//! Law: what goes out is compared word for word, since that is what a server sees.

use super::super::tests::*;
use crate::wire::frame::Party;

#[test]
fn a_message_goes_out_and_is_confirmed() {
    let mut line = Line::customer(settings());
    let peer = "agent1@agents.localhost/r&1";
    line.meets(0, peer);
    assert!(line.said().is_empty() && line.heard().is_empty());
    line.does(Deed::Say {
        chat: 0,
        text: "bh-00c0ffee-c17-0-u-3 a < b",
    });
    let said = "<message xmlns='jabber:client' type='chat' id='m1' \
                to='agent1@agents.localhost/r&amp;1'>\
                <body>bh-00c0ffee-c17-0-u-3 a &lt; b</body>\
                <active xmlns='http://jabber.org/protocol/chatstates'/>\
                <request xmlns='urn:xmpp:receipts'/></message>";
    assert_eq!(line.said(), [said]);
    line.after(2);
    let confirms = "<message xmlns='jabber:client' from='agent1@agents.localhost/r&amp;1' id='7'>\
                    <received xmlns='urn:xmpp:receipts' id='m1'/></message>";
    line.hears(confirms);
    let after = Duration::from_secs(2);
    assert_eq!(line.heard(), [Tidings::Received { after }]);
    line.hears(confirms);
    assert!(line.heard().is_empty(), "only once");
    for wrong in ["m2", "n1", "m", "", "mm1", "m-1"] {
        line.hears(&confirms.replace("'m1'", &format!("'{wrong}'")));
    }
    assert!(line.heard().is_empty() && line.said().is_empty());
    line.does(Deed::Typing { chat: 0 });
    let typing = "<message xmlns='jabber:client' type='chat' id='n2' \
                  to='agent1@agents.localhost/r&amp;1'>\
                  <composing xmlns='http://jabber.org/protocol/chatstates'/></message>";
    assert_eq!(line.said(), [typing]);
    line.does(Deed::Close { chat: 0 });
    assert!(line.said()[0].contains("<gone xmlns='http://jabber.org/protocol/chatstates'/>"));
    line.does(Deed::Close { chat: 0 });
    line.does(Deed::Typing { chat: 0 });
    assert!(line.said().is_empty(), "it is forgotten");
    line.does(Deed::Say { chat: 0, text: "x" });
    let kind = "nobody to say it to".to_owned();
    assert_eq!(
        line.heard(),
        [Tidings::Refused {
            chat: Some(0),
            kind
        }]
    );
    assert!(line.said().is_empty());
}

#[test]
fn what_is_switched_off_is_not_said() {
    let mut line = Line::customer(Settings {
        receipts: false,
        chat_states: false,
        ..settings()
    });
    line.meets(0, PEER);
    line.does(Deed::Typing { chat: 0 });
    line.does(Deed::Say {
        chat: 0,
        text: "hello",
    });
    line.hears(&format!(
        "<message {MESSAGE} id='1'><body>x</body><request xmlns='urn:xmpp:receipts'/></message>"
    ));
    line.does(Deed::Close { chat: 0 });
    let said = "<message xmlns='jabber:client' type='chat' id='m1' to='9f@visitors.localhost/web'>\
                <body>hello</body></message>";
    assert_eq!(line.said(), [said]);
    assert_eq!(line.heard(), [message(0, "x")]);
}

#[test]
fn a_message_is_heard_and_confirmed() {
    let mut line = Line::customer(settings());
    line.meets(3, PEER);
    line.hears(&format!(
        "<message {MESSAGE} id='a&lt;1'><body>hello &amp; you</body>\
         <request xmlns='urn:xmpp:receipts'/>\
         <delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25.25Z'/></message>"
    ));
    let confirms = "<message xmlns='jabber:client' type='chat' id='n1' \
                    to='9f@visitors.localhost/web'>\
                    <received xmlns='urn:xmpp:receipts' id='a&lt;1'/></message>";
    assert_eq!(line.said(), [confirms]);
    let heard = Tidings::Message {
        chat: Some(3),
        text: "hello & you".to_owned(),
        server_ms: Some(1_031_699_305_250),
    };
    assert_eq!(line.heard(), [heard]);
    line.hears(&format!(
        "<message {MESSAGE}><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
    ));
    assert_eq!(line.heard(), [Tidings::Typing { chat: Some(3) }]);
    line.hears(&format!(
        "<message {MESSAGE}><gone xmlns='http://jabber.org/protocol/chatstates'/></message>"
    ));
    assert_eq!(line.heard(), [Tidings::Closed { chat: 3 }]);
    assert!(line.said().is_empty());
}

#[test]
fn who_is_not_met_yet_is_heard_later() {
    let mut line = Line::customer(settings());
    line.hears(&format!("<message {MESSAGE}><body>one</body></message>"));
    line.hears(&format!(
        "<message {}><body>other</body></message>",
        MESSAGE.replace("web", "x")
    ));
    line.hears(&format!("<message {MESSAGE}><body>two</body></message>"));
    line.hears(&format!(
        "<message {MESSAGE}><composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
    ));
    assert!(line.heard().is_empty());
    line.meets(1, PEER);
    assert_eq!(line.heard(), [message(1, "one"), message(1, "two")]);
    line.hears(&format!("<message {MESSAGE}><body>three</body></message>"));
    assert_eq!(line.heard(), [message(1, "three")]);
    // Met anew, in another chat.
    line.meets(2, PEER);
    line.hears(&format!("<message {MESSAGE}><body>four</body></message>"));
    assert_eq!(line.heard(), [message(2, "four")]);
    line.does(Deed::Free { chat: 2 });
    line.hears(&format!("<message {MESSAGE}><body>five</body></message>"));
    assert!(line.heard().is_empty() && line.said().is_empty());
}

#[test]
fn strangers_are_not_kept_without_bound() {
    let mut line = Line::customer(settings());
    for at in 0..100 {
        line.hears(&format!("<message {MESSAGE}><body>{at}</body></message>"));
    }
    line.meets(1, PEER);
    let heard = line.heard();
    assert_eq!((heard.len(), &heard[0]), (64, &message(1, "36")));
    let notes = line.out.notes.unwrap();
    assert!(
        notes.last().unwrap().starts_with("36 messages"),
        "{notes:?}"
    );
}

#[test]
fn what_is_for_nobody_in_particular_is_let_pass() {
    let mut line = Line::customer(settings());
    line.meets(0, PEER);
    for other in [
        "<message xmlns='jabber:client' from='9f@visitors.localhost/web' type='groupchat'>\
         <body>x</body></message>",
        "<message xmlns='jabber:client' from='me@visitors.localhost'>\
         <sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
         <message xmlns='jabber:client' from='9f@visitors.localhost/web'><body>x</body></message>\
         </forwarded></sent></message>",
        "<presence xmlns='jabber:client' from='9f@visitors.localhost/web'/>",
        "<message xmlns='jabber:client'/>",
        "<iq xmlns='jabber:client' type='result' id='other'/>",
        "<iq xmlns='jabber:client'/>",
        "<what xmlns='urn:else'/>",
        "<a xmlns='urn:xmpp:sm:3' h='77'/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
    ] {
        line.hears(other);
        assert!(line.heard().is_empty() && line.said().is_empty(), "{other}");
    }
    assert!(
        line.xmpp
            .answered(line.now, 1, Err(Error::failed("x")), &mut line.out)
            .is_ok()
    );
}

#[test]
fn queries_are_answered() {
    let mut line = Line::customer(settings());
    line.hears(
        "<iq xmlns='jabber:client' type='get' id='1' from='visitors.localhost'>\
         <ping xmlns='urn:xmpp:ping'/></iq>",
    );
    let pong = "<iq xmlns='jabber:client' type='result' id='1' to='visitors.localhost'/>";
    assert_eq!(line.said(), [pong]);
    for kind in ["get", "set"] {
        line.hears(&format!(
            "<iq xmlns='jabber:client' type='{kind}' id='2'><query xmlns='jabber:iq:roster'/></iq>"
        ));
        let unknown = "<iq xmlns='jabber:client' type='error' id='2'><error type='cancel'>\
                       <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
                       </error></iq>";
        assert_eq!(line.said(), [unknown]);
    }
    assert!(line.heard().is_empty());
}

#[test]
fn what_is_said_back_is_short() {
    let mut line = Line::customer(settings());
    let id = "x".repeat(600);
    line.hears(&format!("<iq xmlns='jabber:client' type='get' id='{id}'/>"));
    let request = "<body>x</body><request xmlns='urn:xmpp:receipts'/>";
    line.hears(&format!("<message {MESSAGE} id='{id}'>{request}</message>"));
    let from = format!("a@b/{}", "x".repeat(4_000));
    line.hears(&format!(
        "<message xmlns='jabber:client' id='1' from='{from}'>{request}</message>"
    ));
    assert!(line.said().is_empty());
}

#[test]
fn what_is_small_and_comes_back_is_missed_by_nobody() {
    let mut line = Line::customer(settings());
    let error = |id: &str, condition: &str| {
        format!(
            "<message xmlns='jabber:client' type='error' id='{id}' from='a@b/c'><error type='wait'>\
             <{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    };
    line.hears(&error("n1", "recipient-unavailable"));
    assert!(line.heard().is_empty());
    for (id, condition) in [
        ("m1", "recipient-unavailable"),
        ("n1", "policy-violation"),
        ("", "recipient-unavailable"),
    ] {
        line.hears(&error(id, condition));
        assert_eq!(line.heard().len(), 1, "{id} {condition}");
    }
}

#[test]
fn silence_is_asked_about() {
    let mut line = Line::customer(settings());
    assert_eq!(line.xmpp.deadline(), Some(Duration::from_secs(60)));
    line.after(59);
    line.xmpp.wake(line.now, &mut line.out).unwrap();
    assert!(line.said().is_empty(), "not due");
    line.after(1);
    line.xmpp.wake(line.now, &mut line.out).unwrap();
    let ping = "<iq xmlns='jabber:client' type='get' id='p1' to='visitors.localhost'>\
                <ping xmlns='urn:xmpp:ping'/></iq>";
    assert_eq!(line.said(), [ping]);
    assert_eq!(line.xmpp.deadline(), Some(Duration::from_secs(90)));
    line.after(1);
    let unknown = "<iq xmlns='jabber:client' type='error' id='p1'><error type='cancel'>\
                   <service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    line.hears(unknown);
    assert!(line.heard().is_empty(), "that is a sign of life, too");
    assert_eq!(line.xmpp.deadline(), Some(Duration::from_secs(121)));
    line.after(60);
    line.xmpp.wake(line.now, &mut line.out).unwrap();
    line.after(30);
    let error = line.xmpp.wake(line.now, &mut line.out).unwrap_err();
    assert!(
        error.plain().contains("no sign of life within 30 s"),
        "{error}"
    );
    let never = Line::customer(Settings {
        ping_s: 0,
        ..settings()
    });
    assert_eq!(never.xmpp.deadline(), None);
}

#[test]
fn the_end_is_said_in_due_form() {
    let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
    let mut line = Line::customer(settings());
    line.does(Deed::Bye);
    assert_eq!(line.said(), [close]);
    assert_eq!(line.xmpp.deadline(), None);
    line.hears(close);
    line.does(Deed::Bye);
    line.does(Deed::Say { chat: 0, text: "x" });
    assert!(line.said().is_empty() && line.heard().is_empty());
    assert!(line.xmpp.resumption(line.now).is_none());
    let mut line = Line::new(Party::Customer, settings());
    line.quiet();
    line.does(Deed::Bye);
    assert_eq!(line.said(), [close]);
    let mut unbegun = Xmpp::new(who(Party::Customer), Arc::new(settings()));
    let mut out = Effects::default();
    unbegun.act(Duration::ZERO, Deed::Bye, &mut out).unwrap();
    assert!(out.sends.is_empty());
}
