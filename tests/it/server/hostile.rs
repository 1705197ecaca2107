//! What peers must not do, what the machine will not give, and how a server ends.

use std::time::Duration;

use busyhour::error::Exit;
use busyhour::server::Server;
use busyhour::wire::limits::KEPT_MOST;
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::peer::{DEADLINE, Peer, options, server, stopped, until};

#[tokio::test]
async fn other_hosts_origins_and_paths_are_refused() {
    let mut options = options(10);
    options.allowed_hosts = vec!["chat.example.org".to_owned()];
    let server = Server::spawn_thread(options).unwrap();
    for (path, headers, status) in [
        ("/customer", vec![("host", "evil.example")], 403),
        ("/agent", vec![("origin", "https://evil.example")], 403),
        ("/agent", vec![("origin", "null")], 403),
        ("/", vec![], 404),
    ] {
        match Peer::open(&server, path, &headers).await {
            Err(WsError::Http(response)) => assert_eq!(response.status(), status),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("{path} {headers:?} came in"),
        }
    }
    let headers = [
        ("host", "chat.example.org:80"),
        ("origin", "https://chat.example.org"),
    ];
    assert!(Peer::open(&server, "/agent", &headers).await.is_ok());
    let headers = [("host", "localhost")];
    assert!(Peer::open(&server, "/agent", &headers).await.is_ok());
    let stats = server.stop();
    assert_eq!((stats.refused, stats.connections), (4, 2));
}

#[tokio::test]
async fn garbage_costs_one_connection() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let chat = agent.assigned("c0").await;
    let bad_utf8 = RawFrame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    let cases = [
        (Message::text("x".repeat(100_000)), "too-long", 1009),
        (Message::binary(vec![1, 2, 3]), "not-text", 1003),
        (Message::Frame(bad_utf8), "not-utf8", 1007),
        (Message::text("{not json"), "unreadable", 1008),
        (Message::text("[".repeat(10_000)), "unreadable", 1008),
        (Message::text(r#"{"type":"open"}"#), "unreadable", 1008),
        (
            Message::text(r#"{"type":"reply","chat":1,"seq":1,"text":""}"#),
            "unreadable",
            1008,
        ),
    ];
    let sent = cases.len() as u64;
    for (message, reason, code) in cases {
        let mut customer = Peer::connect(&server, "/customer").await;
        customer.ws.send(message).await.unwrap();
        assert_eq!(
            customer.hear().await,
            json!({"type": "error", "reason": reason})
        );
        assert_eq!(customer.hear_end().await, code);
    }
    // Neither JSON nor WebSocket nor HTTP.
    let mut raw = TcpStream::connect(server.local_addr()).await.unwrap();
    raw.write_all(b"\x16\x03\x01 hello\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(DEADLINE, raw.read_to_end(&mut answer))
        .await
        .unwrap();
    // What cannot be followed is refused, and costs nothing.
    talking
        .say(json!({"type": "open", "marker": "again"}))
        .await;
    assert_eq!(talking.hear().await["reason"], "already-open");
    // All that time the chat went on.
    agent
        .say(json!({"type": "reply", "chat": chat, "seq": 1, "text": "here"}))
        .await;
    assert_eq!(talking.hear().await["text"], "here");
    let stats = stopped(server, [agent, talking]);
    assert_eq!((stats.garbage, stats.refused), (sent, 1));
    assert_eq!(stats.tally.violations, 1);
}

/// Levels that are none, chats of others, messages without end while a chat waits again.
#[tokio::test]
async fn what_the_newer_frames_ask_is_checked() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut other = Peer::agent(&server, 1, 1).await;
    let mut customer = Peer::connect(&server, "/customer").await;
    let high = json!({"type": "open", "marker": "c0", "priority": 255});
    customer.say(high).await;
    assert_eq!(customer.hear().await["reason"], "bad-priority");
    customer.say(json!({"type": "open", "marker": "c0"})).await;
    assert_eq!(customer.hear().await["type"], "assigned");
    let chat = agent.assigned("c0").await;
    other.say(json!({"type": "hand-over", "chat": chat})).await;
    assert_eq!(other.hear().await["reason"], "not-your-chat");
    other.say(json!({"type": "offline"})).await;
    assert_eq!(other.hear().await["type"], "offline");
    agent.say(json!({"type": "offline"})).await;
    agent.say(json!({"type": "hand-over", "chat": chat})).await;
    agent.freed(chat).await;
    assert_eq!(agent.hear().await["type"], "offline");
    let queued = json!({"type": "queued", "position": 1});
    assert_eq!(customer.hear().await, queued);
    for seq in 1..=100 {
        let said = json!({"type": "say", "seq": seq, "text": "x".repeat(10_000)});
        customer.say(said).await;
        if seq > KEPT_MOST {
            assert_eq!(customer.hear().await["reason"], "not-assigned");
        }
    }
    agent.say(json!({"type": "hand-over", "chat": chat})).await;
    assert_eq!(agent.hear().await["reason"], "not-online");
    let online = json!({"type": "online", "agent": 0, "limit": 1});
    agent.say(online.clone()).await;
    assert_eq!(agent.hear().await, online);
    let assigned = agent.hear().await;
    assert_eq!(
        (&assigned["turn"], &assigned["pending"]["seq"]),
        (&json!(1), &json!(1))
    );
    let stats = stopped(server, [agent, other, customer]);
    assert_eq!((stats.tally.violations, stats.tally.handed_over), (87, 1));
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_cut() {
    let mut options = options(10);
    options.idle = Duration::from_secs(1);
    let server = Server::spawn_thread(options).unwrap();
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut dead = Peer::customer(&server, "c0").await;
    dead.hear().await;
    agent.assigned("c0").await;
    // The agent's connection is read, so it answers pings; the customer's is not.
    assert_eq!(agent.hear().await["type"], "left");
    until(&server, |stats| stats.idle == 1).await;
    assert_eq!(dead.next().await.to_text().unwrap(), "nothing heard");
    assert_eq!(server.stats().idle, 1);
}

#[tokio::test]
async fn who_does_not_read_is_cut() {
    let mut options = options(10);
    options.outbox = 64;
    let server = Server::spawn_thread(options).unwrap();
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut customer = Peer::customer(&server, "c0").await;
    customer.hear().await;
    let chat = agent.assigned("c0").await;
    // The agent reads no more; the customer fills its outbox and the network's buffers.
    let text = "x".repeat(16_000);
    for seq in 1..=10_000 {
        let said = json!({"type": "say", "seq": seq, "text": text}).to_string();
        if customer.ws.send(Message::text(said)).await.is_err() {
            break;
        }
    }
    until(&server, |stats| stats.stalled == 1).await;
    let mut other = Peer::agent(&server, 1, 1).await;
    let mut next = Peer::customer(&server, "c1").await;
    assert_eq!(next.hear().await["type"], "assigned");
    assert_eq!(other.assigned("c1").await, chat + 1);
}

#[tokio::test]
async fn only_loopback_unless_told_otherwise() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.7:0"] {
        let mut options = options(10);
        options.listen = listen.parse().unwrap();
        let error = Server::bind(options).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Refused);
        assert!(error.message(false).contains("--allow-remote"));
    }
    let mut options = options(10);
    (options.listen, options.allow_remote) = ("0.0.0.0:0".parse().unwrap(), true);
    assert!(Server::bind(options).await.is_ok());
}

#[tokio::test]
async fn a_port_in_use_is_a_failure_with_a_remedy() {
    let first = server(10);
    let mut second = options(10);
    second.listen = first.local_addr();
    let error = Server::spawn_thread(second.clone()).unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    let message = error.message(false);
    assert!(
        message.contains(&first.local_addr().to_string()),
        "{message}"
    );
    assert!(message.contains("help:"), "{message}");
    // Free again as soon as the first has stopped, connections or not.
    let mut customer = Peer::customer(&first, "c0").await;
    customer.hear().await;
    first.stop();
    assert!(Server::bind(second).await.is_ok());
}

#[tokio::test]
async fn stopping_ends_chats_and_connections_in_due_form() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    agent.assigned("c0").await;
    let mut waiting = Peer::customer(&server, "c1").await;
    waiting.hear().await;
    let addr = server.local_addr();
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    for customer in [&mut talking, &mut waiting] {
        assert_eq!(
            customer.hear().await,
            json!({"type": "closed", "by": "server"})
        );
        assert_eq!(customer.hear_end().await, 1001);
    }
    assert_eq!(agent.hear_end().await, 1001);
    let stats = timeout(DEADLINE, stopped).await.unwrap().unwrap();
    assert_eq!(stats.connections, 3);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn stopping_does_not_wait_for_the_dead() {
    let server = server(10);
    let _silent = TcpStream::connect(server.local_addr()).await.unwrap();
    let _unread = Peer::connect(&server, "/customer").await;
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    assert!(timeout(DEADLINE, stopped).await.is_ok());
}
