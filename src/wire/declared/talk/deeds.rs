//! Owns what a person does: each deed as the script that says it.
//!
//! Law: a deed about a chat that the person is not in, or not any more, is let go: the server was
//! quicker, and that is nobody's fault.

use std::time::Duration;

use super::Talk;
use super::running::{Running, Task};
use super::scene::{About, PEER};
use crate::error::Result;
use crate::wire::declared::script::Action;
use crate::wire::frame::Party;
use crate::wire::speaker::{ChatNumber, Deed, Dispatch, Effects, OWN, Tidings};

impl Talk {
    /// The person does something.
    pub(super) fn deed(&mut self, now: Duration, deed: Deed<'_>, out: &mut Effects) -> Result<()> {
        match deed {
            Deed::Online { limit } => {
                self.limit = Some(limit);
                self.begin_script(Action::SetLimit, None, now)?;
                self.begin_script(Action::Online, None, now)
            }
            Deed::Offline => self.begin_script(Action::Offline, None, now),
            Deed::Open { priority } => self.open_chat(priority, now),
            Deed::Meet { chat, peer } => self.meet(chat, peer, now),
            Deed::Say { chat, text } => self.say_in(chat, text, now, out),
            Deed::Typing { chat } => self.of_chat(Action::Typing, chat, now, out),
            Deed::Close { chat } => self.close(chat, now, out),
            Deed::Free { chat } => self.of_chat(Action::Free, chat, now, out),
            Deed::Transfer { chat } => self.transfer(chat, now, out),
            Deed::Take => self.take(now, out),
            Deed::Bye => {
                self.is_gone = true;
                self.begin_script(Action::Bye, None, now)
            }
        }
    }

    pub(super) fn begin_script(
        &mut self,
        action: Action,
        chat: Option<ChatNumber>,
        now: Duration,
    ) -> Result<()> {
        let about = About {
            chat,
            ..About::default()
        };
        self.push(Running::new(Task::Do(action), about, now))
    }

    /// Begins a script about a chat that the person is in.
    fn of_chat(
        &mut self,
        action: Action,
        chat: ChatNumber,
        now: Duration,
        out: &mut Effects,
    ) -> Result<()> {
        if self.chats.get(chat).is_none() {
            out.note(|| format!("{}: the person is in no chat {chat}", action.key()));
            return Ok(());
        }
        self.begin_script(action, Some(chat), now)
    }

    fn open_chat(&mut self, priority: u8, now: Duration) -> Result<()> {
        self.begin_chat(OWN, now)?;
        let about = About {
            chat: Some(OWN),
            priority: Some(priority),
            ..About::default()
        };
        self.push(Running::new(Task::Do(Action::Open), about, now))
    }

    fn meet(&mut self, chat: ChatNumber, peer: &str, now: Duration) -> Result<()> {
        // A customer's chat has begun when it was opened; met again, it has another agent.
        let is_new = self.chats.get(chat).is_none();
        if is_new || self.who.party == Party::Agent {
            self.begin_chat(chat, now)?;
        }
        self.kept.put(PEER, peer, Some(chat))?;
        self.take_on(chat, now)
    }

    fn say_in(
        &mut self,
        chat: ChatNumber,
        text: &str,
        now: Duration,
        out: &mut Effects,
    ) -> Result<()> {
        if self.chats.get(chat).is_none() {
            out.note(|| format!("say: the person is in no chat {chat}"));
            return Ok(());
        }
        let about = About {
            chat: Some(chat),
            text: Some(text.into()),
            ..About::default()
        };
        self.says = self.says.wrapping_add(1);
        let mut running = Running::new(Task::Do(Action::Say), about, now);
        running.nth = self.says;
        self.push(running)
    }

    fn close(&mut self, chat: ChatNumber, now: Duration, out: &mut Effects) -> Result<()> {
        let Some(known) = self.chats.get_mut(chat) else {
            out.note(|| format!("close: the person is in no chat {chat}"));
            return Ok(());
        };
        let was_left = std::mem::replace(&mut known.is_left, true);
        if known.is_over || was_left {
            out.note(|| "close: the chat is over".into());
            return Ok(());
        }
        self.begin_script(Action::Close, Some(chat), now)
    }

    fn transfer(&mut self, chat: ChatNumber, now: Duration, out: &mut Effects) -> Result<()> {
        if self
            .protocol
            .script(self.who.party, Action::Transfer)
            .is_empty()
        {
            if self.protocol.manners.dispatch == Dispatch::Busyhour {
                // The server knows of no chats, and of none that goes to somebody else.
                self.forget(Some(chat));
                return Ok(());
            }
            let kind = "transfer: the protocol has none".to_string();
            let chat = Some(chat);
            out.tidings.push_back(Tidings::Refused { chat, kind });
            return Ok(());
        }
        self.of_chat(Action::Transfer, chat, now, out)
    }
}
