//! Owns `Export`: a live run's metrics sent to a collector by OTLP while it lasts, as `--otlp` asks.
//!
//! Law: a thread of its own sends the latest snapshot, and asks the run for nothing. A collector that
//! is not there, or does not take them, neither fails the run nor delays it by more than a stated
//! time: it is told in one remark.

mod settings;

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use crate::error::{Error, Result, in_words};
use crate::live::collector::Collector;
use crate::live::watch::Watch;
use crate::report::telemetry::{Run, families, otlp};
use crate::wire::clean;
use settings::Settings;

/// Wall time that the last export has, after the run, at most.
const LAST: Duration = Duration::from_secs(5);

/// What is sent, as HTTP says it.
const PROTOBUF: &str = "application/x-protobuf";

/// Metrics on their way, until it is finished.
pub struct Export {
    /// Dropped to send the last.
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Failures>,
}

/// What sends.
struct Sender {
    collector: Collector,
    settings: Settings,
    watch: Arc<Watch>,
    run: Run,
    /// In nanoseconds since 1970.
    start: u64,
}

/// Exports that failed.
#[derive(Debug, Default)]
struct Failures {
    count: u32,
    of: u32,
    /// How the last did, in words fit to be shown.
    last: String,
}

impl Export {
    /// Sends the run's metrics from now on, as the environment says; none where it says not to. Only
    /// to this machine, or to one of the `allowed` hosts.
    ///
    /// # Errors
    /// Refused: a variable that is unfit, or a host that is not allowed. Failed: the system has no
    /// thread to give.
    pub fn start(watch: &Arc<Watch>, run: &Run, allowed: &[String]) -> Result<Option<Export>> {
        let Some(mut settings) = Settings::read(|name| std::env::var_os(name))? else {
            return Ok(None);
        };
        let cannot = |error: std::io::Error| {
            Error::failed(format!("cannot export metrics: {}", in_words(&error)))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cannot)?;
        let showing = std::mem::take(&mut settings.showing);
        let collector = Collector::at(settings.endpoint.clone(), showing, allowed);
        let sender = Sender {
            collector: runtime.block_on(collector)?,
            settings,
            watch: Arc::clone(watch),
            run: run.clone(),
            start: since_1970(),
        };
        watch.showcase.open();
        let (stop, stopped) = oneshot::channel();
        let thread = Builder::new().name("otlp".into());
        let thread = thread.spawn(move || runtime.block_on(sender.send(stopped)));
        let thread = thread.map_err(cannot)?;
        Ok(Some(Export { stop, thread }))
    }

    /// Sends what the run has come to; what the reader should know of the exports.
    pub fn finish(self) -> Option<String> {
        drop(self.stop);
        match self.thread.join() {
            Ok(failures) => failures.remark(),
            // A fault of the program is not passed over.
            Err(fault) => std::panic::resume_unwind(fault),
        }
    }
}

impl Sender {
    /// Exports at every interval, and once more when it is stopped.
    async fn send(self, mut stopped: oneshot::Receiver<()>) -> Failures {
        let mut failures = Failures::default();
        let every = self.settings.interval;
        let mut tick = interval_at(Instant::now() + every, every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                _ = tick.tick() => {}
            }
            let export = self.export(self.settings.timeout);
            tokio::select! {
                outcome = export => failures.count(outcome),
                // The last export is of all that this one would have told.
                _ = &mut stopped => break,
            }
        }
        failures.count(self.export(self.settings.timeout.min(LAST)).await);
        failures
    }

    async fn export(&self, within: Duration) -> std::result::Result<(), String> {
        let snapshot = self.watch.showcase.latest();
        let period = otlp::Period {
            start: self.start,
            now: since_1970(),
        };
        let families = families(&self.run, &snapshot);
        let body = otlp::request(&families, &self.settings.resource, period);
        let posted = timeout(within, self.collector.post(PROTOBUF, body)).await;
        let answer = posted.map_err(|_| format!("no answer within {within:?}"))??;
        // Whoever answers with something else has taken them all the same.
        let answer = ExportMetricsServiceResponse::decode(answer).unwrap_or_default();
        match answer
            .partial_success
            .filter(|part| part.rejected_data_points > 0)
        {
            None => Ok(()),
            Some(part) => Err(format!(
                "{} data points were rejected: {}",
                part.rejected_data_points,
                self.collector.clean(&part.error_message)
            )),
        }
    }
}

impl Failures {
    fn count(&mut self, outcome: std::result::Result<(), String>) {
        self.of += 1;
        if let Err(words) = outcome {
            self.count += 1;
            self.last = words;
        }
    }

    fn remark(self) -> Option<String> {
        let Failures { count, of, last } = self;
        (count > 0).then(|| {
            format!(
                "{count} of {of} exports of metrics failed: {}",
                clean(&last)
            )
        })
    }
}

/// Nanoseconds since 1970.
fn since_1970() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}
