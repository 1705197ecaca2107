//! The built-in chat server over real loopback sockets.

use std::time::Duration;

use busyhour::center::rules::{Policy, RouterRules};
use busyhour::error::Exit;
use busyhour::live::socket::{Socket, SocketLimits, dial};
use busyhour::live::target::Target;
use busyhour::server::{Handle, Server, ServerOptions, Stats};
use busyhour::wire::frame::{
    AgentSide, CustomerSide, FromAgent, FromCustomer, Party, Side, ToAgent, ToCustomer,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Longer than anything here takes, shorter than the patience of whoever runs the tests.
const DEADLINE: Duration = Duration::from_secs(20);

fn options(queue_limit: u32) -> ServerOptions {
    let rules = RouterRules {
        queue_limit,
        policy: Policy::FewestActive,
    };
    ServerOptions::new("127.0.0.1:0".parse().unwrap(), rules)
}

fn server(queue_limit: u32) -> Handle {
    Server::spawn_thread(options(queue_limit)).unwrap()
}

/// Waits until the server has counted what is looked for.
async fn until(server: &Handle, counted: impl Fn(Stats) -> bool) {
    let counting = async {
        while !counted(server.stats()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let counted = timeout(DEADLINE, counting).await;
    assert!(counted.is_ok(), "{:?}", server.stats());
}

/// Somebody with a raw WebSocket.
struct Peer {
    ws: WebSocketStream<TcpStream>,
}

impl Peer {
    async fn connect(server: &Handle, path: &str) -> Peer {
        let mut peer = Peer::open(server, path, &[]).await.unwrap();
        let hello = peer.hear().await;
        assert_eq!(hello["type"], "hello");
        assert_eq!(hello["protocol"], 1);
        peer
    }

    async fn open(
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

    async fn customer(server: &Handle, marker: &str) -> Peer {
        let mut peer = Peer::connect(server, "/customer").await;
        peer.say(json!({"type": "open", "marker": marker})).await;
        peer
    }

    async fn agent(server: &Handle, agent: u32, limit: u32) -> Peer {
        let mut peer = Peer::connect(server, "/agent").await;
        let online = json!({"type": "online", "agent": agent, "limit": limit});
        peer.say(online.clone()).await;
        assert_eq!(peer.hear().await, online);
        peer
    }

    async fn say(&mut self, frame: Value) {
        self.ws
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    async fn hear(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code of the close frame that comes next, after which the server ends the connection.
    async fn hear_end(&mut self) -> u16 {
        let Message::Close(Some(close)) = self.next().await else {
            panic!("not closed");
        };
        let rest = timeout(DEADLINE, self.ws.next()).await.unwrap();
        assert!(rest.is_none(), "{rest:?}");
        close.code.into()
    }

    async fn next(&mut self) -> Message {
        loop {
            let heard = timeout(DEADLINE, self.ws.next()).await.expect("in time");
            match heard.expect("not over").expect("not lost") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The chat's number in the assignment that comes next.
    async fn assigned(&mut self, marker: &str) -> u64 {
        let assigned = self.hear().await;
        assert_eq!(assigned["type"], "assigned");
        assert_eq!(assigned["marker"], marker);
        assigned["chat"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_whole_conversation() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 3, 1).await;
    let mut customer = Peer::connect(&server, "/customer").await;
    let open = json!({"type": "open", "marker": "bh-1-c0-0-u-0", "text": "¿hola?"});
    customer.say(open).await;
    let assigned = agent.hear().await;
    let expected =
        json!({"type": "assigned", "chat": 1, "marker": "bh-1-c0-0-u-0", "text": "¿hola?"});
    assert_eq!(assigned, expected);
    assert_eq!(
        customer.hear().await,
        json!({"type": "assigned", "agent": 3})
    );
    let text = "first\n\u{1b}[31mline\u{202e} 😀";
    agent
        .say(json!({"type": "reply", "chat": 1, "seq": 1, "text": text}))
        .await;
    let heard = customer.hear().await;
    assert_eq!(
        heard,
        json!({"type": "message", "seq": 1, "text": text}),
        "text is relayed as is"
    );
    customer
        .say(json!({"type": "say", "seq": 2, "text": "thanks"}))
        .await;
    let heard = agent.hear().await;
    assert_eq!(
        heard,
        json!({"type": "message", "chat": 1, "seq": 2, "text": "thanks"})
    );
    agent.say(json!({"type": "close", "chat": 1})).await;
    assert_eq!(
        customer.hear().await,
        json!({"type": "closed", "by": "agent"})
    );
    assert_eq!(customer.hear_end().await, 1000);
    agent.say(json!({"type": "free", "chat": 1})).await;
    agent.say(json!({"type": "offline"})).await;
    assert_eq!(agent.hear().await, json!({"type": "offline"}));
    let stats = server.stop();
    assert_eq!((stats.connections, stats.tally.chats), (2, 1));
    assert_eq!((stats.tally.messages, stats.tally.violations), (3, 0));
}

#[tokio::test]
async fn the_queue_is_first_come_first_served_up_to_its_limit() {
    let server = server(3);
    let mut waiting = Vec::new();
    for position in 1..=3 {
        let mut customer = Peer::customer(&server, &format!("c{position}")).await;
        let queued = json!({"type": "queued", "position": position});
        assert_eq!(customer.hear().await, queued);
        waiting.push(customer);
    }
    let mut fourth = Peer::customer(&server, "c4").await;
    let rejected = json!({"type": "rejected", "reason": "queue-full"});
    assert_eq!(fourth.hear().await, rejected);
    assert_eq!(fourth.hear_end().await, 1000);
    let mut agent = Peer::agent(&server, 0, 2).await;
    agent.assigned("c1").await;
    agent.assigned("c2").await;
    assert_eq!(waiting[1].hear().await["type"], "assigned");
    assert_eq!(server.stop().tally.rejected, 1);
}

#[tokio::test]
async fn an_agent_never_holds_more_than_its_limit() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 2).await;
    let mut customers = Vec::new();
    for number in 0..5 {
        customers.push(Peer::customer(&server, &format!("c{number}")).await);
        let heard = customers[number].hear().await;
        let expected = if number < 2 { "assigned" } else { "queued" };
        assert_eq!(heard["type"], expected);
    }
    let mut held = vec![agent.assigned("c0").await, agent.assigned("c1").await];
    for number in 2..5 {
        let chat = held.remove(0);
        agent.say(json!({"type": "close", "chat": chat})).await;
        // Wrap-up holds the slot: nothing is assigned before it is over, so the next frame that
        // comes answers the next that is said.
        agent
            .say(json!({"type": "reply", "chat": chat, "seq": 9, "text": ""}))
            .await;
        let error = json!({"type": "error", "reason": "chat-closed", "chat": chat});
        assert_eq!(agent.hear().await, error);
        agent.say(json!({"type": "free", "chat": chat})).await;
        held.push(agent.assigned(&format!("c{number}")).await);
    }
}

#[tokio::test]
async fn chats_go_to_the_agent_with_the_fewest() {
    let server = server(10);
    let mut first = Peer::agent(&server, 0, 3).await;
    let mut second = Peer::agent(&server, 1, 3).await;
    let mut agents = Vec::new();
    for number in 0..4 {
        let mut customer = Peer::customer(&server, &format!("c{number}")).await;
        agents.push(customer.hear().await["agent"].as_u64().unwrap());
        // Kept open: a customer who goes frees no slot, but sends a frame.
        std::mem::forget(customer);
    }
    assert_eq!(agents, [0, 1, 0, 1]);
    first.assigned("c0").await;
    let freed = first.assigned("c2").await;
    second.assigned("c1").await;
    first.say(json!({"type": "close", "chat": freed})).await;
    first.say(json!({"type": "free", "chat": freed})).await;
    let mut customer = Peer::customer(&server, "c5").await;
    assert_eq!(customer.hear().await["agent"], 0);
}

#[tokio::test]
async fn customers_vanish_from_queue_and_chat() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let chat = agent.assigned("c0").await;
    let mut waiting = Peer::customer(&server, "c1").await;
    assert_eq!(waiting.hear().await["position"], 1);
    let mut last = Peer::customer(&server, "c2").await;
    assert_eq!(last.hear().await["position"], 2);
    // Without a close frame, as when a train enters a tunnel.
    drop(waiting);
    drop(talking);
    assert_eq!(agent.hear().await, json!({"type": "left", "chat": chat}));
    // The slot stays held: the reply that crossed is no error, and nothing is assigned.
    agent
        .say(json!({"type": "reply", "chat": chat, "seq": 1, "text": "still there?"}))
        .await;
    agent.say(json!({"type": "close", "chat": 99})).await;
    assert_eq!(agent.hear().await["reason"], "not-your-chat");
    agent.say(json!({"type": "free", "chat": chat})).await;
    agent.assigned("c2").await;
    assert_eq!(last.hear().await["type"], "assigned");
    last.say(json!({"type": "leave"})).await;
    assert_eq!(
        last.hear().await,
        json!({"type": "closed", "by": "customer"})
    );
    assert_eq!(last.hear_end().await, 1000);
    assert_eq!(agent.hear().await["type"], "left");
}

#[tokio::test]
async fn an_agent_who_vanishes_takes_its_chats_along() {
    let server = server(10);
    let agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let mut waiting = Peer::customer(&server, "c1").await;
    waiting.hear().await;
    drop(agent);
    assert_eq!(
        talking.hear().await,
        json!({"type": "closed", "by": "server"})
    );
    assert_eq!(talking.hear_end().await, 1000);
    // Who waits, waits on, and gets the agent when it is back.
    let mut back = Peer::agent(&server, 0, 1).await;
    back.assigned("c1").await;
    assert_eq!(
        waiting.hear().await,
        json!({"type": "assigned", "agent": 0})
    );
}

#[tokio::test]
async fn an_agent_who_leaves_finishes_its_chats() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 2).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let chat = agent.assigned("c0").await;
    agent.say(json!({"type": "offline"})).await;
    let mut waiting = Peer::customer(&server, "c1").await;
    assert_eq!(waiting.hear().await["type"], "queued");
    agent
        .say(json!({"type": "reply", "chat": chat, "seq": 1, "text": "one more thing"}))
        .await;
    assert_eq!(talking.hear().await["type"], "message");
    agent.say(json!({"type": "close", "chat": chat})).await;
    assert_eq!(talking.hear().await["type"], "closed");
    agent.say(json!({"type": "free", "chat": chat})).await;
    assert_eq!(agent.hear().await, json!({"type": "offline"}));
    // The next shift, on the same connection.
    agent
        .say(json!({"type": "online", "agent": 0, "limit": 1}))
        .await;
    assert_eq!(agent.hear().await["type"], "online");
    agent.assigned("c1").await;
}

#[tokio::test]
async fn other_hosts_origins_and_paths_are_refused() {
    let mut options = options(10);
    options.allowed_hosts = vec!["chat.example.org".to_owned()];
    let server = Server::spawn_thread(options).unwrap();
    for (path, headers, status) in [
        ("/customer", vec![("host", "evil.example")], 403),
        ("/agent", vec![("origin", "https://evil.example")], 403),
        ("/agent", vec![("origin", "null")], 403),
        ("/", vec![], 404),
    ] {
        match Peer::open(&server, path, &headers).await {
            Err(WsError::Http(response)) => assert_eq!(response.status(), status),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("{path} {headers:?} came in"),
        }
    }
    let headers = [
        ("host", "chat.example.org:80"),
        ("origin", "https://chat.example.org"),
    ];
    assert!(Peer::open(&server, "/agent", &headers).await.is_ok());
    let headers = [("host", "localhost")];
    assert!(Peer::open(&server, "/agent", &headers).await.is_ok());
    let stats = server.stop();
    assert_eq!((stats.refused, stats.connections), (4, 2));
}

#[tokio::test]
async fn garbage_costs_one_connection() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    let chat = agent.assigned("c0").await;
    let bad_utf8 = RawFrame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true);
    let cases = [
        (Message::text("x".repeat(100_000)), "too-long", 1009),
        (Message::binary(vec![1, 2, 3]), "not-text", 1003),
        (Message::Frame(bad_utf8), "not-utf8", 1007),
        (Message::text("{not json"), "unreadable", 1008),
        (Message::text("[".repeat(10_000)), "unreadable", 1008),
        (Message::text(r#"{"type":"open"}"#), "unreadable", 1008),
        (
            Message::text(r#"{"type":"reply","chat":1,"seq":1,"text":""}"#),
            "unreadable",
            1008,
        ),
    ];
    let sent = cases.len() as u64;
    for (message, reason, code) in cases {
        let mut customer = Peer::connect(&server, "/customer").await;
        customer.ws.send(message).await.unwrap();
        assert_eq!(
            customer.hear().await,
            json!({"type": "error", "reason": reason})
        );
        assert_eq!(customer.hear_end().await, code);
    }
    // Neither JSON nor WebSocket nor HTTP.
    let mut raw = TcpStream::connect(server.local_addr()).await.unwrap();
    raw.write_all(b"\x16\x03\x01 hello\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(DEADLINE, raw.read_to_end(&mut answer))
        .await
        .unwrap();
    // What cannot be followed is refused, and costs nothing.
    talking
        .say(json!({"type": "open", "marker": "again"}))
        .await;
    assert_eq!(talking.hear().await["reason"], "already-open");
    // All that time the chat went on.
    agent
        .say(json!({"type": "reply", "chat": chat, "seq": 1, "text": "here"}))
        .await;
    assert_eq!(talking.hear().await["text"], "here");
    let stats = server.stop();
    assert_eq!((stats.garbage, stats.refused), (sent, 1));
    assert_eq!(stats.tally.violations, 1);
}

#[tokio::test]
async fn who_gives_no_sign_of_life_is_cut() {
    let mut options = options(10);
    options.idle = Duration::from_millis(300);
    let server = Server::spawn_thread(options).unwrap();
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut dead = Peer::customer(&server, "c0").await;
    dead.hear().await;
    agent.assigned("c0").await;
    // The agent's connection is read, so it answers pings; the customer's is not.
    assert_eq!(agent.hear().await["type"], "left");
    until(&server, |stats| stats.idle == 1).await;
    assert_eq!(dead.next().await.to_text().unwrap(), "nothing heard");
    assert_eq!(server.stats().idle, 1);
}

#[tokio::test]
async fn who_does_not_read_is_cut() {
    let mut options = options(10);
    options.outbox = 64;
    let server = Server::spawn_thread(options).unwrap();
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut customer = Peer::customer(&server, "c0").await;
    customer.hear().await;
    let chat = agent.assigned("c0").await;
    // The agent reads no more; the customer fills its outbox and the network's buffers.
    let text = "x".repeat(16_000);
    for seq in 1..=10_000 {
        let said = json!({"type": "say", "seq": seq, "text": text}).to_string();
        if customer.ws.send(Message::text(said)).await.is_err() {
            break;
        }
    }
    until(&server, |stats| stats.stalled == 1).await;
    let mut other = Peer::agent(&server, 1, 1).await;
    let mut next = Peer::customer(&server, "c1").await;
    assert_eq!(next.hear().await["type"], "assigned");
    assert_eq!(other.assigned("c1").await, chat + 1);
}

#[tokio::test]
async fn a_port_in_use_is_a_failure_with_a_remedy() {
    let first = server(10);
    let mut second = options(10);
    second.listen = first.local_addr();
    let error = Server::spawn_thread(second.clone()).unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    let message = error.message(false);
    assert!(
        message.contains(&first.local_addr().to_string()),
        "{message}"
    );
    assert!(message.contains("help:"), "{message}");
    // Free again as soon as the first has stopped, connections or not.
    let mut customer = Peer::customer(&first, "c0").await;
    customer.hear().await;
    first.stop();
    assert!(Server::bind(second).await.is_ok());
}

#[tokio::test]
async fn only_loopback_unless_told_otherwise() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.7:0"] {
        let mut options = options(10);
        options.listen = listen.parse().unwrap();
        let error = Server::bind(options).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Refused);
        assert!(error.message(false).contains("--allow-remote"));
    }
    let mut options = options(10);
    (options.listen, options.allow_remote) = ("0.0.0.0:0".parse().unwrap(), true);
    assert!(Server::bind(options).await.is_ok());
}

#[tokio::test]
async fn stopping_ends_chats_and_connections_in_due_form() {
    let server = server(10);
    let mut agent = Peer::agent(&server, 0, 1).await;
    let mut talking = Peer::customer(&server, "c0").await;
    talking.hear().await;
    agent.assigned("c0").await;
    let mut waiting = Peer::customer(&server, "c1").await;
    waiting.hear().await;
    let addr = server.local_addr();
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    for customer in [&mut talking, &mut waiting] {
        assert_eq!(
            customer.hear().await,
            json!({"type": "closed", "by": "server"})
        );
        assert_eq!(customer.hear_end().await, 1001);
    }
    assert_eq!(agent.hear_end().await, 1001);
    let stats = timeout(DEADLINE, stopped).await.unwrap().unwrap();
    assert_eq!(stats.connections, 3);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test]
async fn stopping_does_not_wait_for_the_dead() {
    let server = server(10);
    let _silent = TcpStream::connect(server.local_addr()).await.unwrap();
    let _unread = Peer::connect(&server, "/customer").await;
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    assert!(timeout(DEADLINE, stopped).await.is_ok());
}

/// A connection of the generator, greeted.
async fn socket<S: Side>(server: &Handle) -> Socket<S> {
    let target = Target::from(server.local_addr());
    let address = target.resolve(&[]).await.unwrap();
    let mut socket = dial::<S>(&address, SocketLimits::default()).await.unwrap();
    let hello = socket.hello().await.unwrap();
    assert_eq!(
        (hello.policy.as_str(), hello.queue_limit),
        ("fewest-active", Some(10))
    );
    socket
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
    };
    customer.send(&open).await.unwrap();
    let chat = 1;
    let assigned = ToAgent::Assigned { chat, marker, text };
    assert_eq!(hear(&mut agent).await, assigned);
    assert_eq!(hear(&mut customer).await, ToCustomer::Assigned { agent: 0 });
    agent.send(&FromAgent::Close { chat }).await.unwrap();
    let by = Party::Agent;
    assert_eq!(hear(&mut customer).await, ToCustomer::Closed { by });
    assert!(timeout(DEADLINE, customer.next()).await.unwrap().is_none());
    agent.close().await;
    let stats = server.stop();
    assert_eq!((stats.idle, stats.stalled, stats.garbage), (0, 0, 0));
}

#[tokio::test]
async fn a_target_that_refuses_is_a_failure_with_a_remedy() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::from(listener.local_addr().unwrap());
    drop(listener);
    let address = target.resolve(&[]).await.unwrap();
    let dialled = dial::<AgentSide>(&address, SocketLimits::default()).await;
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
    let address = target.resolve(&[]).await.unwrap();
    let limits = SocketLimits {
        connect: Duration::from_millis(200),
        ..SocketLimits::default()
    };
    // Nobody answers.
    let silent = dial::<AgentSide>(&address, limits).await.unwrap_err();
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
    let (dialled, _stream) = tokio::join!(dial::<AgentSide>(&address, limits), answering);
    let error = dialled.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    let message = error.message(false);
    assert!(
        message.contains("418") && !message.contains('\u{1b}'),
        "{message}"
    );
}
