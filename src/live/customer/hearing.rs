//! Owns what a customer makes of the frames that it hears.
//!
//! Law: the server is not believed: what answers nothing is remarked and let pass. A frame happens
//! at the instant at which it was read.

use std::time::Duration;

use super::{Standing, Then, Visitor};
use crate::center::customer::{CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::rules::Again;
use crate::error::{Error, Result};
use crate::live::dial::Dial;
use crate::live::journal::{ChatEvent, Fault, Reader};
use crate::live::orbit::Caller;
use crate::live::scene::Scene;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{Party, ToCustomer};
use crate::wire::hold::Hold;
use crate::wire::marker::{Direction, Marker};

impl<D: Dial> Visitor<D> {
    pub(super) fn hear(&mut self, heard: Option<Result<ToCustomer>>, now: Time) -> Then {
        match heard {
            Some(Ok(frame)) => {
                self.line.heard += u32::from(frame.is_counted());
                self.take(frame, now)
            }
            Some(Err(error)) => self.lose(&error),
            None => self.lose(&Error::failed("the server closed the connection")),
        }
    }

    fn take(&mut self, frame: ToCustomer, now: Time) -> Then {
        match frame {
            ToCustomer::Queued { .. } => self.queued(now),
            ToCustomer::Assigned { agent } => self.assigned(agent, now),
            ToCustomer::Message { text, .. } => return self.message(&text, now),
            ToCustomer::Rejected { .. } => {
                self.customer.end();
                let Standing {
                    was_assigned, over, ..
                } = self.standing;
                self.note(now, ChatEvent::TurnedAway);
                // Whom an agent had was not turned away.
                if !was_assigned && !over && !self.ghost {
                    self.scene.again(self.caller, Again::Rejected, now);
                }
                return Then::Go;
            }
            ToCustomer::Closed { by: Party::Agent } => {
                self.customer.end();
                self.note(now, ChatEvent::ClosedByAgent);
                return Then::Go;
            }
            ToCustomer::Closed { by: Party::Server } => {
                self.customer.end();
                self.note(now, ChatEvent::Cut(Fate::Dropped));
                return Then::Go;
            }
            ToCustomer::Error { reason } => {
                self.scene
                    .remark(format!("the server to a customer: {}", clean(&reason)));
            }
            ToCustomer::Closed {
                by: Party::Customer,
            }
            | ToCustomer::Resumed { .. }
            | ToCustomer::Gone {}
            | ToCustomer::Typing {}
            | ToCustomer::Hello(_) => {}
        }
        Then::Stay
    }

    /// The customer waits: it has just asked for an agent, or its agent has handed the chat over.
    fn queued(&mut self, now: Time) {
        // What was said meanwhile waits with the chat.
        (self.opened, self.said) = (None, None);
        self.note(now, ChatEvent::Queued);
        let before = self.standing.agent.take();
        self.standing.was_handed_over |= before.is_some();
        if let Some(agent) = before {
            // Handed over at the end of that agent's shift: where that is closing time, the news
            // comes just after it.
            let shifts = self.scene.plan.shifts.iter();
            let ended = shifts.filter(|shift| shift.agent == agent && shift.until <= now);
            let due = ended.map(|shift| shift.until).max().unwrap_or(now);
            self.closing = self.scene.closing_from(due).max(now);
        }
    }

    fn assigned(&mut self, agent: u32, now: Time) {
        // The greatest number stands for nobody.
        let agent = agent.min(u32::MAX - 1);
        if self.standing.agent.is_some() {
            self.scene.remark("the server assigned a chat twice");
            return;
        }
        self.note(now, ChatEvent::Assigned(agent));
        let first = !self.standing.was_handed_over;
        self.standing.agent = Some(agent);
        self.standing.was_assigned |= first && !self.ghost;
        self.closing = Time::NEVER;
        if let Some(opened) = self.opened.take() {
            let latency = match self.scene.abroad.dispatches() {
                true => Latency::Dispatch,
                false => Latency::Assignment,
            };
            self.scene.took(latency, opened.elapsed());
        }
        if first && !self.ghost {
            let rules = self.scene.rules(self.caller.class);
            self.customer.handle(now, CustomerInput::Assigned, rules);
            self.wake = self.customer.deadline();
        }
    }

    /// A reply counts when it answers the message that is pending.
    fn message(&mut self, text: &str, now: Time) -> Then {
        if !self.scene.cast.plays_agents() {
            return self.said_by_strangers(now);
        }
        let is_late = self.line.is_late;
        let Some(marker) = read(&self.scene, self.caller, text, now, is_late) else {
            return Then::Stay;
        };
        // Who left the queue silently has a message pending all the same.
        let pending = self.customer.exchange().max(1);
        let messages = &self.scene.plan.messages;
        let awaited = self.ghost || self.customer.is_pending();
        if messages.number(marker.sequence) != pending || !awaited {
            self.scene
                .remark("a customer got a message that answers nothing");
            return Then::Stay;
        }
        if !self.parts.come(messages, marker.sequence) {
            return Then::Stay;
        }
        self.timed(text);
        if self.ghost {
            self.note(now, ChatEvent::Unread);
            return Then::Stay;
        }
        self.replied(now)
    }

    /// A whole reply is here: message and reply have been under way for all the time that the agent
    /// has not held the message.
    fn timed(&mut self, text: &str) {
        if let Some((said, hold)) = self.said.take().zip(Hold::said_in(text)) {
            let held = Duration::from_nanos(hold.span().0);
            let under_way = said.elapsed().saturating_sub(held);
            self.scene.took(Latency::RoundTrip, under_way);
        }
    }

    /// A staff of the server's own knows no markers, and may say more than one thing: the first
    /// answers what is pending.
    fn said_by_strangers(&mut self, now: Time) -> Then {
        if self.ghost {
            self.note(now, ChatEvent::Unread);
            return Then::Stay;
        }
        match self.customer.is_pending() {
            true => self.replied(now),
            false => Then::Stay,
        }
    }

    fn replied(&mut self, now: Time) -> Then {
        let rules = self.scene.rules(self.caller.class);
        let act = self.customer.handle(now, CustomerInput::Reply, rules);
        self.wake = self.customer.deadline();
        let done = matches!(act, Some(CustomerAct::Done { .. }));
        self.note(now, ChatEvent::Replied { last: done });
        let Some(CustomerAct::Done { closes }) = act else {
            let typing = self.scene.plan.messages.typing_at(now, self.wake);
            self.typing = typing.unwrap_or(Time::NEVER);
            return Then::Stay;
        };
        self.scene.again(self.caller, Again::Unresolved, now);
        match closes {
            true => Then::Leave(now),
            false => Then::Go,
        }
    }
}

/// Takes note of a frame that comes while the connection is being closed. That the server has ended
/// the chat tells why something that was said just before did not come.
pub(super) fn overhear<D>(scene: &Scene<D>, caller: Caller, frame: &ToCustomer) {
    let now = scene.now();
    match frame {
        ToCustomer::Message { text, .. } if scene.cast.plays_agents() => {
            read(scene, caller, text, now, false);
        }
        ToCustomer::Closed { by: Party::Server } => {
            scene.note_in(caller, now, ChatEvent::Ended);
        }
        _ => {}
    }
}

/// Takes note of a message that came to this customer, or was said before it was there; its marker, if
/// it is one of this chat's replies.
fn read<D>(
    scene: &Scene<D>,
    caller: Caller,
    text: &str,
    now: Time,
    is_late: bool,
) -> Option<Marker> {
    let reader = Reader::Customer(caller.number, caller.attempt);
    let marker = Marker::of(text);
    let ours = marker.filter(|marker| marker.run == scene.run);
    let Some(marker) = ours else {
        scene.fault(Fault::Foreign, reader, marker);
        return None;
    };
    if scene.marker(caller, Direction::Agent, marker.sequence) != marker {
        scene.fault(Fault::Misdelivered, reader, Some(marker));
        return None;
    }
    match is_late {
        true => scene.came_with(caller, marker, reader, now),
        false => scene.read(caller, marker, reader, now),
    }
    Some(marker)
}
