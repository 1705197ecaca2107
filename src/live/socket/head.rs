//! Owns `Head`: a stream while the WebSocket handshake is made over it.
//!
//! Law: of a server that goes over to WebSocket, no byte is let through that comes after its answer;
//! all of them are kept for the connection. So the connection need not go on with the buffer of the
//! handshake, which is four times as large as its own.

use std::io::Result;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What ends the head of an answer.
const END: &[u8; 4] = b"\r\n\r\n";
/// Where the status stands that goes over to WebSocket.
const UPGRADE: (usize, &[u8; 4]) = (8, b" 101");
/// Bytes read at a time.
const CHUNK: usize = 512;

/// A stream while the handshake is made.
#[derive(Debug)]
pub struct Head<T> {
    stream: T,
    /// Bytes of the answer so far.
    seen: usize,
    /// How many of the last are those that end the head.
    ending: usize,
    /// How many are those of the status.
    status: usize,
    /// What came after the head; none before that is over.
    rest: Option<Vec<u8>>,
}

impl<T> Head<T> {
    /// A stream on which nothing has come.
    pub fn of(stream: T) -> Head<T> {
        Head {
            stream,
            seen: 0,
            ending: 0,
            status: 0,
            rest: None,
        }
    }

    /// The stream, and what came after the answer; none of a server that did not go over to
    /// WebSocket at once.
    pub fn split(self) -> Option<(T, Vec<u8>)> {
        Some((self.stream, self.rest?))
    }

    /// Where in the bytes that have come the head of an answer ends that goes over to WebSocket.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        let (from, upgrade) = UPGRADE;
        for (index, byte) in bytes.iter().enumerate() {
            let place = self.seen.checked_sub(from);
            let expected = place.and_then(|place| upgrade.get(place));
            self.status += usize::from(expected == Some(byte));
            self.seen += 1;
            self.ending = match *byte == END[self.ending] {
                true => self.ending + 1,
                false => usize::from(*byte == END[0]),
            };
            if self.ending == END.len() {
                self.ending = 0;
                if self.status == upgrade.len() {
                    return Some(index + 1);
                }
            }
        }
        None
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Head<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        into: &mut ReadBuf,
    ) -> Poll<Result<()>> {
        let mut chunk = [0; CHUNK];
        let room = into.remaining().min(CHUNK);
        let mut read = ReadBuf::new(&mut chunk[..room]);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
        let bytes = read.filled();
        let end = self.end_in(bytes);
        let (head, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        into.put_slice(head);
        self.rest = end.map(|_| rest.to_vec());
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Head<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    /// What is let through of an answer that comes in pieces of so many bytes, and what is kept.
    async fn read(answer: &[u8], piece: usize) -> (Vec<u8>, Option<Vec<u8>>) {
        let (near, mut far) = duplex(piece);
        let mut head = Head::of(near);
        let answer = answer.to_vec();
        let writing = async move { far.write_all(&answer).await.unwrap() };
        let reading = async {
            let mut through = Vec::new();
            while head.rest.is_none() && head.read_buf(&mut through).await.unwrap() > 0 {}
            through
        };
        let (through, ()) = tokio::join!(reading, writing_until(writing));
        (through, head.split().map(|(_, rest)| rest))
    }

    /// One who has read enough reads no more: whoever still writes is left.
    async fn writing_until(writing: impl Future<Output = ()>) {
        let _ = tokio::time::timeout(std::time::Duration::from_millis(50), writing).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_after_the_head_is_kept() {
        let head = "HTTP/1.1 101 Switching\r\nA: 101\r\r\n\r\n";
        let whole = format!("{head}\x01\x02\r\n\r\n");
        for piece in [1, 2, 3, 5, 7, 1_000] {
            let (through, rest) = read(whole.as_bytes(), piece).await;
            assert_eq!(through, head.as_bytes(), "{piece}");
            let rest = rest.unwrap();
            assert!(whole.as_bytes()[head.len()..].starts_with(&rest), "{piece}");
        }
        let (_, rest) = read(whole.as_bytes(), 1_000).await;
        assert_eq!(rest.unwrap(), b"\x01\x02\r\n\r\n");
    }

    #[tokio::test(start_paused = true)]
    async fn of_another_answer_everything_is_let_through() {
        for answer in [
            "HTTP/1.1 403 Forbidden\r\n\r\n 101 words\r\n\r\n",
            "HTTP/1.1 101",
            "\r\n\r\nHTTP/1.1 101 x\r\n\r\nx",
            "",
        ] {
            let (through, rest) = read(answer.as_bytes(), 4).await;
            assert_eq!((through.as_slice(), rest), (answer.as_bytes(), None));
        }
    }
}
