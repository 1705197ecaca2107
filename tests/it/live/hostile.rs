//! A hostile server that speaks a declared protocol: whatever it sends to somebody costs that connection,
//! never the run.
//!
//! It carries messages as a fair one would, but to the customers of some numbers it answers their
//! second message with what no client should trust.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use busyhour::center::fate::Fate;
use busyhour::scenario::plan::Plan;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::wire::declared::read_text;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::{EVER, timed};
use crate::stage::{Door, Stage};

/// What is said, by JSON on the stream: addresses and texts.
const CARRIER: &str = r#"
name = "carrier"
evidence = "a test"
dispatch = "busyhour"
address = "${user.name}"
[transport]
path = "/carrier"
[user]
name = "${party}${n}"
[customer]
connect = [{ send = { me = "${user.name}" }, expect = { "/welcome" = { exists = true } } }]
say = [{ send = { to = "${chat.peer}", text = "${text}" } }]
[agent]
connect = "customer.connect"
say = "customer.say"
[on]
message = { when = { "/from" = { exists = true } }, text = "/text" }
error = { when = { "/error" = { exists = true } }, kind = "/error" }
"#;

/// What the server does to a customer, by its number; nothing to all others.
const TRICKS: [fn(&mut Vec<u8>); 6] = [endless, deep, no_utf8, binary, reserved, closed];

fn endless(out: &mut Vec<u8>) {
    // A text of 2^40 bytes, and the first thousand of them.
    out.extend([0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]);
    out.extend([b'x'; 1_000]);
}

fn deep(out: &mut Vec<u8>) {
    let text = [b'['; 60_000];
    out.extend([0x81, 126]);
    out.extend((text.len() as u16).to_be_bytes());
    out.extend(text);
}

fn no_utf8(out: &mut Vec<u8>) {
    out.extend([0x81, 3, 0xff, 0xfe, 0xfd]);
}

fn binary(out: &mut Vec<u8>) {
    out.extend([0x82, 2, 1, 2]);
}

fn reserved(out: &mut Vec<u8>) {
    // Compressed, which nobody has agreed to: a bomb would be opened by whoever did.
    out.extend([0xc1, 2, b'{', b'}']);
}

fn closed(out: &mut Vec<u8>) {
    // A close that is torn in its middle.
    out.extend([0x88, 1, 3]);
}

type Boxes = Rc<RefCell<HashMap<String, UnboundedSender<Value>>>>;

async fn serve(mut door: Door) {
    let boxes = Boxes::default();
    while let Some(stream) = door.0.recv().await {
        spawn_local(carry(stream, boxes.clone()));
    }
}

async fn carry(stream: DuplexStream, boxes: Boxes) {
    let Ok(mut ws) = accept_async(stream).await else {
        return;
    };
    let (into, mut out) = unbounded_channel::<Value>();
    let (mut me, mut said) = (String::new(), 0);
    loop {
        tokio::select! {
            heard = ws.next() => {
                let Some(Ok(message)) = heard else { break };
                let Message::Text(text) = message else { continue };
                let mut heard: Value = serde_json::from_str(&text).unwrap();
                if let Some(name) = heard["me"].as_str() {
                    me = name.to_owned();
                    boxes.borrow_mut().insert(me.clone(), into.clone());
                    if ws.send(json!({ "welcome": me }).to_string().into()).await.is_err() {
                        break;
                    }
                    continue;
                }
                said += 1;
                if said == 2 && trick(&me, &mut ws).await {
                    break;
                }
                heard["from"] = me.clone().into();
                let to = heard["to"].as_str().unwrap().to_owned();
                if let Some(them) = boxes.borrow().get(&to) {
                    let _ = them.send(heard);
                }
            }
            Some(text) = out.recv() => {
                if ws.send(text.to_string().into()).await.is_err() {
                    break;
                }
            }
        }
    }
    boxes.borrow_mut().remove(&me);
}

/// Plays a trick on a customer whose turn it is; to every customer it says words that a terminal or
/// a log would obey.
async fn trick(me: &str, ws: &mut WebSocketStream<DuplexStream>) -> bool {
    let Some(number) = me.strip_prefix("customer") else {
        return false;
    };
    let words = "\u{1b}[2J\r\n::error file=x::obey\u{202e}";
    let told = ws.send(json!({ "error": words }).to_string().into()).await;
    let Some(trick) = TRICKS.get(number.parse::<usize>().unwrap()) else {
        return told.is_err();
    };
    let mut bytes = Vec::new();
    trick(&mut bytes);
    ws.get_mut().write_all(&bytes).await.unwrap();
    // The rest of it may be waited for, or not.
    let mut rest = Vec::new();
    let _ = ws.get_mut().read_to_end(&mut rest).await;
    true
}

fn plan(customers: usize) -> Plan {
    let arrivals: Vec<f64> = (0..customers).map(|n| 1.0 + n as f64).collect();
    let mut plan = timed(&arrivals, &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    plan.agents.concurrency = 8;
    plan.agents.slow_down = vec![1.0];
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(3).unwrap();
        rules.think = Law::constant(5.0).unwrap();
    });
    plan
}

#[test]
fn whatever_a_server_sends_costs_one_connection() {
    let customers = TRICKS.len() + 4;
    let protocol = read_text("carrier.toml", CARRIER, Path::new("")).unwrap();
    let mut stage = Stage::new(plan(customers), 1);
    stage.options.protocol = Some(Arc::new(protocol));
    let outcome = stage.against(serve).expect("the run starts");
    let result = &outcome.result;
    let verdict = &result.verdict;
    assert_eq!((verdict.valid, &verdict.failed), (Some(true), &None));
    let fated = |fate| {
        let records = outcome.records[0].iter();
        records.filter(|record| record.fate == Some(fate)).count()
    };
    assert_eq!(fated(Fate::Broken), TRICKS.len(), "{verdict:?}");
    assert_eq!(fated(Fate::Handled), 4, "{verdict:?}");
    let tricked = outcome.records[0].iter().take(TRICKS.len());
    assert!(
        tricked
            .into_iter()
            .all(|record| record.fate == Some(Fate::Broken))
    );
    let told = verdict.reasons.join("\n");
    assert!(told.contains("::error file=x::obey"), "{told}");
    for line in &verdict.reasons {
        assert!(!line.starts_with("::"), "a log would obey: {line}");
        assert!(
            line.chars().all(|c| !c.is_control() && c != '\u{202e}'),
            "{line:?}"
        );
    }
}

/// By HTTP: an answer without end, one that leads elsewhere, one that is no HTTP at all.
#[test]
fn an_answer_that_is_none_costs_what_was_asked() {
    let carrier = CARRIER.replace(
        "say = [{ send =",
        "say = [{ post = \"/say\", json = { me = \"${user.name}\" } }, { send =",
    );
    let protocol = read_text("carrier.toml", &carrier, Path::new("")).unwrap();
    let mut stage = Stage::new(plan(3), 1);
    stage.options.protocol = Some(Arc::new(protocol));
    let outcome = stage.against(answer).expect("the run starts");
    let verdict = &outcome.result.verdict;
    assert_eq!((verdict.valid, &verdict.failed), (Some(true), &None));
    let told = verdict.reasons.join("\n");
    for words in [
        "say: 302",
        "does not answer a request",
        "length limit exceeded",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(
        !told.contains("192.0.2.1"),
        "nobody looks where that leads: {told}"
    );
    assert_eq!(outcome.records[0].len(), 3);
    assert!(
        outcome.records[0]
            .iter()
            .all(|record| record.fate.is_some())
    );
}

/// Answers requests badly, each in its turn, and lets streams through.
async fn answer(mut door: Door) {
    let boxes = Boxes::default();
    let mut turn = 0;
    while let Some(mut stream) = door.0.recv().await {
        let mut head = vec![0; 4];
        if stream.read_exact(&mut head).await.is_err() {
            continue;
        }
        if head == *b"GET " {
            let whole = Prefixed::whole(head, stream).await;
            spawn_local(carry(whole, boxes.clone()));
            continue;
        }
        turn += 1;
        spawn_local(async move {
            let mut asked = [0; 4_096];
            let _ = stream.read(&mut asked).await;
            let bad: Vec<u8> = match turn % 3 {
                0 => [
                    &b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"[..],
                    &[b'x'; 2 << 20],
                ]
                .concat(),
                1 => b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
                    .to_vec(),
                _ => b"\x16\x03\x01 no HTTP".to_vec(),
            };
            let _ = stream.write_all(&bad).await;
        });
    }
}

/// A stream of which the beginning was read.
struct Prefixed;

impl Prefixed {
    /// The same stream from its beginning, by another on which it is carried.
    async fn whole(head: Vec<u8>, far: DuplexStream) -> DuplexStream {
        let (near, mut other) = tokio::io::duplex(64 * 1_024);
        spawn_local(async move {
            let mut far = far;
            if other.write_all(&head).await.is_ok() {
                let _ = tokio::io::copy_bidirectional(&mut far, &mut other).await;
            }
        });
        near
    }
}
