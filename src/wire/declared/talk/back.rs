//! Owns `Remains`: what is left of a connection that was lost, and how a talk goes on with it.
//!
//! Law: whether the chat goes on is the server's to say; where it says nothing, it does. What the server
//! has not taken, for all that is known, is said again by whoever said it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::jar::Jar;
use super::kept::{Kept, Names};
use super::running::{Running, Task, Wait};
use super::scene::{About, ID};
use super::{GREETING, Stage, Talk};
use crate::error::Result;
use crate::wire::declared::Protocol;
use crate::wire::declared::on::Meaning;
use crate::wire::declared::script::Action;
use crate::wire::frame::Party;
use crate::wire::speaker::{Effects, OWN, Who};

/// What is left of a customer's connection that was lost.
pub struct Remains {
    user: Names,
    chat: Names,
    connection: Names,
    jar: Jar,
    unsaid: u32,
}

/// What a person keeps may be secret.
impl fmt::Debug for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Remains({} unsaid)", self.unsaid)
    }
}

/// A talk that goes on with a chat.
#[derive(Default)]
pub struct Back {
    /// What is good of the connection before.
    connection: Names,
    /// How many of the last messages are to be said again.
    pub unsaid: u32,
    /// The script of `connect` is through.
    has_connected: bool,
    /// The server has said that the chat goes on.
    is_answered: bool,
    /// The server has the chat no longer.
    pub is_gone: bool,
}

impl Talk {
    /// A customer's, who goes on with a chat.
    pub(in crate::wire::declared) fn resuming(
        protocol: Arc<Protocol>,
        who: Who,
        remains: Remains,
    ) -> Talk {
        let mut talk = Talk::new(protocol, who);
        talk.is_set_up = true;
        talk.jar = remains.jar;
        talk.kept = Kept::of_user(remains.user);
        talk.kept.begin_with(OWN, remains.chat);
        talk.chats.begin(OWN);
        talk.back = Some(Box::new(Back {
            connection: remains.connection,
            unsaid: remains.unsaid,
            ..Back::default()
        }));
        talk
    }

    /// What is left, if the server keeps the other half of it.
    pub(super) fn remains(&mut self) -> Option<Remains> {
        let protocol = Arc::clone(&self.protocol);
        let resume = protocol.resume.as_ref()?;
        let own = *self.chats.get(OWN)?;
        if self.who.party != Party::Customer || own.is_over || own.is_left || self.is_gone {
            return None;
        }
        let opens = |running: &Running| running.task == Task::Do(Action::Open);
        if self.running.iter().any(opens) && self.kept.get(ID, Some(OWN)).is_none() {
            // Nobody knows what it would go on with.
            return None;
        }
        let unsaid = self.unsaid(resume.resay);
        // Nobody else comes for it.
        self.is_gone = true;
        let (user, mut connection, chat) = self.kept.take(OWN);
        connection.retain(|name, _| resume.keep.contains(name));
        if let Some(back) = self.back.take().filter(|_| self.stage != Stage::In) {
            // Lost once more, on its way in.
            connection.extend(back.connection);
        }
        let jar = std::mem::take(&mut self.jar);
        Some(Remains {
            user,
            chat,
            connection,
            jar,
            unsaid,
        })
    }

    /// How many of the last messages the server does not have, for all that is known.
    fn unsaid(&self, resay: bool) -> u32 {
        let says = self.running.iter().filter(|running| {
            let waits = matches!(running.wait, Wait::Turn | Wait::Later { .. });
            let is_out = running.step > 0 || !waits;
            running.task == Task::Do(Action::Say) && (resay || !is_out)
        });
        let first = says.map(|running| running.nth).min();
        let since = first.map_or(0, |first| self.says.saturating_sub(first) + 1);
        // What was to be said again is what is said first.
        let before = self.back.as_ref().filter(|_| self.says == 0);
        before.map_or(since, |back| back.unsaid)
    }

    /// Keeps what is good of the connection before, where there was one.
    pub(super) fn keep_on(&mut self) -> Result<()> {
        let Some(back) = &self.back else {
            return Ok(());
        };
        for (name, value) in &back.connection {
            self.kept.put(name, value, None)?;
        }
        Ok(())
    }

    /// The script of `connect` is through: who has a chat goes on with it.
    pub(super) fn has_connected(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        self.patience = Some(now + GREETING);
        if let Some(back) = self.back.as_mut().filter(|back| !back.is_gone) {
            back.has_connected = true;
            let about = About {
                chat: Some(OWN),
                ..About::default()
            };
            return self.push(Running::new(Task::Do(Action::Resume), about, now));
        }
        self.is_through = true;
        self.ready(now, out)
    }

    /// The script of `resume` is through.
    pub(super) fn has_resumed(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        self.patience = Some(now + GREETING);
        self.is_through = true;
        self.ready(now, out)
    }

    /// Whether the server has still to say that the chat goes on.
    pub(super) fn waits_for_the_chat(&self) -> bool {
        let back = self
            .back
            .as_ref()
            .filter(|back| !back.is_gone && !back.is_answered);
        back.is_some() && self.protocol.says(self.who.party, Meaning::Resumed)
    }

    /// The server says that the chat goes on.
    pub(super) fn chat_goes_on(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        if let Some(back) = self.back.as_mut().filter(|_| self.stage != Stage::In) {
            back.is_answered = true;
            return self.ready(now, out);
        }
        out.note(|| "nobody has come back".into());
        Ok(())
    }

    /// The server has the chat no longer.
    pub(super) fn chat_is_gone(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let is_back = self.stage != Stage::In;
        let Some(back) = self.back.as_mut().filter(|back| is_back && !back.is_gone) else {
            out.note(|| "nobody has come back".into());
            return Ok(());
        };
        (back.is_gone, back.unsaid) = (true, 0);
        self.is_through |= back.has_connected;
        out.note(|| "the chat is gone".into());
        self.forget(Some(OWN));
        self.running
            .retain(|running| running.task != Task::Do(Action::Resume));
        self.ready(now, out)
    }
}
