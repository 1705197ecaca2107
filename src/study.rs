//! What to do: questions that take more than one run to answer.
//!
//! Law: a study plays plans and reads results like any user; it computes no KPI of its own.

pub mod attribution;
pub mod capacity;
pub mod validate;
