//! The table of scenarios in which live and simulated runs have to agree to the millisecond.

use std::path::Path;

use busyhour::center::fate::Fate;
use busyhour::center::rules::{
    Attention, CustomerClasses, CustomerRules, Policy, Retries, Retry, ShiftEnd,
};
use busyhour::live::Options;
use busyhour::measure::record::Record;
use busyhour::scenario::plan::{AtClosing, EndsQuiet, Period, Plan, Shift};
use busyhour::scenario::read_text;
use busyhour::scenario::stream::ArrivalStream;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use super::exact::{agree, fated};
use super::line::played;
use crate::brown::p_value;
use crate::plans::Center;

/// How long things take in a scenario, times what they take people. At a higher speed a
/// millisecond on the wall is a longer time, in which more would happen at once.
#[derive(Clone, Copy)]
pub struct Pace(pub f64);

impl Pace {
    pub fn span(self, secs: f64) -> Span {
        Span::from_secs_f64(secs * self.0)
    }

    fn minutes(self, minutes: f64) -> Time {
        Time::from_secs_f64(minutes * 60.0 * self.0)
    }

    pub fn exponential(self, mean: f64) -> Law {
        Law::exponential(mean * self.0).unwrap()
    }

    fn lognormal(self, mean: f64, cv: f64) -> Law {
        Law::lognormal(mean * self.0, cv).unwrap()
    }

    pub fn retry(self, chance: f64, mean: f64) -> Option<Retry> {
        let after = self.exponential(mean);
        Some(Retry { chance, after })
    }

    pub fn shift(self, agent: u32, from: f64, until: f64, end: ShiftEnd) -> Shift {
        let (from, until) = (self.minutes(from), self.minutes(until));
        Shift {
            agent,
            from,
            until,
            end,
        }
    }

    /// Half an hour at three agents of two slots, with more to do than they can: people wait, give
    /// up, and lose patience in the chat.
    pub fn busy(self) -> Plan {
        let center = Center {
            per_hour: 150.0 / self.0,
            hours: 0.5 * self.0,
            warm_up_hours: 0.0,
            agents: 3,
            concurrency: 2,
            reply: self.lognormal(35.0, 0.6),
            think: self.lognormal(45.0, 0.8),
            wrap_up: Law::uniform(5.0 * self.0, 40.0 * self.0).unwrap(),
            exchanges: CountLaw::geometric(3.0).unwrap(),
            queue_patience: self.exponential(120.0),
            reply_patience: self.lognormal(120.0, 0.5),
            slow_down: 0.3,
            replications: 1,
            seed: 7,
            ..Center::default()
        };
        center.plan()
    }
}

pub fn customers(plan: &mut Plan, change: impl Fn(&mut CustomerRules)) {
    plan.customers.rules_mut().for_each(change);
}

/// Whether somebody was in the queue before an agent had room.
fn waited(record: &&Record) -> bool {
    record.assigned.comes() && record.assigned > record.offered
}

/// So many replications at both speeds: all records together.
pub fn all(name: &str, replications: usize, plan: impl Fn(Pace) -> Plan) -> Vec<Record> {
    let run = |(speed, pace)| {
        let mut plan = plan(Pace(pace));
        plan.live.speed = speed;
        agree(name, &plan, replications)
    };
    [(1.0, 1.0), (60.0, 10.0)].map(run).concat()
}

#[test]
fn who_waits_gives_up_and_is_slowed_down() {
    let records = all("busy", 3, Pace::busy);
    for fate in [Fate::Handled, Fate::AbandonedQueue, Fate::AbandonedChat] {
        assert!(fated(&records, fate) > 20, "{fate:?}");
    }
    assert!(records.iter().filter(waited).count() > 20);
}

#[test]
fn who_leaves_silently_and_is_given_up_by_server_or_agent() {
    for ends in [EndsQuiet::Server, EndsQuiet::Agent] {
        let records = all("silent", 2, |pace| {
            let mut plan = pace.busy();
            plan.agents.inactivity = pace.span(90.0);
            customers(&mut plan, |rules| rules.silent = 0.5);
            plan.live.inactivity = ends;
            plan
        });
        let ghost = |r: &&Record| r.fate == Some(Fate::AbandonedQueue) && r.freed.comes();
        assert!(records.iter().filter(ghost).count() > 10, "{ends:?}");
        // Some think for longer than the timeout.
        assert!(fated(&records, Fate::Dropped) > 3, "{ends:?}");
    }
}

#[test]
fn ghosts_whom_nothing_ends_hold_their_slots_to_the_end() {
    let records = all("silent for ever", 1, |pace| {
        let mut plan = pace.busy();
        plan.outline.horizon = pace.minutes(10.0);
        customers(&mut plan, |rules| rules.silent = 0.3);
        plan
    });
    let held = |r: &&Record| r.agent != u32::MAX && !r.freed.comes();
    assert!(records.iter().filter(held).count() > 3);
}

#[test]
fn who_comes_again() {
    let records = all("retries", 2, |pace| {
        let mut plan = pace.busy();
        plan.router.queue_limit = 3;
        customers(&mut plan, |rules| {
            rules.retry = Retries {
                abandoned: pace.retry(0.6, 200.0),
                rejected: pace.retry(0.8, 120.0),
                unresolved: pace.retry(0.3, 300.0),
            };
        });
        plan
    });
    assert!(fated(&records, Fate::Rejected) > 10);
    assert!(records.iter().filter(|r| r.attempt > 1).count() > 10);
}

#[test]
fn shifts_end_in_all_ways() {
    for end in [ShiftEnd::Finish, ShiftEnd::HandOver, ShiftEnd::Drop] {
        let records = all(&format!("{end:?}"), 3, |pace| {
            let mut plan = pace.busy();
            plan.agents.inactivity = pace.span(100.0);
            customers(&mut plan, |rules| rules.silent = 0.3);
            plan.team = 4;
            plan.shifts = vec![
                pace.shift(0, 0.0, 9.5, end),
                pace.shift(1, 0.0, 15.25, end),
                pace.shift(2, 0.0, 60.0, end),
                pace.shift(3, 6.125, 12.0, end),
                pace.shift(0, 12.5, 90.0, end),
                pace.shift(1, 15.5, 90.0, end),
            ];
            plan
        });
        let spells = |r: &&Record| r.freed.comes() && r.freed.since(r.assigned) != r.held;
        let handled = records.iter().filter(|r| r.fate == Some(Fate::Handled));
        let again = handled.filter(spells).count();
        match end {
            ShiftEnd::Finish => assert_eq!(again, 0),
            ShiftEnd::HandOver => assert!(again > 5, "{again}"),
            ShiftEnd::Drop => assert!(fated(&records, Fate::Dropped) > 10),
        }
    }
}

#[test]
fn breaks_are_taken_after_the_chats() {
    all("breaks", 3, |pace| {
        let mut plan = pace.busy();
        let finish = ShiftEnd::Finish;
        // The first comes back before it is done, the second after.
        plan.shifts = vec![
            pace.shift(0, 0.0, 8.0, finish),
            pace.shift(1, 0.0, 10.0, finish),
            pace.shift(2, 0.0, 90.0, finish),
            pace.shift(0, 8.25, 90.0, ShiftEnd::HandOver),
            pace.shift(1, 18.0, 90.0, ShiftEnd::Drop),
        ];
        plan
    });
}

#[test]
fn who_waits_at_closing_time_is_sent_away() {
    let records = all("sent away", 3, |pace| {
        let mut plan = pace.busy();
        (plan.at_closing, plan.agents.inactivity) = (AtClosing::SentAway, pace.span(120.0));
        customers(&mut plan, |rules| {
            rules.silent = 0.4;
            rules.retry.rejected = pace.retry(1.0, 400.0);
        });
        let period = |(from, until)| Period {
            from: pace.minutes(from),
            until: pace.minutes(until),
        };
        plan.open = [(0.0, 9.0), (13.0, 21.0), (24.0, 27.5)]
            .map(period)
            .to_vec();
        // One hands over just before the desk closes, and nobody has room.
        plan.shifts = vec![
            pace.shift(0, 0.0, 8.9, ShiftEnd::HandOver),
            pace.shift(1, 0.0, 90.0, ShiftEnd::Finish),
            pace.shift(2, 0.0, 90.0, ShiftEnd::Finish),
            pace.shift(0, 13.5, 90.0, ShiftEnd::Finish),
        ];
        plan
    });
    assert!(fated(&records, Fate::Rejected) > 10);
    assert!(fated(&records, Fate::Dropped) > 0);
    assert!(records.iter().filter(|r| r.fate.is_none()).count() > 10);
}

#[test]
fn priorities_and_ageing() {
    let records = all("priorities", 3, |pace| {
        let mut plan = pace.busy();
        let basic = plan.customers.rules(0).clone();
        let business = CustomerRules {
            level: 1,
            queue_patience: pace.exponential(300.0),
            ..basic.clone()
        };
        let gold = CustomerRules {
            level: 2,
            exchanges: CountLaw::constant(2).unwrap(),
            ..basic.clone()
        };
        plan.customers = CustomerClasses::new(vec![(6.0, basic), (3.0, business), (1.0, gold)]);
        plan.outline.classes = ["basic", "business", "gold"].map(String::from).to_vec();
        (plan.router.levels, plan.router.age_after) = (3, pace.span(90.0));
        plan
    });
    // Somebody was overtaken.
    let overtaken = |a: &Record| {
        let by = |b: &Record| a.offered < b.offered && b.assigned < a.assigned;
        a.assigned.comes() && records.iter().any(by)
    };
    assert!(records.iter().any(overtaken));
}

/// The chat that a free slot brings is there before the agent goes on.
#[test]
fn a_slot_that_frees_is_taken_before_the_next_reply_begins() {
    for (attention, concurrency) in [(Attention::Fifo, 2), (Attention::OldestCustomer, 3)] {
        let records = all("no wrap-up", 3, |pace| {
            let mut plan = pace.busy();
            plan.agents.wrap_up = Law::constant(0.0).unwrap();
            (plan.agents.attention, plan.agents.concurrency) = (attention, concurrency);
            plan.agents.slow_down = vec![1.0, 1.4, 1.8];
            plan.shifts[0] = pace.shift(0, 0.0, 14.0, ShiftEnd::HandOver);
            plan
        });
        assert!(records.iter().filter(waited).count() > 20, "{attention:?}");
    }
}

#[test]
fn wrap_up_takes_attention() {
    for attention in [Attention::Fifo, Attention::OldestCustomer] {
        let records = all("wrap-up as attention", 3, |pace| {
            let mut plan = pace.busy();
            (plan.agents.wrap_up_attends, plan.agents.attention) = (true, attention);
            plan
        });
        assert!(records.iter().filter(waited).count() > 20, "{attention:?}");
    }
}

#[test]
fn attention_in_all_ways() {
    for attention in [Attention::OldestCustomer, Attention::Shared] {
        for end in [None, Some(ShiftEnd::HandOver)] {
            all(attention.name(), 2, |pace| {
                let mut plan = pace.busy();
                (plan.agents.concurrency, plan.agents.attention) = (3, attention);
                if let Some(end) = end {
                    plan.shifts[0] = pace.shift(0, 0.0, 14.0, end);
                }
                plan
            });
        }
    }
}

#[test]
fn the_level_model() {
    all("levels", 3, |pace| {
        let mut plan = pace.busy();
        plan.agents.attention = Attention::Levels;
        plan.agents.reply = pace.exponential(150.0);
        plan.agents.wrap_up = Law::constant(0.0).unwrap();
        plan.agents.slow_down = vec![1.0, 1.3];
        plan.outline.messages = false;
        customers(&mut plan, |rules| {
            rules.exchanges = CountLaw::constant(1).unwrap();
            rules.reply_patience = Law::Never;
        });
        plan
    });
}

#[test]
fn policies() {
    for policy in [
        Policy::Random,
        Policy::LongestIdle,
        Policy::RoundRobin,
        Policy::MostActiveFirst,
    ] {
        all(policy.name(), 2, |pace| {
            let mut plan = pace.busy();
            (plan.agents.concurrency, plan.team) = (3, 4);
            let shift = |agent| pace.shift(agent, 0.0, 9e9, ShiftEnd::Finish);
            plan.shifts = (0..4).map(shift).collect();
            // Chats that were handed over are given out by the same rule, and so are second tries.
            plan.shifts[1] = pace.shift(1, 0.0, 13.0, ShiftEnd::HandOver);
            customers(&mut plan, |rules| {
                rules.retry.abandoned = pace.retry(0.5, 200.0);
            });
            plan.router.policy = policy;
            plan
        });
    }
}

#[test]
fn customers_close_themselves() {
    all("closes", 3, |pace| {
        let mut plan = pace.busy();
        customers(&mut plan, |rules| rules.closes = 0.5);
        plan
    });
}

#[test]
fn everything_at_once() {
    for policy in [Policy::FewestActive, Policy::LongestIdle] {
        all("everything", 4, |pace| everything(pace, policy));
    }
}

pub fn everything(pace: Pace, policy: Policy) -> Plan {
    let mut plan = pace.busy();
    plan.agents.inactivity = pace.span(110.0);
    (plan.router.queue_limit, plan.router.policy) = (6, policy);
    plan.at_closing = AtClosing::SentAway;
    plan.open[0].until = pace.minutes(24.0);
    let first = CustomerRules {
        silent: 0.2,
        retry: Retries {
            rejected: pace.retry(0.9, 150.0),
            unresolved: pace.retry(0.2, 200.0),
            abandoned: None,
        },
        ..plan.customers.rules(0).clone()
    };
    let second = CustomerRules {
        level: 1,
        silent: 0.4,
        closes: 0.5,
        retry: Retries {
            abandoned: pace.retry(0.7, 100.0),
            ..Retries::default()
        },
        ..first.clone()
    };
    plan.customers = CustomerClasses::new(vec![(2.0, first), (1.0, second)]);
    plan.outline.classes = ["first", "second"].map(String::from).to_vec();
    (plan.router.levels, plan.router.age_after) = (2, pace.span(60.0));
    plan.shifts = vec![
        pace.shift(0, 0.0, 11.0, ShiftEnd::HandOver),
        pace.shift(1, 0.0, 16.5, ShiftEnd::Drop),
        pace.shift(2, 0.0, 90.0, ShiftEnd::Finish),
        pace.shift(0, 12.0, 90.0, ShiftEnd::Finish),
        pace.shift(1, 16.75, 90.0, ShiftEnd::Finish),
    ];
    plan
}

/// Those who come live pass the test of Brown et al. at 1 %, as those of the simulation do, and are
/// the same.
#[test]
fn live_arrivals_are_poisson() {
    let plan = read_text("many", MANY, Path::new(""), &[]).unwrap();
    let options = Options {
        records: true,
        ..Options::default()
    };
    let records = &played(&plan, &options).0.records[0];
    let came: Vec<Time> = records.iter().map(|record| record.offered).collect();
    let planned: Vec<Time> = ArrivalStream::new(&plan, 0).collect();
    assert_eq!(came, planned);
    assert!(came.len() > 1_000, "{}", came.len());
    assert!(p_value(&plan, &came) > 0.01);
    // Every second one only is no Poisson process.
    let half: Vec<Time> = came.iter().copied().step_by(2).collect();
    assert!(p_value(&plan, &half) < 1e-6);
}

const MANY: &str = r#"
name = "Many short chats"
seed = 8
[calendar]
start = 2026-11-23T09:00:00
horizon = "2h"
[arrivals]
rate = "600 per hour"
intraday = { from = "09:00", every = "30m", weights = [0.5, 1.5, 1.2, 0.8] }
shape = "linear"
[customers]
queue_patience = "exponential(mean=1m)"
[agents]
concurrency = 2
count = 10
reply = "lognormal(mean=20s, cv=0.5)"
[run]
interval = "5m"
[live]
speed = 60
"#;
