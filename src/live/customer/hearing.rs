//! Owns what a customer makes of the frames that it hears.
//!
//! Law: the server is not believed: what answers nothing is remarked and let pass. A frame happens
//! at the instant at which it was read.

use super::{Then, Visitor};
use crate::center::customer::{CustomerAct, CustomerInput};
use crate::center::fate::Fate;
use crate::center::rules::Again;
use crate::error::Result;
use crate::live::dial::Dial;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::clean;
use crate::wire::frame::{Party, ToCustomer};
use crate::wire::marker::{Direction, Marker};

impl<D: Dial> Visitor<D> {
    pub(super) async fn hear(&mut self, heard: Option<Result<ToCustomer>>, now: Time) -> Then {
        match heard {
            Some(Ok(frame)) => self.take(frame, now).await,
            Some(Err(error)) => self.broken(error.plain()),
            None => self.broken("the server closed the connection"),
        }
    }

    async fn take(&mut self, frame: ToCustomer, now: Time) -> Then {
        match frame {
            ToCustomer::Queued { .. } => self.queued(now),
            ToCustomer::Assigned { agent } => self.assigned(agent, now),
            ToCustomer::Message { text, .. } => return self.message(&text, now).await,
            ToCustomer::Rejected { .. } => {
                self.customer.end();
                let rejected = self.scene.on_visit(self.chat, now, |recorder, visit, now| {
                    if visit.is_ghost() {
                        recorder.ghost_over(visit, now);
                    } else if visit.assigned().comes() && visit.fate().is_none() {
                        // An agent had it: it was not turned away.
                        recorder.cut(visit, Fate::Dropped, now);
                    } else if visit.fate().is_none() {
                        recorder.rejected(visit, now);
                        return true;
                    }
                    false
                });
                self.scene.settle(self.chat, now);
                if rejected {
                    self.scene.again(self.caller, Again::Rejected, now);
                }
                return Then::Go;
            }
            ToCustomer::Closed {
                by: Party::Agent | Party::Server,
            } => {
                self.customer.end();
                self.cut(Fate::Dropped, now);
                return Then::Go;
            }
            ToCustomer::Error { reason } => {
                self.scene
                    .remark(format!("the server to a customer: {}", clean(&reason)));
            }
            ToCustomer::Closed {
                by: Party::Customer,
            }
            | ToCustomer::Hello(_) => {}
        }
        Then::Stay
    }

    /// The customer waits: it has just asked for an agent, or its agent has handed the chat over.
    fn queued(&mut self, now: Time) {
        self.opened = None;
        let before = self.scene.on_visit(self.chat, now, |recorder, visit, now| {
            let before = visit.agent();
            if before.is_some() {
                recorder.handed_over(visit, now);
                return before;
            }
            // Another place in the queue is no news here.
            if !visit.is_delayed() && visit.fate().is_none() {
                recorder.queued(visit, now);
            }
            None
        });
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
        let (twice, first) = self.scene.on_visit(self.chat, now, |recorder, visit, now| {
            let first = visit.transfers() == 0;
            if visit.agent().is_some() {
                return (true, first);
            }
            if first {
                recorder.assigned(visit, agent, now);
            } else {
                recorder.assigned_again(visit, agent, now);
            }
            (false, first)
        });
        if twice {
            self.scene.remark("the server assigned a chat twice");
            return;
        }
        self.closing = Time::NEVER;
        if let Some(opened) = self.opened.take() {
            self.scene.note(Latency::Assignment, opened.elapsed());
        }
        if first && !self.ghost {
            let rules = self.scene.rules(self.caller.class);
            self.customer.handle(now, CustomerInput::Assigned, rules);
            self.wake = self.customer.deadline();
        }
    }

    /// A reply counts when it answers the message that is pending.
    async fn message(&mut self, text: &str, now: Time) -> Then {
        // Who left the queue silently has a message pending all the same.
        let pending = self.customer.exchange().max(1);
        let expected = self.scene.marker(self.caller, Direction::Agent, pending);
        let answers = self.ghost || self.customer.is_pending();
        if self.scene.only_customers {
            // A staff of the server's own knows no markers, and may say more than one thing.
            if !answers {
                return Then::Stay;
            }
        } else if Marker::of(text) != Some(expected) || !answers {
            self.scene
                .remark("a customer got a message that answers nothing");
            return Then::Stay;
        }
        self.scene.read(expected);
        if self.ghost {
            self.scene.on_visit(self.chat, now, |recorder, visit, now| {
                recorder.ghost_answered(visit, false, now);
            });
            return Then::Stay;
        }
        self.replied(now).await
    }

    async fn replied(&mut self, now: Time) -> Then {
        let rules = self.scene.rules(self.caller.class);
        let act = self.customer.handle(now, CustomerInput::Reply, rules);
        self.wake = self.customer.deadline();
        let done = matches!(act, Some(CustomerAct::Done { .. }));
        self.scene.on_visit(self.chat, now, |recorder, visit, now| {
            recorder.replied(visit, now);
            if done {
                recorder.ended(visit, Fate::Handled, now);
            }
        });
        let Some(CustomerAct::Done { closes }) = act else {
            return Then::Stay;
        };
        self.scene.settle(self.chat, now);
        self.scene.again(self.caller, Again::Unresolved, now);
        match closes {
            true => self.leave(now).await,
            false => Then::Go,
        }
    }

    pub(super) fn broken(&mut self, words: &str) -> Then {
        self.scene
            .remark(format!("a customer's chat was cut: {}", clean(words)));
        self.cut(Fate::Broken, self.scene.now());
        Then::Go
    }

    /// The chat is over for reasons of others.
    fn cut(&mut self, fate: Fate, now: Time) {
        self.scene.on_visit(self.chat, now, |recorder, visit, now| {
            if visit.is_ghost() {
                recorder.ghost_over(visit, now);
            } else if visit.fate().is_none() {
                recorder.cut(visit, fate, now);
            }
        });
        self.scene.settle(self.chat, now);
    }
}
