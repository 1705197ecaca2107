//! Frames that cross: what one side does while the other's news are still on their way.
//!
//! A frame takes 200 ms. A customer has to shake hands, hear the hello and ask: its request is at the
//! server 600 ms after it comes, and the assignment is read 800 ms after.

use busyhour::center::fate::Fate;
use busyhour::center::rules::ShiftEnd;
use busyhour::measure::record::Record;
use busyhour::scenario::plan::{AtClosing, Plan};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

use super::{EVER, timed};
use crate::stage::{Stage, handle_times, only};

const DELAY: u64 = 200;

fn constant(secs: f64) -> Law {
    Law::constant(secs).unwrap()
}

/// The first agent's shift ends by this, in two minutes that customers may come in.
fn ends_by(plan: &mut Plan, end: ShiftEnd) {
    plan.shifts[0].end = end;
    plan.outline.horizon = Time::from_secs_f64(120.0);
}

fn is_near(at: Time, secs: f64) -> bool {
    (at.as_secs_f64() - secs).abs() < 0.005
}

/// The customer, assigned at 1.8 s, leaves at 30 s; its agent hands over just before or after. A
/// handle time each, whoever is told of what first, and whether or not somebody else has room.
#[test]
fn a_hand_over_that_crosses_the_customers_leaving_keeps_its_handle_time() {
    for until in [29.65, 29.7, 29.9, 30.1, 30.3, 30.35] {
        for others in [&[][..], &[(1, 0.0, EVER)], &[(1, 40.0, EVER)]] {
            let mut plan = timed(&[1.0], &[&[(0, 0.0, until)], others].concat());
            ends_by(&mut plan, ShiftEnd::HandOver);
            plan.agents.reply = constant(100.0);
            plan.customers
                .rules_mut()
                .for_each(|rules| rules.reply_patience = constant(28.2));
            let outcome = Stage::new(plan, DELAY).built_in(|_| {});
            let case = format!("{until} {others:?}");
            assert_eq!(
                outcome.result.verdict.reasons,
                Vec::<String>::new(),
                "{case}"
            );
            let record = only(&outcome);
            assert_eq!(record.fate, Some(Fate::AbandonedChat), "{case}");
            assert_eq!(handle_times(&outcome), 1, "{case}: {record:#?}");
            assert!(
                is_near(record.assigned, 1.8) && is_near(record.closed, 30.0),
                "{case}"
            );
            assert!(is_near(record.freed, until), "{case}: {record:#?}");
            let held = Time::ZERO + record.held;
            assert!(is_near(held, until - 1.8), "{case}: {record:#?}");
        }
    }
}

/// The same of one who is gone silently, whose chat the server ends ten seconds after the reply.
#[test]
fn a_hand_over_that_crosses_the_end_of_a_quiet_chat_keeps_its_handle_time() {
    // The reply is said at 41.8 s, relayed at 42; the server ends the chat at 52.
    for until in [51.9, 52.1, 52.15] {
        let mut plan = timed(&[1.0], &[(0, 0.0, until)]);
        ends_by(&mut plan, ShiftEnd::HandOver);
        (plan.agents.reply, plan.agents.inactivity) = (constant(40.0), Span::from_secs(10));
        plan.customers.rules_mut().for_each(|rules| {
            (rules.reply_patience, rules.silent) = (constant(28.2), 1.0);
            rules.exchanges = CountLaw::constant(2).unwrap();
        });
        let outcome = Stage::new(plan, DELAY).built_in(|_| {});
        assert_eq!(outcome.result.verdict.reasons, Vec::<String>::new());
        let record = only(&outcome);
        assert_eq!(
            (record.fate, record.silent),
            (Some(Fate::AbandonedChat), true)
        );
        assert_eq!(handle_times(&outcome), 1, "{until}: {record:#?}");
        assert!(is_near(record.freed, until), "{until}: {record:#?}");
    }
}

/// A chat is given out at 10.0 s, read at 10.2, to an agent who has said at 10.1 that it goes: it
/// takes the chat in overtime, and the chat goes the way of the shift's others.
#[test]
fn a_chat_that_crosses_the_end_of_a_shift_goes_by_the_shifts_rule() {
    for (end, wrap_up) in [
        (ShiftEnd::Finish, 5.0),
        (ShiftEnd::HandOver, 5.0),
        (ShiftEnd::Drop, 5.0),
        (ShiftEnd::Drop, 0.0),
    ] {
        let mut plan = timed(&[9.4], &[(0, 0.0, 10.1), (1, 0.0, EVER)]);
        ends_by(&mut plan, end);
        plan.agents.wrap_up = constant(wrap_up);
        let outcome = Stage::new(plan, DELAY).built_in(|_| {});
        let record = only(&outcome);
        let case = format!("{end:?} {wrap_up}: {record:#?}");
        assert_eq!(
            outcome.result.verdict.reasons,
            Vec::<String>::new(),
            "{case}"
        );
        let (fate, agent, transfers) = match end {
            ShiftEnd::Finish => (Fate::Handled, 0, 0),
            ShiftEnd::HandOver => (Fate::Handled, 1, 1),
            ShiftEnd::Drop => (Fate::Dropped, 0, 0),
        };
        let found = (record.fate, record.agent, record.transfers);
        assert_eq!(found, (Some(fate), agent, transfers), "{case}");
        assert!(is_near(record.assigned, 10.2), "{case}");
        assert_eq!(handle_times(&outcome), 1, "{case}");
        let overtime = outcome.result.value("overtime_h").unwrap() * 3_600.0;
        let expected = match end {
            ShiftEnd::Finish => 20.0 + wrap_up,
            ShiftEnd::HandOver => 0.0,
            ShiftEnd::Drop => wrap_up,
        };
        assert!((overtime - expected).abs() < 0.01, "{overtime} {case}");
    }
}

/// The desk closes at 30 s and sends away who waits: one who waits for the first time is rejected,
/// one whose chat was handed over is dropped, also where it hears of that after closing time.
#[test]
fn a_chat_handed_over_at_closing_time_is_dropped() {
    for until in [29.0, 29.9, 30.0] {
        let mut plan = timed(&[1.0, 2.0, 3.0], &[(0, 0.0, until), (1, 0.0, EVER)]);
        ends_by(&mut plan, ShiftEnd::HandOver);
        plan.agents.reply = constant(100.0);
        plan.at_closing = AtClosing::SentAway;
        plan.open[0].until = Time::from_secs_f64(30.0);
        let outcome = Stage::new(plan, DELAY).built_in(|_| {});
        assert_eq!(outcome.result.verdict.reasons, Vec::<String>::new());
        let fates: Vec<_> = outcome.records[0]
            .iter()
            .map(|record| record.fate)
            .collect();
        let expected = [Fate::Dropped, Fate::Handled, Fate::Rejected].map(Some);
        assert_eq!(fates, expected, "{until}");
        let dropped = outcome.records[0][0];
        let heard = f64::max(30.0, until + 0.4);
        assert!(is_near(dropped.closed, heard), "{until}: {dropped:#?}");
        assert!(is_near(outcome.records[0][2].closed, 30.0), "{until}");
        // Those who had a slot.
        assert_eq!(handle_times(&outcome), 2, "{until}");
    }
}

/// Whatever crosses: chats that had a slot have a handle time, and no others. Ten agents take turns
/// of a minute, customers are impatient, and frames take longer than some replies.
#[test]
fn every_chat_that_had_a_slot_has_one_handle_time() {
    let arrivals: Vec<f64> = (0..300).map(|n| 1.0 + 2.3 * f64::from(n)).collect();
    let shift = |n: u32| {
        let from = 30.0 * f64::from(n);
        (n % 10, from, from + 61.7)
    };
    let shifts: Vec<_> = (0..40).map(shift).collect();
    let (mut transfers, mut unheard) = (0, 0);
    for (seed, delay) in [(1, 20), (2, 300), (3, 700), (4, 1_500)] {
        let mut plan = timed(&arrivals, &shifts);
        let ends = [ShiftEnd::HandOver, ShiftEnd::HandOver, ShiftEnd::Drop];
        let ends = ends.iter().cycle();
        plan.shifts
            .iter_mut()
            .zip(ends)
            .for_each(|(shift, end)| shift.end = *end);
        (plan.seed, plan.agents.concurrency, plan.outline.concurrency) = (seed, 3, 3);
        plan.agents.reply = Law::exponential(2.0).unwrap();
        plan.agents.wrap_up = Law::exponential(0.5).unwrap();
        plan.agents.inactivity = Span::from_secs(4);
        plan.customers.rules_mut().for_each(|rules| {
            rules.exchanges = CountLaw::geometric(4.0).unwrap();
            rules.think = Law::exponential(3.0).unwrap();
            rules.queue_patience = Law::exponential(4.0).unwrap();
            rules.reply_patience = Law::exponential(6.0).unwrap();
            (rules.silent, rules.closes) = (0.3, 0.3);
        });
        let outcome = Stage::new(plan, delay).built_in(|_| {});
        let case = format!("seed {seed}, {delay} ms");
        assert_eq!(outcome.result.verdict.failed, None, "{case}");
        let records = &outcome.records[0];
        let had = |r: &&Record| r.agent != u32::MAX || r.transfers > 0;
        let had: Vec<_> = records.iter().filter(had).collect();
        assert_eq!(handle_times(&outcome), had.len() as u64, "{case}");
        let long = |r: &&&Record| r.freed.comes() && r.held <= Span::from_secs(300);
        assert_eq!(had.iter().filter(long).count(), had.len(), "{case}");
        transfers += had.iter().filter(|r| r.transfers > 0).count();
        unheard += had.iter().filter(|r| r.freed < r.closed).count();
    }
    assert!(transfers > 20 && unheard > 20, "{transfers} {unheard}");
}
