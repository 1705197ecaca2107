//! Owns `Socket`: one person's connection to the chat server, in frames.
//!
//! Law: it knows no chats and no clock of the scenario; a frame goes out when `send` returns and
//! came in when `next` returns. Generic over the stream, so that the same code speaks over
//! in-memory streams on a paused clock.

mod head;

use std::marker::PhantomData;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use head::Head;

use super::dial::{Dial, unreachable};
use super::target::Target;
use crate::error::{Error, Result};
use crate::wire::frame::{Frame, Hello, Side};
use crate::wire::limits::{FRAME_LIMIT, websocket};
use crate::wire::{PROTOCOL, clean};

/// What a connection is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketLimits {
    /// The most bytes of a message from the server.
    pub frame: usize,
    /// Wall time within which a connection must stand, its WebSocket handshake done.
    pub connect: Duration,
    /// Wall time that the server has to close the connection once one side has said so.
    pub closing: Duration,
}

impl Default for SocketLimits {
    fn default() -> SocketLimits {
        SocketLimits {
            frame: FRAME_LIMIT,
            connect: Duration::from_secs(10),
            closing: Duration::from_secs(2),
        }
    }
}

/// A connection of side `S` (`CustomerSide` or `AgentSide`) over stream `T`.
#[derive(Debug)]
pub struct Socket<S: Side, T = TcpStream> {
    ws: WebSocketStream<T>,
    closing: Duration,
    /// Set when the server has begun to close: it has until then to end the connection.
    until: Option<Instant>,
    side: PhantomData<fn() -> S>,
}

/// Connects to the server and makes the WebSocket handshake.
///
/// # Errors
/// Failed (exit 3): nobody answers, or not within the time, or not as a WebSocket server.
pub async fn dial<S: Side, D: Dial>(to: &D, limits: SocketLimits) -> Result<Socket<S, D::Stream>> {
    let target = to.target();
    let connect = async { Socket::over(to.connect().await?, target, limits).await };
    let late = |_| {
        let within = format!("no answer within {:?}", limits.connect);
        unreachable(target, &within)
    };
    timeout(limits.connect, connect).await.map_err(late)?
}

impl<S: Side, T: AsyncRead + AsyncWrite + Unpin> Socket<S, T> {
    /// Makes the WebSocket handshake over a stream that leads to `target`.
    ///
    /// # Errors
    /// Failed (exit 3): the other end is no WebSocket server, or turns the connection away.
    pub async fn over(stream: T, target: &Target, limits: SocketLimits) -> Result<Socket<S, T>> {
        let url = format!("{target}{}", S::PATH);
        let config = Some(websocket(limits.frame));
        // Boxed: the handshake is much larger than the connection it leaves behind.
        let shaken = Box::pin(client_async_with_config(url, Head::of(stream), config)).await;
        let (ws, _) = shaken.map_err(|error| turned_away(target, error))?;
        let split = ws.into_inner().split();
        let (stream, rest) = split.ok_or_else(|| no_websocket(target, "its answer is none"))?;
        Ok(Socket {
            ws: WebSocketStream::from_partially_read(stream, rest, Role::Client, config).await,
            closing: limits.closing,
            until: None,
            side: PhantomData,
        })
    }

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
            .ok_or_else(|| Error::failed("the server's first frame is not a hello"))?;
        if hello.protocol != PROTOCOL {
            return Err(Error::failed(format!(
                "the server `{}` speaks version {} of the protocol, this program version \
                 {PROTOCOL}",
                clean(&hello.server),
                hello.protocol
            )));
        }
        Ok(hello)
    }

    /// Sends a frame; it is written to the connection when this returns. Not cancel-safe: when
    /// the future is dropped the frame may go out later or never.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost or closed.
    pub async fn send(&mut self, frame: &S::Says) -> Result<()> {
        let text = Message::text(frame.encode());
        self.ws.send(text).await.map_err(|error| lost(&error))
    }

    /// The next frame; none when the server has closed the connection in due form. After an error
    /// the connection is of no more use. Cancel-safe.
    ///
    /// Texts in the frame are as the server sent them: `wire::clean` them before they are shown.
    ///
    /// # Errors
    /// Failed (exit 3): the connection is lost, or what came is no frame of the protocol.
    pub async fn next(&mut self) -> Option<Result<S::Hears>> {
        loop {
            let heard = match self.until {
                None => self.ws.next().await,
                Some(until) => timeout_at(until, self.ws.next()).await.ok().flatten(),
            };
            match heard? {
                Ok(Message::Text(text)) => {
                    let frame = S::Hears::decode(&text);
                    return Some(frame.map_err(|error| Error::failed(error.to_string())));
                }
                Ok(Message::Binary(_)) => {
                    return Some(Err(Error::failed("the server sent a binary message")));
                }
                Ok(Message::Close(_)) => self.until = Some(Instant::now() + self.closing),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Err(error) => return Some(Err(lost(&error))),
            }
        }
    }

    /// Says that the connection is over and waits, within the limit, until the server has ended
    /// it: whoever ends a connection first keeps its port in TIME_WAIT, and that is to be the
    /// server (RFC 6455, section 7.1.1). Whatever still comes is let pass.
    pub async fn close(mut self) {
        let until = Instant::now() + self.closing;
        let ending = async {
            if self.ws.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.ws.next().await {}
            }
        };
        // A server that does not answer in time is left without its answer.
        let _ = timeout_at(until, ending).await;
    }
}

fn turned_away(target: &Target, error: WsError) -> Error {
    match error {
        WsError::Http(response) => {
            let body = response.body().as_deref().unwrap_or_default();
            let words = clean(&String::from_utf8_lossy(body));
            let status = response.status();
            Error::failed(format!(
                "{target} turned the connection away: HTTP {status} {words}"
            ))
        }
        other => no_websocket(target, &clean(&other.to_string())),
    }
}

fn no_websocket(target: &Target, why: &str) -> Error {
    Error::failed(format!(
        "what answers at {target} is no WebSocket server: {why}"
    ))
    .with_remedy(
        "give the port of a chat server with --target, or leave it out to have one started",
    )
}

fn lost(error: &WsError) -> Error {
    let words = clean(&error.to_string());
    Error::failed(format!("the connection to the server is lost: {words}"))
}
