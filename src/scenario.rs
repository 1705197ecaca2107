//! What is asked: the scenario file, its errors and schema, and the plan it resolves to.

pub mod calendar;
pub mod plan;
pub mod stream;
