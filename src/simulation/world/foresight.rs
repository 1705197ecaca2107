//! Owns how a large center sends for memory ahead.
//!
//! Law: it changes no figure, only how long one has to be waited for.

use prefetch_index::prefetch_index;

use super::{Chat, LATER, SOON, World};

impl<const LATE: bool> World<'_, LATE> {
    /// Sends for the memory of whoever is woken next: a large center does not fit into the
    /// processor's nearest memory. First for agent and chat, two wake-ups later for what they lead
    /// to. Of the two the lower number is the agent's; a chat that has none goes by the first.
    #[inline]
    pub(super) fn foresee(&self) {
        let pair = |(one, other): (u32, u32)| {
            let chat = one.max(other).saturating_sub(self.plan.team);
            (one.min(other) as usize, chat as usize)
        };
        if let Some(later) = self.queue.upcoming(LATER) {
            let (agent, chat) = pair(later);
            prefetch_index(&self.agents, agent);
            prefetch_index(&self.chats, chat);
        }
        if let Some(soon) = self.queue.upcoming(SOON) {
            let (agent, chat) = pair(soon);
            if let Some(Chat { visit, .. }) = self.chats.get(chat) {
                self.agents[agent].foresee(visit.slot());
                visit.foresee();
            }
            self.queue.foresee(soon.1);
        }
    }
}
