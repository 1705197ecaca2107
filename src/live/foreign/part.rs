//! Owns `Part`: a side of a chat, with what its people's frames come to at a foreign server.
//!
//! Law: who comes back for what was left is a customer; agents who are cut off have no chats any more.

use super::Persona;
use super::answerer::Answerer;
use super::asker::Asker;
use super::lost::Kept;
use crate::live::dial::Dial;
use crate::live::orbit::Caller;
use crate::live::scene::Scene;
use crate::wire::frame::{AgentSide, CustomerSide, Side};
use crate::wire::speaker::Who;

/// A side with what its people's frames come to elsewhere.
pub trait Part: Side {
    /// What they come to.
    type Persona: Persona<Side = Self>;

    /// Keeps what is left of somebody's connection; nothing for those who do not come back for it.
    fn shelve<D: Dial>(_: &Scene<D>, _: Who, _: Kept<Self>)
    where
        Self: Sized,
    {
    }
}

impl Part for CustomerSide {
    type Persona = Asker;

    fn shelve<D: Dial>(scene: &Scene<D>, who: Who, kept: Kept<CustomerSide>) {
        let caller = Caller {
            attempt: who.attempt,
            ..scene.newcomer(who.number)
        };
        scene.abroad.keep(caller, kept);
    }
}

impl Part for AgentSide {
    type Persona = Answerer;
}
