//! Owns `Way`: a checked address with all that a connection to it needs.
//!
//! Law: what TLS needs is built once, of plain values, before anybody connects. Another process of
//! the run is handed those values and builds its own.

use std::fmt;
use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::access::Access;
use super::credentials::Credentials;
use super::dial::Dial;
use super::link::Link;
use super::target::{Address, Target};
use super::tls::{self, fault};
use crate::error::{Error, Result};
use crate::secret::Secret;

/// A checked address with all that a connection to it needs.
#[derive(Clone)]
pub struct Way {
    address: Address,
    access: Arc<Access>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// A way with its secrets in clear, for a pipe to another process of the run and for nothing else.
#[derive(Clone, Serialize, Deserialize)]
pub struct InClear {
    address: Address,
    /// Its secrets are `***`.
    access: Access,
    /// The secrets, in the access's order.
    secrets: Vec<String>,
}

impl Way {
    /// The way to an address; TLS is built where the target asks for it.
    ///
    /// # Errors
    /// Refused: what TLS is to go by is unfit.
    pub fn new(address: Address, access: Arc<Access>) -> Result<Way> {
        let target = address.target();
        let tls = match target.is_tls() {
            false => None,
            true => {
                let connector = tls::connector(&access.trust, access.identity.as_ref())?;
                Some((connector, tls::name_of(target)?))
            }
        };
        Ok(Way {
            address,
            access,
            tls,
        })
    }

    /// The way with its secrets in clear: never for a file, a report or a command line.
    pub fn with_secrets_in_clear(&self) -> InClear {
        let mut access = Access::clone(&self.access);
        let secrets = access
            .secrets_mut()
            .map(|secret| secret.reveal().to_owned());
        InClear {
            secrets: secrets.collect(),
            address: self.address.clone(),
            access,
        }
    }
}

impl fmt::Debug for InClear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InClear({})", self.address.target())
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
        Way::new(self.address, Arc::new(access))
    }
}

impl Dial for Way {
    type Stream = Link;

    fn target(&self) -> &Target {
        self.address.target()
    }

    fn credentials(&self) -> Option<&Credentials> {
        Some(&self.access.credentials)
    }

    async fn connect(&self) -> Result<Link> {
        let stream = self.address.connect().await?;
        let Some((connector, name)) = &self.tls else {
            return Ok(Link::Plain(stream));
        };
        // Boxed: the handshake is much larger than what it leaves behind.
        let shaken = Box::pin(connector.connect(name.clone(), stream)).await;
        let stream = shaken.map_err(|error| {
            let identified = self.access.identity.is_some();
            fault::in_handshake(self.target(), identified, &error)
        })?;
        Ok(Link::Tls(Box::new(stream)))
    }

    fn explain(&self, error: &io::Error) -> Option<Error> {
        fault::after_it(self.target(), self.access.identity.is_some(), error)
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
        let way = Way::new(address, Arc::new(access)).unwrap();
        let in_clear = way.with_secrets_in_clear();
        assert_eq!(format!("{in_clear:?}"), "InClear(wss://127.0.0.1:4210)");
        let piped = postcard::to_stdvec(&in_clear).unwrap();
        let read: InClear = postcard::from_bytes(&piped).unwrap();
        let got = read.hide().unwrap();
        assert_eq!((&got.address, &got.access), (&way.address, &way.access));
        assert_eq!(got.access.credentials.mask().covers("canary-3"), Some(8));
        assert!(got.tls.is_some());
        let shown = serde_json::to_string(&*got.access).unwrap() + &format!("{:?}", got.access);
        assert!(
            !shown.contains("canary") && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }
}
