//! Owns what a talk makes of an event: who waited for it, and which matcher takes it.
//!
//! Law: the first matcher that hits takes the event, and is counted; where several events stand in one
//! frame, that is so for each of them. One that none takes is noted for whoever writes the protocol,
//! and changes nothing.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Talk;
use super::meanings::Said;
use super::running::{Running, Task, Wait};
use super::scene::About;
use crate::error::Result;
use crate::wire::clean::clean_to;
use crate::wire::declared::Protocol;
use crate::wire::declared::aim::Hit;
use crate::wire::declared::matcher::Matcher;
use crate::wire::declared::on::On;
use crate::wire::declared::pointer::as_text;
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
        self.polling.is_heard |= is_awaited;
        if self.answer_sign(now, &event)? {
            out.note(|| "a sign of life is answered".into());
            return Ok(());
        }
        if let Some((number, mut said)) = self.read_whole(now, &event) {
            return self.has_taken(now, number, &mut said, out);
        }
        let taken = self.read(now, &event);
        if taken.is_empty() && !is_awaited {
            self.note_stray(&event, out);
        }
        for (number, mut said) in taken {
            self.has_taken(now, number, &mut said, out)?;
        }
        Ok(())
    }

    /// A matcher has taken an event: it is counted, and means something.
    fn has_taken(
        &mut self,
        now: Duration,
        number: usize,
        said: &mut Said,
        out: &mut Effects,
    ) -> Result<()> {
        self.matched[number] = self.matched[number].saturating_add(1);
        self.note_taken(number, said, out);
        self.mean(now, said, out)
    }

    /// What the first matcher that fits takes, where all up to it look at whole frames: as most do.
    fn read_whole(&self, now: Duration, event: &Value) -> Option<(usize, Said)> {
        let about = self.about_heard();
        let scene = self.scene(now, &about);
        let matchers = self.protocol.matchers(self.who.party).iter();
        let mut whole = matchers.take_while(|(_, on)| on.matcher.each.is_none());
        let (number, on) = whole.find(|(_, on)| on.matcher.is_in(event, &scene))?;
        Some((*number, Said::of(on, &Hit::whole(event))))
    }

    /// What is heard is about: the one chat of its connection, if that is for one.
    fn about_heard(&self) -> About {
        About {
            chat: (self.who.party == Party::Customer || self.ear != OWN).then_some(self.ear),
            ..About::default()
        }
    }

    /// A step waits for this: the first that does has it.
    fn expected(&mut self, now: Duration, event: &Value, out: &mut Effects) -> Result<bool> {
        let protocol = Arc::clone(&self.protocol);
        for at in 0..self.running.len() {
            let running = &self.running[at];
            let waits = matches!(running.wait, Wait::Frame { .. } | Wait::Answer { .. });
            if !waits || running.has_come || self.stream(running) != self.ear {
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

    /// It acknowledges something by its value: where several events stand in it, perhaps more.
    fn valued(&mut self, now: Duration, event: &Value, out: &mut Effects) -> Result<bool> {
        let protocol = Arc::clone(&self.protocol);
        let (mut at, mut settled, mut is_any) = (0, Vec::new(), false);
        while at < self.running.len() {
            let value = self.is_valued(&protocol, at, now, event);
            let Some(value) = value.filter(|value| !settled.contains(value)) else {
                at += 1;
                continue;
            };
            let many = self.running.len();
            self.settle(at, event, now, out)?;
            is_any = true;
            // What is known by nothing of its own is acknowledged one by one.
            let Some(value) = value else {
                break;
            };
            settled.push(Some(value));
            at += usize::from(self.running.len() == many);
        }
        Ok(is_any)
    }

    /// By which value a frame acknowledges what a script waits for, if it does; none for by its tests
    /// alone.
    fn is_valued(
        &self,
        protocol: &Protocol,
        at: usize,
        now: Duration,
        event: &Value,
    ) -> Option<Option<String>> {
        let running = &self.running[at];
        let Wait::Value { value, .. } = &running.wait else {
            return None;
        };
        if self.stream(running) != self.ear {
            return None;
        }
        let ack = self.step(protocol, at).ack.as_ref()?;
        let hit = Hit::whole(event);
        let is_value = |there: &Value| as_text(there).as_deref() == value.as_deref();
        let is_it = ack
            .by
            .as_ref()
            .is_none_or(|(by, _)| by.aim.any(&hit, is_value));
        let scene = self.scene(now, &running.about);
        let fits = |when: &Matcher| when.is_in(event, &scene);
        let is_it = is_it && ack.when.as_ref().is_none_or(fits);
        is_it.then(|| value.clone())
    }

    /// It asks for a sign of life.
    fn answer_sign(&mut self, now: Duration, event: &Value) -> Result<bool> {
        if self.protocol.keepalives.is_empty() {
            return Ok(false);
        }
        let protocol = Arc::clone(&self.protocol);
        let agent = self.who.party == Party::Agent;
        let about = About {
            chat: Some(self.ear).filter(|ear| *ear != OWN),
            ..About::default()
        };
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

    /// What matchers take of a frame, with their numbers, and what they read of it. Those that look at
    /// the same events share them, and each has what none before it takes.
    fn read(&self, now: Duration, event: &Value) -> Vec<(usize, Said)> {
        let about = self.about_heard();
        let scene = self.scene(now, &about);
        let matchers = self.protocol.matchers(self.who.party);
        let takes_all = |(_, on): &(usize, On)| {
            let is_whole = on.matcher.each.is_none();
            is_whole && on.matcher.is_in(event, &scene)
        };
        let whole = matchers.iter().position(takes_all);
        let before = &matchers[..whole.unwrap_or(matchers.len())];
        let mut taken = Vec::new();
        for (at, (_, first)) in before.iter().enumerate() {
            let each = &first.matcher.each;
            let share = |(_, other): &&(usize, On)| other.matcher.each == *each;
            if each.is_none() || before[..at].iter().any(|other| share(&other)) {
                continue;
            }
            for hit in first.matcher.candidates(event) {
                let mut sharers = before[at..].iter().filter(share);
                let taker = sharers.find(|(_, on)| on.matcher.fits(&hit, &scene));
                taken.extend(taker.map(|(number, on)| (*number, Said::of(on, &hit))));
            }
        }
        if let Some((number, on)) = whole.map(|whole| &matchers[whole])
            && taken.is_empty()
        {
            taken.push((*number, Said::of(on, &Hit::whole(event))));
        }
        taken
    }

    fn note_taken(&self, number: usize, said: &Said, out: &mut Effects) {
        out.note(|| {
            let words = clean_to(&said.words(), &self.mask(), SHOWN);
            format!("{} takes it: {words}", self.protocol.matcher_names[number])
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
