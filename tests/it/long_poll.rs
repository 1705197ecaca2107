//! Owns a chat server of our own over HTTP alone: whoever wants to hear something asks for it, and is
//! answered once there is something.
//!
//! Law: it says what it has seen, and counts. It routes where it is asked to (`/open`), and only carries
//! what is said where it is not (`/mail`).

use std::collections::{HashMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message, accept};

/// How often those are looked after who are held.
const LOOK: Duration = Duration::from_millis(10);

/// The server.
pub struct LongPoll {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    changed: Condvar,
    /// How long a poll is held.
    hold: Duration,
    /// Each so manieth poll is told to come again later; zero for none.
    throttles: u64,
    /// On each so manieth connection for polls the third is not answered; zero for none.
    hangs_up: AtomicU64,
    hung_up: AtomicU64,
    is_down: AtomicBool,
    /// How often it was started anew.
    life: AtomicU64,
    polls: AtomicU64,
    throttled: AtomicU64,
    goodbyes: AtomicU64,
    given_up: AtomicU64,
    streamed: AtomicU64,
    agents_go: AtomicBool,
}

/// What the server has counted.
#[derive(Debug)]
pub struct Counts {
    /// Polls.
    pub polls: u64,
    /// Polls that were told to come again later.
    pub throttled: u64,
    /// People who have said goodbye.
    pub goodbyes: u64,
    /// Polls that were held until who had asked closed the connection, up to the first goodbye of an
    /// agent.
    pub given_up: u64,
    /// Texts that came on streams.
    pub streamed: u64,
    /// Polls that were not answered at all.
    pub hung_up: u64,
}

#[derive(Default)]
struct Desk {
    people: HashMap<String, Person>,
    chats: HashMap<u64, Chat>,
    queue: VecDeque<u64>,
    given: u64,
}

#[derive(Default)]
struct Person {
    events: Vec<(u64, Value)>,
    last: u64,
    most: usize,
    chats: usize,
    /// The connection of its last poll.
    line: u64,
}

struct Chat {
    customer: String,
    agent: Option<String>,
}

impl Desk {
    fn tell(&mut self, who: &str, event: Value) {
        if let Some(person) = self.people.get_mut(who) {
            person.last += 1;
            person.events.push((person.last, event));
        }
    }

    /// Gives the chats that wait to agents with room, to the one with the fewest first.
    fn dispatch(&mut self) {
        while let Some(chat) = self.queue.front().copied() {
            let agents = self.people.iter();
            let free = agents.filter(|(_, agent)| agent.chats < agent.most);
            let least = free.min_by_key(|(name, agent)| (agent.chats, (*name).clone()));
            let Some(agent) = least.map(|(name, _)| name.clone()) else {
                return;
            };
            self.queue.pop_front();
            self.people.get_mut(&agent).unwrap().chats += 1;
            let known = self.chats.get_mut(&chat).unwrap();
            known.agent = Some(agent.clone());
            for who in [known.customer.clone(), agent] {
                self.tell(&who, json!({"t": "assigned", "chat": chat}));
            }
        }
    }

    fn open(&mut self, who: &str) -> u64 {
        self.given += 1;
        let chat = Chat {
            customer: who.to_owned(),
            agent: None,
        };
        self.chats.insert(self.given, chat);
        self.queue.push_back(self.given);
        let opened = self.given;
        self.dispatch();
        if self.queue.contains(&opened) {
            let place = self.queue.len();
            self.tell(who, json!({"t": "queued", "chat": opened, "place": place}));
        }
        opened
    }

    fn say(&mut self, who: &str, chat: u64, text: &Value) {
        let Some(Chat { customer, agent }) = self.chats.get(&chat) else {
            return;
        };
        let other = match customer == who {
            true => agent.clone().unwrap_or_default(),
            false => customer.clone(),
        };
        self.tell(&other, json!({"t": "said", "chat": chat, "text": text}));
    }

    fn close(&mut self, who: &str, chat: u64) {
        let Some(Chat { customer, agent }) = self.chats.remove(&chat) else {
            return;
        };
        self.queue.retain(|waiting| *waiting != chat);
        if let Some(person) = agent.as_ref().and_then(|agent| self.people.get_mut(agent)) {
            person.chats -= 1;
        }
        for other in [Some(customer), agent].into_iter().flatten() {
            if other != who {
                self.tell(&other, json!({"t": "closed", "chat": chat}));
            }
        }
        self.dispatch();
    }

    fn leaves(&mut self, who: &str) {
        let own = |chat: &Chat| chat.customer == who || chat.agent.as_deref() == Some(who);
        let chats = self.chats.iter().filter(|(_, chat)| own(chat));
        let chats: Vec<u64> = chats.map(|(chat, _)| *chat).collect();
        // It takes none of those that are free then.
        self.people.remove(who);
        chats.into_iter().for_each(|chat| self.close(who, chat));
    }
}

impl LongPoll {
    /// Starts one that holds polls for so long, and tells each so manieth to come again later.
    pub fn start(hold: Duration, throttles: u64) -> LongPoll {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            hold,
            throttles,
            ..Shared::default()
        });
        let serving = shared.clone();
        std::thread::spawn(move || {
            for (line, stream) in listener.incoming().enumerate() {
                let (shared, stream) = (serving.clone(), stream.unwrap());
                if !shared.is_down.load(Ordering::SeqCst) {
                    std::thread::spawn(move || shared.serve(&stream, line as u64 + 1));
                }
            }
        });
        LongPoll { address, shared }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts everybody off, forgets all, and answers nobody for so long.
    pub fn falls(&self, down: Duration) {
        self.shared.is_down.store(true, Ordering::SeqCst);
        self.shared.life.fetch_add(1, Ordering::SeqCst);
        *self.shared.desk.lock().unwrap() = Desk::default();
        self.shared.changed.notify_all();
        std::thread::sleep(down);
        self.shared.is_down.store(false, Ordering::SeqCst);
    }

    /// On each so manieth connection the third poll is not answered, and the connection closed: as by a
    /// server that finds just then that nothing was said on it for too long.
    pub fn hangs_up(&self, each: u64) {
        self.shared.hangs_up.store(each, Ordering::SeqCst);
    }

    /// What it has counted.
    pub fn counts(&self) -> Counts {
        let of = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Counts {
            polls: of(&self.shared.polls),
            throttled: of(&self.shared.throttled),
            goodbyes: of(&self.shared.goodbyes),
            given_up: of(&self.shared.given_up),
            streamed: of(&self.shared.streamed),
            hung_up: of(&self.shared.hung_up),
        }
    }
}

/// Whether the other side has closed the connection.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    match peeked {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

impl Shared {
    /// Serves a connection until one side has enough.
    fn serve(&self, stream: &TcpStream, line: u64) {
        let life = self.life.load(Ordering::SeqCst);
        let is_over = || self.life.load(Ordering::SeqCst) != life;
        stream.set_nodelay(true).unwrap();
        let look = Some(LOOK);
        stream.set_read_timeout(look).unwrap();
        if begins_with(stream, b"GET /ws") {
            return self.listen(stream, &is_over);
        }
        let mut reader = BufReader::new(stream);
        let (mut polls, mut polled) = (None, 0);
        let each = self.hangs_up.load(Ordering::SeqCst);
        let hangs_up = each > 0 && line.is_multiple_of(each);
        while !is_over() {
            if is_closed(stream) {
                break;
            }
            if matches!(stream.peek(&mut [0]), Err(error) if is_late(&error)) {
                continue;
            }
            let Some((path, body)) = read(&mut reader) else {
                break;
            };
            let answer = match path.strip_prefix("/poll?") {
                Some(query) => {
                    polled += 1;
                    if hangs_up && polled == 3 {
                        self.hung_up.fetch_add(1, Ordering::SeqCst);
                        polls = None;
                        break;
                    }
                    let (who, since) = query.split_once("&since=").unwrap();
                    let who = who.strip_prefix("as=").unwrap();
                    polls = Some(who.to_owned());
                    self.poll(who, since.parse().unwrap(), stream, line, &is_over)
                }
                None => Some(self.does(&path, &body)),
            };
            let Some((status, answer)) = answer else {
                break;
            };
            let answer = answer.to_string();
            let head = format!(
                "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n",
                answer.len()
            );
            let mut stream = stream;
            if stream.write_all((head + &answer).as_bytes()).is_err() {
                break;
            }
        }
        // Who does not ask any more has gone.
        if let Some(who) = polls.filter(|_| !is_over()) {
            let mut desk = self.desk.lock().unwrap();
            if desk
                .people
                .get(&who)
                .is_some_and(|person| person.line == line)
            {
                desk.leaves(&who);
                self.changed.notify_all();
            }
        }
    }

    /// Takes what is said on a stream; that it was taken comes to whoever polls.
    fn listen(&self, stream: &TcpStream, is_over: &dyn Fn() -> bool) {
        stream.set_read_timeout(None).unwrap();
        let mut ws = accept(stream.try_clone().unwrap()).unwrap();
        stream.set_read_timeout(Some(LOOK)).unwrap();
        while !is_over() {
            let text = match ws.read() {
                Ok(Message::Text(text)) => text,
                Err(Error::Io(error)) if is_late(&error) => continue,
                Ok(_) => continue,
                Err(_) => return,
            };
            let said: Value = serde_json::from_str(&text).unwrap();
            self.streamed.fetch_add(1, Ordering::SeqCst);
            let (status, _) = self.does("/say", &said);
            let taken = json!({"t": "taken", "id": said["id"], "status": status});
            let who = said["as"].as_str().unwrap();
            self.desk.lock().unwrap().tell(who, taken);
            self.changed.notify_all();
        }
    }

    /// Answers once there is something; none where who has asked does not wait any more.
    fn poll(
        &self,
        who: &str,
        since: u64,
        stream: &TcpStream,
        line: u64,
        is_over: &dyn Fn() -> bool,
    ) -> Option<(u16, Value)> {
        let number = self.polls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.throttles > 0 && number.is_multiple_of(self.throttles) {
            self.throttled.fetch_add(1, Ordering::SeqCst);
            return Some((429, json!({"retry_ms": 20})));
        }
        let until = Instant::now() + self.hold;
        let mut desk = self.desk.lock().unwrap();
        let is_known = desk.people.contains_key(who);
        while !is_over() {
            if let Some(person) = desk.people.get_mut(who) {
                person.line = line;
                person.events.retain(|(number, _)| *number > since);
                if !person.events.is_empty() {
                    let events: Vec<&Value> = person.events.iter().map(|(_, e)| e).collect();
                    return Some((200, json!({"next": person.last, "events": events})));
                }
            } else if !is_known {
                return Some((410, json!({})));
            }
            if Instant::now() >= until {
                return Some((200, json!({"next": since, "events": []})));
            }
            (desk, _) = self.changed.wait_timeout(desk, LOOK).unwrap();
            if is_closed(stream) {
                if !self.agents_go.load(Ordering::SeqCst) {
                    self.given_up.fetch_add(1, Ordering::SeqCst);
                }
                return None;
            }
        }
        None
    }

    fn does(&self, path: &str, body: &Value) -> (u16, Value) {
        let mut desk = self.desk.lock().unwrap();
        let who = body["as"].as_str().unwrap();
        let chat = body["chat"].as_str().and_then(|chat| chat.parse().ok());
        if path != "/in" && !desk.people.contains_key(who) {
            return (410, json!({}));
        }
        let mut answer = json!({});
        match path {
            "/in" => {
                desk.leaves(who);
                desk.people.insert(who.to_owned(), Person::default());
                desk.tell(who, json!({"t": "welcome"}));
            }
            "/online" => {
                let most = body["most"].as_u64().unwrap();
                desk.people.get_mut(who).unwrap().most = most as usize;
                desk.dispatch();
            }
            "/open" => answer["chat"] = json!(desk.open(who)),
            "/say" => {
                desk.say(who, chat.unwrap(), &body["text"]);
                answer["id"] = json!("1");
            }
            "/mail" => {
                let mail = json!({"t": "said", "from": who, "text": body["text"]});
                desk.tell(body["to"].as_str().unwrap(), mail);
            }
            "/close" => desk.close(who, chat.unwrap()),
            "/bye" => {
                self.goodbyes.fetch_add(1, Ordering::SeqCst);
                let is_agent = who.starts_with("agent");
                self.agents_go.fetch_or(is_agent, Ordering::SeqCst);
                desk.leaves(who);
            }
            other => panic!("nobody asks for {other}"),
        }
        self.changed.notify_all();
        (200, answer)
    }
}

/// Whether the other side begins so, once it does.
fn begins_with(stream: &TcpStream, words: &[u8]) -> bool {
    let mut begun = vec![0; words.len()];
    loop {
        match stream.peek(&mut begun) {
            Ok(0) => return false,
            Ok(many) if many < words.len() => std::thread::sleep(LOOK),
            Ok(_) => return begun == words,
            Err(error) if is_late(&error) => {}
            Err(_) => return false,
        }
    }
}

fn is_late(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}

/// Reads a request: its path and body; none where the connection is over.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<(String, Value)> {
    let stream = *reader.get_ref();
    stream.set_read_timeout(None).unwrap();
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(bytes) = header.strip_prefix("content-length:") {
            length = bytes.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    stream.set_read_timeout(Some(LOOK)).unwrap();
    Some((path, serde_json::from_slice(&body).unwrap_or_default()))
}
