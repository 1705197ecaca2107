//! Owns what a talk makes of names: values, the texts that hold them, and what nobody is to see of them.
//!
//! Law: a text of which a value is missing is not said in part.

use std::sync::Arc;
use std::time::Duration;

use super::scene::{About, Scene};
use super::{KIND_MOST, Talk};
use crate::error::{Error, Result};
use crate::secret::{Mask, Secret};
use crate::wire::clean::clean_to;
use crate::wire::declared::place::Place;
use crate::wire::declared::template::{Missing, Template};
use crate::wire::speaker::Opening;

impl Talk {
    /// What names stand for now.
    pub(super) fn scene<'a>(&'a self, now: Duration, about: &'a About) -> Scene<'a> {
        Scene {
            who: &self.who,
            outside: &self.protocol.source.values,
            kept: &self.kept,
            fresh: &self.fresh,
            born_ms: self.born_ms,
            now,
            about,
            limit: self.limit,
        }
    }

    /// A text with its holes filled.
    pub(super) fn text(
        &self,
        template: &Template,
        place: Place,
        now: Duration,
        about: &About,
    ) -> std::result::Result<String, Missing> {
        let mut text = String::new();
        template.render(&self.scene(now, about), place, &mut text)?;
        Ok(text)
    }

    /// Makes the values of a scope: 0 a person's, 1 a connection's, 2 a chat's.
    pub(super) fn make(&mut self, scope: usize, now: Duration, about: &About) -> Result<()> {
        let protocol = Arc::clone(&self.protocol);
        for (name, template) in &protocol.scopes[scope] {
            let value = self.text(template, Place::Plain, now, about);
            let value = value.map_err(|missing| self.missing(name, &missing))?;
            self.kept.put(name, &value, about.chat)?;
        }
        Ok(())
    }

    pub(super) fn missing(&self, what: &str, missing: &Missing) -> Error {
        let name = &self.protocol.name;
        Error::failed(format!("{name}: {what} cannot be said: {missing}"))
    }

    /// Hides what nobody is to see.
    pub(super) fn mask(&self) -> Mask {
        let values = &self.protocol.source.values;
        let mut secrets: Vec<Secret> = values.env.values().map(|v| Secret::new(&**v)).collect();
        let chats = self.chats.numbers().map(Some).chain([None]);
        let chats: Vec<_> = chats.collect();
        for name in &self.protocol.secret {
            for chat in &chats {
                let about = About {
                    chat: *chat,
                    ..About::default()
                };
                let scene = self.scene(Duration::ZERO, &about);
                secrets.extend(scene.found(name).map(Secret::new));
            }
        }
        Mask::of(&secrets)
    }

    /// The server's word for a refusal, fit to be counted and shown.
    pub(super) fn kind(&self, words: &str) -> String {
        clean_to(words, &self.mask(), KIND_MOST)
    }

    /// How a stream is asked for.
    pub(super) fn opening(
        &self,
        path: &Template,
        subprotocol: Option<&Template>,
        further: &[(String, Template)],
        now: Duration,
        about: &About,
    ) -> Result<Opening> {
        let text = |template: &Template, place, what: &str| {
            let text = self.text(template, place, now, about);
            text.map_err(|missing| self.missing(what, &missing))
        };
        let path = text(path, Place::Url, "the stream's path")?;
        let subprotocol = subprotocol.map(|name| text(name, Place::Header, "the subprotocol"));
        let mut headers = Vec::new();
        for (name, value) in further {
            headers.push((name.clone(), text(value, Place::Header, name)?));
        }
        headers.extend(self.jar.header().map(|cookies| ("Cookie".into(), cookies)));
        Ok(Opening {
            path,
            subprotocol: subprotocol.transpose()?,
            headers,
            by_requests: false,
        })
    }
}
