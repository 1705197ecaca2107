//! Owns `Page`: what an entry about a chat comes to.
//!
//! Law: the recorder hears of each thing once, in the terms of the simulation. The server is not
//! believed: what it says twice or at the wrong time changes nothing here.

use super::account::Account;
use super::ceiling::{Ceilings, Whose};
use super::integrity::Integrity;
use super::off::News;
use super::traffic::{Came, Took};
use crate::center::fate::Fate;
use crate::live::journal::{ChatEvent, Fault, Message, Origin, Reader};
use crate::measure::clock::Gauge;
use crate::measure::recorder::Recorder;
use crate::measure::tally::Latency;
use crate::time::Time;
use crate::wire::marker::Direction;

/// A chat's account, open for an entry.
pub(super) struct Page<'a> {
    pub recorder: &'a mut Recorder,
    pub integrity: &'a mut Integrity,
    pub ceilings: &'a mut Ceilings,
    pub account: &'a mut Account,
}

impl Page<'_> {
    /// Posts what happened at `at`.
    pub fn post(&mut self, event: ChatEvent, at: Time) {
        match event {
            ChatEvent::Offered => unreachable!("a chat is offered once, to be entered"),
            ChatEvent::Queued => self.queued(at),
            ChatEvent::Assigned(agent) => self.assigned(agent, at),
            ChatEvent::LeavesQueue { silently } => {
                self.waits(at);
                let visit = &mut self.account.visit;
                self.recorder.left_queue(visit, silently, at);
                self.customer_goes(silently, at);
            }
            ChatEvent::LeavesChat { silently } => {
                let visit = &mut self.account.visit;
                self.recorder.left_chat(visit, silently, at);
                if !silently {
                    self.account.settle(self.recorder, at);
                }
                self.customer_goes(silently, at);
            }
            ChatEvent::SentAway => {
                self.sent_away(at);
                self.customer_goes(false, at);
            }
            ChatEvent::TurnedAway => {
                self.turned_away(at);
                self.ends(at);
            }
            ChatEvent::Met { agent, pending } => self.met(agent, pending, at),
            ChatEvent::Parted => self.parted(at),
            ChatEvent::Says => self.says(at),
            ChatEvent::Replied { last } => self.replied(last, at),
            ChatEvent::Unread => {
                let visit = &mut self.account.visit;
                self.recorder.ghost_answered(visit, false, at);
            }
            ChatEvent::ClosedByAgent => self.given_up(Fate::Dropped, at),
            ChatEvent::Disconnected { since } => self.cut_off(since, at),
            ChatEvent::Back => self.back(at),
            ChatEvent::Over => self.over(at),
            ChatEvent::Lapsed => self.lapsed(at),
            ChatEvent::Unheard => self.unheard(at),
            ChatEvent::SentAgain(sequence) => {
                self.account.traffic(Direction::Customer).again(sequence);
            }
            ChatEvent::AgentLost { agent, since } => self.agent_lost(agent, since, at),
            ChatEvent::LineLost => {
                self.account.traffic(Direction::Agent).doubtful(at);
                self.account.reader_goes(Direction::Customer, at);
            }
            ChatEvent::Cut(fate) => {
                self.given_up(fate, at);
                self.ends(at);
            }
            ChatEvent::Ended => self.ends(at),
            ChatEvent::LeftOpen => self.left_open(at),
            ChatEvent::Taken(agent) => self.taken(agent, at),
            ChatEvent::Composed(attention) => {
                self.recorder.composed(&mut self.account.visit, attention);
            }
            ChatEvent::Closes => self.account.reader_goes(Direction::Customer, at),
            ChatEvent::LetGo { agent, for_good } => self.let_go(agent, for_good, at),
            ChatEvent::Sent(message) => {
                let traffic = self.account.traffic(message.direction);
                for came in traffic.written(at, message) {
                    self.came(came, message, None, at);
                }
            }
            ChatEvent::Read(message, reader) => self.read(message, reader, at),
        }
    }

    /// Notes that it waits, whether or not the server has said so.
    fn waits(&mut self, at: Time) {
        let visit = &mut self.account.visit;
        if !visit.is_delayed() {
            self.recorder.queued(visit, at);
        }
    }

    fn queued(&mut self, at: Time) {
        if self.hears_at_last(News::HandedOver, at) {
            return;
        }
        let visit = &mut self.account.visit;
        if visit.agent().is_some() {
            self.recorder.handed_over(visit, at);
        } else if visit.fate().is_none() {
            // Another place in the queue is no news here.
            self.waits(at);
        }
    }

    fn assigned(&mut self, agent: u32, at: Time) {
        if self.hears_at_last(News::Taken, at) {
            return;
        }
        let visit = &mut self.account.visit;
        if visit.agent().is_some() {
            return;
        }
        match visit.transfers() {
            0 => self.recorder.assigned(visit, agent, at),
            _ => self.recorder.assigned_again(visit, agent, at),
        }
    }

    /// The desk closes while the customer waits, for the first time or after its chat was handed
    /// over.
    fn sent_away(&mut self, at: Time) {
        let visit = &mut self.account.visit;
        if visit.is_ghost() {
            self.recorder.ghost_over(visit, at);
        } else if visit.transfers() > 0 {
            self.recorder.cut(visit, Fate::Dropped, at);
        } else {
            self.waits(at);
            self.recorder.rejected(&mut self.account.visit, at);
        }
        self.account.settle(self.recorder, at);
    }

    fn turned_away(&mut self, at: Time) {
        let visit = &mut self.account.visit;
        if visit.is_ghost() {
            self.recorder.ghost_over(visit, at);
        } else if visit.assigned().comes() && visit.fate().is_none() {
            // An agent had it: it was not turned away.
            self.recorder.cut(visit, Fate::Dropped, at);
        } else if visit.fate().is_none() {
            self.recorder.rejected(visit, at);
        }
        self.account.settle(self.recorder, at);
    }

    fn replied(&mut self, last: bool, at: Time) {
        let visit = &mut self.account.visit;
        self.recorder.replied(visit, at);
        if !last {
            return self.turns_to_the_next();
        }
        self.leaves_unanswered();
        let visit = &mut self.account.visit;
        self.recorder.ended(visit, Fate::Handled, at);
        self.account.settle(self.recorder, at);
        self.account.reader_goes(Direction::Agent, at);
    }

    /// The run is over and the chat is not: what is held for one who is gone silently is held no
    /// more.
    fn left_open(&mut self, at: Time) {
        let visit = &mut self.account.visit;
        if visit.fate().is_none() {
            self.recorder.open_at_end(visit, at);
        } else if visit.is_ghost() && !visit.is_over() {
            let holds = match visit.agent() {
                _ if visit.is_waiting() => Some(Gauge::Queue),
                agent => agent.map(|_| Gauge::Ghosts),
            };
            holds
                .into_iter()
                .for_each(|gauge| self.recorder.fall(gauge, at));
        }
        self.account.reader_goes(Direction::Agent, at);
    }

    /// The server ends the chat: what is said at the time may cross that, either way. The news of
    /// it, too, may be under way for as long as a message.
    fn ends(&mut self, at: Time) {
        let at = at - self.integrity.grace();
        self.account.reader_goes(Direction::Agent, at);
        self.account.reader_goes(Direction::Customer, at);
    }

    fn customer_goes(&mut self, silently: bool, at: Time) {
        if silently {
            self.haunts_nothing(at);
        }
        if !silently {
            self.account.reader_goes(Direction::Agent, at);
        }
    }

    fn taken(&mut self, agent: u32, at: Time) {
        let account = &mut *self.account;
        if !account.holders.is_empty() && account.is_given_twice(agent, at) {
            let chat = account.marker(Direction::Customer, 0);
            let reader = Reader::Agent(agent);
            self.integrity
                .fault(Fault::AssignedTwice, reader, Some(chat), at);
        }
        account.taken(agent, at);
        self.taken_unheard(agent, at);
    }

    /// Where two have the chat, it is over with the last.
    pub(super) fn let_go(&mut self, agent: u32, for_good: bool, at: Time) {
        let account = &mut *self.account;
        account.holders.retain(|holder| *holder != agent);
        let in_turn = account.clears_doubt(at);
        if !account.holders.is_empty() && !in_turn {
            return;
        }
        if !for_good && !in_turn {
            account.reader_goes(Direction::Customer, at);
        }
        let is_all = match for_good {
            true => self.freed_unheard(at),
            false => self.handed_over_unheard(at),
        };
        if !is_all {
            self.account.let_go(self.recorder, for_good, at);
        }
    }

    /// A message came to somebody who is in the chat, or was; else it has strayed.
    fn read(&mut self, message: Message, reader: Reader, at: Time) {
        let turn = match reader {
            Reader::Customer(..) => Some(0),
            Reader::Agent(agent) => self.account.turn_of(agent, message.sequence),
        };
        let traffic = self.account.traffic(message.direction);
        if let Some(turn) = turn {
            let came = traffic.read(message, turn);
            self.came(came, message, Some(reader), at);
            return;
        }
        traffic.strayed(message.sequence);
        let marker = self.account.marker(message.direction, message.sequence);
        self.integrity
            .fault(Fault::Misdelivered, reader, Some(marker), at);
    }

    /// A message has passed from its writer's session to its reader.
    fn passed(&mut self, took: Took, direction: Direction) {
        let Origin { number, sent } = took.origin;
        if sent == 0 {
            return;
        }
        let whose = match direction {
            Direction::Agent => Whose::Agent(number),
            Direction::Customer => Whose::Customer(number, self.account.visit.attempt()),
        };
        let read = took.written + took.delivery;
        self.ceilings.note(whose, sent, (took.written, read));
    }

    fn came(&mut self, came: Came, message: Message, reader: Option<Reader>, at: Time) {
        let Message {
            direction,
            sequence,
            ..
        } = message;
        let marker = self.account.marker(direction, sequence);
        let reader = reader.unwrap_or(self.account.reader(direction));
        match came {
            Came::Early | Came::Retold => {}
            Came::Again => {
                self.integrity
                    .fault(Fault::Duplicated, reader, Some(marker), at);
            }
            Came::Once { due, .. } if self.integrity.too_late(self.account, direction, due, at) => {
                self.integrity.fault(Fault::Lost, reader, Some(marker), due);
            }
            Came::Once {
                late, took, apart, ..
            } => {
                self.integrity.clocks_are_apart(apart);
                if late {
                    self.integrity
                        .fault(Fault::Reordered, reader, Some(marker), at);
                }
                if let Some(took) = took {
                    self.recorder.note(Latency::Delivery, took.delivery);
                    self.recorder.note(Latency::DeliveryFromDue, took.from_due);
                    self.passed(took, direction);
                }
            }
        }
    }
}
