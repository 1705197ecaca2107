//! Agents who take the chats: every chat is had, each once, by nobody who has no room for it.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use busyhour::center::fate::Fate;
use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::wire::declared::read_text;

use super::counter::{self, PROTOCOL, Shared};
use super::{EVER, timed};
use crate::stage::Stage;

/// Twelve customers who come almost at once, to three agents of two chats each.
fn pulled(protocol: &str) -> (Outcome, Shared) {
    let arrivals: Vec<f64> = (0..12).map(|n| 1.0 + 0.1 * f64::from(n)).collect();
    let shifts = [(0, 0.0, EVER), (1, 0.0, EVER), (2, 0.0, 60.0)];
    let mut plan = timed(&arrivals, &shifts);
    plan.agents.concurrency = 2;
    plan.agents.slow_down = vec![1.0];
    let protocol = read_text("counter.toml", protocol, Path::new("")).unwrap();
    let mut stage = Stage::new(plan, 5);
    stage.options.protocol = Some(Arc::new(protocol));
    let counter = Shared::default();
    let there = Rc::clone(&counter);
    let outcome = stage.against(|door| counter::serve(door, there));
    (outcome.expect("the run starts"), counter)
}

fn all_are_had(outcome: &Outcome) {
    let result = &outcome.result;
    let verdict = &result.verdict;
    assert_eq!((verdict.valid, &verdict.failed), (Some(true), &None));
    assert_eq!(verdict.reasons, [""; 0], "who was slower is no fault");
    let fates = outcome.records[0].iter().map(|record| record.fate);
    assert_eq!(fates.collect::<Vec<_>>(), [Some(Fate::Handled); 12]);
    for fault in Fault::ALL.map(Fault::measure) {
        assert_eq!(result.value(fault), Some(0.0), "{fault}");
    }
}

#[test]
fn agents_take_as_many_as_they_have_room_for() {
    let (outcome, counter) = pulled(PROTOCOL);
    all_are_had(&outcome);
    let seen = &counter.borrow().seen;
    assert_eq!((seen.taken, seen.most), (12, 2), "{seen:?}");
    // All three hear of the last that waits, and one has it.
    assert!(seen.in_vain > 0, "{seen:?}");
}

/// The server assigns in a frame of its own, and agents hear of the end of the chat from it as well.
#[test]
fn what_was_taken_may_be_told_later() {
    let apart = PROTOCOL
        .replace(
            r#"take = [{ send = { t = "take", re = "${seq}" }, ack = { by = "/re", equals = "${seq}", error = { when = { "/t" = "none" } } }, capture = { "chat.id" = "/chat" } }]"#,
            r#"take = [{ send = { t = "take" } }]"#,
        )
        .replace(
            r#"ignored = { when = { "/t" = { in = ["none", "took"] } } }"#,
            r#"assigned = { when = { "/t" = "took" }, chat = "/chat" }
               error = { when = { "/t" = "none" } }"#,
        );
    assert_ne!(apart, PROTOCOL);
    let (outcome, counter) = pulled(&apart);
    all_are_had(&outcome);
    let seen = &counter.borrow().seen;
    assert_eq!((seen.taken, seen.most), (12, 2), "{seen:?}");
    assert!(seen.in_vain > 0, "{seen:?}");
}
