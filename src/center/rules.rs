//! Owns the rules that people and router go by: numbers only, resolved from the scenario.

use crate::random::{Draws, Purpose};
use crate::stats::law::{CountLaw, Law};
use crate::time::{Span, Time};

/// The classes of customers and how often each comes.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerClasses {
    rules: Vec<CustomerRules>,
    /// Shares added up; the last is 1.
    up_to: Vec<f64>,
}

impl CustomerClasses {
    /// Classes with their weights, which need not add up to 1.
    ///
    /// # Panics
    /// Without a class, or when no weight is above zero; the scenario has both.
    pub fn new(classes: Vec<(f64, CustomerRules)>) -> CustomerClasses {
        let total: f64 = classes.iter().map(|(weight, _)| weight).sum();
        assert!(total > 0.0, "the plan has a class that comes");
        let mut sum = 0.0;
        let add = |(weight, _): &(f64, CustomerRules)| {
            sum += weight / total;
            sum
        };
        let up_to = classes.iter().map(add).collect();
        let rules = classes.into_iter().map(|(_, rules)| rules).collect();
        CustomerClasses { rules, up_to }
    }

    /// One class alone.
    pub fn one(rules: CustomerRules) -> CustomerClasses {
        CustomerClasses::new(vec![(1.0, rules)])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none, which never is.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules of a class.
    #[inline]
    pub fn rules(&self, class: u8) -> &CustomerRules {
        &self.rules[usize::from(class)]
    }

    /// The share of customers that belong to a class.
    pub fn share(&self, class: u8) -> f64 {
        let class = usize::from(class);
        let before = class
            .checked_sub(1)
            .map_or(0.0, |before| self.up_to[before]);
        self.up_to[class] - before
    }

    /// All classes with their shares.
    pub fn iter(&self) -> impl Iterator<Item = (f64, &CustomerRules)> {
        let shares = (0..self.rules.len()).map(|class| self.share(class as u8));
        shares.zip(&self.rules)
    }

    /// The mean of something over customers.
    pub fn mean(&self, of: impl Fn(&CustomerRules) -> f64) -> f64 {
        let parts = self.iter().filter(|(share, _)| *share > 0.0);
        parts.map(|(share, rules)| share * of(rules)).sum()
    }

    /// How long the server keeps the chat of one who was cut; `None` where nobody is.
    pub fn kept_for(&self) -> Option<Span> {
        let cut = self
            .rules
            .iter()
            .filter_map(|rules| rules.disconnect.as_ref());
        cut.map(|disconnect| disconnect.kept_for).max()
    }

    /// All rules, to be changed.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut CustomerRules> {
        self.rules.iter_mut()
    }

    /// The class of a customer, by the draws of its first attempt: it keeps it when it comes again.
    #[inline]
    pub fn class_of(&self, first: Draws) -> u8 {
        if self.rules.len() == 1 {
            return 0;
        }
        let lot = first.at(Purpose::Class, 0).unit();
        let class = self.up_to.partition_point(|share| *share <= lot);
        class.min(self.rules.len() - 1) as u8
    }
}

/// How customers of one class behave.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRules {
    /// The place of the class's priority among all priorities in use, from 0 for the least.
    pub level: u8,
    /// How long a customer waits in the queue, from the offer.
    pub queue_patience: Law,
    /// How long a customer waits for a reply; drawn anew for each message.
    pub reply_patience: Law,
    /// Reading, thinking and typing between a reply and the next message.
    pub think: Law,
    /// Exchanges a chat.
    pub exchanges: CountLaw,
    /// The share of abandonments that are silent.
    pub silent: f64,
    /// Who comes again.
    pub retry: Retries,
    /// How connections are cut; `None` for not.
    pub disconnect: Option<DisconnectRules>,
    /// The share of chats that the customer closes after the last reply; the agent closes the rest.
    pub closes: f64,
}

impl CustomerRules {
    /// Customers of the least priority who leave openly, do not come again, are not cut and leave
    /// the closing to the agent.
    pub fn new(
        queue_patience: Law,
        reply_patience: Law,
        think: Law,
        exchanges: CountLaw,
    ) -> CustomerRules {
        CustomerRules {
            level: 0,
            queue_patience,
            reply_patience,
            think,
            exchanges,
            silent: 0.0,
            retry: Retries::default(),
            disconnect: None,
            closes: 0.0,
        }
    }

    /// How many exchanges this customer's chat has.
    #[inline]
    pub fn exchanges(&self, draws: Draws) -> u32 {
        self.exchanges.sample(&mut draws.at(Purpose::Exchanges, 0))
    }

    /// Whether this customer, when it gives up, does so without a word.
    #[inline]
    pub fn leaves_silently(&self, draws: Draws) -> bool {
        self.silent > 0.0 && draws.at(Purpose::Silent, 0).unit() < self.silent
    }

    /// Whether this customer closes the chat itself after the last reply.
    #[inline]
    pub fn closes_itself(&self, draws: Draws) -> bool {
        self.closes > 0.0 && draws.at(Purpose::Closes, 0).unit() < self.closes
    }

    /// After how long this customer, whose attempt ended in such a way, comes again; `None` for not.
    #[inline]
    pub fn comes_again(&self, why: Again, draws: Draws) -> Option<Span> {
        let retry = self.retry.of(why)?;
        let again = draws.at(Purpose::Retry, 0).unit() < retry.chance;
        again.then(|| retry.after.sample(&mut draws.at(Purpose::RetryAfter, 0)))
    }
}

/// How customers' connections are cut, and how long the server keeps what they have.
#[derive(Clone, Debug, PartialEq)]
pub struct DisconnectRules {
    /// How long a connection is up, from the offer or the last return.
    pub every: Law,
    /// How long the customer is away then.
    pub away: Law,
    /// How long from the cut the server keeps the chat, or the place in the queue.
    pub kept_for: Span,
}

/// Why a customer may come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Left the queue or the chat, silently or not.
    Abandoned,
    /// Was turned away.
    Rejected,
    /// Was handled and is no wiser.
    Unresolved,
}

/// Who comes again, by the reason; nobody where there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retries {
    /// After leaving.
    pub abandoned: Option<Retry>,
    /// After being turned away.
    pub rejected: Option<Retry>,
    /// After a chat that was handled.
    pub unresolved: Option<Retry>,
}

impl Retries {
    /// The rule for a reason.
    #[inline]
    pub fn of(&self, why: Again) -> Option<&Retry> {
        match why {
            Again::Abandoned => self.abandoned.as_ref(),
            Again::Rejected => self.rejected.as_ref(),
            Again::Unresolved => self.unresolved.as_ref(),
        }
    }

    /// Whether nobody ever comes again.
    pub fn is_empty(&self) -> bool {
        self.abandoned.is_none() && self.rejected.is_none() && self.unresolved.is_none()
    }
}

/// With what probability and after how long a customer comes again.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// The probability.
    pub chance: f64,
    /// From the fate to the next offer.
    pub after: Law,
}

/// How agents of one team work.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRules {
    /// Slots of an agent: the concurrency limit K, at least 1.
    pub concurrency: u32,
    /// Composing one reply, before the slow-down.
    pub reply: Law,
    /// The work after the close, which holds the slot.
    pub wrap_up: Law,
    /// f(n) at index n - 1 for n = 1..K slots held; beyond the list the last factor holds.
    pub slow_down: Vec<f64>,
    /// Which of the pending messages the agent attends to.
    pub attention: Attention,
    /// Whether wrap-up takes the agent's attention besides the slot.
    pub wrap_up_attends: bool,
    /// A chat in which the agent waits for the customer so long is ended, from the last message
    /// delivered; endless for never.
    pub inactivity: Span,
    /// The grain of what is drawn: `Span(1)` but for tests, see `Plan::in_whole_millis`.
    pub grain: Span,
}

/// Which of the pending messages an agent attends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// One at a time, in the order in which they became pending.
    Fifo,
    /// One at a time, that of the customer offered first.
    OldestCustomer,
    /// All at once: each of p pending replies goes on at rate 1 / (p f(n)).
    Shared,
    /// The level model: a chat is one piece of exponential work, with k chats held each goes on at
    /// rate 1 / `reply mean` / f(k), whatever the others do, f(k) being the handle time at level k
    /// over that at level 1.
    Levels,
}

impl Attention {
    /// The name in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Attention::Fifo => "fifo",
            Attention::OldestCustomer => "oldest-customer",
            Attention::Shared => "shared",
            Attention::Levels => "levels",
        }
    }
}

impl AgentRules {
    /// Agents who attend to one message after the other and wrap up beside it.
    pub fn new(concurrency: u32, reply: Law, wrap_up: Law, slow_down: Vec<f64>) -> AgentRules {
        AgentRules {
            concurrency,
            reply,
            wrap_up,
            slow_down,
            attention: Attention::Fifo,
            wrap_up_attends: false,
            inactivity: Span::ENDLESS,
            grain: Span(1),
        }
    }

    /// The factor f(n) for `held` slots.
    #[inline]
    pub fn slowed(&self, held: u32) -> f64 {
        let last = self.slow_down.len() - 1;
        self.slow_down[(held.max(1) as usize - 1).min(last)]
    }

    /// What composing the reply of `index` takes with `held` slots held.
    #[inline]
    pub fn composing(&self, draws: Draws, index: u32, held: u32) -> Span {
        let span = self.reply.sample(&mut draws.at(Purpose::Reply, index));
        span.scaled(self.slowed(held)).in_grains(self.grain)
    }
}

/// What becomes of an agent's chats at the end of a shift. A break ends the stretch before it by
/// `Finish`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShiftEnd {
    /// The agent finishes them and goes then.
    #[default]
    Finish,
    /// They go back to the front of the queue.
    HandOver,
    /// They are ended.
    Drop,
}

/// How chats are queued and given out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterRules {
    /// The most that may wait; beyond it chats are rejected. `u32::MAX` for no limit.
    pub queue_limit: u32,
    /// Which agent with room gets the next chat.
    pub policy: Policy,
    /// How many levels of priority there are, at least 1.
    pub levels: u8,
    /// A chat that has waited so long is raised by one level, nobody above the highest; endless
    /// for never.
    pub age_after: Span,
}

impl RouterRules {
    /// One level, first in, first out.
    pub fn new(queue_limit: u32, policy: Policy) -> RouterRules {
        RouterRules {
            queue_limit,
            policy,
            levels: 1,
            age_after: Span::ENDLESS,
        }
    }
}

/// Which agent with room gets the next chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Fewest slots held, wrap-up included; ties: longest since last assigned; never assigned
    /// first, then lowest index.
    FewestActive,
    /// Longest since a slot was last freed; never freed first, then lowest index.
    LongestIdle,
    /// The next index after the one assigned last.
    RoundRobin,
    /// Most slots held below the limit; ties as for fewest-active.
    MostActiveFirst,
    /// Any of them, by the chat's own lot.
    Random,
}

impl Policy {
    /// All policies.
    pub const ALL: [Policy; 5] = [
        Policy::FewestActive,
        Policy::LongestIdle,
        Policy::RoundRobin,
        Policy::MostActiveFirst,
        Policy::Random,
    ];

    /// The name in scenarios and in the server's hello.
    pub fn name(self) -> &'static str {
        match self {
            Policy::FewestActive => "fewest-active",
            Policy::LongestIdle => "longest-idle",
            Policy::RoundRobin => "round-robin",
            Policy::MostActiveFirst => "most-active-first",
            Policy::Random => "random",
        }
    }
}

/// A chat that asks for an agent, as the router needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The level of priority, below `RouterRules::levels`.
    pub level: u8,
    /// When it was offered: its age counts from then, also when it comes back to the queue.
    pub offered: Time,
    /// The chat's lot, for random routing: by customer, attempt and transfer.
    pub lot: u32,
}
