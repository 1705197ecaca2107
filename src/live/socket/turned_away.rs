//! Owns what a WebSocket handshake that failed means, in words for whoever has to mend it.
//!
//! Law: nothing of it is acted upon: a redirect above all is told, not followed, since it may lead
//! to a host that nobody allowed.

use super::handshake::{Answer, Refusal};
use crate::error::Error;
use crate::live::credentials::Credentials;
use crate::live::dial::Dial;
use crate::live::tap::in_words;
use crate::live::target::Target;
use crate::secret::Mask;
use crate::wire::clean_masked;

/// What to do where no chat server answers.
const ANOTHER: &str =
    "give the port of a chat server with --target, or leave it out to have one started";

/// What it means that the server did not let the person of this number in.
pub fn words<D: Dial>(to: &D, number: u32, refusal: Refusal) -> Error {
    let target = to.target(number);
    let none = |words: &str| {
        let words = format!("what answers at {target} is no WebSocket server: {words}");
        Error::failed(words).for_good()
    };
    match refusal {
        Refusal::Answered(answer) => {
            let mask = to.credentials().map(Credentials::mask).cloned();
            refused(target, &answer, &mask.unwrap_or_default())
        }
        Refusal::Failed(error) => to.explain(number, &error).unwrap_or_else(|| cut(target)),
        Refusal::Cut => cut(target),
        Refusal::NoHttp(_) if !target.is_tls() => {
            none("it does not speak HTTP").with_remedy(over_tls(target))
        }
        Refusal::NoHttp(error) => {
            none(&format!("it does not speak HTTP ({error})")).with_remedy(ANOTHER)
        }
        Refusal::Wrong(what) => none(&format!("its answer has {what}")).with_remedy(ANOTHER),
        Refusal::Disagrees => {
            let asked = to.credentials().and_then(Credentials::subprotocol);
            let asked = asked.unwrap_or_default();
            let words = format!("{target} does not agree to the subprotocol `{asked}`");
            Error::failed(words).with_remedy("name one that it speaks, or leave --subprotocol out")
        }
        Refusal::Unasked => {
            let words = format!("{target} speaks a subprotocol that was not asked for");
            Error::failed(words).with_remedy("name it with --subprotocol")
        }
    }
}

/// The server has answered, with something else than a WebSocket.
fn refused(target: &Target, answer: &Answer, mask: &Mask) -> Error {
    let status = in_words(answer.status);
    let said = |bytes: &[u8]| clean_masked(&String::from_utf8_lossy(bytes), mask);
    let to = answer.location.as_deref();
    if let Some(to) = to.filter(|_| (300..400).contains(&answer.status)) {
        let to = said(to);
        let words = format!("{target} leads elsewhere: HTTP {status}, to {to}");
        return Error::failed(words).for_good().with_remedy(
            "redirects are not followed: name that server as --target if it is yours, and allow \
             its host with --allow-target",
        );
    }
    // A page for a browser says nothing in a line of words.
    let is_page = answer.body.trim_ascii_start().starts_with(b"<");
    let body = said(if is_page { &[] } else { &answer.body });
    let words = format!("{target} turned the connection away: HTTP {status} {body}");
    let error = Error::failed(words.trim_end());
    // What may pass: the server is busy, or does not work at the moment.
    let passes = matches!(answer.status, 408 | 425 | 429 | 500..=599);
    let error = if passes { error } else { error.for_good() };
    match answer.status {
        401 | 403 => {
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
