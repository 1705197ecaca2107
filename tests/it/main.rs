//! Integration tests: one binary, one module a topic.

mod plans;
mod report;
mod scenario;
mod server;
mod theory;
