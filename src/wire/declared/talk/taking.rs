//! Owns `Taking`: the chats that an agent who takes them knows to wait, and the one it has asked for.
//!
//! Law: an agent asks for one chat at a time, and for none of which it has not heard. That another was
//! quicker is nobody's fault: it is not asked for again until the server says once more that it waits.

use std::collections::VecDeque;
use std::time::Duration;

use super::Talk;
use super::chats::Which;
use super::meanings::Said;
use super::running::{Task, Wait};
use super::scene::ID;
use crate::error::Result;
use crate::wire::declared::on::Meaning;
use crate::wire::declared::script::Action;
use crate::wire::frame::Party;
use crate::wire::speaker::{ChatNumber, Dispatch, Effects, Tidings};

/// The most chats that are known by name to wait.
const NAMED_MOST: usize = 256;

/// The most bytes of what is known of one.
const OFFER_MOST: usize = 2 * 1024;

/// How long a chat may stay away for which the server has been asked.
const COMES: Duration = Duration::from_secs(30);

/// A chat that waits, and what is kept of it.
#[derive(Debug)]
struct Offer {
    id: String,
    kept: Vec<(String, String)>,
}

impl Offer {
    fn bytes(&self) -> usize {
        let kept = self.kept.iter();
        let kept = kept.map(|(name, value)| name.len() + value.len());
        self.id.len() + kept.sum::<usize>()
    }
}

/// What an agent knows of chats that wait.
#[derive(Debug, Default)]
pub struct Taking {
    /// Those that have a name, the one that has waited longest first.
    named: VecDeque<Offer>,
    /// How many wait besides; as many as can be where it is only said that some do.
    unnamed: u32,
    /// The one that was asked for.
    asked: Option<Asked>,
}

/// A chat that was asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    chat: ChatNumber,
    /// It was asked for by its name.
    is_named: bool,
    /// Once the script is through: until when the server may give it.
    until: Option<Duration>,
}

impl Taking {
    /// The chat that was asked for.
    pub fn chat(&self) -> Option<ChatNumber> {
        self.asked.map(|asked| asked.chat)
    }

    /// Until when it is waited for.
    pub fn until(&self) -> Option<Duration> {
        self.asked?.until
    }

    fn many(&self) -> u32 {
        let named = u32::try_from(self.named.len()).unwrap_or(u32::MAX);
        self.unnamed.saturating_add(named)
    }

    fn offer(&mut self, offer: Offer) {
        if offer.bytes() > OFFER_MOST || self.named.iter().any(|known| known.id == offer.id) {
            return;
        }
        if self.named.len() == NAMED_MOST {
            self.named.pop_front();
        }
        self.named.push_back(offer);
    }

    fn withdraw(&mut self, id: &str) {
        self.named.retain(|known| known.id != id);
    }
}

impl Talk {
    /// Whether the person is one who takes chats.
    fn pulls(&self) -> bool {
        let pulls = self.protocol.manners.dispatch == Dispatch::Pull;
        pulls && self.who.party == Party::Agent
    }

    /// The chat waits; of an agent who takes chats: a chat does, or so many.
    pub(super) fn queued(&mut self, said: &Said, which: Which, out: &mut Effects) {
        let Some(id) = said.chat.as_ref().filter(|_| self.pulls()) else {
            return self.waits(said.position, out);
        };
        let known = match which {
            Which::Known(chat) => self.chats.get(chat),
            Which::Unsaid | Which::Strange => None,
        };
        if known.is_some_and(|chat| !chat.is_over) {
            out.note(|| "a chat that the agent has, or has asked for".into());
            return;
        }
        let kept = said.kept.iter();
        let kept = kept.filter(|(name, _)| name.starts_with("chat."));
        self.taking.offer(Offer {
            id: id.clone(),
            kept: kept.cloned().collect(),
        });
        let position = Some(self.taking.many());
        out.tidings.push_back(Tidings::Queued { position });
    }

    /// The chat waits, at this place; of an agent who takes chats: so many do.
    pub(super) fn waits(&mut self, position: Option<u32>, out: &mut Effects) {
        let mut position = position;
        if self.pulls() {
            self.taking.unnamed = position.unwrap_or(u32::MAX);
            position = position.map(|_| self.taking.many());
        }
        out.tidings.push_back(Tidings::Queued { position });
    }

    /// A chat of somebody who waited is over, or another's.
    pub(super) fn withdrawn(&mut self, said: &Said) {
        if let Some(id) = &said.chat {
            self.taking.withdraw(id);
        }
    }

    /// The agent asks for the next chat.
    pub(super) fn take(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        if self.taking.asked.is_some() {
            out.note(|| "take: one was asked for already".into());
            return Ok(());
        }
        let offer = self.taking.named.pop_front();
        if offer.is_none() && self.taking.unnamed == 0 {
            self.untaken(None, out);
            return Ok(());
        }
        let chat = self.chats.next();
        self.begin_chat(chat, now)?;
        if let Some(known) = self.chats.get_mut(chat) {
            known.is_asked = true;
        }
        let is_named = offer.is_some();
        if let Some(offer) = offer {
            self.kept.put(ID, &offer.id, Some(chat))?;
            for (name, value) in &offer.kept {
                self.kept.put(name, value, Some(chat))?;
            }
        }
        self.taking.asked = Some(Asked {
            chat,
            is_named,
            until: None,
        });
        self.begin_script(Action::Take, Some(chat), now)
    }

    /// The script that asks for a chat is through.
    pub(super) fn has_asked(
        &mut self,
        chat: Option<ChatNumber>,
        now: Duration,
        out: &mut Effects,
    ) -> Result<()> {
        let Some(asked) = self
            .taking
            .asked
            .as_mut()
            .filter(|own| Some(own.chat) == chat)
        else {
            return Ok(());
        };
        let chat = asked.chat;
        let steps = self.protocol.script(Party::Agent, Action::Take);
        let names_it = steps.iter().any(|step| step.keeps(ID));
        let is_named = self.kept.get(ID, Some(chat)).is_some();
        if !names_it && self.protocol.says(Party::Agent, Meaning::Assigned) {
            asked.until = Some(now + COMES);
            return Ok(());
        }
        let is_over = self.chats.get(chat).is_none_or(|chat| chat.is_over);
        if !is_named || is_over {
            out.note(|| "take: no chat was to be had".into());
            self.untaken(Some(chat), out);
            return Ok(());
        }
        self.taken(chat);
        out.tidings.push_back(Tidings::Assigned { chat });
        self.take_on(chat, now)
    }

    /// The chat that was asked for, if it is the one that the server gives.
    pub(super) fn asked_for(&self, said: &Said, which: Which) -> Option<ChatNumber> {
        let asked = self.taking.chat()?;
        match which {
            Which::Known(chat) => (chat == asked).then_some(asked),
            // One that has a name is no other.
            Which::Strange if said.chat.is_some() && self.kept.get(ID, Some(asked)).is_some() => {
                None
            }
            Which::Strange | Which::Unsaid => Some(asked).filter(|_| self.has_been_said()),
        }
    }

    /// Whether a refusal is of the chat that was asked for: it is about no other.
    pub(super) fn is_of_the_take(&self, which: Which) -> bool {
        let Some(asked) = self.taking.chat() else {
            return false;
        };
        match which {
            Which::Known(chat) => chat == asked,
            Which::Unsaid | Which::Strange => self.has_been_said(),
        }
    }

    /// Whether the first word of the script is out.
    fn has_been_said(&self) -> bool {
        let mut running = self.running.iter();
        !running.any(|running| {
            let takes = running.task == Task::Do(Action::Take);
            takes && running.step == 0 && running.wait == Wait::Turn
        })
    }

    /// The agent has the chat that it has asked for.
    pub(super) fn taken(&mut self, chat: ChatNumber) {
        if let Some(known) = self.chats.get_mut(chat) {
            known.is_asked = false;
        }
        let asked = self.taking.asked.take();
        let is_named = asked.is_some_and(|asked| asked.is_named);
        if !is_named && self.taking.unnamed < u32::MAX {
            self.taking.unnamed = self.taking.unnamed.saturating_sub(1);
        }
    }

    /// The chat that was asked for has gone to another, or there was none.
    pub(super) fn untaken(&mut self, chat: Option<ChatNumber>, out: &mut Effects) {
        if let Some(asked) = self.taking.asked.take_if(|own| Some(own.chat) == chat) {
            self.taking.unnamed *= u32::from(asked.is_named);
            self.forget(Some(asked.chat));
            self.running
                .retain(|running| running.task != Task::Do(Action::Take));
        } else if chat.is_some() {
            // It has come meanwhile.
            return;
        }
        let more = self.taking.many() > 0;
        out.tidings.push_back(Tidings::Untaken { more });
    }

    /// A chat that was asked for has stayed away for too long.
    pub(super) fn wait_no_longer(&mut self, now: Duration, out: &mut Effects) {
        if self.taking.until().is_some_and(|until| until <= now) {
            let kind = format!("take: no chat within {} s", COMES.as_secs());
            let chat = None;
            out.tidings.push_back(Tidings::Refused { chat, kind });
            self.untaken(self.taking.chat(), out);
        }
    }
}
