//! Owns what an agent says and hears on the connections of its chats, where each has its own.
//!
//! Law: what goes wrong on the connection of a chat ends that chat, and nothing else of the agent's.

use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::running::{Running, Task, Wait};
use super::scene::About;
use super::{GREETING, Talk};
use crate::error::Result;
use crate::wire::declared::codec::Codec;
use crate::wire::declared::script::Action;
use crate::wire::frame::Party;
use crate::wire::speaker::{Beside, ChatNumber, Effects, OWN, Tidings};

/// How far the connection of a chat is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// None was asked for.
    #[default]
    None,
    /// It was asked for.
    Asked,
    /// It stands.
    Stands,
    /// It is over, or is to be.
    Over,
}

impl Talk {
    /// Whether each chat has a connection of its own.
    pub(super) fn is_apart(&self) -> bool {
        self.protocol.apart.is_some() && self.who.party == Party::Agent
    }

    /// On which stream a script is said: that of a chat, or the person's own.
    pub(super) fn stream(&self, running: &Running) -> ChatNumber {
        let chat = match running.task {
            Task::Enter
            | Task::Sign(_)
            | Task::Do(Action::Say | Action::Typing | Action::Close | Action::Assigned) => {
                running.about.chat
            }
            Task::Do(_) => None,
        };
        chat.filter(|_| self.is_apart()).unwrap_or(OWN)
    }

    /// Puts a text out on a stream.
    pub(super) fn put(&self, stream: ChatNumber, text: Utf8Bytes, out: &mut Effects) {
        match stream {
            OWN => out.sends.push_back(text),
            chat => out.beside.push_back(Beside::Say { chat, text }),
        }
    }

    /// Whether something can be said on a stream.
    pub(super) fn stands(&self, stream: ChatNumber) -> bool {
        let chat = self.chats.get(stream);
        stream == OWN || chat.is_some_and(|chat| chat.line == Line::Stands)
    }

    /// Asks for a chat's stream, before anything is said on it; false where it stands.
    pub(super) fn asks_for_stream(
        &mut self,
        at: usize,
        now: Duration,
        out: &mut Effects,
    ) -> Result<bool> {
        let running = &self.running[at];
        let (Task::Enter, Some(chat)) = (running.task, running.about.chat) else {
            return Ok(false);
        };
        let protocol = Arc::clone(&self.protocol);
        let known = self.chats.get_mut(chat).filter(|chat| !chat.is_over);
        let (Some(known), Some(apart)) = (known, &protocol.apart) else {
            self.running.remove(at);
            return Ok(true);
        };
        if known.line != Line::None {
            return Ok(false);
        }
        known.line = Line::Asked;
        let about = running.about.clone();
        let (path, name) = (&apart.path, apart.subprotocol.as_ref());
        let opening = self.opening(path, name, &apart.headers, now, &about)?;
        let opening = Box::new(opening);
        out.beside.push_back(Beside::Open { chat, opening });
        let until = now + GREETING;
        self.running[at].wait = Wait::Stream { until };
        Ok(true)
    }

    /// The stream of a chat stands.
    pub(super) fn stream_stands(&mut self, chat: ChatNumber, out: &mut Effects) {
        match self.chats.get_mut(chat) {
            Some(known) if known.line == Line::Asked => known.line = Line::Stands,
            _ => {
                out.beside.push_back(Beside::Close { chat });
                return;
            }
        }
        if self.protocol.transport.codec != Codec::SocketIo {
            self.enters(chat);
        }
    }

    /// What is said first on the stream of a chat may be said.
    pub(super) fn enters(&mut self, chat: ChatNumber) {
        let mut running = self.running.iter_mut();
        let enters = |own: &&mut Running| {
            let waits = matches!(own.wait, Wait::Stream { .. });
            waits && own.task == Task::Enter && own.about.chat == Some(chat)
        };
        if let Some(running) = running.find(enters) {
            running.wait = Wait::Turn;
        }
    }

    /// A text came on the stream of a chat.
    pub(super) fn heard_beside(
        &mut self,
        now: Duration,
        chat: ChatNumber,
        text: &str,
        out: &mut Effects,
    ) {
        if self.chats.get(chat).is_none() || !self.stands(chat) {
            out.note(|| "something on the connection of a chat that is over".into());
            return;
        }
        self.ear = chat;
        let followed = self.decode(now, text, out);
        self.ear = OWN;
        if let Err(error) = followed {
            self.breaks(Some(chat), error.plain(), out);
        }
    }

    /// The stream of a chat is over.
    pub(super) fn stream_ends(&mut self, chat: ChatNumber, why: &str, out: &mut Effects) {
        let Some(known) = self.chats.get_mut(chat) else {
            return;
        };
        let is_expected = known.is_over || known.is_left || known.line == Line::Over;
        known.line = Line::Over;
        if is_expected {
            known.is_over = true;
            self.leave_off(chat);
        } else {
            self.breaks(Some(chat), why, out);
        }
    }

    /// Nothing more can be said there.
    fn leave_off(&mut self, chat: ChatNumber) {
        let mut running = std::mem::take(&mut self.running);
        running.retain(|running| self.stream(running) != chat);
        self.running = running;
    }

    /// The connection of a chat is no good any more, and the chat is over with it.
    pub(super) fn breaks(&mut self, chat: Option<ChatNumber>, why: &str, out: &mut Effects) {
        let Some(known) = chat.and_then(|chat| self.chats.get_mut(chat)) else {
            return;
        };
        let (chat, was_over) = (known.number, std::mem::replace(&mut known.is_over, true));
        self.hang_up(chat);
        self.leave_off(chat);
        if was_over {
            return;
        }
        let kind = self.kind(&format!("the connection of a chat: {why}"));
        out.note(|| kind.clone());
        out.tidings.push_back(Tidings::Refused {
            chat: Some(chat),
            kind,
        });
        out.tidings.push_back(Tidings::Broken { chat });
    }

    /// The connection of a chat is to be ended, if there is one.
    pub(super) fn hang_up(&mut self, chat: ChatNumber) {
        if let Some(known) = self.chats.get_mut(chat)
            && matches!(known.line, Line::Asked | Line::Stands)
        {
            known.line = Line::Over;
            self.hung_up.push(chat);
        }
    }

    /// Signs of life are given on each stream.
    pub(super) fn sign_beside(&mut self, number: usize, now: Duration) -> Result<()> {
        if !self.is_apart() {
            return Ok(());
        }
        let stands = |chat: &ChatNumber| self.stands(*chat);
        let chats: Vec<ChatNumber> = self.chats.numbers().filter(stands).collect();
        for chat in chats {
            let about = About {
                chat: Some(chat),
                ..About::default()
            };
            self.push(Running::new(Task::Sign(number), about, now))?;
        }
        Ok(())
    }
}
