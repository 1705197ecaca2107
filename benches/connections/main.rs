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
//! cargo bench --bench connections -- --only scale --runs 3
//! cargo bench --bench connections -- --only endurance
//! cargo bench --bench connections -- --only protocols --play all --runs 3
//! cargo bench --bench connections -- --only servers
//! cargo bench --bench connections -- --only frames
//! ```
//!
//! - *cost*: `scenarios/bench.toml` played by `load --only customers` on core 1 against an answering
//!   server on core 0: microseconds of processor time, user and system, that the generator takes
//!   for one exchange once as many come as go, the connecting and closing of a tenth of a chat
//!   included. With `--against` another client runs in turn with it (A B A B) and the ratio of
//!   each pair is given, with their median; its server writes `S <seconds> <accepted> <open>
//!   <messages>` every second.
//! - *memory*: bytes that a connection takes up in a process while nothing happens on it, after one
//!   exchange: in the generator, with its chat, and in `busyhour serve`, with its chat too, the
//!   kernel's buffers not counted. With `--against-idle` in another client. And what TLS adds to
//!   it, in bytes and in processor time for its handshake.
//! - *scale*: fifty thousand customers at once, of three `busyhour serve` and one `load` with as many
//!   workers as it takes: whether the run is valid, how much is said, and the memory of all of it,
//!   the kernel's included. It has the machine for itself.
//! - *endurance*: two thousand open chats for half an hour, and whether memory grows.
//! - *protocols*: microseconds of processor time that the generator takes for a round trip in the
//!   built-in protocol, and in the same where a file declares it, run in turn (A B A B) against the
//!   same servers: the answering one for customers alone, `busyhour serve` for both sides.
//! - *servers*: two thousand customers at once at the built-in server, at one of our own over
//!   Socket.IO and at Prosody: whether the schedule is kept, how long what is said is under way, and
//!   what both ends take of the processor.
//! - *frames*: nanoseconds that a message takes a person to read, in each protocol.

#![allow(clippy::print_stdout)]

mod answer;
mod asked;
mod cost;
mod endurance;
mod frames;
mod memory;
mod metrics;
mod process;
mod protocols;
mod scale;
mod servers;
mod stage;
/// The servers of others, as the tests start them.
#[allow(dead_code, unused_imports)]
#[path = "../../tests/it"]
mod it {
    pub mod servers;
}

use busyhour::live::machine::raise_descriptors;

use asked::Asked;

const HELP: &str = "\
What a connection costs, in whole processes.

  --only WHAT              one of cost, memory, scale, endurance, protocols, servers, frames; cost and
                           memory where it is not said
  --rates R,R              cost: arrivals a second [default: 500,1500]
  --rate R                 protocols: arrivals a second [default: 200]
                           servers: customers a second [default: 40]
  --play WHO               protocols: customers, or all; both where it is not said
  --server NAME            servers: one of native, socketio, prosody; all where it is not said
  --customers N            servers: how many at once [default: 2000]
  --think N                servers: seconds between a reply and the next message [default: 60]
  --runs N                 cost, scale, protocols: runs of each [default: 2]; frames [default: 3]
  --seconds N              cost, protocols: how long the steady part is measured [default: 20]
                           endurance: how long it goes on [default: 1800]
                           servers: how long customers stay once all have come [default: 100]
  --growth MIB             endurance: fail where memory grows by more in a minute
  --connections N          memory: idle connections [default: 10000]
  --against COMMAND        cost: another client, run in turn: {rate}, {secs}, {port}
  --against-server COMMAND the server that answers it: {port}
  --against-idle COMMAND   memory: another client with idle connections: {count}, {rate}, {secs}, {port}

cost    us an exchange: user and system time of the generator, over the exchanges that the server
        counted meanwhile
memory  bytes a connection: what the process has grown by, over the connections, one exchange made
        on each, nothing happening
";

fn main() {
    let asked = Asked(std::env::args().skip(1).collect());
    if asked.says("--help") {
        print!("{HELP}");
        return;
    }
    raise_descriptors();
    if asked.says("--answer") {
        let port = asked.number("--answer", 0);
        return answer::answer(u16::try_from(port).expect("a port has 16 bits"));
    }
    let is_as_asked = match asked.after("--only") {
        Some("scale") => scale::measure(&asked),
        Some("endurance") => endurance::measure(&asked),
        Some("protocols") => protocols::measure(&asked),
        Some("servers") => servers::measure(&asked),
        Some("frames") => frames::measure(&asked),
        only => {
            if only != Some("memory") {
                cost::measure(&asked);
            }
            if only != Some("cost") {
                memory::measure(&asked);
            }
            true
        }
    };
    if !is_as_asked {
        std::process::exit(1);
    }
}
