//! Owns what a WebSocket handshake that failed means, in words for whoever has to mend it.
//!
//! Law: nothing of it is acted upon: a redirect above all is told, not followed, since it may lead
//! to a host that nobody allowed.

use std::borrow::Cow;

use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::http::header::LOCATION;

use crate::error::Error;
use crate::live::credentials::Credentials;
use crate::live::dial::Dial;
use crate::live::target::Target;
use crate::secret::Mask;
use crate::wire::clean_masked;

/// What to do where no chat server answers.
const ANOTHER: &str =
    "give the port of a chat server with --target, or leave it out to have one started";

/// What it means that the server did not let the person of this number in.
pub fn words<D: Dial>(to: &D, number: u32, error: WsError) -> Error {
    let target = to.target(number);
    let mask = to.credentials().map(Credentials::mask).cloned();
    let mask = mask.unwrap_or_default();
    match error {
        WsError::Http(response) => refused(target, &response, &mask),
        WsError::Io(error) => to.explain(number, &error).unwrap_or_else(|| cut(target)),
        WsError::Protocol(ProtocolError::HandshakeIncomplete) => cut(target),
        WsError::Protocol(ProtocolError::SecWebSocketSubProtocolError(error)) => {
            other_subprotocol(to, number, &error)
        }
        WsError::Protocol(ProtocolError::HttparseError(_)) if !target.is_tls() => {
            let words = "is no WebSocket server: it does not speak HTTP";
            let words = format!("what answers at {target} {words}");
            Error::failed(words)
                .for_good()
                .with_remedy(over_tls(target))
        }
        other => {
            let words = clean_masked(&other.to_string(), &mask);
            let words = format!("what answers at {target} is no WebSocket server: {words}");
            Error::failed(words).for_good().with_remedy(ANOTHER)
        }
    }
}

/// The server has gone over to WebSocket and its answer is none.
pub fn no_websocket(target: &Target) -> Error {
    let words = format!("what answers at {target} is no WebSocket server: its answer is none");
    Error::failed(words).for_good().with_remedy(ANOTHER)
}

/// The server has answered, with something else than a WebSocket.
fn refused(target: &Target, response: &Response, mask: &Mask) -> Error {
    let status = response.status();
    let said = |bytes: &[u8]| clean_masked(&text(bytes), mask);
    let to = response
        .headers()
        .get(LOCATION)
        .filter(|_| status.is_redirection());
    if let Some(to) = to {
        let to = said(to.as_bytes());
        let words = format!("{target} leads elsewhere: HTTP {status}, to {to}");
        return Error::failed(words).for_good().with_remedy(
            "redirects are not followed: name that server as --target if it is yours, and allow \
             its host with --allow-target",
        );
    }
    let body = said(response.body().as_deref().unwrap_or_default());
    let words = format!("{target} turned the connection away: HTTP {status} {body}");
    let error = Error::failed(words.trim_end());
    // What may pass: the server is busy, or does not work at the moment.
    let passes = status.is_server_error()
        || [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_EARLY,
            StatusCode::TOO_MANY_REQUESTS,
        ]
        .contains(&status);
    let error = if passes { error } else { error.for_good() };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            error.with_remedy("if it asks who connects, tell it: --header NAME=env:VARIABLE")
        }
        _ => error,
    }
}

/// The server has ended the connection without an answer.
fn cut(target: &Target) -> Error {
    let remedy = if target.is_tls() {
        "look at its log: it may ask for another client certificate (--cert FILE --key FILE)".into()
    } else {
        over_tls(target)
    };
    Error::failed(format!("{target} ended the connection before it answered")).with_remedy(remedy)
}

/// What to do where no plain server answers.
fn over_tls(target: &Target) -> String {
    let authority = target.authority();
    format!("if it speaks TLS: --target wss://{authority}; if it is something else, {ANOTHER}")
}

fn other_subprotocol<D: Dial>(to: &D, number: u32, error: &SubProtocolError) -> Error {
    let target = to.target(number);
    let asked = to.credentials().and_then(Credentials::subprotocol);
    match (error, asked) {
        (SubProtocolError::NoSubProtocol | SubProtocolError::InvalidSubProtocol, Some(asked)) => {
            let words = format!("{target} does not agree to the subprotocol `{asked}`");
            Error::failed(words).with_remedy("name one that it speaks, or leave --subprotocol out")
        }
        _ => Error::failed(format!(
            "{target} speaks a subprotocol that was not asked for"
        ))
        .with_remedy("name it with --subprotocol"),
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
