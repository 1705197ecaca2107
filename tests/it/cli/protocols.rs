//! `protocols` and `protocol try`: what a person sees of protocols.

use std::net::{Ipv4Addr, TcpListener};

use super::program::Program;
use crate::servers::{self, Server};
use busyhour::wire::{declared, protocols};

#[test]
fn the_protocols_that_come_with_the_program_are_listed() {
    let program = Program::new();
    let listed = program.run(&["protocols"]).ends_with(0).stdout;
    for entry in protocols::all() {
        let mut lines = listed.lines();
        let row = lines.find(|line| line.split_whitespace().next() == Some(entry.name));
        let row = row.unwrap_or_else(|| panic!("{} is not in: {listed}", entry.name));
        assert_eq!(row.contains(" tried "), entry.is_tried, "{row}");
        assert_eq!(row.contains("a draft: never run"), !entry.is_tried, "{row}");
    }
    assert!(listed.lines().all(|line| line.chars().count() <= 100));
    assert!(!listed.contains('\u{1b}'), "{listed}");
}

/// What is printed is the file itself: it can be changed and spoken.
#[test]
fn a_protocol_is_printed_as_a_file_to_begin_with() {
    let program = Program::new();
    let printed = program.run(&["protocols", "socketio"]).ends_with(0).stdout;
    std::fs::write(program.path("mine.toml"), &printed).unwrap();
    let read = declared::read(&program.path("mine.toml")).unwrap();
    assert_eq!(read.name(), "socketio");
    for (name, words) in [
        ("native", "docs/protocol.md"),
        ("xmpp", "visitors.localhost"),
    ] {
        let told = program.run(&["protocols", name]).ends_with(0).stdout;
        assert!(told.contains(words), "{told}");
    }
    let wrong = program.run(&["protocols", "soketio"]);
    wrong.fails_with(2, &["no protocol `soketio`", "did you mean `socketio`?"]);
}

#[test]
fn a_rehearsal_without_a_server_or_a_protocol_says_what_is_missing() {
    let program = Program::new();
    let run = |args: &[&str]| program.run(&[&["protocol", "try"], args].concat());
    run(&["socketio"]).fails_with(2, &["needs a server", "--target ws://HOST:PORT"]);
    let target = ["--target", "ws://127.0.0.1:9"];
    run(&["soketio", target[0], target[1]]).fails_with(2, &["no protocol `soketio`"]);
    run(&["mine.toml", target[0], target[1]]).fails_with(2, &["cannot read mine.toml"]);
    let native = run(&["native", target[0], target[1]]);
    native.fails_with(2, &["--trace customer:0"]);
    let within = run(&["socketio", target[0], target[1], "--within", "0s"]);
    within.fails_with(2, &["--within", "above zero"]);
    let abroad = run(&["socketio", "--target", "ws://192.0.2.1:80"]);
    abroad.fails_with(2, &["--allow-target 192.0.2.1"]);
}

#[test]
fn a_server_that_is_not_there_or_says_nothing_fails_the_rehearsal() {
    let program = Program::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let target = format!("ws://{}", listener.local_addr().unwrap());
    let args = ["protocol", "try", "xmpp", "--target", &target];
    // It takes the connection and never answers.
    let silent = program.run(&[&args[..], &["--within", "300ms"]].concat());
    let silent = silent.ends_with(3).stdout;
    for words in [
        "agent    > GET /xmpp-websocket",
        "FAILED",
        "did not happen: agent in, not within the time",
        "what worked: nothing",
        "where to look: ",
    ] {
        assert!(silent.contains(words), "`{words}` is not in: {silent}");
    }
    drop(listener);
    let ended = program.run(&args);
    assert!(ended.stdout.contains("FAILED"), "{}", ended.stdout);
    ended.fails_with(
        3,
        &["cannot reach ws://127.0.0.1", "start the server there"],
    );
}

/// Plays a chat at a real server; each of `steps` has its line, in this order.
fn works(server: &Server, protocol: &str, steps: &[&str]) -> String {
    let target = format!("ws://{}", server.address());
    let args = ["protocol", "try", protocol, "--target", &target, "--full"];
    let told = Program::new().run(&args).ends_with(0).stdout;
    let mut lines = told.lines();
    for step in steps {
        let is_there = lines.any(|line| line.contains(step));
        assert!(is_there, "`{step}` is not in its place in: {told}");
    }
    assert!(told.contains("\nWORKS "), "{told}");
    assert!(!told.contains('\u{1b}'), "{told}");
    told
}

#[test]
#[ignore = "needs a real server"]
fn a_chat_over_socketio_is_shown_from_hello_to_close() {
    let Some(server) = servers::socketio() else {
        return;
    };
    let steps = [
        "agent    > GET /socket.io/",
        r#"agent    > 420["hello",{"role":"agent","max":1}]"#,
        "agent      is online",
        r#"customer > 421["open",{}]"#,
        "customer   on.assigned takes it: chat=c1",
        "customer * says message 1",
        "-u-1 ",
        "agent      hears message 1",
        "agent    * says message 1",
        "customer   hears message 1",
        "agent      hears message 2",
        "customer   hears message 2",
        r#"agent    > 42["close",{"chat":"c1"}]"#,
        "customer   hears that the chat is over",
        "customer * goes",
        "matchers that took nothing: on.queued",
    ];
    works(&server, "socketio", &steps);
}

#[test]
#[ignore = "needs a real server"]
fn a_chat_over_rest_is_shown_without_its_secrets() {
    let Some(server) = servers::hexlet() else {
        return;
    };
    let steps = [
        "agent    > POST /api/v1/signup",
        "agent    < HTTP 201 ",
        "agent    > POST /api/v1/login",
        "customer * is given the chat by this program",
        "customer > POST /api/v1/messages",
        "agent      hears message 1",
        "customer   hears message 1",
        "agent      hears message 2",
        "customer   hears message 2",
    ];
    let told = works(&server, "hexlet", &steps);
    let hidden = |line: &&str| line.contains(r#""password":"***""#);
    assert_eq!(told.lines().filter(hidden).count(), 4, "{told}");
    let hidden = |line: &&str| line.contains(r#""token":"***""#);
    assert_eq!(told.lines().filter(hidden).count(), 4, "{told}");
}

#[test]
#[ignore = "needs a real server"]
fn a_chat_over_xmpp_is_shown_with_typing_and_receipts() {
    let Some(server) = servers::prosody(servers::Prosody::default()) else {
        return;
    };
    let steps = [
        "mechanism='PLAIN'>***</auth>",
        "agent      is in, to be reached at agent1@agents.localhost/",
        "customer > <auth ",
        "customer   is in, to be reached at ",
        "customer * says message 1",
        "agent      hears message 1",
        "customer   sees the other side typing",
        "customer   hears message 1",
        "agent      sees the other side typing",
        "agent      hears message 2",
        "customer   hears message 2",
        "customer   hears that the chat is over",
        "agent    > <close ",
    ];
    works(&server, "xmpp", &steps);
}

/// Two mistakes of somebody who writes a file: where they show.
#[test]
#[ignore = "needs a real server"]
fn a_matcher_that_is_misspelt_is_told_of() {
    let Some(server) = servers::socketio() else {
        return;
    };
    let program = Program::new();
    let right = program.run(&["protocols", "socketio"]).stdout;
    let wrong = right.replace(
        r#"message = { when = { "/event" = "message" }"#,
        "message = { when = { \"/event\" = \"massage\" }",
    );
    assert_ne!(right, wrong);
    std::fs::write(program.path("mine.toml"), wrong).unwrap();
    let target = format!("ws://{}", server.address());
    let args = [
        "protocol",
        "try",
        "mine.toml",
        "--target",
        &target,
        "--within",
        "2s",
    ];
    let told = program.run(&args).ends_with(3).stdout;
    for words in [
        "no matcher takes it: ",
        "did not happen: customer's message heard, not within the time",
        "agent in, agent online, customer in, chat assigned",
        "`customer.say`, and `on.message`",
        "1 of what came was taken by no matcher",
        "took nothing: on.queued, on.message",
    ] {
        assert!(told.contains(words), "`{words}` is not in: {told}");
    }
}
