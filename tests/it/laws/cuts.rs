//! The laws where customers' connections are cut by plan, over random centers with every feature on.

use busyhour::center::connection::Connection;
use busyhour::center::rules::{Attention, DisconnectRules};
use busyhour::random::{Kind, Population};

use super::every_feature::plan;
use super::*;

/// The plan with all its customers cut by these rules.
fn cut(plan: &Plan, rules: &DisconnectRules) -> Plan {
    let mut plan = plan.clone();
    for class in plan.customers.rules_mut() {
        class.disconnect = Some(rules.clone());
    }
    if plan.agents.attention == Attention::Levels {
        plan.agents.attention = Attention::Shared;
    }
    plan.outline.cuts = true;
    // Who waits for ever is cut for ever.
    plan.drain_limit = Span::from_secs(3 * 3_600);
    plan.outline.end = plan.end();
    plan
}

/// The same plan with nobody cut.
fn uncut(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for class in plan.customers.rules_mut() {
        class.disconnect = None;
    }
    plan.outline.cuts = false;
    plan
}

/// Each law over a third of the scenarios that others are held against: cuts make many events.
fn some() -> ProptestConfig {
    ProptestConfig {
        cases: config().cases / 3,
        ..config()
    }
}

fn kept_for(secs: u64) -> Span {
    Span::from_secs(secs)
}

prop_compose! {
    fn disconnect()(
        every in prop_oneof![
            (30.0..600.0f64).prop_map(|mean| Law::exponential(mean).unwrap()),
            (3u32..60).prop_map(|tens| Law::constant(f64::from(tens) * 10.0).unwrap()),
        ],
        away in law(),
        kept_for in prop_oneof![Just(Span::ZERO), (1u64..120).prop_map(kept_for)],
    ) -> DisconnectRules {
        DisconnectRules { every, away, kept_for }
    }
}

/// The rows of one replication, and whether nothing was left to do at its end.
fn rows_of(plan: &Plan, eager: bool) -> (Vec<Record>, bool) {
    let mut world = World::late(plan);
    if eager {
        world = world.eager();
    }
    let mut recorder = Recorder::new(&plan.outline, false, true);
    let (end, stopped) = world.play(0, &mut recorder, &mut Nobody);
    let rest = world.is_at_rest() || end >= plan.end();
    (recorder.finish(end, stopped).1, rest)
}

/// One time that a customer was cut off: when, and when it was back.
struct Outage {
    cut: Time,
    back: Time,
    too_late: bool,
}

/// The outages of a row's customer up to an instant, worked out from its draws alone.
fn outages(plan: &Plan, record: &Record, until: Time) -> Vec<Outage> {
    let people = Population::new(plan.seed, 0, Kind::Customer);
    let draws = people.person(record.number.into(), record.attempt);
    let rules = plan.customers.rules(record.class).disconnect.as_ref();
    let Some(rules) = rules.filter(|_| until.comes()) else {
        return Vec::new();
    };
    let mut line = Connection::new(draws, record.offered, rules);
    let mut found = Vec::new();
    while line.turn() <= until {
        let cut = line.turn();
        line.take_turn(rules);
        found.push(Outage {
            cut,
            back: line.turn(),
            too_late: line.is_too_late(),
        });
        line.take_turn(rules);
    }
    found
}

/// What a row says holds together with when its customer was cut off.
fn is_sound(plan: &Plan, record: &Record) -> Result<(), TestCaseError> {
    let order = [
        record.offered,
        record.assigned,
        record.first_reply,
        record.closed,
    ];
    let order: Vec<_> = order.into_iter().filter(|time| time.comes()).collect();
    prop_assert!(order.is_sorted(), "{record:?}");
    prop_assert!(record.replies <= record.messages, "{record:?}");
    prop_assert!(record.messages <= record.replies + 1, "{record:?}");
    prop_assert_eq!(record.fate.is_none(), !plan.is_open(record.offered));
    prop_assert!(
        !record.freed.comes() || record.over <= record.freed,
        "{record:?}"
    );
    let all = outages(plan, record, record.closed);
    // Nothing is heard while cut off.
    let hears_of_end = matches!(record.fate, Some(Fate::Handled | Fate::Dropped));
    let sent_away = record.fate == Some(Fate::Dropped) && record.closed == closing(plan);
    let heard = [
        Some(record.assigned),
        Some(record.first_reply),
        Some(record.closed).filter(|_| hears_of_end && !sent_away),
    ];
    for time in heard.into_iter().flatten().filter(|time| time.comes()) {
        let off = all.iter().any(|o| o.cut < time && time < o.back);
        prop_assert!(!off, "{time:?} {record:?}");
    }
    // Who is back too late has a broken chat, and nobody else.
    let broken = all.iter().find(|o| o.too_late && o.back <= record.closed);
    match record.fate {
        Some(Fate::Broken) => prop_assert_eq!(broken.map(|o| o.back), Some(record.closed)),
        _ => prop_assert!(broken.is_none_or(|o| o.back == record.closed), "{record:?}"),
    }
    Ok(())
}

fn closing(plan: &Plan) -> Time {
    plan.open.first().map_or(Time::NEVER, |period| period.until)
}

proptest! {
    #![proptest_config(some())]

    #[test]
    fn every_chat_has_one_fate_and_hears_nothing_while_cut_off(plan in plan(), rules in disconnect()) {
        let plan = cut(&plan, &rules);
        let outcome = run(&plan, 1);
        let count = |name: &str| outcome.result.measures[name].samples;
        let fates = Fate::ALL.iter().filter(|fate| **fate != Fate::Failed);
        prop_assert_eq!(count("offered"), fates.map(|fate| count(fate.name())).sum::<u64>());
        prop_assert_eq!(count("arrived"), count("offered") + count("closed"));
        let records = &outcome.records[0];
        records.iter().try_for_each(|record| is_sound(&plan, record))?;
        for pair in records.windows(2).filter(|pair| pair[0].number == pair[1].number) {
            prop_assert_eq!(pair[1].attempt, pair[0].attempt + 1);
            prop_assert!(pair[0].closed <= pair[1].offered, "{:?}", pair);
            prop_assert!(pair[0].fate != Some(Fate::Broken), "{:?}", pair);
        }
    }

    #[test]
    fn nobody_holds_more_than_k_though_customers_are_cut_off(plan in plan(), rules in disconnect()) {
        let plan = cut(&plan, &rules);
        let (records, rest) = rows_of(&plan, false);
        prop_assert!(rest);
        let spells = records.iter().filter(|r| r.freed.comes() && r.agent != u32::MAX && r.transfers == 0);
        let spells: Vec<_> = spells.map(|r| (r.agent, r.freed - r.held, r.freed)).collect();
        for (agent, from, _) in &spells {
            let there = |spell: &&(u32, Time, Time)| spell.0 == *agent && spell.1 <= *from && *from < spell.2;
            let held = spells.iter().filter(there).count();
            prop_assert!(held <= plan.agents.concurrency as usize);
        }
    }

    #[test]
    fn threads_and_foresight_change_nothing_of_cuts(plan in plan(), rules in disconnect()) {
        let plan = cut(&plan, &rules);
        prop_assert_eq!(bytes(&plan, 1), bytes(&plan, 2));
        prop_assert_eq!(rows_of(&plan, false).0, rows_of(&plan, true).0);
    }

    /// Time used by slots is the sum of the chats' handle times, whether or not their customers have
    /// heard of them.
    #[test]
    fn slot_time_is_conserved_under_cuts(plan in plan(), rules in disconnect()) {
        let mut plan = cut(&plan, &rules);
        plan.outline.warm_up = Time::ZERO;
        plan.replications = 1;
        plan.customers.rules_mut().for_each(|rules| rules.retry = Default::default());
        let first = run(&plan, 1);
        let rows = &first.records[0];
        prop_assume!(rows.iter().all(|r| r.agent == u32::MAX || r.freed.comes()));
        let end = rows.iter().map(|r| r.freed).filter(|time| time.comes()).max().unwrap_or_default();
        plan.outline.horizon = end.max(plan.outline.horizon) + Span::from_secs(1);
        plan.outline.end = plan.outline.horizon + plan.drain_limit;
        let outcome = run(&plan, 1);
        let freed = outcome.records[0].iter().filter(|r| r.freed.comes());
        let held: f64 = freed.map(|r| r.held.as_secs_f64()).sum();
        let seconds = plan.outline.horizon.as_secs_f64();
        let active = outcome.result.value("active_chats_mean").unwrap_or(0.0) * seconds;
        prop_assert!((active - held).abs() < 1e-6 * held + 1e-6, "{} {}", active, held);
    }

    /// Whoever is back at once has missed nothing: as if nobody were cut, but for the reconnects.
    #[test]
    fn no_time_away_is_no_change(plan in plan(), rules in disconnect()) {
        let rules = DisconnectRules { away: Law::Constant(Span::ZERO), ..rules };
        let mut cut = cut(&plan, &rules);
        cut.replications = 1;
        let uncut = uncut(&cut);
        // Ties are broken by the order of other events.
        let tied = uncut.customers.iter().any(|(_, class)| {
            let laws = [&class.think, &class.queue_patience, &class.reply_patience];
            laws.iter().any(|law| matches!(law, Law::Constant(_)))
        });
        prop_assume!(!tied && !has_constants(&uncut));
        prop_assert_eq!(rows_of(&cut, false).0, rows(&uncut, false));
        let (ours, theirs) = (run(&cut, 1).result.measures, run(&uncut, 1).result.measures);
        for (name, measure) in &theirs {
            prop_assert_eq!(measure, &ours[name], "{}", name);
        }
        prop_assert_eq!(ours["broken"].value, Some(0.0));
    }

    /// What is kept for longer than anybody is away breaks nowhere.
    #[test]
    fn who_is_kept_for_long_enough_has_nothing_broken(plan in plan(), rules in disconnect(), away in 1u64..90) {
        let constant = Law::Constant(Span::from_secs(away));
        let rules = DisconnectRules { away: constant, kept_for: kept_for(away), ..rules };
        let plan = cut(&plan, &rules);
        let broken = rows_of(&plan, false).0.iter().filter(|r| r.fate == Some(Fate::Broken)).count();
        prop_assert_eq!(broken, 0);
    }

    /// What is not kept at all is lost with the first cut: the chat is broken, unless patience or
    /// the run ends before the return.
    #[test]
    fn what_is_not_kept_is_lost_with_the_first_cut(plan in plan(), rules in disconnect(), away in 1u64..90) {
        let constant = Law::Constant(Span::from_secs(away));
        let rules = DisconnectRules { away: constant, kept_for: Span::ZERO, ..rules };
        let plan = cut(&plan, &rules);
        let outcome = run(&plan, 1);
        prop_assert_eq!(outcome.result.value("reconnects"), Some(0.0));
        for record in &outcome.records[0] {
            let first = outages(&plan, record, record.closed).into_iter().next();
            let Some(Outage { cut, .. }) = first.filter(|outage| outage.cut < record.closed) else {
                prop_assert!(record.fate != Some(Fate::Broken), "{:?}", record);
                continue;
            };
            prop_assert!(!matches!(record.fate, Some(Fate::Handled)), "{:?}", record);
            prop_assert!(record.silent || !record.over.comes() || record.over <= cut || record.fate == Some(Fate::OpenAtEnd), "{:?}", record);
        }
    }

    /// However late people are, what is cut is cut on time.
    #[test]
    fn the_late_are_cut_on_time(plan in plan(), rules in disconnect(), mean in 0.001..100.0f64) {
        let mut plan = cut(&plan, &rules);
        plan.lag = Some(Law::exponential(mean).unwrap());
        let (records, rest) = rows_of(&plan, false);
        prop_assert!(rest);
        for record in &records {
            prop_assert!(record.replies <= record.messages, "{:?}", record);
            prop_assert_eq!(record.fate.is_none(), !plan.is_open(record.offered));
            if record.fate == Some(Fate::Broken) {
                let back = outages(&plan, record, record.closed).into_iter().filter(|o| o.too_late);
                prop_assert!(back.map(|o| o.back).any(|back| back <= record.closed), "{:?}", record);
            }
        }
    }
}
