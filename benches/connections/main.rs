//! What a connection costs, in whole processes: the shipped `busyhour load` with everything on and
//! `busyhour serve`, each on a core of its own, on Linux.
//!
//! ```text
//! cargo bench --bench connections
//! cargo bench --bench connections -- --only cost --rates 500,1500 --runs 3
//! cargo bench --bench connections -- \
//!     --against 'CLIENT --rate {rate} --secs {secs} --port {port}' \
//!     --against-server 'SERVER --addr 127.0.0.1:{port}' \
//!     --against-idle 'CLIENT --idle {count} --cps {rate} --hold {secs} --port {port}'
//! ```
//!
//! - *cost*: `scenarios/bench.toml` played by `load --only customers` on core 1 against an answering
//!   server on core 0: microseconds of processor time, user and system, that the generator takes
//!   for one exchange once as many come as go, the connecting and closing of a tenth of a chat
//!   included. With `--against` another client runs in turn with it (A B A B) and the ratio of
//!   medians is given; its server writes `S <seconds> <accepted> <open> <messages>` every second.
//! - *memory*: bytes that a connection takes up in a process while nothing happens on it, after one
//!   exchange: in the generator, with its chat, and in `busyhour serve`, with its chat too, the
//!   kernel's buffers not counted. With `--against-idle` in another client.

#![allow(clippy::print_stdout)]

mod answer;
mod process;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use busyhour::live::machine::raise_descriptors;
use busyhour::measure::result::RunResult;
use process::{Counted, Process, count};
use tempfile::NamedTempFile;

const HELP: &str = "\
What a connection costs, in whole processes.

  --only cost|memory       one of the two alone
  --rates R,R              arrivals a second [default: 500,1500]
  --runs N                 runs of each at each rate, in turn [default: 2]
  --seconds N              how long the steady part is measured [default: 5]
  --connections N          idle connections [default: 10000]
  --against COMMAND        another client, run in turn: {rate}, {secs}, {port}
  --against-server COMMAND the server that answers it: {port}
  --against-idle COMMAND   another client with idle connections: {count}, {rate}, {secs}, {port}

cost    us an exchange: user and system time of the generator, over the exchanges that the server
        counted meanwhile
memory  bytes a connection: what the process has grown by, over the connections, one exchange made
        on each, nothing happening
";

/// Where the answering server runs, and where what is measured runs.
const SERVERS: usize = 0;
const CLIENTS: usize = 1;
/// Seconds until as many go as come: ten exchanges with a second of thought between them.
const RAMP_S: u32 = 11;
/// Fewer descriptors are open in a process than this before the first connection.
const FEW: usize = 60;
/// Idle connections are made at this rate a second.
const CONNECTS: u32 = 2_000;
const BUSYHOUR: &str = env!("CARGO_BIN_EXE_busyhour");

/// What was asked on the command line.
struct Asked(Vec<String>);

impl Asked {
    fn after(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    fn number(&self, name: &str, usual: u32) -> u32 {
        let number = self.after(name).map(str::parse);
        number.map_or(usual, |number| number.expect("a number is expected there"))
    }

    /// The words of a command, with its places filled in.
    fn command(&self, name: &str, places: &[(&str, u32)]) -> Option<Vec<String>> {
        let fill = |word: &str| {
            let filled = |text: String, (name, value): &(&str, u32)| {
                text.replace(&format!("{{{name}}}"), &value.to_string())
            };
            places.iter().fold(word.to_owned(), filled)
        };
        let words = self.after(name)?.split_whitespace();
        Some(words.map(fill).collect())
    }
}

/// A port that is free; each run has its own, so that none meets the TIME_WAIT of another.
fn free_port() -> u16 {
    let taken = std::net::TcpListener::bind("127.0.0.1:0");
    let addr = taken.and_then(|taken| taken.local_addr());
    addr.expect("a port is free").port()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// The answering server of this program, on a port.
fn answering(port: u16) -> Process {
    let this = std::env::current_exe().expect("this program is a file");
    let this = this.to_str().expect("its path is text");
    let words = words(&[this, "--answer", &port.to_string()]);
    Process::start(SERVERS, &words, Stdio::piped())
}

/// The server that answers the other client.
fn their_answering(asked: &Asked, port: u16) -> Option<Process> {
    let words = asked.command("--against-server", &[("port", port.into())])?;
    let server = Process::start(SERVERS, &words, Stdio::piped());
    std::thread::sleep(Duration::from_millis(500));
    Some(server)
}

/// `busyhour load` of the scenario of this benchmark, changed.
fn generator(port: u16, more: &[&str], out: &Path) -> Process {
    let target = format!("ws://127.0.0.1:{port}");
    let out = out.to_str().expect("the path of a temporary file is text");
    let usual = [
        BUSYHOUR,
        "load",
        "scenarios/bench.toml",
        "--target",
        &target,
        "--out",
        out,
    ];
    let words = words(&[&usual, more].concat());
    Process::start(CLIENTS, &words, Stdio::null())
}

fn temporary() -> NamedTempFile {
    NamedTempFile::new().expect("a temporary file can be had")
}

/// Microseconds of processor time an exchange in the steady part.
fn cost_us(server: &mut Process, client: &Process, seconds: u32) -> Option<f64> {
    let mut lines = server.lines();
    let mut next = || {
        let Counted { accepted, messages } = count(&mut lines)?;
        Some((accepted, messages, client.cpu_s()))
    };
    // The generator looks in before anybody comes.
    while next()?.0 < 2.0 {}
    let mut steady = Vec::new();
    for _ in 0..=RAMP_S + seconds {
        let (_, messages, cpu) = next()?;
        steady.push((messages, cpu));
    }
    let ((began, before), (ended, after)) = (steady[RAMP_S as usize], *steady.last()?);
    (ended > began).then(|| (after - before) * 1e6 / (ended - began))
}

/// One run of ours: what an exchange costs, and what the run says of itself.
fn ours(rate: u32, seconds: u32) -> Option<(f64, String)> {
    let (out, port) = (temporary(), free_port());
    let mut server = answering(port);
    let rate = format!("arrivals.rate={rate} per second");
    let client = generator(port, &["--only", "customers", "--set", &rate], out.path());
    let cost = cost_us(&mut server, &client, seconds)?;
    client.stop(Duration::from_secs(10));
    let text = std::fs::read_to_string(out.path()).ok()?;
    let result: RunResult = serde_json::from_str(&text).ok()?;
    let valid = match result.verdict.valid? {
        true => "VALID",
        false => "INVALID",
    };
    let lag = result.value("schedule_lag_ms_p99")?;
    let gone = result.value("failed")? + result.value("broken")?;
    let words = format!("{valid}, lag p99 {lag:.2} ms, {gone} failed or broken");
    Some((cost, words))
}

/// One run of the other client.
fn theirs(asked: &Asked, rate: u32, seconds: u32) -> Option<f64> {
    let (secs, port) = (RAMP_S + seconds + 3, free_port());
    let places = [("rate", rate), ("secs", secs), ("port", port.into())];
    let words = asked.command("--against", &places)?;
    let mut server = their_answering(asked, port)?;
    let client = Process::start(CLIENTS, &words, Stdio::null());
    cost_us(&mut server, &client, seconds)
}

fn cost(asked: &Asked) {
    let seconds = asked.number("--seconds", 5);
    let rates = asked.after("--rates").unwrap_or("500,1500").split(',');
    for rate in rates.map(|rate| rate.parse().expect("a rate is a whole number")) {
        let (mut own, mut others, mut words) = (Vec::new(), Vec::new(), String::new());
        for _ in 0..asked.number("--runs", 2) {
            let (cost, said) = ours(rate, seconds).expect(
                "the run gets so far: `busyhour load scenarios/bench.toml` says why it does not",
            );
            own.push(cost);
            words = said;
            others.extend(theirs(asked, rate, seconds));
        }
        print!(
            "cost at {rate}/s: {} us an exchange ({words})",
            several(&own)
        );
        if !others.is_empty() {
            let ratio = median(own) / median(others.clone());
            print!("; the other {}, ratio {ratio:.2}", several(&others));
        }
        println!();
    }
}

/// The median, with what it is of.
fn several(values: &[f64]) -> String {
    let each: Vec<String> = values.iter().map(|value| format!("{value:.1}")).collect();
    format!("{:.1} [{}]", median(values.to_vec()), each.join(" "))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    let lower = (values.len() - 1) / 2;
    (values[lower] + values[upper]) / 2.0
}

/// What a connection takes up in a process that has just started, once about `wanted` are open
/// there and nothing happens on them any more.
fn bytes_each(process: &Process, wanted: u32) -> Option<f64> {
    let until = Instant::now() + Duration::from_secs(u64::from(wanted / CONNECTS * 2 + 15));
    let (mut before, mut most) = (process.bytes(), 0);
    let mut grown = Instant::now();
    while most < wanted as usize * 9 / 10 || grown.elapsed() < Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(5));
        let open = process.descriptors();
        if open < FEW {
            before = process.bytes();
        }
        if open > most {
            (most, grown) = (open, Instant::now());
        }
        if Instant::now() > until {
            return None;
        }
    }
    Some((process.bytes() - before) / most as f64)
}

/// Customers who think for an hour after the first reply.
fn idle_people(wanted: u32) -> Vec<String> {
    let seconds = f64::from(wanted) / f64::from(CONNECTS);
    let changes = [
        format!("arrivals.rate={CONNECTS} per second"),
        format!("calendar.horizon={}ms", (seconds * 1e3).round()),
        "customers.think=constant(1h)".to_owned(),
    ];
    let set = |change: String| ["--set".to_owned(), change];
    changes.into_iter().flat_map(set).collect()
}

fn memory(asked: &Asked) {
    let wanted = asked.number("--connections", 10_000);
    let idle = idle_people(wanted);
    let mut people: Vec<&str> = idle.iter().map(String::as_str).collect();
    let show = |what: &str, bytes: Option<f64>| match bytes {
        Some(bytes) => {
            println!("memory of {wanted} idle connections: {bytes:.0} bytes each in {what}");
        }
        None => println!("memory of {wanted} idle connections: {what} did not get so far"),
    };
    let (out, port) = (temporary(), free_port());
    let serve = [BUSYHOUR, "serve", "--listen", &format!("127.0.0.1:{port}")];
    let server = Process::start(SERVERS, &words(&serve), Stdio::null());
    std::thread::sleep(Duration::from_millis(300));
    let client = generator(port, &people, out.path());
    show("busyhour serve", bytes_each(&server, wanted));
    drop((client, server));

    people.extend(["--only", "customers"]);
    let port = free_port();
    let server = answering(port);
    let client = generator(port, &people, out.path());
    show("busyhour load", bytes_each(&client, wanted));
    drop((client, server));

    let port = free_port();
    let places = [
        ("count", wanted),
        ("rate", CONNECTS),
        ("secs", wanted / CONNECTS + 10),
        ("port", port.into()),
    ];
    if let Some(words) = asked.command("--against-idle", &places) {
        let server = their_answering(asked, port);
        let client = Process::start(CLIENTS, &words, Stdio::null());
        show("the other client", bytes_each(&client, wanted));
        drop((client, server));
    }
}

fn main() {
    let asked = Asked(std::env::args().skip(1).collect());
    if asked.0.iter().any(|word| word == "--help") {
        print!("{HELP}");
        return;
    }
    raise_descriptors();
    if asked.after("--answer").is_some() {
        let port = asked.number("--answer", 0);
        return answer::answer(u16::try_from(port).expect("a port has 16 bits"));
    }
    let only = asked.after("--only");
    if only != Some("memory") {
        cost(&asked);
    }
    if only != Some("cost") {
        memory(&asked);
    }
}
