//! Owns what comes back of what a talk said: answers, acknowledgements, and none in time.
//!
//! Law: until the person is in, what fails ends the connection. After that it is told, and the
//! script is given up: a server that loses one message has lost one message.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::running::{Running, Task, Wait};
use super::{GREETING, Talk};
use crate::error::{Error, Result};
use crate::wire::declared::aim::Hit;
use crate::wire::declared::capture::Capture;
use crate::wire::declared::script::Action;
use crate::wire::declared::step::keep::{Keep, Source};
use crate::wire::declared::step::{Ack, Call, Step, TOO_MANY, What};
use crate::wire::speaker::{Answer, ChatNumber, Effects, Tidings};

/// The most seconds that a server may ask us to wait; more is a mistake.
const RETRY_MOST: u64 = 7 * 86_400;

/// How often something is asked again that was too much for the server.
const PUT_OFF_MOST: u8 = 5;

/// When, where that does not say, and the latest.
const PUT_OFF: Duration = Duration::from_secs(1);
const PUT_OFF_LONGEST: Duration = Duration::from_secs(60);

impl Talk {
    /// A request was answered, or was not.
    pub(super) fn answer(
        &mut self,
        now: Duration,
        request: u32,
        answer: Result<Answer>,
        out: &mut Effects,
    ) -> Result<()> {
        let waits = |running: &Running| match running.wait {
            Wait::Answer { request: own, .. } => own == request,
            _ => false,
        };
        let Some(at) = self.running.iter().position(waits) else {
            // Given up before.
            return Ok(());
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if self.running[at].is_entry() => return Err(error),
            Err(error) => {
                let why = error.plain().to_string();
                self.fail(at, &why, out);
                return Ok(());
            }
        };
        self.take_cookies(&answer);
        let protocol = Arc::clone(&self.protocol);
        let step = self.step(&protocol, at);
        let What::Request(call) = &step.what else {
            return Ok(());
        };
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if !is_yes(call, answer.status) {
            return self.refused(now, at, step, (&answer, &body), out);
        }
        out.note(|| {
            format!(
                "{} {}: {}",
                call.method,
                self.running[at].name(),
                answer.status
            )
        });
        let expects = step.expect.is_some();
        let of_answer = |keep: &&Keep| !expects || matches!(keep.source, Source::Header(_));
        let keeps: Vec<&Keep> = step.keeps.iter().filter(of_answer).collect();
        let chat = self.running[at].about.chat;
        self.keep(&keeps, &Hit::whole(&body), &answer.headers, chat)?;
        if let Some(ack) = &step.ack
            && !self.take_ack(at, ack, &body, now, out)
        {
            return self.give_up(at, now, out);
        }
        if expects && !self.running[at].has_come {
            let until = now + step.within;
            self.running[at].wait = Wait::Frame { until };
        } else {
            self.step_on(at);
        }
        Ok(())
    }

    /// Keeps the cookies of an answer.
    pub(super) fn take_cookies(&mut self, answer: &Answer) {
        let cookies = answer.headers.iter();
        let cookies = cookies.filter(|(name, _)| name == "set-cookie");
        cookies.for_each(|(_, cookie)| self.jar.take(cookie));
    }

    /// Socket.IO has acknowledged an event.
    pub(super) fn acked(
        &mut self,
        now: Duration,
        id: u64,
        data: &Value,
        out: &mut Effects,
    ) -> Result<()> {
        let waits = |running: &Running| match running.wait {
            Wait::Ack { id: own, .. } => own == id,
            _ => false,
        };
        match self.running.iter().position(waits) {
            Some(at) => self.settle(at, data, now, out),
            None => {
                out.note(|| format!("an acknowledgement {id} that nobody waits for"));
                Ok(())
            }
        }
    }

    /// What was said is acknowledged by this.
    pub(super) fn settle(
        &mut self,
        at: usize,
        data: &Value,
        now: Duration,
        out: &mut Effects,
    ) -> Result<()> {
        let protocol = Arc::clone(&self.protocol);
        let step = self.step(&protocol, at);
        let ack = step.ack.clone().unwrap_or_default();
        if !self.take_ack(at, &ack, data, now, out) {
            return self.give_up(at, now, out);
        }
        let keeps: Vec<&Keep> = step.keeps.iter().collect();
        let chat = self.running[at].about.chat;
        self.keep(&keeps, &Hit::whole(data), &[], chat)?;
        self.step_on(at);
        Ok(())
    }

    /// Tells what an acknowledgement says; whether it is a yes.
    fn take_ack(
        &mut self,
        at: usize,
        ack: &Ack,
        data: &Value,
        now: Duration,
        out: &mut Effects,
    ) -> bool {
        let running = &self.running[at];
        let (hit, chat) = (Hit::whole(data), running.about.chat);
        if let Some(error) = &ack.error
            && error.when.is_in(data, &self.scene(now, &running.about))
        {
            let kind = error.kind.as_ref().and_then(|kind| kind.text(&hit));
            let kind = self.kind(kind.as_deref().unwrap_or("refused"));
            out.note(|| format!("{}: refused: {kind}", running.name()));
            if !running.may_be_denied() {
                out.tidings.push_back(Tidings::Refused { chat, kind });
            }
            return false;
        }
        if let Some(position) = &ack.position {
            let position = position.number(&hit);
            let position = position.and_then(|position| u32::try_from(position).ok());
            self.waits(position, out);
        }
        let running = &self.running[at];
        if running.task == Task::Do(Action::Say) {
            let after = now.saturating_sub(running.since);
            out.tidings.push_back(Tidings::Acknowledged { after });
        }
        out.note(|| {
            let says = ack.says.iter();
            let said = says.filter_map(|own| Some(format!(" {}={}", own.name, own.text(&hit)?)));
            let said: String = said.collect();
            let said = crate::wire::clean_masked(&said, &self.mask());
            format!("{}: acknowledged{said}", running.name())
        });
        true
    }

    /// Keeps what a step keeps.
    pub(super) fn keep(
        &mut self,
        keeps: &[&Keep],
        hit: &Hit,
        headers: &[(String, String)],
        chat: Option<ChatNumber>,
    ) -> Result<()> {
        for keep in keeps {
            let value = match &keep.source {
                Source::Value(capture) => capture.text(hit),
                Source::Header(name) => {
                    let header = headers.iter().find(|(own, _)| own == name);
                    header.map(|(_, value)| value.as_str().into())
                }
            };
            if let Some(value) = value {
                self.kept.put(&keep.name, &value, chat)?;
            }
        }
        Ok(())
    }

    /// The answer is a no.
    fn refused(
        &mut self,
        now: Duration,
        at: usize,
        step: &Step,
        (answer, body): (&Answer, &Value),
        out: &mut Effects,
    ) -> Result<()> {
        let (name, status) = (self.running[at].name(), answer.status);
        let chat = self.running[at].whose();
        out.note(|| format!("{name}: status {status}"));
        let throttled = step.throttled.as_ref();
        let is_throttled = status == throttled.map_or(TOO_MANY, |own| own.status);
        // By then another agent may have it.
        let takes = self.running[at].task == Task::Do(Action::Take);
        if is_throttled {
            let retry = throttled.and_then(|own| own.retry.as_ref());
            let kind = format!("{name}: {status}");
            let retry_after = retry_after(retry, body, answer);
            out.tidings
                .push_back(Tidings::Throttled { kind, retry_after });
            let (running, pause) = (&mut self.running[at], retry_after.unwrap_or(PUT_OFF));
            let is_soon = pause <= PUT_OFF_LONGEST && running.put_off < PUT_OFF_MOST;
            if is_soon && !takes && !running.is_entry() {
                running.put_off += 1;
                running.wait = Wait::Later { until: now + pause };
                return Ok(());
            }
        }
        let is_better = is_throttled || may_be_better(status);
        if !is_better && self.running[at].may_be_denied() {
            return self.give_up(at, now, out);
        }
        if self.running[at].is_entry() {
            let protocol = &self.protocol.name;
            let what = format!("{protocol}: `{name}` was answered with status {status}");
            let error = Error::failed(what);
            return Err(match is_better {
                true => error,
                false => error.for_good(),
            });
        }
        if !takes || !is_throttled {
            let kind = format!("{name}: {status}");
            out.tidings.push_back(Tidings::Refused { chat, kind });
        }
        self.give_up(at, now, out)
    }

    /// Gives up what was not answered in time.
    pub(super) fn late(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let mut at = 0;
        while at < self.running.len() {
            if self.running[at].until().is_none_or(|until| until > now) {
                at += 1;
                continue;
            }
            if matches!(self.running[at].wait, Wait::Later { .. }) {
                self.running[at].wait = Wait::Turn;
                continue;
            }
            let protocol = Arc::clone(&self.protocol);
            let within = match self.running[at].wait {
                Wait::Stream { .. } => GREETING,
                _ => self.step(&protocol, at).within,
            };
            let (name, secs) = (&protocol.name, within.as_secs_f64());
            let what = format!("no answer within {secs} s");
            if self.running[at].is_entry() {
                let script = self.running[at].name();
                return Err(Error::failed(format!("{name}: `{script}`: {what}")));
            }
            self.fail(at, &what, out);
        }
        Ok(())
    }

    /// Gives up a script, and says so.
    fn fail(&mut self, at: usize, why: &str, out: &mut Effects) {
        let running = self.running.remove(at);
        if let Task::Do(_) = running.task {
            let kind = self.kind(&format!("{}: {why}", running.name()));
            out.note(|| kind.clone());
            let chat = running.whose();
            out.tidings.push_back(Tidings::Refused { chat, kind });
        }
        match running.task {
            Task::Do(Action::Take) => self.untaken(running.about.chat, out),
            Task::Enter => self.breaks(running.about.chat, why, out),
            _ => {}
        }
    }

    /// Gives up a script of which it has been said; without it nobody comes in.
    fn give_up(&mut self, at: usize, now: Duration, out: &mut Effects) -> Result<()> {
        let running = self.running.remove(at);
        if running.task == Task::Do(Action::Resume) {
            return self.chat_is_gone(now, out);
        }
        if running.is_entry() {
            let (name, script) = (&self.protocol.name, running.name());
            let what = format!("{name}: the server refuses what `{script}` asks for");
            return Err(Error::failed(what).for_good());
        }
        match running.task {
            Task::Do(Action::Free) => self.finish(running.about.chat),
            Task::Do(Action::Take) => self.untaken(running.about.chat, out),
            Task::Enter => self.breaks(running.about.chat, "the server refuses it", out),
            _ => {}
        }
        Ok(())
    }

    /// The step that a script is at.
    pub(super) fn step<'p>(&self, protocol: &'p super::Protocol, at: usize) -> &'p Step {
        let running = &self.running[at];
        let steps = running.steps(protocol, self.who.party);
        &steps[running.step]
    }
}

/// Whether an answer of this status is a yes.
pub(super) fn is_yes(call: &Call, status: u16) -> bool {
    match call.status.is_empty() {
        true => (200..300).contains(&status),
        false => call.status.contains(&status),
    }
}

/// Whether another try may be answered otherwise.
pub(super) fn may_be_better(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}

/// When to come again: by the body, or by the header.
pub(super) fn retry_after(
    retry: Option<&Capture>,
    body: &Value,
    answer: &Answer,
) -> Option<Duration> {
    let said = retry.and_then(|retry| retry.millis(&Hit::whole(body)));
    let header = answer
        .headers
        .iter()
        .find(|(name, _)| name == "retry-after");
    let header = header.and_then(|(_, value)| value.trim().parse::<u64>().ok());
    let header = header.and_then(|secs| secs.checked_mul(1_000));
    let most = RETRY_MOST * 1_000;
    said.or(header)
        .map(|ms| Duration::from_millis(ms.min(most)))
}
