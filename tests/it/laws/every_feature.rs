//! The laws over random centers with every feature of the model on.

use busyhour::center::rules::{
    Attention, CustomerClasses, CustomerRules, Policy, Retries, Retry, ShiftEnd,
};
use busyhour::scenario::plan::{Arrivals, AtClosing, Headcount, Period};

use super::*;

fn share() -> impl Strategy<Value = f64> {
    prop_oneof![2 => Just(0.0), 3 => 0.0..1.0f64, 1 => Just(1.0)]
}

fn retry() -> impl Strategy<Value = Option<Retry>> {
    let some = (0.1..0.9f64, law()).prop_map(|(chance, after)| Retry { chance, after });
    prop::option::of(some)
}

prop_compose! {
    fn class()(
        level in 0u8..3,
        (queue_patience, reply_patience, think) in (patience(), patience(), law()),
        exchanges in 1.1..6.0f64,
        (silent, closes) in (share(), share()),
        (abandoned, rejected, unresolved) in (retry(), retry(), retry()),
    ) -> CustomerRules {
        let exchanges = CountLaw::geometric(exchanges).unwrap();
        let rules = CustomerRules::new(queue_patience, reply_patience, think, exchanges);
        let retry = Retries { abandoned, rejected, unresolved };
        CustomerRules { level, silent, closes, retry, ..rules }
    }
}

fn end() -> impl Strategy<Value = ShiftEnd> {
    prop_oneof![
        Just(ShiftEnd::Finish),
        Just(ShiftEnd::HandOver),
        Just(ShiftEnd::Drop)
    ]
}

fn attention() -> impl Strategy<Value = Attention> {
    prop_oneof![
        Just(Attention::Fifo),
        Just(Attention::OldestCustomer),
        Just(Attention::Shared),
        Just(Attention::Levels),
    ]
}

/// How the plan is staffed.
#[derive(Clone, Copy, Debug)]
enum Staff {
    Always,
    Shifts,
    Headcounts,
}

fn staff() -> impl Strategy<Value = Staff> {
    prop_oneof![
        Just(Staff::Always),
        Just(Staff::Shifts),
        Just(Staff::Headcounts)
    ]
}

prop_compose! {
    fn team()(
        (attention, wrap_up_attends) in (attention(), any::<bool>()),
        inactivity in prop_oneof![Just(Span::ENDLESS), (1u64..600).prop_map(Span::from_secs)],
        policy in (0..Policy::ALL.len()).prop_map(|policy| Policy::ALL[policy]),
        age_after in prop_oneof![Just(Span::ENDLESS), (1u64..300).prop_map(Span::from_secs)],
        (end, staff) in (end(), staff()),
    ) -> (Attention, bool, Span, Policy, Span, ShiftEnd, Staff) {
        (attention, wrap_up_attends, inactivity, policy, age_after, end, staff)
    }
}

prop_compose! {
    pub fn plan()(
        center in center(),
        classes in prop::collection::vec((0.1..1.0f64, class()), 1..4),
        (attention, wrap_up_attends, inactivity, policy, age_after, end, staff) in team(),
        sent_away in any::<bool>(),
        closing in prop::option::of(0.3..0.9f64),
        cuts in prop::collection::vec(0.0..1.0f64, 6),
    ) -> Plan {
        let mut plan = center.plan();
        let at = |share: f64| Time((share * plan.outline.horizon.0 as f64) as u64);
        plan.outline.classes = (0..classes.len()).map(|class| class.to_string()).collect();
        plan.customers = CustomerClasses::new(classes);
        (plan.agents.attention, plan.agents.wrap_up_attends) = (attention, wrap_up_attends);
        // A ghost in a slot that nobody ever ends would stay for ever.
        let silent = plan.customers.iter().any(|(_, class)| class.silent > 0.0);
        plan.agents.inactivity = if silent { inactivity.min(Span::from_secs(300)) } else { inactivity };
        (plan.router.policy, plan.router.age_after, plan.router.levels) = (policy, age_after, 3);
        match staff {
            Staff::Always => {}
            Staff::Shifts => plan.shifts = shifts(plan.team, &cuts, at, end),
            Staff::Headcounts => {
                plan.shifts = Vec::new();
                plan.headcounts = headcounts(plan.team, &cuts, at);
            }
        }
        if let Some(closing) = closing {
            let until = at(closing);
            plan.open = vec![
                Period { from: Time::ZERO, until },
                Period { from: until + Span::from_secs(300), until: Time::NEVER },
            ];
            plan.at_closing = if sent_away { AtClosing::SentAway } else { AtClosing::Served };
        }
        plan
    }
}

fn shifts(team: u32, cuts: &[f64], at: impl Fn(f64) -> Time, end: ShiftEnd) -> Vec<Shift> {
    let shift = |agent: u32| {
        let cut = |i: usize| at(cuts[(agent as usize + i) % cuts.len()]);
        let (from, until) = (cut(0).min(cut(1)), cut(0).max(cut(1)) + Span(1));
        let first = Shift {
            agent,
            from,
            until,
            end,
        };
        let again = Shift {
            from: until + Span::from_secs(600),
            until: Time::NEVER,
            ..first
        };
        [first, again]
    };
    let mut shifts: Vec<Shift> = (0..team).flat_map(shift).collect();
    shifts.sort_by_key(|shift| (shift.from, shift.agent));
    shifts
}

fn headcounts(team: u32, cuts: &[f64], at: impl Fn(f64) -> Time) -> Vec<Headcount> {
    let mut cuts = cuts.to_vec();
    cuts.sort_by(f64::total_cmp);
    let count = |(i, cut): (usize, &f64)| Headcount {
        at: at(*cut),
        agents: (i as u32 * 7 + 1) % (team + 1),
    };
    let counts = cuts.iter().enumerate().map(count);
    let first = Headcount {
        at: Time::ZERO,
        agents: team,
    };
    let last = Headcount {
        at: at(0.99),
        agents: team,
    };
    std::iter::once(first).chain(counts).chain([last]).collect()
}

/// One replication in a world of its own, and whether that was at rest at the end.
fn at_rest(plan: &Plan) -> (Time, bool) {
    let mut world = World::new(plan);
    let mut recorder = Recorder::new(&plan.outline, false, false);
    let (end, _) = world.play(0, &mut recorder, &mut Nobody);
    (end, world.is_at_rest())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_attempt_has_one_fate(plan in plan()) {
        let outcome = run(&plan, 1);
        let count = |name: &str| outcome.result.measures[name].samples;
        let fates = Fate::ALL.iter().filter(|f| !matches!(f, Fate::Failed | Fate::Broken));
        prop_assert_eq!(count("offered"), fates.map(|fate| count(fate.name())).sum::<u64>());
        prop_assert_eq!(count("arrived"), count("offered") + count("closed"));
        for records in &outcome.records {
            for record in records {
                let order = [record.offered, record.assigned, record.first_reply, record.closed];
                let order: Vec<_> = order.into_iter().filter(|time| time.comes()).collect();
                prop_assert!(order.is_sorted(), "{:?}", record);
                prop_assert!(record.replies <= record.messages, "{:?}", record);
                prop_assert!(record.messages <= record.replies + 1, "{:?}", record);
                prop_assert_eq!(record.fate.is_none(), !plan.is_open(record.offered));
            }
            // Attempts of a customer are numbered without gaps and follow each other.
            for pair in records.windows(2) {
                let (a, b) = (&pair[0], &pair[1]);
                let again = a.number == b.number;
                prop_assert_eq!((b.attempt, again || b.number == a.number + 1),
                    (if again { a.attempt + 1 } else { 0 }, true));
                prop_assert!(!again || a.closed <= b.offered, "{:?} {:?}", a, b);
            }
        }
    }

    #[test]
    fn no_slot_leaks(plan in plan()) {
        let (end, rest) = at_rest(&plan);
        prop_assert!(rest || end >= plan.end());
    }

    #[test]
    fn lazy_patience_gives_the_same_rows_with_every_feature(plan in plan()) {
        prop_assert_eq!(rows(&plan, false), rows(&plan, true));
    }

    #[test]
    fn threads_change_nothing_with_every_feature(plan in plan()) {
        prop_assert_eq!(bytes(&plan, 1), bytes(&plan, 2));
    }

    /// Two halves of a class are that class.
    #[test]
    fn a_split_class_changes_nothing(plan in plan()) {
        let (share, rules) = plan.customers.iter().next().unwrap();
        let (mut one, mut two) = (plan.clone(), plan.clone());
        one.customers = CustomerClasses::one(rules.clone());
        two.customers = CustomerClasses::new(vec![(share, rules.clone()), (share, rules.clone())]);
        one.outline.classes = vec!["all".into()];
        two.outline.classes = vec!["these".into(), "those".into()];
        let measures = |plan: &Plan| run(plan, 1).result.measures;
        prop_assert_eq!(measures(&one), measures(&two));
    }

    /// A limit that nobody reaches is no limit: here there are fewer chats in all.
    #[test]
    fn a_limit_beyond_reach_is_no_limit(plan in plan()) {
        let limited = |concurrency: u32| {
            let mut plan = plan.clone();
            plan.agents.concurrency = concurrency;
            plan.outline.concurrency = concurrency;
            plan.customers.rules_mut().for_each(|rules| rules.retry = Retries::default());
            if let Arrivals::Rate(curve) = &mut plan.arrivals {
                curve.pieces.iter_mut().for_each(|piece| (piece.from_rate, piece.to_rate) = (piece.from_rate / 8.0, piece.to_rate / 8.0));
            }
            run(&plan, 1).result.measures
        };
        let (mut ours, mut theirs) = (limited(300), limited(600));
        let most = ours["offered"].high.unwrap_or_default();
        prop_assert!(most < 300.0, "{} chats", most);
        for measures in [&mut ours, &mut theirs] {
            measures.shift_remove("occupancy_ratio");
        }
        prop_assert!(ours == theirs);
    }

    /// Time used by slots is the sum of the chats' handle times.
    #[test]
    fn slot_time_is_conserved(plan in plan()) {
        let mut plan = plan;
        plan.outline.warm_up = Time::ZERO;
        plan.replications = 1;
        // So late a horizon would let customers come again who do not.
        plan.customers.rules_mut().for_each(|rules| rules.retry = Retries::default());
        let ends = run(&plan, 1).records[0].iter().map(|r| r.freed).collect::<Vec<_>>();
        prop_assume!(at_rest(&plan).1);
        let end = ends.into_iter().filter(|time| time.comes()).max().unwrap_or_default();
        plan.outline.horizon = end.max(plan.outline.horizon) + Span::from_secs(1);
        plan.outline.end = plan.outline.horizon + plan.drain_limit;
        let outcome = run(&plan, 1);
        let freed = outcome.records[0].iter().filter(|r| r.freed.comes());
        let held: f64 = freed.map(|r| r.held.as_secs_f64()).sum();
        let seconds = plan.outline.horizon.as_secs_f64();
        let active = outcome.result.value("active_chats_mean").unwrap_or(0.0) * seconds;
        prop_assert!((active - held).abs() < 1e-6 * held + 1e-6, "{} {}", active, held);
    }
}
