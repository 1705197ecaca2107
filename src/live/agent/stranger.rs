//! Owns an agent's chats with strangers: visitors who come to the server by themselves.
//!
//! Law: whatever is written in a stranger's message, it is the stranger's, and waits for a reply of its
//! own, in turn. What is known of the stranger its agent notes, since nobody else does.

use super::Desk;
use crate::center::ChatId;
use crate::center::agent::{AgentInput, SlotId};
use crate::error::Result;
use crate::live::dial::Dial;
use crate::live::journal::ChatEvent;
use crate::time::Time;
use crate::wire::frame::ToAgent;

/// Messages of a chat that wait for a reply: more are told of, and get none.
const WAITING_MOST: u32 = 1_000;

impl<D: Dial> Desk<D> {
    /// Whether the chats are strangers'.
    pub(super) fn has_strangers(&self) -> bool {
        !self.scene.cast.plays_customers()
    }

    /// Hears what the server has said before the start, when visitors were there already.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn hear_first(&mut self, early: impl IntoIterator<Item = ToAgent>) -> Result<()> {
        for frame in early {
            self.hear(frame, self.scene.now()).await?;
        }
        Ok(())
    }

    /// Notes what happens to the stranger whose chat it is.
    pub(super) fn tell_of_stranger(&mut self, ours: ChatId, at: Time, event: ChatEvent) {
        if self.has_strangers() {
            self.note_in(ours, at, event);
        }
    }

    /// A stranger says something: it is pending, or waits behind what is.
    pub(super) fn stranger_says(&mut self, chat: u64, now: Time) {
        let Some(slot) = self.slot_of(chat) else {
            return;
        };
        let mut chats = self.chats.iter_mut();
        let open = chats.find(|held| held.number == chat && !held.closed);
        let Some(held) = open else { return };
        if held.waiting == WAITING_MOST {
            let words = format!("{WAITING_MOST} messages waited in a chat: more got no reply");
            return self.scene.remark(words);
        }
        held.waiting += 1;
        let (first, ours) = (held.waiting == 1, held.id);
        self.note_in(ours, now, ChatEvent::Says);
        if first {
            self.note(now, AgentInput::Message(slot));
        }
    }

    /// A stranger has got a reply: what it has said next is pending.
    pub(super) fn stranger_hears(&mut self, slot: SlotId, ours: ChatId, last: bool, due: Time) {
        if !self.has_strangers() {
            return;
        }
        self.note_in(ours, due, ChatEvent::Replied { last });
        let Some(held) = self.held(ours) else { return };
        held.waiting = held.waiting.saturating_sub(1);
        if held.waiting > 0 && !last {
            self.note(due, AgentInput::Message(slot));
        }
    }
}
