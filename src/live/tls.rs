//! Owns the generator's side of TLS: which servers it trusts, and what it connects with.
//!
//! Law: one configuration a run, shared by all connections. No session is resumed: customers are
//! devices of their own, and a server that were spared their handshakes would be measured too well.

pub(super) mod fault;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};

use super::target::Target;
use crate::error::{Error, Result};
use crate::wire::clean;
use crate::wire::tls::{Certificates, Identity, provider};

/// Which certificates of a server are good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trust {
    /// Those that the authorities of this system vouch for.
    #[default]
    System,
    /// Those that one of these authorities vouches for.
    These(Certificates),
    /// Any: whoever is on the way can read and change what is said.
    Anybody,
}

impl Trust {
    /// What the reader of a report must know of it.
    pub fn remark(&self) -> Option<&'static str> {
        (*self == Trust::Anybody).then_some(
            "the server's certificate was not checked (--insecure): anyone on the way could read \
             and change what was said",
        )
    }
}

/// What connects over TLS.
///
/// # Errors
/// Refused: this system has no authorities, or a file is unfit.
pub(super) fn connector(trust: &Trust, identity: Option<&Identity>) -> Result<TlsConnector> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(provider.clone());
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::failed(format!("cannot set TLS up: {error}")))?;
    let builder = match trust {
        Trust::System => builder.with_root_certificates(system_roots()?),
        Trust::These(authorities) => builder.with_root_certificates(authorities.authorities()?),
        Trust::Anybody => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AcceptAny(provider))),
    };
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (chain, key) = identity.der()?;
            let built = builder.with_client_auth_cert(chain, key);
            built.map_err(|error| identity.refused(&error))?
        }
    };
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name that the server's certificate must be for.
///
/// # Errors
/// Refused: the host is none that a certificate can be for.
pub(super) fn name_of(target: &Target) -> Result<ServerName<'static>> {
    ServerName::try_from(target.host().to_owned()).map_err(|_| {
        Error::refused(format!("no certificate can be for the host of {target}"))
            .with_remedy("name the host as in the server's certificate")
    })
}

/// The authorities that this system trusts.
fn system_roots() -> Result<RootCertStore> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (fit, _) = roots.add_parsable_certificates(found.certs);
    if fit > 0 {
        return Ok(roots);
    }
    let why = found.errors.first().map(ToString::to_string);
    let why = why.map_or_else(String::new, |why| format!(": {}", clean(&why)));
    Err(Error::refused(format!(
        "this system names no authorities to check the server's certificate by{why}"
    ))
    .with_remedy("install its CA certificates, or give those of the server with --ca FILE"))
}

/// Accepts any certificate; whoever asked for it was told what that means.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, TlsError> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
