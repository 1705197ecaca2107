//! Owns `Socket`: one person's connection to the chat server, in frames.
//!
//! Law: it knows no chats and no clock of the scenario; a frame goes out when `send` returns and
//! came in when `next` returns. Generic over the stream, so that the same code speaks over
//! in-memory streams on a paused clock. What the server says for people to read leaves here clean,
//! and without the secrets that it was shown: it may well say them again.

mod handshake;
mod turned_away;

use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use handshake::Request;
pub(super) use handshake::Wanted;

use super::credentials::Credentials;
use super::dial::{Dial, unreachable};
use super::inbox::{Inbox, on_the_wire};
use super::life::{Life, Sign};
use super::link::{Link, Readable};
use super::tap::Tap;
use crate::error::{Error, Result};
use crate::measure::seen::Passing;
use crate::scenario::outlook::live::LET_IN_S;
use crate::secret::Mask;
use crate::time::Time;
use crate::wire::frame::{Frame, Hello, Party, Side};
use crate::wire::limits::{FRAME_LIMIT, websocket};
use crate::wire::{PROTOCOL, clean_masked};

/// What a connection is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketLimits {
    /// The most bytes of a message from the server.
    pub frame: usize,
    /// Wall time within which a connection must stand, its WebSocket handshake done.
    pub connect: Duration,
    /// Wall time within which the server must take a frame.
    pub taking: Duration,
    /// Wall time that the server has to close the connection once one side has said so.
    pub closing: Duration,
}

impl Default for SocketLimits {
    fn default() -> SocketLimits {
        SocketLimits {
            frame: FRAME_LIMIT,
            connect: Duration::from_secs_f64(LET_IN_S),
            taking: Duration::from_secs_f64(LET_IN_S),
            closing: Duration::from_secs(2),
        }
    }
}

/// A connection of side `S` (`CustomerSide` or `AgentSide`) over stream `T`.
#[derive(Debug)]
pub struct Socket<S: Side, T = Link> {
    ws: WebSocketStream<T>,
    /// Wall time within which the server must take a frame.
    taking: Duration,
    /// Wall time that it has to close the connection.
    closing: Duration,
    /// Set when the server has begun to close: it has until then to end the connection.
    until: Option<Instant>,
    inbox: Inbox,
    /// Bytes of the messages that were sent, beginning again at zero where they are too many.
    sent: u32,
    life: Life,
    /// What the server's words must not show; none where it was shown no secret.
    mask: Option<Arc<Mask>>,
    /// Where somebody is traced whom this connection may concern.
    tap: Option<Box<Tap>>,
    side: PhantomData<fn() -> S>,
}

/// Connects the person of this number to the server and makes the WebSocket handshake.
///
/// # Errors
/// Failed (exit 3): nobody answers, or not within the time, or not as a WebSocket server.
pub fn dial<S: Side, D: Dial>(
    to: &D,
    number: u32,
    limits: SocketLimits,
) -> impl Future<Output = Result<Socket<S, D::Stream>>> {
    dial_tapped(to, number, limits, None)
}

/// The same, where somebody is traced whom the connection may concern.
///
/// # Errors
/// Those of `dial`.
pub async fn dial_tapped<S: Side, D: Dial>(
    to: &D,
    number: u32,
    limits: SocketLimits,
    tap: Option<Box<Tap>>,
) -> Result<Socket<S, D::Stream>> {
    let connect = async { shake(to.connect(number).await?, to, number, &limits, tap).await };
    let late = |_| {
        let within = format!("no answer within {:?}", limits.connect);
        unreachable(to.target(number), &within)
    };
    timeout(limits.connect, connect).await.map_err(late)?
}

/// Makes the WebSocket handshake over a stream.
async fn shake<S: Side, D: Dial>(
    mut stream: D::Stream,
    to: &D,
    number: u32,
    limits: &SocketLimits,
    tap: Option<Box<Tap>>,
) -> Result<Socket<S, D::Stream>> {
    let wanted = Wanted {
        path: S::PATH,
        subprotocol: None,
        headers: &[],
    };
    let whose = (S::PARTY, number);
    let rest = upgrade(&mut stream, to, whose, wanted, tap.as_deref()).await?;
    let config = Some(websocket(limits.frame));
    let shaken = stream.bytes_read().unwrap_or(0);
    Ok(Socket {
        inbox: Inbox::behind(shaken.saturating_sub(rest.len() as u64)),
        sent: 0,
        ws: WebSocketStream::from_partially_read(stream, rest, Role::Client, config).await,
        taking: limits.taking,
        closing: limits.closing,
        until: None,
        life: Life::Heard,
        mask: to.credentials().map(Credentials::mask).cloned(),
        tap,
        side: PhantomData,
    })
}

/// Makes the handshake over a stream; gives what the server has said behind its answer.
///
/// # Errors
/// Failed (exit 3): the server does not answer as a WebSocket server.
pub(super) async fn upgrade<D: Dial>(
    stream: &mut D::Stream,
    to: &D,
    (party, number): (Party, u32),
    wanted: Wanted<'_>,
    tap: Option<&Tap>,
) -> Result<Vec<u8>> {
    let shaking = async {
        let besides = to.credentials().map(|known| (known, party, number));
        let authority = to.target(number).authority();
        let request = Request::new(&authority, wanted, besides);
        request.shake(stream, tap).await
    };
    // Boxed: a handshake is larger than the connection that it leaves behind.
    let rest = Box::pin(shaking).await;
    rest.map_err(|refusal| turned_away::words(to, number, refusal))
}

impl<S: Side, T: AsyncRead + AsyncWrite + Readable + Unpin> Socket<S, T> {
    /// Takes the server's first frame and checks that it speaks this protocol.
    ///
    /// # Errors
    /// Failed (exit 3): another first frame, another version, or none.
    pub async fn hello(&mut self) -> Result<Hello> {
        let heard = self.next().await.unwrap_or_else(|| {
            Err(Error::failed(
                "the server closed the connection without a hello",
            ))
        })?;
        let hello = S::hello(heard)
            .ok_or_else(|| Error::failed("the server's first frame is not a hello").for_good())?;
        if hello.protocol != PROTOCOL {
            return Err(Error::failed(format!(
                "the server `{}` speaks version {} of the protocol, this program version \
                 {PROTOCOL}",
                hello.server, hello.protocol
            ))
            .for_good());
        }
        Ok(hello)
    }

    /// Whether there was a sign of life since this was last asked. Where there was none the server is
    /// pinged, once; and a server that has not answered that is none.
    pub async fn is_alive(&mut self) -> bool {
        match self.life.look() {
            Sign::Given => true,
            Sign::Wanted => {
                let asked = self.put(Message::Ping(Vec::new().into()));
                asked.is_ok() && self.flush().await.is_ok()
            }
            Sign::Missing => false,
        }
    }

    /// Sends a frame; it is written to the connection when this returns. Not cancel-safe: when
    /// the future is dropped the frame may go out later or never.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost or closed.
    pub fn send(&mut self, frame: &S::Says) -> impl Future<Output = Result<()>> {
        self.act(frame, Time::NEVER)
    }

    /// Sends a frame that was due at this scenario time, which is nothing to the connection but what
    /// is told of it. Not cancel-safe.
    ///
    /// # Errors
    /// Those of `send`.
    pub async fn act(&mut self, frame: &S::Says, due: Time) -> Result<()> {
        self.put(Message::text(frame.encode()))?;
        self.flush().await?;
        self.inbox.is_flushed();
        if let Some(tap) = &mut self.tap {
            tap.said(frame, due);
        }
        Ok(())
    }

    /// Bytes that were sent so far, beginning again at zero beyond four billion.
    pub fn sent(&self) -> u32 {
        self.sent
    }

    /// Puts a message where it goes out with the next `flush`: there is always room for one.
    fn put(&mut self, message: Message) -> Result<()> {
        self.sent = self.sent.wrapping_add(bytes_sent(&message));
        let put = self.ws.start_send_unpin(message);
        put.map_err(|error| self.lost(&error))
    }

    /// Writes what was put to the connection. Most is taken at once: only for what is not, time is
    /// taken.
    async fn flush(&mut self) -> Result<()> {
        let mut flushing = self.ws.flush();
        let sent = match poll_fn(|context| Poll::Ready(flushing.poll_unpin(context))).await {
            Poll::Ready(sent) => Ok(sent),
            Poll::Pending => Box::pin(timeout(self.taking, flushing)).await,
        };
        match sent {
            Ok(sent) => sent.map_err(|error| self.lost(&error)),
            Err(_) => Err(Error::failed("the server does not take what it is sent")),
        }
    }

    /// The next frame; none when the server has closed the connection in due form. After an error
    /// the connection is of no more use. Cancel-safe.
    ///
    /// Texts in the frame that are for people to read are clean and masked; those of a chat are as
    /// the server sent them: they are for nobody to see.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost, or what came is no frame of the protocol.
    pub async fn next(&mut self) -> Option<Result<S::Hears>> {
        loop {
            let heard = match self.until {
                None => self.message().await,
                // Boxed, as what is seldom: whoever plays a person has room for a whole wait like this.
                Some(until) => Box::pin(timeout_at(until, self.message()))
                    .await
                    .ok()
                    .flatten(),
            };
            self.life = Life::Heard;
            let heard = heard?;
            if let Ok(message) = &heard {
                self.watch(message);
            }
            match heard {
                Ok(Message::Text(text)) => {
                    return Some(self.read(&text));
                }
                Ok(Message::Binary(_)) => {
                    let error = Error::failed("the server sent a binary message");
                    return Some(Err(error.for_good()));
                }
                Ok(Message::Close(_)) => {
                    self.until = Some(Instant::now() + self.closing);
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Err(error) => return Some(Err(self.lost(&error))),
            }
        }
    }

    async fn message(&mut self) -> Option<std::result::Result<Message, WsError>> {
        poll_fn(|context| self.inbox.poll_next(&mut self.ws, context)).await
    }

    /// Says that the connection is over and waits, within the limit, until the server has ended
    /// it: whoever ends a connection first keeps its port in TIME_WAIT, and that is to be the
    /// server (RFC 6455, section 7.1.1). Frames that still come are `overheard`. Nothing is left to be
    /// done with it then but to drop it.
    pub async fn close(&mut self, mut overheard: impl FnMut(S::Hears)) {
        let until = Instant::now() + self.closing;
        let ending = async {
            if self.ws.close(None).await.is_ok() {
                self.tell(Passing::Said, "close");
                while let Some(Ok(message)) = self.ws.next().await {
                    self.watch(&message);
                    if let Message::Text(text) = message
                        && let Ok(frame) = self.read(&text)
                    {
                        overheard(frame);
                    }
                }
            }
        };
        // A server that does not answer in time is left without its answer.
        let _ = timeout_at(until, ending).await;
    }

    /// Tells of what passes that is no frame, where somebody is traced.
    fn watch(&self, message: &Message) {
        if self.tap.is_none() {
            return;
        }
        let words = match message {
            Message::Ping(bytes) => format!("ping, {} bytes", bytes.len()),
            Message::Pong(bytes) => format!("pong, {} bytes", bytes.len()),
            Message::Binary(bytes) => format!("a binary message, {} bytes", bytes.len()),
            Message::Close(None) => "close".into(),
            Message::Close(Some(frame)) if frame.reason.is_empty() => {
                format!("close {}", frame.code)
            }
            Message::Close(Some(frame)) => format!("close {}: {}", frame.code, frame.reason),
            Message::Text(_) | Message::Frame(_) => return,
        };
        self.tell(Passing::Heard, &words);
    }

    fn tell(&self, passing: Passing, words: &str) {
        if let Some(tap) = &self.tap {
            tap.tell(passing, Time::NEVER, words);
        }
    }

    fn read(&mut self, text: &str) -> Result<S::Hears> {
        let decoded = S::Hears::decode(text);
        if decoded.is_err() {
            self.tell(Passing::Heard, text);
        }
        let mask = self.mask.as_deref();
        let mut frame = decoded
            .map_err(|error| error.masked(mask.unwrap_or(&Mask::default())))
            .map_err(|words| Error::failed(words).for_good())?;
        if let Some(tap) = &mut self.tap {
            tap.heard(&frame, text);
        }
        for words in frame.words() {
            *words = self.clean(words);
        }
        Ok(frame)
    }

    /// Words of the server, fit to be shown.
    fn clean(&self, words: &str) -> String {
        let mask = self.mask.as_deref();
        clean_masked(words, mask.unwrap_or(&Mask::default()))
    }

    #[cold]
    fn lost(&self, error: &WsError) -> Error {
        in_words(error, self.mask.as_deref())
    }
}

/// A connection is lost: how, by somebody who knows our secrets.
pub(super) fn in_words(error: &WsError, mask: Option<&Mask>) -> Error {
    let words = clean_masked(&error.to_string(), mask.unwrap_or(&Mask::default()));
    let lost = Error::failed(format!("the connection to the server is lost: {words}"));
    match error {
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake)
        | WsError::Io(_)
        | WsError::ConnectionClosed
        | WsError::AlreadyClosed => lost,
        // What came is no WebSocket.
        _ => lost.for_good(),
    }
}

/// The bytes that a message of ours takes: the server's would take as many but for the mask.
pub(super) fn bytes_sent(message: &Message) -> u32 {
    on_the_wire(message) as u32 + 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::inbox::State;
    use crate::live::target::Target;
    use crate::live::way::Way;
    use crate::wire::frame::{CustomerSide, ToCustomer};
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    /// Frames that come in one packet are read at once; after the last nobody looks for more.
    #[tokio::test]
    async fn what_was_heard_to_its_end_is_not_looked_into_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::from(listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut peer = tokio_tungstenite::accept_async(stream).await.unwrap();
            let text = br#"{"type":"typing"}"#;
            let frame = [&[0x81, text.len() as u8][..], text].concat();
            peer.get_mut().write_all(&frame.repeat(3)).await.unwrap();
            peer
        });
        let address = target.resolve(&[]).await.unwrap();
        let way = Way::new(vec![address], Arc::default()).unwrap();
        let limits = SocketLimits::default();
        let mut socket = dial::<CustomerSide, _>(&way, 0, limits).await.unwrap();
        for inbox in [State::Open, State::Open, State::Empty] {
            let heard = socket.next().await.unwrap().unwrap();
            assert_eq!((heard, socket.inbox.state), (ToCustomer::Typing {}, inbox));
        }
        server.await.unwrap();
    }
}
