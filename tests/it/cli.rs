//! The program from outside: exit codes, messages, files, signals.

mod alone;
mod live;
mod program;
mod refusals;
mod runs;
mod stops;
