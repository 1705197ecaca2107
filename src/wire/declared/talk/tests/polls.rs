//! Owns the conversations of those who poll.
//!
//! Law: as for others: what the answers to polls hold is heard as what comes on a stream.

use super::*;

/// A server that keeps events under numbers.
const POLLED: &str = r#"
[transport]
kind = "poll"
[transport.poll]
get = "/events?since=${user.since}"
headers = { X-Who = "${user.id}" }
hold = "25s"
capture = { "user.since" = "/next" }
throttled = { status = 420, retry = "/ms:ms" }
[user]
since = "0"
id = "p${n}"
[customer]
connect = [{ post = "/hello", expect = { "/events/*/t" = "hello" } }]
open = [{ post = "/open", capture = { "chat.id" = "/chat" } }]
say = [{ post = "/say", json = { chat = "${chat.id}", text = "${text}" }, ack = true }]
[on]
closed = { each = "/events", when = { "/t" = "closed" }, chat = "/chat" }
message = { each = "/events", when = { "/t" = "msg", "/by" = { not = "${user.id}" } }, chat = "/chat", text = "/text" }
assigned = { each = "/events", when = { "/t" = "assigned" }, chat = "/chat" }
typing = { each = "/seen/*", when = { "/typing" = true }, chat = "@1" }
error = { when = { "/error" = { exists = true } }, kind = "/error" }
"#;

const POLL: &str = "[X-Who: p17] (held 25s)";

fn polled() -> Arc<Protocol> {
    declared(POLLED)
}

/// The lines of somebody who has come in.
fn with_entry(rest: &str) -> String {
    let entry = r#"
        + start
        > polls
        + begin
        >> GET /events?since=0  POLL
        >> POST /hello
        << 200
        <~ 200 {"next":7,"events":[{"t":"hello"}]}
        >> GET /events?since=7  POLL
        ! Ready { address: "" }
    "#;
    let whole = [entry.trim_end(), rest.trim_start()].join("\n");
    whole.replace("POLL", POLL)
}

fn plays(rest: &str) -> Stage {
    play(&polled(), CUSTOMER, &with_entry(rest))
}

#[test]
fn what_the_answers_hold_is_heard_in_its_order_and_the_cursor_is_kept() {
    let stage = plays(
        r#"
        + open
        >> POST /open
        << 200 {"chat":"c"}
        + say 0 one
        >> POST /say {"chat":"c","text":"one"} [Content-Type: application/json]
        <~ 200 {"next":9,"events":[{"t":"msg","by":"p17","chat":"c","text":"one"},{"t":"assigned","chat":"c"},{"t":"msg","by":"p4","chat":"c","text":"two"}],"seen":{"c":{"typing":true}}}
        >> GET /events?since=9  POLL
        ! Assigned { chat: 0 }
        ! Message { chat: Some(0), text: "two", server_ms: None }
        ! Typing { chat: Some(0) }
        << 200
        ! Acknowledged { after: 0ns }
        <~ 200 {"next":9,"error":"later"}
        >> GET /events?since=9  POLL
        ! Refused { chat: Some(0), kind: "later" }
        <~ 200 {"next":12,"events":[{"t":"msg","by":"p4","chat":"c","text":"bye"},{"t":"closed","chat":"c"}]}
        >> GET /events?since=12  POLL
        ! Message { chat: Some(0), text: "bye", server_ms: None }
        ! Closed { chat: 0 }
        + bye
        <~ 204
        "#,
    );
    let names = stage.talk.protocol.matcher_names().iter();
    let counts: Vec<_> = names
        .map(String::as_str)
        .zip(stage.talk.matched())
        .collect();
    let counts = format!("{counts:?}");
    let expected = r#"[("on.closed", 1), ("on.message", 2), ("on.assigned", 1), ("on.typing", 1), ("on.error", 1)]"#;
    assert_eq!(counts, expected);
    // Who has gone does not poll.
    assert_eq!(stage.talk.deadline(), None);
}

#[test]
fn whoever_polls_too_often_waits_and_is_cut_off_in_the_end() {
    let throttled = |words: &str, wait: u32| {
        format!(
            "<~ 420 {words}\n! Throttled {{ kind: \"poll: 420\", retry_after: {} }}\n+ wait {wait}\n\
             >> GET /events?since=7  POLL\n",
            match words {
                "" => "None",
                _ => "Some(2s)",
            }
        )
    };
    let told = throttled(r#"{"ms":2000}"#, 2);
    let untold: String = [2, 4, 8].map(|wait| throttled("", wait)).concat();
    let last = "<~ 420\n! Throttled { kind: \"poll: 420\", retry_after: None }\n\
                ! error: x: a poll was answered with status 420, 5 times in a row\n";
    plays(&[&told, &*untold, last].concat());
    // One that is answered begins the count anew.
    let yes = "<~ 200 {\"next\":7,\"error\":\"e\"}\n>> GET /events?since=7  POLL\n\
               ! Refused { chat: None, kind: \"e\" }\n";
    let again = throttled(r#"{"ms":2000}"#, 2);
    plays(&[&told, &*untold, yes, &again].concat());
    // However long the server says, it is asked again after a minute.
    let stage = plays(
        r#"
        <~ 420 {"ms":99000000}
        ! Throttled { kind: "poll: 420", retry_after: Some(99000s) }
        "#,
    );
    assert_eq!(stage.talk.deadline(), Some(Duration::from_secs(60)));
}

#[test]
fn a_poll_that_is_refused_or_not_answered_is_a_lost_connection() {
    for (answer, error) in [
        (
            "403 no",
            "error, for good: x: a poll was answered with status 403",
        ),
        ("502 no", "error: x: a poll was answered with status 502"),
        ("gone", "error: a poll has failed: gone"),
        (
            "200 no",
            "error: the server sent what is no JSON: expected ident at line 1 column 2: no",
        ),
    ] {
        plays(&format!("<~ {answer}\n! {error}\n"));
    }
}

#[test]
fn a_server_that_does_not_hold_is_not_asked_as_fast_as_it_answers() {
    let mut stage = plays(
        "<~ 200 {\"next\":8,\"events\":[]}\n>> GET /events?since=8  [X-Who: p17] (held 25s)\n",
    );
    // What it has to say may mean nothing: a few times in a row that is no reason to wait.
    for next in 8..17 {
        assert!(
            stage.told.contains(&format!("since={next}")),
            "{}",
            stage.told
        );
        stage.line(&format!("<~ 200 {{\"next\":{},\"events\":[]}}", next + 1));
    }
    assert!(stage.told.contains("since=17"), "{}", stage.told);
    stage.line("<~ 200 {\"next\":18,\"events\":[]}");
    assert!(!stage.told.contains("since=18"), "{}", stage.told);
    assert_eq!(stage.talk.deadline(), Some(Duration::from_millis(100)));
    stage.now = Duration::from_millis(100);
    stage.line("+ wait 0");
    assert!(stage.told.contains("since=18"), "{}", stage.told);
    // Who was held back for long enough asks at once.
    stage.now = Duration::from_secs(20);
    stage.line("<~ 200 {\"next\":19,\"events\":[]}");
    assert!(stage.told.contains("since=19"), "{}", stage.told);
}

#[test]
fn one_answer_acknowledges_several_messages_and_a_pause_is_kept() {
    let protocol = declared(
        r#"
        [transport]
        kind = "both"
        path = "/ws"
        codec = "json-array"
        [transport.poll]
        post = "/new"
        json = { after = "${connection.after:int}" }
        pause = "3s"
        [connection]
        after = "0"
        [customer]
        say = [{ send = { id = "${seq}", text = "${text}" }, ack = { by = "/acks/*", equals = "${seq}" } }]
        [on]
        message = { when = { "/t" = "msg" }, text = "/text" }
        assigned = { when = { "/t" = "assigned" } }
        "#,
    );
    play(
        &protocol,
        CUSTOMER,
        r#"
        + start
        > /ws
        + begin
        >> POST /new {"after":0} [Content-Type: application/json] (held 30s)
        ! Ready { address: "" }
        + open
        + say 0 a
        > {"id":"2","text":"a"}
        + say 0 b
        > {"id":"3","text":"b"}
        + say 0 c
        > {"id":"4","text":"c"}
        <~ 200 [{"acks":[2,4]},{"t":"assigned"},{"t":"msg","text":"x"}]
        ! Acknowledged { after: 0ns }
        ! Acknowledged { after: 0ns }
        ! Assigned { chat: 0 }
        ! Message { chat: Some(0), text: "x", server_ms: None }
        < [{"t":"msg","text":"y"},{"acks":[3]}]
        ! Message { chat: Some(0), text: "y", server_ms: None }
        ! Acknowledged { after: 0ns }
        + wait 3
        >> POST /new {"after":0} [Content-Type: application/json] (held 30s)
        "#,
    );
}
