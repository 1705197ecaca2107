//! Owns `Way`: the checked addresses of a run's doors with all that a connection to them needs.
//!
//! Law: what TLS needs is built once, of plain values, before anybody connects. Another process of
//! the run is handed those values and builds its own.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::access::Access;
use super::credentials::Credentials;
use super::dial::{Dial, SOURCES, is_spread};
use super::link::Link;
use super::machine;
use super::target::{Address, Target};
use super::tls::{self, fault};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The doors of a run with all that a connection through them needs. Each person has a door of its
/// own: that of its number, modulo doors.
#[derive(Clone)]
pub struct Way {
    /// At least one.
    doors: Vec<Door>,
    access: Arc<Access>,
    /// Addresses of this machine from which connections come in turn; empty for the system's choice.
    sources: Vec<IpAddr>,
}

/// A checked address, and what TLS needs where the target asks for it.
#[derive(Clone)]
struct Door {
    address: Address,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// A way with its secrets in clear, for a pipe to another process of the run and for nothing else.
#[derive(Clone, Serialize, Deserialize)]
pub struct InClear {
    doors: Vec<Address>,
    sources: Vec<IpAddr>,
    /// Its secrets are `***`.
    access: Access,
    /// The secrets, in the access's order.
    secrets: Vec<String>,
}

impl Way {
    /// The way through these doors, at least one; TLS is built where a target asks for it.
    ///
    /// # Errors
    /// Refused: what TLS is to go by is unfit.
    pub fn new(doors: Vec<Address>, access: Arc<Access>) -> Result<Way> {
        assert!(!doors.is_empty(), "a way leads somewhere");
        let door = |address: Address| {
            let target = address.target();
            let tls = match target.is_tls() {
                false => None,
                true => {
                    let connector = tls::connector(&access.trust, access.identity.as_ref())?;
                    Some((connector, tls::name_of(target)?))
                }
            };
            Ok(Door { address, tls })
        };
        let doors = doors.into_iter().map(door).collect::<Result<_>>()?;
        Ok(Way {
            doors,
            access,
            sources: Vec::new(),
        })
    }

    /// The same from these addresses of this machine in turn; where there are none, from those that
    /// the system chooses.
    #[must_use]
    pub fn from_sources(self, sources: Vec<IpAddr>) -> Way {
        Way { sources, ..self }
    }

    /// Sees that this machine has so many ports for connections through these doors.
    ///
    /// # Errors
    /// Refused: it has fewer.
    pub fn check_ports(&self, need: u64) -> Result<()> {
        let Some(each) = machine::ports_allowed() else {
            return Ok(());
        };
        let on_loopback = |door: &Door| door.address.checked().iter().all(is_spread);
        let addresses = match self.sources.len() {
            0 if self.doors.iter().all(on_loopback) => u64::from(SOURCES),
            // One address has all its ports for each door.
            0 => self.doors.len() as u64,
            given => given as u64,
        };
        machine::judge_ports(need, addresses, each)
    }

    fn door(&self, number: u32) -> &Door {
        &self.doors[number as usize % self.doors.len()]
    }

    /// The way with its secrets in clear: never for a file, a report or a command line.
    pub fn with_secrets_in_clear(&self) -> InClear {
        let mut access = Access::clone(&self.access);
        let secrets = access
            .secrets_mut()
            .map(|secret| secret.reveal().to_owned());
        InClear {
            secrets: secrets.collect(),
            doors: self.doors.iter().map(|door| door.address.clone()).collect(),
            sources: self.sources.clone(),
            access,
        }
    }
}

impl fmt::Debug for InClear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doors = self.doors.iter().map(|door| door.target().to_string());
        write!(f, "InClear({})", doors.collect::<Vec<_>>().join(", "))
    }
}

impl InClear {
    /// Hides the secrets again and builds what TLS needs.
    ///
    /// # Errors
    /// Those of `Way::new`.
    pub fn hide(self) -> Result<Way> {
        let mut access = self.access;
        for (hidden, secret) in access.secrets_mut().zip(self.secrets) {
            *hidden = Secret::new(secret);
        }
        access.credentials.cover();
        let way = Way::new(self.doors, Arc::new(access))?;
        Ok(way.from_sources(self.sources))
    }
}

impl Dial for Way {
    type Stream = Link;

    fn target(&self, number: u32) -> &Target {
        self.door(number).address.target()
    }

    fn credentials(&self) -> Option<&Credentials> {
        Some(&self.access.credentials)
    }

    async fn connect(&self, number: u32) -> Result<Link> {
        let Door { address, tls } = self.door(number);
        let stream = address.connect(&self.sources).await?;
        let Some((connector, name)) = tls else {
            return Ok(Link::from(stream));
        };
        // Boxed: the handshake is much larger than what it leaves behind.
        let shaken = Box::pin(connector.connect(name.clone(), stream)).await;
        let stream = shaken.map_err(|error| {
            let identified = self.access.identity.is_some();
            fault::in_handshake(address.target(), identified, &error)
        })?;
        Ok(Link::from(stream))
    }

    fn explain(&self, number: u32, error: &io::Error) -> Option<Error> {
        fault::after_it(self.target(number), self.access.identity.is_some(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::credentials::{Header, Values};
    use crate::wire::tls::Identity;

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text)).collect()
    }

    /// What goes over the pipe is the same way at its other end; without the secrets beside it,
    /// there are none in it.
    #[tokio::test]
    async fn a_way_goes_over_a_pipe_with_its_secrets() {
        let by_row = Values::ByRow {
            customers: secrets(&["canary-1", "canary-2"]),
            agents: Some(secrets(&["canary-3"])),
        };
        let headers = vec![
            Header::new("x-same", Values::Same(Secret::new("canary-0"))).unwrap(),
            Header::new("x-row", by_row).unwrap(),
        ];
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (cert, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let access = Access {
            trust: tls::Trust::Anybody,
            identity: Some(Identity::read(&cert, &key).unwrap()),
            credentials: Credentials::new(headers, Some("chat".into())).unwrap(),
        };
        let target = Target::parse("wss://127.0.0.1:4210").unwrap();
        let address = target.resolve(&[]).await.unwrap();
        let way = Way::new(vec![address], Arc::new(access)).unwrap();
        let in_clear = way.with_secrets_in_clear();
        assert_eq!(format!("{in_clear:?}"), "InClear(wss://127.0.0.1:4210)");
        let piped = postcard::to_stdvec(&in_clear).unwrap();
        let read: InClear = postcard::from_bytes(&piped).unwrap();
        let got = read.hide().unwrap();
        assert_eq!(
            (&got.doors[0].address, &got.access),
            (&way.doors[0].address, &way.access)
        );
        assert_eq!(got.access.credentials.mask().covers("canary-3"), Some(8));
        assert!(got.doors[0].tls.is_some());
        let shown = serde_json::to_string(&*got.access).unwrap() + &format!("{:?}", got.access);
        assert!(
            !shown.contains("canary") && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }
}
