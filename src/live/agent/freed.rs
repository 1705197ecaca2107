//! Owns `Freed`: the slots that an agent has freed and the server has not answered for.
//!
//! Law: an answer is waited for at most a second on the wall; who has kept an agent waiting for so
//! long is not waited for again until it has answered once.

use std::collections::VecDeque;
use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// An answer is waited for so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// The chats whose slots are free, but for what the server has to say of that.
#[derive(Debug, Default)]
pub(super) struct Freed {
    /// The first freed first, each with when it is given up.
    chats: VecDeque<(u64, Instant)>,
    /// Whether the server has let it come to that, and not answered since.
    silent: bool,
}

impl Freed {
    /// The server was told that the slot of this chat is free.
    pub fn add(&mut self, chat: u64) {
        if !self.silent {
            self.chats.push_back((chat, Instant::now() + PATIENCE));
        }
    }

    /// The server has said all that there is to say of this chat's slot.
    pub fn settle(&mut self, chat: u64) {
        self.silent = false;
        self.chats.retain(|(freed, _)| *freed != chat);
    }

    /// Whether an answer is waited for.
    pub fn is_awaited(&self) -> bool {
        !self.chats.is_empty()
    }

    /// Waits until it has taken too long; for ever where nothing is waited for. Cancel-safe.
    pub async fn overdue(&self) {
        match self.chats.front() {
            Some((_, until)) => sleep_until(*until).await,
            None => pending().await,
        }
    }

    /// Waits no longer.
    pub fn give_up(&mut self) {
        self.silent = true;
        self.chats.clear();
    }
}
