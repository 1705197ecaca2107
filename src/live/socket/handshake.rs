//! Owns the handshake: how a stream becomes a WebSocket connection (RFC 6455, section 4.1).
//!
//! Law: the answer is taken only where it is one to this request, and agrees to what was asked and
//! to nothing else. What the server has said behind it is kept for the connection. A generator shakes
//! hands by the ten thousand: neither side of it is taken apart further than that needs, and no
//! buffer is left behind.

use std::io;
use std::mem::MaybeUninit;

use httparse::{Header, ParserConfig, Status};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::live::credentials::Credentials;
use crate::live::tap::Tap;
use crate::wire::frame::Party;

/// Room for the head of an answer, which grows with it.
const HEAD_USUAL: usize = 512;
/// The most bytes of it.
const HEAD_MOST: usize = 64 << 10;
/// The most headers in it.
const HEADERS_MOST: usize = 128;
/// The most pieces in which it may come: it is looked at anew with each.
const PIECES_MOST: usize = 512;

/// What a connection is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Path and query.
    pub path: &'a str,
    /// The subprotocol that the protocol itself asks for.
    pub subprotocol: Option<&'a str>,
    /// Headers that it asks for.
    pub headers: &'a [(String, String)],
}

/// What a connection is asked for.
#[derive(Debug)]
pub struct Request<'a> {
    text: String,
    key: String,
    subprotocol: Option<&'a str>,
}

/// Why a server's answer is not taken.
#[derive(Debug)]
pub enum Refusal {
    /// The connection failed before there was one.
    Failed(io::Error),
    /// The server ended it.
    Cut,
    /// It is not HTTP.
    NoHttp(httparse::Error),
    /// It is something else than a WebSocket.
    Answered(Answer),
    /// It goes over to a WebSocket, but not as it must.
    Wrong(&'static str),
    /// It agrees to none of the subprotocols that were asked for.
    Disagrees,
    /// It speaks a subprotocol that was not asked for.
    Unasked,
}

/// An answer of HTTP, as far as it is of use to whoever reads what went wrong.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Where it leads, if it says so.
    pub location: Option<Vec<u8>>,
    /// What has come of its body.
    pub body: Vec<u8>,
}

impl<'a> Request<'a> {
    /// Asks the server at `authority` for what is wanted; what is said besides comes with the number of
    /// the person. Where the user asks for a subprotocol, that is asked for.
    pub fn new(
        authority: &str,
        wanted: Wanted<'a>,
        besides: Option<(&'a Credentials, Party, u32)>,
    ) -> Request<'a> {
        let key = generate_key();
        let mut text = String::with_capacity(256);
        let usual = [
            ("GET ", wanted.path),
            (" HTTP/1.1\r\nHost: ", authority),
            (
                "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13",
                "",
            ),
            ("\r\nSec-WebSocket-Key: ", &key),
            ("\r\n", ""),
        ];
        for part in usual.iter().flat_map(|(name, value)| [name, value]) {
            text.push_str(part);
        }
        let given = besides.and_then(|(credentials, ..)| credentials.subprotocol());
        if let Some((credentials, party, number)) = besides {
            credentials.add_to(&mut text, party, number);
        }
        let own = wanted.subprotocol.filter(|_| given.is_none());
        let own = own.map(|name| ("Sec-WebSocket-Protocol", name));
        let headers = wanted
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value));
        for part in headers
            .chain(own)
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        {
            text.push_str(part);
        }
        text.push_str("\r\n");
        let subprotocol = given.or(wanted.subprotocol);
        Request {
            text,
            key,
            subprotocol,
        }
    }

    /// Makes the handshake over a stream; returns what the server has said behind its answer.
    ///
    /// # Errors
    /// The server does not answer, or its answer is not taken.
    pub async fn shake<T>(&self, stream: &mut T, tap: Option<&Tap>) -> Result<Vec<u8>, Refusal>
    where
        T: AsyncRead + AsyncWrite + Unpin,
    {
        if let Some(tap) = tap {
            tap.asks(&self.text);
        }
        stream.write_all(self.text.as_bytes()).await?;
        stream.flush().await?;
        let mut heard = Vec::with_capacity(HEAD_USUAL);
        for _ in 0..PIECES_MOST {
            if stream.read_buf(&mut heard).await? == 0 {
                return Err(Refusal::Cut);
            }
            if let Some(head) = self.judge(&heard, tap)? {
                heard.drain(..head);
                return Ok(heard);
            }
            if heard.len() > HEAD_MOST {
                break;
            }
        }
        Err(Refusal::NoHttp(httparse::Error::TooManyHeaders))
    }

    /// How many bytes of what was heard are the answer; none where it has not come whole.
    fn judge(&self, heard: &[u8], tap: Option<&Tap>) -> Result<Option<usize>, Refusal> {
        let mut room = [const { MaybeUninit::uninit() }; HEADERS_MOST];
        let mut answer = httparse::Response::new(&mut []);
        let parser = ParserConfig::default();
        let parsed = parser.parse_response_with_uninit_headers(&mut answer, heard, &mut room);
        let Status::Complete(head) = parsed.map_err(Refusal::NoHttp)? else {
            return Ok(None);
        };
        let status = answer.code.unwrap_or_default();
        if let Some(tap) = tap {
            tap.answered(status, answer.headers.iter().map(|header| header.name));
        }
        if status != 101 {
            return Err(Refusal::Answered(Answer {
                status,
                location: values(answer.headers, "location")
                    .next()
                    .map(<[u8]>::to_vec),
                body: heard[head..].to_vec(),
            }));
        }
        if answer.version != Some(1) {
            return Err(Refusal::Wrong("HTTP/1.0"));
        }
        self.check(answer.headers).map(|()| Some(head))
    }

    /// Whether these headers go over to the WebSocket that was asked for.
    fn check(&self, headers: &[Header<'_>]) -> Result<(), Refusal> {
        let holds = |name, word: &[u8]| {
            let words = values(headers, name).flat_map(|value| value.split(|byte| *byte == b','));
            let mut words = words.map(<[u8]>::trim_ascii);
            words.any(|each| each.eq_ignore_ascii_case(word))
        };
        let all = |name| values(headers, name).collect::<Vec<_>>();
        if !holds("upgrade", b"websocket") {
            return Err(Refusal::Wrong("no `Upgrade: websocket`"));
        }
        if !holds("connection", b"upgrade") {
            return Err(Refusal::Wrong("no `Connection: upgrade`"));
        }
        let accept = derive_accept_key(self.key.as_bytes());
        if all("sec-websocket-accept") != [accept.as_bytes()] {
            return Err(Refusal::Wrong(
                "another `Sec-WebSocket-Accept` than the key's",
            ));
        }
        if values(headers, "sec-websocket-extensions").any(|value| !value.is_empty()) {
            return Err(Refusal::Wrong("extensions, and none was asked for"));
        }
        match (&all("sec-websocket-protocol")[..], self.subprotocol) {
            ([], None) => Ok(()),
            ([spoken], Some(asked)) if *spoken == asked.as_bytes() => Ok(()),
            (_, Some(_)) => Err(Refusal::Disagrees),
            (_, None) => Err(Refusal::Unasked),
        }
    }
}

/// The values of the headers of this name.
fn values<'h>(headers: &[Header<'h>], name: &str) -> impl Iterator<Item = &'h [u8]> {
    let named = headers
        .iter()
        .filter(move |h| h.name.eq_ignore_ascii_case(name));
    named.map(|header| header.value.trim_ascii())
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Failed(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    fn asked(subprotocol: Option<&str>) -> Request<'_> {
        let wanted = Wanted {
            path: "/customer",
            subprotocol: None,
            headers: &[],
        };
        Request {
            subprotocol,
            ..Request::new("localhost:1", wanted, None)
        }
    }

    /// What comes of an answer that comes in pieces of so many bytes, after which the server ends the
    /// connection.
    async fn shaken(request: &Request<'_>, answer: &str, piece: usize) -> Result<Vec<u8>, Refusal> {
        let (mut near, mut far) = duplex(1_000);
        let (answer, length) = (answer.as_bytes().to_vec(), request.text.len());
        let server = async move {
            let mut heard = vec![0; length];
            far.read_exact(&mut heard).await.unwrap();
            for part in answer.chunks(piece) {
                if far.write_all(part).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            heard
        };
        let client = async move { request.shake(&mut near, None).await };
        let (heard, shaken) = tokio::join!(server, client);
        assert_eq!(heard, request.text.as_bytes());
        shaken
    }

    fn agreed(request: &Request<'_>, besides: &str) -> String {
        let accept = derive_accept_key(request.key.as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: keep-alive, Upgrade\r\n\
             UPGRADE: WebSocket\r\nSec-WebSocket-Accept: {accept}\r\n{besides}\r\n"
        )
    }

    const EXTENSIONS: &str =
        "Sec-WebSocket-Extensions:\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";

    #[test]
    fn a_request_is_what_the_standard_asks_for() {
        let request = asked(None);
        let key = &request.key;
        assert_eq!(
            request.text,
            format!(
                "GET /customer HTTP/1.1\r\nHost: localhost:1\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            )
        );
        assert_ne!(asked(None).key, *key);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_behind_the_answer_is_kept() {
        for piece in [1, 2, 7, 10_000] {
            let request = asked(Some("chat.v2"));
            let answer = agreed(&request, "sec-websocket-protocol: chat.v2\r\n");
            let shaken = shaken(&request, &format!("{answer}\r\n\x01"), piece).await;
            let rest = shaken.unwrap();
            assert!(b"\r\n\x01".starts_with(&rest), "{piece}: {rest:?}");
            assert!(piece < 10_000 || rest.len() == 3);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_answer_is_not_taken() {
        let (plain, with) = (asked(None), asked(Some("chat.v2")));
        let other = |from: &str, to: &str| agreed(&plain, "").replace(from, to);
        let many = "x: y\r\n".repeat(20_000);
        for (request, answer, expected) in [
            (&plain, String::new(), "Cut"),
            (&plain, "HTTP/1.1 101 Sw".into(), "Cut"),
            (&plain, "SSH-2.0-OpenSSH_9.2\r\n".into(), "NoHttp(Version)"),
            (
                &plain,
                other("\r\n\r\n", &format!("\r\n{many}")),
                "NoHttp(TooManyHeaders)",
            ),
            (
                &plain,
                other("UPGRADE", "x"),
                "Wrong(\"no `Upgrade: websocket`\")",
            ),
            (
                &plain,
                other(", Upgrade", ""),
                "Wrong(\"no `Connection: upgrade`\")",
            ),
            (
                &plain,
                agreed(&with, ""),
                "Wrong(\"another `Sec-WebSocket-Accept` than the key's\")",
            ),
            (&plain, other("HTTP/1.1", "HTTP/1.0"), "Wrong(\"HTTP/1.0\")"),
            (&with, agreed(&with, ""), "Disagrees"),
            (
                &with,
                agreed(&with, "Sec-WebSocket-Protocol: chat\r\n"),
                "Disagrees",
            ),
            (
                &with,
                agreed(
                    &with,
                    "Sec-WebSocket-Protocol: chat.v2\r\nSec-WebSocket-Protocol: chat\r\n",
                ),
                "Disagrees",
            ),
            (
                &plain,
                agreed(&plain, "Sec-WebSocket-Protocol: chat\r\n"),
                "Unasked",
            ),
            (
                &plain,
                agreed(&plain, EXTENSIONS),
                "Wrong(\"extensions, and none was asked for\")",
            ),
        ] {
            let refusal = shaken(request, &answer, 1_000).await.unwrap_err();
            assert_eq!(format!("{refusal:?}"), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_may_come_in_several_lines() {
        let request = asked(None);
        let answer = agreed(&request, "Connection: x\r\nSec-WebSocket-Extensions:\r\n");
        let answer = answer.replace(": keep-alive, Upgrade", ": Upgrade");
        assert!(shaken(&request, &answer, 1_000).await.unwrap().is_empty());
    }

    /// A server that lets its answer drip would take the time of everybody else.
    #[tokio::test(start_paused = true)]
    async fn an_answer_in_too_many_pieces_is_not_taken() {
        let request = asked(None);
        let long = format!("X-Long: {}\r\n", "x".repeat(4 * PIECES_MOST));
        let answer = agreed(&request, &long);
        shaken(&request, &answer, 64).await.unwrap();
        let dripped = shaken(&request, &answer, 1).await;
        assert!(matches!(dripped, Err(Refusal::NoHttp(_))), "{dripped:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn of_an_answer_of_http_it_is_told_what_it_says() {
        let answer = "HTTP/1.1 302 Found\r\nLOCATION:  ws://b/ \r\n\r\nover there";
        let Err(Refusal::Answered(answer)) = shaken(&asked(None), answer, 1_000).await else {
            panic!("it is taken");
        };
        let Answer {
            status,
            location,
            body,
        } = answer;
        assert_eq!((status, location), (302, Some(b"ws://b/".to_vec())));
        assert_eq!(body, b"over there");
    }
}
