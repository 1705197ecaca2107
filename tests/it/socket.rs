//! The generator's connections, with the built-in server and with targets that are none.

use std::sync::Arc;
use std::time::Duration;

use busyhour::error::Exit;
use busyhour::live::socket::{Socket, SocketLimits, dial};
use busyhour::live::target::Target;
use busyhour::live::way::Way;
use busyhour::server::Handle;
use busyhour::wire::frame::{
    AgentSide, CustomerSide, Frame, FromAgent, FromCustomer, Party, Side, ToAgent, ToCustomer,
};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::server::peer::{DEADLINE, server};

/// A connection of the generator, greeted.
async fn socket<S: Side>(server: &Handle) -> Socket<S> {
    let target = Target::from(server.local_addr());
    let way = way(&target).await;
    let mut socket = dial::<S, _>(&way, 0, SocketLimits::default())
        .await
        .unwrap();
    let hello = socket.hello().await.unwrap();
    assert_eq!(hello.policy, "fewest-active");
    socket
}

/// The way to a target that shows nothing.
async fn way(target: &Target) -> Way {
    let address = target.resolve(&[]).await.unwrap();
    Way::new(vec![address], Arc::default()).unwrap()
}

async fn hear<S: Side>(socket: &mut Socket<S>) -> S::Hears {
    let heard = timeout(DEADLINE, socket.next()).await.expect("in time");
    heard.expect("not over").expect("not lost")
}

#[tokio::test]
async fn the_generators_sockets_speak_with_the_server() {
    let server = server(10);
    let mut agent = socket::<AgentSide>(&server).await;
    let mut customer = socket::<CustomerSide>(&server).await;
    let online = FromAgent::Online { agent: 0, limit: 3 };
    agent.send(&online).await.unwrap();
    assert_eq!(
        hear(&mut agent).await,
        ToAgent::Online { agent: 0, limit: 3 }
    );
    let (marker, text) = ("bh-00c0ffee-c17-0-u-0".to_owned(), None);
    let open = FromCustomer::Open {
        marker: marker.clone(),
        text: text.clone(),
        priority: 0,
        ticket: None,
    };
    customer.send(&open).await.unwrap();
    let chat = 1;
    let assigned = ToAgent::Assigned {
        chat,
        marker,
        text,
        turn: 0,
        answered: 0,
        pending: None,
    };
    assert_eq!(hear(&mut agent).await, assigned);
    assert_eq!(hear(&mut customer).await, ToCustomer::Assigned { agent: 0 });
    agent.send(&FromAgent::Close { chat }).await.unwrap();
    let by = Party::Agent;
    assert_eq!(hear(&mut customer).await, ToCustomer::Closed { by });
    assert!(timeout(DEADLINE, customer.next()).await.unwrap().is_none());
    agent.close(drop).await;
    let stats = server.stop();
    assert_eq!((stats.idle, stats.stalled, stats.garbage), (0, 0, 0));
}

#[tokio::test]
async fn a_target_that_refuses_is_a_failure_with_a_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::from(listener.local_addr().unwrap());
    drop(listener);
    let way = way(&target).await;
    let dialled = dial::<AgentSide, _>(&way, 0, SocketLimits::default()).await;
    let error = dialled.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    let message = error.message(false);
    assert!(
        message.contains("refused") && message.contains("busyhour serve"),
        "{message}"
    );
}

#[tokio::test]
async fn a_target_that_is_no_chat_server_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::from(listener.local_addr().unwrap());
    let way = way(&target).await;
    let limits = SocketLimits {
        connect: Duration::from_millis(200),
        ..SocketLimits::default()
    };
    // Nobody answers.
    let silent = dial::<AgentSide, _>(&way, 0, limits).await.unwrap_err();
    assert!(silent.message(false).contains("no answer within"));
    // Somebody else answers.
    let (mut first, _) = listener.accept().await.unwrap();
    drop(first.shutdown().await);
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await.unwrap();
        let answer = b"HTTP/1.1 418 I'm a teapot\r\ncontent-length: 6\r\n\r\n\x1b[2Jhi";
        stream.write_all(answer).await.unwrap();
        stream
    };
    let limits = SocketLimits::default();
    let (dialled, _stream) = tokio::join!(dial::<AgentSide, _>(&way, 0, limits), answering);
    let error = dialled.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    let message = error.message(false);
    assert!(
        message.contains("418") && !message.contains('\u{1b}'),
        "{message}"
    );
}

/// Connections in TIME_WAIT, by their near and their far end.
#[cfg(target_os = "linux")]
fn time_wait() -> std::collections::HashSet<(String, String)> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let lines = table.lines().map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let mut next = || words.next().unwrap_or_default().to_owned();
        ((next(), next()), next())
    });
    let waiting = lines.filter(|(_, state)| state == "06");
    waiting.map(|(ends, _)| ends).collect()
}

/// However a connection ends, its port stays in TIME_WAIT at the server, not at the generator,
/// which needs tens of thousands of them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_server_closes_first() {
    let server = server(0);
    // 127.0.0.1, as a machine that puts the low byte first shows it.
    let address = format!("0100007F:{:04X}", server.local_addr().port());
    // Whoever had the port a minute ago.
    let others = time_wait();
    // Ended by the server, by the generator, and by the server's stop.
    let mut rejected = socket::<CustomerSide>(&server).await;
    let (marker, text) = ("m".to_owned(), None);
    rejected
        .send(&FromCustomer::Open {
            marker,
            text,
            priority: 0,
            ticket: None,
        })
        .await
        .unwrap();
    let heard = hear(&mut rejected).await;
    assert!(matches!(heard, ToCustomer::Rejected { .. }));
    assert!(timeout(DEADLINE, rejected.next()).await.unwrap().is_none());
    socket::<CustomerSide>(&server).await.close(drop).await;
    let mut last = socket::<AgentSide>(&server).await;
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    assert!(timeout(DEADLINE, last.next()).await.unwrap().is_none());
    drop((rejected, last));
    stopped.await.unwrap();
    let waiting = time_wait();
    let ours = || waiting.difference(&others);
    let at_server = ours().filter(|(near, _)| *near == address).count();
    let at_generator = ours().filter(|(_, far)| *far == address).count();
    assert_eq!((at_server, at_generator), (3, 0));
}

/// What is longer than what a connection holds to read into comes whole, and so does what follows.
#[tokio::test]
async fn long_messages_come_whole() {
    let server = server(10);
    let mut agent = socket::<AgentSide>(&server).await;
    let mut customer = socket::<CustomerSide>(&server).await;
    let online = FromAgent::Online { agent: 0, limit: 1 };
    agent.send(&online).await.unwrap();
    let open = FromCustomer::Open {
        marker: "m-1".to_owned(),
        text: None,
        priority: 0,
        ticket: None,
    };
    hear(&mut agent).await;
    customer.send(&open).await.unwrap();
    hear(&mut agent).await;
    hear(&mut customer).await;
    for (seq, length) in (1..).zip([1, 1_024, 16_000, 1_000, 2]) {
        let text = "é".repeat(length / 2);
        let say = FromCustomer::Say {
            seq,
            text: text.clone(),
            heard: 0,
        };
        customer.send(&say).await.unwrap();
        let chat = 1;
        let reply = FromAgent::Reply {
            chat,
            seq,
            text: text.clone(),
        };
        let message = ToAgent::Message {
            chat,
            seq,
            text: text.clone(),
        };
        assert_eq!(hear(&mut agent).await, message);
        agent.send(&reply).await.unwrap();
        assert_eq!(hear(&mut customer).await, ToCustomer::Message { seq, text });
    }
}

/// Tens of thousands of them stand at once: what is needed to make one is not kept.
#[tokio::test]
async fn a_connection_is_small() {
    let size = size_of::<Socket<CustomerSide>>();
    assert!(size <= 512, "a socket takes {size} bytes");
    let target = Target::parse("ws://127.0.0.1:4210").unwrap();
    let address = target.resolve(&[]).await.unwrap();
    let way = Way::new(vec![address], Arc::default()).unwrap();
    let limits = SocketLimits::default();
    let size = size_of_val(&dial::<CustomerSide, _>(&way, 0, limits));
    assert!(size <= 1_024, "dialling takes {size} bytes");
}

/// A server that pings before it says anything else, waits for the answer, and then says a frame in
/// two parts: whoever waits for a frame has to do so without being asked for another.
#[tokio::test]
async fn who_only_listens_answers_pings_and_hears_what_comes_in_parts() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::from(listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = tokio_tungstenite::accept_async(stream).await.unwrap();
        for round in 0..3u8 {
            // By now the other side has found nothing to read.
            tokio::time::sleep(Duration::from_millis(20)).await;
            peer.send(Message::Ping(vec![round].into())).await.unwrap();
            let answer = peer.next().await.unwrap().unwrap();
            assert_eq!(answer, Message::Pong(vec![round].into()));
        }
        let text = br#"{"type":"typing"}"#;
        let frame = [&[0x81, text.len() as u8][..], text].concat();
        for part in frame.chunks(8) {
            peer.get_mut().write_all(part).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        peer
    });
    let way = way(&target).await;
    let limits = SocketLimits::default();
    let mut customer = dial::<CustomerSide, _>(&way, 0, limits).await.unwrap();
    assert_eq!(hear(&mut customer).await, ToCustomer::Typing {});
    server.await.unwrap();
}

/// A frame as a server writes it; `form` is how many bytes its length takes at the least.
fn frame(begin: u8, form: usize, text: &[u8]) -> Vec<u8> {
    let bytes = text.len();
    let mut frame = vec![begin];
    match bytes {
        0..=125 if form == 1 => frame.push(bytes as u8),
        0..=0xffff if form <= 2 => {
            frame.push(126);
            frame.extend((bytes as u16).to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((bytes as u64).to_be_bytes());
        }
    }
    frame.extend(text);
    frame
}

/// However a server packs what it says, several messages in one packet or one in several, whole or in
/// parts, its length in any form: all of it is heard, and nothing is waited for that is there.
#[tokio::test]
async fn messages_are_heard_however_they_are_packed() {
    const MESSAGES: usize = 48;
    let said = |number: usize| {
        let text = "x".repeat([0, 60, 125, 126, 500, 3_000][number % 6]);
        let seq = number as u32;
        ToCustomer::Message { seq, text }
    };
    let mut bytes = Vec::new();
    let mut ends = Vec::new();
    for number in 0..MESSAGES {
        let text = said(number).encode().as_bytes().to_vec();
        let (first, second) = text.split_at(text.len() / 3);
        let pong = frame(0x8a, 1, b"beat");
        match number * 5 / MESSAGES {
            0 => bytes.extend(frame(0x81, 1, &text)),
            1 => bytes.extend(frame(0x81, 2, &text)),
            2 => bytes.extend(frame(0x81, 8, &text)),
            3 => bytes.extend([frame(0x81, 1, &text), pong].concat()),
            _ => bytes.extend([frame(0x01, 1, first), pong, frame(0x80, 1, second)].concat()),
        }
        ends.push(bytes.len());
    }
    // Of one: each message in a packet of its own.
    for packet in [1, 511, 512, 5_000, usize::MAX] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::from(listener.local_addr().unwrap());
        let (bytes, ends) = (bytes.clone(), ends.clone());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut peer = tokio_tungstenite::accept_async(stream).await.unwrap();
            let stream = peer.get_mut();
            stream.set_nodelay(true).unwrap();
            let mut from = 0;
            while from < bytes.len() {
                let until = match packet {
                    1 => *ends.iter().find(|end| **end > from).unwrap(),
                    _ => bytes.len().min(from.saturating_add(packet)),
                };
                stream.write_all(&bytes[from..until]).await.unwrap();
                from = until;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            peer
        });
        let way = way(&target).await;
        let limits = SocketLimits::default();
        let mut customer = dial::<CustomerSide, _>(&way, 0, limits).await.unwrap();
        for number in 0..MESSAGES {
            assert_eq!(
                hear(&mut customer).await,
                said(number),
                "{packet}: {number}"
            );
        }
        server.await.unwrap();
    }
}

/// A server that takes nothing more: whoever speaks to it does not wait for ever.
#[tokio::test]
async fn a_server_that_takes_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::from(listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(stream).await.unwrap()
    });
    let way = way(&target).await;
    let limits = SocketLimits {
        taking: Duration::from_millis(100),
        ..SocketLimits::default()
    };
    let mut customer = dial::<CustomerSide, _>(&way, 0, limits).await.unwrap();
    let _peer = server.await.unwrap();
    let say = FromCustomer::Say {
        seq: 1,
        text: "x".repeat(10_000),
        heard: 0,
    };
    let refused = timeout(DEADLINE, async {
        loop {
            if let Err(error) = customer.send(&say).await {
                return error;
            }
        }
    });
    let error = refused.await.expect("in time");
    assert!(error.plain().contains("does not take"), "{}", error.plain());
    assert!(!error.is_for_good());
}
