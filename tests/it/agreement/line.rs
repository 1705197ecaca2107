//! Owns a live run on a paused clock: server and generator in one thread, over in-memory streams.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use busyhour::error::{Error, Result};
use busyhour::live::alarm::Alarm;
use busyhour::live::dial::Dial;
use busyhour::live::target::Target;
use busyhour::live::{Options, Outcome, built_in, play, watch::Watch};
use busyhour::scenario::plan::Plan;
use busyhour::server::listen::Listen;
use busyhour::server::{Server, Stats};
use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// More than anybody says before the other side reads.
const ROOM: usize = 64 * 1024;

struct Line {
    target: Target,
    far: UnboundedSender<DuplexStream>,
}

impl Dial for Line {
    type Stream = DuplexStream;

    fn target(&self) -> &Target {
        &self.target
    }

    async fn connect(&self) -> Result<DuplexStream> {
        let (near, far) = duplex(ROOM);
        let sent = self.far.send(far);
        sent.map_err(|_| Error::failed("the server is gone"))?;
        Ok(near)
    }
}

struct Switch(UnboundedReceiver<DuplexStream>);

impl Listen for Switch {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> (DuplexStream, Option<IpAddr>) {
        match self.0.recv().await {
            Some(stream) => (stream, None),
            None => std::future::pending().await,
        }
    }
}

/// Plays the plan with the built-in server; nothing takes any time but what people do. Says what
/// came of it, what the server counted, and how much time passed on the wall, as it was played.
pub fn played(plan: &Plan, options: &Options) -> (Outcome, Stats, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let run = async {
        let addr = SocketAddr::from(([127, 0, 0, 1], 4210));
        let (far, switch) = unbounded_channel();
        let server = Server::on(Switch(switch), addr, &built_in(plan, addr)).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::task::spawn_local(server.run(async move {
            let _ = stopped.await;
        }));
        let began = Instant::now();
        let target = Target::from(addr);
        let (line, alarm) = (Line { target, far }, Alarm::coarse());
        let outcome = play(plan, options, line, alarm, &Watch::default()).await;
        let took = began.elapsed();
        drop(stop);
        let stats = serving.await.unwrap();
        (outcome.expect("the run starts"), stats, took)
    };
    LocalSet::new().block_on(&runtime, run)
}
