//! Owns `Handle`: a server on a thread of its own.
//!
//! Law: when `stop` returns, or the handle is dropped, the port is free and the thread is gone,
//! within `STOP_MOST`. A thread of its own, so that the generator's work does not delay the
//! server's, nor the other way round.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;

use super::stats::Counters;
use super::{Server, ServerOptions, Stats};
use crate::error::{Error, Result, in_words};

/// The longest that stopping takes before the thread is left behind.
const STOP_MOST: Duration = Duration::from_secs(5);

/// A server that runs on a thread of its own; stopped when dropped.
#[derive(Debug)]
pub struct Handle {
    addr: SocketAddr,
    counters: Arc<Counters>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    /// Comes to its end when the server does.
    done: Receiver<()>,
    thread: JoinHandle<()>,
}

type Ready = Result<(SocketAddr, Arc<Counters>)>;

impl Handle {
    /// Starts a server; it listens when this returns.
    ///
    /// # Errors
    /// Those of `Server::bind`, and failed (exit 3) when there is no thread to be had.
    pub fn start(options: ServerOptions) -> Result<Handle> {
        let (ready, started) = channel();
        let (stop, stopped) = oneshot::channel();
        let (ending, done) = channel();
        let failed = |error: &std::io::Error| {
            Error::failed(format!("cannot start the server: {}", in_words(error)))
        };
        let work = move || {
            // Dropped when the work is over, or has panicked.
            let _ending: Sender<()> = ending;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            match runtime {
                Ok(runtime) => runtime.block_on(work(options, &ready, stopped)),
                // Whoever waits for the start hears of it; if nobody does, nobody minds.
                Err(error) => drop(ready.send(Err(failed(&error)))),
            }
        };
        let thread = Builder::new().name("busyhour-server".to_owned());
        let thread = thread.spawn(work).map_err(|error| failed(&error))?;
        let ready: Ready = started
            .recv()
            .expect("the thread says that it is ready or why it is not");
        let (addr, counters) = ready?;
        let running = Some(Running { stop, done, thread });
        Ok(Handle {
            addr,
            counters,
            running,
        })
    }

    /// Where it listens; the port is the true one when any was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it has counted so far.
    pub fn stats(&self) -> Stats {
        self.counters.stats()
    }

    /// Ends every chat and closes every connection, waits until that is done, and says what was
    /// counted.
    pub fn stop(mut self) -> Stats {
        self.end();
        self.stats()
    }

    fn end(&mut self) {
        let Some(Running { stop, done, thread }) = self.running.take() else {
            return;
        };
        // A server that is over already needs no telling.
        let _ = stop.send(());
        let over = done.recv_timeout(STOP_MOST);
        if over != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let joined = thread.join();
            debug_assert!(joined.is_ok(), "the server's thread panicked");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

async fn work(options: ServerOptions, ready: &Sender<Ready>, stopped: oneshot::Receiver<()>) {
    match Server::bind(options).await {
        Err(error) => drop(ready.send(Err(error))),
        Ok(server) => {
            let started = (server.local_addr(), server.counters());
            if ready.send(Ok(started)).is_ok() {
                let shutdown = async {
                    // A handle that is gone wants the server gone as well.
                    let _ = stopped.await;
                };
                server.run(shutdown).await;
            }
        }
    }
}
