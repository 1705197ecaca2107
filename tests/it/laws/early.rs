//! Who leaves the queue early is in no figure but those by the clock, over random centers with every
//! feature of the model on.

use busyhour::measure::catalogue::service_level_name;
use busyhour::measure::result::{Measure, Row};

use super::every_feature::plan;
use super::*;

/// A plan played with everybody, and with those left out who leave the queue before `short`.
#[derive(Debug)]
struct Pair {
    plan: Plan,
    short: Span,
    all: Outcome,
    ours: Outcome,
}

fn pair() -> impl Strategy<Value = Pair> {
    (plan(), 1u64..120).prop_map(|(mut plan, secs)| {
        let short = Span::from_secs(secs);
        plan.outline.service_levels = vec![short];
        let all = run(&plan, 1);
        plan.outline.short_abandon = short;
        let ours = run(&plan, 1);
        Pair {
            plan,
            short,
            all,
            ours,
        }
    })
}

impl Pair {
    /// The rows of those who are left out.
    fn early(&self) -> impl Iterator<Item = &Record> {
        let outline = &self.plan.outline;
        let measured = outline.warm_up..outline.horizon;
        let rows = self.all.records.iter().flatten();
        rows.filter(move |r| measured.contains(&r.offered))
            .filter(|r| r.fate == Some(Fate::AbandonedQueue))
            .filter(|r| r.closed.since(r.offered) < self.short)
    }

    /// How many of them a measure has among its samples.
    fn out(&self, name: &str) -> u64 {
        let counts = |r: &&Record| match name {
            "customers" => r.attempt == 0,
            "retried" => r.attempt > 0,
            "delayed_ratio" => r.delayed,
            "abandoned_silent" => r.silent,
            // Who left without a word may get a slot yet.
            "handle_s_mean" => r.agent != u32::MAX && r.freed.comes(),
            _ => true,
        };
        self.early().filter(counts).count() as u64
    }

    /// Whether a measure is of offered chats or of those who left the queue.
    fn touches(&self, name: &str) -> bool {
        let series = name.rsplit_once('_').map_or("", |(series, _)| series);
        match series {
            "wait_abandoned_s" | "wait_all_s" => true,
            "handle_s" | "wrap_up_s" | "composing_per_chat_s" => self.out("handle_s_mean") > 0,
            _ if name.starts_with("service_level_") => !name.ends_with("_of_answered"),
            _ => COUNTS.contains(&name) || RATIOS.contains(&name) || name == "short_abandoned",
        }
    }
}

const COUNTS: [&str; 9] = [
    "arrived",
    "customers",
    "offered",
    "retried",
    "abandoned_queue",
    "abandoned_silent",
    "wait_abandoned_s_mean",
    "wait_all_s_mean",
    "handle_s_mean",
];

const RATIOS: [&str; 4] = [
    "abandoned_ratio",
    "abandoned_queue_ratio",
    "rejected_ratio",
    "delayed_ratio",
];

fn samples(outcome: &Outcome, name: &str) -> u64 {
    outcome.result.measures[name].samples
}

fn delayed(outcome: &Outcome) -> u64 {
    let of_offered = outcome.result.value("delayed_ratio").unwrap_or(0.0);
    (of_offered * samples(outcome, "offered") as f64).round() as u64
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn who_leaves_early_is_counted_apart_and_nowhere_else(pair in pair()) {
        let Pair { plan, all, ours, .. } = &pair;
        for name in COUNTS {
            prop_assert_eq!(samples(all, name) - pair.out(name), samples(ours, name), "{}", name);
        }
        prop_assert_eq!(delayed(all) - pair.out("delayed_ratio"), delayed(ours));
        let early = pair.early().count() as u64;
        prop_assert_eq!(samples(ours, "short_abandoned"), early);
        let rows = |figure: fn(&Row) -> f64| {
            let sum: f64 = ours.result.intervals.iter().map(figure).sum();
            (sum * f64::from(plan.replications)).round() as u64
        };
        prop_assert_eq!(rows(|row| row.offered), samples(ours, "offered"));
        prop_assert_eq!(rows(|row| row.short_abandoned.unwrap()), early);
        let classes = ours.result.classes.iter();
        let of_classes: u64 = classes.map(|class| class.measures["short_abandoned"].samples).sum();
        prop_assert!(ours.result.classes.is_empty() || of_classes == early);
    }

    /// What is neither of offered chats nor of those who left the queue is as it was, but that what
    /// is by the clock has as many samples as chats are offered.
    #[test]
    fn leaving_some_out_changes_nothing_else(pair in pair()) {
        let Pair { all, ours, .. } = &pair;
        prop_assert_eq!(&all.records, &ours.records);
        let figures = |measure: &Measure| (measure.value, measure.low, measure.high);
        for (name, measure) in ours.result.measures.iter().filter(|named| !pair.touches(named.0)) {
            prop_assert_eq!(figures(measure), figures(&all.result.measures[name]), "{}", name);
        }
    }

    /// The service level is what it was less those who left before its time.
    #[test]
    fn the_service_level_is_that_less_short_abandonments(pair in pair()) {
        let level = |outcome: &Outcome, form| {
            outcome.result.measures[&service_level_name(pair.short, form)]
        };
        for form in ["", "_less_short_abandons", "_with_short_abandons"] {
            prop_assert_eq!(level(&pair.ours, form), level(&pair.all, "_less_short_abandons"));
        }
    }
}
