//! Owns `Target` and `Address`: where a live run goes, and the proof that it may.
//!
//! Law: only an `Address` can be dialled, and only `Target::resolve` makes one, from the addresses
//! that it checked; a worker is handed one by the process that started it. So a name that resolves anew cannot lead the traffic elsewhere: a generator
//! pointed at somebody else's server is an attack.

use std::cell::Cell;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::Uri;

use crate::error::{Error, Result};
use crate::wire::clean;

/// Wall time that the name service has.
const LOOKUP: Duration = Duration::from_secs(10);

/// A chat server as the user named it: `ws://HOST:PORT`, or `wss://HOST:PORT` over TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    tls: bool,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: u16,
}

/// A target whose addresses were checked. To be written to a process of the same run, which must
/// not look them up anew, and to nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    target: Target,
    /// At least one, in the order in which they are tried.
    checked: Vec<SocketAddr>,
    /// How often one was dialled, round and round.
    dialled: Cell<u8>,
}

impl Target {
    /// Reads `ws://HOST:PORT` or `wss://HOST:PORT`; `http` and `https`, as at a server that is polled, mean
    /// the same.
    ///
    /// # Errors
    /// Refused: another scheme, no port, a path, a user name.
    pub fn parse(text: &str) -> Result<Target> {
        let wrong = |what: &str| {
            let shown = clean(&without_secrets(text));
            Error::refused(format!("target `{shown}` {what}")).with_remedy(
                "write --target ws://HOST:PORT, such as ws://127.0.0.1:4210, or wss://HOST:PORT \
                 for TLS",
            )
        };
        let uri: Uri = text.parse().map_err(|_| wrong("is not an address"))?;
        let tls = match uri.scheme_str() {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            Some(_) => return Err(wrong("is no address of a chat server")),
            None => return Err(wrong("does not begin with ws:// or wss://")),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(wrong("holds a user name; the server knows none"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("holds a path; the protocol has its own"));
        }
        let port = uri.port_u16().filter(|port| *port > 0);
        let port = port.ok_or_else(|| wrong("names no port"))?;
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("names no host"))?;
        Ok(Target::at(tls, host, port))
    }

    /// A server at this host, with or without brackets of an IPv6 address, and port.
    pub(super) fn at(tls: bool, host: &str, port: u16) -> Target {
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host = bare.unwrap_or(host).to_ascii_lowercase();
        Target { tls, host, port }
    }

    /// Looks the host up and checks what it resolves to: every address is loopback, or the host is
    /// one of `allowed` (as the user wrote it, without a port).
    ///
    /// # Errors
    /// Refused (exit 2) when it is not allowed; failed (exit 3) when it cannot be resolved.
    pub async fn resolve(&self, allowed: &[String]) -> Result<Address> {
        let checked = self.look_up().await?;
        if let Some(abroad) = checked.iter().find_map(|a| self.forbids(*a, allowed)) {
            return Err(Error::refused(format!(
                "{self} is {abroad}, not this machine: a load test of somebody else's server is an \
                 attack"
            ))
            .with_remedy(format!(
                "if the server is yours, allow it: --allow-target {}",
                self.host
            )));
        }
        Ok(Address {
            target: self.clone(),
            checked,
            dialled: Cell::new(0),
        })
    }

    /// All addresses of the host, unchecked: at least one.
    ///
    /// # Errors
    /// Failed (exit 3): it cannot be resolved.
    pub(super) async fn look_up(&self) -> Result<Vec<SocketAddr>> {
        let failed =
            |words: &str| Error::failed(format!("cannot resolve the host of {self}: {words}"));
        let found = tokio::net::lookup_host((self.host.as_str(), self.port));
        let found = timeout(LOOKUP, found).await;
        let found = found.map_err(|_| failed("no answer from the name service"))?;
        let found = found.map_err(|error| failed(&clean(&error.to_string())))?;
        let mut checked: Vec<SocketAddr> = found.collect();
        // Most servers listen on IPv4, where `localhost` often comes second.
        checked.sort_by_key(SocketAddr::is_ipv6);
        checked.dedup();
        if checked.is_empty() {
            return Err(Error::failed(format!("the host of {self} has no address")));
        }
        Ok(checked)
    }

    /// The address, if nothing may be sent to it: it is not this machine's, and the host is none of
    /// `allowed`.
    pub(super) fn forbids(&self, addr: SocketAddr, allowed: &[String]) -> Option<IpAddr> {
        let fine = is_loopback(addr.ip()) || self.is_in(allowed);
        (!fine).then_some(addr.ip())
    }

    fn is_in(&self, allowed: &[String]) -> bool {
        allowed.iter().any(|host| {
            let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
            bare.unwrap_or(host).eq_ignore_ascii_case(&self.host)
        })
    }

    /// Whether it is spoken to over TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    fn scheme(&self) -> &'static str {
        if self.tls { "wss" } else { "ws" }
    }

    /// `HOST:PORT`, as it stands in a Host header.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// A server of our own, without TLS.
impl From<SocketAddr> for Target {
    fn from(addr: SocketAddr) -> Target {
        Target {
            tls: false,
            host: addr.ip().to_string(),
            port: addr.port(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

impl Address {
    /// The target as the user named it.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Counts the connections, round and round.
    pub(super) fn turn(&self) -> u8 {
        let turn = self.dialled.get();
        self.dialled.set(turn.wrapping_add(1));
        turn
    }

    /// The addresses that were checked, in the order in which they are tried.
    pub fn checked(&self) -> &[SocketAddr] {
        &self.checked
    }
}

/// The text without what may be a password in it: a user name is no part of a target, nor is what
/// comes after a `?`.
pub(super) fn without_secrets(text: &str) -> String {
    let (text, query) = text
        .split_once('?')
        .map_or((text, ""), |(text, _)| (text, "?***"));
    match text.rsplit_once('@') {
        None => format!("{text}{query}"),
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://***@{host}{query}")
        }
    }
}

/// Whether an address is this machine, IPv4 in IPv6 included.
fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn targets_are_read() {
        for (text, shown) in [
            ("ws://127.0.0.1:4210", "ws://127.0.0.1:4210"),
            ("ws://LocalHost:80/", "ws://localhost:80"),
            ("ws://[::1]:9", "ws://[::1]:9"),
            ("wss://Chat.example.org:443", "wss://chat.example.org:443"),
            ("http://localhost:8008", "ws://localhost:8008"),
            ("HTTPS://localhost:8448/", "wss://localhost:8448"),
        ] {
            assert_eq!(Target::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn other_targets_are_refused_with_a_reason() {
        for (text, words) in [
            ("wss://localhost", "no port"),
            ("wss://localhost:443/chat", "path"),
            ("ftp://localhost:4210", "no address of a chat server"),
            ("localhost:4210", "begin with ws://"),
            ("ws://localhost", "no port"),
            ("ws://localhost:0", "no port"),
            ("ws://localhost:99999", "ws://HOST:PORT"),
            ("ws://localhost:4210/customer", "path"),
            ("ws://localhost:4210/?a", "path"),
            (
                "ws://a:canary@localhost:4210",
                "`ws://***@localhost:4210` holds a user name",
            ),
            (
                "wss://localhost:443/?token=canary",
                "`wss://localhost:443/?***` holds a path",
            ),
            ("ws://:4210", "ws://HOST:PORT"),
            ("ws://local host:1", "not an address"),
            ("\u{1b}[2J", "not an address"),
            ("", "not an address"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert_eq!(error.exit(), Exit::Refused);
            let message = error.message(false);
            assert!(message.contains(words), "{text}: {message}");
            assert!(!message.contains('\u{1b}') && !message.contains("canary"));
        }
    }

    #[tokio::test]
    async fn loopback_needs_no_leave() {
        let target = Target::parse("ws://127.0.0.1:4210").unwrap();
        let address = target.resolve(&[]).await.unwrap();
        assert_eq!(address.checked(), ["127.0.0.1:4210".parse().unwrap()]);
        let mapped = Target::parse("ws://[::ffff:127.0.0.1]:4210").unwrap();
        assert!(mapped.resolve(&[]).await.is_ok());
    }

    #[tokio::test]
    async fn other_hosts_need_leave_by_name() {
        // Addresses of the documentation ranges: looked at, never dialled.
        for host in [
            "192.0.2.7",
            "[2001:db8::7]",
            "0.0.0.0",
            "[::ffff:192.0.2.7]",
        ] {
            let target = Target::parse(&format!("ws://{host}:4210")).unwrap();
            let error = target.resolve(&["example.org".to_owned()]).await;
            let error = error.unwrap_err();
            assert_eq!(error.exit(), Exit::Refused);
            assert!(error.message(false).contains("--allow-target"), "{host}");
            assert!(target.resolve(&[host.to_owned()]).await.is_ok(), "{host}");
        }
    }
}
