//! Runs that are stopped half-way, and faults of the program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::center::rules::{DisconnectRules, Retries, Retry, ShiftEnd};
use busyhour::error::Result;
use busyhour::live::dial::Dial;
use busyhour::live::target::Target;
use busyhour::live::watch::Watch;
use busyhour::measure::clock::Gauge;
use busyhour::measure::record::Record;
use busyhour::scenario::plan::Plan;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Span;
use tokio::sync::mpsc::unbounded_channel;

use super::{EVER, timed};
use crate::stage::{Door, Line, Stage, serve};

/// After 75 seconds somebody waits, somebody is being answered, one is gone silently, one will come
/// again, one is in wrap-up, and an agent is in overtime.
fn busy() -> Plan {
    let arrivals: Vec<f64> = (0..40).map(|n| 1.0 + 3.7 * f64::from(n)).collect();
    let mut plan = timed(&arrivals, &[(0, 0.0, 70.0), (1, 0.0, EVER), (2, 0.0, 60.0)]);
    plan.shifts[0].end = ShiftEnd::Finish;
    plan.shifts[2].end = ShiftEnd::HandOver;
    plan.agents.concurrency = 2;
    plan.outline.concurrency = 2;
    plan.agents.reply = Law::exponential(12.0).unwrap();
    plan.agents.wrap_up = Law::constant(9.0).unwrap();
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::geometric(2.0).unwrap();
        rules.think = Law::exponential(10.0).unwrap();
        rules.queue_patience = Law::exponential(30.0).unwrap();
        rules.reply_patience = Law::exponential(40.0).unwrap();
        rules.silent = 0.5;
        let again = || {
            Some(Retry {
                chance: 0.8,
                after: Law::exponential(60.0).unwrap(),
            })
        };
        rules.retry = Retries {
            abandoned: again(),
            rejected: None,
            unresolved: again(),
        };
    });
    plan
}

/// Asks for a stop at an instant of the paused clock.
async fn stop_at(watch: Rc<Watch>, secs: f64) {
    tokio::time::sleep(Duration::from_secs_f64(secs)).await;
    watch.stop.store(true, Ordering::Relaxed);
}

const FATES: [&str; 8] = [
    "handled",
    "abandoned_queue",
    "abandoned_chat",
    "rejected",
    "dropped",
    "open_at_end",
    "failed",
    "broken",
];

/// Whenever the stop comes, nothing is left over: no chat without a fate, nobody who still holds or
/// does something, no figure that is none.
#[test]
fn a_run_that_is_stopped_leaves_nothing_over() {
    let mut seen = [false; 5];
    for secs in [0.5, 20.0, 61.0, 75.0, 75.7, 120.0] {
        let stage = Stage::new(busy(), 20);
        let options = stage.options(|_| {});
        let stop = stop_at(Rc::clone(&stage.watch), secs);
        let outcome = stage.against(|door| async {
            ((), ()) = tokio::join!(serve(door, options), stop);
        });
        let outcome = outcome.unwrap();
        let result = &outcome.result;
        assert_eq!(result.verdict.failed, None);
        assert_eq!(result.verdict.reasons, Vec::<String>::new(), "{secs}");
        let count = |name: &str| result.value(name).unwrap();
        let sum: f64 = FATES.map(count).iter().sum();
        assert_eq!(count("offered"), sum, "{secs}");
        assert!(
            outcome.records[0]
                .iter()
                .all(|record| record.fate.is_some())
        );
        let open = |r: &&Record| r.fate == Some(Fate::OpenAtEnd);
        let open: Vec<_> = outcome.records[0].iter().filter(open).collect();
        assert_eq!(open.len() as f64, count("open_at_end"));
        for (name, measure) in &result.measures {
            let values = [measure.value, measure.low, measure.high];
            let finite = values
                .iter()
                .flatten()
                .all(|value| value.is_finite() && *value >= 0.0);
            assert!(finite, "{secs}: {name} {measure:?}");
        }
        for name in ["occupancy_ratio", "utilisation_ratio"] {
            assert!(count(name) <= 1.0, "{secs}: {name}");
        }
        let watch = &stage.watch;
        for (what, left) in [
            ("queue", &watch.queue),
            ("open", &watch.open),
            ("busy", &watch.busy),
            ("agents", &watch.agents),
        ] {
            assert_eq!(left.load(Ordering::Relaxed), 0, "{secs}: {what}");
        }
        seen[0] |= open.iter().any(|record| record.assigned.comes());
        seen[1] |= open.iter().any(|record| !record.assigned.comes());
        seen[2] |= count("abandoned_silent") > 0.0;
        seen[3] |= count("overtime_h") > 0.0;
        seen[4] |= outcome.records[0].iter().any(|record| record.transfers > 0);
    }
    assert_eq!(seen, [true; 5], "something has not been tried");
}

/// The same center, where connections are cut.
fn busy_and_cut() -> Plan {
    let mut plan = busy();
    plan.customers.rules_mut().for_each(|rules| {
        rules.disconnect = Some(DisconnectRules {
            every: Law::exponential(15.0).unwrap(),
            away: Law::exponential(10.0).unwrap(),
            kept_for: Span::from_secs(12),
        });
    });
    plan.outline.cuts = true;
    plan
}

/// The same, of every gauge; those who will come again are away still.
#[test]
fn a_run_that_is_stopped_has_all_gauges_at_zero() {
    let times = [0.5, 20.0, 61.0, 75.0, 75.7, 120.0];
    let plans = [busy(), busy_and_cut()];
    for (secs, plan) in times
        .iter()
        .flat_map(|secs| plans.each_ref().map(|p| (*secs, p)))
    {
        let stage = Stage::new(plan.clone(), 20);
        let ledger = stage.ledger(|_| {}, stop_at(Rc::clone(&stage.watch), secs));
        for gauge in [
            Gauge::Active,
            Gauge::Composing,
            Gauge::Busy,
            Gauge::Queue,
            Gauge::Staffed,
            Gauge::Overtime,
            Gauge::Ghosts,
        ] {
            assert_eq!(ledger.count(gauge), 0, "{secs}: {gauge:?}");
        }
    }
}

/// A way to the server that is a fault of the program at its `left`-th connection.
struct Trap {
    line: Line,
    left: std::cell::Cell<u32>,
}

impl Dial for Trap {
    type Stream = <Line as Dial>::Stream;

    fn target(&self, _: u32) -> &Target {
        self.line.target(0)
    }

    async fn connect(&self, number: u32) -> Result<Self::Stream> {
        self.left.set(self.left.get() - 1);
        assert!(self.left.get() > 0, "a fault of the program");
        self.line.connect(number).await
    }
}

/// Whoever it hits: an agent of the first shift, a customer, an agent of a later one.
#[test]
fn a_fault_of_the_program_is_not_passed_over() {
    for left in 1..=4 {
        let plan = timed(&[1.0, 50.0], &[(0, 0.0, EVER), (1, 30.0, EVER)]);
        let stage = Stage::new(plan, 0);
        let options = stage.options(|_| {});
        let fault = catch_unwind(AssertUnwindSafe(|| {
            let (far, door) = unbounded_channel();
            let line = Line::new(stage.delay, far);
            let left = std::cell::Cell::new(left);
            let _ = stage.over(Trap { line, left }, serve(Door(door), options));
        }));
        let fault = fault.expect_err("the run passes over a fault");
        let words = fault.downcast_ref::<&str>();
        assert_eq!(words, Some(&"a fault of the program"), "{left}");
    }
}
