//! Owns `Visitor`: somebody who comes to the built-in server by itself, and knows nothing of a run.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc::UnboundedSender;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// Where visitors come in.
#[derive(Clone)]
pub struct Entrance {
    into: UnboundedSender<DuplexStream>,
    /// Visitors whom an agent has, and the most at once.
    open: Rc<Cell<(u32, u32)>>,
}

/// A visitor at the server.
pub struct Visitor {
    ws: WebSocketStream<DuplexStream>,
    entrance: Entrance,
    has_agent: bool,
    said: u32,
}

impl Entrance {
    pub fn new(into: UnboundedSender<DuplexStream>) -> Entrance {
        let open = Rc::default();
        Entrance { into, open }
    }

    /// The most visitors whom agents had at once.
    pub fn most(&self) -> u32 {
        self.open.get().1
    }

    fn changed(&self, by: i32) {
        let (open, most) = self.open.get();
        let open = open.checked_add_signed(by).unwrap();
        self.open.set((open, most.max(open)));
    }

    /// Comes in and asks for an agent under this name, with something to say or not.
    pub async fn asks(&self, name: &str, text: Option<&str>) -> Visitor {
        let (near, far) = duplex(64 * 1024);
        self.into.send(far).unwrap();
        let (ws, _) = client_async("ws://localhost/customer", near).await.unwrap();
        let mut visitor = Visitor {
            ws,
            entrance: self.clone(),
            has_agent: false,
            said: u32::from(text.is_some()),
        };
        assert_eq!(visitor.hear().await["type"], "hello");
        visitor
            .tell(json!({ "type": "open", "marker": name, "text": text }))
            .await;
        visitor
    }
}

impl Visitor {
    async fn tell(&mut self, frame: Value) {
        // Whose chat is closed says it to nobody.
        let _ = self.ws.send(Message::text(frame.to_string())).await;
    }

    pub async fn says(&mut self, text: &str) {
        self.said += 1;
        let seq = self.said;
        self.tell(json!({ "type": "say", "seq": seq, "text": text }))
            .await;
    }

    /// The next frame.
    async fn hear(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.ws.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The next frame of this type.
    pub async fn hears(&mut self, kind: &str) -> Value {
        loop {
            let heard = self.hear().await;
            match heard["type"].as_str().unwrap() {
                "assigned" if !self.has_agent => {
                    self.has_agent = true;
                    self.entrance.changed(1);
                }
                // Handed over, it waits again.
                "queued" | "closed" if self.has_agent => {
                    self.has_agent = false;
                    self.entrance.changed(-1);
                }
                _ => {}
            }
            if heard["type"] == kind {
                return heard;
            }
        }
    }

    /// Leaves in due form.
    pub async fn leaves(mut self) {
        self.tell(json!({ "type": "leave" })).await;
        if self.has_agent {
            self.entrance.changed(-1);
        }
        let _ = self.ws.close(None).await;
    }
}
