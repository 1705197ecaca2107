//! Integration tests: one binary, one module a topic.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests may say what they found"
)]

mod cli;
mod plans;
mod report;
mod scenario;
mod server;
mod theory;
