//! Owns the answering server: a staff of its own for `load --only customers`, as cheap as can be.
//!
//! Law: it assigns at once and answers each message at once with a text of the same length, by the
//! marker that an agent's has, and once a second it writes `S <seconds> <accepted> <open> <messages>`, as the server of another
//! program has to. So exchanges are counted by neither of the clients that are compared.

use std::cell::Cell;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use busyhour::wire::PROTOCOL;
use busyhour::wire::frame::{Frame, FromCustomer, Hello, Party, ToCustomer};
use busyhour::wire::limits::{FRAME_LIMIT, websocket};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

/// More than ever wait to be accepted.
const BACKLOG: u32 = 16_384;

#[derive(Debug, Default)]
struct Counts {
    accepted: Cell<u64>,
    open: Cell<u64>,
    messages: Cell<u64>,
}

/// Answers on a port of this machine until the process is ended, or nobody reads its counts.
pub fn answer(port: u16) {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .expect("an event loop can be had");
    let counts = Rc::<Counts>::default();
    runtime.block_on(async {
        tokio::select! {
            () = accept(port, &counts) => {}
            () = tell(&counts) => {}
        }
    });
}

async fn accept(port: u16, counts: &Rc<Counts>) {
    let socket = TcpSocket::new_v4().expect("a socket can be had");
    socket.set_reuseaddr(true).expect("an option of sockets");
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.bind(addr).expect("the port is free");
    let listener = socket.listen(BACKLOG).expect("one can listen there");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        let counts = Rc::clone(counts);
        spawn_local(async move {
            add(&counts.accepted, 1);
            add(&counts.open, 1);
            // Whoever goes without a word has gone.
            let _ = converse(stream, &counts).await;
            counts.open.set(counts.open.get() - 1);
        });
    }
}

fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get() + more);
}

async fn tell(counts: &Counts) {
    let began = Instant::now();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        let (secs, accepted) = (began.elapsed().as_secs_f64(), counts.accepted.get());
        let (open, messages) = (counts.open.get(), counts.messages.get());
        let mut out = std::io::stdout().lock();
        if writeln!(out, "S {secs:.3} {accepted} {open} {messages}").is_err() {
            return;
        }
    }
}

async fn converse(stream: TcpStream, counts: &Counts) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let config = Some(websocket(FRAME_LIMIT));
    let mut ws = Box::pin(accept_async_with_config(stream, config)).await?;
    say(&mut ws, &ToCustomer::Hello(hello().into())).await?;
    ws.flush().await?;
    while let Some(heard) = ws.next().await {
        let Message::Text(text) = heard? else {
            continue;
        };
        match FromCustomer::decode(&text) {
            Ok(FromCustomer::Open { text, .. }) => {
                say(&mut ws, &ToCustomer::Assigned { agent: 0 }).await?;
                if let Some(text) = text {
                    add(&counts.messages, 1);
                    let text = reply(text);
                    say(&mut ws, &ToCustomer::Message { seq: 1, text }).await?;
                }
            }
            Ok(FromCustomer::Say { seq, text, .. }) => {
                add(&counts.messages, 1);
                let text = reply(text);
                say(&mut ws, &ToCustomer::Message { seq, text }).await?;
            }
            Ok(FromCustomer::Typing {} | FromCustomer::Resume { .. }) => {}
            Ok(FromCustomer::Leave {}) | Err(_) => {
                let by = Party::Customer;
                say(&mut ws, &ToCustomer::Closed { by }).await?;
                ws.close(None).await?;
            }
        }
        ws.flush().await?;
    }
    Ok(())
}

/// The text of a customer's as an agent's: whoever hears everything would take it for its own.
fn reply(mut text: String) -> String {
    let marker = text.split(' ').next().unwrap_or_default();
    if let Some(at) = marker.rfind("-u-") {
        text.replace_range(at..at + 3, "-a-");
    }
    text
}

async fn say(ws: &mut WebSocketStream<TcpStream>, frame: &ToCustomer) -> Result<(), Error> {
    ws.feed(Message::text(frame.encode())).await
}

fn hello() -> Hello {
    Hello {
        protocol: PROTOCOL,
        server: "answers at once".into(),
        policy: "fewest-active".into(),
        queue_limit: None,
        levels: 1,
        age_after_ms: None,
        inactivity_ms: None,
        frame_limit: FRAME_LIMIT as u32,
        kept_ms: None,
        idle_ms: 3_600_000,
    }
}
