//! Owns the conversations of customers who were cut off and come back.
//!
//! Law: each shows what is kept of a connection, and what is not.

use super::*;

/// A protocol of which this is said of coming back: in `[customer]`, and at the end.
fn with(customer: &str, rest: &str) -> Arc<Protocol> {
    declared(&format!(
        r#"
        [transport]
        path = "/"
        [connection]
        sid = "s${{hex16}}"
        [customer]
        connect = [{{ send = "hello", expect = {{ "/t" = "hello" }}, capture = {{ "connection.key" = "/key" }} }}]
        open = [{{ send = {{ id = "${{seq}}" }}, ack = {{ by = "/re", equals = "${{seq}}" }}, capture = {{ "chat.id" = "/chat" }} }}]
        say = [{{ send = {{ id = "${{seq}}", text = "${{text}}" }}, ack = {{ by = "/re", equals = "${{seq}}" }} }}]
        {customer}
        [on]
        assigned = {{ when = {{ "/t" = "assigned" }}, chat = "/chat" }}
        message = {{ when = {{ "/t" = "msg" }}, text = "/text" }}
        closed = {{ when = {{ "/t" = "closed" }} }}
        {rest}
        "#
    ))
}

const BY_WORD: &str = r#"resume = [{ send = { chat = "${chat.id}", key = "${connection.key}" }, expect = { "/t" = "welcome" } }]"#;

const BY_REQUEST: &str = r#"resume = [{ get = "/chats/${chat.id}" }]"#;

const KEPT: &str = "[resume]\nwithin = \"1m\"\n";

const GONE: &str =
    "gone = { when = { \"/t\" = \"gone\" }, chat = \"/chat\" }\n[resume]\nwithin = \"1m\"\n";

/// A customer in a chat, who has said two things, of which the second is not acknowledged.
fn in_a_chat(protocol: &Arc<Protocol>) -> Stage {
    let mut stage = Stage::new(protocol, CUSTOMER);
    for line in [
        "+ start",
        "+ begin",
        r#"< {"t":"hello","key":"k1"}"#,
        "+ open",
        r#"< {"re":2,"chat":"c"}"#,
        r#"< {"t":"assigned","chat":"c"}"#,
        "+ say 0 one",
        "+ say 0 two",
        r#"< {"re":3}"#,
    ] {
        stage.line(line);
    }
    stage
}

/// The same, on another connection, of which `connect` is through.
fn back(protocol: &Arc<Protocol>) -> Stage {
    let mut stage = in_a_chat(protocol).comes_back().expect("it is kept");
    for line in ["+ start", "+ begin", r#"< {"t":"hello","key":"k2"}"#] {
        stage.line(line);
    }
    stage
}

fn kept(stage: &Stage, name: &str) -> Option<String> {
    stage.talk.kept.get(name, Some(OWN)).map(str::to_owned)
}

#[test]
fn the_chat_goes_on_with_what_was_kept() {
    let protocol = with(BY_WORD, KEPT);
    let stage = in_a_chat(&protocol);
    assert_eq!(stage.talk.kept_for(), Some(Duration::from_secs(60)));
    let mut stage = stage.comes_back().expect("it is kept");
    stage.goes(
        r#"
        + start
        > /
        + begin
        > hello
        < {"t":"hello","key":"k2"}
        > {"chat":"c","key":"k2"}
        < {"t":"msg","text":"missed"}
        ! Message { chat: Some(0), text: "missed", server_ms: None }
        < {"t":"welcome"}
        ! Ready { address: "" }
        + say 0 three
        > {"id":"3","text":"three"}
        < {"t":"closed"}
        ! Closed { chat: 0 }
        "#,
    );
    assert!(stage.talk.goes_on());
    assert_eq!(stage.talk.unsaid(), 0, "what was sent may have come");
    assert!(stage.comes_back().is_none(), "there is no chat any more");
}

#[test]
fn of_the_connection_only_what_is_named_is_kept() {
    let protocol = with(BY_WORD, &format!("{KEPT}keep = [\"connection.key\"]\n"));
    let stage = in_a_chat(&protocol);
    let sid = kept(&stage, "connection.sid");
    let mut stage = stage.comes_back().expect("it is kept");
    // Lost again on its way in, it is kept all the same.
    for _ in 0..2 {
        stage.line("+ start");
        assert_eq!(kept(&stage, "connection.key").as_deref(), Some("k1"));
        assert_eq!(kept(&stage, "chat.id").as_deref(), Some("c"));
        assert_ne!(kept(&stage, "connection.sid"), sid);
        stage.line("+ begin");
        stage = stage.comes_back().expect("it is kept");
    }
}

#[test]
fn what_was_not_taken_is_said_again_where_the_file_says_so() {
    let protocol = with(BY_WORD, &format!("{KEPT}resay = true\n"));
    let mut stage = in_a_chat(&protocol).comes_back().expect("it is kept");
    assert_eq!(stage.talk.unsaid(), 1);
    stage.line("+ start");
    let stage = stage.comes_back().expect("it is kept");
    assert_eq!(stage.talk.unsaid(), 1, "it was not said again yet");
    // Nor when it is in, and is cut off before it says anything.
    let mut stage = stage;
    for line in [
        "+ start",
        "+ begin",
        r#"< {"t":"hello","key":"k"}"#,
        r#"< {"t":"welcome"}"#,
    ] {
        stage.line(line);
    }
    assert!(
        stage.told.ends_with("! Ready { address: \"\" }\n"),
        "{}",
        stage.told
    );
    let mut stage = stage.comes_back().expect("it is kept");
    assert_eq!(stage.talk.unsaid(), 1);
    for line in [
        "+ start",
        "+ begin",
        r#"< {"t":"hello","key":"k"}"#,
        r#"< {"t":"welcome"}"#,
    ] {
        stage.line(line);
    }
    stage.line("+ say 0 two");
    stage.line("+ say 0 three");
    let stage = stage.comes_back().expect("it is kept");
    assert_eq!(stage.talk.unsaid(), 2);
}

#[test]
fn what_never_went_out_is_said_again_in_any_case() {
    let paced = format!("{KEPT}[pacing]\nsay = \"1 per minute\"\n");
    let stage = in_a_chat(&with(BY_WORD, &paced)).comes_back();
    assert_eq!(stage.expect("it is kept").talk.unsaid(), 1);
}

#[test]
fn a_chat_may_be_gone() {
    for (resume, no) in [
        (BY_WORD, r#"< {"t":"gone","chat":"c"}"#),
        (BY_REQUEST, "<< 404"),
    ] {
        let mut stage = back(&with(resume, GONE));
        stage.goes(r#"< {"t":"gone","chat":"another"}"#);
        assert!(stage.talk.goes_on());
        stage.goes(&format!("{no}\n! Ready {{ address: \"\" }}"));
        assert!(!stage.talk.goes_on());
        stage.goes("+ say 0 nobody hears it");
        stage.line("+ open");
        assert!(
            stage.told.ends_with("\"}\n"),
            "it may ask anew: {}",
            stage.told
        );
    }
}

#[test]
fn the_server_may_say_at_once_that_it_is_gone() {
    let mut stage = in_a_chat(&with(BY_WORD, GONE))
        .comes_back()
        .expect("it is kept");
    stage.goes(
        r#"
        + start
        > /
        + begin
        > hello
        < {"t":"gone"}
        < {"t":"hello","key":"k2"}
        ! Ready { address: "" }
        "#,
    );
    assert!(!stage.talk.goes_on());
}

#[test]
fn a_server_in_trouble_may_have_it_still() {
    let mut stage = back(&with(BY_REQUEST, KEPT));
    stage.goes("<< 503\n! error: x: `resume` was answered with status 503");
    assert!(stage.comes_back().is_some());
}

#[test]
fn the_word_that_it_goes_on_is_awaited() {
    let resumed = format!("resumed = {{ when = {{ \"/t\" = \"resumed\" }} }}\n{KEPT}");
    let mut stage = back(&with("", &resumed));
    stage.goes(
        r#"
        < {"t":"msg","text":"missed"}
        ! Message { chat: Some(0), text: "missed", server_ms: None }
        < {"t":"resumed"}
        ! Ready { address: "" }
        "#,
    );
    // Of somebody who comes for the first time nothing is awaited.
    assert!(in_a_chat(&with("", &resumed)).told.contains("! Ready"));
}

#[test]
fn where_nothing_is_kept_nobody_comes_back() {
    let stage = in_a_chat(&with("", ""));
    assert_eq!(stage.talk.kept_for(), None);
    assert!(stage.comes_back().is_none());
    // Who has just asked for an agent, and does not know what its chat is called.
    let mut stage = Stage::new(&with(BY_WORD, KEPT), CUSTOMER);
    for line in ["+ start", "+ begin", r#"< {"t":"hello"}"#, "+ open"] {
        stage.line(line);
    }
    assert!(stage.comes_back().is_none());
}
