//! Owns what a talk makes of an event: who waited for it, and which matcher takes it.
//!
//! Law: the first matcher that hits takes the event, and is counted; one that none takes is noted
//! for whoever writes the protocol, and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Talk;
use super::meanings::Said;
use super::running::{Running, Task, Wait};
use super::scene::About;
use crate::error::Result;
use crate::wire::clean::clean_to;
use crate::wire::declared::aim::Hit;
use crate::wire::declared::matcher::Matcher;
use crate::wire::declared::on::On;
use crate::wire::declared::step::keep::{Keep, Source};
use crate::wire::frame::Party;
use crate::wire::speaker::{Effects, OWN};

/// The most characters of an event in a note.
const SHOWN: usize = 400;

impl Talk {
    /// Something of the protocol came.
    pub(super) fn event(
        &mut self,
        now: Duration,
        mut event: Value,
        out: &mut Effects,
    ) -> Result<()> {
        self.protocol.transport.inner.open(&mut event);
        // Mostly nothing is awaited.
        let is_awaited = !self.running.is_empty()
            && (self.expected(now, &event, out)? | self.valued(now, &event, out)?);
        if self.answer_sign(now, &event)? {
            out.note(|| "a sign of life is answered".into());
            return Ok(());
        }
        let protocol = Arc::clone(&self.protocol);
        for (number, on) in protocol.matchers(self.who.party) {
            let mut said = self.said(now, on, &event);
            if !said.is_empty() {
                self.matched[*number] = self.matched[*number].saturating_add(1);
                self.note_taken(&protocol.matcher_names[*number], &said, out);
                let mut said = said.iter_mut();
                return said.try_for_each(|said| self.mean(now, said, out));
            }
        }
        if !is_awaited {
            self.note_stray(&event, out);
        }
        Ok(())
    }

    /// A step waits for this: the first that does has it.
    fn expected(&mut self, now: Duration, event: &Value, out: &mut Effects) -> Result<bool> {
        let protocol = Arc::clone(&self.protocol);
        for at in 0..self.running.len() {
            let running = &self.running[at];
            let waits = matches!(running.wait, Wait::Frame { .. } | Wait::Answer { .. });
            if !waits || running.has_come {
                continue;
            }
            let step = self.step(&protocol, at);
            let Some(expect) = &step.expect else {
                continue;
            };
            if !expect.is_in(event, &self.scene(now, &running.about)) {
                continue;
            }
            let name = running.name();
            out.note(|| format!("{name}: what it waited for has come"));
            let chat = running.about.chat;
            let of_frame = |keep: &&Keep| matches!(keep.source, Source::Value(_));
            let keeps: Vec<&Keep> = step.keeps.iter().filter(of_frame).collect();
            self.keep(&keeps, &Hit::whole(event), &[], chat)?;
            match self.running[at].wait {
                Wait::Frame { .. } => self.step_on(at),
                _ => self.running[at].has_come = true,
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// It acknowledges something by its value.
    fn valued(&mut self, now: Duration, event: &Value, out: &mut Effects) -> Result<bool> {
        let protocol = Arc::clone(&self.protocol);
        let hit = Hit::whole(event);
        for at in 0..self.running.len() {
            let running = &self.running[at];
            let Wait::Value { value, .. } = &running.wait else {
                continue;
            };
            let Some(ack) = &self.step(&protocol, at).ack else {
                continue;
            };
            let there = ack.by.as_ref().and_then(|(by, _)| by.text(&hit));
            let is_it = ack.by.is_none() || there.as_deref() == value.as_deref();
            let scene = self.scene(now, &running.about);
            let fits = |when: &Matcher| when.is_in(event, &scene);
            if is_it && ack.when.as_ref().is_none_or(fits) {
                self.settle(at, event, now, out)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// It asks for a sign of life.
    fn answer_sign(&mut self, now: Duration, event: &Value) -> Result<bool> {
        let protocol = Arc::clone(&self.protocol);
        let (about, agent) = (About::default(), self.who.party == Party::Agent);
        for (number, keepalive) in protocol.keepalives.iter().enumerate() {
            let is_ours = keepalive.agent.is_none_or(|of_agent| of_agent == agent);
            let Some(on) = keepalive.on.as_ref().filter(|_| is_ours) else {
                continue;
            };
            if on.is_in(event, &self.scene(now, &about)) {
                self.push(Running::new(Task::Sign(number), about, now))?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a matcher reads of an event: one for each hit.
    fn said(&self, now: Duration, on: &On, event: &Value) -> Vec<Said> {
        let about = About {
            chat: (self.who.party == Party::Customer).then_some(OWN),
            ..About::default()
        };
        let scene = self.scene(now, &about);
        let hits = on.matcher.hits(event, &scene);
        hits.map(|hit| Said::of(on, &hit)).collect()
    }

    fn note_taken(&self, matcher: &str, said: &[Said], out: &mut Effects) {
        out.note(|| {
            let words: Vec<String> = said.iter().map(Said::words).collect();
            let words = clean_to(&words.join("; "), &self.mask(), SHOWN);
            format!("{matcher} takes it: {words}")
        });
    }

    fn note_stray(&self, event: &Value, out: &mut Effects) {
        out.strays = out.strays.saturating_add(1);
        out.note(|| {
            let words = clean_to(&event.to_string(), &self.mask(), SHOWN);
            format!("no matcher takes it: {words}")
        });
    }
}
