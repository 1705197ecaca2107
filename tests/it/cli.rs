//! The program from outside: exit codes, messages, files, signals.

mod alone;
mod capacity;
pub mod collector;
mod erlang;
mod live;
pub mod looking;
mod memory;
mod one_side;
mod precise;
pub mod program;
mod protocols;
mod refusals;
mod restarts;
mod runs;
mod shards;
mod stalls;
mod stops;
mod workers;
