//! Owns `Credentials`: what the request of each connection says besides, to be let in.
//!
//! Law: a header's value is a secret, wherever it comes from, and is checked to fit a header before
//! the run. What the handshake itself says is not to be said again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_tungstenite::tungstenite::http::header::HeaderName;

use crate::error::{Error, Result};
use crate::secret::{Mask, Secret};
use crate::wire::frame::Party;

/// Headers that the handshake says itself, or that would make another request of it.
const OWNED: [&str; 5] = [
    "host",
    "upgrade",
    "connection",
    "content-length",
    "transfer-encoding",
];

/// The beginning of others that it says.
const OWNED_FAMILY: &str = "sec-websocket-";

/// What the request of each connection says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    headers: Vec<Header>,
    subprotocol: Option<String>,
    /// Of all values.
    #[serde(skip)]
    mask: Arc<Mask>,
}

/// A header of every request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    name: String,
    values: Values,
}

/// Whose header has which value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Values {
    /// Everybody's the same.
    Same(Secret),
    /// By the person's number, modulo rows; never empty.
    ByRow {
        /// The customers' rows.
        customers: Vec<Secret>,
        /// The agents' rows; none where they are the customers'.
        agents: Option<Vec<Secret>>,
    },
}

impl Header {
    /// A header with its values.
    ///
    /// # Errors
    /// Refused: the name is none, or the handshake's own; a value does not fit a header. No value
    /// is told, nor what is no name: it may be part of a value.
    pub fn new(name: &str, values: Values) -> Result<Header> {
        let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
            Error::refused("what stands before the `=` of a --header is no name of a header")
                .with_remedy("write --header NAME=VALUE, as in Authorization=env:TOKEN")
        })?;
        let name = known.as_str();
        if OWNED.contains(&name) || name.starts_with(OWNED_FAMILY) {
            return Err(
                Error::refused(format!("the header `{name}` is the handshake's own"))
                    .with_remedy("leave it out; --subprotocol NAME asks for a subprotocol"),
            );
        }
        for (row, value) in values.all().enumerate() {
            // What is not ASCII is read in other ways by other servers, and could come back so.
            let fits = |b: u8| b == b'\t' || b == b' ' || b.is_ascii_graphic();
            if !value.reveal().bytes().all(fits) {
                let which = match values {
                    Values::Same(_) => String::new(),
                    Values::ByRow { .. } => format!(" {} (of all rows)", row + 1),
                };
                return Err(Error::refused(format!(
                    "value{which} of the header `{name}` does not fit a header"
                ))
                .with_remedy("letters, digits and signs of ASCII fit, and no line break"));
            }
        }
        let name = name.to_owned();
        Ok(Header { name, values })
    }

    /// The name, in small letters.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Values {
    /// The value of a person.
    fn of(&self, party: Party, number: u32) -> &Secret {
        match self {
            Values::Same(value) => value,
            Values::ByRow { customers, agents } => {
                let rows = match (party, agents) {
                    (Party::Agent, Some(agents)) => agents,
                    _ => customers,
                };
                &rows[number as usize % rows.len()]
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &Secret> {
        let (customers, agents) = match self {
            Values::Same(value) => (std::slice::from_ref(value), None),
            Values::ByRow { customers, agents } => (&customers[..], agents.as_ref()),
        };
        customers.iter().chain(agents.into_iter().flatten())
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        let (customers, agents) = match self {
            Values::Same(value) => (std::slice::from_mut(value), None),
            Values::ByRow { customers, agents } => (&mut customers[..], agents.as_mut()),
        };
        customers.iter_mut().chain(agents.into_iter().flatten())
    }
}

impl Credentials {
    /// These headers, and a subprotocol that the server must agree to.
    ///
    /// # Errors
    /// Refused: the subprotocol's name is none.
    pub fn new(headers: Vec<Header>, subprotocol: Option<String>) -> Result<Credentials> {
        // Of the characters of an HTTP token, as names of headers.
        let fits = |name: &String| HeaderName::from_bytes(name.as_bytes()).is_ok();
        if !subprotocol.as_ref().is_none_or(fits) {
            let words = "what --subprotocol gives is no name of a subprotocol";
            return Err(Error::refused(words).with_remedy("write one name, as in `chat.v2`"));
        }
        let mut credentials = Credentials {
            headers,
            subprotocol,
            mask: Arc::default(),
        };
        credentials.cover();
        Ok(credentials)
    }

    /// The names of the headers, in the order in which they are said.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(Header::name)
    }

    /// What covers every value in the words of others.
    pub fn mask(&self) -> &Arc<Mask> {
        &self.mask
    }

    /// The subprotocol that is asked for.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The headers of a person, each with its value.
    pub(super) fn of(&self, party: Party, number: u32) -> impl Iterator<Item = (&str, &str)> {
        let own = self.headers.iter();
        own.map(move |header| (&*header.name, header.values.of(party, number).reveal()))
    }

    /// Adds them to the request of a person, a line each. That they fit was checked.
    pub(super) fn add_to(&self, request: &mut String, party: Party, number: u32) {
        let own = self.of(party, number);
        let subprotocol = self.subprotocol.as_deref();
        let subprotocol = subprotocol.map(|name| ("Sec-WebSocket-Protocol", name));
        for part in own
            .chain(subprotocol)
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        {
            request.push_str(part);
        }
    }

    /// Every value, always in the same order.
    pub(super) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut Secret> {
        let values = self.headers.iter_mut().map(|header| &mut header.values);
        values.flat_map(Values::all_mut)
    }

    /// Makes the mask of the values that are there now.
    pub(super) fn cover(&mut self) {
        let values = self.headers.iter().flat_map(|header| header.values.all());
        self.mask = Arc::new(Mask::of(values));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text)).collect()
    }

    fn said(credentials: &Credentials, party: Party, number: u32) -> Vec<String> {
        let mut request = String::new();
        credentials.add_to(&mut request, party, number);
        let values = request
            .lines()
            .map(|line| line.strip_prefix("x-token: ").unwrap());
        values.map(str::to_owned).collect()
    }

    #[test]
    fn each_person_says_the_value_of_its_row() {
        let rows = |agents| Values::ByRow {
            customers: secrets(&["c0", "c1", "c2"]),
            agents,
        };
        let fixed = Header::new("X-Token", Values::Same(Secret::new("same"))).unwrap();
        for (agents, of_agent_4) in [(None, "c1"), (Some(secrets(&["a0", "a1"])), "a0")] {
            let by_row = Header::new("x-token", rows(agents)).unwrap();
            let headers = vec![fixed.clone(), by_row];
            let credentials = Credentials::new(headers, None).unwrap();
            assert_eq!(said(&credentials, Party::Customer, 5), ["same", "c2"]);
            assert_eq!(said(&credentials, Party::Agent, 4), ["same", of_agent_4]);
            assert_eq!(
                credentials.names().collect::<Vec<_>>(),
                ["x-token", "x-token"]
            );
        }
    }

    #[test]
    fn what_is_no_header_is_refused_and_not_told() {
        let fixed = |value: &str| Values::Same(Secret::new(value));
        let rows = Values::ByRow {
            customers: secrets(&["fine", "canary\r\nX-Evil: 1"]),
            agents: None,
        };
        for (name, values, words) in [
            ("Host", fixed("canary"), "handshake's own"),
            ("Sec-WebSocket-Key", fixed("canary"), "handshake's own"),
            ("Transfer-Encoding", fixed("canary"), "handshake's own"),
            ("X: canary", fixed("x"), "no name of a header"),
            ("", fixed("canary"), "no name of a header"),
            ("X-A", fixed("canary\n"), "does not fit"),
            ("X-A", fixed("canàry"), "does not fit"),
            ("X-A", rows, "value 2"),
        ] {
            let error = Header::new(name, values).unwrap_err();
            assert_eq!(error.exit(), Exit::Refused);
            let message = error.message(false);
            assert!(message.contains(words), "{name}: {message}");
            assert!(!message.contains("can"), "{message}");
        }
        let several = Some("a, b".to_owned());
        assert!(Credentials::new(Vec::new(), several).is_err());
    }
}
