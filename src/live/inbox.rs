//! Owns `Inbox`: the messages of a connection as they come, and what is known of what was not read.
//!
//! Law: a connection on which nothing has come is not looked into: whoever plays a person asks
//! whenever that is woken for anything, and looking costs a good part of what a message does.

use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::link::Readable;

/// What has come on a connection.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) state: State,
    /// Bytes of the messages that have come, at the least that they can have taken.
    heard: u64,
}

/// What is known of what has come and was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There may be something.
    Open,
    /// Nothing: there is something only once the stream says so.
    Empty,
    /// The same as `Open`; and an answer to a ping, or to a close, goes out when the next message is
    /// asked for, or with the next frame.
    Answering,
}

impl Inbox {
    /// That of a stream of which so many bytes were taken for the handshake.
    pub(super) fn behind(shaken: u64) -> Inbox {
        Inbox {
            state: State::Open,
            heard: shaken,
        }
    }

    /// The next message.
    pub(super) fn poll_next<T: AsyncRead + AsyncWrite + Readable + Unpin>(
        &mut self,
        ws: &mut WebSocketStream<T>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, WsError>>> {
        if self.state == State::Empty {
            ready!(ws.get_ref().poll_readable(context));
            self.state = State::Open;
        }
        let polled = ws.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(message))) = &polled {
            self.heard += on_the_wire(message);
            if matches!(message, Message::Ping(_) | Message::Close(_)) {
                self.state = State::Answering;
            }
        }
        let is_all_heard = || ws.get_ref().bytes_read() == Some(self.heard);
        if self.state == State::Open && (polled.is_pending() || is_all_heard()) {
            self.state = State::Empty;
        }
        polled
    }

    /// All that was to be said is written.
    pub(super) fn is_flushed(&mut self) {
        if self.state == State::Answering {
            self.state = State::Open;
        }
    }
}

/// The fewest bytes that a message of the server's takes: in one frame, which says as shortly as it can
/// how long it is (RFC 6455, section 5.2).
pub(super) fn on_the_wire(message: &Message) -> u64 {
    let bytes = message.len() as u64;
    let length = match bytes {
        0..=125 => 0,
        126..=0xffff => 2,
        _ => 8,
    };
    2 + length + bytes
}
