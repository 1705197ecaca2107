//! Owns `Said`: what a matcher has read of an event, and what a talk makes of its meaning.
//!
//! Law: what is said of a chat that is none of the person's is not theirs to hear. What the person's
//! own side wrote is an echo and nobody's news.

use std::time::Duration;

use super::Talk;
use super::chats::Which;
use super::running::{Running, Task};
use super::scene::{About, ID, PEER};
use crate::error::{Error, Result};
use crate::wire::declared::aim::Hit;
use crate::wire::declared::on::{Meaning, On};
use crate::wire::declared::script::Action;
use crate::wire::declared::step::keep::Source;
use crate::wire::frame::Party;
use crate::wire::marker::{Direction, Marker};
use crate::wire::speaker::{Audience, ChatNumber, Effects, OWN, Tidings};

/// What a matcher has read.
pub struct Said {
    meaning: Meaning,
    pub(super) chat: Option<String>,
    from: Option<String>,
    text: Option<String>,
    kind: Option<String>,
    pub(super) position: Option<u32>,
    ts: Option<u64>,
    retry: Option<u64>,
    pub(super) kept: Vec<(String, String)>,
}

impl Said {
    /// What is read of a hit.
    pub fn of(on: &On, hit: &Hit) -> Said {
        let capture = |name| on.matcher.capture(name);
        let text = |name| Some(capture(name)?.text(hit)?.into_owned());
        let position = capture("position").and_then(|own| own.number(hit));
        let kept = on.keeps.iter().filter_map(|keep| match &keep.source {
            Source::Value(own) => Some((keep.name.clone(), own.text(hit)?.into_owned())),
            Source::Header(_) => None,
        });
        Said {
            meaning: on.meaning,
            chat: text("chat"),
            from: text("from"),
            text: text("text"),
            kind: text("kind"),
            position: position.and_then(|position| u32::try_from(position).ok()),
            ts: capture("ts").and_then(|own| own.millis(hit)),
            retry: capture("retry").and_then(|own| own.millis(hit)),
            kept: kept.collect(),
        }
    }

    /// For whoever writes the protocol.
    pub fn words(&self) -> String {
        let texts = [
            ("chat", &self.chat),
            ("from", &self.from),
            ("kind", &self.kind),
            ("text", &self.text),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)));
        let numbers = [
            ("position", self.position.map(u64::from)),
            ("ts", self.ts),
            ("retry", self.retry),
        ];
        let numbers = numbers.into_iter();
        let numbers = numbers.filter_map(|(name, value)| Some((name, value?.to_string())));
        let kept = self
            .kept
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        let all = numbers.chain(kept).chain(texts);
        let words: Vec<String> = all.map(|(name, value)| format!("{name}={value}")).collect();
        words.join(" ")
    }
}

impl Talk {
    /// Makes of it what it means.
    pub(super) fn mean(&mut self, now: Duration, said: &mut Said, out: &mut Effects) -> Result<()> {
        let which = self.which(said);
        self.polling.is_heard |= said.meaning != Meaning::Ignored;
        if said.meaning != Meaning::Assigned {
            let chat = match which {
                Which::Known(chat) => Some(chat),
                Which::Unsaid | Which::Strange => None,
            };
            for (name, value) in &said.kept {
                self.kept.put(name, value, chat)?;
            }
        }
        match said.meaning {
            Meaning::Ignored => {}
            Meaning::Ready => {
                self.is_ready = true;
                return self.ready(now, out);
            }
            Meaning::Resumed => return self.chat_goes_on(now, out),
            Meaning::Gone if which == Which::Strange => note_strange(said, out),
            Meaning::Gone => return self.chat_is_gone(now, out),
            Meaning::Online => out.tidings.push_back(Tidings::Online),
            Meaning::Queued => self.queued(said, which, out),
            Meaning::Assigned => return self.assigned(now, said, which, out),
            Meaning::Message => self.message(said, which, out),
            Meaning::Typing => match self.heard_by(which) {
                Ok(chat) => out.tidings.push_back(Tidings::Typing { chat }),
                Err(()) => note_strange(said, out),
            },
            Meaning::Closed => self.closed(said, which, out),
            Meaning::Transferred => match self.of_one(which) {
                Some(chat) => self.transferred(Some(chat), out),
                None => note_strange(said, out),
            },
            Meaning::Error if self.is_of_the_take(which) => {
                out.note(|| "the chat that was asked for is not to be had".into());
                self.untaken(self.taking.chat(), out);
            }
            Meaning::Error => {
                let kind = self.kind(said.kind.as_deref().unwrap_or("error"));
                let chat = self.heard_by(which).unwrap_or(None);
                out.tidings.push_back(Tidings::Refused { chat, kind });
            }
            Meaning::Throttled => {
                let kind = self.kind(said.kind.as_deref().unwrap_or("throttled"));
                let retry_after = said.retry.map(Duration::from_millis);
                out.tidings
                    .push_back(Tidings::Throttled { kind, retry_after });
            }
        }
        Ok(())
    }

    /// Which chat it is about.
    fn which(&self, said: &Said) -> Which {
        let found = |name: &str, value: &str| self.kept.find(name, value);
        if self.who.party == Party::Customer {
            let own = self.kept.get(ID, Some(OWN));
            return match (&said.chat, own) {
                _ if self.chats.get(OWN).is_none() => Which::Strange,
                (Some(chat), Some(own)) if chat != own => Which::Strange,
                _ => Which::Known(OWN),
            };
        }
        if self.ear != OWN {
            // On the connection of a chat.
            let own = self.kept.get(ID, Some(self.ear));
            return match (&said.chat, own) {
                (Some(chat), Some(own)) if chat != own => Which::Strange,
                _ => Which::Known(self.ear),
            };
        }
        let number = match (&said.chat, &said.from) {
            (Some(chat), _) => found(ID, chat),
            (None, Some(from)) => found(PEER, from),
            (None, None) => return Which::Unsaid,
        };
        number.map_or(Which::Strange, Which::Known)
    }

    /// In which chat it is heard: none where it is said to everybody, or not said.
    fn heard_by(&self, which: Which) -> std::result::Result<Option<ChatNumber>, ()> {
        match which {
            _ if self.protocol.manners.audience == Audience::All => Ok(None),
            Which::Known(chat) => Ok(Some(chat)),
            Which::Unsaid => Ok(None),
            Which::Strange => Err(()),
        }
    }

    /// The one chat that it can be about.
    fn of_one(&self, which: Which) -> Option<ChatNumber> {
        match which {
            Which::Known(chat) => Some(chat),
            Which::Unsaid => self.chats.only(),
            Which::Strange => None,
        }
    }

    fn message(&self, said: &mut Said, which: Which, out: &mut Effects) {
        let Some(text) = said.text.take() else {
            out.note(|| "a message without a text".into());
            return;
        };
        let own = match self.who.party {
            Party::Agent => Direction::Agent,
            Party::Customer | Party::Server => Direction::Customer,
        };
        // What a stranger has written to an agent may look like any other run's.
        let is_ours =
            |marker: &Marker| self.who.party != Party::Agent || marker.run == self.who.run;
        let marker = Marker::of(&text).filter(is_ours);
        if marker.is_some_and(|marker| marker.direction == own) {
            out.note(|| "an echo of our own side".into());
            return;
        }
        match self.heard_by(which) {
            Ok(chat) => out.tidings.push_back(Tidings::Message {
                chat,
                text,
                server_ms: said.ts,
            }),
            Err(()) => note_strange(said, out),
        }
    }

    fn assigned(
        &mut self,
        now: Duration,
        said: &Said,
        which: Which,
        out: &mut Effects,
    ) -> Result<()> {
        let Some(chat) = self.given(now, said, which, out)? else {
            return Ok(());
        };
        for (name, value) in [(ID, &said.chat), (PEER, &said.from)] {
            if let Some(value) = value {
                self.kept.put(name, value, Some(chat))?;
            }
        }
        for (name, value) in &said.kept {
            self.kept.put(name, value, Some(chat))?;
        }
        out.tidings.push_back(Tidings::Assigned { chat });
        self.take_on(chat, now)
    }

    /// The chat that the server gives to the person; none where it has that, or cannot have it.
    fn given(
        &mut self,
        now: Duration,
        said: &Said,
        which: Which,
        out: &mut Effects,
    ) -> Result<Option<ChatNumber>> {
        if self.who.party == Party::Customer {
            // Of a chat that has no name yet, any name will do.
            let own = self.chats.get(OWN);
            if own.is_none_or(|own| own.is_over || own.is_left) {
                note_strange(said, out);
                return Ok(None);
            }
            return Ok(Some(OWN));
        }
        let known = match which {
            Which::Known(chat) => self.chats.get(chat).copied(),
            Which::Unsaid | Which::Strange => None,
        };
        match self.asked_for(said, which) {
            Some(chat) if known.is_some_and(|chat| chat.is_over) => self.untaken(Some(chat), out),
            Some(chat) => {
                self.taken(chat);
                return Ok(Some(chat));
            }
            None if known.is_some_and(|chat| !chat.is_over) => {
                out.note(|| "a chat that the agent has".into());
            }
            None => {
                let chat = self.chats.next();
                self.begin_chat(chat, now)?;
                return Ok(Some(chat));
            }
        }
        Ok(None)
    }

    /// A chat begins, with the values that are made for each.
    pub(super) fn begin_chat(&mut self, chat: ChatNumber, now: Duration) -> Result<()> {
        while let Some(done) = self.chats.done() {
            self.forget(Some(done));
        }
        if self.chats.is_full() {
            match self.chats.spent() {
                Some(spent) => self.forget(Some(spent)),
                None => {
                    let name = &self.protocol.name;
                    let most = super::chats::MOST;
                    let what = format!("{name}: the server gives an agent more than {most} chats");
                    return Err(Error::failed(what));
                }
            }
        }
        self.chats.begin(chat);
        self.kept.begin(chat);
        let about = About {
            chat: Some(chat),
            ..About::default()
        };
        self.make(2, now, &about)
    }

    /// The chat has its other side: what is done then.
    pub(super) fn take_on(&mut self, chat: ChatNumber, now: Duration) -> Result<()> {
        let enters = self.is_apart().then_some(Task::Enter);
        let first = [Task::Do(Action::Accept)].into_iter().chain(enters);
        for task in first.chain([Task::Do(Action::Assigned)]) {
            let about = About {
                chat: Some(chat),
                ..About::default()
            };
            self.push(Running::new(task, about, now))?;
        }
        Ok(())
    }

    fn closed(&mut self, said: &Said, which: Which, out: &mut Effects) {
        let chat = self.of_one(which);
        self.withdrawn(said);
        let Some(known) = chat.and_then(|chat| self.chats.get_mut(chat)) else {
            return note_strange(said, out);
        };
        let was_over = std::mem::replace(&mut known.is_over, true);
        let (chat, is_left) = (known.number, known.is_left || known.is_asked);
        self.hang_up(chat);
        if is_left || was_over {
            out.note(|| "the end of a chat that was over".into());
        } else {
            out.tidings.push_back(Tidings::Closed { chat });
        }
    }

    /// A chat goes to another agent; a customer's goes on.
    pub(super) fn transferred(&mut self, chat: Option<ChatNumber>, out: &mut Effects) {
        let Some(chat) = chat else {
            return;
        };
        out.tidings.push_back(Tidings::Transferred { chat });
        if self.who.party == Party::Agent {
            self.forget(Some(chat));
        }
    }

    /// The person is through with a chat. For a while, what was said in it before is heard.
    pub(super) fn finish(&mut self, chat: Option<ChatNumber>) {
        if let Some(chat) = chat {
            self.hang_up(chat);
            self.chats.finish(chat);
            self.kept.finish(chat);
        }
    }

    /// The person has nothing to do with a chat any more.
    pub(super) fn forget(&mut self, chat: Option<ChatNumber>) {
        if let Some(chat) = chat {
            self.hang_up(chat);
            self.chats.end(chat);
            self.kept.end(chat);
        }
    }
}

fn note_strange(said: &Said, out: &mut Effects) {
    let key = said.meaning.key();
    out.note(|| format!("`{key}` of a chat that is none of ours"));
}
