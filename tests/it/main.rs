//! Integration tests.

mod server;
mod socket;
