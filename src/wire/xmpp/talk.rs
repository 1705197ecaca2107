//! Owns `Talk`: what is said between people once one is in, and what outlives a lost connection.
//!
//! Law: who speaks is told by the whole address, since that is whom we met; a chat is whatever
//! its person says it is. Nothing is kept of a chat that was closed.

use std::collections::VecDeque;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::element::Element;
use super::fault;
use super::management::Management;
use super::namespace::Namespace;
use super::settings::Settings;
use super::shelf::{Shelf, Stray};
use super::stanzas::{self, ADDRESS_MOST, Said};
use crate::error::Result;
use crate::wire::clean;
use crate::wire::speaker::{ChatNumber, Deed, Effects, Tidings};

/// The most messages whose confirmation is waited for.
const UNCONFIRMED_MOST: usize = 64;

/// The most bytes of an id that is said back to whoever gave it: what we say is kept for a while.
const ID_MOST: usize = 512;

/// A chat, and with whom.
#[derive(Debug)]
struct Chat {
    number: ChatNumber,
    peer: Box<str>,
}

/// A message of ours that the other side's client may confirm.
#[derive(Debug)]
struct Unconfirmed {
    number: u32,
    said: Duration,
}

/// What goes on between a person and others.
#[derive(Debug, Default)]
pub(super) struct Talk {
    chats: Vec<Chat>,
    unconfirmed: VecDeque<Unconfirmed>,
    /// Of people whom we have not met; made when there are any.
    shelf: Option<Box<Shelf>>,
    /// What the server acknowledges, where it does.
    pub(super) management: Option<Box<Management>>,
    /// How many ids have been given out.
    ids: u32,
}

impl Talk {
    /// The person does something.
    pub(super) fn act(
        &mut self,
        now: Duration,
        deed: Deed<'_>,
        settings: &Settings,
        out: &mut Effects,
    ) {
        match deed {
            Deed::Online { .. } => out.tidings.push_back(Tidings::Online),
            Deed::Meet { chat, peer } => self.meet(chat, peer, out),
            Deed::Say { chat, text } => self.say(now, chat, text, settings, out),
            Deed::Typing { chat } if settings.chat_states => match self.peer(chat) {
                Some(peer) => self.tell(peer, Said::Composing, out),
                None => out.note(|| format!("typing in chat {chat}, which has nobody else")),
            },
            Deed::Close { chat } => {
                if let Some(peer) = self.forget(chat).filter(|_| settings.chat_states) {
                    self.tell(peer, Said::Gone, out);
                }
            }
            Deed::Free { chat } | Deed::Transfer { chat } => drop(self.forget(chat)),
            Deed::Typing { .. } | Deed::Offline | Deed::Open { .. } | Deed::Take | Deed::Bye => {}
        }
    }

    fn meet(&mut self, number: ChatNumber, peer: &str, out: &mut Effects) {
        // Who is met again has a new chat, and a chat that is met again has somebody new.
        let others = |chat: &Chat| chat.number != number && *chat.peer != *peer;
        self.chats.retain(others);
        let peer: Box<str> = peer.into();
        let Some(shelf) = &mut self.shelf else {
            self.chats.push(Chat { number, peer });
            return;
        };
        for stray in shelf.take(&peer) {
            out.tidings.push_back(Tidings::Message {
                chat: Some(number),
                text: stray.text.into(),
                server_ms: stray.server_ms,
            });
        }
        if shelf.is_empty() {
            self.shelf = None;
        }
        self.chats.push(Chat { number, peer });
    }

    fn say(
        &mut self,
        now: Duration,
        chat: ChatNumber,
        text: &str,
        settings: &Settings,
        out: &mut Effects,
    ) {
        let Some(peer) = self.peer(chat) else {
            // The other side may have left just now: no reason to end the other chats.
            let (chat, kind) = (Some(chat), "nobody to say it to".to_owned());
            out.tidings.push_back(Tidings::Refused { chat, kind });
            return;
        };
        let (number, id) = self.id('m');
        let said = Said::Text {
            text,
            active: settings.chat_states,
            request: settings.receipts,
        };
        if settings.receipts {
            if self.unconfirmed.len() == UNCONFIRMED_MOST {
                self.unconfirmed.pop_front();
            }
            self.unconfirmed
                .push_back(Unconfirmed { number, said: now });
        }
        self.send(stanzas::message(&peer, &id, said), Some(now), out);
    }

    /// Something small, which is not waited for.
    fn tell(&mut self, peer: impl AsRef<str>, said: Said<'_>, out: &mut Effects) {
        let (_, id) = self.id('n');
        self.send(stanzas::message(peer.as_ref(), &id, said), None, out);
    }

    /// Asks the server for a sign of life.
    pub(super) fn ping(&mut self, domain: &str, out: &mut Effects) {
        let (_, id) = self.id('p');
        self.send(stanzas::ping(domain, &id), None, out);
    }

    fn peer(&self, chat: ChatNumber) -> Option<Box<str>> {
        let met = self.chats.iter().find(|met| met.number == chat);
        met.map(|met| met.peer.clone())
    }

    fn chat(&self, peer: &str) -> Option<ChatNumber> {
        let met = self.chats.iter().find(|met| *met.peer == *peer);
        met.map(|met| met.number)
    }

    fn forget(&mut self, chat: ChatNumber) -> Option<Box<str>> {
        let at = self.chats.iter().position(|met| met.number == chat)?;
        Some(self.chats.swap_remove(at).peer)
    }

    /// An id that this connection has not had.
    fn id(&mut self, kind: char) -> (u32, String) {
        self.ids = self.ids.wrapping_add(1);
        (self.ids, format!("{kind}{}", self.ids))
    }

    /// A stanza goes out; `said` is when, of a message.
    fn send(&mut self, stanza: String, said: Option<Duration>, out: &mut Effects) {
        let stanza = Utf8Bytes::from(stanza);
        let management = self.management.as_mut();
        let asks = management.is_some_and(|management| management.say(stanza.clone(), said));
        out.sends.push_back(stanza);
        if asks {
            out.sends.push_back(stanzas::ask().into());
        }
    }

    /// Something came.
    ///
    /// # Errors
    /// The server cannot count.
    pub(super) fn hear(
        &mut self,
        now: Duration,
        heard: &Element,
        settings: &Settings,
        out: &mut Effects,
    ) -> Result<()> {
        let is_stanza = matches!(&*heard.name, "message" | "iq" | "presence");
        if let Some(management) = &mut self.management
            && is_stanza
            && heard.namespace == Namespace::Client
        {
            management.hear();
        }
        match (heard.namespace, &*heard.name) {
            (Namespace::Client, "message") => self.message(now, heard, settings, out),
            (Namespace::Client, "iq") => self.query(heard, out),
            (Namespace::Client, "presence") => {
                if heard.attribute("type") == Some("error") {
                    out.tidings.push_back(fault::refusal(heard, None));
                }
            }
            (Namespace::Management, "r") => {
                if let Some(management) = &self.management {
                    let line = stanzas::acknowledge(management.heard());
                    out.sends.push_back(line.into());
                }
            }
            (Namespace::Management, "a") => self.acknowledged(now, heard, out)?,
            (_, name) => out.note(|| format!("heard {}, which means nothing to us", clean(name))),
        }
        Ok(())
    }

    /// The server has taken so many.
    ///
    /// # Errors
    /// It has taken more than were said.
    pub(super) fn acknowledged(
        &mut self,
        now: Duration,
        counted: &Element,
        out: &mut Effects,
    ) -> Result<()> {
        if let Some(management) = &mut self.management {
            for said in management.acknowledged(counted)? {
                let after = now.saturating_sub(said);
                out.tidings.push_back(Tidings::Acknowledged { after });
            }
        }
        Ok(())
    }

    /// Says again what the server has not taken.
    pub(super) fn repeat(&self, out: &mut Effects) {
        let Some(management) = &self.management else {
            return;
        };
        let before = out.sends.len();
        out.sends.extend(management.unacknowledged().cloned());
        if out.sends.len() > before {
            out.sends.push_back(stanzas::ask().into());
        }
    }

    /// The person has a new address, to which nothing comes that was meant for the old one.
    pub(super) fn has_moved(&mut self, management: Option<Box<Management>>) {
        self.unconfirmed.clear();
        self.management = management;
    }

    fn message(&mut self, now: Duration, heard: &Element, settings: &Settings, out: &mut Effects) {
        let from = heard.attribute("from").unwrap_or("");
        let chat = self.chat(from);
        match heard.attribute("type") {
            Some("error") => {
                let id = heard.attribute("id");
                self.confirmed(id);
                let refusal = fault::refusal(heard, chat);
                // A confirmation or a state that has crossed its reader's leaving is missed by nobody.
                let is_small = id.is_some_and(|id| id.starts_with('n'));
                if is_small && matches!(refusal, Tidings::Refused { .. }) {
                    out.note(|| "something small was for somebody who has left".to_owned());
                } else {
                    out.tidings.push_back(refusal);
                }
                return;
            }
            Some("groupchat" | "headline") => {
                out.note(|| "heard a message that is for nobody in particular".to_owned());
                return;
            }
            _ => {}
        }
        if let Some(received) = heard.child("received", Namespace::Receipts)
            && let Some(said) = self.confirmed(received.attribute("id"))
        {
            let after = now.saturating_sub(said);
            out.tidings.push_back(Tidings::Received { after });
        }
        if heard.child("request", Namespace::Receipts).is_some()
            && settings.receipts
            && !from.is_empty()
            && let Some(id) = heard.attribute("id")
            && is_fit(from, id)
        {
            self.tell(from, Said::Received(id), out);
        }
        if let Some(body) = heard.child("body", Namespace::Client) {
            self.said(chat, from, &body.text, delay(heard), out);
        }
        self.state(chat, heard, out);
    }

    /// When the message of that id was said, if it waits for its confirmation; it does no longer.
    fn confirmed(&mut self, id: Option<&str>) -> Option<Duration> {
        let number: u32 = id?.strip_prefix('m')?.parse().ok()?;
        let mut waiting = self.unconfirmed.iter();
        let at = waiting.position(|waiting| waiting.number == number)?;
        self.unconfirmed.remove(at).map(|confirmed| confirmed.said)
    }

    fn said(
        &mut self,
        chat: Option<ChatNumber>,
        from: &str,
        text: &str,
        server_ms: Option<u64>,
        out: &mut Effects,
    ) {
        if chat.is_some() {
            let text = text.to_owned();
            let message = Tidings::Message {
                chat,
                text,
                server_ms,
            };
            out.tidings.push_back(message);
            return;
        }
        let dropped = self.shelf.get_or_insert_default().keep(Stray {
            from: from.into(),
            text: text.into(),
            server_ms,
        });
        if let Some(dropped) = dropped {
            out.note(|| format!("{dropped} messages of people who were not met are dropped"));
        }
    }

    /// What the other side is seen doing.
    fn state(&mut self, chat: Option<ChatNumber>, heard: &Element, out: &mut Effects) {
        let Some(number) = chat else { return };
        if heard.child("composing", Namespace::ChatStates).is_some() {
            out.tidings.push_back(Tidings::Typing { chat });
        } else if heard.child("gone", Namespace::ChatStates).is_some() {
            self.forget(number);
            out.tidings.push_back(Tidings::Closed { chat: number });
        }
    }

    /// A query, or what came of one of ours.
    fn query(&mut self, heard: &Element, out: &mut Effects) {
        let (from, id) = (heard.attribute("from"), heard.attribute("id").unwrap_or(""));
        match heard.attribute("type") {
            Some("get" | "set") if !is_fit(from.unwrap_or(""), id) => {
                out.note(|| {
                    "heard a query whose sender or id is too long to be answered".to_owned()
                });
            }
            Some("get") if heard.child("ping", Namespace::Ping).is_some() => {
                self.send(stanzas::pong(from, id), None, out);
            }
            Some("get" | "set") => self.send(stanzas::unavailable(from, id), None, out),
            // A server that does not know what a sign of life is gives one by saying so.
            Some("error") if !id.starts_with('p') => {
                out.tidings.push_back(fault::refusal(heard, None));
            }
            _ => {}
        }
    }
}

/// Whether that is as short as XMPP has it, and so to be said back.
fn is_fit(from: &str, id: &str) -> bool {
    from.len() <= ADDRESS_MOST && id.len() <= ID_MOST
}

/// When the server had a message, where it says so.
fn delay(heard: &Element) -> Option<u64> {
    let delay = heard.child("delay", Namespace::Delay)?;
    let stamp: jiff::Timestamp = delay.attribute("stamp")?.parse().ok()?;
    stamp.as_millisecond().try_into().ok()
}

#[cfg(test)]
mod tests;
