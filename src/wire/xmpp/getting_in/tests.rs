//! Owns acknowledgements, and how a lost connection goes on.
//!
//! Law: what goes out is compared word for word, since that is what a server sees.

use super::super::tests::*;
use crate::wire::frame::Party;

const ASK: &str = "<r xmlns='urn:xmpp:sm:3'/>";

fn after(seconds: u64) -> Tidings {
    let after = Duration::from_secs(seconds);
    Tidings::Acknowledged { after }
}

#[test]
fn each_message_is_acknowledged() {
    let mut line = Line::agent(settings());
    line.meets(1, PEER);
    line.does(Deed::Say {
        chat: 1,
        text: "one",
    });
    assert_eq!(line.said().last().unwrap(), ASK);
    line.after(1);
    line.does(Deed::Typing { chat: 1 });
    line.does(Deed::Say {
        chat: 1,
        text: "two",
    });
    assert_eq!(line.said().len(), 3);
    line.after(1);
    line.hears("<a xmlns='urn:xmpp:sm:3' h='1'/>");
    assert_eq!(line.heard(), [after(2)]);
    line.hears("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert_eq!(line.heard(), [after(1)]);
    line.hears("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert!(line.heard().is_empty());
    let error = line.fails("<a xmlns='urn:xmpp:sm:3' h='4'/>");
    assert!(error.plain().contains("more than was said"), "{error}");
}

#[test]
fn what_is_heard_is_counted() {
    let mut line = Line::agent(settings());
    line.hears(ASK);
    line.hears(&format!("<message {MESSAGE}><body>x</body></message>"));
    line.hears("<presence xmlns='jabber:client'/>");
    line.hears("<iq xmlns='jabber:client' type='result' id='1'/>");
    line.hears("<message xmlns='urn:else'/>");
    line.hears("<a xmlns='urn:xmpp:sm:3' h='0'/>");
    line.hears(ASK);
    let said = [
        "<a xmlns='urn:xmpp:sm:3' h='0'/>",
        "<a xmlns='urn:xmpp:sm:3' h='3'/>",
    ];
    assert_eq!(line.said(), said);
}

#[test]
fn a_lost_connection_goes_on_where_it_was() {
    let mut line = Line::agent(settings());
    line.meets(1, PEER);
    line.hears(&format!("<message {MESSAGE}><body>x</body></message>"));
    line.after(10);
    for text in ["one", "two"] {
        line.does(Deed::Say { chat: 1, text });
    }
    let said = line.said();
    line.after(1);
    let lost = line.xmpp.resumption(line.now).unwrap();
    assert_eq!(lost.kept_for(), Some(Duration::from_secs(600)));
    assert_eq!(lost.location(), None);
    assert!(line.xmpp.resumption(line.now).is_none(), "it was taken");

    let ago = Duration::from_secs(5);
    let settings = Arc::new(settings());
    let next = Xmpp::resuming(who(Party::Agent), Arc::clone(&settings), lost, ago);
    let mut line = Line::of(next);
    line.after(2);
    // Lost again on the way.
    let lost = line.xmpp.resumption(line.now).unwrap();
    let mut line = Line::of(Xmpp::resuming(who(Party::Agent), settings, lost, ago));
    line.does(Deed::Say {
        chat: 1,
        text: "three",
    });
    line.gets_in(&["PLAIN"]);
    let resume = "<resume xmlns='urn:xmpp:sm:3' h='1' previd='s1'/>";
    assert_eq!(line.said().last().unwrap(), resume);
    line.after(3);
    line.hears("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='s1'/>");
    assert_eq!(
        line.heard(),
        [after(16), ready("agent1@agents.localhost/1")]
    );
    let again = line.said();
    assert_eq!(
        again[..2],
        [said[2].clone(), ASK.to_owned()],
        "the second, as it was"
    );
    assert!(again[2].contains("<body>three</body>") && again[2].contains(" id='m3' "));
    line.hears(&format!(
        "<message {MESSAGE}><received xmlns='urn:xmpp:receipts' id='m2'/></message>"
    ));
    let received = Duration::from_secs(16);
    assert_eq!(line.heard(), [Tidings::Received { after: received }]);
    line.hears("<a xmlns='urn:xmpp:sm:3' h='3'/>");
    assert_eq!(line.heard(), [after(16), after(0)]);
    line.hears(&format!("<message {MESSAGE}><body>y</body></message>"));
    assert_eq!(line.heard(), [message(1, "y")]);
}

#[test]
fn a_session_that_is_gone_begins_anew() {
    for failed in [
        "<failed xmlns='urn:xmpp:sm:3' h='1'/>",
        "<failed xmlns='urn:xmpp:sm:3'><item-not-found/></failed>",
    ] {
        let mut line = Line::agent(settings());
        line.meets(1, PEER);
        line.does(Deed::Say {
            chat: 1,
            text: "one",
        });
        let lost = line.xmpp.resumption(line.now).unwrap();
        let ago = Duration::from_secs(5);
        let settings = Arc::new(settings());
        let mut line = Line::of(Xmpp::resuming(who(Party::Agent), settings, lost, ago));
        line.gets_in(&["PLAIN"]);
        line.quiet();
        line.hears(failed);
        assert!(line.said()[0].starts_with("<iq "), "asks for an address");
        let expected: &[Tidings] = if failed.contains('h') && failed.contains("'1'") {
            &[after(5)]
        } else {
            &[]
        };
        assert_eq!(line.heard(), expected);
        line.hears(&bound("agent1@agents.localhost/2"));
        line.hears("<enabled xmlns='urn:xmpp:sm:3' id='s2' resume='1'/>");
        assert_eq!(line.heard(), [ready("agent1@agents.localhost/2")]);
        line.quiet();
        line.does(Deed::Say {
            chat: 1,
            text: "two",
        });
        assert!(
            line.said()[0].contains("id='m2'"),
            "who was met is known still"
        );
        line.hears("<a xmlns='urn:xmpp:sm:3' h='1'/>");
        assert_eq!(line.heard(), [after(0)]);
        assert!(line.xmpp.resumption(line.now).is_some());
    }
}

#[test]
fn without_stream_management_there_is_nothing_to_resume() {
    let mut line = Line::customer(settings());
    assert!(line.xmpp.resumption(line.now).is_none());
    let mut line = Line::new(Party::Customer, settings());
    assert!(
        line.xmpp.resumption(line.now).is_none(),
        "nothing to go on with"
    );
}
