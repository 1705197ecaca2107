//! Owns `Parrot`: a server that says what it was shown, wherever a server can say something.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use busyhour::wire::PROTOCOL;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, http};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// The headers that it repeats.
const SHOWN: [&str; 3] = ["x-env", "x-row", "authorization"];

/// How many ways it has of saying something to a customer.
pub const WAYS: usize = 7;

/// Where a parrot is, on a thread of its own that ends with the test.
pub struct Parrot {
    pub addr: SocketAddr,
    /// What each connection has shown.
    pub shown: Arc<Mutex<Vec<String>>>,
}

/// A parrot that turns agents away, if they are not `welcome`.
pub fn parrot(welcome: bool) -> Parrot {
    let (ready, started) = std::sync::mpsc::channel();
    let shown = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&shown);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ready.send(listener.local_addr().unwrap()).unwrap();
            let customers = Arc::new(AtomicUsize::new(0));
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(
                    stream,
                    welcome,
                    Arc::clone(&customers),
                    Arc::clone(&seen),
                ));
            }
        });
    });
    let addr = started.recv().unwrap();
    Parrot { addr, shown }
}

async fn talk(
    stream: TcpStream,
    welcome: bool,
    customers: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let (mut said, mut way) = (String::new(), None);
    #[expect(clippy::result_large_err, reason = "the library asks for this result")]
    let answer = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let value = |name: &'static str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        said = SHOWN
            .into_iter()
            .filter_map(value)
            .collect::<Vec<_>>()
            .join(" & ");
        seen.lock().unwrap().push(said.clone());
        if request.uri().path() == "/agent" {
            return if welcome {
                Ok(response)
            } else {
                Err(refusal(401, &said))
            };
        }
        let next = customers.fetch_add(1, Ordering::Relaxed) % WAYS;
        way = Some(next);
        match next {
            0 => Err(refusal(403, &said)),
            1 => Err(refusal(307, &said)),
            _ => Ok(response),
        }
    };
    let Ok(ws) = accept_hdr_async(stream, answer).await else {
        return;
    };
    // Who leaves in between hears no more.
    let _ = match way {
        None => to_agent(ws, &said).await,
        Some(way) => to_customer(ws, way, &said).await,
    };
}

/// An answer that holds what was shown, in the body or in the place that it leads to.
fn refusal(status: u16, said: &str) -> ErrorResponse {
    let body = format!("no: {said}");
    let mut response = http::Response::builder().status(status);
    if status == 307 {
        let to = format!(
            "wss://elsewhere.example/?token={}",
            said.replace(' ', "%20")
        );
        response = response.header("location", to);
    }
    let response = response.header("content-length", body.len());
    response.body(Some(body)).unwrap()
}

type Talk = Result<(), tokio_tungstenite::tungstenite::Error>;

async fn to_agent(mut ws: WebSocketStream<TcpStream>, said: &str) -> Talk {
    ws.send(hello(said)).await?;
    while let Some(Ok(message)) = ws.next().await {
        if let Message::Text(text) = message
            && text.contains("online")
        {
            ws.send(Message::text(text)).await?;
            ws.send(frame(&json!({"type": "error", "reason": said})))
                .await?;
        }
    }
    Ok(())
}

async fn to_customer(mut ws: WebSocketStream<TcpStream>, way: usize, said: &str) -> Talk {
    if way == 2 {
        let other = json!({"type": "hello", "protocol": 99, "server": said, "policy": said,
            "queue_limit": null, "frame_limit": 9, "idle_ms": 9});
        return ws.send(frame(&other)).await;
    }
    ws.send(hello(said)).await?;
    let _ = ws.next().await;
    match way {
        3 => {
            ws.send(frame(&json!({"type": "rejected", "reason": said})))
                .await?;
        }
        4 => {
            // Some encoders escape what needs no escape.
            let text = json!({ "type": said }).to_string().replace('-', "\\u002d");
            ws.send(Message::text(text)).await?;
        }
        5 => {
            let long = "é".repeat(150) + said + said + said;
            ws.send(frame(&json!({"type": "error", "reason": long})))
                .await?;
            ws.send(frame(&json!({"type": "message", "seq": 1, "text": said})))
                .await?;
        }
        _ => {
            let most = said.chars().take(120).collect::<String>();
            let close = CloseFrame {
                code: 1008.into(),
                reason: most.into(),
            };
            return ws.close(Some(close)).await;
        }
    }
    while let Some(Ok(_)) = ws.next().await {}
    Ok(())
}

fn hello(said: &str) -> Message {
    frame(&json!({
        "type": "hello", "protocol": PROTOCOL, "server": said, "policy": said, "queue_limit": null,
        "frame_limit": 16384, "idle_ms": 60000,
    }))
}

fn frame(frame: &serde_json::Value) -> Message {
    Message::text(frame.to_string())
}
