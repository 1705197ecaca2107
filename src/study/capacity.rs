//! Capacity: how much of a scenario a chat server holds, and what breaks beyond.
//!
//! Law: a probe fails on the server's part alone. What the people are at fault for (too few agents,
//! too little patience) is the same at each scale, since customers and agents are scaled together,
//! and is not judged; where the generator fell short, the search ends there and says so.

pub mod bounds;
pub mod findings;
pub mod health;
pub mod probe;
pub mod search;
pub mod sweep;
