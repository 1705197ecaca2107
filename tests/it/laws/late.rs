//! A world whose people are late, as those of a live run are.

use super::every_feature::plan;
use super::*;

/// The rows of one replication in a world of the late, and whether that was at rest at the end.
fn late(plan: &Plan, lag: Law) -> (Vec<Record>, bool) {
    let mut plan = plan.clone();
    plan.lag = Some(lag);
    let mut world = World::late(&plan);
    let mut recorder = Recorder::new(&plan.outline, false, true);
    let (end, stopped) = world.play(0, &mut recorder, &mut Nobody);
    let rest = world.is_at_rest() || end >= plan.end();
    (recorder.finish(end, stopped).1, rest)
}

/// Agents for everybody, who all do the same.
fn roomy() -> Center {
    Center {
        per_hour: 60.0,
        hours: 2.0,
        warm_up_hours: 0.0,
        agents: 200,
        reply: Law::constant(40.0).unwrap(),
        think: Law::constant(60.0).unwrap(),
        exchanges: CountLaw::constant(3).unwrap(),
        wrap_up: Law::constant(20.0).unwrap(),
        reply_patience: Law::constant(50.0).unwrap(),
        replications: 1,
        ..Center::default()
    }
}

/// Each wait has one lag in it, a first response two: that of the coming and that of the reply; each
/// further reply two of its own.
#[test]
fn each_act_is_late_once() {
    let plan = roomy().plan();
    let (records, rest) = late(&plan, Law::constant(1.5).unwrap());
    assert!(rest && records.len() > 80);
    for record in records {
        assert_eq!(record.fate, Some(Fate::Handled));
        let since = |time: Time| time.since(record.offered).as_secs_f64();
        assert_eq!(
            (since(record.assigned), since(record.first_reply)),
            (1.5, 43.0)
        );
        assert_eq!(
            record.latency_sum,
            Span::from_millis(3 * 40_000 + 5 * 1_500)
        );
        assert_eq!(record.latency_max, Span::from_secs(43));
        // The agent goes by when its last reply was due, and gives the slot back late.
        assert_eq!(record.freed.since(record.closed), Span::from_secs(20));
    }
}

/// Patience runs from when the message was due: whose reply is under way by then has left.
#[test]
fn lateness_uses_patience_up() {
    let plan = roomy().plan();
    let (records, rest) = late(&plan, Law::constant(6.0).unwrap());
    assert!(rest);
    for record in records {
        assert_eq!(record.fate, Some(Fate::AbandonedChat));
        assert_eq!((record.messages, record.replies), (2, 1));
        let left = record.closed.since(record.first_reply);
        assert_eq!(left, Span::from_secs(60 + 50));
    }
}

/// Who does nothing is late with nothing: the composer is not held up by what is under way.
#[test]
fn attention_is_not_held_up() {
    let center = Center {
        agents: 1,
        concurrency: 4,
        per_hour: 40.0,
        hours: 20.0,
        reply_patience: Law::Never,
        ..roomy()
    };
    let plan = center.plan();
    let (records, _) = late(&plan, Law::constant(30.0).unwrap());
    for record in records
        .iter()
        .filter(|record| record.fate == Some(Fate::Handled))
    {
        assert_eq!(record.composed, Span::from_secs(3 * 40));
    }
    let busy: f64 = records.iter().map(|r| r.composed.as_secs_f64()).sum();
    let last = records.iter().map(|r| r.freed).filter(|t| t.comes()).max();
    let share = busy / last.unwrap().as_secs_f64();
    // Messages of four customers and a composer: it is busy unless all four think, wrap up or have
    // something under way.
    assert!(share > 0.75, "{share}");
}

proptest! {
    #![proptest_config(config())]

    /// Lateness of no time at all changes nothing, whatever the features.
    #[test]
    fn no_lag_is_no_change(plan in plan()) {
        // Ties are broken by the order of other events.
        let tied = plan.customers.iter().any(|(_, class)| {
            let laws = [&class.think, &class.queue_patience, &class.reply_patience];
            laws.iter().any(|law| matches!(law, Law::Constant(_)))
        });
        prop_assume!(!tied && !has_constants(&plan));
        prop_assert_eq!(late(&plan, Law::Constant(Span::ZERO)).0, rows(&plan, false));
    }

    /// However late people are: as many come, each has one fate and what it took has an order.
    #[test]
    fn the_late_keep_the_laws(plan in plan(), mean in 0.001..100.0f64) {
        let (records, rest) = late(&plan, Law::exponential(mean).unwrap());
        prop_assert!(rest);
        let first = |records: &[Record]| {
            records.iter().filter(|r| r.attempt == 0).map(|r| (r.number, r.offered)).collect::<Vec<_>>()
        };
        prop_assert_eq!(first(&records), first(&rows(&plan, false)));
        for record in &records {
            let order = [record.offered, record.assigned, record.first_reply, record.closed];
            let order: Vec<_> = order.into_iter().filter(|time| time.comes()).collect();
            prop_assert!(order.is_sorted(), "{:?}", record);
            prop_assert!(record.replies <= record.messages, "{:?}", record);
            prop_assert_eq!(record.fate.is_none(), !plan.is_open(record.offered));
        }
    }
}
