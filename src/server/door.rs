//! Owns `Door`: which requests become a connection.
//!
//! Law: a request must call this server by its name, and if a browser made it, come from a page of
//! this server.

use std::net::{IpAddr, SocketAddr};

use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request};
use tokio_tungstenite::tungstenite::http::header::{HeaderValue, ORIGIN};
use tokio_tungstenite::tungstenite::http::{Response, StatusCode, Uri};

use super::desk::Role;
use crate::wire::frame::{AgentSide, CustomerSide, Side};
use crate::wire::names::{Names, only};

/// Which requests become a connection.
#[derive(Debug)]
pub(super) struct Door {
    names: Names,
}

/// Why a request does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Path,
    Host,
    Origin,
}

impl Door {
    /// A door to the server on `listen`, also known as each of `allowed`.
    pub fn new(listen: SocketAddr, allowed: &[String]) -> Door {
        Door {
            names: Names::new(listen, allowed),
        }
    }

    /// Whose connection the request asks for; `local` is the address that it reached.
    pub fn admit(&self, request: &Request, local: Option<IpAddr>) -> Result<Role, Refusal> {
        if !self.names.are_called(request.headers(), local) {
            return Err(Refusal::Host);
        }
        if request.headers().contains_key(ORIGIN) {
            let origin = only(request.headers(), ORIGIN).and_then(|text| text.parse::<Uri>().ok());
            let web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
            let origin = origin
                .filter(web)
                .and_then(|uri| uri.into_parts().authority);
            if !origin.is_some_and(|origin| self.names.know(&origin, local)) {
                return Err(Refusal::Origin);
            }
        }
        match request.uri().path() {
            CustomerSide::PATH => Ok(Role::Customer),
            AgentSide::PATH => Ok(Role::Agent),
            _ => Err(Refusal::Path),
        }
    }
}

impl Refusal {
    /// The answer to the request.
    pub fn response(self) -> ErrorResponse {
        let (status, words) = match self {
            Refusal::Path => (StatusCode::NOT_FOUND, "connect to /customer or /agent\n"),
            Refusal::Host => (
                StatusCode::FORBIDDEN,
                "the Host header names another server; allow the name when this one is started\n",
            ),
            Refusal::Origin => (
                StatusCode::FORBIDDEN,
                "pages of other sites may not connect; allow the host when this one is started\n",
            ),
        };
        let mut response = Response::new(Some(words.to_owned()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("text/plain"));
        headers.insert("content-length", HeaderValue::from(words.len()));
        headers.insert("connection", HeaderValue::from_static("close"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admit(path: &str, headers: &[(&str, &str)]) -> Result<Role, Refusal> {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let allowed = ["Chat.Example.org".to_owned(), "[2001:db8::1]".to_owned()];
        let door = Door::new("0.0.0.0:4210".parse().unwrap(), &allowed);
        let reached = "192.0.2.7".parse().ok();
        door.admit(&request.body(()).unwrap(), reached)
    }

    #[test]
    fn who_names_this_server_comes_in() {
        for host in [
            "localhost",
            "LOCALHOST:4210",
            "127.0.0.1:1",
            "[::1]:4210",
            "[::1]",
            "192.0.2.7:4210",
            "[::ffff:192.0.2.7]:4210",
            "chat.example.org",
            "[2001:DB8::1]:4210",
        ] {
            assert_eq!(
                admit("/customer", &[("host", host)]),
                Ok(Role::Customer),
                "{host}"
            );
            let origin = format!("http://{host}");
            let headers = [("host", host), ("origin", origin.as_str())];
            assert_eq!(admit("/agent?x=1", &headers), Ok(Role::Agent), "{host}");
        }
    }

    #[test]
    fn who_names_another_does_not() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "192.0.2.8",
            "user@localhost",
            "0.0.0.0:4210",
            "[::",
            "",
            "local host",
        ] {
            assert_eq!(
                admit("/agent", &[("host", host)]),
                Err(Refusal::Host),
                "{host}"
            );
        }
        assert_eq!(admit("/agent", &[]), Err(Refusal::Host));
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(admit("/agent", &twice), Err(Refusal::Host));
    }

    #[test]
    fn pages_of_other_sites_do_not() {
        for origin in [
            "null",
            "https://evil.example",
            "file://localhost",
            "localhost",
            "",
        ] {
            let headers = [("host", "localhost"), ("origin", origin)];
            assert_eq!(admit("/agent", &headers), Err(Refusal::Origin), "{origin}");
        }
    }

    #[test]
    fn there_are_two_paths() {
        for path in ["/", "/customers", "/agent/", "/customer/../agent"] {
            assert_eq!(
                admit(path, &[("host", "localhost")]),
                Err(Refusal::Path),
                "{path}"
            );
        }
    }
}
