//! Owns the conversations of the protocols that come with the program.
//!
//! Law: the server's lines are what these servers sent.

use super::*;

fn built_in(name: &str) -> Arc<Protocol> {
    Arc::new(read_built_in(name).expect("it comes with the program"))
}

#[test]
fn a_socketio_customer_waits_talks_and_is_left() {
    play(
        &built_in("socketio"),
        CUSTOMER,
        r#"
        + start
        > /socket.io/?EIO=4&transport=websocket
        + open
        + begin
        < 0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":60000,"maxPayload":100000}
        > 40
        < 40{"sid":"y"}
        > 420["hello",{"role":"customer"}]
        < 430[{"ok":true,"id":"y"}]
        > 421["open",{}]
        ! Ready { address: "" }
        < 431[{"pos":2}]
        < 42["queued",{"pos":1}]
        ! Queued { position: Some(1) }
        < 42["assigned",{"chat":"c1","agent":"z","ts":1}]
        ! Assigned { chat: 0 }
        + say 0 bh-00c0ffee-c17-0-u-1 "My parcel"
        > 422["say",{"chat":"c1","text":"bh-00c0ffee-c17-0-u-1 \"My parcel\""}]
        + wait 1
        < 432[{"id":2,"ts":1700000000000}]
        ! Acknowledged { after: 1s }
        < 42["message",{"chat":"c1","text":"bh-00c0ffee-c17-0-a-1 It comes","id":3,"from":"agent","ts":1700000000001}]
        ! Message { chat: Some(0), text: "bh-00c0ffee-c17-0-a-1 It comes", server_ms: Some(1700000000001) }
        < 2
        > 3
        < 42["closed",{"chat":"c1","by":"agent"}]
        ! Closed { chat: 0 }
        + say 0 too late
        > 423["say",{"chat":"c1","text":"too late"}]
        < 433[{"error":"no such chat"}]
        ! Refused { chat: Some(0), kind: "no such chat" }
        + bye
        "#,
    );
}

#[test]
fn a_socketio_agent_has_several_chats() {
    let stage = play(
        &built_in("socketio"),
        AGENT,
        r#"
        + start
        > /socket.io/?EIO=4&transport=websocket
        + begin
        < 0{"sid":"x"}
        > 40
        < 40{"sid":"y"}
        ! Ready { address: "" }
        + online 3
        > 420["hello",{"role":"agent","max":3}]
        < 430[{"ok":true,"id":"y"}]
        ! Online
        < 42["assigned",{"chat":"c1","customer":"a","ts":1}]
        ! Assigned { chat: 1 }
        < 42["assigned",{"chat":"c2","customer":"b","ts":1}]
        ! Assigned { chat: 2 }
        < 42["message",{"chat":"c2","text":"bh-00c0ffee-c18-0-u-1 hi","id":3,"from":"customer","ts":5}]
        ! Message { chat: Some(2), text: "bh-00c0ffee-c18-0-u-1 hi", server_ms: Some(5) }
        < 42["message",{"chat":"c9","text":"bh-00c0ffee-c19-0-u-1 hi","id":4,"from":"customer","ts":5}]
        + say 2 bh-00c0ffee-c18-0-a-1 hello
        > 421["say",{"chat":"c2","text":"bh-00c0ffee-c18-0-a-1 hello"}]
        + say 1 bh-00c0ffee-c17-0-a-1 hello
        > 422["say",{"chat":"c1","text":"bh-00c0ffee-c17-0-a-1 hello"}]
        < 432[{"id":6,"ts":6}]
        ! Acknowledged { after: 0ns }
        < 431[{"id":5,"ts":6}]
        ! Acknowledged { after: 0ns }
        + close 2
        > 42["close",{"chat":"c2"}]
        < 42["closed",{"chat":"c2","by":"agent"}]
        + free 2
        < 42["closed",{"chat":"c1","by":"customer"}]
        ! Closed { chat: 1 }
        + close 1
        + free 1
        < 42["assigned",{"chat":"c3","customer":"a","ts":1}]
        ! Assigned { chat: 3 }
        "#,
    );
    let names = stage.talk.protocol.matcher_names().iter();
    let counts: Vec<_> = names.zip(stage.talk.matched()).collect();
    let counts = format!("{counts:?}");
    let expected = r#"[("on.queued", 0), ("on.assigned", 3), ("on.message", 2), ("on.closed", 2)]"#;
    assert_eq!(counts, expected);
}

const PASSWORD: &str = "\"password\":\"";

#[test]
fn hexlet_is_asked_over_http_and_heard_on_the_stream() {
    let protocol = built_in("hexlet");
    let mut stage = Stage::new(&protocol, CUSTOMER);
    stage.line("+ start");
    // The password is a draw; what it is does not matter here.
    let (_, rest) = stage
        .told
        .split_once(PASSWORD)
        .expect("a password was sent");
    let password = &rest[..16];
    let conversation = r#"
        + start
        >> POST /api/v1/signup {"username":"bh-00c0ffee-customer-17","password":"PASSWORD"} [Content-Type: application/json]
        << 201 {"token":"t0","username":"bh-00c0ffee-customer-17"}
        >> POST /api/v1/login {"username":"bh-00c0ffee-customer-17","password":"PASSWORD"} [Content-Type: application/json]
        << 200 {"token":"t1","username":"bh-00c0ffee-customer-17"}
        > /socket.io/?EIO=4&transport=websocket
        + begin
        < 0{"sid":"x"}
        > 40
        < 40{"sid":"y"}
        ! Ready { address: "bh-00c0ffee-customer-17" }
        + open
        + meet 0 bh-00c0ffee-agent-4
        + say 0 bh-00c0ffee-c17-0-u-1 one
        >> POST /api/v1/messages {"body":"bh-00c0ffee-c17-0-u-1 one","channelId":"1","username":"bh-00c0ffee-customer-17"} [Authorization: Bearer t1] [Content-Type: application/json]
        + say 0 bh-00c0ffee-c17-0-u-2 two
        < 42["newMessage",{"body":"bh-00c0ffee-c17-0-u-1 one","channelId":"1","username":"bh-00c0ffee-customer-17","removable":true,"id":"4"}]
        + wait 2
        << 200 {"body":"bh-00c0ffee-c17-0-u-1 one","channelId":"1","removable":true,"id":"4"}
        >> POST /api/v1/messages {"body":"bh-00c0ffee-c17-0-u-2 two","channelId":"1","username":"bh-00c0ffee-customer-17"} [Authorization: Bearer t1] [Content-Type: application/json]
        ! Acknowledged { after: 2s }
        << 500 Internal
        ! Refused { chat: Some(0), kind: "say: 500" }
        < 42["newMessage",{"body":"bh-00c0ffee-c17-0-a-1 yes","channelId":"1","username":"bh-00c0ffee-agent-4","removable":true,"id":"5"}]
        ! Message { chat: None, text: "bh-00c0ffee-c17-0-a-1 yes", server_ms: None }
        < 42["newChannel",{"id":"9"}]
        + close 0
        + bye
    "#;
    play(
        &protocol,
        CUSTOMER,
        &conversation.replace("PASSWORD", password),
    );
}

#[test]
fn who_was_cut_off_does_not_sign_up_again() {
    let protocol = built_in("hexlet");
    let mut stage = Stage::new(&protocol, AGENT);
    stage.line("+ start");
    stage.line("<< 409 {}");
    stage.line("<< 200 {\"token\":\"t1\"}");
    drop(stage);
    let again = Who {
        connection: 1,
        ..AGENT
    };
    play(
        &protocol,
        again,
        r#"
        + start
        > /socket.io/?EIO=4&transport=websocket
        + begin
        < 0{"sid":"x"}
        > 40
        < 40{"sid":"y"}
        ! Ready { address: "bh-00c0ffee-agent-4" }
        + online 2
        ! Online
        + meet 1 bh-00c0ffee-customer-17
        + say 1 bh-00c0ffee-c17-0-a-1 yes
        >> POST /api/v1/messages {"body":"bh-00c0ffee-c17-0-a-1 yes","channelId":"1","username":"bh-00c0ffee-agent-4"} [Authorization: Bearer t1] [Content-Type: application/json]
        "#,
    );
}

#[test]
fn a_no_at_the_door_is_an_error() {
    let protocol = built_in("hexlet");
    let mut stage = Stage::new(&protocol, AGENT);
    stage.line("+ start");
    stage.line("<< 403 {}");
    let last = stage.told.lines().last().expect("something was told");
    let said = "! error, for good: hexlet: `setup` was answered with status 403";
    assert_eq!(last, said);
}

/// A draft: the lines are those of its documentation.
#[test]
fn matrix_rooms_are_joined_by_the_address_of_the_customer() {
    let mut stage = Stage::new(&built_in("matrix"), AGENT);
    for line in r#"
        + start
        << 200 {"access_token":"t1","user_id":"@bh:h"}
        << 200 {"next_batch":"s1"}
        + begin
        + online 2
        + meet 1 !room:h
        + meet 2 !other:h
        << 200 {"room_id":"!room:h"}
        << 200 {"room_id":"!other:h"}
        <~ 200 {"next_batch":"s2","rooms":{"join":{"!other:h":{"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":["@c2:h"]}}]}},"!room:h":{"timeline":{"events":[{"type":"m.room.create","sender":"@c:h"},{"type":"m.room.message","sender":"@c:h","content":{"body":"bh-00c0ffee-c17-0-u-1 hi"},"event_id":"$1","origin_server_ts":5},{"type":"m.room.message","sender":"@bh:h","content":{"body":"mine"}}]},"ephemeral":{"events":[{"type":"m.typing","content":{"user_ids":[]}}]}}}}}
        + say 1 bh-00c0ffee-c17-0-a-1 yes
        <~ 429 {"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1500}
        << 429 {"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2500}
        + wait 3
        << 200 {"event_id":"$2"}
        + free 1
    "#
    .trim()
    .lines()
    {
        stage.line(line.trim());
    }
    let told: Vec<&str> = stage.told.lines().collect();
    let told = |start: &str| told.iter().any(|line| line.starts_with(start));
    for line in [
        "> polls",
        "! Ready { address: \"bh-00c0ffee-agent-4\" }",
        ">> POST /_matrix/client/v3/rooms/%21room%3Ah/join {}",
        ">> POST /_matrix/client/v3/rooms/%21other%3Ah/join {}",
        ">> GET /_matrix/client/v3/sync?since=s1&timeout=30000&filter=%7B",
        ">> GET /_matrix/client/v3/sync?since=s2&timeout=30000&filter=%7B",
        "! Message { chat: Some(1), text: \"bh-00c0ffee-c17-0-u-1 hi\", server_ms: Some(5) }",
        "! Typing { chat: Some(2) }",
        ">> PUT /_matrix/client/v3/rooms/%21room%3Ah/send/m.room.message/",
        "! Throttled { kind: \"poll: 429\", retry_after: Some(1.5s) }",
        "! Throttled { kind: \"say: 429\", retry_after: Some(2.5s) }",
        "! Acknowledged { after: 3s }",
        ">> POST /_matrix/client/v3/rooms/%21room%3Ah/leave {}",
    ] {
        assert!(told(line), "{line}: {}", stage.told);
    }
    let heard = ["! Message", "! Typing", "! error", "! Refused"];
    let many = heard.map(|heard| stage.told.matches(heard).count());
    assert_eq!(many, [1, 1, 0, 0], "{}", stage.told);
}
