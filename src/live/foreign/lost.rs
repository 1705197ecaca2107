//! Owns what is kept of somebody whose connection to a foreign server is lost, until it is back.
//!
//! Law: it is kept only where the server keeps the other half of it, and until its person has gone. Where
//! a dispatcher of ours gives out the chats, that hears nothing of the loss: the chat goes on.

use std::collections::VecDeque;
use std::rc::Rc;

use tokio::time::Instant;

use super::{Foreign, Part, Persona};
use crate::live::dial::Dial;
use crate::live::orbit::Caller;
use crate::live::scene::Scene;
use crate::live::session::Session;
use crate::live::switchboard::Line;
use crate::wire::frame::CustomerSide;
use crate::wire::speaker::Lost;

/// What is kept of somebody whose connection is lost.
#[derive(Debug)]
pub struct Kept<S: Part> {
    /// What the server keeps the other half of.
    pub lost: Lost,
    /// Since when it is lost.
    pub since: Instant,
    /// What is ours.
    pub rest: Rest<S>,
}

/// Of what is kept, what is nothing to the protocol.
#[derive(Debug)]
pub struct Rest<S: Part> {
    /// Where others reach the person.
    pub(super) address: String,
    pub(super) persona: S::Persona,
    pub(super) line: Option<Line>,
    /// What it had heard, and not taken yet.
    pub(super) heard: VecDeque<S::Hears>,
}

impl<D: Dial> Session<CustomerSide, D> {
    /// The connection is lost: what is needed to go on with the chat is kept.
    pub fn lose(self, scene: &Rc<Scene<D>>, caller: Caller) {
        if let Session::Foreign(mut foreign) = self
            && let Some(kept) = foreign.keep()
        {
            scene.abroad.keep(caller, kept);
        }
    }
}

impl<S: Part, D: Dial> Foreign<S, D> {
    /// What is kept of it, if the server keeps anything.
    pub(super) fn keep(&mut self) -> Option<Kept<S>> {
        // Who has not got in again is reached where it was before.
        let address = self.before.take().or_else(|| self.address.take());
        let address = address.filter(|_| !self.persona.is_over())?;
        let lost = self.speaker.lose(self.born.elapsed())?;
        let rest = Rest {
            address,
            persona: std::mem::take(&mut self.persona),
            line: self.line.take(),
            heard: std::mem::take(&mut self.heard),
        };
        Some(Kept {
            lost,
            since: Instant::now(),
            rest,
        })
    }
}
