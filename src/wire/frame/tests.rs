//! Frames to text and back; and texts that are none.

use proptest::prelude::*;

use super::*;
use crate::wire::clean;

fn hello() -> impl Strategy<Value = Hello> {
    let counts = (
        any::<u32>(),
        any::<Option<u32>>(),
        any::<u32>(),
        any::<u64>(),
        any::<(u8, Option<u64>, Option<u64>, Option<u64>)>(),
    );
    (any::<String>(), any::<String>(), counts).prop_map(|(server, policy, counts)| Hello {
        protocol: counts.0,
        server,
        policy,
        queue_limit: counts.1,
        frame_limit: counts.2,
        idle_ms: counts.3,
        levels: counts.4.0,
        age_after_ms: counts.4.1,
        inactivity_ms: counts.4.2,
        kept_ms: counts.4.3,
    })
}

fn from_customer() -> impl Strategy<Value = FromCustomer> {
    prop_oneof![
        any::<(String, Option<String>, u8, Option<String>)>().prop_map(
            |(marker, text, priority, ticket)| {
                FromCustomer::Open {
                    marker,
                    text,
                    priority,
                    ticket,
                }
            }
        ),
        (any::<String>(), any::<u32>())
            .prop_map(|(ticket, heard)| FromCustomer::Resume { ticket, heard }),
        any::<(u32, String, u32)>().prop_map(|(seq, text, heard)| FromCustomer::Say {
            seq,
            text,
            heard
        }),
        Just(FromCustomer::Typing {}),
        Just(FromCustomer::Leave {}),
    ]
}

fn to_customer() -> impl Strategy<Value = ToCustomer> {
    let party = prop_oneof![
        Just(Party::Customer),
        Just(Party::Agent),
        Just(Party::Server)
    ];
    prop_oneof![
        hello().prop_map(|hello| ToCustomer::Hello(hello.into())),
        any::<(u32, u32)>().prop_map(|(got, missed)| ToCustomer::Resumed { got, missed }),
        Just(ToCustomer::Gone {}),
        any::<u32>().prop_map(|position| ToCustomer::Queued { position }),
        any::<u32>().prop_map(|agent| ToCustomer::Assigned { agent }),
        (any::<u32>(), any::<String>()).prop_map(|(seq, text)| ToCustomer::Message { seq, text }),
        Just(ToCustomer::Typing {}),
        any::<String>().prop_map(|reason| ToCustomer::Rejected { reason }),
        party.prop_map(|by| ToCustomer::Closed { by }),
        any::<String>().prop_map(|reason| ToCustomer::Error { reason }),
    ]
}

fn from_agent() -> impl Strategy<Value = FromAgent> {
    prop_oneof![
        any::<(u32, u32)>().prop_map(|(agent, limit)| FromAgent::Online { agent, limit }),
        (any::<(u64, u32)>(), any::<String>()).prop_map(|((chat, seq), text)| FromAgent::Reply {
            chat,
            seq,
            text
        }),
        any::<u64>().prop_map(|chat| FromAgent::Typing { chat }),
        any::<u64>().prop_map(|chat| FromAgent::Close { chat }),
        any::<u64>().prop_map(|chat| FromAgent::Free { chat }),
        any::<u64>().prop_map(|chat| FromAgent::HandOver { chat }),
        Just(FromAgent::Offline {}),
    ]
}

fn to_agent() -> impl Strategy<Value = ToAgent> {
    prop_oneof![
        hello().prop_map(|hello| ToAgent::Hello(hello.into())),
        any::<(u32, u32)>().prop_map(|(agent, limit)| ToAgent::Online { agent, limit }),
        (
            any::<(u64, String, Option<String>)>(),
            any::<(u8, u32)>(),
            any::<Option<(u32, String)>>()
        )
            .prop_map(
                |((chat, marker, text), (turn, answered), said)| ToAgent::Assigned {
                    chat,
                    marker,
                    text,
                    turn,
                    answered,
                    pending: said.map(|(seq, text)| Said { seq, text }),
                }
            ),
        (any::<(u64, u32)>(), any::<String>()).prop_map(|((chat, seq), text)| ToAgent::Message {
            chat,
            seq,
            text
        }),
        any::<u64>().prop_map(|chat| ToAgent::Typing { chat }),
        any::<u64>().prop_map(|chat| ToAgent::Left { chat }),
        any::<u64>().prop_map(|chat| ToAgent::Freed { chat }),
        Just(ToAgent::Offline {}),
        (any::<String>(), any::<Option<u64>>())
            .prop_map(|(reason, chat)| ToAgent::Error { reason, chat }),
    ]
}

fn survives<F: Frame + PartialEq>(frame: &F) {
    let text = frame.encode();
    assert!(!text.contains('\n'), "one frame, one line: {text}");
    assert_eq!(F::decode(&text).as_ref(), Ok(frame));
}

/// Reads a hostile text as every kind of frame.
fn refused(text: &str) -> bool {
    FromCustomer::decode(text).is_err()
        && ToCustomer::decode(text).is_err()
        && FromAgent::decode(text).is_err()
        && ToAgent::decode(text).is_err()
}

proptest! {
    #[test]
    fn round_trips(
        said in from_customer(),
        heard in to_customer(),
        done in from_agent(),
        told in to_agent(),
    ) {
        survives(&said);
        survives(&heard);
        survives(&done);
        survives(&told);
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        prop_assert!(refused(&text));
    }

    #[test]
    fn a_frame_with_a_byte_changed_is_read_without_panic(
        frame in to_agent(),
        place in any::<proptest::sample::Index>(),
        byte in 0x20u8..0x7f,
    ) {
        let mut text = frame.encode().as_bytes().to_vec();
        let place = place.index(text.len());
        text[place] = byte;
        if let Ok(text) = String::from_utf8(text) {
            let _ = ToAgent::decode(&text);
        }
    }
}

#[test]
fn frames_read_as_documented() {
    let open = FromCustomer::Open {
        marker: "bh-00c0ffee-c17-0-u-0".to_owned(),
        text: None,
        priority: 0,
        ticket: None,
    };
    assert_eq!(
        open.encode(),
        r#"{"type":"open","marker":"bh-00c0ffee-c17-0-u-0"}"#
    );
    assert_eq!(FromCustomer::Leave {}.encode(), r#"{"type":"leave"}"#);
    assert_eq!(FromCustomer::Typing {}.encode(), r#"{"type":"typing"}"#);
    let typing = FromAgent::Typing { chat: 7 };
    assert_eq!(typing.encode(), r#"{"type":"typing","chat":7}"#);
    let closed = ToCustomer::Closed { by: Party::Agent };
    assert_eq!(closed.encode(), r#"{"type":"closed","by":"agent"}"#);
    let error = ToAgent::error(Reason::NotYourChat, Some(7));
    assert_eq!(
        error.encode(),
        r#"{"type":"error","reason":"not-your-chat","chat":7}"#
    );
}

#[test]
fn unknown_fields_are_let_pass() {
    let text = r#"{"mood":"fine","type":"leave","since":[1,{"a":2}]}"#;
    assert_eq!(FromCustomer::decode(text), Ok(FromCustomer::Leave {}));
}

#[test]
fn hostile_texts_are_errors() {
    let deep_lists = "[".repeat(100_000);
    let deep_objects = r#"{"type":"#.repeat(50_000);
    let deep_field = format!(r#"{{"type":"leave","x":{}"#, "[".repeat(10_000));
    let long_number = format!(r#"{{"type":"close","chat":{}}}"#, "9".repeat(10_000));
    let texts = [
        "",
        "null",
        "3",
        "[]",
        "{}",
        r#"{"type":null}"#,
        r#"{"type":"open"}"#,
        r#"{"type":"queued"}"#,
        r#"{"type":"queued","position":-1}"#,
        r#"{"type":"queued","position":1.5}"#,
        r#"{"type":"queued","position":4294967296}"#,
        r#"{"type":"close","chat":1e400}"#,
        r#"{"type":"close","chat":18446744073709551616}"#,
        r#"{"type":"close","chat":"7"}"#,
        r#"{"type":"say","seq":1,"text":"\ud800"}"#,
        r#"{"type":"say","seq":1,"seq":2,"text":""}"#,
        r#"{"type":"leave"} {"type":"leave"}"#,
        r#"{"type":"closed","by":"nobody"}"#,
        r#"{"type":"open","marker":"m","priority":256}"#,
        r#"{"type":"open","marker":"m","priority":-1}"#,
        r#"{"type":"hand-over"}"#,
        r#"{"type":"hand-over","chat":null}"#,
        r#"{"type":"assigned","chat":1,"marker":"m","turn":300}"#,
        r#"{"type":"assigned","chat":1,"marker":"m","pending":{"seq":1}}"#,
        &deep_lists,
        &deep_objects,
        &deep_field,
        &long_number,
    ];
    for text in texts {
        assert!(refused(text), "{}", clean(text));
    }
}

#[test]
fn the_words_of_an_error_are_clean() {
    let text = "{\"type\":\"\\u001b[2J\\u202eevil\"}";
    let error = FromCustomer::decode(text).unwrap_err().to_string();
    assert!(error.contains("[2Jevil"), "{error}");
    assert!(!error.chars().any(char::is_control));
}

#[test]
fn reasons_have_codes_of_their_own() {
    let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Reason::ALL.len());
}

/// As everybody writes it, and as somebody may.
#[test]
fn the_type_may_stand_anywhere_once() {
    let say = FromCustomer::Say {
        seq: 3,
        text: "a\"b\\é\n".to_owned(),
        heard: 0,
    };
    for text in [
        r#"{"type":"say","seq":3,"text":"a\"b\\é\n"}"#,
        r#"{"seq":3,"type":"say","text":"a\"b\\\u00e9\n"}"#,
        r#" { "more" : [{}], "text":"a\"b\\é\n","seq":3,"type":"s\u0061y" } "#,
        r#"{"\u0074ype":"say","text":"a\"b\\é\n","seq":3,"more":{"type":"leave"}}"#,
        r#"{"type":"s\u0061y","text":"a\"b\\é\n","seq":3}"#,
    ] {
        assert_eq!(FromCustomer::decode(text).as_ref(), Ok(&say), "{text}");
    }
    assert_eq!(
        FromCustomer::decode(r#"{"x":1,"type":"leave"}"#),
        Ok(FromCustomer::Leave {})
    );
    for text in [
        "",
        "{}",
        "7",
        r#""leave""#,
        r#"["leave"]"#,
        r#"{"leave":{}}"#,
        r#"{"type":"leave"} x"#,
        r#"{"type":"leave""#,
        r#"{"type":7,"seq":3,"text":""}"#,
        r#"{"seq":3,"type":7,"text":""}"#,
        r#"{"type":"say","seq":3}"#,
        r#"{"seq":3,"type":"say"}"#,
        r#"{"type":"say","seq":-3,"text":""}"#,
        r#"{"seq":-3,"type":"say","text":""}"#,
        r#"{"type":"say","seq":3,"seq":3,"text":""}"#,
    ] {
        assert!(FromCustomer::decode(text).is_err(), "{text}");
    }
}
