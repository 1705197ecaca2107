//! Owns `Clerk`: a chat server that does what a test's script says, frame by frame.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use busyhour::wire::PROTOCOL;

use crate::stage::Door;

/// A server that takes connections when its script asks for them.
pub struct Clerk {
    door: Door,
}

/// Somebody's connection at the server.
pub struct Guest {
    says: UnboundedReceiver<Value>,
    hears: UnboundedSender<Value>,
}

impl Clerk {
    pub fn new(door: Door) -> Clerk {
        Clerk { door }
    }

    /// The next one who connects, not greeted yet; for ever where nobody does.
    pub async fn stranger(&mut self) -> Guest {
        match self.door.0.recv().await {
            Some(stream) => let_in(stream).await,
            None => std::future::pending().await,
        }
    }

    /// The next one who connects, greeted.
    pub async fn guest(&mut self) -> Guest {
        let guest = self.stranger().await;
        guest.tell(hello());
        guest
    }

    /// The next one who connects and comes online, confirmed.
    pub async fn agent(&mut self) -> Guest {
        let mut agent = self.guest().await;
        let online = agent.hear().await;
        assert_eq!(online["type"], "online");
        agent.tell(online);
        agent
    }

    /// The next one who connects and asks for an agent, with the marker of its chat.
    pub async fn customer(&mut self) -> (Guest, String) {
        let mut customer = self.guest().await;
        let open = customer.hear().await;
        assert_eq!(open["type"], "open");
        (customer, open["marker"].as_str().unwrap().to_owned())
    }
}

impl Guest {
    pub fn tell(&self, frame: Value) {
        // Who has gone hears nothing.
        let _ = self.hears.send(frame);
    }

    /// Where to say something to it beside the script.
    pub fn ear(&self) -> UnboundedSender<Value> {
        self.hears.clone()
    }

    /// The next frame; for ever where none comes.
    pub async fn hear(&mut self) -> Value {
        match self.says.recv().await {
            Some(frame) => frame,
            None => std::future::pending().await,
        }
    }

    /// The next frame, which has to be of this type.
    pub async fn hear_of(&mut self, kind: &str) -> Value {
        let heard = self.hear().await;
        assert_eq!(heard["type"], kind, "{heard}");
        heard
    }
}

/// What a server says first that has no rules of its own.
pub fn hello() -> Value {
    json!({
        "type": "hello", "protocol": PROTOCOL, "server": "a script", "policy": "fewest-active",
        "queue_limit": null, "levels": 1, "age_after_ms": null, "inactivity_ms": null,
        "frame_limit": 16384, "idle_ms": 60000,
    })
}

async fn let_in(stream: DuplexStream) -> Guest {
    let mut ws = accept_async(stream).await.unwrap();
    let (hears, mut telling) = unbounded_channel::<Value>();
    let (heard, says) = unbounded_channel();
    spawn_local(async move {
        loop {
            tokio::select! {
                told = telling.recv() => match told {
                    Some(frame) => ws.send(Message::text(frame.to_string())).await.unwrap_or(()),
                    None => return,
                },
                said = ws.next() => match said {
                    Some(Ok(Message::Text(text))) => {
                        let _ = heard.send(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return,
                },
            }
        }
    });
    Guest { says, hears }
}
