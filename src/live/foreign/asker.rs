//! Owns `Asker`: what a customer's frames come to at another server than the built-in one.
//!
//! Law: what is said before an agent has the chat is kept, and goes over the server under test once it
//! has. What a dispatcher of ours says about messages is never taken for the message: that counts when
//! the server has brought it, and what the dispatcher says of the chat after it waits for that.

use std::collections::VecDeque;

use super::Persona;
use super::around::Around;
use crate::error::Result;
use crate::live::switchboard::Delivery;
use crate::wire::frame::{CustomerSide, Frame, FromCustomer, Party, ToCustomer};
use crate::wire::marker::{Direction, Marker};
use crate::wire::speaker::{Deed, OWN, Tidings};

/// The number of an agent of whom the server does not say who it is.
const SOMEBODY: u32 = u32::MAX - 1;

/// A customer at a foreign server.
#[derive(Debug, Default)]
pub struct Asker {
    /// The name of the chat, once it was asked for.
    chat: Option<Marker>,
    stage: Stage,
    /// What is said once an agent has the chat.
    kept: Vec<(u32, String)>,
    /// The highest number of the replies that the dispatcher has heard of, and of those that came.
    told: u32,
    came: u32,
    /// The highest number of its messages that were said at the server.
    said: u32,
    /// Whether the server has kept its chat, once it is back.
    is_kept: bool,
    /// How many of the messages that were said the server does not have, once it is back.
    unsaid: u32,
    /// What the dispatcher has said, where a reply that was said before is still under way.
    held_back: VecDeque<HeldBack>,
    /// How many agents had the chat so far, as far as is known here.
    met: u32,
}

/// What the dispatcher has said.
#[derive(Debug)]
struct HeldBack {
    frame: ToCustomer,
    /// Where the agent is reached who has the chat.
    peer: Option<String>,
    /// The number of the reply that comes before.
    after: u32,
}

/// Where the chat stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    /// An agent was asked for.
    Asked,
    /// The server has said that it waits.
    Waiting,
    /// An agent has it.
    Met,
    Over,
}

impl Asker {
    /// An agent has the chat: what was kept is said.
    fn meet(&mut self, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        self.stage = Stage::Met;
        self.met = self.met.saturating_add(1);
        for (seq, text) in std::mem::take(&mut self.kept) {
            self.say(seq, &text, around)?;
        }
        Ok(())
    }

    fn say(&mut self, seq: u32, text: &str, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        let is_news = seq > self.said;
        self.said = self.said.max(seq);
        around.act(Deed::Say { chat: OWN, text })?;
        if around.dispatches() && is_news {
            // To which of the agents who had the chat it was said.
            let (text, heard) = (name(text), self.met);
            around.post(&FromCustomer::Say { seq, text, heard });
        }
        Ok(())
    }

    /// The highest number of its messages that need not be said again: what the protocol says again of
    /// itself was said, and what is kept is said in its time.
    fn got(&mut self) -> u32 {
        let unsaid = std::mem::take(&mut self.unsaid);
        if unsaid > 0 {
            let got = self.said.saturating_sub(unsaid);
            self.kept.retain(|(seq, _)| *seq <= got);
            return got;
        }
        let kept = self.kept.iter().map(|(seq, _)| *seq);
        kept.chain([self.said]).max().unwrap_or(0)
    }

    /// What came of a message, if it is one of this chat's.
    fn message(&mut self, text: String, around: &Around<'_, CustomerSide>) -> Option<ToCustomer> {
        let marker = Marker::of(&text);
        let own = self
            .chat
            .zip(marker)
            .is_some_and(|(chat, marker)| marker == chat.at(marker.direction, marker.sequence));
        // To everybody: what is another's is nothing to this customer.
        if around.is_broadcast() && !own {
            return None;
        }
        if own && marker.is_some_and(|marker| marker.direction == Direction::Customer) {
            return None;
        }
        let seq = marker.map_or(0, |marker| marker.sequence);
        if own {
            self.came = self.came.max(seq);
        }
        Some(ToCustomer::Message { seq, text })
    }

    /// What was held back is heard, as far as all replies that were said before have come.
    fn go_on(&mut self, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        while let Some(next) = self.held_back.pop_front() {
            if next.after > self.came {
                self.held_back.push_front(next);
                return Ok(());
            }
            self.dispatched(next, around)?;
        }
        Ok(())
    }

    /// What the dispatcher has said of the chat is heard.
    fn dispatched(&mut self, said: HeldBack, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        if let Some(peer) = &said.peer {
            around.act(Deed::Meet { chat: OWN, peer })?;
        }
        match said.frame {
            ToCustomer::Queued { .. } => self.stage = Stage::Waiting,
            ToCustomer::Rejected { .. } | ToCustomer::Closed { .. } => self.stage = Stage::Over,
            ToCustomer::Assigned { .. } => self.meet(around)?,
            _ => {}
        }
        around.hear(Some(said.frame));
        Ok(())
    }
}

/// What the dispatcher hears of a message.
pub(super) fn name(text: &str) -> String {
    text.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

impl Persona for Asker {
    type Side = CustomerSide;

    fn says(&mut self, frame: &FromCustomer, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        match frame {
            FromCustomer::Open {
                marker,
                text,
                priority,
                ..
            } => {
                self.chat = Marker::parse(marker);
                self.stage = Stage::Asked;
                // Whose chat is gone says everything anew.
                (self.said, self.kept) = (0, Vec::new());
                self.kept.extend(text.clone().map(|text| (1, text)));
                if around.dispatches() {
                    around.post(&FromCustomer::Open {
                        marker: marker.clone(),
                        text: None,
                        priority: *priority,
                        ticket: None,
                    });
                }
                let priority = *priority;
                around.act(Deed::Open { priority })
            }
            FromCustomer::Say { seq, text, .. } => match self.stage {
                Stage::Met => self.say(*seq, text, around),
                _ => {
                    self.kept.push((*seq, text.clone()));
                    Ok(())
                }
            },
            FromCustomer::Typing {} if self.stage == Stage::Met => {
                around.act(Deed::Typing { chat: OWN })
            }
            FromCustomer::Typing {} => Ok(()),
            FromCustomer::Leave {} => {
                if around.dispatches() {
                    around.post(frame);
                }
                self.stage = Stage::Over;
                around.act(Deed::Close { chat: OWN })
            }
            FromCustomer::Resume { .. } => {
                if !self.is_kept {
                    self.stage = Stage::Over;
                    around.hear_first(|_| ToCustomer::Gone {});
                    return Ok(());
                }
                let got = self.got();
                around.hear_first(|missed| ToCustomer::Resumed { got, missed });
                Ok(())
            }
        }
    }

    fn told(&mut self, tidings: Tidings, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        let frame = match tidings {
            Tidings::Message { text, .. } => {
                let message = self.message(text, around);
                around.hear(message);
                return self.go_on(around);
            }
            Tidings::Typing { .. } => Some(ToCustomer::Typing {}),
            // What crossed the end of the chat is nobody's fault.
            Tidings::Refused { .. } if self.stage == Stage::Over => None,
            Tidings::Refused { kind, .. } => {
                let reason = kind;
                Some(ToCustomer::Error { reason })
            }
            _ if around.dispatches() => None,
            // Another place in the queue is no news.
            Tidings::Queued { position } if self.stage == Stage::Asked => {
                self.stage = Stage::Waiting;
                let position = position.unwrap_or(1);
                Some(ToCustomer::Queued { position })
            }
            Tidings::Assigned { .. } if self.stage != Stage::Met => {
                around.hear(Some(ToCustomer::Assigned { agent: SOMEBODY }));
                self.meet(around)?;
                None
            }
            Tidings::Transferred { .. } if self.stage == Stage::Met => {
                self.stage = Stage::Waiting;
                Some(ToCustomer::Queued { position: 1 })
            }
            Tidings::Closed { .. } if self.stage != Stage::Over => {
                self.stage = Stage::Over;
                let by = Party::Agent;
                Some(ToCustomer::Closed { by })
            }
            _ => None,
        };
        around.hear(frame);
        Ok(())
    }

    fn delivered(
        &mut self,
        delivery: Delivery,
        around: &mut Around<'_, CustomerSide>,
    ) -> Result<()> {
        let frame = delivery.frame.as_deref().map(ToCustomer::decode);
        match frame.and_then(std::result::Result::ok) {
            Some(ToCustomer::Message { seq, .. }) => self.told = self.told.max(seq),
            Some(ToCustomer::Typing {}) | None => {}
            Some(frame) => {
                self.held_back.push_back(HeldBack {
                    frame,
                    peer: delivery.peer,
                    after: self.told,
                });
                self.go_on(around)?;
                if !self.held_back.is_empty() {
                    around.wait();
                }
            }
        }
        Ok(())
    }

    fn gives_up_waiting(&mut self, around: &mut Around<'_, CustomerSide>) -> Result<()> {
        if let Some(last) = self.held_back.back() {
            self.came = self.came.max(last.after);
        }
        self.go_on(around)
    }

    fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    fn is_back(&mut self, kept: bool, unsaid: u32) {
        (self.is_kept, self.unsaid) = (kept, unsaid);
    }
}
