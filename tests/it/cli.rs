//! The program from outside: exit codes, messages, files, signals.

mod alone;
mod erlang;
mod live;
mod memory;
mod precise;
pub mod program;
mod refusals;
mod restarts;
mod runs;
mod stalls;
mod stops;
mod workers;
