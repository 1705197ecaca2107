//! Shifts in the simulation, on scenarios small enough to work out by hand.

use busyhour::center::fate::Fate;
use busyhour::center::rules::ShiftEnd;
use busyhour::scenario::plan::{Arrivals, Plan, Shift};
use busyhour::simulation::{Options, Outcome, Watch, simulate};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use crate::plans::Center;

fn minute(n: u64) -> Time {
    Time::ZERO + Span::from_secs(n * 60)
}

/// Replies of 10 minutes, one exchange, wrap-up of 5 minutes; customers at these minutes.
fn plan(arrivals: &[u64], shifts: &[(u32, u64, u64)]) -> Plan {
    let center = Center {
        hours: 2.0,
        warm_up_hours: 0.0,
        agents: shifts.iter().map(|shift| shift.0).max().unwrap() + 1,
        reply: Law::constant(600.0).unwrap(),
        wrap_up: Law::constant(300.0).unwrap(),
        exchanges: CountLaw::constant(1).unwrap(),
        replications: 1,
        ..Center::default()
    };
    let mut plan = center.plan();
    plan.arrivals = Arrivals::Replay(arrivals.iter().map(|at| minute(*at)).collect());
    let shift = |&(agent, from, until)| Shift {
        agent,
        from: minute(from),
        until: minute(until),
        end: ShiftEnd::Finish,
    };
    plan.shifts = shifts.iter().map(shift).collect();
    plan
}

fn run(plan: &Plan) -> Outcome {
    simulate(
        plan,
        &Options {
            threads: 1,
            records: true,
            ..Options::default()
        },
        &Watch::default(),
    )
}

fn minutes(time: Time) -> f64 {
    time.as_secs_f64() / 60.0
}

#[test]
fn who_is_busy_at_the_end_of_a_shift_finishes() {
    let outcome = run(&plan(&[0, 25], &[(0, 0, 30)]));
    let value = |name: &str| outcome.result.value(name).unwrap();
    assert_eq!(value("handled"), 2.0);
    // The second chat goes from 25 to 40, ten minutes of it after the shift.
    assert!((value("overtime_h") - 10.0 / 60.0).abs() < 1e-9);
    assert!((value("occupancy_ratio") - 30.0 / 40.0).abs() < 1e-9);
    assert!((value("utilisation_ratio") - 20.0 / 40.0).abs() < 1e-9);
    assert!((value("active_chats_mean") - 30.0 / 120.0).abs() < 1e-9);
}

#[test]
fn who_waits_is_served_by_the_next_shift() {
    let outcome = run(&plan(&[0, 5, 20], &[(0, 0, 10), (1, 30, 120)]));
    let assigned: Vec<f64> = outcome.records[0]
        .iter()
        .map(|r| minutes(r.assigned))
        .collect();
    assert_eq!(assigned, [0.0, 30.0, 45.0]);
    assert_eq!(outcome.result.value("queue_max"), Some(2.0));
    assert!((outcome.result.value("queue_mean").unwrap() - (25.0 + 25.0) / 120.0).abs() < 1e-9);
}

#[test]
fn a_shift_that_touches_the_last_one_goes_on() {
    let outcome = run(&plan(&[5, 11, 12], &[(0, 0, 10), (0, 10, 120)]));
    let assigned: Vec<f64> = outcome.records[0]
        .iter()
        .map(|r| minutes(r.assigned))
        .collect();
    assert_eq!(assigned, [5.0, 20.0, 35.0]);
    assert_eq!(outcome.result.value("overtime_h"), Some(0.0));
}

/// Shifts go on in the drain; who is never served is open at the end of it.
#[test]
fn the_drain_follows_the_shifts() {
    let outcome = run(&plan(&[100, 101], &[(0, 0, 90), (0, 600, 610)]));
    let fates: Vec<_> = outcome.records[0].iter().map(|r| r.fate.unwrap()).collect();
    assert_eq!(fates, [Fate::Handled, Fate::OpenAtEnd]);
    assert_eq!(minutes(outcome.records[0][0].assigned), 600.0);
    // Waited longer than T and never answered: in the base of the service level.
    assert_eq!(outcome.result.value("service_level_30s"), Some(0.0));
    assert_eq!(outcome.result.measures["service_level_30s"].samples, 2);
}
