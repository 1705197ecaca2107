//! The exact queueing formulas: what theory says of a center, without simulating it.
//!
//! Law: times are in one unit, whichever the caller takes (seconds everywhere in this program), and
//! rates in its inverse. What theory does not know (a queue that grows without end) is an error in
//! words, never an infinite figure. Some of them nobody asks for on the command line: they hold the
//! figures that the simulation is validated by to a second way of working them out.

pub mod counts;
pub mod density;
pub mod erlang_b;
pub mod levels;
pub mod multi_server;
pub mod patience;
pub mod priority;
pub mod saturated;
pub mod single_server;
pub mod staffing;
pub mod waiting;

#[cfg(test)]
mod tests;
