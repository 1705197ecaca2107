//! Owns an agent whose connection is lost: how that is found out, and what becomes of its chats.
//!
//! Law: what the agent had in hand is over for it at that instant, so that nothing is counted as held
//! by somebody who is not there.

use super::{Desk, Presence};
use crate::center::fate::Fate;
use crate::error::{Error, Result};
use crate::live::dial::Dial;
use crate::live::journal::ChatEvent;
use crate::scenario::plan::Shift;
use crate::time::{Span, Time};

impl<D: Dial> Desk<D> {
    /// Sees whether the server still gives signs of life.
    pub(super) async fn check_life(&mut self, now: Time) -> Result<()> {
        self.check = now + self.idle;
        if self.socket.is_alive().await {
            return Ok(());
        }
        self.silent_since = now - Span(self.idle.0.saturating_mul(3));
        Err(Error::failed("the server gives no sign of life"))
    }

    /// The connection is lost: the agent's chats are over, its slots free. Gives what is left of its
    /// shift.
    pub fn lose(mut self) -> Option<Shift> {
        let now = self.scene.now();
        let since = self.silent_since.min(now);
        let agent = self.shift.agent;
        for held in std::mem::take(&mut self.chats) {
            let slot = self.agent.slot_of(held.id);
            let spent = slot.map_or(Span::ZERO, |slot| self.agent.attended(slot, now));
            if spent > Span::ZERO && !held.closed {
                let composed = ChatEvent::Composed(spent);
                self.scene.note_in(held.caller, now, composed);
            }
            if self.has_strangers() {
                let cut = ChatEvent::Cut(Fate::Broken);
                self.scene.note_in(held.caller, now, cut);
            }
            let lost = ChatEvent::AgentLost { agent, since };
            self.scene.note_in(held.caller, now, lost);
        }
        self.put_down(now);
        self.off_duty(now);
        let online = &self.scene.online;
        online.set(online.get().saturating_sub(1));
        let goes_on = self.presence != Presence::Leaving && self.shift.until > now;
        goes_on.then_some(Shift {
            from: now,
            ..self.shift
        })
    }
}
