//! The agents alone at a scripted server that speaks Socket.IO, whose visitors are strangers.

use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::measure::cast::Cast;
use busyhour::stats::law::CountLaw;
use busyhour::wire::marker::Marker;
use busyhour::wire::protocols;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use super::{EVER, timed};
use crate::stage::{Door, Stage};

/// An agent's connection at the server.
struct Agent(WebSocketStream<DuplexStream>);

impl Agent {
    /// Lets the next one in who connects; for ever where nobody does.
    async fn of(door: &mut Door) -> Agent {
        let Some(stream) = door.0.recv().await else {
            return std::future::pending().await;
        };
        let mut agent = Agent(accept_async(stream).await.unwrap());
        let open = json!({
            "sid": "s", "upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000,
            "maxPayload": 100_000,
        });
        agent.says(format!("0{open}")).await;
        assert_eq!(agent.hears().await, "40");
        agent.says(r#"40{"sid":"t"}"#.into()).await;
        agent
    }

    async fn says(&mut self, text: String) {
        // Who has gone hears nothing.
        let _ = self.0.send(Message::text(text)).await;
    }

    async fn tells(&mut self, event: &str, data: Value) {
        self.says(format!("42{}", json!([event, data]))).await;
    }

    /// The next text; for ever where none comes.
    async fn hears(&mut self) -> String {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return std::future::pending().await,
            }
        }
    }

    /// The next event and what it carries; one that asks for it is acknowledged.
    async fn hears_event(&mut self) -> (String, Value) {
        let text = self.hears().await;
        let from = text.find('[').unwrap_or_else(|| panic!("{text}"));
        let event: Value = serde_json::from_str(&text[from..]).unwrap();
        let number = text[..from].strip_prefix("42").unwrap();
        if !number.is_empty() {
            let ack = json!([{ "ok": true, "id": "m", "ts": 1 }]);
            self.says(format!("43{number}{ack}")).await;
        }
        (event[0].as_str().unwrap().to_owned(), event[1].clone())
    }
}

#[test]
fn strangers_are_served_in_a_protocol_that_a_file_declares() {
    let mut plan = timed(&[1.0], &[(0, 0.0, EVER)]);
    plan.agents.concurrency = 2;
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
    });
    let mut stage = Stage::new(plan, 0);
    stage.options.cast = Cast::Agents;
    stage.options.protocol = protocols::open("socketio").unwrap();
    let outcome = stage.against(|mut door| async move {
        let mut agent = Agent::of(&mut door).await;
        let (event, hello) = agent.hears_event().await;
        assert_eq!((&event[..], &hello["max"]), ("hello", &json!(2)));
        sleep(Duration::from_secs(5)).await;
        // One says nothing and goes, one is answered and seen out.
        for chat in ["one", "two"] {
            agent.tells("assigned", json!({ "chat": chat })).await;
        }
        let text = "bh-0badf00d-c0-0-a-1 Hello?";
        let said = json!({ "chat": "two", "text": text, "id": 7, "ts": 1 });
        agent.tells("message", said).await;
        sleep(Duration::from_secs(2)).await;
        agent.tells("closed", json!({ "chat": "one" })).await;
        let (event, reply) = agent.hears_event().await;
        assert_eq!((&event[..], &reply["chat"]), ("say", &json!("two")));
        let marker = Marker::of(reply["text"].as_str().unwrap()).unwrap();
        assert_eq!((marker.customer, marker.sequence), (1, 1));
        // What is ours comes back, and is not answered.
        let echo = json!({ "chat": "two", "text": reply["text"], "id": 8, "ts": 1 });
        agent.tells("message", echo).await;
        sleep(Duration::from_secs(30)).await;
        let more = json!({ "chat": "two", "text": "And then?", "id": 9, "ts": 1 });
        agent.tells("message", more).await;
        assert_eq!(agent.hears_event().await.0, "say");
        let (event, close) = agent.hears_event().await;
        assert_eq!((&event[..], &close["chat"]), ("close", &json!("two")));
        agent.tells("closed", json!({ "chat": "two" })).await;
        // With the horizon it takes no more, and goes.
        let (event, hello) = agent.hears_event().await;
        assert_eq!((&event[..], &hello["max"]), ("hello", &json!(0)));
        std::future::pending::<()>().await;
    });
    let outcome = outcome.unwrap();
    let rows = outcome.records[0].iter();
    let fates = rows.map(|row| (row.number, row.fate.unwrap(), row.replies));
    let expected = [(0, Fate::AbandonedChat, 0), (1, Fate::Handled, 2)];
    assert_eq!(fates.collect::<Vec<_>>(), expected);
    assert_eq!(outcome.result.value("offered"), Some(2.0));
    assert_eq!(outcome.result.value("over_limit"), Some(0.0));
    assert_eq!(outcome.result.value("unanswered_ratio"), Some(0.0));
    // The replies, which the server has acknowledged.
    let acknowledged = outcome.result.measure("acknowledged_ms_max").unwrap();
    assert_eq!(acknowledged.samples, 2);
}
