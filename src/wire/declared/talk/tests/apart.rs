//! Owns the conversations of agents who have a connection for each chat.
//!
//! Law: what is said in a chat is said and heard on its own connection, and ends with it.

use super::*;

fn with(transport: &str, rest: &str) -> Arc<Protocol> {
    declared(&format!(
        r#"
        [transport]
        path = "/agent"
        connection = "chat"
        {transport}
        [agent]
        accept = [{{ post = "/take/${{chat.id}}" }}]
        assigned = [{{ send = {{ sub = "${{chat.id}}" }}, ack = {{ by = "/re", equals = "${{chat.id}}" }} }}]
        say = [{{ send = {{ text = "${{text}}" }} }}]
        typing = [{{ send = "types" }}]
        close = [{{ send = "close" }}]
        free = [{{ send = {{ free = "${{chat.id}}" }} }}]
        {rest}
        [on]
        assigned = {{ when = {{ "/t" = "assigned" }}, chat = "/chat" }}
        message = {{ when = {{ "/t" = "msg" }}, chat = "/chat", text = "/text" }}
        closed = {{ when = {{ "/t" = "closed" }} }}
        "#
    ))
}

const CHAT: &str = r#"
[chat_connection]
path = "/chats/${chat.id}"
headers = { X-Chat = "${chat.id}" }
connect = [{ send = "hello", expect = { "/t" = "hello" }, within = "5s" }]
"#;

const IN: [&str; 2] = ["+ start", "+ begin"];

/// An agent who has a chat on a connection that stands.
fn in_a_chat(protocol: &Arc<Protocol>) -> Stage {
    let mut stage = Stage::new(protocol, AGENT);
    IN.iter().for_each(|line| stage.line(line));
    stage.goes(
        r#"
        < {"t":"assigned","chat":"a"}
        >> POST /take/a
        ! Assigned { chat: 1 }
        << 200
        >1 /chats/a [X-Chat: a]
        + say 1 it waits
        + stands 1
        >1 hello
        < {"t":"hello"}
        <1 {"t":"hello"}
        >1 {"sub":"a"}
        <1 {"re":"a"}
        >1 {"text":"it waits"}
        "#,
    );
    stage
}

#[test]
fn a_chat_is_spoken_on_a_connection_of_its_own() {
    let protocol = with("", CHAT);
    let mut stage = in_a_chat(&protocol);
    stage.goes(
        r#"
        <1 {"t":"msg","text":"hi"}
        ! Message { chat: Some(1), text: "hi", server_ms: None }
        <1 {"t":"msg","chat":"b","text":"another's"}
        <2 {"t":"msg","text":"of no chat"}
        + say 1 ho
        >1 {"text":"ho"}
        + typing 1
        >1 types
        < {"t":"assigned","chat":"b"}
        >> POST /take/b
        ! Assigned { chat: 2 }
        << 200
        >2 /chats/b [X-Chat: b]
        + stands 2
        >2 hello
        <1 {"t":"hello"}
        + close 1
        >1 close
        >1 closes
        + ends 1 the server closed it
        <2 {"t":"hello"}
        >2 {"sub":"b"}
        <1 {"t":"msg","text":"late"}
        + free 1
        > {"free":"a"}
        <2 {"re":"b"}
        <2 {"t":"closed"}
        >2 closes
        ! Closed { chat: 2 }
        "#,
    );
}

#[test]
fn a_connection_that_breaks_ends_its_chat_alone() {
    let protocol = with("", CHAT);
    let mut stage = in_a_chat(&protocol);
    stage.goes(
        r#"
        < {"t":"assigned","chat":"b"}
        >> POST /take/b
        ! Assigned { chat: 2 }
        << 200
        >2 /chats/b [X-Chat: b]
        + ends 1 the connection is lost
        ! Refused { chat: Some(1), kind: "the connection of a chat: the connection is lost" }
        ! Broken { chat: 1 }
        + say 1 nobody hears it
        + close 1
        + free 1
        > {"free":"a"}
        + stands 2
        >2 hello
        + wait 5
        >2 closes
        ! Refused { chat: Some(2), kind: "the connection of a chat: no answer within 5 s" }
        ! Broken { chat: 2 }
        < {"t":"assigned","chat":"c"}
        >> POST /take/c
        ! Assigned { chat: 3 }
        << 200
        >3 /chats/c [X-Chat: c]
        + wait 30
        >3 closes
        ! Refused { chat: Some(3), kind: "the connection of a chat: no answer within 30 s" }
        ! Broken { chat: 3 }
        + stands 3
        >3 closes
        + free 3
        > {"free":"c"}
        "#,
    );
    let mut stage = in_a_chat(&protocol);
    stage.goes(
        r#"
        <1 no JSON
        >1 closes
        ! Refused { chat: Some(1), kind: "the connection of a chat: WHY" }
        ! Broken { chat: 1 }
        "#
        .replace("WHY", &why(&protocol))
        .as_str(),
    );
}

/// What is said of a text that is none of the protocol.
fn why(protocol: &Arc<Protocol>) -> String {
    let mut stage = Stage::new(protocol, AGENT);
    let mut out = Effects::default();
    IN.iter().for_each(|line| stage.line(line));
    let error = stage
        .talk
        .hear(Duration::ZERO, "no JSON", &mut out)
        .unwrap_err();
    let kind = stage
        .talk
        .kind(&format!("the connection of a chat: {}", error.plain()));
    kind.split_once(": ").expect("it begins so").1.to_owned()
}

#[test]
fn signs_of_life_are_given_on_each() {
    let signs = "[[keepalive]]\nevery = '20s'\nsend = 'ping'\n\
                 [[keepalive]]\non = { '/t' = 'ping' }\nsend = 'pong'\n";
    let mut stage = in_a_chat(&with("", &format!("{CHAT}{signs}")));
    stage.goes(
        r#"
        <1 {"t":"ping"}
        >1 pong
        < {"t":"ping"}
        > pong
        + wait 20
        > ping
        >1 ping
        "#,
    );
}

#[test]
fn socket_io_shakes_hands_on_each() {
    let text = r#"
        [transport]
        path = "/agent"
        connection = "chat"
        codec = "socketio"
        [chat_connection]
        path = "/chats/${chat.id}"
        [agent]
        say = [{ emit = "say", data = "${text}", ack = true }]
        [on]
        assigned = { when = { "/event" = "assigned" }, chat = "/data" }
        message = { when = { "/event" = "msg" }, text = "/data" }
    "#;
    play(
        &declared(text),
        AGENT,
        r#"
        + start
        > /agent
        + begin
        < 0{"sid":"x"}
        > 40
        < 40{"sid":"y"}
        ! Ready { address: "" }
        < 42["assigned","a"]
        >1 /chats/a
        ! Assigned { chat: 1 }
        + say 1 hi
        + stands 1
        <1 0{"sid":"z"}
        >1 40
        <1 40{"sid":"u"}
        >1 420["say","hi"]
        < 2
        > 3
        <1 2
        >1 3
        <1 430[]
        ! Acknowledged { after: 0ns }
        <1 41
        >1 closes
        ! Refused { chat: Some(1), kind: "the connection of a chat: x: the server ends the connection" }
        ! Broken { chat: 1 }
        "#,
    );
}

#[test]
fn customers_have_one_connection() {
    let mut stage = Stage::new(&with("", CHAT), CUSTOMER);
    let lines = [
        "+ start",
        "+ begin",
        "+ open",
        r#"< {"t":"assigned","chat":"a"}"#,
    ];
    lines.iter().for_each(|line| stage.line(line));
    assert!(!stage.told.contains("/chats/"), "{}", stage.told);
}
