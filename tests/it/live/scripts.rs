//! Servers that do what the built-in one never does, by script.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::center::rules::ShiftEnd;
use busyhour::error::Exit;
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::Span;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::clerk::{Clerk, Guest};
use super::{EVER, timed};
use crate::stage::{Stage, handle_times, only};

fn assigned(chat: u64, marker: &str) -> Value {
    json!({ "type": "assigned", "chat": chat, "marker": marker })
}

fn message(seq: u32, text: &Value) -> Value {
    json!({ "type": "message", "seq": seq, "text": text })
}

fn to_agent(seq: u32, text: &Value) -> Value {
    json!({ "type": "message", "chat": 1, "seq": seq, "text": text })
}

/// Ends the agent's day, and keeps those who are there.
async fn see_out(mut agent: Guest, others: Vec<Guest>) {
    agent.hear_of("offline").await;
    agent.tell(json!({ "type": "offline" }));
    std::future::pending::<()>().await;
    drop(others);
}

/// A message that is not the next is remarked and let pass, on both sides, and the chat goes on.
#[test]
fn messages_out_of_turn_are_remarked_and_let_pass() {
    let mut plan = timed(&[1.0], &[(0, 0.0, EVER)]);
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
        rules.think = Law::constant(30.0).unwrap();
    });
    let outcome = Stage::new(plan, 1).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut agent = clerk.agent().await;
        let (mut customer, chat) = clerk.customer().await;
        let marker = |side: &str, seq: u32| {
            let stem = chat.strip_suffix("u-0").unwrap();
            json!(format!("{stem}{side}-{seq}"))
        };
        // Nobody has the chat yet.
        customer.tell(message(1, &marker("a", 1)));
        agent.tell(to_agent(1, &marker("u", 1)));
        customer.tell(json!({ "type": "assigned", "agent": 0 }));
        agent.tell(assigned(1, &chat));
        // The first message came with the request: a second one is not the customer's turn.
        agent.tell(to_agent(1, &marker("u", 1)));
        agent.tell(to_agent(3, &marker("u", 3)));
        agent.tell(to_agent(2, &json!("no marker at all")));
        customer.tell(message(2, &marker("a", 2)));
        customer.tell(message(1, &marker("u", 1)));
        let first = agent.hear_of("reply").await;
        customer.tell(message(1, &first["text"]));
        // While it thinks there is nothing to answer.
        customer.tell(message(1, &first["text"]));
        let second = customer.hear_of("say").await;
        assert_eq!(second["text"], marker("u", 2));
        agent.tell(to_agent(2, &second["text"]));
        agent.tell(to_agent(2, &second["text"]));
        let last = agent.hear_of("reply").await;
        customer.tell(message(2, &last["text"]));
        agent.hear_of("close").await;
        agent.hear_of("free").await;
        agent.tell(json!({ "type": "freed", "chat": 1 }));
        see_out(agent, vec![customer]).await;
    });
    let outcome = outcome.unwrap();
    let record = only(&outcome);
    assert_eq!((record.fate, record.replies), (Some(Fate::Handled), 2));
    assert_eq!(
        record.held,
        Span::from_secs(20 + 30 + 20 + 5) + Span::from_millis(4)
    );
    assert_eq!(handle_times(&outcome), 1);
    let reasons = &outcome.result.verdict.reasons;
    let told = [
        "the server spoke to an agent of a chat that the agent does not have",
        "an agent got a message out of turn (3 times)",
        "a customer got a message that answers nothing (3 times)",
        "a message came that nobody had sent, by the markers of this run",
    ];
    assert_eq!(reasons.len(), told.len(), "{reasons:?}");
    for words in told {
        assert!(reasons.iter().any(|reason| reason == words), "{reasons:?}");
    }
    // The first reply came three times, once before it was written; the second one, and a message,
    // twice; a message came to its own customer, and to the agent before that had the chat.
    for (fault, times) in [("duplicated", 4.0), ("misdelivered", 2.0), ("foreign", 1.0)] {
        let faults = &outcome.result.faults;
        assert_eq!(outcome.result.value(fault), Some(times), "{faults:#?}");
    }
    for fault in ["lost", "reordered", "assigned_twice", "over_limit"] {
        assert_eq!(outcome.result.value(fault), Some(0.0), "{fault}");
    }
}

/// Before the run starts there are no chats: one that an agent gets is ended at once.
#[test]
fn a_chat_before_the_start_is_refused_and_remarked() {
    let plan = timed(&[1.0], &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    let stage = Stage::new(plan, 1);
    let outcome = stage.against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut first = clerk.agent().await;
        first.tell(assigned(7, "m-1"));
        for frame in ["close", "free"] {
            assert_eq!(first.hear_of(frame).await["chat"], 7);
        }
        // Only now the run may start.
        let second = clerk.agent().await;
        let (customer, _) = clerk.customer().await;
        customer.tell(json!({ "type": "rejected", "reason": "script" }));
        see_out(first, vec![second, customer]).await;
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.result.value("foreign"), Some(1.0));
    assert_eq!(only(&outcome).fate, Some(Fate::Rejected));
    assert_eq!(outcome.result.value("active_chats_mean"), Some(0.0));
    assert_eq!(handle_times(&outcome), 0);
}

/// Where a server turns away whom an agent had, the chat is dropped, and its handle time known.
#[test]
fn a_chat_that_was_handed_over_cannot_be_rejected() {
    let mut plan = timed(&[1.0], &[(0, 0.0, 10.0)]);
    plan.shifts[0].end = ShiftEnd::HandOver;
    let outcome = Stage::new(plan, 1).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut agent = clerk.agent().await;
        let (customer, chat) = clerk.customer().await;
        customer.tell(json!({ "type": "assigned", "agent": 0 }));
        agent.tell(assigned(1, &chat));
        agent.hear_of("offline").await;
        agent.hear_of("hand-over").await;
        agent.tell(json!({ "type": "offline" }));
        customer.tell(json!({ "type": "queued", "position": 1 }));
        customer.tell(json!({ "type": "rejected", "reason": "script" }));
        std::future::pending::<()>().await;
        drop(customer);
    });
    let outcome = outcome.unwrap();
    assert_eq!(only(&outcome).fate, Some(Fate::Dropped));
    assert_eq!(handle_times(&outcome), 1);
    assert_eq!(
        outcome.result.measure("wait_all_s_mean").unwrap().samples,
        1
    );
}

/// How an agent is kept out.
#[derive(Clone, Copy, Debug)]
enum Door {
    /// Nobody says hello.
    Silent,
    /// Nobody confirms that it is online.
    Shut,
}

async fn keep_out(clerk: &mut Clerk, how: Door) -> Guest {
    match how {
        Door::Silent => clerk.stranger().await,
        Door::Shut => clerk.guest().await,
    }
}

#[test]
fn an_agent_of_the_first_shift_who_is_never_let_in_fails_the_run() {
    for how in [Door::Silent, Door::Shut] {
        let lasted = Rc::new(Cell::new(0));
        let tenths = Rc::clone(&lasted);
        let mut plan = timed(&[1.0], &[(0, 0.0, EVER), (1, 0.0, EVER)]);
        plan.live.start_deadline = Span::from_secs(5);
        let outcome = Stage::new(plan, 1).against(|door| async move {
            let mut clerk = Clerk::new(door);
            let _in = clerk.agent().await;
            let _out = keep_out(&mut clerk, how).await;
            loop {
                sleep(Duration::from_millis(100)).await;
                tenths.set(tenths.get() + 1);
            }
        });
        let lasted = lasted.get();
        assert!((48..=51).contains(&lasted), "{how:?}: {lasted}");
        let error = outcome.unwrap_err();
        assert_eq!(error.exit(), Exit::Failed, "{how:?}");
        let message = error.message(false);
        for words in [
            "only 1 of 2 agents were online within 5s",
            "live.start_deadline",
        ] {
            assert!(message.contains(words), "{how:?}: {message}");
        }
    }
}

/// The run goes on without it until the deadline of its coming is over, and is then given up.
#[test]
fn an_agent_of_a_later_shift_who_is_never_let_in_fails_the_run() {
    // It connects two seconds ahead of its shift, and says that it is online when that begins.
    for (how, failed_at) in [(Door::Silent, 13.0), (Door::Shut, 15.0)] {
        let mut plan = timed(&[1.0, 60.0], &[(0, 0.0, EVER), (1, 10.0, EVER)]);
        plan.live.start_deadline = Span::from_secs(5);
        plan.live.connect_lead = Span::from_secs(2);
        let stage = Stage::new(plan, 0);
        let outcome = stage.against(|door| async move {
            let mut clerk = Clerk::new(door);
            let agent = clerk.agent().await;
            let (customer, _) = clerk.customer().await;
            customer.tell(json!({ "type": "queued", "position": 1 }));
            let _out = keep_out(&mut clerk, how).await;
            see_out(agent, vec![customer]).await;
        });
        let outcome = outcome.unwrap();
        let failed = outcome.result.verdict.failed.as_deref();
        let words = "agent 1 is lost to the run: the server did not let it in within 5s";
        assert_eq!(failed, Some(words), "{how:?}");
        let stopped = stage.watch.now.load(Ordering::Relaxed) as f64 / 1e9;
        assert!((stopped - failed_at).abs() < 0.2, "{how:?}: {stopped}");
        assert_eq!(only(&outcome).fate, Some(Fate::OpenAtEnd), "{how:?}");
    }
}

/// Chats of those who are gone silently go on for ever where nothing ends them: the run does not.
#[test]
fn ghosts_at_a_server_without_a_timer_do_not_hold_up_the_run() {
    // Three come to two slots; the third waits, and gives up in the queue.
    let mut plan = timed(&[1.0, 2.0, 3.0], &[(0, 0.0, EVER), (1, 0.0, EVER)]);
    plan.agents.inactivity = Span::from_secs(60);
    plan.customers.rules_mut().for_each(|rules| {
        rules.silent = 1.0;
        rules.exchanges = CountLaw::constant(2).unwrap();
        rules.reply_patience = Law::constant(10.0).unwrap();
        rules.queue_patience = Law::constant(15.0).unwrap();
    });
    let horizon = plan.outline.horizon.as_secs_f64();
    assert!(plan.outline.end.as_secs_f64() > horizon + 60.0);
    let stage = Stage::new(plan, 1);
    let outcome = stage.built_in(|options| options.inactivity = Span::ENDLESS);
    let reasons = &outcome.result.verdict.reasons;
    assert_eq!(
        reasons[..],
        ["the server's inactivity timeout is not the scenario's (2 times)"]
    );
    let records = &outcome.records[0];
    let fates: Vec<_> = records.iter().map(|record| record.fate.unwrap()).collect();
    assert_eq!(
        fates,
        [
            Fate::AbandonedChat,
            Fate::AbandonedChat,
            Fate::AbandonedQueue
        ]
    );
    assert!(
        records
            .iter()
            .all(|record| record.silent && !record.freed.comes())
    );
    assert_eq!(handle_times(&outcome), 0);
    let ended = stage.watch.now.load(Ordering::Relaxed) as f64 / 1e9;
    assert!((horizon..horizon + 5.0).contains(&ended), "{ended}");
}
