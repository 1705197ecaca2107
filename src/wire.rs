//! The protocols between the people and a chat server, without a socket: text to frames and back.
//!
//! `frame` is the built-in server's own, which people's machines speak; `speaker` is what a person
//! says and hears in any other: over XMPP, or as a file declares it.
//!
//! Law: nothing that arrives can panic or grow without bound: what is no frame of the protocol is
//! an error value, and its words are cleaned before anyone sees them. One place for both ends, so
//! that server and generator cannot disagree; docs/protocol.md says the same in prose.

pub mod clean;
pub mod declared;
pub mod frame;
pub mod hold;
pub mod limits;
pub mod marker;
pub mod names;
pub mod protocols;
pub mod reason;
pub mod speaker;
pub mod tls;
pub mod xmpp;

pub use clean::{clean, clean_masked};

/// The version of the protocol, said in the server's hello.
pub const PROTOCOL: u32 = 4;
