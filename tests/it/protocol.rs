//! docs/protocol.md is true: its frames are frames, and its conversation happens.

use busyhour::server::desk::Tally;
use busyhour::server::{Server, ServerOptions};
use busyhour::time::Span;
use busyhour::wire::frame::{Frame, FromAgent, FromCustomer, ToAgent, ToCustomer};
use busyhour::wire::reason::Reason;
use serde_json::Value;

use crate::server::peer::{Peer, options, stopped};

const DOCUMENT: &str = include_str!("../../docs/protocol.md");

/// The document's lines between a heading and the next.
fn section(heading: &str) -> impl Iterator<Item = &'static str> {
    let lines = DOCUMENT
        .lines()
        .skip_while(move |line| *line != heading)
        .skip(1);
    lines.take_while(|line| !line.starts_with("## "))
}

/// The frames in the first column of a section's table; each reads and writes as it stands there.
fn frames<F: Frame>(heading: &str) -> Vec<String> {
    let rows = section(heading).filter_map(|line| line.strip_prefix("| `{"));
    let texts = rows.map(|row| format!("{{{}", row.split('`').next().unwrap()));
    texts
        .map(|text| {
            let frame = F::decode(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(frame.encode(), text);
            let value: Value = serde_json::from_str(&text).unwrap();
            value["type"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_frame_is_documented_as_it_is() {
    let said = frames::<FromCustomer>("## What a customer says");
    let known = [
        "open", "open", "open", "open", "resume", "say", "say", "typing", "leave",
    ];
    assert_eq!(said, known);
    let heard = frames::<ToCustomer>("## What a customer hears");
    let known = [
        "resumed", "gone", "queued", "assigned", "message", "typing", "rejected", "closed", "error",
    ];
    assert_eq!(heard, known);
    let said = frames::<FromAgent>("## What an agent says");
    let known = [
        "online",
        "reply",
        "typing",
        "close",
        "free",
        "hand-over",
        "offline",
    ];
    assert_eq!(said, known);
    let heard = frames::<ToAgent>("## What an agent hears");
    let known = [
        "online", "assigned", "assigned", "assigned", "message", "typing", "left", "freed",
        "offline", "error",
    ];
    assert_eq!(heard, known);
}

#[test]
fn every_reason_is_documented() {
    let rows = section("## Errors").filter_map(|line| line.strip_prefix("| `"));
    let documented: Vec<_> = rows.map(|row| row.split('`').next().unwrap()).collect();
    assert_eq!(documented, Reason::ALL.map(Reason::code));
}

/// Plays the conversation of a section against the built-in server; says how many frames there were,
/// and what the server has counted.
async fn play(heading: &str, options: ServerOptions) -> (u32, Tally) {
    let server = Server::spawn_thread(options).unwrap();
    let mut agent = Peer::open(&server, "/agent", &[]).await.unwrap();
    let mut customer = Peer::open(&server, "/customer", &[]).await.unwrap();
    let mut played = 0;
    for line in section(heading) {
        if line == "customer x" {
            customer = Peer::open(&server, "/customer", &[]).await.unwrap();
            continue;
        }
        let Some((who, frame)) = line.split_once(" {") else {
            continue;
        };
        let (peer, says) = match who.split_whitespace().collect::<Vec<_>>()[..] {
            ["agent", sign] => (&mut agent, sign),
            ["customer", sign] => (&mut customer, sign),
            _ => continue,
        };
        let mut frame: Value = serde_json::from_str(&format!("{{{frame}")).unwrap();
        if says == ">" {
            peer.say(frame).await;
        } else {
            let mut heard = peer.hear().await;
            if heard["type"] == "hello" {
                // Its version grows without the document.
                (frame["server"], heard["server"]) = (Value::Null, Value::Null);
            }
            assert_eq!(heard, frame);
        }
        played += 1;
    }
    (played, stopped(server, [agent, customer]).tally)
}

#[tokio::test]
async fn the_documented_conversation_happens() {
    let (played, tally) = play("## A conversation", options(200)).await;
    assert_eq!(played, 37);
    assert_eq!((tally.violations, tally.messages, tally.typing), (0, 5, 2));
}

#[tokio::test]
async fn a_lost_connection_is_as_documented() {
    let options = ServerOptions {
        kept_for: Span::from_secs(60),
        ..options(200)
    };
    let (played, tally) = play("## Lost connections", options).await;
    assert_eq!(played, 17);
    assert_eq!((tally.violations, tally.chats, tally.resumed), (0, 1, 1));
}
