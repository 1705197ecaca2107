//! The live run at a server that only carries what is said, against the simulation: the run's own
//! dispatcher has to give out the chats as the simulation does, customer by customer.
//!
//! Law: a first message comes over the server, so that an agent has it once it has come, at the same
//! instant here.

use std::sync::Arc;

use busyhour::center::fate::Fate;
use busyhour::center::rules::ShiftEnd;
use busyhour::live::Options;
use busyhour::live::journal::Fault;
use busyhour::scenario::plan::Plan;

use super::cases::{Pace, customers};
use super::exact::{differences, fated, in_grains, simulated, untied};
use crate::post_office::{self, Post};
use crate::stage::Stage;

fn agree(name: &str, plan: &Plan, wanted: usize) -> Vec<busyhour::measure::record::Record> {
    let mut all = Vec::new();
    for replication in untied(name, plan, wanted) {
        let plan = in_grains(plan, replication);
        let records = simulated(&plan, replication);
        let mut stage = Stage::new(plan, 0);
        stage.options = Options {
            replication,
            records: true,
            protocol: Some(Arc::new(Post)),
            ..Options::default()
        };
        let outcome = stage.against(post_office::open).expect("the run starts");
        let verdict = &outcome.result.verdict;
        assert_eq!(verdict.failed, None, "{name}");
        let differences = differences(&records, &outcome.records[0]);
        assert!(
            differences.is_empty(),
            "{name}, replication {replication}: {:?}\n{differences}",
            verdict.reasons
        );
        let told = "the chats were given out by this program, by the scenario's rules: the server only \
                    carried what was said";
        assert_eq!(verdict.reasons, [told], "{name}");
        for fault in Fault::ALL.map(Fault::measure) {
            assert_eq!(outcome.result.value(fault), Some(0.0), "{name}: {fault}");
        }
        assert!(outcome.result.value("dispatch_ms_max").is_some(), "{name}");
        assert_eq!(outcome.result.value("assignment_ms_max"), None, "{name}");
        all.extend(records);
    }
    all
}

#[test]
fn who_waits_gives_up_and_is_slowed_down() {
    let records = agree("busy", &Pace(1.0).busy(), 3);
    for fate in [Fate::Handled, Fate::AbandonedQueue, Fate::AbandonedChat] {
        assert!(fated(&records, fate) > 10, "{fate:?}");
    }
}

#[test]
fn who_leaves_silently_and_is_given_up() {
    let pace = Pace(1.0);
    let mut plan = pace.busy();
    plan.agents.inactivity = pace.span(90.0);
    customers(&mut plan, |rules| rules.silent = 0.5);
    agree("silent", &plan, 2);
}

#[test]
fn a_shift_that_ends_hands_chats_over_or_drops_them() {
    let ends = [ShiftEnd::HandOver, ShiftEnd::Drop, ShiftEnd::Finish];
    for (end, parts) in ends
        .map(|end| (end, 1))
        .into_iter()
        .chain([(ShiftEnd::HandOver, 3)])
    {
        let pace = Pace(1.0);
        let mut plan = pace.busy();
        plan.messages.parts = parts;
        // Who comes on shift gets two chats at once, and hears of both before their first messages have
        // come over the server: how many there are makes no difference here.
        plan.agents.slow_down.fill(1.0);
        plan.shifts = vec![
            pace.shift(0, 0.0, 12.0, end),
            pace.shift(1, 0.0, 60.0, ShiftEnd::Finish),
            pace.shift(2, 5.0, 60.0, ShiftEnd::Finish),
        ];
        agree("shift end", &plan, 2);
    }
}
