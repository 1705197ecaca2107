//! Owns the measurement of how many customers at once a machine holds, and of all the memory that
//! takes.

use std::fs::read_to_string;
use std::time::{Duration, Instant};

use crate::asked::Asked;
use crate::metrics::exchanged;
use crate::process::Process;
use crate::stage::{BOTH, at, free_port, generator, result, serve, set, temporary};

/// Servers, and workers: a process may hold 20,000 descriptors on some machines.
const SERVERS: usize = 3;
/// How the scenario is changed: 840 customers a second come for a minute, and stay. Those in chats,
/// 100 an agent, say something every 11 seconds for 200 seconds; the others wait.
const CHANGES: [&str; 9] = [
    "arrivals.rate=840 per second",
    "calendar.horizon=1m",
    "customers.queue_patience=never",
    "customers.think=uniform(low=8s, high=14s)",
    "customers.exchanges=constant(1000)",
    "agents.count=471",
    "agents.concurrency=100",
    "run.drain_limit=200s",
    "run.interval=1m",
];
/// Exchanges are counted from here on for a little more than three minutes, in seconds since the first
/// customer.
const COUNTED_FROM: Duration = Duration::from_secs(65);
const COUNTED: Duration = Duration::from_secs(184);

const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// Bytes that all of it takes up at one moment.
#[derive(Clone, Debug, Default)]
struct Memory {
    /// By process, its proportional share.
    processes: Vec<(String, f64)>,
    /// The kernel's own for sockets and what belongs to them.
    slab: f64,
    /// What is under way in them.
    sockets: f64,
}

impl Memory {
    fn sum(&self) -> f64 {
        self.processes.iter().map(|(_, bytes)| bytes).sum::<f64>() + self.slab + self.sockets
    }
}

/// Measures it, so many times; false where one of the runs is not as it is to be.
pub fn measure(asked: &Asked) -> bool {
    let runs = 0..asked.number("--runs", 2);
    let all: Vec<bool> = runs.map(|_| once() == Some(true)).collect();
    all.into_iter().all(|as_asked| as_asked)
}

/// One run; whether it was as it is to be, none where it did not get so far.
fn once() -> Option<bool> {
    let before = kernel()?;
    let ports: Vec<u16> = (0..SERVERS).map(|_| free_port()).collect();
    let servers: Vec<Process> = ports.iter().map(|port| serve(BOTH, *port, &[])).collect();
    let targets: Vec<String> = ports.iter().flat_map(|port| at(*port)).collect();
    let (out, metrics) = (temporary(), format!("127.0.0.1:{}", free_port()));
    let mut told = set(CHANGES);
    told.extend(["--targets-are", "separate", "--metrics", &metrics]);
    let mut client = generator(BOTH, &targets, &told, out.path());

    let (mut most, mut began) = (Memory::default(), None);
    let mut exchanges = Vec::new();
    while client.runs() {
        std::thread::sleep(Duration::from_secs(1));
        let now = memory(&servers, &client, before)?;
        if now.sum() > most.sum() {
            most = now;
        }
        let Some(count) = exchanged(&metrics) else {
            continue;
        };
        let began = *began.get_or_insert_with(Instant::now);
        if began.elapsed() >= COUNTED_FROM && began.elapsed() <= COUNTED_FROM + COUNTED {
            exchanges.push((Instant::now(), count));
        }
    }
    let result = result(out.path())?;
    let (first, last) = (exchanges.first()?, exchanges.last()?);
    let a_second = (last.1 - first.1) / last.0.duration_since(first.0).as_secs_f64();
    let at_once = result.value("open_at_end")?;
    let in_chats = result.measure("wait_s_mean")?.samples as f64;
    let lag = result.value("schedule_lag_ms_p99")?;
    let valid = result.verdict.valid == Some(true);
    let clean = result.faults.is_empty();
    println!(
        "scale: {at_once:.0} customers at once, {in_chats:.0} of them in chats, {a_second:.0} \
         exchanges/s for {:.0} s, lag p99 {lag:.2} ms, delivery p99 {:.2} ms, valid: {valid}, \
         integrity clean: {clean}",
        last.0.duration_since(first.0).as_secs_f64(),
        result.value("delivery_ms_p99")?,
    );
    let each = most.processes.iter();
    let each: Vec<String> = each
        .map(|(name, bytes)| format!("{name} {:.0}", bytes / MIB))
        .collect();
    println!(
        "memory at most: {:.2} GiB: processes (PSS, MiB): {}; slab {:.0}, sockets {:.0}",
        most.sum() / GIB,
        each.join(", "),
        most.slab / MIB,
        most.sockets / MIB
    );
    let enough = at_once >= 50_000.0 && in_chats >= 45_000.0 && a_second >= 4_000.0;
    Some(enough && valid && clean && lag < 20.0 && most.sum() < 4.0 * GIB)
}

/// What all of it takes up now, more than the kernel had `before`.
fn memory(servers: &[Process], client: &Process, before: (f64, f64)) -> Option<Memory> {
    let servers = servers.iter().flat_map(Process::shares);
    let (slab, sockets) = kernel()?;
    Some(Memory {
        processes: servers.chain(client.shares()).collect(),
        slab: (slab - before.0).max(0.0),
        sockets: (sockets - before.1).max(0.0),
    })
}

/// Bytes of the kernel's slab, and of what is under way in TCP sockets.
fn kernel() -> Option<(f64, f64)> {
    let after = |text: &str, line: &str, word: &str| {
        let line = text.lines().find(|found| found.starts_with(line))?;
        let mut words = line.split_whitespace().skip_while(|found| *found != word);
        words.nth(1)?.parse::<f64>().ok()
    };
    let slab = after(&read_to_string("/proc/meminfo").ok()?, "Slab:", "Slab:")?;
    let pages = after(&read_to_string("/proc/net/sockstat").ok()?, "TCP:", "mem")?;
    Some((slab * 1024.0, pages * 4096.0))
}
