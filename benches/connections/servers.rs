//! Owns the measurement of how many customers at once the generator keeps in chats at servers of
//! others, beside the built-in one.
//!
//! Law: every server gets the same scenario, `servers.toml`, on a core of its own. One that is not
//! installed is told of, and nothing is said of it.

use std::fmt::Display;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use busyhour::measure::result::RunResult;

use crate::asked::Asked;
use crate::it::servers::{self, Prosody, Server};
use crate::metrics::exchanged;
use crate::process::{Process, seconds_of};
use crate::stage::{CLIENTS, SERVERS, free_port, load, result, serve, set, temporary};

const SCENARIO: &str = "benches/connections/servers.toml";

/// Seconds that customers stay, once all have come.
const STAY: u32 = 100;

/// Agents, and the chats of one beyond an equal share, so that chance leaves nobody waiting.
const AGENTS: u32 = 50;
const SPARE: u32 = 2;

/// A server at work: its name, the protocol by its name, and its process.
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
enum Stage {
    Native(Process, u16),
    Other(Server),
}

/// What a run came to.
struct Seen {
    result: RunResult,
    /// Shares of a core that generator and server took while customers came, and once all had.
    ramp: (f64, f64),
    stay: (f64, f64),
    /// Bytes by which the generator grew meanwhile.
    grown: f64,
    /// Seconds in which customers came.
    seconds: u32,
}

/// Measures it; false where a run is not valid, or was not had.
pub fn measure(asked: &Asked) -> bool {
    let names = ["native", "socketio", "prosody"];
    let wanted = |name: &&str| asked.after("--server").is_none_or(|only| only == *name);
    println!(
        "server     at once  come/s  connect ms p50/p99   delivery ms p50/p95/p99/max        \
         acknowledged p50/p99  lag p99  generator, server: % of a core in the ramp; then"
    );
    let mut all = true;
    for name in names.into_iter().filter(wanted) {
        let Some(stage) = stage(name) else {
            println!("{name:9}  not installed: see the line above");
            all = false;
            continue;
        };
        let seen = once(asked, name, &stage);
        all &= seen
            .as_ref()
            .is_some_and(|seen| seen.result.verdict.valid == Some(true));
        match seen {
            Some(seen) => tell(name, &seen),
            None => println!("{name:9}  the run wrote no result"),
        }
    }
    all
}

fn stage(name: &str) -> Option<Stage> {
    let server = match name {
        "native" => {
            let port = free_port();
            return Some(Stage::Native(serve(SERVERS, port, &[]), port));
        }
        "socketio" => servers::socketio(),
        _ => servers::prosody(Prosody {
            agents: AGENTS,
            ..Prosody::default()
        }),
    }?;
    let pid = server.id().to_string();
    let moved = Command::new("taskset")
        .args(["-acp", SERVERS, &pid])
        .stdout(Stdio::null())
        .status();
    moved.expect("`taskset` is there: Debian's package util-linux has it");
    Some(Stage::Other(server))
}

fn once(asked: &Asked, name: &str, stage: &Stage) -> Option<Seen> {
    let (customers, rate) = (
        asked.number("--customers", 2_000),
        asked.number("--rate", 40),
    );
    let (think, stay) = (asked.number("--think", 60), asked.number("--seconds", STAY));
    let ramp = customers.div_ceil(rate);
    let changes = [
        format!("arrivals.rate={rate} per second"),
        format!("calendar.horizon={ramp}s"),
        format!(
            "customers.think=uniform(low={}s, high={}s)",
            think / 2,
            think + think / 2
        ),
        format!("agents.concurrency={}", customers.div_ceil(AGENTS) + SPARE),
        format!("run.drain_limit={stay}s"),
    ];
    let (out, metrics) = (temporary(), format!("127.0.0.1:{}", free_port()));
    let mut told = set(changes.iter().map(String::as_str));
    let protocol = if name == "prosody" { "xmpp" } else { name };
    told.extend(["--protocol", protocol, "--metrics", &metrics]);
    let target = match stage {
        Stage::Native(_, port) => format!("ws://127.0.0.1:{port}"),
        Stage::Other(server) => format!("ws://{}", server.address()),
    };
    let mut client = load(CLIENTS, SCENARIO, &[target], &told, out.path());
    let used = |client: &Process| {
        let server = match stage {
            Stage::Native(server, _) => server.cpu_s(),
            Stage::Other(server) => seconds_of(server.id()).unwrap_or(0.0),
        };
        (Instant::now(), client.cpu_s(), server)
    };
    // Plan, agents, and the first customer's first reply.
    while client.runs() && exchanged(&metrics).is_none_or(|count| count == 0.0) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let (begin, empty) = (used(&client), client.bytes());
    std::thread::sleep(Duration::from_secs(ramp.into()));
    let (full, grown) = (used(&client), client.bytes() - empty);
    std::thread::sleep(Duration::from_secs((stay - 10).into()));
    let end = used(&client);
    client.end(Duration::from_secs(90));
    Some(Seen {
        result: result(out.path())?,
        ramp: share(begin, full),
        stay: share(full, end),
        grown,
        seconds: ramp,
    })
}

/// Shares of a core between two looks.
fn share(from: (Instant, f64, f64), to: (Instant, f64, f64)) -> (f64, f64) {
    let seconds = to.0.duration_since(from.0).as_secs_f64();
    ((to.1 - from.1) / seconds, (to.2 - from.2) / seconds)
}

fn tell(name: &str, seen: &Seen) {
    let Seen {
        result,
        ramp,
        stay,
        grown,
        seconds,
    } = seen;
    let figure = |measure: &str| -> Box<dyn Display> {
        match result.value(measure) {
            Some(value) if value < 100.0 => Box::new(format!("{value:.2}")),
            Some(value) => Box::new(format!("{value:.0}")),
            None => Box::new("-"),
        }
    };
    let several = |measure: &str, of: &[&str]| {
        let each = of
            .iter()
            .map(|of| figure(&format!("{measure}_{of}")).to_string());
        each.collect::<Vec<_>>().join(" / ")
    };
    let met = result.measure("wait_s_mean").map_or(0, |wait| wait.samples);
    let came = result.value("offered").unwrap_or(0.0);
    let gone = ["failed", "broken", "rejected", "undelivered", "handled"];
    let gone = gone.map(|name| (name, result.value(name).unwrap_or(0.0)));
    let percent = |share: f64| (share * 100.0).round();
    println!(
        "{name:9}  {:>7}  {:>6.1}  {:19}  {:34}  {:20}  {:>7}  {}, {}; {}, {}",
        met,
        came / f64::from(*seconds),
        several("connect_ms", &["p50", "p99"]),
        several("delivery_ms", &["p50", "p95", "p99", "max"]),
        several("acknowledged_ms", &["p50", "p99"]),
        figure("schedule_lag_ms_p99"),
        percent(ramp.0),
        percent(ramp.1),
        percent(stay.0),
        percent(stay.1),
    );
    let valid = result.verdict.valid == Some(true);
    let each = grown / came.max(1.0) / 1024.0;
    let valid = if valid { "VALID" } else { "INVALID" };
    print!("           {valid}, {each:.1} KiB of the generator's memory a customer in a chat");
    for (name, many) in gone.into_iter().filter(|(_, many)| *many > 0.0) {
        print!(", {many:.0} {name}");
    }
    for found in &result.faults {
        print!(", {} {}", found.count, found.measure);
    }
    let reasons = result.verdict.reasons.join("; ");
    println!("{}{reasons}", if reasons.is_empty() { "" } else { ": " });
}
