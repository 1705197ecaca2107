//! Owns `Link`: a connection of the generator, as bytes go over it: plain, or over TLS.
//!
//! Law: a plain connection costs what its TCP stream does. That it may be TLS is one branch, and
//! what TLS needs lies in a box of its own.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection of the generator.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    /// Bytes that were read from it.
    read: u64,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl From<TcpStream> for Link {
    fn from(stream: TcpStream) -> Link {
        let stream = Stream::Plain(stream);
        Link { stream, read: 0 }
    }
}

impl From<TlsStream<TcpStream>> for Link {
    fn from(stream: TlsStream<TcpStream>) -> Link {
        let stream = Stream::Tls(Box::new(stream));
        Link { stream, read: 0 }
    }
}

/// A stream that can be asked, without reading, whether there may be anything to read.
pub trait Readable {
    /// Ready where there may be something, or the stream is over; whoever asks is woken then.
    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// How many bytes were read from it, where they are counted.
    fn bytes_read(&self) -> Option<u64> {
        None
    }
}

impl Readable for Link {
    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.stream {
            Stream::Plain(stream) => stream.poll_read_ready(cx).map(|_| ()),
            // What TLS has to write it may have to write before anything comes.
            Stream::Tls(_) => Poll::Ready(()),
        }
    }

    fn bytes_read(&self) -> Option<u64> {
        Some(self.read)
    }
}

impl Readable for DuplexStream {}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Link { stream, read } = self.get_mut();
        let before = into.filled().len();
        let polled = match stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Stream::Tls(stream) => match Pin::new(stream).poll_read(cx, into) {
                // Many servers end TCP without the end of TLS. Whether the connection was over is
                // the WebSocket's to say: its close frame cannot be forged.
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    Poll::Ready(Ok(()))
                }
                polled => polled,
            },
        };
        *read += (into.filled().len() - before) as u64;
        polled
    }
}

impl AsyncWrite for Link {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
