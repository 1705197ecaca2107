//! Owns `Streams`: the connections of an agent's chats, at a server where each chat has its own.
//!
//! Law: one that breaks, or does not come to stand, is told and costs the others nothing. An agent has
//! a handful of them, so that they stand in a row and are looked at one after the other.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures_util::{FutureExt, SinkExt};
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};

use super::dial::Dial;
use super::inbox::Inbox;
use super::link::Readable;
use super::mailbox::Mailbox;
use super::socket::{SocketLimits, Wanted, bytes_sent, in_words, upgrade};
use super::tap::Tap;
use crate::error::{Error, Result};
use crate::secret::Mask;
use crate::wire::frame::Party;
use crate::wire::limits::{FOREIGN_FRAME_LIMIT, websocket};
use crate::wire::speaker::{ChatNumber, Opening};

/// A stream that has just come to stand.
pub type Fresh<T> = (WebSocketStream<T>, Inbox);

/// What was asked for, each with its chat.
type Coming<T> = Mailbox<(ChatNumber, Result<Fresh<T>>)>;

/// What has come of a chat's connection.
#[derive(Debug)]
pub enum Came {
    /// It stands.
    Stands,
    /// A text.
    Text(Utf8Bytes),
    /// It is over, or does not come to stand.
    Ends(Error),
}

/// The connections of an agent's chats.
pub struct Streams<D: Dial> {
    open: Vec<Stream<D::Stream>>,
    /// Those that were asked for, and what else is to be told.
    coming: Rc<Coming<D::Stream>>,
    limits: SocketLimits,
}

struct Stream<T> {
    chat: ChatNumber,
    ws: Box<WebSocketStream<T>>,
    inbox: Inbox,
    /// Something was put that may not be written yet.
    is_unwritten: bool,
    /// Since when it is to end.
    closes: Option<Instant>,
}

/// Gets a stream for somebody who asks for it so.
///
/// # Errors
/// Failed (exit 3): nobody answers, or not as a WebSocket server.
pub async fn dial<D: Dial>(
    to: &D,
    whose: (Party, u32),
    opening: &Opening,
    tap: Option<&Tap>,
) -> Result<Fresh<D::Stream>> {
    let mut stream = to.connect(whose.1).await?;
    let wanted = Wanted {
        path: &opening.path,
        subprotocol: opening.subprotocol.as_deref(),
        headers: &opening.headers,
    };
    let rest = upgrade(&mut stream, to, whose, wanted, tap).await?;
    let config = Some(websocket(FOREIGN_FRAME_LIMIT));
    let shaken = stream.bytes_read().unwrap_or(0);
    let inbox = Inbox::behind(shaken.saturating_sub(rest.len() as u64));
    let ws = WebSocketStream::from_partially_read(stream, rest, Role::Client, config).await;
    Ok((ws, inbox))
}

impl<D: Dial> Streams<D> {
    /// None yet.
    pub fn new(limits: SocketLimits) -> Streams<D> {
        Streams {
            open: Vec::new(),
            coming: Rc::default(),
            limits,
        }
    }

    /// One is asked for, and will be there once it was dialled.
    pub fn open(
        &mut self,
        chat: ChatNumber,
        dialling: impl Future<Output = Result<Fresh<D::Stream>>> + 'static,
    ) {
        let closing = self.limits.closing;
        // A server that does not answer the end of one is not waited for for ever.
        self.open
            .retain(|own| own.closes.is_none_or(|since| since.elapsed() < closing));
        let (coming, limit) = (Rc::downgrade(&self.coming), self.limits.connect);
        spawn_local(async move {
            let dialled = timeout(limit, dialling).await;
            let late = |_| Err(Error::failed(format!("it does not stand within {limit:?}")));
            let dialled = dialled.unwrap_or_else(late);
            if let Some(coming) = coming.upgrade() {
                coming.put((chat, dialled));
            }
        });
    }

    /// Puts a text where it goes out with the next flush; how many bytes that takes.
    pub fn say(&mut self, chat: ChatNumber, text: Utf8Bytes) -> u32 {
        let message = Message::Text(text);
        let bytes = bytes_sent(&message);
        self.put(chat, message);
        bytes
    }

    /// Ends one in due form; what still comes on it is told.
    pub fn close(&mut self, chat: ChatNumber) {
        let mut open = self.open.iter_mut();
        if let Some(own) = open.find(|own| own.chat == chat) {
            own.closes = Some(Instant::now());
            self.put(chat, Message::Close(None));
        }
    }

    /// Ends all.
    pub fn close_all(&mut self) {
        let open = self.open.iter().filter(|own| own.closes.is_none());
        let chats: Vec<ChatNumber> = open.map(|own| own.chat).collect();
        chats.into_iter().for_each(|chat| self.close(chat));
    }

    fn put(&mut self, chat: ChatNumber, message: Message) {
        let Some(at) = self.open.iter().position(|own| own.chat == chat) else {
            return;
        };
        match self.open[at].ws.start_send_unpin(message) {
            Ok(()) => self.open[at].is_unwritten = true,
            Err(error) => self.lose(at, in_words(&error, None)),
        }
    }

    fn lose(&mut self, at: usize, error: Error) {
        let chat = self.open.swap_remove(at).chat;
        self.coming.put((chat, Err(error)));
    }

    /// What has come next, of whichever.
    pub fn poll_next(
        &mut self,
        mask: Option<&Mask>,
        context: &mut Context<'_>,
    ) -> Poll<(ChatNumber, Came)> {
        if let Poll::Ready((chat, come)) = self.coming.poll_take(context) {
            let came = match come {
                Ok((ws, inbox)) => {
                    self.open.push(Stream {
                        chat,
                        ws: Box::new(ws),
                        inbox,
                        is_unwritten: false,
                        closes: None,
                    });
                    Came::Stands
                }
                Err(error) => Came::Ends(error),
            };
            return Poll::Ready((chat, came));
        }
        for at in 0..self.open.len() {
            if let Poll::Ready(came) = self.open[at].poll_next(mask, context) {
                let chat = self.open[at].chat;
                if let Came::Ends(_) = came {
                    self.open.swap_remove(at);
                }
                return Poll::Ready((chat, came));
            }
        }
        Poll::Pending
    }

    /// Writes what was put, as far as it is taken; ready when all is.
    pub fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (mut at, mut all) = (0, Poll::Ready(()));
        while at < self.open.len() {
            let own = &mut self.open[at];
            if own.is_unwritten {
                match own.ws.flush().poll_unpin(context) {
                    Poll::Ready(Ok(())) => {
                        own.is_unwritten = false;
                        own.inbox.is_flushed();
                    }
                    Poll::Ready(Err(error)) => {
                        self.lose(at, in_words(&error, None));
                        continue;
                    }
                    Poll::Pending => all = Poll::Pending,
                }
            }
            at += 1;
        }
        all
    }

    /// Writes what was put. What a server does not take in time has lost its connection.
    pub async fn flush(&mut self) {
        if self.open.iter().all(|own| !own.is_unwritten) {
            return;
        }
        let taking = self.limits.taking;
        let flushing = poll_fn(|context| self.poll_flush(context));
        if Box::pin(timeout(taking, flushing)).await.is_err() {
            while let Some(at) = self.open.iter().position(|own| own.is_unwritten) {
                self.lose(
                    at,
                    Error::failed("the server does not take what it is sent"),
                );
            }
        }
    }
}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Readable + Unpin> Stream<T> {
    fn poll_next(&mut self, mask: Option<&Mask>, context: &mut Context<'_>) -> Poll<Came> {
        loop {
            let Poll::Ready(message) = self.inbox.poll_next(&mut self.ws, context) else {
                return Poll::Pending;
            };
            return Poll::Ready(match message {
                Some(Ok(Message::Text(text))) => Came::Text(text),
                Some(Ok(Message::Binary(_))) => {
                    Came::Ends(Error::failed("the server sent a binary message"))
                }
                Some(Ok(_)) => continue,
                Some(Err(WsError::ConnectionClosed)) | None => {
                    Came::Ends(Error::failed("the server closed it"))
                }
                Some(Err(error)) => Came::Ends(in_words(&error, mask)),
            });
        }
    }
}
