//! Integration tests: one binary, one module a topic.

mod agreement;
mod plans;
mod protocol;
mod report;
mod scenario;
mod server;
mod socket;
mod theory;
