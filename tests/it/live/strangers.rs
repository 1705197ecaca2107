//! The agents alone, to visitors who come by themselves and know neither markers nor this program.

use std::future::Future;
use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::center::rules::ShiftEnd;
use busyhour::live::Outcome;
use busyhour::live::alarm::Alarm;
use busyhour::measure::cast::Cast;
use busyhour::measure::catalogue::{names, tells_of_customers};
use busyhour::measure::gate::{Gate, Outcome as Judged, Relation};
use busyhour::measure::record::Record;
use busyhour::scenario::plan::{EndsQuiet, Plan};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};
use busyhour::wire::marker::{Direction, Marker};
use serde_json::{Value, json};
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::{JoinSet, yield_now};
use tokio::time::sleep;

use super::clerk::{Clerk, Guest};
use super::visitor::Entrance;
use super::{EVER, timed};
use crate::stage::{Door, Line, Stage, on_a_paused_clock, only, serve};

/// One agent of two slots by these shifts, who ends a chat after two replies of 20 s and wraps up for 5 s.
/// The customers of the plan are not played.
fn plan(shifts: &[(u32, f64, f64)]) -> Plan {
    let mut plan = timed(&[1.0, 2.0, 3.0], shifts);
    plan.agents.concurrency = 2;
    plan.drain_limit = Span::from_secs(600);
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(2).unwrap();
    });
    plan
}

fn alone(plan: Plan) -> Stage {
    let mut stage = Stage::new(plan, 0);
    stage.options.cast = Cast::Agents;
    stage
}

/// Plays the agents at the built-in server, to which visitors come.
fn visited<F>(stage: &Stage, visit: impl FnOnce(Entrance) -> F) -> Outcome
where
    F: Future<Output = ()> + 'static,
{
    let (far, door) = unbounded_channel();
    let visit = visit(Entrance::new(far.clone()));
    let server = serve(Door(door), stage.options(|_| {}));
    let both = async { ((), ()) = tokio::join!(server, visit) };
    let outcome = stage.over(Line::new(stage.delay, far), both);
    outcome.expect("the run starts")
}

fn count(outcome: &Outcome, name: &str) -> u64 {
    outcome.result.value(name).unwrap() as u64
}

/// Every chat that was taken has one fate.
fn add_up(outcome: &Outcome) {
    let seen = [
        Fate::Handled,
        Fate::AbandonedChat,
        Fate::Dropped,
        Fate::OpenAtEnd,
        Fate::Broken,
    ];
    let sum: u64 = seen.map(|fate| count(outcome, fate.name())).iter().sum();
    let records = &outcome.records[0];
    assert_eq!(count(outcome, "offered"), sum);
    assert_eq!(records.len() as u64, sum);
    assert!(
        records
            .iter()
            .all(|record| seen.contains(&record.fate.unwrap()))
    );
}

fn fates(outcome: &Outcome) -> Vec<(Fate, u32)> {
    let rows = outcome.records[0].iter();
    rows.map(|row| (row.fate.unwrap(), row.replies)).collect()
}

#[test]
fn each_chat_ends_as_its_visitor_or_its_agent_ends_it() {
    let stage = alone(plan(&[(0, 0.0, EVER)]));
    let outcome = visited(&stage, |entrance| async move {
        // The agent ends it, with the second reply.
        let mut through = entrance.asks("one", Some("Hello?")).await;
        for seq in 1..=2 {
            let reply = through.hears("message").await;
            assert_eq!(reply["seq"], seq);
            let marker = Marker::of(reply["text"].as_str().unwrap()).unwrap();
            assert_eq!((marker.customer, marker.attempt), (0, 0));
            assert_eq!((marker.direction, marker.sequence), (Direction::Agent, seq));
            through.says("And now?").await;
        }
        assert_eq!(through.hears("closed").await["by"], "agent");
        // Answered once, it has what it came for.
        let mut content = entrance.asks("two", Some("Are you open?")).await;
        content.hears("message").await;
        content.leaves().await;
        // Nobody had answered it.
        let mut hasty = entrance.asks("three", Some("Anybody?")).await;
        hasty.hears("assigned").await;
        sleep(Duration::from_secs(3)).await;
        hasty.leaves().await;
        // It has said nothing.
        let mut mute = entrance.asks("four", None).await;
        mute.hears("assigned").await;
        sleep(Duration::from_secs(30)).await;
        mute.leaves().await;
        // It is still there when the drain is over.
        let mut last = entrance.asks("five", Some("Wait.")).await;
        last.hears("message").await;
        last.hears("closed").await;
    });
    add_up(&outcome);
    let expected = [
        (Fate::Handled, 2),
        (Fate::Handled, 1),
        (Fate::AbandonedChat, 0),
        (Fate::AbandonedChat, 0),
        (Fate::OpenAtEnd, 1),
    ];
    assert_eq!(fates(&outcome), expected);
    let numbers: Vec<u32> = outcome.records[0].iter().map(|row| row.number).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    let result = &outcome.result;
    assert_eq!(result.verdict.valid, Some(true));
    let near = |name: &str, secs: f64| {
        let value = result.value(name).unwrap();
        assert!((value - secs).abs() < 0.01, "{name}: {value}");
    };
    near("first_response_s_max", 20.0);
    near("inter_message_s_mean", 20.0);
    near("pending_abandoned_s_max", 3.0);
    near("wrap_up_s_mean", 5.0);
    near("composing_per_chat_s_max", 40.0);
    // Five messages had a reply, and one had none.
    near("unanswered_ratio", 1.0 / 5.0);
    assert_eq!(result.measure("handle_s_mean").unwrap().samples, 4);
}

#[test]
fn what_only_customers_know_is_not_measured() {
    let mut plan = plan(&[(0, 0.0, 1_800.0)]);
    plan.gates = ["first_response_s_max", "wait_s_max", "lost"]
        .map(|measure| Gate {
            implied: false,
            measure: measure.into(),
            relation: Relation::Below,
            bound: 60.0,
        })
        .into();
    let outcome = visited(&alone(plan), |entrance| async move {
        let mut visitor = entrance.asks("one", Some("Hello?")).await;
        visitor.hears("message").await;
        visitor.leaves().await;
    });
    let result = &outcome.result;
    for name in names() {
        let Some(measure) = result.measure(&name) else {
            continue;
        };
        if tells_of_customers(&name) {
            assert_eq!((measure.value, measure.samples), (None, 0), "{name}");
        }
    }
    for seen in [
        "occupancy_ratio",
        "over_limit",
        "assigned_twice",
        "agent_online_ms_max",
    ] {
        assert!(result.value(seen).is_some(), "{seen}");
    }
    let row = &result.intervals[0];
    assert_eq!((row.queue_mean, row.service_level), (None, None));
    assert_eq!((row.wait_s.mean, row.wait_s.count), (None, 0.0));
    assert!(
        row.staffed_mean
            .is_some_and(|staffed| (staffed - 1.0).abs() < 1e-6)
    );
    let judged = result
        .gates
        .iter()
        .map(|gate| (&gate.gate.measure[..], gate.outcome));
    let expected = [
        ("first_response_s_max", Judged::Pass),
        ("wait_s_max", Judged::NotApplicable),
        ("lost", Judged::NotApplicable),
        ("assigned_twice", Judged::Pass),
        ("over_limit", Judged::Pass),
        ("assigned_offline", Judged::Pass),
    ];
    assert_eq!(judged.collect::<Vec<_>>(), expected);
    let [reason] = &result.verdict.reasons[..] else {
        panic!("{:?}", result.verdict.reasons)
    };
    assert!(reason.ends_with("are not measured"), "{reason}");
}

/// Visitors keep coming beyond the horizon: agents finish what they have, and the run is over.
#[test]
fn nobody_is_taken_beyond_the_horizon() {
    let plan = plan(&[(0, 0.0, EVER), (1, 600.0, EVER)]);
    let horizon = plan.outline.horizon;
    let (limit, drained) = (plan.agents.concurrency, plan.end());
    let stage = alone(plan);
    let seen = std::rc::Rc::new(std::cell::Cell::new(0));
    let most = seen.clone();
    let outcome = visited(&stage, |entrance| async move {
        let mut visitors = JoinSet::new();
        for number in 0..200 {
            let came = entrance.clone();
            visitors.spawn_local(async move {
                let mut visitor = came.asks(&format!("v{number}"), Some("Hello?")).await;
                loop {
                    visitor.hears("message").await;
                    visitor.says("More.").await;
                }
            });
            sleep(Duration::from_secs(10)).await;
            most.set(entrance.most());
        }
        std::future::pending::<()>().await;
    });
    add_up(&outcome);
    let (handled, offered) = (count(&outcome, "handled"), count(&outcome, "offered"));
    // One agent for ten minutes, and two for twenty: a chat takes each some 40 s of composing.
    assert!(handled > 50, "{handled}");
    assert_eq!(handled, offered);
    assert!(outcome.records[0].iter().all(|row| row.offered < horizon));
    assert!(outcome.evidence.cells.sum().offered > 0);
    assert_eq!(seen.get(), 2 * limit);
    for fault in ["over_limit", "assigned_offline", "assigned_twice"] {
        assert_eq!(count(&outcome, fault), 0, "{fault}");
    }
    let end = outcome.records[0]
        .iter()
        .map(|row| row.freed)
        .max()
        .unwrap();
    assert!(end > horizon && end < drained, "{end:?}");
    assert_eq!(outcome.result.value("overtime_h"), Some(0.0));
}

/// What an agent does in its nth chat is drawn by that: whatever comes before or beside it.
#[test]
fn the_nth_chat_of_an_agent_is_drawn_alike_whatever_else_happens() {
    let composed = |gap: u64, text: &'static str, mutes: u32| {
        let mut plan = plan(&[(0, 0.0, EVER)]);
        plan.agents.concurrency = 1;
        plan.agents.reply = Law::exponential(20.0).unwrap();
        plan.agents.wrap_up = Law::exponential(5.0).unwrap();
        let outcome = visited(&alone(plan), |entrance| async move {
            for _ in 0..mutes {
                let mut mute = entrance.asks("mute", None).await;
                mute.hears("assigned").await;
                mute.leaves().await;
            }
            for _ in mutes..4 {
                let mut visitor = entrance.asks("bh-00c0ffee-c7-0-u-1", Some(text)).await;
                visitor.hears("message").await;
                sleep(Duration::from_secs(gap)).await;
                visitor.says(text).await;
                visitor.hears("closed").await;
            }
        });
        let rows = outcome.records[0].clone();
        let drawn = |row: &Record| (row.number, row.composed, row.freed.since(row.over));
        rows.iter().map(drawn).collect::<Vec<_>>()
    };
    let first = composed(1, "Hello?", 0);
    assert_eq!(first.len(), 4);
    assert!(first.windows(2).all(|two| two[0].1 != two[1].1));
    assert_eq!(
        composed(20, "bh-00000000-c3-0-a-1 Say that again.", 0),
        first
    );
    // Two who say nothing are chats, too.
    assert_eq!(composed(5, "Hello?", 2)[2..], first[2..]);
}

#[test]
fn shifts_end_and_quiet_visitors_are_ended_as_the_scenario_says() {
    let mut plan = plan(&[(0, 0.0, 100.0), (1, 100.0, 1_700.0)]);
    plan.shifts[0].end = ShiftEnd::HandOver;
    plan.customers.rules_mut().for_each(|rules| {
        rules.exchanges = CountLaw::constant(4).unwrap();
    });
    plan.live.inactivity = EndsQuiet::Agent;
    plan.agents.inactivity = Span::from_secs(300);
    let outcome = visited(&alone(plan), |entrance| async move {
        sleep(Duration::from_secs(70)).await;
        let mut visitor = entrance.asks("one", Some("Hello?")).await;
        assert_eq!(visitor.hears("message").await["seq"], 1);
        visitor.says("And then?").await;
        // The first agent goes before it has answered that.
        assert_eq!(visitor.hears("message").await["seq"], 2);
        assert_eq!(visitor.hears("closed").await["by"], "agent");
    });
    add_up(&outcome);
    assert_eq!(fates(&outcome), [(Fate::Dropped, 1), (Fate::Dropped, 1)]);
    let rows = &outcome.records[0];
    assert_eq!([rows[0].number, rows[1].number], [0, 1 << 16]);
    assert_eq!([rows[0].agent, rows[1].agent], [0, 1]);
    let at = |row: &Record| row.closed.as_secs_f64();
    assert!((at(&rows[0]) - 100.0).abs() < 0.01, "{}", at(&rows[0]));
    assert!((at(&rows[1]) - 420.0).abs() < 0.01, "{}", at(&rows[1]));
}

fn assigned(chat: u64, marker: &str, text: Option<&str>) -> Value {
    json!({ "type": "assigned", "chat": chat, "marker": marker, "text": text })
}

fn message(chat: u64, text: &str) -> Value {
    json!({ "type": "message", "chat": chat, "seq": 1, "text": text })
}

/// Logs an agent out who says so, once it has nothing any more; gives what it has said.
async fn sees_out(agent: &mut Guest) -> Vec<String> {
    let mut said = Vec::new();
    loop {
        let frame = agent.hear().await;
        let kind = frame["type"].as_str().unwrap().to_owned();
        match &kind[..] {
            "free" => agent.tell(json!({ "type": "freed", "chat": frame["chat"] })),
            "offline" => agent.tell(json!({ "type": "offline" })),
            _ => {}
        }
        said.push(kind);
    }
}

#[test]
fn each_message_waits_for_a_reply_of_its_own_whatever_is_written_in_it() {
    let outcome = alone(plan(&[(0, 0.0, 1_800.0)])).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut agent = clerk.agent().await;
        sleep(Duration::from_secs(5)).await;
        agent.tell(assigned(7, "", Some("bh-00000000-c0-0-a-1")));
        sleep(Duration::from_secs(10)).await;
        agent.tell(message(7, "bh-00c0ffee-c9-4-u-77 somebody else's"));
        sleep(Duration::from_secs(1)).await;
        agent.tell(message(7, ""));
        // Of a chat that it does not have.
        agent.tell(message(8, "Who is that?"));
        for seq in 1..=2 {
            let reply = agent.hear_of("reply").await;
            assert_eq!((&reply["chat"], &reply["seq"]), (&json!(7), &json!(seq)));
        }
        agent.hear_of("close").await;
        sees_out(&mut agent).await;
    });
    let outcome = outcome.unwrap();
    let record = only(&outcome);
    assert_eq!((record.fate, record.replies), (Some(Fate::Handled), 2));
    // The second waited for the first one's reply, and the third got none.
    let second = outcome.result.value("inter_message_s_max").unwrap();
    assert!((second - 30.0).abs() < 0.1, "{second}");
    let unanswered = outcome.result.value("unanswered_ratio").unwrap();
    assert!((unanswered - 1.0 / 3.0).abs() < 1e-9, "{unanswered}");
    let remarks = outcome.result.verdict.reasons.join("\n");
    assert!(
        remarks.contains("a chat that the agent does not have"),
        "{remarks}"
    );
    assert!(!remarks.contains("that nobody had sent"), "{remarks}");
}

#[test]
fn what_agents_see_of_a_servers_faults_is_counted() {
    let outcome = alone(plan(&[(0, 0.0, 60.0), (0, 300.0, 400.0)])).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut agent = clerk.agent().await;
        sleep(Duration::from_secs(1)).await;
        for chat in [1, 2, 2, 3] {
            agent.tell(assigned(chat, "bh-00000000-c5-0-u-0", None));
        }
        for kind in ["close", "free"] {
            assert_eq!(agent.hear_of(kind).await["chat"], 3);
        }
        for chat in [1, 2] {
            agent.tell(json!({ "type": "left", "chat": chat }));
        }
        for _ in 0..2 {
            let free = agent.hear_of("free").await;
            agent.tell(json!({ "type": "freed", "chat": free["chat"] }));
        }
        agent.hear_of("offline").await;
        agent.tell(json!({ "type": "offline" }));
        // It is back ahead of its shift, and not online.
        let mut back = clerk.guest().await;
        back.tell(assigned(4, "x", Some("Hello?")));
        for kind in ["close", "free"] {
            assert_eq!(back.hear_of(kind).await["chat"], 4);
        }
        let online = back.hear_of("online").await;
        back.tell(online);
        sees_out(&mut back).await;
    });
    let outcome = outcome.unwrap();
    add_up(&outcome);
    assert_eq!(fates(&outcome), [(Fate::AbandonedChat, 0); 2]);
    let expected = [
        ("over_limit", 1),
        ("assigned_twice", 1),
        ("assigned_offline", 1),
    ];
    for (fault, times) in expected {
        assert_eq!(count(&outcome, fault), times, "{fault}");
    }
    assert_eq!(outcome.result.faults.len(), 3);
}

/// Visitors wait before the run begins, and are the agents' from its start on.
#[test]
fn who_waits_before_the_start_is_taken_with_it() {
    let outcome = alone(plan(&[(0, 0.0, 1_800.0), (1, 0.0, 1_800.0)])).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut first = clerk.agent().await;
        first.tell(assigned(1, "early", Some("Hello?")));
        first.tell(message(1, "Anybody?"));
        sleep(Duration::from_secs(4)).await;
        let mut second = clerk.agent().await;
        for seq in 1..=2 {
            assert_eq!(first.hear_of("reply").await["seq"], seq);
        }
        tokio::join!(sees_out(&mut first), sees_out(&mut second));
    });
    let outcome = outcome.unwrap();
    let record = only(&outcome);
    assert_eq!((record.fate, record.replies), (Some(Fate::Handled), 2));
    assert!(
        record.offered < Time::from_secs_f64(0.1),
        "{:?}",
        record.offered
    );
    let first = outcome.result.value("first_response_s_max").unwrap();
    assert!((first - 20.0).abs() < 0.1, "{first}");
    assert_eq!(outcome.result.faults, []);
}

#[test]
fn a_connection_that_is_lost_breaks_its_chats_and_the_agent_comes_back() {
    let outcome = alone(plan(&[(0, 0.0, 1_800.0)])).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let agent = clerk.agent().await;
        sleep(Duration::from_secs(5)).await;
        agent.tell(assigned(1, "a", Some("Hello?")));
        agent.tell(assigned(2, "b", None));
        agent.tell(json!({ "type": "left", "chat": 2 }));
        sleep(Duration::from_secs(4)).await;
        drop(agent);
        let mut back = clerk.agent().await;
        back.tell(assigned(1, "a", Some("Are you there?")));
        back.hear_of("reply").await;
        back.tell(json!({ "type": "left", "chat": 1 }));
        sees_out(&mut back).await;
    });
    let outcome = outcome.unwrap();
    add_up(&outcome);
    let expected = [
        (Fate::Broken, 0),
        (Fate::AbandonedChat, 0),
        (Fate::Handled, 1),
    ];
    assert_eq!(fates(&outcome), expected);
    let numbers: Vec<u32> = outcome.records[0].iter().map(|row| row.number).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

/// A visitor who says more than anybody could answer costs no more than a number.
#[test]
fn a_flood_of_messages_is_told_of() {
    let outcome = alone(plan(&[(0, 0.0, 1_800.0)])).against(|door| async move {
        let mut clerk = Clerk::new(door);
        let mut agent = clerk.agent().await;
        sleep(Duration::from_secs(1)).await;
        agent.tell(assigned(1, "a", Some("Hello?")));
        for _ in 0..1_200 {
            agent.tell(message(1, "Hello?"));
            yield_now().await;
        }
        sees_out(&mut agent).await;
    });
    let outcome = outcome.unwrap();
    assert_eq!(only(&outcome).replies, 2);
    let unanswered = outcome.result.value("unanswered_ratio").unwrap();
    assert!((unanswered - 998.0 / 1_000.0).abs() < 1e-9, "{unanswered}");
    let remarks = outcome.result.verdict.reasons.join("\n");
    assert!(
        remarks.contains("more got no reply (201 times)"),
        "{remarks}"
    );
}

#[test]
fn what_takes_the_other_side_is_refused() {
    let refused = |change: &dyn Fn(&mut Stage), words: &str| {
        let mut stage = alone(plan(&[(0, 0.0, EVER)]));
        change(&mut stage);
        let (far, _door) = unbounded_channel();
        let line = Line::new(stage.delay, far);
        let play = async {
            let (plan, options) = (&stage.plan, &stage.options);
            busyhour::live::play(plan, options, line, Alarm::coarse(), &stage.watch).await
        };
        let error = on_a_paused_clock(play).map(|_| ()).unwrap_err();
        assert_eq!(error.exit(), busyhour::error::Exit::Refused);
        assert!(error.plain().contains(words), "{error}");
    };
    refused(
        &|stage| stage.options.trace = Some(0),
        "a story is a customer's",
    );
    refused(&|stage| stage.options.skip_closed = true, "when they like");
    let carries = |stage: &mut Stage| {
        let hexlet = busyhour::wire::protocols::open("hexlet");
        stage.options.protocol = hexlet.unwrap();
    };
    refused(&carries, "gives out the chats, of customers of its own");
}
