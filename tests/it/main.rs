//! Integration tests.

mod protocol;
mod server;
mod socket;
