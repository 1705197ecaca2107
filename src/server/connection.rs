//! Owns one connection: frames in to the hub, parcels out to the peer, signs of life.
//!
//! Law: it moves frames and decides nothing about chats; whatever the peer does, it costs this
//! connection at most. Generic over the stream, so that it also runs over in-memory streams.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::desk::{ConnId, Ending, Input, Parcel, Role};
use super::door::Door;
use super::hub::{Note, outbox};
use super::stats::Counters;
use crate::wire::frame::{Frame, FromAgent, FromCustomer, ToAgent, ToCustomer};
use crate::wire::limits::websocket;
use crate::wire::reason::Reason;

/// Wall time within which a peer has to make its handshakes, that of the WebSocket the last.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Wall time that a peer has to answer a close, and that what it still sends is read.
pub(super) const CLOSING: Duration = Duration::from_secs(1);

/// The most parcels that are written as one.
const TOGETHER_MOST: usize = 16;

/// The most bytes that are read, and thrown away, of a peer that was turned away.
const LINGER_MOST: u64 = 256 * 1024;

/// What all connections of a server share.
#[derive(Debug)]
pub(super) struct House {
    pub door: Door,
    pub counters: Arc<Counters>,
    pub frame_limit: usize,
    /// A peer of which nothing is heard for so long is cut.
    pub idle: Duration,
    /// Parcels that may wait for a peer that does not read.
    pub outbox: usize,
}

/// How a conversation came to its end.
#[derive(Clone, Copy, Debug)]
enum Over {
    /// The peer has closed in due form.
    Closed,
    /// The connection is lost.
    Gone,
    /// The chat is over, or the server stops.
    Ended(Ending),
    /// What came was no frame.
    Garbage(Reason, CloseCode),
    /// Nothing came for too long, or nothing could be sent.
    Idle,
    /// The hub has cut it.
    Cut,
}

/// Serves one connection, from the handshake to the end.
pub(super) async fn serve<T>(
    house: Arc<House>,
    conn: ConnId,
    opening: impl Future<Output = io::Result<T>> + Send + 'static,
    local: Option<IpAddr>,
    inbox: mpsc::Sender<Note>,
    mut stopping: watch::Receiver<bool>,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = tokio::select! {
        shaken = timeout(HANDSHAKE.min(house.idle), Box::pin(shake(&house, opening, local))) => {
            shaken.ok().flatten()
        }
        // The server is gone as well when nobody can say so any more.
        _ = stopping.wait_for(|stopping| *stopping) => return,
    };
    let Some((mut ws, role)) = shaken else {
        house.counters.refused.add_one();
        return;
    };
    house.counters.connections.add_one();
    let (outbox, mut inlet) = outbox(house.outbox);
    // The hub outlives every connection, so a note that finds no hub is a note nobody needs.
    let _ = inbox.send(Note::Joined(conn, role, outbox)).await;
    let over = tokio::select! {
        over = talk(&mut ws, &house, conn, role, &mut inlet.parcels, &inbox) => over,
        _ = &mut inlet.cut => Over::Cut,
    };
    let leaves = matches!(over, Over::Closed);
    let _ = inbox.send(Note::Gone(conn, leaves)).await;
    end(ws, role, over, &house.counters).await;
}

/// What the stream needs first, and the WebSocket handshake, if the door lets the request in.
async fn shake<T>(
    house: &House,
    opening: impl Future<Output = io::Result<T>>,
    local: Option<IpAddr>,
) -> Option<(WebSocketStream<T>, Role)>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let stream = opening.await.ok()?;
    let mut admitted = None;
    #[expect(clippy::result_large_err, reason = "the library asks for this result")]
    let answer = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let role = house.door.admit(request, local);
        admitted = Some(role.map_err(super::door::Refusal::response)?);
        Ok(response)
    };
    let config = Some(websocket(house.frame_limit));
    let ws = accept_hdr_async_with_config(stream, answer, config).await;
    Some((ws.ok()?, admitted?))
}

/// Moves frames until the conversation is over.
async fn talk<T>(
    ws: &mut WebSocketStream<T>,
    house: &House,
    conn: ConnId,
    role: Role,
    parcels: &mut mpsc::Receiver<Box<Parcel>>,
    inbox: &mpsc::Sender<Note>,
) -> Over
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut heard_at = Instant::now();
    let mut pinged = false;
    let mut batch = Vec::new();
    let alarm = sleep_until(heard_at + house.idle / 2);
    tokio::pin!(alarm);
    loop {
        tokio::select! {
            heard = ws.next() => {
                (heard_at, pinged) = (Instant::now(), false);
                if let Some(over) = hear(heard, conn, role, inbox).await {
                    return over;
                }
            }
            said = parcels.recv_many(&mut batch, TOGETHER_MOST) => {
                if said == 0 {
                    return Over::Cut;
                }
                if let Some(over) = say(ws, batch.drain(..), house.idle).await {
                    return over;
                }
            }
            () = &mut alarm => {
                let quiet = heard_at.elapsed();
                if quiet >= house.idle {
                    // Were we late ourselves, the peer's sign of life may lie there unread.
                    let Some(heard) = ws.next().now_or_never() else {
                        return Over::Idle;
                    };
                    (heard_at, pinged) = (Instant::now(), false);
                    if let Some(over) = hear(heard, conn, role, inbox).await {
                        return over;
                    }
                } else if quiet >= house.idle / 2 && !pinged {
                    pinged = true;
                    let ping = Message::Ping(Vec::new().into());
                    if let Some(over) = taken(ws.send(ping), house.idle).await {
                        return over;
                    }
                }
                let next = if pinged { house.idle } else { house.idle / 2 };
                alarm.as_mut().reset(heard_at + next);
            }
        }
    }
}

/// Hands on what came; says so when the conversation is over.
async fn hear(
    heard: Option<Result<Message, WsError>>,
    conn: ConnId,
    role: Role,
    inbox: &mpsc::Sender<Note>,
) -> Option<Over> {
    match read(heard, role) {
        Ok(None) => {}
        // A full inbox makes this peer wait, and so its network.
        Ok(Some(input)) => drop(inbox.send(Note::Heard(conn, input)).await),
        Err(over) => return Some(over),
    }
    None
}

/// Says what there is to be said, written as one; with an ending it is written with the close.
async fn say<T>(
    ws: &mut WebSocketStream<T>,
    parcels: impl Iterator<Item = Box<Parcel>>,
    idle: Duration,
) -> Option<Over>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    for parcel in parcels {
        let message = match *parcel {
            Parcel::Customer(frame) => Message::text(frame.encode()),
            Parcel::Agent(frame) => Message::text(frame.encode()),
            Parcel::End(ending) => return Some(Over::Ended(ending)),
        };
        if let Some(over) = taken(ws.feed(message), idle).await {
            return Some(over);
        }
    }
    taken(ws.flush(), idle).await
}

/// Waits until the peer takes what it is sent; it is over where that takes the idle time.
async fn taken(sending: impl Future<Output = Result<(), WsError>>, idle: Duration) -> Option<Over> {
    match timeout(idle, sending).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some(Over::Gone),
        Err(_) => Some(Over::Idle),
    }
}

/// What the peer's message means, if it is a frame.
fn read(heard: Option<Result<Message, WsError>>, role: Role) -> Result<Option<Input>, Over> {
    let unreadable = |_| Over::Garbage(Reason::Unreadable, CloseCode::Policy);
    match heard {
        Some(Ok(Message::Text(text))) => {
            let input = match role {
                Role::Customer => FromCustomer::decode(&text).map(Input::Customer),
                Role::Agent => FromAgent::decode(&text).map(Input::Agent),
            };
            input.map(Some).map_err(unreadable)
        }
        Some(Ok(Message::Binary(_))) => Err(Over::Garbage(Reason::NotText, CloseCode::Unsupported)),
        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(None),
        Some(Err(WsError::Capacity(_))) => Err(Over::Garbage(Reason::TooLong, CloseCode::Size)),
        Some(Err(WsError::Utf8(_))) => Err(Over::Garbage(Reason::NotUtf8, CloseCode::Invalid)),
        Some(Err(WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
            Err(Over::Gone)
        }
        Some(Err(WsError::Protocol(_))) => {
            Err(Over::Garbage(Reason::Unreadable, CloseCode::Protocol))
        }
        Some(Ok(Message::Close(frame))) => {
            // 1001 is a peer that goes away, and may be back.
            let leaves = frame.is_none_or(|frame| frame.code == CloseCode::Normal);
            Err(if leaves { Over::Closed } else { Over::Gone })
        }
        Some(Err(_)) | None => Err(Over::Gone),
    }
}

/// Ends the connection in due form, within the time that the peer has for its part. The server
/// closes TCP first (RFC 6455, section 7.1.1), so that TIME_WAIT does not eat the peer's ports.
async fn end<T>(mut ws: WebSocketStream<T>, role: Role, over: Over, counters: &Counters)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let ending = async {
        match over {
            Over::Cut => {}
            Over::Gone | Over::Closed => while let Some(Ok(_)) = ws.next().await {},
            Over::Ended(ending) => {
                let (code, words) = match ending {
                    Ending::Done => (CloseCode::Normal, ""),
                    Ending::Stopping => (CloseCode::Away, "the server stops"),
                    Ending::Replaced => (CloseCode::Normal, "goes on on another connection"),
                };
                close(&mut ws, code, words).await;
                while let Some(Ok(_)) = ws.next().await {}
            }
            Over::Garbage(reason, code) => {
                counters.garbage.add_one();
                let error = match role {
                    Role::Customer => ToCustomer::error(reason).encode(),
                    Role::Agent => ToAgent::error(reason, None).encode(),
                };
                if ws.send(Message::text(error)).await.is_ok() {
                    close(&mut ws, code, reason.code()).await;
                    linger(ws.get_mut()).await;
                }
            }
            Over::Idle => {
                counters.idle.add_one();
                close(&mut ws, CloseCode::Away, "nothing heard").await;
            }
        }
        // Over TLS this says that nothing is missing.
        let _ = ws.get_mut().shutdown().await;
    };
    // A peer that does not do its part in time is left.
    let _ = timeout(CLOSING, ending).await;
}

async fn close<T>(ws: &mut WebSocketStream<T>, code: CloseCode, words: &'static str)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let reason = words.into();
    // A connection that is lost needs no close.
    let _ = ws.close(Some(CloseFrame { code, reason })).await;
}

/// Reads what the peer still sends: a connection closed over unread bytes is reset, and the peer
/// would lose the frames that tell it why.
pub(super) async fn linger<T>(stream: &mut T)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    if stream.shutdown().await.is_ok() {
        let _ = tokio::io::copy(&mut stream.take(LINGER_MOST), &mut tokio::io::sink()).await;
    }
}

#[cfg(test)]
mod tests;
