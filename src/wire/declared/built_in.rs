//! Owns the protocols that come with the program, as the files that they are.
//!
//! Law: each says at its head what was run against a real server, and what was only read.

/// Their names.
pub const NAMES: [&str; 8] = [
    "chatwoot",
    "genesys",
    "hexlet",
    "livechat",
    "matrix",
    "rocketchat",
    "socketio",
    "zammad",
];

/// The text of the file of this name.
pub fn built_in(name: &str) -> Option<&'static str> {
    match name {
        "chatwoot" => Some(include_str!("built_in/chatwoot.toml")),
        "genesys" => Some(include_str!("built_in/genesys.toml")),
        "hexlet" => Some(include_str!("built_in/hexlet.toml")),
        "livechat" => Some(include_str!("built_in/livechat.toml")),
        "matrix" => Some(include_str!("built_in/matrix.toml")),
        "rocketchat" => Some(include_str!("built_in/rocketchat.toml")),
        "socketio" => Some(include_str!("built_in/socketio.toml")),
        "zammad" => Some(include_str!("built_in/zammad.toml")),
        _ => None,
    }
}
