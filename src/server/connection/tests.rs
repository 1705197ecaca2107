//! Connections over in-memory streams, on a paused clock.

use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{DuplexStream, ReadBuf, duplex};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol;

use super::*;
use crate::center::rules::{Policy, RouterRules};
use crate::server::desk::{Desk, DeskRules};
use crate::server::hub;
use crate::server::pace::Pace;
use crate::time::Span;
use crate::wire::frame::Hello;

const IDLE: Duration = Duration::from_secs(60);

/// A server without a listener.
struct Rig {
    house: Arc<House>,
    inbox: mpsc::Sender<Note>,
    stop: watch::Sender<bool>,
    given: u64,
}

type Peer = WebSocketStream<DuplexStream>;

impl Rig {
    fn new(outbox: usize) -> Rig {
        let rules = DeskRules {
            router: RouterRules::new(u32::MAX, Policy::FewestActive),
            inactivity: Span::ENDLESS,
            kept_for: Span::ZERO,
            seed: 0,
            replication: 0,
        };
        let hello = Hello {
            protocol: crate::wire::PROTOCOL,
            server: String::new(),
            policy: String::new(),
            queue_limit: None,
            levels: 1,
            age_after_ms: None,
            inactivity_ms: None,
            frame_limit: 1024,
            kept_ms: None,
            idle_ms: 60_000,
        };
        let house = House {
            door: Door::new("127.0.0.1:4210".parse().unwrap(), &[]),
            counters: Arc::default(),
            frame_limit: 16 * 1024,
            idle: IDLE,
            outbox,
        };
        let (inbox, notes) = mpsc::channel(hub::INBOX);
        let desk = Desk::new(rules, hello);
        let (stop, stopping) = watch::channel(false);
        let notes = (notes, Pace::new(None, stopping));
        tokio::spawn(hub::run(desk, 1.0, notes, Arc::clone(&house.counters)));
        Rig {
            house: Arc::new(house),
            inbox,
            stop,
            given: 0,
        }
    }

    fn open(&mut self, room: usize) -> DuplexStream {
        let (near, far) = duplex(room);
        self.given += 1;
        tokio::spawn(serve(
            Arc::clone(&self.house),
            ConnId(self.given),
            ready(Ok(far)),
            None,
            self.inbox.clone(),
            self.stop.subscribe(),
        ));
        near
    }

    /// A visitor who has heard its hello.
    async fn visit(&mut self, path: &str, room: usize) -> Peer {
        let url = format!("ws://localhost{path}");
        let (mut peer, _) = client_async(url, self.open(room)).await.unwrap();
        assert!(hear(&mut peer).await.contains("hello"));
        peer
    }
}

/// The next text; empty when the server has closed.
async fn hear(peer: &mut Peer) -> String {
    loop {
        match peer.next().await {
            Some(Ok(Message::Text(text))) => return text.to_string(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(_) | Err(_)) | None => return String::new(),
        }
    }
}

async fn say(peer: &mut Peer, text: &str) {
    peer.send(Message::text(text)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_answers_pings_stays_and_who_does_not_is_cut() {
    let mut rig = Rig::new(16);
    let mut lively = rig.visit("/customer", 4096).await;
    let mut dead = rig.visit("/customer", 4096).await;
    let begun = Instant::now();
    // Polled, a client answers pings by itself; not polled, it is as good as dead.
    let nothing = timeout(IDLE * 10, hear(&mut lively)).await;
    assert!(nothing.is_err(), "an idle but living connection stays");
    assert_eq!(rig.house.counters.stats().idle, 1);
    assert_eq!(hear(&mut dead).await, "");
    say(&mut lively, r#"{"type":"open","marker":"m"}"#).await;
    assert_eq!(hear(&mut lively).await, r#"{"type":"queued","position":1}"#);
    assert!(begun.elapsed() >= IDLE * 10);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_shake_hands_is_left() {
    let mut rig = Rig::new(16);
    let mut silent = rig.open(4096);
    let mut byte = [0];
    let begun = Instant::now();
    assert_eq!(silent.read(&mut byte).await.unwrap(), 0);
    assert!(begun.elapsed() >= HANDSHAKE && begun.elapsed() < IDLE);
    assert_eq!(rig.house.counters.stats().refused, 1);
    // When the server stops, nobody waits for it.
    let mut late = rig.open(4096);
    tokio::task::yield_now().await;
    rig.stop.send(true).unwrap();
    let begun = Instant::now();
    assert_eq!(late.read(&mut byte).await.unwrap(), 0);
    assert!(begun.elapsed() < HANDSHAKE);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_cut_and_nobody_else_waits() {
    let mut rig = Rig::new(8);
    let mut stalled = rig.visit("/agent", 1024).await;
    say(&mut stalled, r#"{"type":"online","agent":0,"limit":1}"#).await;
    let mut customer = rig.visit("/customer", 4096).await;
    say(&mut customer, r#"{"type":"open","marker":"m"}"#).await;
    assert!(hear(&mut customer).await.contains("assigned"));
    let text = "x".repeat(500);
    let begun = Instant::now();
    for seq in 1..100 {
        let said = format!(r#"{{"type":"say","seq":{seq},"text":"{text}"}}"#);
        // The chat, and with it the connection, ends on the way.
        if customer.send(Message::text(said)).await.is_err() {
            break;
        }
    }
    assert_eq!(
        hear(&mut customer).await,
        r#"{"type":"closed","by":"server"}"#
    );
    assert_eq!(rig.house.counters.stats().stalled, 1);
    assert!(
        begun.elapsed() < IDLE,
        "cut for its outbox, not for the time"
    );
}

#[tokio::test]
async fn a_connection_is_small() {
    let mut rig = Rig::new(16);
    let (_, far) = duplex(64);
    rig.given += 1;
    let task = serve(
        Arc::clone(&rig.house),
        ConnId(rig.given),
        ready(Ok(far)),
        None,
        rig.inbox.clone(),
        rig.stop.subscribe(),
    );
    // Tens of thousands of them stand at once.
    let size = std::mem::size_of_val(&task);
    assert!(size <= 2 * 1024, "{size} bytes");
}

/// A peer that takes all and says nothing; the bytes of each write.
#[derive(Default)]
struct Writes(Vec<usize>);

impl AsyncRead for Writes {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Writes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.push(bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn what_is_said_in_one_breath_is_written_as_one() {
    let config = Some(websocket(16 * 1024));
    let peer = Writes::default();
    let mut ws = WebSocketStream::from_raw_socket(peer, protocol::Role::Server, config).await;
    let frame = |seq| ToCustomer::Message {
        seq,
        text: "x".repeat(200),
    };
    let breath =
        |seqs: std::ops::Range<u32>| seqs.map(|seq| Box::new(Parcel::Customer(frame(seq))));
    let each = frame(1).encode().len() + 4;
    assert!(super::say(&mut ws, breath(1..4), IDLE).await.is_none());
    assert_eq!(ws.get_ref().0, [3 * each]);
    // Not without end.
    assert!(super::say(&mut ws, breath(10..39), IDLE).await.is_none());
    let writes = &ws.get_ref().0[1..];
    assert_eq!(writes.iter().sum::<usize>(), 29 * (each + 1));
    assert!(writes.iter().all(|bytes| *bytes < 5 * 1024), "{writes:?}");
    // The last words go out with the close.
    let ending = Box::new(Parcel::End(Ending::Done));
    let last = breath(1..2).chain([ending]);
    let over = super::say(&mut ws, last, IDLE).await;
    assert!(matches!(over, Some(Over::Ended(Ending::Done))));
    let before = ws.get_ref().0.len();
    close(&mut ws, CloseCode::Normal, "").await;
    assert_eq!(ws.get_ref().0[before..], [each + 4]);
}
