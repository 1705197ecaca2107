//! `busyhour`: a contact-center load simulator and benchmark harness for live chat.

pub mod center;
pub mod cli;
pub mod error;
pub mod live;
pub mod measure;
pub mod random;
pub mod report;
pub mod scenario;
pub mod server;
pub mod simulation;
pub mod stats;
pub mod time;
pub mod wire;
