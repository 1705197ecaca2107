//! Integration tests: one binary, one module a topic.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may say what they found"
)]

mod abroad;
mod agreement;
mod arrivals;
mod attribution;
mod brown;
mod capacity;
mod classes;
mod cli;
mod faulty_server;
mod house;
mod laws;
mod live;
mod long_poll;
mod plans;
mod post_office;
mod precision;
mod protocol;
mod readme;
mod report;
mod rosters;
mod scenario;
mod server;
mod servers;
mod socket;
mod stage;
mod theory;
mod tls;
mod trace;
mod unreliable;
