//! Owns what is expected of talks: whole conversations, as they stand in the stream.
//!
//! Law: a conversation is written once: what is done and what the server says is played, and what
//! comes of it has to be what stands there.
//!
//! ```text
//! + DEED         what the person does        ! TIDINGS     what it hears
//! < TEXT         the server, on the stream   > TEXT        the person, on the stream
//! << STATUS BODY the server's answer         >> REQUEST    the person's request
//! <~ STATUS BODY the answer to its poll
//! <N, >N         the same on the stream of chat N
//! ```

mod apart;
mod back;
mod built_in;
mod declared;
mod hostile;
mod polls;
mod taking;

use std::collections::VecDeque;
use std::fmt::Write;
use std::path::Path;

use super::*;
use crate::wire::declared::{Protocol, read_built_in, read_text};
use crate::wire::frame::Party;
use crate::wire::speaker::Beside;

const CUSTOMER: Who = Who {
    party: Party::Customer,
    number: 17,
    attempt: 0,
    connection: 0,
    run: 0x00c0_ffee,
};

const AGENT: Who = Who {
    party: Party::Agent,
    number: 4,
    ..CUSTOMER
};

/// A person at a server of which we write the lines.
struct Stage {
    talk: Talk,
    now: Duration,
    asked: VecDeque<u32>,
    polls: Option<u32>,
    told: String,
}

impl Stage {
    fn new(protocol: &Arc<Protocol>, who: Who) -> Stage {
        Stage {
            talk: protocol.talk(who),
            now: Duration::ZERO,
            asked: VecDeque::new(),
            polls: None,
            told: String::new(),
        }
    }

    /// The same person on another connection, after this one was lost.
    fn comes_back(mut self) -> Option<Stage> {
        let Some(Lost::Declared(remains)) = self.talk.lose(self.now) else {
            return None;
        };
        let who = Who {
            connection: self.talk.who.connection + 1,
            ..self.talk.who
        };
        let protocol = Arc::clone(&self.talk.protocol);
        let talk = Talk::resuming(protocol.clone(), who, *remains);
        Some(Stage {
            talk,
            ..Stage::new(&protocol, who)
        })
    }

    /// Plays a conversation; it has to go as it is written.
    fn goes(&mut self, conversation: &str) {
        self.told.clear();
        let lines: Vec<&str> = conversation.trim().lines().map(str::trim).collect();
        lines.iter().for_each(|line| self.line(line));
        assert_eq!(self.told.trim_end(), lines.join("\n"));
    }

    /// Plays a line; what comes of it is told.
    fn line(&mut self, line: &str) {
        let mut out = Effects::default();
        let (talk, now) = (&mut self.talk, self.now);
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        let result = match mark {
            "<" => talk.hear(now, rest, &mut out),
            "<<" => {
                let request = self.asked.pop_front().expect("something was asked for");
                talk.answered(now, request, answer(rest), &mut out)
            }
            "<~" => {
                let request = self.polls.take().expect("it polls");
                talk.answered(now, request, answer(rest), &mut out)
            }
            "+" => self.deed(rest, &mut out),
            _ => match mark.strip_prefix('<').map(str::parse) {
                Some(Ok(chat)) => talk.hear_beside(now, chat, rest, &mut out),
                _ => return,
            },
        };
        let _ = writeln!(self.told, "{line}");
        self.tell(out);
        if let Err(error) = result {
            let for_good = if error.is_for_good() {
                ", for good"
            } else {
                ""
            };
            let _ = writeln!(self.told, "! error{for_good}: {}", error.plain());
        }
    }

    fn deed(&mut self, words: &str, out: &mut Effects) -> Result<()> {
        let (talk, now) = (&mut self.talk, self.now);
        let (deed, rest) = words.split_once(' ').unwrap_or((words, ""));
        let (first, text) = rest.split_once(' ').unwrap_or((rest, ""));
        let chat: ChatNumber = first.parse().unwrap_or(0);
        let deed = match deed {
            "start" => return talk.start(now, out),
            "begin" => return talk.begin(now, out),
            "stands" => return talk.begin_beside(now, chat, out),
            "ends" => return talk.end_beside(now, chat, text, out),
            "wait" => {
                self.now += Duration::from_secs(chat);
                return talk.wake(self.now, out);
            }
            "online" => Deed::Online { limit: chat as u32 },
            "offline" => Deed::Offline,
            "open" => Deed::Open { priority: 0 },
            "meet" => Deed::Meet { chat, peer: text },
            "say" => Deed::Say { chat, text },
            "typing" => Deed::Typing { chat },
            "close" => Deed::Close { chat },
            "free" => Deed::Free { chat },
            "take" => Deed::Take,
            "transfer" => Deed::Transfer { chat },
            "bye" => Deed::Bye,
            other => panic!("no deed: {other}"),
        };
        talk.act(now, deed, out)
    }

    fn tell(&mut self, out: Effects) {
        let told = &mut self.told;
        if let Some(opening) = out.opening {
            let path = match opening.by_requests {
                true => "polls",
                false => &opening.path,
            };
            let headers: Vec<String> = opening.headers.iter().map(header).collect();
            let _ = writeln!(told, "> {path}{}", headers.concat());
        }
        for text in out.sends {
            let _ = writeln!(told, "> {text}");
        }
        for beside in out.beside {
            let _ = match beside {
                Beside::Open { chat, opening } => {
                    let headers: Vec<String> = opening.headers.iter().map(header).collect();
                    writeln!(told, ">{chat} {}{}", opening.path, headers.concat())
                }
                Beside::Say { chat, text } => writeln!(told, ">{chat} {text}"),
                Beside::Close { chat } => writeln!(told, ">{chat} closes"),
            };
        }
        for request in out.requests {
            let headers: Vec<String> = request.headers.iter().map(header).collect();
            let body = String::from_utf8(request.body).unwrap();
            let (method, path) = (request.method, request.path);
            let held = request.held.map(|held| format!(" (held {held:?})"));
            let held = held.unwrap_or_default();
            let line = format!(">> {method} {path} {body}{}{held}", headers.concat());
            let _ = writeln!(told, "{}", line.trim_end());
            match request.held {
                Some(_) => self.polls = Some(request.number),
                None => self.asked.push_back(request.number),
            }
        }
        for tidings in out.tidings {
            let _ = writeln!(told, "! {tidings:?}");
        }
    }
}

fn header((name, value): &(String, String)) -> String {
    format!(" [{name}: {value}]")
}

fn answer(text: &str) -> Result<Answer> {
    let (status, body) = text.split_once(' ').unwrap_or((text, ""));
    let Ok(status) = status.parse() else {
        return Err(Error::failed(text));
    };
    let (body, cookie) = body.split_once(" cookie:").unwrap_or((body, ""));
    let cookie = ("set-cookie".to_string(), cookie.to_string());
    Ok(Answer {
        status,
        headers: vec![cookie],
        body: body.as_bytes().to_vec(),
    })
}

/// Plays a conversation; it has to go as it is written.
fn play(protocol: &Arc<Protocol>, who: Who, conversation: &str) -> Stage {
    let mut stage = Stage::new(protocol, who);
    stage.goes(conversation);
    stage
}

/// A protocol with these lines besides what each has to have.
fn declared(lines: &str) -> Arc<Protocol> {
    let head = "name = 'x'\nevidence = 'none'\n";
    let text = format!("{head}{lines}");
    let read = read_text("x.toml", &text, Path::new(""));
    Arc::new(read.unwrap_or_else(|error| panic!("{error}")))
}
