//! Owns the conversations of protocols that show one thing each.
//!
//! Law: each is as short as it can be and says in its name what it shows.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;

const ON: &str = r#"
[on]
assigned = { when = { "/t" = "assigned" }, chat = "/chat", from = "/who" }
message = { when = { "/t" = "msg" }, each = "/all", chat = "/chat", text = "/text" }
closed = { when = { "@/t" = "closed" }, chat = "/chat" }
typing = { when = { "/t" = "typing" }, chat = "/chat" }
throttled = { when = { "/t" = "slow" }, kind = "/why", retry = "/s:s" }
error = { when = { "/t" = "error" }, kind = "/why" }
"#;

fn with(lines: &str) -> Arc<Protocol> {
    declared(&format!("{lines}{}", ON.replace("each = \"/all\", ", "")))
}

#[test]
fn answers_are_known_by_a_value() {
    let protocol = with(
        r#"
        secret = ["user.key"]
        [transport]
        path = "/ws?key=${user.key}"
        [user]
        key = "k&y"
        [customer]
        connect = [{ send = { id = "${seq:int}", do = "login" }, ack = { by = "/re", equals = "${seq}", error = { when = { "/ok" = false }, kind = "/why" } }, capture = { "user.me" = "/me" } }]
        open = [{ send = { id = "${seq:int}", do = "open", me = "${user.me}" }, ack = { by = "/re", equals = "${seq}", position = "/place" }, capture = { "chat.id" = "/chat" } }]
        say = [{ send = { chat = "${chat.id}", text = "${text}" } }]
        typing = [{ send = { chat = "${chat.id}" } }]
        "#,
    );
    play(
        &protocol,
        CUSTOMER,
        r#"
        + start
        > /ws?key=k%26y
        + begin
        > {"id":1,"do":"login"}
        < {"re":7}
        < {"re":1,"ok":true,"me":"i"}
        ! Ready { address: "" }
        + open
        > {"id":2,"do":"open","me":"i"}
        + typing 0
        + say 0 early
        < {"re":"2","place":"3","chat":"c"}
        > {"chat":"c"}
        > {"chat":"c","text":"early"}
        ! Queued { position: Some(3) }
        < {"t":"typing","chat":"other"}
        < {"t":"typing","chat":"c"}
        ! Typing { chat: Some(0) }
        < {"t":"slow","why":"too fast","s":2}
        ! Throttled { kind: "too fast", retry_after: Some(2s) }
        < {"t":"error","why":{"code":5}}
        ! Refused { chat: Some(0), kind: "{\"code\":5}" }
        "#,
    );
    play(
        &protocol,
        CUSTOMER,
        r#"
        + start
        > /ws?key=k%26y
        + begin
        > {"id":1,"do":"login"}
        < {"re":1,"ok":false,"why":"key k&y"}
        ! Refused { chat: None, kind: "key ***" }
        ! error, for good: x: the server refuses what `connect` asks for
        "#,
    );
}

#[test]
fn who_hears_nothing_is_not_kept_waiting_for_ever() {
    let protocol = with(
        r#"
        [transport]
        path = "/"
        [agent]
        connect = [{ send = "hi", expect = { "/t" = "hello" }, within = "5s" }]
        say = [{ send = "x", ack = { by = "/re", equals = "${seq}" }, within = "3s" }]
        [[keepalive]]
        every = "20s"
        send = "ping"
        [[keepalive]]
        on = { "/t" = "ping" }
        send = { t = "pong" }
        "#,
    );
    play(
        &protocol,
        AGENT,
        r#"
        + start
        > /
        + begin
        > hi
        + wait 5
        ! error: x: `connect`: no answer within 5 s
        "#,
    );
    let stage = play(
        &protocol,
        AGENT,
        r#"
        + start
        > /
        + begin
        > hi
        < {"t":"hello"}
        ! Ready { address: "" }
        < {"t":"assigned","chat":1}
        ! Assigned { chat: 1 }
        + say 1 a
        > x
        + wait 3
        ! Refused { chat: Some(1), kind: "say: no answer within 3 s" }
        < {"t":"ping"}
        > {"t":"pong"}
        + wait 17
        > ping
        "#,
    );
    assert_eq!(stage.talk.deadline(), Some(Duration::from_secs(40)));
}

#[test]
fn cookies_and_captures_go_with_the_next_request() {
    let protocol = with(
        r#"
        [transport]
        path = "/${user.id}"
        [customer]
        setup = [{ post = "/in", form = { "a b" = "${n}&" }, capture = { "user.id" = "/id" } }]
        before_connect = [{ get = "/me/${user.id}" }]
        say = [{ post = "/say", body = "${text}", throttled = { status = 503, retry = "/ms:ms" } }]
        "#,
    );
    play(
        &protocol,
        CUSTOMER,
        r#"
        + start
        >> POST /in a+b=17%26 [Content-Type: application/x-www-form-urlencoded]
        << 200 {"id":"a/b"} cookie:sid=1; Path=/
        >> GET /me/a%2Fb  [Cookie: sid=1]
        << 200
        > /a%2Fb [Cookie: sid=1]
        + begin
        ! Ready { address: "" }
        + say 0 not in a chat
        + open
        + say 0 hi
        >> POST /say hi [Content-Type: text/plain; charset=utf-8] [Cookie: sid=1]
        << 503 {"ms":1500}
        ! Throttled { kind: "say: 503", retry_after: Some(1.5s) }
        + say 0 you
        + wait 1
        + wait 1
        >> POST /say hi [Content-Type: text/plain; charset=utf-8] [Cookie: sid=1]
        << 200
        >> POST /say you [Content-Type: text/plain; charset=utf-8] [Cookie: sid=1]
        << the connection was lost
        ! Refused { chat: Some(0), kind: "say: the connection was lost" }
        "#,
    );
}

#[test]
fn the_time_is_this_machines() {
    let protocol = with(
        r#"
        [transport]
        path = "/"
        [customer]
        say = [{ send = "${now_ms}" }]
        "#,
    );
    let unix_ms = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.expect("it is later than 1970").as_millis() as u64
    };
    let before = unix_ms();
    let mut stage = Stage::new(&protocol, CUSTOMER);
    let lines = ["+ start", "+ begin", "+ open", "+ wait 7", "+ say 0 x"];
    lines.iter().for_each(|line| stage.line(line));
    let said = stage.told.lines().last();
    let said = said.and_then(|line| line.strip_prefix("> ")?.parse::<u64>().ok());
    let said = said.expect("a number was said");
    assert!((before..=unix_ms()).contains(&(said - 7_000)), "{said}");
}

#[test]
fn what_is_too_much_is_asked_again_some_times() {
    let protocol = with(
        r#"
        [transport]
        path = "/"
        [customer]
        close = [{ delete = "/chat" }]
        "#,
    );
    let again = "<< 429\n! Throttled { kind: \"close: 429\", retry_after: None }\n+ wait 1\n\
                 >> DELETE /chat\n";
    let conversation = format!(
        "+ start\n> /\n+ begin\n! Ready {{ address: \"\" }}\n+ open\n+ close 0\n\
         >> DELETE /chat\n{}<< 429\n! Throttled {{ kind: \"close: 429\", retry_after: None }}\n\
         ! Refused {{ chat: Some(0), kind: \"close: 429\" }}",
        again.repeat(5)
    );
    play(&protocol, CUSTOMER, &conversation);
}

#[test]
fn what_comes_too_soon_waits() {
    let protocol = with(
        r#"
        [transport]
        path = "/"
        [customer]
        say = [{ send = "${text}" }]
        [pacing]
        say = "1 per second"
        "#,
    );
    let stage = play(
        &protocol,
        CUSTOMER,
        r#"
        + start
        > /
        + begin
        ! Ready { address: "" }
        + open
        + say 0 a
        > a
        + say 0 b
        + say 0 c
        + wait 1
        > b
        "#,
    );
    assert_eq!(stage.talk.deadline(), Some(Duration::from_secs(2)));
}

#[test]
fn an_agent_accepts_and_gives_back() {
    let protocol = with(
        r#"
        [transport]
        path = "/"
        [agent]
        accept = [{ post = "/take/${chat.id}" }]
        assigned = [{ send = { sub = "${chat.id}" } }]
        transfer = [{ send = { back = "${chat.id}" } }]
        "#,
    );
    play(
        &protocol,
        AGENT,
        r#"
        + start
        > /
        + begin
        ! Ready { address: "" }
        < {"t":"assigned","chat":"c","who":"w"}
        >> POST /take/c 
        ! Assigned { chat: 1 }
        << 204
        > {"sub":"c"}
        < {"t":"assigned","chat":"c","who":"w"}
        + transfer 1
        > {"back":"c"}
        ! Transferred { chat: 1 }
        + free 1
        < {"t":"assigned","chat":"c","who":"w"}
        >> POST /take/c 
        ! Assigned { chat: 2 }
        "#,
    );
}
