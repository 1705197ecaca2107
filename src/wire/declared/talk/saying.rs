//! Owns what a talk says: scripts step by step, each in its turn.
//!
//! Law: nothing is said out of its order, and nothing that is said twice was asked for once. What
//! cannot be said, because a value is missing, ends the connection, as it would at every other try.

use std::sync::Arc;
use std::time::Duration;

use super::running::{Running, Task, Wait};
use super::scene::About;
use super::{RUNNING_MOST, Stage, Talk};
use crate::error::{Error, Result};
use crate::wire::declared::codec::socket_io;
use crate::wire::declared::on::Meaning;
use crate::wire::declared::place::Place;
use crate::wire::declared::script::Action;
use crate::wire::declared::step::{Ack, Body, Call, Step, What};
use crate::wire::declared::template::{Missing, Values};
use crate::wire::frame::Party;
use crate::wire::speaker::{Beside, ChatNumber, Dispatch, Effects, OWN, Request, Tidings};

/// Room for what stands around a text.
const AROUND: usize = 96;

impl Talk {
    /// Something is to be done in its turn.
    pub(super) fn push(&mut self, running: Running) -> Result<()> {
        if self.running.len() == RUNNING_MOST {
            let name = &self.protocol.name;
            let what = format!("{name}: the server leaves {RUNNING_MOST} things unanswered");
            return Err(Error::failed(what));
        }
        self.running.push(running);
        Ok(())
    }

    /// Does all that can be done now.
    pub(super) fn advance(&mut self, now: Duration, out: &mut Effects) -> Result<()> {
        let mut at = 0;
        while at < self.running.len() {
            if !self.is_turn(at) || self.pace(at, now).is_some() {
                at += 1;
                continue;
            }
            if self.asks_for_stream(at, now, out)? {
                at = 0;
                continue;
            }
            let steps = self.running[at].steps(&self.protocol, self.who.party).len();
            if self.running[at].step < steps {
                self.perform(at, now, out)?;
            } else {
                let done = self.running.remove(at);
                self.complete(&done, now, out)?;
            }
            // Whoever stood behind it may go now, and what came of it stands at the end.
            at = 0;
        }
        let over = self.hung_up.drain(..);
        out.beside.extend(over.map(|chat| Beside::Close { chat }));
        Ok(())
    }

    /// Whether a script may go on: it waits for nothing, nor for one before it.
    fn is_turn(&self, at: usize) -> bool {
        let running = &self.running[at];
        if running.wait != Wait::Turn {
            return false;
        }
        let Some(lane) = running.lane() else {
            return true;
        };
        let (protocol, party) = (&self.protocol, self.who.party);
        let mut before = self.running[..at].iter();
        !before.any(|other| other.lane() == Some(lane) && !other.lets_pass(protocol, party))
    }

    /// When a script that may go on is let, where it has to be slowed.
    fn pace(&self, at: usize, now: Duration) -> Option<Duration> {
        let running = &self.running[at];
        let Task::Do(action) = running.task else {
            return None;
        };
        if running.step > 0 {
            return None;
        }
        let pacing = self.protocol.pacing.iter().zip(&self.paced);
        let ours = pacing.filter(|((paced, _), _)| paced.is_none_or(|paced| paced == action));
        let next = ours.map(|(_, next)| *next).max()?;
        (next > now).then_some(next)
    }

    /// When something has to be done about a script, whatever comes.
    pub(super) fn due(&self, at: usize) -> Option<Duration> {
        match self.running[at].wait {
            Wait::Turn if self.is_turn(at) => self.pace(at, Duration::ZERO),
            Wait::Turn => None,
            _ => self.running[at].until(),
        }
    }

    /// Counts what goes out now against the pace.
    fn note_pace(&mut self, at: usize, now: Duration) {
        let running = &self.running[at];
        let Task::Do(action) = running.task else {
            return;
        };
        if running.step > 0 {
            return;
        }
        let pacing = self.protocol.pacing.iter().zip(&mut self.paced);
        for ((paced, gap), next) in pacing {
            if paced.is_none_or(|paced| paced == action) {
                *next = now.max(*next) + *gap;
            }
        }
    }

    /// Says a step, and notes what it waits for.
    fn perform(&mut self, at: usize, now: Duration, out: &mut Effects) -> Result<()> {
        let gone = self.running[at].about.chat;
        if gone.is_some_and(|chat| !self.kept.has(chat)) {
            let name = self.running.remove(at).name();
            out.note(|| format!("{name}: not said, the chat is over"));
            return Ok(());
        }
        let stream = self.stream(&self.running[at]);
        if !self.stands(stream) {
            let name = self.running.remove(at).name();
            out.note(|| format!("{name}: not said, the chat has no connection"));
            return Ok(());
        }
        self.note_pace(at, now);
        let protocol = Arc::clone(&self.protocol);
        self.seq = self.seq.wrapping_add(1);
        self.running[at].about.seq = self.seq;
        let steps = self.running[at].steps(&protocol, self.who.party);
        let step = &steps[self.running[at].step];
        // Not copied for it: it may hold a long text.
        let about = std::mem::take(&mut self.running[at].about);
        let said = self.say((&about, stream), step, now, out);
        self.running[at].about = about;
        match said {
            Ok(wait) => {
                self.running[at].wait = wait;
                if self.running[at].wait == Wait::Turn {
                    self.step_on(at);
                }
                Ok(())
            }
            Err(missing) => self.unsayable(at, &missing, out),
        }
    }

    /// A value is missing: of somebody who is seen typing nobody will miss it.
    fn unsayable(&mut self, at: usize, missing: &Missing, out: &mut Effects) -> Result<()> {
        let name = self.running[at].name();
        if self.running[at].task == Task::Do(Action::Typing) {
            self.running.remove(at);
            out.note(|| format!("{name}: not said, {missing}"));
            return Ok(());
        }
        Err(self.missing(&format!("`{name}`"), missing))
    }

    /// The step is through.
    pub(super) fn step_on(&mut self, at: usize) {
        let running = &mut self.running[at];
        running.step += 1;
        running.wait = Wait::Turn;
        (running.has_come, running.put_off) = (false, 0);
    }

    /// Puts a step's words out; what it waits for then.
    fn say(
        &mut self,
        (about, stream): (&About, ChatNumber),
        step: &Step,
        now: Duration,
        out: &mut Effects,
    ) -> std::result::Result<Wait, Missing> {
        let until = now + step.within;
        let is_counted = matches!(step.what, What::Event(..))
            && step
                .ack
                .as_ref()
                .is_some_and(|ack| ack.by.is_none() && ack.when.is_none());
        let scene = self.scene(now, about);
        let long = about.text.as_ref().map_or(0, |text| text.len());
        let mut text = String::with_capacity(long + AROUND);
        match &step.what {
            What::Nothing => {}
            What::Json(template) => template.render(&scene, &mut text)?,
            What::Text(template) => template.render(&scene, Place::Plain, &mut text)?,
            What::Event(event, data) => {
                let (mut name, mut json) = (String::new(), String::new());
                event.render(&scene, Place::Plain, &mut name)?;
                if let Some(data) = data {
                    data.render(&scene, &mut json)?;
                }
                let namespace = &self.protocol.transport.namespace;
                let ack = is_counted.then_some(self.acks);
                text = socket_io::emit(namespace, &name, &json, ack);
            }
            What::Request(call) => {
                let request = self.request(call, &scene)?;
                let number = request.number;
                self.requests = number.wrapping_add(1);
                out.requests.push_back(request);
                return Ok(Wait::Answer {
                    request: number,
                    until,
                });
            }
        }
        let value = step
            .ack
            .as_ref()
            .map(|ack| value(ack, &scene))
            .transpose()?;
        if !matches!(step.what, What::Nothing) {
            let text = self.protocol.transport.codec.encode(text);
            self.put(stream, text.into(), out);
        }
        let id = self.acks;
        self.acks += u64::from(is_counted);
        Ok(match value {
            Some(_) if is_counted => Wait::Ack { id, until },
            Some(value) => Wait::Value { value, until },
            None if step.expect.is_some() => Wait::Frame { until },
            None => Wait::Turn,
        })
    }

    /// A request, with its holes filled.
    pub(super) fn request(
        &self,
        call: &Call,
        scene: &dyn Values,
    ) -> std::result::Result<Request, Missing> {
        let mut path = String::new();
        call.path.render(scene, Place::Url, &mut path)?;
        let mut body = String::new();
        let kind = match &call.body {
            Body::Empty => None,
            Body::Json(template) => {
                template.render(scene, &mut body)?;
                Some("application/json")
            }
            Body::Text(template) => {
                template.render(scene, Place::Plain, &mut body)?;
                Some("text/plain; charset=utf-8")
            }
            Body::Form(fields) => {
                for (number, (name, value)) in fields.iter().enumerate() {
                    body.push_str(if number > 0 { "&" } else { "" });
                    let from = body.len();
                    body.push_str(name);
                    // A form takes anything, escaped: what the file says, too.
                    Place::Form.escape(&mut body, from).unwrap_or_default();
                    body.push('=');
                    let from = body.len();
                    value.render(scene, Place::Plain, &mut body)?;
                    Place::Form.escape(&mut body, from).unwrap_or_default();
                }
                Some("application/x-www-form-urlencoded")
            }
        };
        let mut headers = Vec::with_capacity(call.headers.len() + 2);
        for (name, template) in &call.headers {
            let mut value = String::new();
            template.render(scene, Place::Header, &mut value)?;
            headers.push((name.clone(), value));
        }
        let has = |name: &str| {
            call.headers
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name))
        };
        if let Some(kind) = kind.filter(|_| !has("content-type")) {
            headers.push(("Content-Type".into(), kind.into()));
        }
        headers.extend(self.jar.header().map(|cookies| ("Cookie".into(), cookies)));
        Ok(Request {
            number: self.requests,
            method: call.method,
            path,
            headers,
            body: body.into_bytes(),
            held: None,
        })
    }

    /// A script is through.
    fn complete(&mut self, done: &Running, now: Duration, out: &mut Effects) -> Result<()> {
        let Task::Do(action) = done.task else {
            return Ok(());
        };
        let says = |meaning| self.protocol.says(self.who.party, meaning);
        let is_ours = self.protocol.manners.dispatch == Dispatch::Busyhour;
        match action {
            Action::Setup => {
                self.is_set_up = true;
                let next = Task::Do(Action::BeforeConnect);
                self.push(Running::new(next, About::default(), now))
            }
            Action::BeforeConnect if self.stage == Stage::Before => self.open(now, out),
            Action::Connect => self.has_connected(now, out),
            Action::Resume => self.has_resumed(now, out),
            Action::Open if !says(Meaning::Assigned) && !is_ours => {
                out.tidings.push_back(Tidings::Assigned { chat: OWN });
                self.take_on(OWN, now)
            }
            Action::Online if !says(Meaning::Online) && self.who.party == Party::Agent => {
                out.tidings.push_back(Tidings::Online);
                Ok(())
            }
            Action::Transfer if !says(Meaning::Transferred) => {
                let chat = done.about.chat;
                self.transferred(chat, out);
                Ok(())
            }
            Action::Close => {
                if let Some(chat) = done.about.chat {
                    self.hang_up(chat);
                }
                Ok(())
            }
            Action::Free => {
                self.finish(done.about.chat);
                Ok(())
            }
            Action::Take => self.has_asked(done.about.chat, now, out),
            _ => Ok(()),
        }
    }

    /// Says the signs of life that are due.
    pub(super) fn give_signs(&mut self, now: Duration) -> Result<()> {
        for number in 0..self.signs.len() {
            let every = self.protocol.keepalives[number].every;
            let (Some(due), Some(every)) = (self.signs[number], every) else {
                continue;
            };
            if due <= now {
                // After a long sleep one is enough.
                let next = due + every;
                self.signs[number] = Some(if next <= now { now + every } else { next });
                self.push(Running::new(Task::Sign(number), About::default(), now))?;
                self.sign_beside(number, now)?;
            }
        }
        Ok(())
    }
}

/// The value by which an acknowledgement is known.
fn value(ack: &Ack, scene: &dyn Values) -> std::result::Result<Option<String>, Missing> {
    let Some((_, template)) = &ack.by else {
        return Ok(None);
    };
    let mut value = String::new();
    template.render(scene, Place::Plain, &mut value)?;
    Ok(Some(value))
}
