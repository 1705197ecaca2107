//! Owns `Customer`: one who asks, from the offer to the end of the chat.
//!
//! Law: one deadline at a time, since a customer is away, waits, waits for a reply, or thinks. The
//! machine never acts before it is woken at that deadline.

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
    /// The deadline has come.
    Wake,
}

/// What a customer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerAct {
    /// Comes again and asks for an agent.
    Come,
    /// Sends the message of the exchange `Customer::exchange`.
    Send,
    /// Gives up waiting and leaves the queue.
    LeaveQueue {
        /// Without telling anybody.
        silently: bool,
    },
    /// Gives up waiting for a reply and leaves the chat.
    LeaveChat {
        /// Without telling anybody.
        silently: bool,
    },
    /// Has got the last reply.
    Done {
        /// Closes the chat itself; else the agent does.
        closes: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Will come again.
    Away,
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
    class: u8,
    state: State,
}

impl Customer {
    /// A customer of `class` who has just been offered; `rules` are those of the class.
    #[inline]
    pub fn new(draws: Draws, class: u8, rules: &CustomerRules) -> Customer {
        let exchanges = rules.exchanges(draws);
        Customer {
            draws,
            deadline: Time::NEVER,
            exchange: 0,
            exchanges,
            class,
            state: State::New,
        }
    }

    /// A customer who will come again at `back`, with the draws of that attempt.
    pub fn away(draws: Draws, class: u8, rules: &CustomerRules, back: Time) -> Customer {
        Customer {
            deadline: back,
            state: State::Away,
            ..Customer::new(draws, class, rules)
        }
    }

    /// Takes one input at `now` and says what the customer does; the deadline may be another then.
    #[inline(always)]
    pub fn handle(
        &mut self,
        now: Time,
        input: CustomerInput,
        rules: &CustomerRules,
    ) -> Option<CustomerAct> {
        match (input, self.state) {
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
                let closes = rules.closes_itself(self.draws);
                Some(CustomerAct::Done { closes })
            }
            (CustomerInput::Reply, State::Pending) => {
                let think = rules
                    .think
                    .sample(&mut self.at(Purpose::Think, self.exchange));
                self.rest(State::Thinking, now + think)
            }
            (CustomerInput::Wake, _) => self.wake(now, rules),
            // A chat that was handed over is assigned again, a live server may repeat or cross
            // frames: what no longer concerns is let pass.
            _ => None,
        }
    }

    /// What the customer does when its deadline has come.
    #[inline(always)]
    fn wake(&mut self, now: Time, rules: &CustomerRules) -> Option<CustomerAct> {
        if now < self.deadline {
            return None;
        }
        match self.state {
            State::Away => {
                self.rest(State::New, Time::NEVER);
                Some(CustomerAct::Come)
            }
            State::Waiting => {
                self.rest(State::Gone, Time::NEVER);
                let silently = rules.leaves_silently(self.draws);
                Some(CustomerAct::LeaveQueue { silently })
            }
            State::Pending => {
                self.rest(State::Gone, Time::NEVER);
                let silently = rules.leaves_silently(self.draws);
                Some(CustomerAct::LeaveChat { silently })
            }
            State::Thinking => {
                self.say(now, rules);
                Some(CustomerAct::Send)
            }
            State::New | State::Gone => None,
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

    /// After how many replies the agent closes the chat; `u32::MAX` when the customer does.
    #[inline]
    pub fn closed_after(&self, rules: &CustomerRules) -> u32 {
        if rules.closes_itself(self.draws) {
            return u32::MAX;
        }
        self.exchanges
    }

    /// When its patience ends, as things stand; never where it waits for nobody.
    pub fn patience_ends(&self) -> Time {
        match self.state {
            State::Waiting | State::Pending => self.deadline,
            _ => Time::NEVER,
        }
    }

    /// The chat is over for reasons of others.
    pub fn end(&mut self) {
        self.rest(State::Gone, Time::NEVER);
    }

    /// Whether the customer will come again and is not there yet.
    pub fn is_away(&self) -> bool {
        self.state == State::Away
    }

    /// The class the customer belongs to.
    #[inline]
    pub fn class(&self) -> u8 {
        self.class
    }

    /// Whether it waits in the queue, for the first time.
    pub fn is_queued(&self) -> bool {
        self.state == State::Waiting
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
    use crate::center::rules::{Again, Retry};
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
        Customer::new(
            Population::new(1, 0, Kind::Customer).person(0, 0),
            0,
            &rules(),
        )
    }

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    #[test]
    fn a_chat_of_two_exchanges() {
        let (mut customer, rules) = (customer(), rules());
        let mut tell = |secs, input| {
            let act = customer.handle(at(secs), input, &rules);
            (act, customer.deadline())
        };
        assert_eq!(tell(0, CustomerInput::Queued), (None, at(180)));
        assert_eq!(tell(10, CustomerInput::Assigned), (None, at(410)));
        assert_eq!(tell(50, CustomerInput::Reply), (None, at(110)));
        let sent = Some(CustomerAct::Send);
        assert_eq!(tell(110, CustomerInput::Wake), (sent, at(510)));
        let done = Some(CustomerAct::Done { closes: false });
        assert_eq!(tell(150, CustomerInput::Reply), (done, Time::NEVER));
        assert_eq!(tell(151, CustomerInput::Reply), (None, Time::NEVER));
    }

    #[test]
    fn patience_ends_in_the_queue_and_in_the_chat() {
        let (mut waiting, rules) = (customer(), rules());
        waiting.handle(at(0), CustomerInput::Queued, &rules);
        let stays = waiting.handle(at(179), CustomerInput::Wake, &rules);
        assert_eq!(stays, None);
        let left = waiting.handle(at(180), CustomerInput::Wake, &rules);
        assert_eq!(left, Some(CustomerAct::LeaveQueue { silently: false }));
        assert_eq!(waiting.deadline(), Time::NEVER);
        let mut pending = customer();
        pending.handle(at(0), CustomerInput::Assigned, &rules);
        let left = pending.handle(at(400), CustomerInput::Wake, &rules);
        assert_eq!(left, Some(CustomerAct::LeaveChat { silently: false }));
        assert_eq!(pending.deadline(), Time::NEVER);
    }

    #[test]
    fn some_leave_silently_close_themselves_and_come_again() {
        let mut rules = rules();
        (rules.silent, rules.closes) = (1.0, 1.0);
        let mut pending = customer();
        assert_eq!(pending.closed_after(&rules), u32::MAX);
        pending.handle(at(0), CustomerInput::Assigned, &rules);
        let left = pending.handle(at(400), CustomerInput::Wake, &rules);
        assert_eq!(left, Some(CustomerAct::LeaveChat { silently: true }));
        let draws = customer().draws();
        assert_eq!(rules.comes_again(Again::Abandoned, draws), None);
        let after = Law::constant(60.0).unwrap();
        rules.retry.abandoned = Some(Retry { chance: 1.0, after });
        assert_eq!(rules.comes_again(Again::Rejected, draws), None);
        let again = rules.comes_again(Again::Abandoned, draws);
        assert_eq!(again, Some(Span::from_secs(60)));
        let mut away = Customer::away(draws, 0, &rules, at(460));
        assert_eq!(away.handle(at(459), CustomerInput::Wake, &rules), None);
        let back = away.handle(at(460), CustomerInput::Wake, &rules);
        assert_eq!(
            (back, away.deadline()),
            (Some(CustomerAct::Come), Time::NEVER)
        );
    }
}
