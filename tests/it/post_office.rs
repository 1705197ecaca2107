//! Owns a chat server that only carries what is said, and the protocol that it speaks: whoever comes says
//! `me ADDRESS`, and `to ADDRESS TEXT` brings `from ADDRESS TEXT` to whom it names.
//!
//! Law: it knows no chats, queues or agents: those are the run's own dispatcher's.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use busyhour::error::Result;
use busyhour::scenario::plan::EndsQuiet;
use busyhour::wire::frame::Party;
use busyhour::wire::protocols::Source;
use busyhour::wire::speaker::{
    Answer, Audience, ChatNumber, Deed, Dispatch, Effects, Lost, Manners, Opening, Protocol,
    Speaker, Tidings, Who, WrapUp,
};
use futures_util::{SinkExt, StreamExt};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::stage::Door;

type Boxes = Rc<RefCell<HashMap<String, UnboundedSender<String>>>>;

/// Serves whoever comes in by the door.
pub async fn open(mut door: Door) {
    let boxes = Boxes::default();
    while let Some(stream) = door.0.recv().await {
        spawn_local(serve(stream, boxes.clone()));
    }
}

async fn serve(stream: DuplexStream, boxes: Boxes) {
    let mut ws = accept_async(stream).await.unwrap();
    let (into, mut out) = unbounded_channel::<String>();
    let mut address = String::new();
    loop {
        tokio::select! {
            heard = ws.next() => {
                let Some(Ok(message)) = heard else { break };
                let Message::Text(text) = message else { continue };
                match text.split_once(' ').unwrap() {
                    ("me", me) => {
                        address = me.to_owned();
                        boxes.borrow_mut().insert(me.to_owned(), into.clone());
                        ws.send("welcome".into()).await.unwrap();
                    }
                    ("to", rest) => {
                        let (to, text) = rest.split_once(' ').unwrap();
                        if let Some(them) = boxes.borrow().get(to) {
                            let _ = them.send(format!("from {address} {text}"));
                        }
                    }
                    other => panic!("nobody says {other:?}"),
                }
            }
            Some(text) = out.recv() => if ws.send(text.into()).await.is_err() { break },
        }
    }
    boxes.borrow_mut().remove(&address);
}

/// The protocol.
#[derive(Clone, Debug)]
pub struct Post;

impl Protocol for Post {
    fn name(&self) -> &str {
        "post office"
    }

    fn manners(&self) -> Manners {
        Manners {
            dispatch: Dispatch::Busyhour,
            audience: Audience::Chat,
            wrap_up: WrapUp::Native,
            ends_quiet: EndsQuiet::Server,
        }
    }

    fn resume(self: Arc<Self>, who: Who, _: Lost, _: Duration) -> Box<dyn Speaker> {
        self.speaker(who)
    }

    fn source(&self) -> Option<Source> {
        None
    }

    fn speaker(self: Arc<Self>, who: Who) -> Box<dyn Speaker> {
        let side = if who.party == Party::Agent { 'a' } else { 'c' };
        let Who {
            number, connection, ..
        } = who;
        Box::new(Writer {
            address: format!("{side}{number}.{connection}"),
            peers: Vec::new(),
            early: VecDeque::new(),
        })
    }
}

/// Somebody who writes.
#[derive(Debug)]
struct Writer {
    address: String,
    peers: Vec<(ChatNumber, String)>,
    early: VecDeque<(String, String)>,
}

impl Writer {
    fn hand_out(&mut self, out: &mut Effects) {
        for (from, text) in std::mem::take(&mut self.early) {
            match self.peers.iter().find(|(_, peer)| *peer == from) {
                Some((chat, _)) => out.tidings.push_back(Tidings::Message {
                    chat: Some(*chat),
                    text,
                    server_ms: None,
                }),
                None => self.early.push_back((from, text)),
            }
        }
    }
}

impl Speaker for Writer {
    fn start(&mut self, _: Duration, out: &mut Effects) -> Result<()> {
        out.opening = Some(Opening {
            path: "/post".into(),
            ..Opening::default()
        });
        Ok(())
    }

    fn begin(&mut self, _: Duration, out: &mut Effects) -> Result<()> {
        out.sends.push_back(format!("me {}", self.address).into());
        Ok(())
    }

    fn hear(&mut self, _: Duration, text: &str, out: &mut Effects) -> Result<()> {
        match text
            .strip_prefix("from ")
            .and_then(|rest| rest.split_once(' '))
        {
            Some((from, text)) => {
                self.early.push_back((from.into(), text.into()));
                self.hand_out(out);
            }
            None => out.tidings.push_back(Tidings::Ready {
                address: self.address.clone(),
            }),
        }
        Ok(())
    }

    fn answered(&mut self, _: Duration, _: u32, _: Result<Answer>, _: &mut Effects) -> Result<()> {
        unreachable!("nothing is asked by HTTP")
    }

    fn act(&mut self, _: Duration, deed: Deed<'_>, out: &mut Effects) -> Result<()> {
        match deed {
            Deed::Meet { chat, peer } => {
                self.peers.retain(|(known, _)| *known != chat);
                self.peers.push((chat, peer.to_owned()));
                self.hand_out(out);
            }
            Deed::Say { chat, text } => {
                let peer = self.peers.iter().find(|(known, _)| *known == chat);
                let (_, peer) = peer.expect("nobody speaks to a stranger");
                out.sends.push_back(format!("to {peer} {text}").into());
            }
            _ => {}
        }
        Ok(())
    }

    fn wake(&mut self, _: Duration, _: &mut Effects) -> Result<()> {
        Ok(())
    }

    fn deadline(&self) -> Option<Duration> {
        None
    }
}
