//! Servers that are not there for a while, and lines that break: who comes back, and what becomes of
//! whom.

use std::cell::Cell;
use std::sync::atomic::Ordering;

use busyhour::center::fate::Fate;
use busyhour::error::{Error, Result};
use busyhour::live::Outcome;
use busyhour::live::dial::Dial;
use busyhour::live::journal::Fault;
use busyhour::live::target::Target;
use busyhour::measure::record::Record;
use busyhour::scenario::plan::Plan;
use busyhour::stats::law::Law;
use busyhour::time::{Span, Time};
use tokio::io::DuplexStream;
use tokio::sync::mpsc::unbounded_channel;

use super::{EVER, timed};
use crate::stage::{Delay, Door, Line, Stage, serve};
use crate::unreliable::{Blow, Mood, Phase, from, serve_through};

const KEPT_S: u64 = 60;

/// Plays it at a server that goes through these phases, and keeps chats for so long.
fn played(stage: &Stage, kept_s: u64, phases: &[Phase]) -> Outcome {
    let options = stage.options(|options| options.kept_for = Span::from_secs(kept_s));
    let phases = phases.to_vec();
    let outcome = stage.against(|door| serve_through(door, options, phases));
    outcome.expect("the run starts")
}

/// Two agents, and who comes at these seconds: each with one message, whose reply takes 20 s. Nothing
/// stops the run but its end.
fn plan(arrivals: &[f64]) -> Plan {
    let mut plan = timed(arrivals, &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    plan.live.breaker_after = Span::ZERO;
    let last = arrivals.last().unwrap();
    plan.outline.horizon = Time::from_secs_f64(last + 60.0);
    plan
}

fn fates(outcome: &Outcome) -> Vec<Fate> {
    let records = outcome.records[0].iter();
    records.map(|record| record.fate.unwrap()).collect()
}

/// Nothing is left over, and the server has made no mistakes.
fn in_order(stage: &Stage, outcome: &Outcome) {
    let result = &outcome.result;
    for fault in Fault::ALL.map(Fault::measure) {
        let found = &result.faults;
        assert_eq!(result.value(fault), Some(0.0), "{fault}: {found:#?}");
    }
    let watch = &stage.watch;
    for (what, left) in [
        ("queue", &watch.queue),
        ("open", &watch.open),
        ("busy", &watch.busy),
        ("agents", &watch.agents),
    ] {
        assert_eq!(left.load(Ordering::Relaxed), 0, "{what}");
    }
    let ended = watch.now.load(Ordering::Relaxed);
    let horizon = stage.plan.outline.horizon;
    assert!(ended < (horizon + Span::from_secs(120)).0, "{ended}");
    for name in ["occupancy_ratio", "utilisation_ratio"] {
        assert!(result.value(name).unwrap() <= 1.0, "{name}");
    }
}

fn remarks(outcome: &Outcome, words: &str) -> usize {
    let reasons = outcome.result.verdict.reasons.iter();
    reasons.filter(|reason| reason.contains(words)).count()
}

/// A line of a machine that has descriptors for so many connections.
struct Scarce {
    line: Line,
    left: Cell<u32>,
}

impl Dial for Scarce {
    type Stream = DuplexStream;

    fn target(&self, number: u32) -> &Target {
        self.line.target(number)
    }

    async fn connect(&self, number: u32) -> Result<DuplexStream> {
        let left = self.left.get().checked_sub(1);
        let left = left.ok_or_else(|| Error::failed("no descriptor").of_this_machine())?;
        self.left.set(left);
        self.line.connect(number).await
    }
}

/// An agent, a customer, and an agent for whom nothing is left: the run fails, and not by the server.
#[test]
fn an_agent_whom_this_machine_cannot_connect_is_its_own_shortage() {
    let shifts = [(0, 0.0, EVER), (1, 30.0, EVER)];
    let mut stage = Stage::new(timed(&[1.0], &shifts), 0);
    stage.plan.outline.horizon = Time::from_secs_f64(60.0);
    let (far, door) = unbounded_channel();
    let line = Scarce {
        line: Line::new(stage.delay, far),
        left: Cell::new(2),
    };
    let server = serve(Door(door), stage.options(|_| {}));
    let result = stage.over(line, server).expect("the run starts").result;
    let failed = result.verdict.failed.as_deref();
    let words = "agent 1 is lost to the run: no descriptor";
    assert_eq!(failed, Some(words), "{:?}", result.verdict);
    assert_eq!(result.value("not_started"), Some(1.0));
    assert_eq!(result.verdict.valid, Some(false));
}

#[test]
fn a_server_that_is_started_again_gets_everybody_back() {
    for delay_ms in [0, 20] {
        let stage = Stage::new(plan(&[1.0, 30.0, 36.0, 60.0, 61.0]), delay_ms);
        let outcome = played(
            &stage,
            KEPT_S,
            &[
                from(35.0, Mood::Shut, Blow::Kill),
                from(39.0, Mood::Open, Blow::None),
            ],
        );
        assert_eq!(outcome.result.verdict.failed, None);
        let known = [
            Fate::Handled,
            // Its chat was there when the server was killed, and is not at the next.
            Fate::Broken,
            // Comes while nobody is there.
            Fate::Handled,
            Fate::Handled,
            Fate::Handled,
        ];
        let reasons = &outcome.result.verdict.reasons;
        assert_eq!(fates(&outcome), known, "{reasons:?}");
        in_order(&stage, &outcome);
        assert_eq!(remarks(&outcome, "its chat was gone"), 1, "{reasons:?}");
    }
}

#[test]
fn who_loses_its_line_goes_on_where_its_chat_is_kept() {
    for (delay_ms, kept_s) in [(0, KEPT_S), (20, KEPT_S), (0, 0), (20, 0)] {
        // One is answered when it is cut, one waits, one is done and one is still to come.
        let mut plan = plan(&[1.0, 30.0, 30.1, 30.2, 60.0]);
        plan.messages.parts = 2;
        let stage = Stage::new(plan, delay_ms);
        let blow = from(35.0, Mood::Open, Blow::Customers);
        let outcome = played(&stage, kept_s, &[blow]);
        let cut = match kept_s {
            0 => Fate::Broken,
            _ => Fate::Handled,
        };
        let known = [Fate::Handled, cut, cut, cut, Fate::Handled];
        let reasons = &outcome.result.verdict.reasons;
        assert_eq!(fates(&outcome), known, "{kept_s}: {reasons:?}");
        in_order(&stage, &outcome);
        assert_eq!(outcome.result.value("undelivered"), Some(0.0));
    }
}

#[test]
fn lines_may_break_again_and_again() {
    let arrivals: Vec<f64> = (0..40).map(|n| 1.0 + 11.3 * f64::from(n)).collect();
    let mut plan = plan(&arrivals);
    (plan.agents.concurrency, plan.outline.concurrency) = (3, 3);
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = busyhour::stats::law::CountLaw::constant(4).unwrap();
        rules.think = Law::uniform(1.0, 9.0).unwrap();
    });
    plan.agents.reply = Law::uniform(1.0, 6.0).unwrap();
    for seed in 0..4 {
        let stage = Stage {
            delay: Delay::up_to(300, seed),
            ..Stage::new(plan.clone(), 0)
        };
        let blows: Vec<Phase> = (1..120)
            .map(|n| from(4.1 * f64::from(n), Mood::Open, Blow::Customers))
            .collect();
        let outcome = played(&stage, KEPT_S, &blows);
        let handled = fates(&outcome)
            .into_iter()
            .filter(|fate| *fate == Fate::Handled);
        let reasons = &outcome.result.verdict.reasons;
        assert_eq!(handled.count(), 40, "{reasons:?}");
        in_order(&stage, &outcome);
        assert_eq!(outcome.result.value("undelivered"), Some(0.0));
    }
}

#[test]
fn a_line_of_which_nothing_comes_is_lost() {
    let mut plan = plan(&[1.0, 30.0]);
    plan.agents.reply = Law::constant(60.0).unwrap();
    let stage = Stage::new(plan, 0);
    let options = stage.options(|options| {
        options.kept_for = Span::from_secs(KEPT_S);
        options.idle = std::time::Duration::from_secs(5);
    });
    let blow = from(40.0, Mood::Open, Blow::Freeze);
    let outcome = stage.against(|door| serve_through(door, options, vec![blow]));
    let outcome = outcome.unwrap();
    let reasons = &outcome.result.verdict.reasons;
    assert_eq!(fates(&outcome), [Fate::Handled; 2], "{reasons:?}");
    assert_eq!(
        remarks(&outcome, "no sign of life (2 times)"),
        1,
        "{reasons:?}"
    );
    in_order(&stage, &outcome);
}

#[test]
fn who_is_not_let_in_tries_again_for_a_while() {
    for mood in [Mood::Shut, Mood::Busy, Mood::Silent] {
        let stage = Stage::new(plan(&[1.0, 45.0, 100.0, 130.0]), 0);
        let outcome = played(
            &stage,
            KEPT_S,
            &[
                from(40.0, mood, Blow::None),
                from(102.0, Mood::Open, Blow::None),
            ],
        );
        assert_eq!(outcome.result.verdict.failed, None);
        let reasons = &outcome.result.verdict.reasons;
        let known = [Fate::Handled, Fate::Failed, Fate::Handled, Fate::Handled];
        assert_eq!(fates(&outcome), known, "{mood:?}: {reasons:?}");
        let failed = outcome.records[0][1];
        let tried = failed.closed.since(failed.offered).as_secs_f64();
        assert!((20.0..45.0).contains(&tried), "{mood:?}: {tried}");
        in_order(&stage, &outcome);
    }
}

#[test]
fn patience_runs_on_meanwhile() {
    for mood in [Mood::Shut, Mood::Silent] {
        let mut plan = plan(&[45.0, 130.0]);
        plan.customers
            .rules_mut()
            .for_each(|rules| rules.queue_patience = Law::constant(7.0).unwrap());
        let stage = Stage::new(plan, 0);
        let outcome = played(
            &stage,
            KEPT_S,
            &[
                from(40.0, mood, Blow::None),
                from(100.0, Mood::Open, Blow::None),
            ],
        );
        assert_eq!(fates(&outcome), [Fate::AbandonedQueue, Fate::Handled]);
        let record = outcome.records[0][0];
        assert_eq!(record.closed.since(record.offered), Span::from_secs(7));
        in_order(&stage, &outcome);
    }
}

#[test]
fn what_is_no_protocol_is_not_tried_again() {
    let stage = Stage::new(plan(&[1.0, 45.0, 130.0]), 0);
    let outcome = played(
        &stage,
        KEPT_S,
        &[
            from(40.0, Mood::Garbage, Blow::None),
            from(60.0, Mood::Open, Blow::None),
        ],
    );
    assert_eq!(
        fates(&outcome),
        [Fate::Handled, Fate::Failed, Fate::Handled]
    );
    let record = outcome.records[0][1];
    assert_eq!(record.closed, record.offered);
    in_order(&stage, &outcome);
}

#[test]
fn without_tries_who_is_cut_is_broken_and_who_is_kept_out_has_failed() {
    let mut plan = plan(&[1.0, 30.0, 45.0]);
    plan.live.reconnect_for = Span::ZERO;
    let stage = Stage::new(plan, 0);
    let outcome = played(
        &stage,
        KEPT_S,
        &[
            from(35.0, Mood::Open, Blow::Customers),
            from(40.0, Mood::Shut, Blow::None),
        ],
    );
    assert_eq!(fates(&outcome), [Fate::Handled, Fate::Broken, Fate::Failed]);
    let at = |record: &Record| record.closed.as_secs_f64();
    let at: Vec<f64> = outcome.records[0].iter().map(at).collect();
    assert!((at[1] - 35.0).abs() < 0.1 && at[2] == 45.0, "{at:?}");
}

#[test]
fn an_agent_comes_back_and_its_chats_are_over() {
    for delay_ms in [0, 20] {
        let stage = Stage::new(plan(&[1.0, 30.0, 30.1, 30.2, 90.0, 91.0]), delay_ms);
        let outcome = played(
            &stage,
            KEPT_S,
            &[
                from(35.0, Mood::Shut, Blow::Agents),
                from(40.0, Mood::Open, Blow::None),
            ],
        );
        assert_eq!(outcome.result.verdict.failed, None);
        let reasons = &outcome.result.verdict.reasons;
        let known = [
            Fate::Handled,
            Fate::Dropped,
            Fate::Dropped,
            // Waited, and is served by who is back first.
            Fate::Handled,
            Fate::Handled,
            Fate::Handled,
        ];
        assert_eq!(fates(&outcome), known, "{reasons:?}");
        in_order(&stage, &outcome);
        let words = "an agent's connection was lost";
        assert_eq!(remarks(&outcome, words), 1, "{reasons:?}");
        let dropped = outcome.records[0][1];
        assert!(dropped.freed.since(dropped.closed) < Span::from_secs(1));
        assert_eq!(dropped.composed.as_secs_f64().round(), 5.0);
    }
}

#[test]
fn an_agent_who_does_not_come_back_fails_the_run() {
    let stage = Stage::new(plan(&[1.0, 30.0, 90.0, 100.0]), 0);
    let outcome = played(&stage, KEPT_S, &[from(35.0, Mood::Shut, Blow::Agents)]);
    let failed = outcome.result.verdict.failed.as_deref().unwrap();
    assert!(failed.contains("it was not back within 30s"), "{failed}");
    let ended = stage.watch.now.load(Ordering::Relaxed) as f64 / 1e9;
    assert!((55.0..70.0).contains(&ended), "{ended}");
}

/// A customer a second.
fn steady(speed: f64) -> Plan {
    let arrivals: Vec<f64> = (1..200).map(|n| speed * f64::from(n)).collect();
    let mut plan = timed(&arrivals, &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    plan.live.speed = speed;
    plan.agents.reply = Law::constant(0.1 * speed).unwrap();
    plan.agents.wrap_up = Law::constant(0.1 * speed).unwrap();
    plan.outline.horizon = Time::from_secs_f64(201.0 * speed);
    plan
}

#[test]
fn a_run_of_which_too_much_fails_is_stopped() {
    for speed in [1.0, 8.0] {
        let stage = Stage::new(steady(speed), 0);
        let outcome = played(&stage, KEPT_S, &[from(40.0, Mood::Shut, Blow::None)]);
        let failed = outcome.result.verdict.failed.as_deref().unwrap();
        let words = "more than 50 % of connects and connections failed";
        assert!(failed.contains(words), "{failed}");
        let ended = stage.watch.now.load(Ordering::Relaxed) as f64 / 1e9 / speed;
        assert!((50.0..56.0).contains(&ended), "{ended}");
        assert!(fates(&outcome).contains(&Fate::OpenAtEnd));
    }
}

#[test]
fn a_bad_moment_does_not_stop_a_run() {
    let stage = Stage::new(steady(1.0), 0);
    let phases = [
        from(40.0, Mood::Shut, Blow::None),
        from(45.0, Mood::Open, Blow::None),
        from(90.0, Mood::Shut, Blow::Kill),
        from(94.0, Mood::Open, Blow::None),
    ];
    let outcome = played(&stage, KEPT_S, &phases);
    assert_eq!(outcome.result.verdict.failed, None);
    let handled = fates(&outcome).into_iter().filter(|f| *f == Fate::Handled);
    assert!(handled.count() >= 198);
    in_order(&stage, &outcome);
    // And where nobody is to be stopped, nobody is.
    let mut plan = steady(1.0);
    plan.live.breaker_after = Span::ZERO;
    plan.customers
        .rules_mut()
        .for_each(|rules| rules.queue_patience = Law::constant(3.0).unwrap());
    let stage = Stage::new(plan, 0);
    let outcome = played(&stage, KEPT_S, &[from(150.0, Mood::Shut, Blow::None)]);
    assert_eq!(outcome.result.verdict.failed, None);
    let left = fates(&outcome).into_iter();
    let left = left.filter(|fate| *fate == Fate::AbandonedQueue);
    assert!(left.count() >= 48);
}
