//! Owns `Signals`: what SIGINT and SIGTERM do.
//!
//! Law: the first asks the run to stop, and the report is still written; the second ends the
//! process at once, because a stop that hangs must be escapable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::console::Console;
use crate::error::{Error, Exit, Result};

/// A signal that asks for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// What `kill` and service managers send.
    Terminate,
}

impl Stop {
    /// The signal's name.
    pub fn name(self) -> &'static str {
        match self {
            Stop::Interrupt => "SIGINT",
            Stop::Terminate => "SIGTERM",
        }
    }

    /// How the process ends by it.
    pub fn exit(self) -> Exit {
        match self {
            Stop::Interrupt => Exit::Interrupted,
            Stop::Terminate => Exit::Terminated,
        }
    }
}

/// The signals that came.
#[derive(Clone, Debug)]
pub struct Signals {
    first: Arc<AtomicU8>,
}

impl Signals {
    /// Listens from now on; the first signal calls `stop`.
    ///
    /// # Errors
    /// Failed: the system does not let the process listen.
    pub fn listen(console: &Console, stop: impl FnOnce() + Send + 'static) -> Result<Signals> {
        let failed =
            |source: std::io::Error| Error::failed(format!("cannot listen for signals: {source}"));
        let runtime = Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(failed)?;
        let within = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        drop(within);
        let (signals, console) = (
            Signals {
                first: Arc::default(),
            },
            *console,
        );
        let first = signals.first.clone();
        thread::spawn(move || {
            runtime.block_on(async {
                let came = next(&mut interrupt, &mut terminate).await;
                first.store(came.exit().code(), Ordering::Relaxed);
                console.note(&format!(
                    "\n{}: stopping; once more to exit at once",
                    came.name()
                ));
                stop();
                leave(next(&mut interrupt, &mut terminate).await);
            });
        });
        Ok(signals)
    }

    /// The first signal, if one came.
    pub fn came(&self) -> Option<Stop> {
        let code = self.first.load(Ordering::Relaxed);
        [Stop::Interrupt, Stop::Terminate]
            .into_iter()
            .find(|stop| stop.exit().code() == code)
    }
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal) -> Stop {
    tokio::select! {
        _ = interrupt.recv() => Stop::Interrupt,
        _ = terminate.recv() => Stop::Terminate,
    }
}

/// Ends the process with no more ado.
#[expect(
    clippy::exit,
    reason = "the second signal: whatever still runs is not waited for"
)]
fn leave(stop: Stop) {
    std::process::exit(i32::from(stop.exit().code()));
}
