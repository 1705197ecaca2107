//! Owns the protocols that come with the program, as the files that they are.
//!
//! Law: each says at its head what was run against a real server, and what was only read.

/// Their names.
pub const NAMES: [&str; 2] = ["hexlet", "socketio"];

/// The text of the file of this name.
pub fn built_in(name: &str) -> Option<&'static str> {
    match name {
        "hexlet" => Some(include_str!("built_in/hexlet.toml")),
        "socketio" => Some(include_str!("built_in/socketio.toml")),
        _ => None,
    }
}
