//! What is seen: the catalogue of measures, records, histograms, results and the judge of gates.
//!
//! Law: a KPI is computed here and nowhere else; simulated and live runs are measured by the same
//! code. All sums are integers, so that no result depends on the order of addition.

pub mod attribution;
pub mod cast;
pub mod catalogue;
pub mod cells;
pub mod classes;
pub mod clock;
pub mod gate;
pub mod histogram;
pub mod kpi;
pub mod meter;
pub mod outline;
pub mod pool;
pub mod precision;
pub mod record;
pub mod recorder;
pub mod result;
pub mod seen;
pub mod sight;
pub mod story;
pub mod tally;
pub mod visit;
