//! Owns `Center`: plans made in code, since the laws of theory need parameters that no scenario
//! file ships.

use crate::center::rules::{
    AgentRules, Attention, CustomerClasses, CustomerRules, Policy, Retries, RouterRules, ShiftEnd,
};
use crate::measure::gate::Judge;
use crate::measure::outline::Outline;
use crate::scenario::calendar::Calendar;
use crate::scenario::plan::{
    Arrivals, AtClosing, EndsQuiet, Live, Messages, Period, Piece, Plan, RateCurve, Shift, Source,
    Validity,
};
use crate::stats::law::{CountLaw, Law};
use crate::time::{Span, Time};

/// A chat a nanosecond, in chats an hour.
const PER_HOUR: f64 = 3600e9;

/// One team; all times in seconds.
#[derive(Clone, Debug)]
pub struct Center {
    /// Chats an hour, where `rates` says nothing else.
    pub per_hour: f64,
    /// A rate that changes; empty for a constant one.
    pub rates: Vec<Rate>,
    /// Coefficient of variation of the factor that each day's rate is multiplied by.
    pub busyness_cv: f64,
    /// The time in which customers come.
    pub hours: f64,
    /// What is left out of it at the start.
    pub warm_up_hours: f64,
    /// The length of an interval of the result.
    pub interval_hours: f64,
    /// How many agents, there at all times.
    pub agents: u32,
    /// The chats of one agent, at most.
    pub concurrency: u32,
    /// What composing a reply takes.
    pub reply: Law,
    /// Which messages an agent attends to.
    pub attention: Attention,
    /// What each further chat adds to the time of a reply, as a share.
    pub slow_down: f64,
    /// The level model: the mean handle time at each level, in place of `reply`, `slow_down` and
    /// `concurrency`; empty for none.
    pub levels: Vec<f64>,
    /// What the customer takes between a reply and the next message.
    pub think: Law,
    /// Exchanges a chat.
    pub exchanges: CountLaw,
    /// The work after the chat.
    pub wrap_up: Law,
    /// How long customers wait in the queue.
    pub queue_patience: Law,
    /// How long they wait for a reply.
    pub reply_patience: Law,
    /// Who comes again.
    pub retry: Retries,
    /// Chats of each class by weight, the most urgent first; empty for one class.
    pub classes: Vec<f64>,
    /// How many may wait.
    pub queue_limit: u32,
    /// How often it is played.
    pub replications: u32,
    /// The seed of all draws.
    pub seed: u64,
    /// Each T of a service level.
    pub service_levels: Vec<f64>,
}

/// A stretch over which the rate goes linearly from one value to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Where it ends, in hours from the start.
    pub until_hours: f64,
    /// Chats an hour at its start.
    pub from: f64,
    /// Chats an hour at its end.
    pub to: f64,
    /// The day it belongs to, from 0: what has a busyness of its own.
    pub day: u32,
}

impl Default for Center {
    /// One agent, one slot, one exchange of 40 s, at two thirds of its capacity.
    fn default() -> Center {
        Center {
            per_hour: 60.0,
            rates: Vec::new(),
            busyness_cv: 0.0,
            hours: 100.0,
            warm_up_hours: 2.0,
            interval_hours: 1.0,
            agents: 1,
            concurrency: 1,
            reply: exponential(40.0),
            attention: Attention::Fifo,
            slow_down: 0.0,
            levels: Vec::new(),
            think: constant(0.0),
            exchanges: CountLaw::Constant(1),
            wrap_up: constant(0.0),
            queue_patience: Law::Never,
            reply_patience: Law::Never,
            retry: Retries::default(),
            classes: Vec::new(),
            queue_limit: u32::MAX,
            replications: 30,
            seed: 1,
            service_levels: vec![30.0],
        }
    }
}

/// Always `secs`.
pub fn constant(secs: f64) -> Law {
    Law::Constant(Span::from_secs_f64(secs))
}

/// Exponential with a mean in seconds; constant where it is zero.
///
/// # Panics
/// The mean is below zero.
pub fn exponential(mean: f64) -> Law {
    if mean == 0.0 {
        return constant(0.0);
    }
    Law::exponential(mean).expect("the mean is above zero")
}

impl Center {
    /// The plan of it.
    ///
    /// # Panics
    /// The parameters are none that a scenario would be allowed.
    pub fn plan(&self) -> Plan {
        let outline = self.outline();
        Plan {
            name: "made in code".into(),
            source: Source::default(),
            seed: self.seed,
            calendar: Calendar::new(
                "2026-01-05T00:00:00[UTC]"
                    .parse()
                    .expect("this is a time in UTC"),
            ),
            begin: Time::ZERO,
            grain: Span(1),
            lag: None,
            center: None,
            drain_limit: outline.end.since(outline.horizon),
            replications: self.replications,
            first_replication: 0,
            precision: Vec::new(),
            arrivals: Arrivals::Rate(RateCurve {
                pieces: self.pieces(outline.horizon),
                busyness_cv: self.busyness_cv,
                day_correlation: 0.0,
            }),
            outline,
            open: vec![Period {
                from: Time::ZERO,
                until: Time::NEVER,
            }],
            at_closing: AtClosing::Served,
            customers: self.customers(),
            agents: self.agent_rules(),
            router: RouterRules {
                levels: self.classes.len().max(1) as u8,
                ..RouterRules::new(self.queue_limit, Policy::FewestActive)
            },
            team: self.agents,
            shifts: (0..self.agents).map(always).collect(),
            headcounts: Vec::new(),
            messages: Messages::default(),
            live: live(),
            validity: Validity {
                lag_ms_p99: 20.0,
                lag_of_delivery: 0.1,
                lag_share: 0.01,
                stood_still_ratio: 0.01,
            },
            gates: Vec::new(),
            remarks: Vec::new(),
            judge: Judge::Interval,
        }
    }

    fn slots(&self) -> u32 {
        match self.levels.len() {
            0 => self.concurrency,
            levels => levels as u32,
        }
    }

    fn outline(&self) -> Outline {
        let hours = |hours: f64| Time::from_secs_f64(hours * 3600.0);
        let horizon = hours(self.hours);
        let class = |number| format!("class {number}");
        let classes = match self.classes.len() {
            0 => vec!["customers".into()],
            several => (1..=several).map(class).collect(),
        };
        let levels = self.service_levels.iter();
        Outline {
            warm_up: hours(self.warm_up_hours),
            short_abandon: Span::ZERO,
            horizon,
            end: horizon + Span::from_secs(24 * 3600),
            interval: hours(self.interval_hours).min(horizon).since(Time::ZERO),
            days: vec![Time::ZERO],
            service_levels: levels.map(|t| Span::from_secs_f64(*t)).collect(),
            concurrency: self.slots(),
            classes,
            messages: self.levels.is_empty(),
            cuts: false,
        }
    }

    fn pieces(&self, horizon: Time) -> Vec<Piece> {
        let piece = |rate: &Rate| Piece {
            until: Time::from_secs_f64(rate.until_hours * 3600.0).min(horizon),
            from_rate: rate.from / PER_HOUR,
            to_rate: rate.to / PER_HOUR,
            day: rate.day,
        };
        if !self.rates.is_empty() {
            return self.rates.iter().map(piece).collect();
        }
        let rate = self.per_hour / PER_HOUR;
        vec![Piece {
            until: horizon,
            from_rate: rate,
            to_rate: rate,
            day: 0,
        }]
    }

    fn customers(&self) -> CustomerClasses {
        let rules = |level: usize| CustomerRules {
            level: level as u8,
            retry: self.retry.clone(),
            ..CustomerRules::new(
                self.queue_patience.clone(),
                self.reply_patience.clone(),
                self.think.clone(),
                self.exchanges.clone(),
            )
        };
        if self.classes.is_empty() {
            return CustomerClasses::one(rules(0));
        }
        let most = self.classes.len() - 1;
        let class = |(number, weight): (usize, &f64)| (*weight, rules(most - number));
        CustomerClasses::new(self.classes.iter().enumerate().map(class).collect())
    }

    fn agent_rules(&self) -> AgentRules {
        let wrap_up = self.wrap_up.clone();
        if let Some(first) = self.levels.first() {
            let slower = self.levels.iter().map(|time| time / first).collect();
            return AgentRules {
                attention: Attention::Levels,
                ..AgentRules::new(self.slots(), exponential(*first), wrap_up, slower)
            };
        }
        let slow = |further: u32| 1.0 + self.slow_down * f64::from(further);
        let slow_down = (0..self.concurrency).map(slow).collect();
        AgentRules {
            attention: self.attention,
            ..AgentRules::new(self.concurrency, self.reply.clone(), wrap_up, slow_down)
        }
    }
}

/// One agent who is always there.
fn always(agent: u32) -> Shift {
    Shift {
        agent,
        from: Time::ZERO,
        until: Time::NEVER,
        end: ShiftEnd::Finish,
    }
}

fn live() -> Live {
    Live {
        speed: 60.0,
        connect_lead: Span::from_secs(5),
        closing_deadline: Span::from_secs(10),
        start_deadline: Span::from_secs(30),
        inactivity: EndsQuiet::Server,
        reconnect_for: Span::from_secs(30),
        max_connect_rate: None,
        breaker_share: 0.5,
        breaker_after: Span::from_secs(10),
    }
}
