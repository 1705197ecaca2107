//! Arrivals of a live run as a server reads them, over sockets.

use std::sync::mpsc::{Sender, channel};
use std::time::Instant;

use busyhour::live::target::Target;
use busyhour::live::{Options, load, watch::Watch};
use busyhour::scenario::plan::Plan;
use busyhour::scenario::stream::ArrivalStream;
use busyhour::stats::law::Law;
use busyhour::time::Time;
use busyhour::wire::PROTOCOL;
use busyhour::wire::frame::{Frame, FromAgent, FromCustomer, Hello, ToAgent, ToCustomer};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::brown::{block_gaps, exponential_p};
use crate::plans::Center;

/// Two customers a second for two minutes, played in two seconds. From one to the next it is 8 ms,
/// so that what a busy machine does to the schedule is small. Nobody is assigned, all give up.
fn steady() -> Plan {
    let center = Center {
        per_hour: 7_200.0,
        hours: 120.0 / 3_600.0,
        warm_up_hours: 0.0,
        agents: 1,
        queue_patience: Law::constant(30.0).unwrap(),
        replications: 1,
        seed: 25,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.live.speed = 60.0;
    plan
}

/// A server where agents come and go and no chat is given out: it notes when it reads that a
/// customer asks for an agent.
async fn receive(listener: TcpListener, asked: Sender<Instant>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(attend(stream, asked.clone()));
    }
}

async fn attend(stream: TcpStream, asked: Sender<Instant>) -> Result<(), Error> {
    let mut ws = accept_async(stream).await?;
    let hello = ToCustomer::Hello(Box::new(Hello {
        protocol: PROTOCOL,
        server: "reception".to_owned(),
        policy: "none".to_owned(),
        queue_limit: None,
        levels: 1,
        age_after_ms: None,
        inactivity_ms: None,
        frame_limit: 16_384,
        kept_ms: None,
        idle_ms: 60_000,
    }));
    ws.send(Message::text(hello.encode())).await?;
    while let Some(heard) = ws.next().await {
        let read = Instant::now();
        let Message::Text(text) = heard? else {
            continue;
        };
        if let Ok(FromCustomer::Open { .. }) = FromCustomer::decode(&text) {
            asked.send(read).expect("somebody collects them");
        }
        let confirmed = match FromAgent::decode(&text) {
            Ok(FromAgent::Online { agent, limit }) => ToAgent::Online { agent, limit },
            Ok(FromAgent::Offline {}) => ToAgent::Offline {},
            _ => continue,
        };
        ws.send(Message::text(confirmed.encode())).await?;
    }
    Ok(())
}

/// The test's p value for instants at a level rate. Between the first and the last of them others
/// lie as in any block; so it does not matter when the run began.
fn p_value(secs: &[f64]) -> f64 {
    let (Some(first), Some(last)) = (secs.first(), secs.last()) else {
        return 0.0;
    };
    let between = &secs[1..secs.len() - 1];
    exponential_p(&block_gaps(between, &[*first, *last]))
}

/// Those who come over sockets pass the test of Brown et al. at 1 % by the instants at which the
/// server read them.
#[tokio::test]
async fn arrivals_are_poisson_as_a_server_reads_them() {
    let plan = steady();
    let planned: Vec<f64> = ArrivalStream::new(&plan, 0)
        .map(Time::as_secs_f64)
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options {
        targets: vec![Target::from(listener.local_addr().unwrap())],
        ..Options::default()
    };
    let (asked, read) = channel();
    let reception = tokio::spawn(receive(listener, asked));
    let speed = plan.live.speed;
    let run = tokio::task::spawn_blocking(move || load(&plan, &options, &Watch::default()));
    let result = run.await.unwrap().unwrap().result;
    reception.abort();
    let mut read: Vec<Instant> = read.try_iter().collect();
    read.sort_unstable();
    let since = |at: &Instant| at.duration_since(read[0]).as_secs_f64() * speed;
    let read: Vec<f64> = read.iter().map(since).collect();
    assert_eq!(result.value("failed"), Some(0.0), "{:?}", result.verdict);
    assert_eq!(read.len(), planned.len());
    let lag = result.value("schedule_lag_ms_p99");
    println!(
        "{} arrivals, lag p99 {lag:?} ms: p {:.4}, planned {:.4}",
        read.len(),
        p_value(&read),
        p_value(&planned)
    );
    assert!(p_value(&read) > 0.01);
    // Every second one only is no Poisson process.
    let half: Vec<f64> = read.iter().copied().step_by(2).collect();
    assert!(p_value(&half) < 1e-3, "{}", p_value(&half));
}
