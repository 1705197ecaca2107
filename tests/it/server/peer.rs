//! Somebody with a raw WebSocket, and a server to speak with.

use std::time::Duration;

use busyhour::center::rules::{Policy, RouterRules};
use busyhour::server::{Handle, Server, ServerOptions, Stats};
use busyhour::wire::PROTOCOL;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything here takes, shorter than the patience of whoever runs the tests.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub fn options(queue_limit: u32) -> ServerOptions {
    let rules = RouterRules::new(queue_limit, Policy::FewestActive);
    ServerOptions::new("127.0.0.1:0".parse().unwrap(), rules)
}

pub fn server(queue_limit: u32) -> Handle {
    Server::spawn_thread(options(queue_limit)).unwrap()
}

/// Stops the server when these have gone, for whose goodbyes it would wait.
pub fn stopped(server: Handle, gone: impl IntoIterator<Item = Peer>) -> Stats {
    gone.into_iter().for_each(drop);
    server.stop()
}

/// Waits until the server has counted what is looked for.
pub async fn until(server: &Handle, counted: impl Fn(Stats) -> bool) {
    let counting = async {
        while !counted(server.stats()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let counted = timeout(DEADLINE, counting).await;
    assert!(counted.is_ok(), "{:?}", server.stats());
}

/// Somebody with a raw WebSocket.
pub struct Peer {
    pub ws: WebSocketStream<TcpStream>,
}

impl Peer {
    pub async fn connect(server: &Handle, path: &str) -> Peer {
        let mut peer = Peer::open(server, path, &[]).await.unwrap();
        let hello = peer.hear().await;
        assert_eq!(hello["type"], "hello");
        assert_eq!(hello["protocol"], PROTOCOL);
        peer
    }

    pub async fn open(
        server: &Handle,
        path: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Result<Peer, WsError> {
        let addr = server.local_addr();
        let stream = TcpStream::connect(addr).await.unwrap();
        let url = format!("ws://{addr}{path}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (ws, _) = client_async(request, stream).await?;
        Ok(Peer { ws })
    }

    pub async fn customer(server: &Handle, marker: &str) -> Peer {
        let mut peer = Peer::connect(server, "/customer").await;
        peer.say(json!({"type": "open", "marker": marker})).await;
        peer
    }

    pub async fn agent(server: &Handle, agent: u32, limit: u32) -> Peer {
        let mut peer = Peer::connect(server, "/agent").await;
        let online = json!({"type": "online", "agent": agent, "limit": limit});
        peer.say(online.clone()).await;
        assert_eq!(peer.hear().await, online);
        peer
    }

    pub async fn say(&mut self, frame: Value) {
        self.ws
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    pub async fn hear(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code of the close frame that comes next, after which the server ends the connection.
    pub async fn hear_end(&mut self) -> u16 {
        let Message::Close(Some(close)) = self.next().await else {
            panic!("not closed");
        };
        let rest = timeout(DEADLINE, self.ws.next()).await.unwrap();
        assert!(rest.is_none(), "{rest:?}");
        close.code.into()
    }

    pub async fn next(&mut self) -> Message {
        loop {
            let heard = timeout(DEADLINE, self.ws.next()).await.expect("in time");
            match heard.expect("not over").expect("not lost") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The answer to a slot that was freed, which comes next.
    pub async fn freed(&mut self, chat: u64) {
        assert_eq!(self.hear().await, json!({"type": "freed", "chat": chat}));
    }

    /// The chat's number in the assignment that comes next.
    pub async fn assigned(&mut self, marker: &str) -> u64 {
        let assigned = self.hear().await;
        assert_eq!(assigned["type"], "assigned");
        assert_eq!(assigned["marker"], marker);
        assigned["chat"].as_u64().unwrap()
    }
}
