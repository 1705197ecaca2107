//! Real time: the traffic generator and its connections to a chat server.
//!
//! Law: nothing is sent to an address that was not checked: loopback, or a host the user allowed.

pub mod machine;
pub mod socket;
pub mod target;
