//! Owns a live run on a paused clock: server and generator in one thread, over in-memory streams.

use std::time::Duration;

use busyhour::live::alarm::Alarm;
use busyhour::live::{Options, Outcome, built_in, play, watch::Watch};
use busyhour::scenario::plan::Plan;
use busyhour::server::{Server, ServerOptions, Stats};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use tokio::time::Instant;

use crate::stage::{Delay, Door, Line, addr, on_a_paused_clock};

/// Plays the plan with the built-in server; nothing takes any time but what people do. Says what
/// came of it, what the server counted, and how much time passed on the wall, as it was played.
pub fn played(plan: &Plan, options: &Options) -> (Outcome, Stats, Duration) {
    on_a_paused_clock(async {
        let (far, door) = mpsc::unbounded_channel();
        let rules = ServerOptions {
            replication: options.replication,
            ..built_in(plan, addr())
        };
        let server = Server::on(Door(door), addr(), &rules).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = spawn_local(server.run(async move {
            let _ = stopped.await;
        }));
        let began = Instant::now();
        let (line, alarm) = (Line::new(Delay::of(0), far), Alarm::coarse());
        let outcome = play(plan, options, line, alarm, &Watch::default()).await;
        let took = began.elapsed();
        drop(stop);
        let stats = serving.await.unwrap();
        (outcome.expect("the run starts"), stats, took)
    })
}
