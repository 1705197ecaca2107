//! Owns the conversations of agents who take chats.
//!
//! Law: each shows one way in which a server says that a chat waits, and whose it is then.

use super::*;

fn with(take: &str, on: &str) -> Arc<Protocol> {
    declared(&format!(
        r#"
        dispatch = "pull"
        [transport]
        path = "/"
        [agent]
        assigned = [{{ send = {{ sub = "${{chat.id}}" }} }}]
        take = {take}
        [on]
        message = {{ when = {{ "/t" = "msg" }}, chat = "/chat", text = "/text" }}
        closed = {{ when = {{ "/t" = "closed" }}, chat = "/chat" }}
        error = {{ when = {{ "/t" = "error" }}, kind = "/why" }}
        {on}
        "#
    ))
}

const IN: &str = r#"
+ start
> /
+ begin
! Ready { address: "" }
+ online 2
! Online
"#;

fn goes(protocol: &Arc<Protocol>, conversation: &str) {
    play(
        protocol,
        AGENT,
        &format!("{}\n{}", IN.trim(), conversation.trim()),
    );
}

#[test]
fn the_next_of_many_is_asked_for_and_given() {
    let protocol = with(
        r#"[{ send = "next" }]"#,
        r#"
        queued = { when = { "/t" = "queue" }, position = "/many" }
        assigned = { when = { "/t" = "assigned" }, chat = "/chat" }
        "#,
    );
    goes(
        &protocol,
        r#"
        + take
        ! Untaken { more: false }
        < {"t":"queue","many":2}
        ! Queued { position: Some(2) }
        + take
        > next
        + take
        < {"t":"assigned","chat":"a"}
        > {"sub":"a"}
        ! Assigned { chat: 1 }
        + take
        > next
        < {"t":"error","why":"gone"}
        ! Untaken { more: false }
        < {"t":"error","why":"other"}
        ! Refused { chat: None, kind: "other" }
        < {"t":"queue","many":1}
        ! Queued { position: Some(1) }
        + take
        > next
        + wait 30
        ! Refused { chat: None, kind: "take: no chat within 30 s" }
        ! Untaken { more: false }
        < {"t":"queue","many":0}
        ! Queued { position: Some(0) }
        < {"t":"assigned","chat":"late"}
        > {"sub":"late"}
        ! Assigned { chat: 4 }
        "#,
    );
}

#[test]
fn chats_that_wait_by_name_are_asked_for_in_turn() {
    let protocol = with(
        r#"[{ post = "/take/${chat.id}", json = { ticket = "${chat.ticket}" } }]"#,
        r#"
        queued = { when = { "/t" = "waits" }, chat = "/chat", capture = { "chat.ticket" = "/ticket" } }
        "#,
    );
    goes(
        &protocol,
        r#"
        < {"t":"waits","chat":"a","ticket":"1"}
        ! Queued { position: Some(1) }
        < {"t":"waits","chat":"b","ticket":"2"}
        ! Queued { position: Some(2) }
        < {"t":"waits","chat":"c","ticket":"3"}
        ! Queued { position: Some(3) }
        < {"t":"waits","chat":"c","ticket":"3"}
        ! Queued { position: Some(3) }
        < {"t":"closed","chat":"b"}
        + take
        >> POST /take/a {"ticket":"1"} [Content-Type: application/json]
        << 409
        ! Untaken { more: true }
        + take
        >> POST /take/c {"ticket":"3"} [Content-Type: application/json]
        << 200
        > {"sub":"c"}
        ! Assigned { chat: 2 }
        + take
        ! Untaken { more: false }
        < {"t":"waits","chat":"a","ticket":"4"}
        ! Queued { position: Some(1) }
        + take
        >> POST /take/a {"ticket":"4"} [Content-Type: application/json]
        << 503
        ! Refused { chat: None, kind: "take: 503" }
        ! Untaken { more: false }
        < {"t":"waits","chat":"d","ticket":"5"}
        ! Queued { position: Some(1) }
        + take
        >> POST /take/d {"ticket":"5"} [Content-Type: application/json]
        < {"t":"closed","chat":"d"}
        << 200
        ! Untaken { more: false }
        "#,
    );
}

#[test]
fn the_answer_may_name_the_chat() {
    let protocol = with(
        r#"[{ post = "/take", capture = { "chat.id" = "/next" } }]"#,
        r#"queued = { when = { "/t" = "queue" } }"#,
    );
    goes(
        &protocol,
        r#"
        < {"t":"queue"}
        ! Queued { position: None }
        + take
        >> POST /take
        << 200 {"next":"a"}
        > {"sub":"a"}
        ! Assigned { chat: 1 }
        + take
        >> POST /take
        << 200 {}
        ! Untaken { more: false }
        "#,
    );
    // Who is named in a no is no more to be had than another.
    let protocol = with(
        r#"[{ post = "/take", capture = { "chat.id" = "/next" }, ack = { error = { when = { "/no" = true } } } }]"#,
        r#"queued = { when = { "/t" = "queue" } }"#,
    );
    goes(
        &protocol,
        r#"
        < {"t":"queue"}
        ! Queued { position: None }
        + take
        >> POST /take
        << 200 {"next":"a","no":true}
        ! Untaken { more: false }
        "#,
    );
    let protocol = with(
        r#"[{ send = { take = "${seq}" }, ack = { by = "/re", equals = "${seq}", error = { when = { "/no" = true } } }, capture = { "chat.id" = "/chat" } }]"#,
        r#"queued = { when = { "/t" = "queue" } }"#,
    );
    goes(
        &protocol,
        r#"
        < {"t":"queue"}
        ! Queued { position: None }
        + take
        > {"take":"1"}
        < {"re":1,"chat":"a"}
        > {"sub":"a"}
        ! Assigned { chat: 1 }
        + take
        > {"take":"3"}
        < {"t":"msg","chat":"a","text":"hi"}
        ! Message { chat: Some(1), text: "hi", server_ms: None }
        < {"re":3,"no":true}
        ! Untaken { more: false }
        < {"t":"queue"}
        ! Queued { position: None }
        + take
        > {"take":"4"}
        < {"re":4}
        ! Untaken { more: false }
        "#,
    );
}
