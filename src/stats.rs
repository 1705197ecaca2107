//! Statistics: the laws that draws follow, and the intervals around what was measured.
//!
//! Law: nothing here knows what a chat is.

pub mod exp;
pub mod interval;
pub mod law;
