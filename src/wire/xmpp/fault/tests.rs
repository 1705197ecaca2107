//! Owns how conversations go wrong.
//!
//! Law: what goes out is compared word for word, since that is what a server sees.

use super::super::tests::*;
use crate::wire::frame::Party;
use proptest::prelude::*;

fn refused(kind: &str, chat: Option<u64>) -> Tidings {
    let kind = kind.to_owned();
    Tidings::Refused { chat, kind }
}

fn throttled(kind: &str) -> Tidings {
    Tidings::Throttled {
        kind: kind.to_owned(),
        retry_after: None,
    }
}

fn error(kind: &str, condition: &str) -> String {
    let namespace = "urn:ietf:params:xml:ns:xmpp-stanzas";
    format!(
        "<error type='{kind}'><text xmlns='{namespace}'>no</text>\
         <{condition} xmlns='{namespace}'/></error>"
    )
}

#[test]
fn refusals_are_heard_by_their_condition() {
    let mut line = Line::customer(settings());
    line.meets(0, PEER);
    let from = "xmlns='jabber:client' from='9f@visitors.localhost/web' type='error' id='m1'";
    let kinds = [
        (
            "wait",
            "recipient-unavailable",
            refused("recipient-unavailable", Some(0)),
        ),
        (
            "cancel",
            "service-unavailable",
            refused("service-unavailable", Some(0)),
        ),
        ("cancel", "x-thing", refused("undefined-condition", Some(0))),
        ("wait", "x-thing", throttled("undefined-condition")),
        ("modify", "policy-violation", throttled("policy-violation")),
        (
            "cancel",
            "resource-constraint",
            throttled("resource-constraint"),
        ),
    ];
    for (kind, condition, tidings) in kinds {
        line.hears(&format!(
            "<message {from}><body>x</body>{}</message>",
            error(kind, condition)
        ));
        assert_eq!(line.heard(), [tidings], "{condition}");
    }
    for name in ["iq", "presence"] {
        line.hears(&format!(
            "<{name} {from}>{}</{name}>",
            error("auth", "forbidden")
        ));
        assert_eq!(line.heard(), [refused("forbidden", None)]);
    }
    line.hears(&format!("<message {from}/>"));
    assert_eq!(line.heard(), [refused("undefined-condition", Some(0))]);
    assert!(line.said().is_empty());
}

#[test]
fn a_refused_login_is_for_good() {
    let mut line = Line::new(Party::Agent, settings());
    line.hears(OPEN);
    line.hears(&mechanisms(&["PLAIN"]));
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/>\
                   <text>'pencil' is\u{200b} wrong</text></failure>";
    let error = line.fails(failure);
    assert!(error.is_for_good() && error.remedy().is_some());
    let what = "the server refused the login: not-authorized ('***' is wrong)";
    assert_eq!(error.plain(), what);
    let passes = failure.replace("not-authorized", "temporary-auth-failure");
    assert!(!line.fails(&passes).is_for_good());
}

#[test]
fn a_server_that_offers_no_way_in_is_left() {
    for (party, plain, offers) in [
        (Party::Customer, true, &["PLAIN", "SCRAM-SHA-1"][..]),
        (Party::Customer, true, &[]),
        (Party::Agent, true, &["ANONYMOUS", "X-TOKEN"]),
        (Party::Agent, false, &["PLAIN"]),
    ] {
        let allow_plain = plain;
        let mut line = Line::new(
            party,
            Settings {
                allow_plain,
                ..settings()
            },
        );
        line.hears(OPEN);
        line.quiet();
        let error = line.fails(&mechanisms(offers));
        assert!(error.is_for_good() && error.remedy().is_some(), "{error}");
        assert!(line.said().is_empty());
    }
    let nobody = Settings::default();
    let mut agent = Xmpp::new(who(Party::Agent), Arc::new(nobody));
    let mut out = Effects::default();
    assert!(
        agent
            .start(Duration::ZERO, &mut out)
            .unwrap_err()
            .is_for_good()
    );
    assert!(out.opening.is_none());
}

#[test]
fn the_server_may_end_the_stream() {
    let cases = [
        (
            "<host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>",
            "host-unknown",
            true,
        ),
        (
            "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>",
            "conflict",
            false,
        ),
        (
            "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>b.c:1</see-other-host>",
            "see-other-host: b.c:1",
            true,
        ),
        ("", "no reason given", false),
    ];
    for (said, condition, for_good) in cases {
        let mut line = Line::agent(settings());
        let error = line.fails(&format!(
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>{said}</stream:error>"
        ));
        assert_eq!(
            error.plain(),
            format!("the server ended the stream: {condition}")
        );
        assert_eq!(error.is_for_good(), for_good, "{condition}");
        assert!(
            line.xmpp.resumption(line.now).is_none(),
            "it ended the session as well"
        );
    }
    let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'";
    let error = Line::customer(settings()).fails(&format!("{close}/>"));
    assert!(!error.is_for_good());
    let error =
        Line::new(Party::Agent, settings()).fails(&format!("{close} see-other-uri='ws:'/>"));
    assert!(
        error.is_for_good() && error.plain().ends_with("see-other-uri: ws:"),
        "{error}"
    );
}

#[test]
fn what_is_out_of_turn_ends_the_connection() {
    let mut line = Line::new(Party::Customer, settings());
    for early in [
        SUCCESS,
        &features(),
        "<resumed xmlns='urn:xmpp:sm:3' h='1'/>",
        "<open/>x",
    ] {
        assert!(
            line.xmpp.hear(line.now, early, &mut line.out).is_err(),
            "{early}"
        );
    }
    line.hears(OPEN);
    assert!(
        line.fails(OPEN)
            .plain()
            .contains("'open' where what it offers was due")
    );
    line.hears(&bound("somebody@else/1"));
    assert!(line.heard().is_empty(), "not asked for");
    line.hears(&mechanisms(&["ANONYMOUS"]));
    line.hears(&coded("challenge", ""));
    line.hears(SUCCESS);
    line.hears(OPEN);
    line.hears(&features());
    let no = format!(
        "<iq xmlns='jabber:client' type='error' id='bind'>{}</iq>",
        error("cancel", "not-allowed")
    );
    assert!(line.fails(&no).is_for_good());
    assert!(
        !line
            .fails(&no.replace("not-allowed", "resource-constraint"))
            .is_for_good()
    );
    assert!(
        line.fails(&bound(" "))
            .plain()
            .contains("an address that is none")
    );
    line.hears(&bound("a@b/c"));
    assert!(
        line.fails("<a xmlns='urn:xmpp:sm:3' h='0'/>")
            .plain()
            .contains("'a'")
    );
}

#[test]
fn each_step_has_its_time() {
    let mut line = Line::new(Party::Customer, settings());
    assert_eq!(line.xmpp.deadline(), Some(Duration::from_secs(30)));
    line.after(29);
    line.xmpp.wake(line.now, &mut line.out).unwrap();
    line.hears(OPEN);
    assert_eq!(line.xmpp.deadline(), Some(Duration::from_secs(59)));
    line.after(30);
    let error = line.xmpp.wake(line.now, &mut line.out).unwrap_err();
    assert_eq!(
        error.plain(),
        "the server did not give what it offers within 30 s"
    );
    let asleep = Xmpp::new(who(Party::Customer), Arc::new(settings()));
    assert_eq!(asleep.deadline(), None);
}

proptest! {
    #[test]
    fn nothing_that_is_heard_panics(
        stage in 0usize..6,
        name in "message|iq|presence|r|a|open|close|error|features|enabled|failed|success",
        space in 0usize..9,
        key in "id|h|type|resume",
        value in "m1|0|99|error|get|result|bind|true|2",
        from in "( from='9f@visitors.localhost/web')?",
        inner in "(<(body|composing|gone|error|bind|jid) ?/>|[a-zA-Z0-9=]{0,8}){0,3}",
    ) {
        const SPACES: [Namespace; 9] = [
            Namespace::Client,
            Namespace::Framing,
            Namespace::Streams,
            Namespace::Sasl,
            Namespace::Bind,
            Namespace::Management,
            Namespace::Receipts,
            Namespace::ChatStates,
            Namespace::Ping,
        ];
        let offer = if stage > 2 { "PLAIN" } else { "SCRAM-SHA-1" };
        let mut line = Line::new(Party::Agent, settings());
        let (offers, features) = (mechanisms(&[offer]), features());
        let way = [OPEN, &offers, SUCCESS, OPEN, &features];
        if stage == 5 {
            line = Line::agent(settings());
            line.meets(1, PEER);
        } else {
            for text in &way[..stage] {
                let _ = line.xmpp.hear(line.now, text, &mut line.out);
            }
        }
        let space = SPACES[space].uri();
        let heard = format!("<{name} xmlns='{space}' {key}='{value}'{from}>{inner}</{name}>");
        let _ = line.xmpp.hear(line.now, &heard, &mut line.out);
        let _ = line.xmpp.hear(line.now, &heard, &mut line.out);
        let _ = line.xmpp.resumption(line.now);
    }
}
