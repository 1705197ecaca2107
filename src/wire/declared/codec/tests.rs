//! Owns what is expected of codecs: the words of each protocol, and hostile texts.
//!
//! Law: every codec is shown every text.

use super::*;
use crate::wire::declared::inner::Inner;
use crate::wire::declared::pointer::Pointer;
use proptest::prelude::*;
use serde_json::json;

fn decoded(codec: &Codec, text: &str) -> Result<Vec<Incoming>> {
    let mut all = Vec::new();
    codec.decode(text, &mut |one| all.push(one))?;
    assert!(!all.is_empty(), "{text}");
    Ok(all)
}

fn events(codec: &Codec, text: &str) -> Vec<Value> {
    let all = decoded(codec, text).unwrap().into_iter();
    let events = all.filter_map(|one| match one {
        Incoming::Event(event) => Some(event),
        _ => None,
    });
    events.collect()
}

fn all_codecs() -> Vec<Codec> {
    let pattern = Pattern::parse(r"^(?<word>\w+)(?: (?<rest>.*))?").unwrap();
    vec![
        Codec::Json,
        Codec::JsonArray,
        Codec::SocketIo,
        Codec::Text(pattern),
        Codec::Separator('\u{1e}'),
    ]
}

#[test]
fn json_is_one_event_and_an_array_is_many() {
    assert_eq!(events(&Codec::Json, "[1,2]"), [json!([1, 2])]);
    assert_eq!(events(&Codec::JsonArray, "[1,[2]]"), [json!(1), json!([2])]);
    assert_eq!(events(&Codec::JsonArray, " {\"a\":1}"), [json!({"a": 1})]);
    assert_eq!(
        decoded(&Codec::JsonArray, "[]").unwrap(),
        [Incoming::Nothing]
    );
    let error = decoded(&Codec::Json, "<html>\u{1b}[2J").unwrap_err();
    assert!(
        error
            .plain()
            .starts_with("the server sent what is no JSON: expected value")
    );
    assert!(!error.plain().contains('\u{1b}'));
}

#[test]
fn records_are_split() {
    let codec = Codec::Separator('\u{1e}');
    let text = "{}\u{1e}{\"type\":6}\u{1e}\u{1e}";
    assert_eq!(events(&codec, text), [json!({}), json!({"type": 6})]);
    assert_eq!(events(&codec, "7"), [json!(7)]);
    assert_eq!(decoded(&codec, "\u{1e}").unwrap(), [Incoming::Nothing]);
    assert_eq!(codec.encode("{}".to_string()), "{}\u{1e}");
    assert_eq!(Codec::Json.encode("{}".to_string()), "{}");
}

#[test]
fn groups_are_members() {
    let codec = &all_codecs()[3];
    let text = decoded(codec, "PING x y").unwrap();
    assert_eq!(
        text,
        [Incoming::Event(json!({"word": "PING", "rest": "x y"}))]
    );
    assert_eq!(events(codec, "PING"), [json!({"word": "PING"})]);
    assert_eq!(decoded(codec, "!").unwrap(), [Incoming::Nothing]);
}

#[test]
fn socket_io_opens_connects_and_gives_signs_of_life() {
    let opened = |ping_interval_ms, ping_timeout_ms, max_payload| Incoming::Opened {
        ping_interval_ms,
        ping_timeout_ms,
        max_payload,
    };
    let hello = r#"0{"sid":"x","upgrades":[],"pingInterval":9,"pingTimeout":5,"maxPayload":7}"#;
    let reply = |text: &'static str| Incoming::Reply(text.into());
    for (text, said) in [
        (hello, opened(9, 5, 7)),
        ("0{}", opened(25_000, 20_000, 1_000_000)),
        ("1", Incoming::Closed),
        ("2", reply("3")),
        ("2probe", reply("3probe")),
        ("3", Incoming::Nothing),
        ("6", Incoming::Nothing),
        ("40", Incoming::Connected),
        (r#"40/admin,{"sid":"y"}"#, Incoming::Connected),
        ("41", Incoming::Closed),
        ("41/admin,", Incoming::Closed),
        (
            r#"44{"message":"no"}"#,
            Incoming::Refused(json!({"message": "no"})),
        ),
        (r#"44/admin,"no""#, Incoming::Refused(json!("no"))),
    ] {
        assert_eq!(decoded(&Codec::SocketIo, text).unwrap(), [said], "{text}");
    }
}

#[test]
fn socket_io_has_events_and_acks() {
    let event =
        |name, data, args| Incoming::Event(json!({"event": name, "data": data, "args": args}));
    let reply = |text: &'static str| Incoming::Reply(text.into());
    let ack = |id, data| Incoming::Ack { id, data };
    for (text, said) in [
        (
            r#"42["a",{"b":1}]"#,
            vec![event("a", json!({"b": 1}), json!([{"b": 1}]))],
        ),
        (r#"42["a"]"#, vec![event("a", json!(null), json!([]))]),
        (
            r#"42/ns,["a",1,2]"#,
            vec![event("a", json!(1), json!([1, 2]))],
        ),
        (
            r#"4212["a",1]"#,
            vec![reply("4312[]"), event("a", json!(1), json!([1]))],
        ),
        (
            r#"42/n/s,0["a"]"#,
            vec![reply("43/n/s,0[]"), event("a", json!(null), json!([]))],
        ),
        (r#"431[{"pos":2}]"#, vec![ack(1, json!({"pos": 2}))]),
        (r#"43/ns,12[null,"id"]"#, vec![ack(12, json!([null, "id"]))]),
        ("430[]", vec![ack(0, json!([]))]),
    ] {
        assert_eq!(decoded(&Codec::SocketIo, text).unwrap(), said, "{text}");
    }
}

#[test]
fn what_is_no_packet_is_an_error() {
    for text in [
        "",
        "5",
        "7",
        "b",
        "x",
        "0",
        "0{",
        "1x",
        "2x",
        "4",
        "49",
        "42",
        "42{}",
        "42[]",
        "42[1]",
        "42[\"a\"",
        "42/ns",
        "43[]",
        "431{}",
        "43999999999999999999999[]",
        "44{",
        "451-[\"a\"]",
        "461-[]",
        "é",
        "4é",
        "42é",
        "42[\"\\ud800\"]",
    ] {
        assert!(decoded(&Codec::SocketIo, text).is_err(), "{text}");
    }
    assert!(
        decoded(&Codec::SocketIo, "451-[\"a\"]")
            .unwrap_err()
            .is_for_good()
    );
}

#[test]
fn packets_are_written() {
    assert_eq!(
        socket_io::emit("", "say", r#"{"a":1}"#, None),
        r#"42["say",{"a":1}]"#
    );
    assert_eq!(socket_io::emit("/", "a\"b", "", Some(7)), r#"427["a\"b"]"#);
    assert_eq!(
        socket_io::emit("/ns", "say", "1", Some(0)),
        r#"42/ns,0["say",1]"#
    );
    assert_eq!(socket_io::connect("", ""), "40");
    assert_eq!(
        socket_io::connect("/ns", r#"{"token":"x"}"#),
        r#"40/ns,{"token":"x"}"#
    );
}

#[test]
fn depth_is_bounded() {
    let deep = "[".repeat(200_000);
    for codec in [Codec::Json, Codec::JsonArray, Codec::Separator('|')] {
        assert!(decoded(&codec, &deep).is_err());
    }
    for before in ["0", "42", "431", "44"] {
        assert!(decoded(&Codec::SocketIo, &format!("{before}{deep}")).is_err());
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        for codec in all_codecs() {
            let _ = decoded(&codec, &text);
        }
    }

    #[test]
    fn what_is_nearly_a_packet_is_read_or_refused(
        text in "[0-6]?[0-6]?(/[a-z,]{0,3})?[0-9]{0,3}[\\[\\]{}\",:a0\u{1e}\\\\ ]{0,12}",
    ) {
        let mut inner = Inner::new();
        inner.add(Pointer::parse("/args/*").unwrap()).unwrap();
        for codec in all_codecs() {
            for one in decoded(&codec, &text).unwrap_or_default() {
                if let Incoming::Event(mut event) = one {
                    inner.open(&mut event);
                }
            }
        }
    }

    #[test]
    fn what_is_sent_is_what_is_heard(name in any::<String>(), said in any::<String>(), id: u64) {
        let data = json!({"said": said});
        let packet = socket_io::emit("/ns", &name, &data.to_string(), Some(id));
        let reply = Incoming::Reply(format!("43/ns,{id}[]").into());
        let args = json!([data]);
        let event = Incoming::Event(json!({"event": name, "data": data, "args": args}));
        prop_assert_eq!(decoded(&Codec::SocketIo, &packet).unwrap(), [reply, event]);
    }
}
