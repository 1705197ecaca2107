//! The agents alone at the Socket.IO server, to which visitors come who know nothing of this program.

use std::thread::{JoinHandle, sleep, spawn};
use std::time::Duration;

use busyhour::live::Options;
use busyhour::measure::cast::Cast;
use serde_json::{Value, json};

use super::smoke::assigned::connect;
use super::spoken::{Run, SOCKETIO, count, sound};
use crate::servers::Server;

/// So many come in each of three ways.
const EACH: u64 = 6;

/// More answers than any agent gives.
const INSATIABLE: u32 = 99;

/// How a visit has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By the agent.
    ByAgent,
    /// The visitor had its answer.
    Answered,
    /// It did not wait for one.
    Hasty,
}

/// Comes, says something and waits for so many answers, or none.
fn visit(server: &Server, answers: u32) -> impl FnOnce() -> End + use<> {
    let mut line = connect(server);
    move || {
        let event = |text: &str| -> Value {
            let event = text.strip_prefix("42").unwrap_or("null");
            serde_json::from_str(event).unwrap()
        };
        for (event, data) in [
            ("hello", json!({ "role": "customer" })),
            ("open", json!({})),
        ] {
            line.say(format!("42{}", json!([event, data])));
        }
        let assigned = event(&line.hear_of("assigned"));
        let chat = assigned[1]["chat"].clone();
        let says = |text: &str| format!("42{}", json!(["say", { "chat": chat, "text": text }]));
        line.say(says("Are you open on Sundays?"));
        let mut left = answers;
        while left > 0 {
            let heard = event(&line.hear());
            if heard[0] == "closed" {
                return End::ByAgent;
            }
            if heard[0] == "message" {
                left -= 1;
            }
            if heard[0] == "message" && left > 0 {
                line.say(says("And on Mondays?"));
            }
        }
        line.say(format!("42{}", json!(["close", { "chat": chat }])));
        line.hear_of("closed");
        if answers > 0 {
            End::Answered
        } else {
            End::Hasty
        }
    }
}

fn visitors(server: &Server) -> Vec<JoinHandle<End>> {
    let each = (0..EACH).flat_map(|_| [0, 1, INSATIABLE]);
    let visits = each.map(|answers| {
        sleep(Duration::from_millis(60));
        spawn(visit(server, answers))
    });
    visits.collect()
}

#[test]
#[ignore = "needs a real server"]
fn visitors_are_served_by_agents_alone() {
    let Some(server) = SOCKETIO.start() else {
        return;
    };
    let options = Options {
        cast: Cast::Agents,
        ..SOCKETIO.options(&server)
    };
    // Whatever visitors want, agents end a chat after two replies: all are through by the horizon.
    let plan = SOCKETIO.changed(&options, &["customers.exchanges=constant(2)"]);
    let run = Run::start(plan, options);
    let visits = visitors(&server).into_iter();
    let ends: Vec<End> = visits.map(|visit| visit.join().unwrap()).collect();
    let outcome = run.wait().expect("the run starts");
    let result = &outcome.result;
    sound(result);
    for how in [End::ByAgent, End::Answered, End::Hasty] {
        let ended = ends.iter().filter(|end| **end == how).count() as u64;
        assert_eq!(ended, EACH, "{how:?}");
    }
    for (name, expected) in [
        ("offered", 3 * EACH),
        ("handled", 2 * EACH),
        ("abandoned_chat", EACH),
        ("over_limit", 0),
        ("assigned_twice", 0),
        ("assigned_offline", 0),
    ] {
        assert_eq!(
            count(result, name),
            expected,
            "{name}: {:#?}",
            result.verdict
        );
    }
    let replies = outcome.records[0].iter().map(|row| row.replies);
    assert_eq!(u64::from(replies.sum::<u32>()), 3 * EACH);
}
