//! Owns the measurement of how memory goes while a steady load comes and goes for a long time.

use std::time::{Duration, Instant};

use crate::asked::Asked;
use crate::stage::{CLIENTS, SERVERS, at, free_port, generator, result, serve, set, temporary};

/// Customers a second: each stays for ten exchanges with a second of thought between them.
const RATE: u32 = 200;
/// The most seconds until what is kept for people who come and go is there.
const WARM_UP_S: u32 = 120;
const MIB: f64 = 1024.0 * 1024.0;

/// How much memory a process takes up, second by second.
#[derive(Default)]
struct Series(Vec<(f64, f64)>);

impl Series {
    fn mean(&self, of: impl Fn(&(f64, f64)) -> f64) -> f64 {
        self.0.iter().map(of).sum::<f64>() / self.0.len() as f64
    }

    /// Bytes a minute by which it grows, by least squares.
    fn slope(&self) -> f64 {
        let (middle, level) = (self.mean(|s| s.0), self.mean(|s| s.1));
        let both = self.mean(|(at, bytes)| (at - middle) * (bytes - level));
        both / self.mean(|(at, _)| (at - middle).powi(2)) * 60.0
    }
}

/// Measures it; false where memory grows by more than was said, or the run is not sound.
pub fn measure(asked: &Asked) -> bool {
    let seconds = asked.number("--seconds", 1_800);
    let warm_up = WARM_UP_S.min(seconds / 2);
    let most = asked.after("--growth").map(|most| {
        let most: f64 = most.parse().expect("a number of MiB is expected there");
        most * MIB
    });
    let (out, port) = (temporary(), free_port());
    let server = serve(SERVERS, port, &[]);
    let rate = format!("arrivals.rate={RATE} per second");
    let horizon = format!("calendar.horizon={}s", seconds + 5);
    let told = set([rate.as_str(), &horizon, "run.interval=15m"]);
    let began = Instant::now();
    let mut client = generator(CLIENTS, &at(port), &told, out.path());
    let (mut of_client, mut of_server) = (Series::default(), Series::default());
    while client.runs() && began.elapsed().as_secs() < u64::from(seconds) {
        std::thread::sleep(Duration::from_secs(1));
        let at = began.elapsed().as_secs_f64();
        if at >= f64::from(warm_up) {
            of_client.0.push((at, client.bytes()));
            of_server.0.push((at, server.bytes()));
        }
    }
    client.end(Duration::from_secs(60));
    let Some(result) = result(out.path()) else {
        println!("endurance: `busyhour load` wrote no result");
        return false;
    };
    let (valid, handled) = (result.verdict.valid, result.value("handled"));
    println!(
        "endurance: {seconds} s at {} open chats, {} handled, valid: {}",
        RATE * 10,
        handled.unwrap_or(0.0),
        valid == Some(true)
    );
    let mut flat = valid == Some(true) && handled > Some(0.0);
    for (what, series) in [("load", of_client), ("serve", of_server)] {
        let slope = series.slope();
        println!(
            "memory of busyhour {what}: {:.1} MiB on average from second {warm_up} on, {:+.3} MiB a \
             minute",
            series.mean(|s| s.1) / MIB,
            slope / MIB
        );
        flat &= most.is_none_or(|most| slope <= most);
    }
    if !flat {
        println!("endurance: NOT as it is to be");
    }
    flat
}
