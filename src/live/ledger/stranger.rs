//! Owns `Stranger`: what is known of a chat whose customer is nobody of this run.
//!
//! Law: only its agent sees it, from its assignment on. So what the stranger does counts when the agent
//! reads it, a reply when it is written; each message waits for a reply of its own, in turn.

use std::collections::VecDeque;

use super::chat::Page;
use crate::center::fate::Fate;
use crate::time::Time;
use crate::wire::marker::Direction;

/// What is known of a chat whose customer is nobody of this run.
#[derive(Debug, Default)]
pub(super) struct Stranger {
    /// When each message came that waits behind the one that is pending.
    waiting: VecDeque<Time>,
}

impl Page<'_> {
    /// An agent is given the chat, whose first message may have come with it.
    pub(super) fn met(&mut self, agent: u32, pending: bool, at: Time) {
        self.account.stranger = Some(Box::default());
        let visit = &mut self.account.visit;
        self.recorder.met(visit, agent, pending, at);
    }

    /// A message has come: it is pending at once, or behind another.
    pub(super) fn says(&mut self, at: Time) {
        let visit = &mut self.account.visit;
        match &mut self.account.stranger {
            Some(_) if visit.fate().is_some() => {}
            Some(stranger) if visit.is_pending() => {
                stranger.waiting.push_back(at);
                self.recorder.said_more(visit);
            }
            _ => self.recorder.sent(visit, at),
        }
    }

    /// The stranger has got a reply to the message that was pending: the next one is.
    pub(super) fn turns_to_the_next(&mut self) {
        let visit = &mut self.account.visit;
        let stranger = self.account.stranger.as_deref_mut();
        if let Some(then) = stranger.and_then(|stranger| stranger.waiting.pop_front()) {
            self.recorder.pends_since(visit, then);
        }
    }

    /// The chat is over: what waits behind the message that was pending gets no reply.
    pub(super) fn leaves_unanswered(&mut self) {
        if let Some(stranger) = self.account.stranger.as_deref_mut() {
            let messages = std::mem::take(&mut stranger.waiting).len();
            let visit = &self.account.visit;
            self.recorder.stay_unanswered(visit, messages);
        }
    }

    /// The stranger has left, or the server has ended the chat: the agent cannot tell.
    pub(super) fn parted(&mut self, at: Time) {
        if self.account.visit.fate().is_some() {
            return;
        }
        self.leaves_unanswered();
        self.recorder.parted(&mut self.account.visit, at);
        self.account.settle(self.recorder, at);
        self.account.reader_goes(Direction::Agent, at);
    }

    /// The chat ends by its agent, or with its agent's connection.
    pub(super) fn given_up(&mut self, fate: Fate, at: Time) {
        if self.account.visit.fate().is_none() {
            self.leaves_unanswered();
        }
        self.account.cut(self.recorder, fate, at);
    }
}
