//! Owns `Around`: what a person's frames go to at a foreign server, and where what comes goes.
//!
//! Law: it lends what belongs to the session for the time of one act; nothing is kept here.

use std::collections::VecDeque;
use std::time::Duration;

use crate::error::Result;
use crate::live::switchboard::{Line, Post};
use crate::wire::frame::{Frame, Side};
use crate::wire::marker::{Direction, Marker};
use crate::wire::speaker::{Audience, Deed, Effects, Manners, Speaker};

/// What a person's frames go to, and where what comes goes.
pub struct Around<'a, S: Side> {
    pub(super) speaker: &'a mut dyn Speaker,
    pub(super) now: Duration,
    pub(super) effects: &'a mut Effects,
    /// Where a dispatcher of ours gives out the chats.
    pub(super) line: Option<&'a mut Line>,
    pub(super) manners: Manners,
    /// Where the other side is strangers', the run's number: by it one's own is known.
    pub(super) strangers: Option<u32>,
    pub(super) heard: &'a mut VecDeque<S::Hears>,
    /// Set where something is waited for that may not come.
    pub(super) waits: &'a mut bool,
}

impl<S: Side> Around<'_, S> {
    /// Whether a dispatcher of ours gives out the chats.
    pub fn dispatches(&self) -> bool {
        self.line.is_some()
    }

    /// Whether the server says everything to everybody.
    pub fn is_broadcast(&self) -> bool {
        self.manners.audience == Audience::All
    }

    /// Whether the other side is strangers', of whom nothing bears this run's markers.
    pub fn has_strangers(&self) -> bool {
        self.strangers.is_some()
    }

    /// Whether a message is an agent's, by its marker: among strangers that of an agent of this run.
    pub fn is_of_agent(&self, marker: Option<Marker>) -> bool {
        let ours = |marker: &Marker| self.strangers.is_none_or(|run| marker.run == run);
        let marker = marker.filter(ours);
        marker.is_some_and(|marker| marker.direction == Direction::Agent)
    }

    /// How the server goes about chats.
    pub fn manners(&self) -> Manners {
        self.manners
    }

    /// Does something at the server.
    ///
    /// # Errors
    /// The protocol cannot say it.
    pub fn act(&mut self, deed: Deed<'_>) -> Result<()> {
        self.speaker.act(self.now, deed, self.effects)
    }

    /// Says something to the dispatcher.
    pub fn post(&mut self, frame: &S::Says) {
        if let Some(line) = &mut self.line {
            line.post(Post::Says(frame.encode().to_string()));
        }
    }

    /// Has the person hear this.
    pub fn hear(&mut self, frame: Option<S::Hears>) {
        self.heard.extend(frame);
    }

    /// Has the person hear this before all that waits to be heard, so many frames.
    pub fn hear_first(&mut self, frame: impl FnOnce(u32) -> S::Hears) {
        let waiting = u32::try_from(self.heard.len()).unwrap_or(u32::MAX);
        self.heard.push_front(frame(waiting));
    }

    /// Waits for something that may not come: for a while only.
    pub fn wait(&mut self) {
        *self.waits = true;
    }
}
