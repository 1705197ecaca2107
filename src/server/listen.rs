//! Owns `Listen`: where a server's connections come from.
//!
//! Law: it hands out streams and knows nothing of what goes over them, so that the same server also
//! serves in-memory streams on a paused clock. What a stream needs before anything goes over it is
//! done by the connection, not by who accepts: nobody waits for another's handshake.

use std::future::{Future, Ready, ready};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

use crate::error::{Error, Result, in_words};

/// Connections that the system may hold ready; it caps this by its own limit. Too few, and a fast
/// start of many customers waits a second for each SYN that was dropped.
const BACKLOG: u32 = 65_535;

/// Wall time until the next try when no connection can be accepted, as without descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(20);

/// Where a server's connections come from.
pub trait Listen {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// What comes before the first byte, such as a handshake.
    type Opening: Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// The next connection, to be opened, and the address of this machine that it came to, if it
    /// has one. Cancel-safe.
    fn accept(&mut self) -> impl Future<Output = (Self::Opening, Option<IpAddr>)>;
}

impl Listen for TcpListener {
    type Stream = TcpStream;
    type Opening = Ready<io::Result<TcpStream>>;

    async fn accept(&mut self) -> (Self::Opening, Option<IpAddr>) {
        let (stream, local) = accept(self).await;
        (ready(Ok(stream)), local)
    }
}

/// The next TCP connection, without delay for small messages. Cancel-safe.
pub(super) async fn accept(listener: &TcpListener) -> (TcpStream, Option<IpAddr>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it the connection is slower, no worse.
                let _ = stream.set_nodelay(true);
                let local = stream.local_addr().ok().map(|addr| addr.ip());
                return (stream, local);
            }
            // The peer has gone already, or there are no descriptors: others may end meanwhile.
            Err(_) => sleep(ACCEPT_AGAIN).await,
        }
    }
}

/// Listens at an address, and says which it has become.
pub(super) fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listen = || {
        let socket = match addr {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // Ports in TIME_WAIT after a server that has just stopped are no hindrance.
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        let listener = socket.listen(BACKLOG)?;
        let addr = listener.local_addr()?;
        Ok((listener, addr))
    };
    listen().map_err(|error| cannot_listen(addr, &error))
}

fn cannot_listen(addr: SocketAddr, error: &std::io::Error) -> Error {
    let failed = Error::failed(format!("cannot listen on {addr}: {}", in_words(error)));
    match error.kind() {
        ErrorKind::AddrInUse => failed.with_remedy(
            "stop the server that has the port, or choose another one; port 0 takes any",
        ),
        ErrorKind::PermissionDenied => failed.with_remedy("choose a port above 1023"),
        _ => failed,
    }
}
