//! Owns what both ends need for TLS: certificates and keys as PEM, and the one crypto provider.
//!
//! Law: texts are held as they stood in their files until a connection is set up, so that they can
//! be handed to another process; what is unfit is told with the file's name. The provider is passed
//! to every configuration, never looked up: a process default could be somebody else's.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::{Error as PemError, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error as TlsError, InconsistentKeys, RootCertStore};

use super::clean;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Bytes of a file that are read; whoever names a device by mistake is not to wait for its end.
const MOST: u64 = 16 << 20;

/// What encrypts and signs.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A file of certificates in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificates {
    /// The file's name, for errors.
    file: String,
    text: String,
}

/// A certificate with what leads to its authority, and its private key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    chain: Certificates,
    /// The file's name, for errors.
    key_file: String,
    /// In PEM.
    pub key: Secret,
}

impl Certificates {
    /// Reads a file.
    ///
    /// # Errors
    /// Refused: it cannot be read, or holds no certificate.
    pub fn read(file: &Path) -> Result<Certificates> {
        let (file, text) = read(file)?;
        let certificates = Certificates { file, text };
        certificates.der().map(|_| certificates)
    }

    /// The certificates, in the file's order.
    ///
    /// # Errors
    /// Refused: there is none, or one is unfit.
    pub fn der(&self) -> Result<Vec<CertificateDer<'static>>> {
        let unfit = |error: &PemError| self.unfit(&error.to_string());
        let found = CertificateDer::pem_slice_iter(self.text.as_bytes());
        let found: Vec<_> = found
            .collect::<std::result::Result<_, _>>()
            .map_err(|error| unfit(&error))?;
        if found.is_empty() {
            return Err(self.unfit("there is no CERTIFICATE section"));
        }
        Ok(found)
    }

    /// The certificates as authorities, and no others.
    ///
    /// # Errors
    /// Refused: there is none, or one is unfit.
    pub fn authorities(&self) -> Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        for certificate in self.der()? {
            let added = roots.add(certificate);
            added.map_err(|error| self.unfit(&error.to_string()))?;
        }
        Ok(roots)
    }

    fn unfit(&self, words: &str) -> Error {
        let (file, words) = (&self.file, clean(words));
        Error::refused(format!("{file} holds no certificates to go by: {words}"))
            .with_remedy("give a file in PEM: -----BEGIN CERTIFICATE-----")
    }
}

impl Identity {
    /// Reads a file of certificates and one with the first one's key.
    ///
    /// # Errors
    /// Refused: one cannot be read, or does not hold what it should.
    pub fn read(certificates: &Path, key: &Path) -> Result<Identity> {
        let chain = Certificates::read(certificates)?;
        let (key_file, key) = read(key)?;
        let key = Secret::new(key);
        let identity = Identity {
            chain,
            key_file,
            key,
        };
        identity.der().map(|_| identity)
    }

    /// The certificates, the own one first, and the key.
    ///
    /// # Errors
    /// Refused: there is none, or one is unfit.
    pub fn der(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let chain = self.chain.der()?;
        let key = PrivateKeyDer::from_pem_slice(self.key.reveal().as_bytes());
        let key = key.map_err(|error| {
            // Of a key no more is said than whether it is there.
            let why = match error {
                PemError::NoItemsFound => "there is no PRIVATE KEY section",
                _ => "it is no PEM",
            };
            self.unfit(why)
        })?;
        Ok((chain, key))
    }

    /// What a configuration made of certificates and key has been refused for.
    pub fn refused(&self, error: &TlsError) -> Error {
        match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                let (key, chain) = (&self.key_file, &self.chain.file);
                let words = format!("the key in {key} is not that of the certificate in {chain}");
                Error::refused(words).with_remedy("give the key that the certificate was made for")
            }
            TlsError::InvalidCertificate(error) => self.chain.unfit(&error.to_string()),
            other => self.unfit(&other.to_string()),
        }
    }

    fn unfit(&self, words: &str) -> Error {
        let (file, words) = (&self.key_file, clean(words));
        Error::refused(format!("{file} holds no private key to go by: {words}")).with_remedy(
            "give a file in PEM: -----BEGIN PRIVATE KEY-----; one that is encrypted has to be \
             decrypted first",
        )
    }
}

/// The file's name and its text; what is no text in it is none of PEM's.
fn read(file: &Path) -> Result<(String, String)> {
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|open| open.take(MOST).read_to_end(&mut bytes));
    read.map_err(|error| Error::unreadable(file, &error))?;
    let name = file.display().to_string();
    if bytes.len() as u64 == MOST {
        let words = format!("{name} is too large for a file of certificates or a key");
        return Err(Error::refused(words).with_remedy("give one in PEM of less than 16 MiB"));
    }
    Ok((name, String::from_utf8_lossy(&bytes).into_owned()))
}
