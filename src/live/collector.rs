//! Owns `Collector`: where a run's metrics are sent, and the proof that they may be.
//!
//! Law: like a target's, its addresses are looked up once, checked, and only then dialled; redirects
//! are not followed. What it says leaves here clean, and without the secrets that it was shown.

use std::net::SocketAddr;

use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::link::Link;
use super::target::{Target, without_secrets};
use super::tls::{self, Trust};
use crate::error::{Error, Result, in_words};
use crate::secret::{Mask, Secret};
use crate::wire::tls::Identity;
use crate::wire::{clean, clean_masked};

/// The most bytes of an answer.
const ANSWER_MOST: usize = 64 * 1024;

/// An address over HTTP, as the user named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    target: Target,
    /// With what comes after it.
    path: String,
}

/// What a collector is shown besides.
#[derive(Debug, Default)]
pub struct Showing {
    /// Headers with their values.
    pub headers: Vec<(HeaderName, Secret)>,
    /// Whom its certificate is checked by.
    pub trust: Trust,
    /// The certificate that it is shown.
    pub identity: Option<Identity>,
}

/// Where metrics are sent.
pub struct Collector {
    endpoint: Endpoint,
    /// Those that were checked; or why there are none.
    checked: std::result::Result<Vec<SocketAddr>, String>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    headers: Vec<(HeaderName, HeaderValue)>,
    mask: Mask,
}

impl Endpoint {
    /// Reads `http://HOST[:PORT][/PATH]`, or `https://` of it; `signal` is put behind the path.
    ///
    /// # Errors
    /// Refused: `variable`, which it stands in, holds something else.
    pub fn parse(variable: &str, text: &str, signal: &str) -> Result<Endpoint> {
        let wrong = |what: &str| {
            let shown = clean(&without_secrets(text));
            Error::refused(format!("{variable}: `{shown}` {what}"))
                .with_remedy(format!("set {variable}=http://HOST:4318, or https://"))
        };
        let uri: Uri = text.parse().map_err(|_| wrong("is not an address"))?;
        let (tls, usual) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => return Err(wrong("does not begin with http:// or https://")),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        if authority.contains('@') {
            return Err(wrong("holds a user name; give headers instead"));
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("names no host"))?;
        let port = match authority.len() > host.len() {
            true => uri.port_u16().filter(|port| *port > 0),
            false => Some(usual),
        };
        let port = port.ok_or_else(|| wrong("holds a port that is none from 1 to 65535"))?;
        let path = uri.path().trim_end_matches('/');
        let path = match (signal.is_empty(), uri.query()) {
            (false, Some(_)) => return Err(wrong("holds a query, and a path is put behind it")),
            (false, None) => format!("{path}{signal}"),
            (true, _) => uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        };
        Ok(Endpoint {
            target: Target::at(tls, host, port),
            path,
        })
    }

    /// The scheme and who it is.
    fn shown(&self) -> String {
        let scheme = if self.target.is_tls() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.target.authority())
    }
}

impl Collector {
    /// The collector at this endpoint, if it may be sent to: on this machine, or at one of the
    /// `allowed` hosts.
    ///
    /// # Errors
    /// Refused: it is elsewhere; a header's value is unfit; what TLS is to go by is unfit.
    pub async fn at(endpoint: Endpoint, showing: Showing, allowed: &[String]) -> Result<Collector> {
        let target = &endpoint.target;
        let found = target.look_up().await;
        let checked = found.map_err(|error| error.plain().to_owned());
        if let Some(abroad) = checked
            .iter()
            .flatten()
            .find_map(|a| target.forbids(*a, allowed))
        {
            let shown = endpoint.shown();
            return Err(Error::refused(format!(
                "metrics would be sent to {shown}, which is {abroad}, not this machine"
            ))
            .with_remedy(format!(
                "if that is meant, allow it: --allow-target {}",
                target.host()
            )));
        }
        let tls = match target.is_tls() {
            false => None,
            true => {
                let connector = tls::connector(&showing.trust, showing.identity.as_ref())?;
                Some((connector, tls::name_of(target)?))
            }
        };
        let mask = Mask::of(showing.headers.iter().map(|(_, value)| value));
        let headers = showing.headers.iter().map(|(name, secret)| {
            let mut value = HeaderValue::from_str(secret.reveal()).map_err(|_| {
                Error::refused(format!(
                    "the value for the header `{name}` does not fit into one"
                ))
            })?;
            value.set_sensitive(true);
            Ok((name.clone(), value))
        });
        Ok(Collector {
            headers: headers.collect::<Result<_>>()?,
            endpoint,
            checked,
            tls,
            mask,
        })
    }

    /// Posts a body of this type; its answer's body. Takes as long as the collector does.
    ///
    /// # Errors
    /// In words: it cannot be reached, or does not take it.
    pub async fn post(
        &self,
        kind: &'static str,
        body: Vec<u8>,
    ) -> std::result::Result<Bytes, String> {
        let shown = self.endpoint.shown();
        let said = |words: String| format!("{shown}: {}", self.clean(&words));
        let stream = self.connect().await.map_err(said)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| said(error.to_string()))?;
        let request = self
            .request(kind, body)
            .map_err(|error| said(error.to_string()))?;
        let answer = async {
            let response = sender.send_request(request).await;
            let response = response.map_err(|error| said(error.to_string()))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), ANSWER_MOST)
                .collect()
                .await;
            let body = body.map(Collected::to_bytes).unwrap_or_default();
            if status.is_success() {
                return Ok(body);
            }
            let words = String::from_utf8_lossy(&body).into_owned();
            Err(said(format!("HTTP {status} {words}").trim_end().to_owned()))
        };
        tokio::pin!(connection);
        tokio::pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => answer,
            // What came before the connection ended is still the answer.
            _ = &mut connection => answer.await,
        }
    }

    /// Words of the collector, fit to be shown.
    pub fn clean(&self, words: &str) -> String {
        clean_masked(words, &self.mask)
    }

    async fn connect(&self) -> std::result::Result<Link, String> {
        let checked = self.checked.as_ref().map_err(String::clone)?;
        let stream = TcpStream::connect(checked.as_slice()).await;
        let stream = stream.map_err(|error| in_words(&error))?;
        let Some((connector, name)) = &self.tls else {
            return Ok(Link::from(stream));
        };
        let shaken = connector.connect(name.clone(), stream).await;
        let stream = shaken.map_err(|error| in_words(&error))?;
        Ok(Link::from(stream))
    }

    fn request(
        &self,
        kind: &'static str,
        body: Vec<u8>,
    ) -> hyper::http::Result<Request<Full<Bytes>>> {
        let mut request = Request::post(self.endpoint.path.as_str())
            .header(HOST, self.endpoint.target.authority())
            .header(USER_AGENT, concat!("busyhour/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, kind);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn endpoints_are_read_with_the_signals_path() {
        for (text, signal, shown, path) in [
            (
                "http://localhost:4318",
                "/v1/metrics",
                "http://localhost:4318",
                "/v1/metrics",
            ),
            (
                "http://localhost:4318/",
                "/v1/metrics",
                "http://localhost:4318",
                "/v1/metrics",
            ),
            (
                "https://otel.example/a/",
                "/v1/metrics",
                "https://otel.example:443",
                "/a/v1/metrics",
            ),
            ("http://[::1]:9/in?x=1", "", "http://[::1]:9", "/in?x=1"),
            ("http://localhost", "", "http://localhost:80", "/"),
            ("http://[::1]", "", "http://[::1]:80", "/"),
        ] {
            let endpoint = Endpoint::parse("VARIABLE", text, signal).unwrap();
            assert_eq!(
                (endpoint.shown().as_str(), endpoint.path.as_str()),
                (shown, path)
            );
        }
        for (text, words) in [
            ("localhost:4318", "begin with http://"),
            ("grpc://localhost:4318", "begin with http://"),
            ("http://ann:canary@localhost:4318", "holds a user name"),
            ("http://localhost:4318/?token=canary", "holds a query"),
            ("", "not an address"),
            ("http://:1", "VARIABLE=http://HOST:4318"),
            ("http://localhost:99999", "VARIABLE=http://HOST:4318"),
            ("http://localhost:4318x", "VARIABLE=http://HOST:4318"),
            ("http://localhost:0", "a port that is none"),
            ("http://localhost:", "a port that is none"),
            ("http://[::1]:/in", "a port that is none"),
            ("https://[::1]:70000", "VARIABLE=http://HOST:4318"),
        ] {
            let error = Endpoint::parse("VARIABLE", text, "/v1/metrics").unwrap_err();
            let message = error.message(false);
            assert_eq!(error.exit(), Exit::Refused);
            assert!(
                message.contains(words) && !message.contains("canary"),
                "{message}"
            );
        }
    }

    #[tokio::test]
    async fn other_hosts_need_leave_by_name() {
        // An address of the documentation range: looked at, never dialled.
        let endpoint = Endpoint::parse("VARIABLE", "http://192.0.2.7:4318", "").unwrap();
        let refused = Collector::at(endpoint.clone(), Showing::default(), &[]).await;
        let error = refused.err().expect("it is not this machine");
        assert!(error.message(false).contains("--allow-target 192.0.2.7"));
        let allowed = ["192.0.2.7".to_owned()];
        let collector = Collector::at(endpoint, Showing::default(), &allowed).await;
        assert!(collector.is_ok());
    }
}
