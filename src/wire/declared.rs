//! The pieces of which a protocol is declared: pointers into frames, texts with holes, conditions.
//!
//! Law: what a file declares is read once, with every fault in its place; what is done for each
//! frame after that is bounded, and nothing that a server says can panic or be taken for more than
//! a value.

pub mod aim;
pub mod capture;
pub mod codec;
pub mod condition;
pub mod hole;
pub mod inner;
pub mod json_template;
pub mod matcher;
pub mod pattern;
pub mod place;
pub mod pointer;
pub mod template;
