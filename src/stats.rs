//! Statistics: the laws that draws follow, the intervals around what was measured, and the exact
//! formulas of queueing theory.
//!
//! Law: nothing here knows what a scenario is.

pub mod exp;
pub mod interval;
pub mod law;
pub mod queueing;
pub mod ziggurat;
