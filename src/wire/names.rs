//! Owns `Names`: by which names requests may call a server of ours.
//!
//! Law: a request must name this server in its Host header. So no web page that somebody visits can
//! reach a server on their machine, not even under a name that was made to resolve to it (DNS
//! rebinding).

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use tokio_tungstenite::tungstenite::http::HeaderMap;
use tokio_tungstenite::tungstenite::http::header::{HOST, HeaderName};
use tokio_tungstenite::tungstenite::http::uri::Authority;

/// By which names requests may call a server.
#[derive(Debug)]
pub struct Names {
    /// In small letters, without brackets.
    names: HashSet<String>,
}

impl Names {
    /// Those of a server on `listen`, also known as each of `allowed`.
    pub fn new(listen: SocketAddr, allowed: &[String]) -> Names {
        let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let listen = (!listen.ip().is_unspecified()).then(|| listen.ip().to_string());
        let allowed = allowed.iter().map(|host| bare(host));
        Names {
            names: own.into_iter().chain(listen).chain(allowed).collect(),
        }
    }

    /// Whether this is a name of the server; `local` is the address that the request reached.
    pub fn know(&self, authority: &Authority, local: Option<IpAddr>) -> bool {
        let host = bare(authority.host());
        let reached = local.map(|ip| ip.to_canonical());
        let literal = host.parse::<IpAddr>().ok().map(|ip| ip.to_canonical());
        self.names.contains(&host) || (literal.is_some() && literal == reached)
    }

    /// Whether a request with these headers calls the server by its name.
    pub fn are_called(&self, headers: &HeaderMap, local: Option<IpAddr>) -> bool {
        let host = only(headers, HOST).and_then(|text| text.parse().ok());
        let host = host.filter(|host: &Authority| !host.as_str().contains('@'));
        host.is_some_and(|host| self.know(&host, local))
    }
}

/// The header's text, if it stands there once.
pub fn only(headers: &HeaderMap, header: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(header).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// A host in small letters, without the brackets of an IPv6 address.
fn bare(host: &str) -> String {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.unwrap_or(host).to_ascii_lowercase()
}
