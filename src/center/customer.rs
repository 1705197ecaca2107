//! Owns `Customer`: one who asks, from the offer to the end of the chat.
//!
//! Law: one deadline at a time, since a customer waits, or waits for a reply, or thinks. The
//! machine never acts before it is woken at that deadline.

use super::Step;
use super::rules::CustomerRules;
use crate::random::{Draws, Purpose};
use crate::time::Time;

/// What happens to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerInput {
    /// An agent has been asked for and none is free: queue patience starts.
    Queued,
    /// An agent has the chat: the first message is pending.
    Assigned,
    /// The agent's reply was delivered.
    Reply,
    /// The deadline that the last step named has come.
    Wake,
    /// The chat is over for reasons of others: rejected, closed, broken.
    Ended,
}

/// What a customer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerAct {
    /// Sends the message of the exchange `Customer::exchange`.
    Send,
    /// Gives up waiting and leaves the queue.
    LeaveQueue,
    /// Gives up waiting for a reply and leaves the chat.
    LeaveChat,
    /// Has got the last reply.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Waiting,
    Pending,
    Thinking,
    Gone,
}

/// One who asks.
#[derive(Clone, Debug)]
pub struct Customer {
    draws: Draws,
    deadline: Time,
    exchange: u32,
    exchanges: u32,
    state: State,
}

impl Customer {
    /// A customer who has just been offered.
    #[inline]
    pub fn new(draws: Draws, rules: &CustomerRules) -> Customer {
        let exchanges = rules.exchanges(draws);
        Customer {
            draws,
            deadline: Time::NEVER,
            exchange: 0,
            exchanges,
            state: State::New,
        }
    }

    /// Takes one input at `now` and says what the customer does, and when to wake it.
    #[inline]
    pub fn handle(
        &mut self,
        now: Time,
        input: CustomerInput,
        rules: &CustomerRules,
    ) -> Step<CustomerAct> {
        let act = match (input, self.state) {
            (CustomerInput::Queued, State::New) => {
                let patience = rules
                    .queue_patience
                    .sample(&mut self.at(Purpose::QueuePatience, 0));
                self.rest(State::Waiting, now + patience)
            }
            (CustomerInput::Assigned, State::New | State::Waiting) => {
                self.say(now, rules);
                None
            }
            (CustomerInput::Reply, State::Pending) if self.exchange == self.exchanges => {
                self.rest(State::Gone, Time::NEVER);
                Some(CustomerAct::Done)
            }
            (CustomerInput::Reply, State::Pending) => {
                let think = rules
                    .think
                    .sample(&mut self.at(Purpose::Think, self.exchange));
                self.rest(State::Thinking, now + think)
            }
            (CustomerInput::Wake, _) if now < self.deadline => None,
            (CustomerInput::Wake, State::Waiting) => {
                self.rest(State::Gone, Time::NEVER);
                Some(CustomerAct::LeaveQueue)
            }
            (CustomerInput::Wake, State::Pending) => {
                self.rest(State::Gone, Time::NEVER);
                Some(CustomerAct::LeaveChat)
            }
            (CustomerInput::Wake, State::Thinking) => {
                self.say(now, rules);
                Some(CustomerAct::Send)
            }
            (CustomerInput::Ended, _) => self.rest(State::Gone, Time::NEVER),
            // A live server may repeat or cross frames: what no longer concerns is let pass.
            _ => None,
        };
        Step {
            act,
            wake: self.deadline,
        }
    }

    /// The next message is pending from now on.
    #[inline]
    fn say(&mut self, now: Time, rules: &CustomerRules) {
        self.exchange += 1;
        let mut stream = self.at(Purpose::ReplyPatience, self.exchange);
        self.rest(
            State::Pending,
            now + rules.reply_patience.sample(&mut stream),
        );
    }

    #[inline]
    fn rest(&mut self, state: State, deadline: Time) -> Option<CustomerAct> {
        (self.state, self.deadline) = (state, deadline);
        None
    }

    #[inline]
    fn at(&self, purpose: Purpose, index: u32) -> crate::random::Stream {
        self.draws.at(purpose, index)
    }

    /// The key of this customer's draws.
    #[inline]
    pub fn draws(&self) -> Draws {
        self.draws
    }

    /// The one instant at which the customer wants to be woken.
    #[inline]
    pub fn deadline(&self) -> Time {
        self.deadline
    }

    /// The number of the last message, from 1; 0 before the first.
    #[inline]
    pub fn exchange(&self) -> u32 {
        self.exchange
    }

    /// How many exchanges the chat has when nobody leaves.
    #[inline]
    pub fn exchanges(&self) -> u32 {
        self.exchanges
    }

    /// Whether a message of the customer waits for its reply.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.state == State::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Kind, Population};
    use crate::stats::law::{CountLaw, Law};
    use crate::time::Span;

    fn rules() -> CustomerRules {
        CustomerRules::new(
            Law::constant(180.0).unwrap(),
            Law::constant(400.0).unwrap(),
            Law::constant(60.0).unwrap(),
            CountLaw::constant(2).unwrap(),
        )
    }

    fn customer() -> Customer {
        Customer::new(Population::new(1, 0, Kind::Customer).person(0, 0), &rules())
    }

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    fn step(act: Option<CustomerAct>, wake: Time) -> Step<CustomerAct> {
        Step { act, wake }
    }

    #[test]
    fn a_chat_of_two_exchanges() {
        let (mut customer, rules) = (customer(), rules());
        let mut tell = |secs, input| customer.handle(at(secs), input, &rules);
        assert_eq!(tell(0, CustomerInput::Queued), step(None, at(180)));
        assert_eq!(tell(10, CustomerInput::Assigned), step(None, at(410)));
        assert_eq!(tell(50, CustomerInput::Reply), step(None, at(110)));
        assert_eq!(
            tell(110, CustomerInput::Wake),
            step(Some(CustomerAct::Send), at(510))
        );
        assert_eq!(
            tell(150, CustomerInput::Reply),
            step(Some(CustomerAct::Done), Time::NEVER)
        );
        assert_eq!(tell(151, CustomerInput::Reply), step(None, Time::NEVER));
    }

    #[test]
    fn patience_ends_in_the_queue_and_in_the_chat() {
        let (mut waiting, rules) = (customer(), rules());
        waiting.handle(at(0), CustomerInput::Queued, &rules);
        assert_eq!(
            waiting.handle(at(179), CustomerInput::Wake, &rules).act,
            None
        );
        let left = waiting.handle(at(180), CustomerInput::Wake, &rules);
        assert_eq!(left, step(Some(CustomerAct::LeaveQueue), Time::NEVER));
        let mut pending = customer();
        pending.handle(at(0), CustomerInput::Assigned, &rules);
        let left = pending.handle(at(400), CustomerInput::Wake, &rules);
        assert_eq!(left, step(Some(CustomerAct::LeaveChat), Time::NEVER));
    }
}
