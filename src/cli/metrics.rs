//! Owns `Metrics`: where Prometheus finds a live run's metrics while it lasts, as `--metrics` asks.
//!
//! Law: a thread of its own answers, from the latest snapshot, and asks the run for nothing. Whoever
//! asks must call this machine by its name, and can neither hold a connection for long nor have many.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use clap::Args;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::error::{Error, Result, in_words};
use crate::live::watch::Watch;
use crate::report::telemetry::{Run, families, prometheus};
use crate::wire::names::Names;

/// Where the metrics are.
const PATH: &str = "/metrics";
/// Connections at once.
const CONNECTIONS: usize = 32;
/// Wall time that a connection has, however often it asks.
const LASTING: Duration = Duration::from_secs(60);
/// Wall time that the head of a request has.
const HEAD: Duration = Duration::from_secs(5);
/// The most bytes that a connection keeps.
const ROOM: usize = 16 * 1024;

/// Whether and where the metrics can be had.
#[derive(Debug, Args)]
#[command(next_help_heading = "Looking in")]
pub struct MetricsArgs {
    /// Serve metrics for Prometheus while the run lasts, at http://IP:PORT/metrics
    #[arg(long, value_name = "IP:PORT")]
    metrics: Option<SocketAddr>,
    /// Let --metrics listen beyond loopback: anyone who reaches the address can read them
    #[arg(long, requires = "metrics")]
    metrics_allow_remote: bool,
    /// A name that the Host header may give --metrics, besides its address; may be repeated
    #[arg(long = "metrics-allow-host", value_name = "NAME", requires = "metrics")]
    metrics_allowed_hosts: Vec<String>,
}

/// The metrics of a run, to be had until it is dropped.
pub struct Metrics {
    addr: SocketAddr,
    /// Dropped to stop.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What an answer needs.
struct Stand {
    names: Names,
    watch: Arc<Watch>,
    run: Run,
}

impl MetricsArgs {
    /// Serves the metrics, if that is asked for.
    ///
    /// # Errors
    /// Refused: not loopback. Failed: the port is in use.
    pub fn serve(&self, watch: &Arc<Watch>, run: &Run) -> Result<Option<Metrics>> {
        let Some(listen) = self.metrics else {
            return Ok(None);
        };
        if !listen.ip().to_canonical().is_loopback() && !self.metrics_allow_remote {
            let words = format!("{listen} is not loopback: anyone could read the metrics");
            return Err(Error::refused(words).with_remedy(
                "say --metrics 127.0.0.1:PORT, or --metrics-allow-remote if that is meant",
            ));
        }
        watch.showcase.open();
        let stand = Stand {
            names: Names::new(listen, &self.metrics_allowed_hosts),
            watch: Arc::clone(watch),
            run: run.clone(),
        };
        Metrics::start(listen, stand).map(Some)
    }
}

impl Metrics {
    fn start(listen: SocketAddr, stand: Stand) -> Result<Metrics> {
        let cannot = |error: std::io::Error| {
            let words = in_words(&error);
            Error::failed(format!("cannot serve metrics on {listen}: {words}"))
                .with_remedy("choose another port for --metrics; port 0 takes any that is free")
        };
        let listener = TcpListener::bind(listen).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let addr = listener.local_addr().map_err(cannot)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cannot)?;
        let (stop, stopped) = oneshot::channel();
        let thread = Builder::new().name("metrics".into());
        let thread = thread.spawn(move || runtime.block_on(answer(listener, stand, stopped)));
        Ok(Metrics {
            addr,
            stop: Some(stop),
            thread: Some(thread.map_err(cannot)?),
        })
    }

    /// Where they are.
    pub fn address(&self) -> String {
        format!("http://{}{PATH}", self.addr)
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that has panicked costs the run nothing.
            let _ = thread.join();
        }
    }
}

/// Answers whoever connects, until it is stopped.
async fn answer(listener: TcpListener, stand: Stand, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let (stand, room) = (Arc::new(stand), Arc::new(Semaphore::new(CONNECTIONS)));
    let answering = async {
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            // Who is gone before it was let in, or no descriptor for it: the next may fare better.
            match listener.accept().await {
                Ok((stream, _)) => {
                    let stand = Arc::clone(&stand);
                    tokio::spawn(async move {
                        // Whoever holds on for longer, or leaves, is no matter.
                        let _ = timeout(LASTING, converse(stream, &stand)).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    };
    tokio::select! {
        () = answering => {}
        _ = stopped => {}
    }
}

async fn converse(stream: TcpStream, stand: &Stand) -> hyper::Result<()> {
    let local = stream.local_addr().ok().map(|addr| addr.ip());
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let response = stand.respond(
            request.method(),
            request.uri().path(),
            request.headers(),
            local,
        );
        std::future::ready(Ok::<_, Infallible>(response))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(ROOM)
        .serve_connection(TokioIo::new(stream), service)
        .await
}

impl Stand {
    fn respond(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        local: Option<IpAddr>,
    ) -> Response<Full<Bytes>> {
        if !self.names.are_called(headers, local) {
            let words =
                "the Host header names another server; --metrics-allow-host allows a name\n";
            return plain(StatusCode::FORBIDDEN, words);
        }
        if path != PATH {
            return plain(StatusCode::NOT_FOUND, "the metrics are at /metrics\n");
        }
        if method != Method::GET && method != Method::HEAD {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET it\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            response.headers_mut().insert(ALLOW, allowed);
            return response;
        }
        let snapshot = self.watch.showcase.latest();
        let text = prometheus::text(&families(&self.run, &snapshot));
        with_type(StatusCode::OK, text, prometheus::CONTENT_TYPE)
    }
}

fn plain(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    with_type(status, words.to_owned(), "text/plain; charset=utf-8")
}

fn with_type(status: StatusCode, body: String, kind: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::cast::Cast;

    fn stand() -> Stand {
        Stand {
            names: Names::new(
                SocketAddr::from(([127, 0, 0, 1], 9_464)),
                &["metrics.example".to_owned()],
            ),
            watch: Arc::default(),
            run: Run {
                scenario: "A \"week\"\n\u{1b}[31m".into(),
                seed: 7,
                replication: 0,
                speed: 85.0,
                cast: Cast::Customers,
            },
        }
    }

    #[test]
    fn requests_are_answered_by_host_path_and_method() {
        for (method, path, host, status) in [
            (Method::GET, "/metrics", "localhost:9464", 200),
            (Method::HEAD, "/metrics", "127.0.0.1", 200),
            (Method::GET, "/metrics", "Metrics.example:1", 200),
            (Method::GET, "/metrics", "evil.example", 403),
            (Method::GET, "/metrics", "user@localhost", 403),
            (Method::GET, "/", "evil.example", 403),
            (Method::GET, "/", "localhost", 404),
            (Method::GET, "/metrics/", "localhost", 404),
            (Method::POST, "/metrics", "localhost", 405),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static(host));
            let response = stand().respond(&method, path, &headers, None);
            assert_eq!(response.status().as_u16(), status, "{method} {path} {host}");
        }
        let response = stand().respond(&Method::GET, "/metrics", &HeaderMap::new(), None);
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
    }
}
