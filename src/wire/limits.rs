//! Owns the limits that both ends keep, and the WebSocket settings that follow from them.
//!
//! Law: every one is stated here and in docs/protocol.md. Small buffers, because a run has tens of
//! thousands of connections and a chat message is a few hundred bytes.

use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The most bytes of a message, unless a server is told otherwise.
pub const FRAME_LIMIT: usize = 16 * 1024;

/// The most bytes of a message from a server that speaks another protocol: some say much at once.
pub const FOREIGN_FRAME_LIMIT: usize = 256 * 1024;

/// The least a server may be told: room for any frame without text.
pub const FRAME_LIMIT_LEAST: usize = 512;

/// The most a server may be told.
pub const FRAME_LIMIT_MOST: usize = 1024 * 1024;

/// Agents are numbered below this; a process has fewer descriptors.
pub const AGENTS_MOST: u32 = 16_384;

/// The most chats an agent may ask for at a time.
pub const CONCURRENCY_MOST: u32 = 1_000;

/// The messages without a reply that a server keeps of a chat, for the agent who gets it.
pub const KEPT_MOST: usize = 16;

/// The frames that a server keeps for a customer who has not said that it has heard them.
pub const UNHEARD_MOST: usize = 32;

/// The fewest characters of a ticket: few enough could be guessed.
pub const TICKET_LEAST: usize = 16;

/// The most characters of a ticket.
pub const TICKET_MOST: usize = 64;

/// The most characters of a marker.
pub const MARKER_MOST: usize = 64;

/// Held by every connection from its beginning; it grows where a message is longer. Nearly all are
/// shorter, and all of it is cleared for each.
const READ_BUFFER: usize = 512;

/// What is said in one breath is written as one, up to so many bytes.
const WRITE_BUFFER: usize = 4 * 1024;
const WRITE_BUFFER_MOST: usize = 64 * 1024;

/// The settings of a WebSocket whose messages have at most `frame_limit` bytes: a message is written
/// when it is flushed, and a peer that does not read is not buffered for without end.
pub fn websocket(frame_limit: usize) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER_MOST.max(frame_limit.saturating_mul(4)))
        .max_message_size(Some(frame_limit))
        .max_frame_size(Some(frame_limit))
}
