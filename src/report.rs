//! What is told: views of a [`RunResult`](crate::measure::result::RunResult), on a terminal and in
//! files, of a validation and of a search for a server's capacity.
//!
//! Law: nothing here prints, and no KPI is computed here: a view only chooses, merges and words
//! what `measure` found, so that all views of a run agree.

pub mod capacity;
pub mod figure;
pub mod file;
pub mod paint;
pub mod records;
pub mod story;
pub mod telemetry;
pub mod terminal;
pub mod validation;
