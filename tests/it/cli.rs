//! The program from outside: exit codes, messages, files, signals.

mod program;
mod refusals;
mod runs;
mod stops;
