//! Owns an agent's further connections at a foreign server where each of its chats has one.
//!
//! Law: who has none pays nothing for them; what goes wrong with one is the speaker's to tell.

use std::rc::Rc;
use std::task::{Context, Poll};

use super::{Foreign, Part, Persona};
use crate::error::Result;
use crate::live::beside::{Came, Streams, dial};
use crate::live::credentials::Credentials;
use crate::live::dial::Dial;
use crate::live::journal::ChatEvent;
use crate::measure::seen::Passing;
use crate::wire::speaker::{Beside, ChatNumber, Opening, Tidings};

impl<S: Part, D: Dial> Foreign<S, D> {
    /// Does what is to be done on the connections of chats.
    pub(super) fn send_beside(&mut self) {
        while let Some(beside) = self.effects.beside.pop_front() {
            match beside {
                Beside::Open { chat, opening } => self.open_beside(chat, opening),
                Beside::Say { chat, text } => {
                    self.tell(Passing::Said, &text);
                    if let Some(streams) = &mut self.streams {
                        self.sent = self.sent.wrapping_add(streams.say(chat, text));
                    }
                }
                Beside::Close { chat } => {
                    if let Some(streams) = &mut self.streams {
                        streams.close(chat);
                    }
                }
            }
        }
    }

    fn open_beside(&mut self, chat: ChatNumber, opening: Box<Opening>) {
        let (scene, whose) = (Rc::clone(&self.scene), (self.who.party, self.who.number));
        let limits = scene.limits;
        let streams = self
            .streams
            .get_or_insert_with(|| Box::new(Streams::new(limits)));
        streams.open(chat, async move {
            scene.pace.take();
            dial(&scene.to, whose, &opening, None).await
        });
    }

    /// The connection of a chat is lost: it is over for the agent. What was under way on it may not have
    /// come.
    pub(super) fn has_lost(&mut self, chat: ChatNumber) -> Result<()> {
        let whose = self.persona.whose(chat);
        if let Some(caller) = whose.and_then(|marker| self.scene.caller(marker)) {
            let now = self.scene.now();
            self.scene.note_in(caller, now, ChatEvent::LineLost);
        }
        self.around(|persona, around| persona.told(Tidings::Closed { chat }, around))
    }

    /// Takes in what has come on the connection of a chat, once; false where nothing has.
    pub(super) fn take_in_beside(&mut self, context: &mut Context<'_>) -> Result<bool> {
        let Some(streams) = &mut self.streams else {
            return Ok(false);
        };
        let mask = self.scene.to.credentials().map(Credentials::mask);
        let Poll::Ready((chat, came)) = streams.poll_next(mask.map(|mask| &**mask), context) else {
            return Ok(false);
        };
        let now = self.born.elapsed();
        match came {
            Came::Stands => self.speaker.begin_beside(now, chat, &mut self.effects)?,
            Came::Text(text) => {
                self.tell(Passing::Heard, &text);
                self.speaker
                    .hear_beside(now, chat, &text, &mut self.effects)?;
            }
            Came::Ends(error) => {
                let why = error.plain();
                self.speaker.end_beside(now, chat, why, &mut self.effects)?;
            }
        }
        Ok(true)
    }
}
