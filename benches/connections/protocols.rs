//! Owns the measurement of what a protocol that is declared costs against the one that is built in.
//!
//! Law: server, scenario and wire are the same: `declared.toml` declares the built-in protocol, and
//! only what the generator makes of it differs. Both take turns, so that what the machine's
//! neighbours take weighs on both.

use std::time::{Duration, Instant};

use crate::asked::Asked;
use crate::cost::{cost_us, several};
use crate::metrics::exchanged;
use crate::process::Process;
use crate::stage::{
    CLIENTS, SERVERS, answering, at, free_port, generator, result, serve, temporary,
};

/// The built-in protocol, declared.
const DECLARED: &str = "benches/connections/declared.toml";

/// Seconds until as many customers go as come.
const RAMP: Duration = Duration::from_secs(12);

/// The most that the declared may cost, in terms of the built-in.
const MOST: f64 = 1.5;

/// Who is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    /// Customers, against the answering server.
    Customers,
    /// Customers and agents, against `busyhour serve`.
    All,
}

/// Measures it; false where the declared costs more than it may, or a run is not as it is to be.
pub fn measure(asked: &Asked) -> bool {
    let plays = [
        (Play::Customers, "customers"),
        (Play::All, "customers and agents"),
    ];
    let wanted = plays
        .into_iter()
        .filter(|(_, name)| match asked.after("--play") {
            Some("customers") => *name == "customers",
            Some("all") => *name != "customers",
            _ => true,
        });
    let all: Vec<bool> = wanted
        .map(|(play, name)| compare(asked, play, name))
        .collect();
    all.into_iter().all(|as_asked| as_asked)
}

fn compare(asked: &Asked, play: Play, name: &str) -> bool {
    let (mut native, mut declared, mut clean) = (Vec::new(), Vec::new(), true);
    let rate = asked.number("--rate", 200);
    for _ in 0..asked.number("--runs", 2) {
        for (protocol, costs) in [("native", &mut native), (DECLARED, &mut declared)] {
            let (cost, is_clean) = once(asked, play, protocol, rate).expect(
                "the run gets so far: `busyhour load scenarios/bench.toml` says why it does not",
            );
            costs.push(cost);
            clean &= is_clean;
        }
    }
    let ratio = crate::cost::median(declared.clone()) / crate::cost::median(native.clone());
    println!(
        "protocols, {name} at {rate}/s: built in {} us a round trip, declared {}; ratio of medians \
         {ratio:.2}{}",
        several(&native, 1),
        several(&declared, 1),
        if clean { "" } else { "; NOT CLEAN" },
    );
    clean && ratio <= MOST
}

/// Microseconds of the generator's processor time a round trip, and whether nothing was lost.
fn once(asked: &Asked, play: Play, protocol: &str, rate: u32) -> Option<(f64, bool)> {
    let seconds = asked.number("--seconds", 20);
    let (out, port) = (temporary(), free_port());
    let metrics = format!("127.0.0.1:{}", free_port());
    let rate = format!("arrivals.rate={rate} per second");
    let mut told = vec!["--protocol", protocol, "--set", &rate];
    let (cost, client, _server): (f64, Process, Process) = match play {
        Play::Customers => {
            told.extend(["--only", "customers"]);
            let mut server = answering(port);
            let client = generator(CLIENTS, &at(port), &told, out.path());
            (cost_us(&mut server, &client, seconds)?, client, server)
        }
        Play::All => {
            told.extend(["--metrics", &metrics]);
            let server = serve(SERVERS, port, &[]);
            let client = generator(CLIENTS, &at(port), &told, out.path());
            (by_metrics(&metrics, &client, seconds)?, client, server)
        }
    };
    client.stop(Duration::from_secs(20));
    let result = result(out.path())?;
    // Of what customers alone say nobody knows whether it came.
    let undelivered = result.value("undelivered").unwrap_or(0.0);
    let gone = result.value("failed")? + result.value("broken")? + undelivered;
    Some((cost, gone == 0.0 && result.faults.is_empty()))
}

/// The same as [`cost_us`], of a run that counts its own.
fn by_metrics(metrics: &str, client: &Process, seconds: u32) -> Option<f64> {
    let until = Instant::now() + Duration::from_secs(30);
    while exchanged(metrics).is_none_or(|count| count == 0.0) {
        if Instant::now() > until {
            return None;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(RAMP);
    let (began, before) = (exchanged(metrics)?, client.cpu_s());
    std::thread::sleep(Duration::from_secs(seconds.into()));
    let (ended, after) = (exchanged(metrics)?, client.cpu_s());
    (ended > began).then(|| (after - before) * 1e6 / (ended - began))
}
