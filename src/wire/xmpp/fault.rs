//! Owns what a server says when it refuses: its conditions as errors and tidings.
//!
//! Law: a kind that is counted is one of the defined conditions, so that there are not more kinds
//! than those. What else a server says of it is cleaned, and no secret of the person's is in it.

use super::element::Element;
use super::namespace::Namespace;
use super::settings::Settings;
use crate::error::Error;
use crate::wire::clean_masked;
use crate::wire::frame::Party;
use crate::wire::speaker::{ChatNumber, Tidings, Who};

/// The defined conditions of errors that answer something (RFC 6120, 8.3.3).
const CONDITIONS: [&str; 22] = [
    "bad-request",
    "conflict",
    "feature-not-implemented",
    "forbidden",
    "gone",
    "internal-server-error",
    "item-not-found",
    "jid-malformed",
    "not-acceptable",
    "not-allowed",
    "not-authorized",
    "policy-violation",
    "recipient-unavailable",
    "redirect",
    "registration-required",
    "remote-server-not-found",
    "remote-server-timeout",
    "resource-constraint",
    "service-unavailable",
    "subscription-required",
    "undefined-condition",
    "unexpected-request",
];

/// The conditions that end a stream and would end the next, too.
const FOR_GOOD: [&str; 10] = [
    "bad-namespace-prefix",
    "host-gone",
    "host-unknown",
    "improper-addressing",
    "invalid-namespace",
    "invalid-xml",
    "not-authorized",
    "restricted-xml",
    "see-other-host",
    "unsupported-version",
];

/// The condition in an error that answers something.
pub(super) fn condition(stanza: &Element) -> &'static str {
    let said = error_in(stanza).and_then(|error| defined(error, Namespace::StanzaErrors));
    let known = said.and_then(|said| CONDITIONS.into_iter().find(|known| *said.name == **known));
    known.unwrap_or("undefined-condition")
}

/// What is heard of an error that answers something.
pub(super) fn refusal(stanza: &Element, chat: Option<ChatNumber>) -> Tidings {
    let condition = condition(stanza);
    let waits = error_in(stanza).and_then(|error| error.attribute("type")) == Some("wait");
    // That one waits for a person who is away, or for another server, is no throttle.
    let throttled = match condition {
        "policy-violation" | "resource-constraint" => true,
        "undefined-condition" | "not-acceptable" => waits,
        _ => false,
    };
    let kind = condition.to_owned();
    if throttled {
        let retry_after = None;
        Tidings::Throttled { kind, retry_after }
    } else {
        Tidings::Refused { chat, kind }
    }
}

fn error_in(stanza: &Element) -> Option<&Element> {
    stanza.child("error", Namespace::Client)
}

/// The element that is the condition, beside a text and what else there is.
fn defined(error: &Element, namespace: Namespace) -> Option<&Element> {
    let mut said = error.children.iter();
    said.find(|said| said.namespace == namespace && &*said.name != "text")
}

/// Words of the server's, and in brackets its explanation, where there is one.
fn words(error: &Element, namespace: Namespace, who: Who, settings: &Settings) -> String {
    let mask = settings.mask(who.party, who.number);
    let condition = defined(error, namespace).map_or("no reason given", |said| &said.name);
    let condition = clean_masked(condition, &mask);
    match error.child("text", namespace) {
        Some(text) if !text.text.trim().is_empty() => {
            format!("{condition} ({})", clean_masked(&text.text, &mask))
        }
        _ => condition,
    }
}

/// The server ended the stream with an error.
pub(super) fn stream(error: &Element, who: Who, settings: &Settings) -> Error {
    let said = defined(error, Namespace::StreamErrors);
    let name = said.map_or("", |said| &said.name);
    let mut what = words(error, Namespace::StreamErrors, who, settings);
    if let Some(elsewhere) = said.filter(|_| name == "see-other-host") {
        let mask = settings.mask(who.party, who.number);
        what = format!("{what}: {}", clean_masked(&elsewhere.text, &mask));
    }
    let error = Error::failed(format!("the server ended the stream: {what}"));
    let error = match name {
        "host-unknown" | "host-gone" => error.with_remedy(format!(
            "does it have the domain {}?",
            settings.domain(who.party)
        )),
        "see-other-host" => error.with_remedy("name that one as the target"),
        _ => error,
    };
    if FOR_GOOD.contains(&name) {
        error.for_good()
    } else {
        error
    }
}

/// The server closed the stream.
pub(super) fn closed(close: &Element, who: Who, settings: &Settings) -> Error {
    let Some(elsewhere) = close.attribute("see-other-uri") else {
        return Error::failed("the server closed the stream");
    };
    let elsewhere = clean_masked(elsewhere, &settings.mask(who.party, who.number));
    let what = format!("the server closed the stream: see-other-uri: {elsewhere}");
    let error = Error::failed(what).with_remedy("name that one as the target");
    error.for_good()
}

/// The server did not let the person in.
pub(super) fn login(failure: &Element, who: Who, settings: &Settings) -> Error {
    let what = words(failure, Namespace::Sasl, who, settings);
    let error = Error::failed(format!("the server refused the login: {what}"));
    let domain = settings.domain(who.party);
    let remedy = match who.party {
        Party::Customer => format!("let {domain} take logins without a name"),
        Party::Agent | Party::Server => {
            format!("do the accounts stand on {domain}, with these passwords?")
        }
    };
    let error = error.with_remedy(remedy);
    let passes = defined(failure, Namespace::Sasl);
    if passes.is_some_and(|said| &*said.name == "temporary-auth-failure") {
        error
    } else {
        error.for_good()
    }
}

/// The server did not give the person an address.
pub(super) fn binding(answer: &Element) -> Error {
    let condition = condition(answer);
    let error = Error::failed(format!("the server gives no address: {condition}"));
    match condition {
        "not-allowed" | "not-authorized" | "forbidden" | "bad-request" => error.for_good(),
        _ => error,
    }
}

#[cfg(test)]
mod tests;
