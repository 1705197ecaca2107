//! Owns `Line`: a WebSocket to a server, a text at a time.

use std::net::TcpStream;
use std::time::Duration;

use tokio_tungstenite::tungstenite::client::{IntoClientRequest, client};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Message, Result, WebSocket};

use super::Server;

/// Who hears nothing for so long will hear nothing.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Line(WebSocket<TcpStream>);

impl Line {
    pub fn open(server: &Server, subprotocol: Option<&'static str>) -> Line {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = server.url().into_client_request().unwrap();
        if let Some(name) = subprotocol {
            let value = HeaderValue::from_static(name);
            request
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", value);
        }
        Line(client(request, stream).unwrap().0)
    }

    pub fn say(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).unwrap();
    }

    /// The next text.
    pub fn hear(&mut self) -> String {
        self.hear_more().unwrap()
    }

    /// The next text, or why there is none any more.
    pub fn hear_more(&mut self) -> Result<String> {
        loop {
            if let Message::Text(text) = self.0.read()? {
                return Ok(text.to_string());
            }
        }
    }

    /// The next text with this in it.
    pub fn hear_of(&mut self, what: &str) -> String {
        loop {
            let text = self.hear();
            if text.contains(what) {
                return text;
            }
        }
    }
}
