//! Owns plans made in code: the laws of theory need parameters that no scenario file ships.

use busyhour::center::rules::{
    AgentRules, CustomerClasses, CustomerRules, Policy, RouterRules, ShiftEnd,
};
use busyhour::measure::gate::Judge;
use busyhour::measure::outline::Outline;
use busyhour::scenario::calendar::Calendar;
use busyhour::scenario::plan::{
    Arrivals, AtClosing, EndsQuiet, Live, Period, Piece, Plan, RateCurve, Shift, Source, Validity,
};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

/// One class and one team at a constant rate; all times in seconds.
#[derive(Clone, Debug)]
pub struct Center {
    pub per_hour: f64,
    pub hours: f64,
    pub warm_up_hours: f64,
    pub agents: u32,
    pub concurrency: u32,
    pub reply: Law,
    pub think: Law,
    pub wrap_up: Law,
    pub exchanges: CountLaw,
    pub queue_patience: Law,
    pub reply_patience: Law,
    pub slow_down: f64,
    pub queue_limit: u32,
    pub replications: u32,
    pub seed: u64,
    pub service_levels: Vec<f64>,
}

impl Default for Center {
    /// One agent, one slot, one exchange of 40 s, at two thirds of its capacity.
    fn default() -> Center {
        Center {
            per_hour: 60.0,
            hours: 100.0,
            warm_up_hours: 2.0,
            agents: 1,
            concurrency: 1,
            reply: Law::exponential(40.0).unwrap(),
            think: Law::constant(0.0).unwrap(),
            wrap_up: Law::constant(0.0).unwrap(),
            exchanges: CountLaw::constant(1).unwrap(),
            queue_patience: Law::Never,
            reply_patience: Law::Never,
            slow_down: 0.0,
            queue_limit: u32::MAX,
            replications: 30,
            seed: 1,
            service_levels: vec![30.0],
        }
    }
}

impl Center {
    pub fn plan(&self) -> Plan {
        let horizon = Time::from_secs_f64(self.hours * 3600.0);
        let drain_limit = Span::from_secs(24 * 3600);
        let rate = self.per_hour / 3600.0 * 1e-9;
        let piece = Piece {
            until: horizon,
            from_rate: rate,
            to_rate: rate,
            day: 0,
        };
        let shift = |agent| Shift {
            agent,
            from: Time::ZERO,
            until: Time::NEVER,
            end: ShiftEnd::Finish,
        };
        let start = "2026-01-05T00:00:00[UTC]".parse().unwrap();
        let slow = |n: u32| 1.0 + self.slow_down * f64::from(n);
        Plan {
            name: "made in code".into(),
            source: Source::default(),
            seed: self.seed,
            calendar: Calendar::new(start),
            outline: Outline {
                warm_up: Time::from_secs_f64(self.warm_up_hours * 3600.0),
                horizon,
                end: horizon + drain_limit,
                interval: Span::from_secs(3600),
                days: vec![Time::ZERO],
                service_levels: self
                    .service_levels
                    .iter()
                    .map(|t| Span::from_secs_f64(*t))
                    .collect(),
                concurrency: self.concurrency,
                classes: vec!["customers".into()],
                messages: true,
            },
            drain_limit,
            replications: self.replications,
            first_replication: 0,
            precision: Vec::new(),
            arrivals: Arrivals::Rate(RateCurve {
                pieces: vec![piece],
                busyness_cv: 0.0,
                day_correlation: 0.0,
            }),
            open: vec![Period {
                from: Time::ZERO,
                until: Time::NEVER,
            }],
            at_closing: AtClosing::Served,
            customers: CustomerClasses::one(CustomerRules::new(
                self.queue_patience.clone(),
                self.reply_patience.clone(),
                self.think.clone(),
                self.exchanges.clone(),
            )),
            agents: AgentRules::new(
                self.concurrency,
                self.reply.clone(),
                self.wrap_up.clone(),
                (0..self.concurrency).map(slow).collect(),
            ),
            router: RouterRules::new(self.queue_limit, Policy::FewestActive),
            team: self.agents,
            shifts: (0..self.agents).map(shift).collect(),
            headcounts: Vec::new(),
            live: Live {
                speed: 60.0,
                connect_lead: Span::from_secs(5),
                closing_deadline: Span::from_secs(10),
                start_deadline: Span::from_secs(30),
                inactivity: EndsQuiet::Server,
            },
            validity: Validity {
                lag_ms_p99: 20.0,
                lag_share: 0.01,
            },
            gates: Vec::new(),
            judge: Judge::Interval,
        }
    }
}
