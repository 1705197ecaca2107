//! Owns `Counter`: a chat server for declared protocols, where chats wait until an agent takes one.
//!
//! Law: it speaks a JSON of its own and is fair: what is said comes through, in order, once. It tells
//! what it saw, for a test to look at.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::stage::Door;

/// How a person speaks with it.
pub const PROTOCOL: &str = r#"
name = "counter"
evidence = "Run against the server below."
tried = true
dispatch = "pull"
[transport]
path = "/counter"
[customer]
open = [{ send = { t = "open" }, expect = { "/t" = "queued" }, capture = { "chat.id" = "/chat" } }]
say = [{ send = { t = "say", chat = "${chat.id}", text = "${text}" } }]
close = [{ send = { t = "close", chat = "${chat.id}" } }]
resume = [{ send = { t = "resume", chat = "${chat.id}" }, expect = { "/t" = "welcome" } }]
[resume]
within = "60s"
[customer.on]
queued = { when = { "/t" = "queued" }, position = "/place" }
assigned = { when = { "/t" = "assigned" }, chat = "/chat" }
[agent]
online = [{ send = { t = "online" }, expect = { "/t" = "online" } }]
offline = [{ send = { t = "offline" } }]
take = [{ send = { t = "take", re = "${seq}" }, ack = { by = "/re", equals = "${seq}", error = { when = { "/t" = "none" } } }, capture = { "chat.id" = "/chat" } }]
say = "customer.say"
close = "customer.close"
[agent.on]
queued = { when = { "/t" = "queue" }, position = "/many" }
ignored = { when = { "/t" = { in = ["none", "took"] } } }
[on]
message = { when = { "/t" = "msg" }, chat = "/chat", text = "/text" }
closed = { when = { "/t" = "closed" }, chat = "/chat" }
"#;

/// The same where agents have a connection for each chat.
pub fn apart() -> String {
    PROTOCOL
        .replace(
            "path = \"/counter\"",
            "path = \"/counter\"\nconnection = \"chat\"",
        )
        .replace(
            "[customer]",
            "[chat_connection]\npath = \"/chats/${chat.id}\"\n\
             connect = [{ expect = { \"/t\" = \"joined\" } }]\n[customer]",
        )
}

/// What it saw.
#[derive(Debug, Default)]
pub struct Seen {
    /// Chats that were taken.
    pub taken: usize,
    /// Times that an agent asked and none was left.
    pub in_vain: usize,
    /// The most chats that an agent had at a time.
    pub most: usize,
    /// Customers who went on with their chats.
    pub resumed: usize,
    /// Of those, what they had missed.
    pub missed: usize,
    /// Connections of agents for a chat.
    pub joined: usize,
    /// Those that are over.
    pub parted: usize,
}

/// The server's state.
#[derive(Debug, Default)]
pub struct Counter {
    queue: VecDeque<String>,
    ears: BTreeMap<u64, UnboundedSender<Value>>,
    agents: Vec<u64>,
    /// Each with its customer, and its agent once there is one.
    chats: BTreeMap<String, (u64, Option<u64>)>,
    /// Which agent has each chat.
    holders: BTreeMap<String, u64>,
    /// Whether agents have a connection for each chat, and which chat each of those is for.
    pub is_apart: bool,
    joined: BTreeMap<u64, String>,
    /// What was said before the agent was on the chat's connection.
    early: BTreeMap<String, Vec<Value>>,
    /// Whether it keeps the chats of customers whose connections are lost.
    pub keeps: bool,
    /// What it has to say to those.
    missed: BTreeMap<u64, Vec<Value>>,
    /// Of whose chats it breaks the agent's connection, at the customer's second message.
    pub breaks: Vec<String>,
    /// Whether it loses the second message of each customer, and the connection with it.
    pub loses: bool,
    lost: BTreeSet<String>,
    /// Whether it does not answer the first who goes on with each chat.
    pub hesitates: bool,
    hesitated: BTreeSet<String>,
    pub seen: Seen,
}

/// One that is open to many.
pub type Shared = Rc<RefCell<Counter>>;

/// Lets in whoever comes.
pub async fn serve(mut door: Door, counter: Shared) {
    let mut number = 0;
    while let Some(stream) = door.0.recv().await {
        number += 1;
        spawn_local(attend(stream, number, counter.clone()));
    }
}

/// The same over TCP, in a thread of its own; it ends with the guard.
pub fn on_the_network(counter: impl FnOnce() -> Counter + Send + 'static) -> (SocketAddr, Guard) {
    let (guard, mut over) = oneshot::channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build_local(LocalOptions::default());
        runtime.unwrap().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            let (counter, mut number) = (Rc::new(RefCell::new(counter())), 0);
            loop {
                tokio::select! {
                    _ = &mut over => return,
                    come = listener.accept() => {
                        number += 1;
                        spawn_local(attend(come.unwrap().0, number, counter.clone()));
                    }
                }
            }
        });
    });
    (address, guard)
}

/// Keeps a server on the network.
pub type Guard = oneshot::Sender<()>;

async fn attend<T>(stream: T, me: u64, counter: Shared)
where
    T: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "nobody is turned away")]
    let looking = |request: &Request, response: Response| {
        path = request.uri().path().to_owned();
        Ok(response)
    };
    let Ok(mut ws) = accept_hdr_async(stream, looking).await else {
        return;
    };
    let (ear, mut hears) = unbounded_channel::<Value>();
    counter.borrow_mut().ears.insert(me, ear);
    if let Some(chat) = path.strip_prefix("/chats/") {
        counter.borrow_mut().join(me, chat);
    }
    loop {
        tokio::select! {
            biased;
            told = hears.recv() => {
                let Some(told) = told else { break };
                if ws.send(told.to_string().into()).await.is_err() {
                    break;
                }
            }
            heard = ws.next() => match heard {
                Some(Ok(Message::Text(text))) => {
                    let said = serde_json::from_str(&text).unwrap();
                    counter.borrow_mut().said(me, &said);
                }
                Some(Ok(_)) => {}
                None | Some(Err(_)) => break,
            },
        }
    }
    counter.borrow_mut().gone(me);
}

impl Counter {
    fn tell(&mut self, who: u64, frame: Value) {
        match self.ears.get(&who) {
            Some(ear) => drop(ear.send(frame)),
            None => self.missed.entry(who).or_default().push(frame),
        }
    }

    /// Every agent hears how many wait.
    fn announce(&mut self) {
        let many = self.queue.len();
        for agent in self.agents.clone() {
            self.tell(agent, json!({ "t": "queue", "many": many }));
        }
    }

    fn said(&mut self, me: u64, said: &Value) {
        let chat = said["chat"].as_str().unwrap_or_default().to_owned();
        match said["t"].as_str().unwrap() {
            "open" => self.open(me),
            "online" => {
                self.agents.push(me);
                self.tell(me, json!({ "t": "online" }));
                self.announce();
            }
            "offline" => self.agents.retain(|agent| *agent != me),
            "take" => self.take(me, said),
            "resume" if self.hesitates && self.hesitated.insert(chat.clone()) => {}
            "resume" => self.resume(me, &chat),
            "say" if self.loses && self.is_second(&chat, said) => drop(self.ears.remove(&me)),
            "say" => {
                if !said["re"].is_null() {
                    self.tell(me, json!({ "t": "took", "re": said["re"] }));
                }
                let frame = json!({ "t": "msg", "chat": chat, "text": said["text"] });
                match self.other(me, &chat) {
                    Some(other) if self.breaks.contains(&chat) && self.is_second(&chat, said) => {
                        drop(self.ears.remove(&other));
                    }
                    Some(other) => self.tell(other, frame),
                    None => self.early.entry(chat).or_default().push(frame),
                }
            }
            "close" => self.close(me, &chat),
            other => panic!("nobody says {other}"),
        }
    }

    fn open(&mut self, me: u64) {
        let chat = format!("c{me}");
        self.chats.insert(chat.clone(), (me, None));
        self.queue.push_back(chat.clone());
        let place = self.queue.len();
        self.tell(me, json!({ "t": "queued", "chat": chat, "place": place }));
        self.announce();
    }

    fn take(&mut self, me: u64, said: &Value) {
        let re = &said["re"];
        let Some(chat) = self.queue.pop_front() else {
            self.seen.in_vain += 1;
            return self.tell(me, json!({ "t": "none", "re": re }));
        };
        let known = self.chats.get_mut(&chat).unwrap();
        known.1 = Some(me).filter(|_| !self.is_apart);
        let customer = known.0;
        self.seen.taken += 1;
        self.holders.insert(chat.clone(), me);
        let held = self.holders.values().filter(|holder| **holder == me);
        self.seen.most = self.seen.most.max(held.count());
        self.tell(me, json!({ "t": "took", "re": re, "chat": chat }));
        self.tell(customer, json!({ "t": "assigned", "chat": chat }));
        self.announce();
    }

    /// An agent's connection for a chat.
    fn join(&mut self, me: u64, chat: &str) {
        self.seen.joined += 1;
        self.joined.insert(me, chat.to_owned());
        if let Some((_, agent)) = self.chats.get_mut(chat) {
            *agent = Some(me);
        }
        self.tell(me, json!({ "t": "joined" }));
        let early = self.early.remove(chat).unwrap_or_default();
        early.into_iter().for_each(|frame| self.tell(me, frame));
    }

    /// Whether it is a customer's second message, for the first time.
    fn is_second(&mut self, chat: &str, said: &Value) -> bool {
        let text = said["text"].as_str().unwrap();
        let name = text.split_whitespace().next().unwrap();
        name.ends_with("-u-2") && self.lost.insert(chat.to_owned())
    }

    fn resume(&mut self, me: u64, chat: &str) {
        let Some((customer, _)) = self.chats.get_mut(chat) else {
            return self.tell(me, json!({ "t": "gone", "chat": chat }));
        };
        let before = std::mem::replace(customer, me);
        self.tell(me, json!({ "t": "welcome" }));
        let missed = self.missed.remove(&before).unwrap_or_default();
        self.seen.resumed += 1;
        self.seen.missed += missed.len();
        missed.into_iter().for_each(|frame| self.tell(me, frame));
    }

    /// The other side of a chat.
    fn other(&self, me: u64, chat: &str) -> Option<u64> {
        let (customer, agent) = *self.chats.get(chat)?;
        if customer == me {
            agent
        } else {
            Some(customer)
        }
    }

    fn close(&mut self, me: u64, chat: &str) {
        if let Some(other) = self.other(me, chat) {
            self.tell(other, json!({ "t": "closed", "chat": chat }));
        }
        self.holders.remove(chat);
        let customer = self.chats.get(chat).map(|(customer, _)| *customer);
        if customer.is_some_and(|customer| self.ears.contains_key(&customer) || !self.keeps) {
            self.chats.remove(chat);
        }
        self.queue.retain(|waiting| waiting != chat);
    }

    fn gone(&mut self, me: u64) {
        self.ears.remove(&me);
        self.seen.parted += usize::from(self.joined.remove(&me).is_some());
        let mut customers = self.chats.values().map(|(customer, _)| *customer);
        if self.keeps && customers.any(|customer| customer == me) {
            return;
        }
        self.agents.retain(|agent| *agent != me);
        let theirs = |(_, (customer, agent)): &(&String, &(u64, Option<u64>))| {
            *customer == me || *agent == Some(me)
        };
        let over: Vec<String> = self
            .chats
            .iter()
            .filter(theirs)
            .map(|(id, _)| id.clone())
            .collect();
        for chat in over {
            self.close(me, &chat);
        }
    }
}
