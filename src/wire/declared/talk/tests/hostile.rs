//! Owns what is expected of talks whose server is hostile.
//!
//! Law: no text panics a talk, and none makes it grow without bound.

use super::*;
use proptest::prelude::*;

/// Everything that a file can ask for.
const ALL: &str = r#"
secret = ["user.key", "chat.id"]
dispatch = "pull"
address = "${user.key}"
[transport]
path = "/"
inner = ["/inner"]
[user]
key = "${hex16}"
[chat]
key = "${uuid}"
[agent]
connect = [{ send = { id = "${seq}" }, expect = { "/t" = "hello" }, capture = { "user.key" = "/key" } }]
say = [{ send = { chat = "${chat.id}", text = "${text}", m = "${marker}" }, ack = { by = "/re", equals = "${seq}" } }]
close = [{ post = "/close", json = { id = "${chat.id}" }, capture = { "connection.x" = "/x" }, ack = true }]
take = [{ send = { take = "${user.key}" }, ack = { when = { "/t" = "took" }, error = { when = { "/why" = { exists = true } } } }, capture = { "chat.id" = "/chat" } }]
assigned = [{ send = { sub = "${chat.key}" }, expect = { "/t" = "sub" } }]
[on]
assigned = { when = { "/t" = "assigned" }, chat = "/chat", capture = { "chat.what" = "/what" } }
message = { when = { "/t" = "msg" }, each = "/all/*", chat = "@1", text = "/text", ts = "/ts:iso" }
queued = [{ when = { "/t" = "waits" }, chat = "/chat", capture = { "chat.what" = "/why" } }, { when = { "/t" = "wait" }, position = "/s" }]
closed = { when = { "/t" = "closed" }, chat = "/chat" }
transferred = { when = { "/t" = "moved" }, chat = "/chat" }
typing = { when = { "/t" = "typing" } }
throttled = { when = { "/t" = "slow" }, kind = "/why", retry = "/s:s" }
error = { when = { "/why" = { exists = true } }, kind = "/why" }
[[keepalive]]
on = { "/t" = "ping" }
send = "pong"
"#;

/// A connection for each chat, besides.
const APART: &str = r#"[chat_connection]
path = "/${chat.id}"
[agent]
"#;

fn frame() -> impl Strategy<Value = String> {
    let kind = prop::sample::select(vec![
        "hello", "assigned", "msg", "closed", "moved", "typing", "slow", "ping", "sub", "x",
        "waits", "wait", "took",
    ]);
    let value = prop::sample::select(vec![
        "1",
        "\"c\"",
        "null",
        "[]",
        "{}",
        "-1e300",
        "\"\\u202e\\u0000\"",
        "{\"c\":{\"text\":\"a\"}}",
        "99999999999999999999",
    ]);
    let key = prop::sample::select(vec![
        "chat", "all", "text", "why", "s", "re", "key", "inner",
    ]);
    let members = prop::collection::vec((key, value), 0..4);
    (kind, members).prop_map(|(kind, members)| {
        let members = members
            .into_iter()
            .map(|(key, value)| format!(",\"{key}\":{value}"));
        format!("{{\"t\":\"{kind}\"{}}}", members.collect::<String>())
    })
}

fn step() -> impl Strategy<Value = String> {
    let deed = prop::sample::select(vec![
        "+ online 2",
        "+ say 1 a",
        "+ say 2 b",
        "+ close 1",
        "+ free 1",
        "+ transfer 2",
        "+ wait 9",
        "+ typing 1",
        "+ meet 3 p",
        "+ offline",
        "+ take",
    ]);
    prop_oneof![
        6 => frame().prop_map(|frame| format!("< {frame}")),
        3 => deed.prop_map(String::from),
        1 => any::<String>().prop_map(|text| format!("< {text}")),
        2 => (1_u64..4, frame()).prop_map(|(chat, frame)| format!("<{chat} {frame}")),
        1 => (1_u64..4).prop_map(|chat| format!("+ stands {chat}")),
        1 => (0_u64..4).prop_map(|chat| format!("+ ends {chat} why")),
    ]
}

proptest! {
    #[test]
    fn no_text_panics_a_talk(
        steps in prop::collection::vec(step(), 0..60),
        socket_io: bool,
        apart: bool,
    ) {
        let all = match socket_io {
            true => ALL.replace("[transport]", "[transport]\ncodec = 'socketio'")
                .replace("send = {", "emit = 'e', data = {"),
            false => ALL.to_string(),
        };
        let all = match apart {
            true => all.replace("[agent]\n", APART).replace("inner =", "connection = 'chat'\ninner ="),
            false => all,
        };
        let protocol = declared(&all);
        let mut stage = Stage::new(&protocol, AGENT);
        stage.line("+ start");
        stage.line("+ begin");
        for step in ["< 0{}", "< 40", "< {\"t\":\"hello\"}", "< 42[\"x\",{\"t\":\"hello\"}]"] {
            stage.line(step);
        }
        for step in steps {
            stage.line(&step);
            if stage.asked.len() > 3 {
                stage.line("<< 500 {}");
            }
        }
        prop_assert!(stage.talk.running.len() <= RUNNING_MOST);
    }
}

#[test]
fn what_is_kept_has_a_bound() {
    let protocol = declared(ALL);
    let mut stage = Stage::new(&protocol, AGENT);
    stage.line("+ start");
    stage.line("+ begin");
    stage.line("< {\"t\":\"hello\"}");
    let long = "x".repeat(1_000);
    for chat in 0..100 {
        stage.line(&format!(
            "< {{\"t\":\"assigned\",\"chat\":{chat},\"what\":\"{long}\"}}"
        ));
    }
    assert!(stage.told.contains("at most 65536 bytes are kept"));
}
