//! Owns `Dial`: how the generator gets a stream to the chat server.
//!
//! Law: over the network only a checked `Address` leads anywhere. A trait, so that the same people
//! also speak over in-memory streams on a paused clock.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};

use super::credentials::Credentials;
use super::link::Readable;
use super::target::{Address, Target};
use crate::error::{Error, Result, in_words};

/// The addresses of loopback that connections come from.
pub(super) const SOURCES: u8 = 8;

/// How the generator gets a stream to the chat server.
pub trait Dial: 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Readable + Unpin + 'static;

    /// The name of the server that the person of this number goes to.
    fn target(&self, number: u32) -> &Target;

    /// What requests to it say besides; none for nothing.
    fn credentials(&self) -> Option<&Credentials> {
        None
    }

    /// A new connection to it, for the person of this number.
    ///
    /// # Errors
    /// Failed (exit 3): nobody answers.
    fn connect(&self, number: u32) -> impl Future<Output = Result<Self::Stream>>;

    /// What a failure of a connection means, where that is more than its words say.
    fn explain(&self, _: u32, _: &io::Error) -> Option<Error> {
        None
    }
}

impl Address {
    /// Connects to the first of the checked addresses that answers, from one of `sources` if there
    /// are any.
    ///
    /// # Errors
    /// Failed (exit 3): nobody answers.
    pub(super) async fn connect(&self, sources: &[IpAddr]) -> Result<TcpStream> {
        let mut last = None;
        for addr in self.checked() {
            match open(*addr, sources, self.turn()).await {
                Ok(stream) => {
                    // A chat message must not wait for the acknowledgement of the one before.
                    stream
                        .set_nodelay(true)
                        .map_err(|error| unreachable(self.target(), &in_words(&error)))?;
                    return Ok(stream);
                }
                Err(error) => last = Some(error),
            }
        }
        let words = last.as_ref().map_or_else(String::new, in_words);
        let error = unreachable(self.target(), &words);
        // ENFILE, EMFILE, EADDRINUSE, EADDRNOTAVAIL: descriptors or ports of this machine have run
        // out.
        let short = last
            .and_then(|error| error.raw_os_error())
            .is_some_and(|code| [23, 24, 98, 99].contains(&code));
        Err(if short {
            error.of_this_machine()
        } else {
            error
        })
    }
}

/// A connection to `addr` from one of `sources`, in turn. Where none of them is of the kind that
/// reaches `addr`, the system chooses; but on loopback several of this machine's addresses take
/// turns: the system gives one address some 28,000 ports to the same server, and once half of them
/// are in use it looks for a free one through thousands, every time.
async fn open(addr: SocketAddr, sources: &[IpAddr], turn: u8) -> io::Result<TcpStream> {
    let fit = || sources.iter().filter(|ip| ip.is_ipv4() == addr.is_ipv4());
    let source = match fit().count() {
        0 if is_spread(&addr) => Some(IpAddr::from([127, 0, 0, 1 + turn % SOURCES])),
        0 => None,
        several => fit().nth(usize::from(turn) % several).copied(),
    };
    let Some(source) = source else {
        return TcpStream::connect(addr).await;
    };
    let socket = match addr {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.bind(SocketAddr::from((source, 0)))?;
    socket.connect(addr).await
}

/// Whether connections to it come from several addresses without being told: elsewhere than on Linux
/// 127.0.0.1 is the only one.
pub(super) fn is_spread(addr: &SocketAddr) -> bool {
    cfg!(target_os = "linux") && addr.is_ipv4() && addr.ip().is_loopback()
}

/// How what can be done begins where no server is.
const START: &str = "start a server there with `busyhour serve";

/// The server cannot be reached, with what can be done.
pub(super) fn unreachable(target: &Target, words: &str) -> Error {
    let authority = target.authority();
    let tls = target.is_tls().then_some(" --tls-cert FILE --tls-key FILE");
    let tls = tls.unwrap_or_default();
    Error::failed(format!("cannot reach {target}: {words}")).with_remedy(format!(
        "{START} --listen {authority}{tls}`, or leave out --target to have one started"
    ))
}

/// Whether it is said that the built-in server could be started: of no use where another is meant.
pub(super) fn would_start_one(error: &Error) -> bool {
    error
        .remedy()
        .is_some_and(|remedy| remedy.starts_with(START))
}
