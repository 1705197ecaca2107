//! How the Socket.IO server of our own assigns chats.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::line::Line;
use super::{Server, socketio};

/// A connection that is in.
pub fn connect(server: &Server) -> Line {
    let mut line = Line::open(server, None);
    let opened = line.hear();
    assert!(opened.starts_with(r#"0{"sid":""#), "{opened}");
    line.say("40");
    let connected = line.hear();
    assert!(connected.starts_with(r#"40{"sid":""#), "{connected}");
    line
}

/// Somebody on a connection.
struct Person {
    line: Line,
    id: String,
    asked: u32,
    /// What came while an acknowledgement was waited for.
    heard: VecDeque<Value>,
}

impl Person {
    fn new(server: &Server, hello: &Value) -> Person {
        let mut person = Person {
            line: connect(server),
            id: String::new(),
            asked: 0,
            heard: VecDeque::new(),
        };
        let said = person.ask("hello", hello);
        assert_eq!(said["ok"], true, "{said}");
        person.id = said["id"].as_str().unwrap().to_owned();
        person
    }

    fn agent(server: &Server, max: u32) -> Person {
        Person::new(server, &json!({ "role": "agent", "max": max }))
    }

    fn customer(server: &Server) -> Person {
        Person::new(server, &json!({ "role": "customer" }))
    }

    /// Says something that is acknowledged.
    fn ask(&mut self, event: &str, data: &Value) -> Value {
        self.asked += 1;
        self.line
            .say(format!("42{}{}", self.asked, json!([event, data])));
        let ack = format!("43{}[", self.asked);
        loop {
            let text = self.line.hear();
            if let Some(data) = text.strip_prefix(&ack) {
                return serde_json::from_str(data.strip_suffix(']').unwrap()).unwrap();
            }
            self.keep(&text);
        }
    }

    /// Says something that is not.
    fn tell(&mut self, event: &str, data: &Value) {
        self.line.say(format!("42{}", json!([event, data])));
    }

    fn keep(&mut self, text: &str) {
        let event = text.strip_prefix("42").unwrap_or_else(|| panic!("{text}"));
        self.heard.push_back(serde_json::from_str(event).unwrap());
    }

    /// The next event, which is this.
    fn hears(&mut self, event: &str) -> Value {
        if self.heard.is_empty() {
            let text = self.line.hear();
            self.keep(&text);
        }
        let mut heard = self.heard.pop_front().unwrap();
        assert_eq!(heard[0], event, "{heard}");
        heard[1].take()
    }

    /// Closes these chats.
    fn closes(&mut self, chats: &[&str]) {
        for chat in chats {
            self.tell("close", &json!({ "chat": chat }));
            let closed = json!({ "chat": chat, "by": "agent" });
            assert_eq!(self.hears("closed"), closed);
        }
    }

    /// Asks for an agent and is given this one; both hear of the chat, which is given.
    fn is_given(&mut self, agent: &mut Person) -> Value {
        self.ask("open", &json!({}));
        self.has(agent)
    }

    /// Was given this agent.
    fn has(&mut self, agent: &mut Person) -> Value {
        let (mine, theirs) = (self.hears("assigned"), agent.hears("assigned"));
        assert_eq!(mine["agent"], agent.id.as_str());
        assert_eq!(theirs["customer"], self.id.as_str());
        assert_eq!(mine["chat"], theirs["chat"]);
        assert!(mine["ts"].is_u64() && theirs["ts"].is_u64());
        mine["chat"].clone()
    }
}

#[test]
#[ignore = "needs a real server"]
fn the_least_busy_gets_the_next_and_of_equals_who_has_waited_longest() {
    let Some(server) = socketio() else { return };
    let mut first = Person::agent(&server, 2);
    let mut second = Person::agent(&server, 2);
    let mut customers: Vec<Person> = (0..6).map(|_| Person::customer(&server)).collect();
    let [one, two, three, four, five, six] = &mut customers[..] else {
        unreachable!("there are six")
    };
    let chat = one.is_given(&mut first);
    two.is_given(&mut second);
    three.is_given(&mut first);
    one.tell("close", &json!({ "chat": chat }));
    for side in [&mut *one, &mut first] {
        assert_eq!(
            side.hears("closed"),
            json!({ "chat": chat, "by": "customer" })
        );
    }
    // Of two who have one chat each, the second was given hers first.
    four.is_given(&mut second);
    five.is_given(&mut first);
    // Nobody was ever given a chat later than who never was.
    let mut third = Person::agent(&server, 3);
    six.is_given(&mut third);
    for (agent, chats) in [
        (&mut first, &["c3", "c5"][..]),
        (&mut second, &["c2", "c4"]),
        (&mut third, &["c6"]),
    ] {
        agent.closes(chats);
    }
    let mut fourth = Person::agent(&server, 1);
    Person::customer(&server).is_given(&mut fourth);
}

#[test]
#[ignore = "needs a real server"]
fn who_waits_is_told_of_each_step() {
    let Some(server) = socketio() else { return };
    let mut one = Person::customer(&server);
    let mut two = Person::customer(&server);
    let mut three = Person::customer(&server);
    let mut four = Person::customer(&server);
    for (place, person) in [&mut one, &mut two, &mut three, &mut four]
        .into_iter()
        .enumerate()
    {
        assert_eq!(person.ask("open", &json!({})), json!({ "pos": place + 1 }));
        assert_eq!(person.hears("queued"), json!({ "pos": place + 1 }));
    }
    assert_eq!(four.ask("open", &json!({})), json!({ "error": "not now" }));
    // One goes, one changes his mind.
    drop(one);
    for (place, person) in [&mut two, &mut three, &mut four].into_iter().enumerate() {
        assert_eq!(person.hears("queued"), json!({ "pos": place + 1 }));
    }
    two.tell("close", &json!({}));
    for (place, person) in [&mut three, &mut four].into_iter().enumerate() {
        assert_eq!(person.hears("queued"), json!({ "pos": place + 1 }));
    }
    let mut agent = Person::agent(&server, 1);
    let chat = three.has(&mut agent);
    assert_eq!(four.hears("queued"), json!({ "pos": 1 }));
    // The slot of a customer who has gone is the next one's.
    drop(three);
    assert_eq!(
        agent.hears("closed"),
        json!({ "chat": chat, "by": "customer" })
    );
    let chat = four.has(&mut agent);
    drop(agent);
    assert_eq!(four.hears("closed"), json!({ "chat": chat, "by": "agent" }));
}

#[test]
#[ignore = "needs a real server"]
fn what_is_said_reaches_the_other_side_as_it_was_acknowledged() {
    let Some(server) = socketio() else { return };
    let (mut agent, mut customer) = (Person::agent(&server, 1), Person::customer(&server));
    let mut stranger = Person::customer(&server);
    let chat = customer.is_given(&mut agent);
    customer.tell("typing", &json!({ "chat": chat }));
    assert_eq!(agent.hears("typing"), json!({ "chat": chat }));
    exchange(&mut customer, &mut agent, "customer", &chat);
    exchange(&mut agent, &mut customer, "agent", &chat);
    let said = stranger.ask("say", &json!({ "chat": chat, "text": "me too" }));
    assert_eq!(said, json!({ "error": "no such chat" }));
    // With 0 the agent takes no more, and keeps the chat.
    agent.ask("hello", &json!({ "role": "agent", "max": 0 }));
    exchange(&mut agent, &mut customer, "agent", &chat);
    agent.tell("close", &json!({ "chat": chat }));
    customer.hears("closed");
    assert_eq!(stranger.ask("open", &json!({})), json!({ "pos": 1 }));
    let later = customer.ask("open", &json!({}));
    assert_eq!(later, json!({ "pos": 2 }));
}

fn exchange(sayer: &mut Person, hearer: &mut Person, from: &str, chat: &Value) {
    let text = "¿Quién es? \"äß\" 𝄞";
    let ack = sayer.ask("say", &json!({ "chat": chat, "text": text }));
    let mut heard = hearer.hears("message");
    assert!(ack["id"].is_u64() && ack["ts"].is_u64(), "{ack}");
    assert_eq!((&heard["id"], &heard["ts"]), (&ack["id"], &ack["ts"]));
    assert_eq!(heard["from"], from);
    assert_eq!(heard["chat"], *chat);
    assert_eq!(heard["text"].take(), text);
}
