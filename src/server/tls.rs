//! Owns `TlsListener`: connections that come over TLS.
//!
//! Law: it accepts as fast as without TLS. The handshake belongs to the connection that asks for
//! it, which has the time for it that every handshake has.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::{NoClientAuth, WebPkiClientVerifier};
use tokio_rustls::server::TlsStream;

use super::connection::{CLOSING, linger};
use super::listen::{self, Listen};
use crate::error::{Error, Result};
use crate::wire::tls::{Certificates, Identity, provider};

/// Listens for connections over TLS.
pub struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsListener {
    /// Listens at an address as `identity`; with `clients`, only for those whose certificates one
    /// of these authorities vouches for.
    pub(super) fn bind(
        addr: SocketAddr,
        identity: &Identity,
        clients: Option<&Certificates>,
    ) -> Result<(TlsListener, SocketAddr)> {
        let acceptor = acceptor(identity, clients)?;
        let (tcp, addr) = listen::bind(addr)?;
        Ok((TlsListener { tcp, acceptor }, addr))
    }
}

impl Listen for TlsListener {
    /// Boxed: a task holds its stream in more than one place.
    type Stream = Box<TlsStream<TcpStream>>;
    type Opening = Pin<Box<dyn Future<Output = io::Result<Self::Stream>> + Send>>;

    async fn accept(&mut self) -> (Self::Opening, Option<IpAddr>) {
        let (stream, local) = listen::accept(&self.tcp).await;
        let acceptor = self.acceptor.clone();
        let opening = async move {
            let shaken = acceptor.accept(stream).into_fallible().await;
            match shaken {
                Ok(stream) => Ok(Box::new(stream)),
                Err((error, mut stream)) => {
                    // The peer may not have read yet why: what it still sends is let pass.
                    let _ = timeout(CLOSING, linger(&mut stream)).await;
                    Err(error)
                }
            }
        };
        (Box::pin(opening), local)
    }
}

fn acceptor(identity: &Identity, clients: Option<&Certificates>) -> Result<TlsAcceptor> {
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(provider.clone());
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::failed(format!("cannot set TLS up: {error}")))?;
    let verifier = match clients {
        None => Arc::new(NoClientAuth),
        Some(clients) => {
            let roots = Arc::new(clients.authorities()?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
            verifier.map_err(|error| {
                Error::refused(format!("cannot check clients by the --client-ca: {error}"))
            })?
        }
    };
    let (chain, key) = identity.der()?;
    let config = builder
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| identity.refused(&error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
