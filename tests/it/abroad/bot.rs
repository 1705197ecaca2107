//! The customers alone at the Socket.IO server, whose staff is a bot: it knows nothing of this program
//! and says one thing to everybody.

use std::thread::{JoinHandle, spawn};

use busyhour::center::fate::Fate;
use busyhour::live::Options;
use busyhour::live::journal::Fault;
use busyhour::measure::cast::Cast;
use busyhour::time::Time;
use serde_json::{Value, json};

use super::smoke::assigned::connect;
use super::spoken::{HEXLET, Run, SOCKETIO, Spoken, XMPP, add_up, count, reasons, sound};
use crate::servers::Server;

/// Chats at a time: some wait, and some give up.
const SLOTS: u32 = 3;

/// Answers each message until the server is gone; gives how many it has answered. It ends no chat.
fn answers_everybody(server: &Server) -> JoinHandle<u32> {
    let mut line = connect(server);
    line.say(format!(
        "42{}",
        json!(["hello", { "role": "agent", "max": SLOTS }])
    ));
    spawn(move || {
        let mut answered = 0;
        while let Ok(text) = line.hear_more() {
            if text == "2" {
                // A sign of life is asked for.
                line.say("3");
            }
            let event = text.strip_prefix("42").unwrap_or("null");
            let event: Value = serde_json::from_str(event).unwrap();
            if event[0] == "message" {
                let said = json!({ "chat": event[1]["chat"], "text": "One moment, please." });
                line.say(format!("42{}", json!(["say", said])));
                answered += 1;
            }
        }
        answered
    })
}

fn alone(spoken: Spoken, server: &Server) -> Options {
    Options {
        cast: Cast::Customers,
        ..spoken.options(server)
    }
}

#[test]
#[ignore = "needs a real server"]
fn whatever_a_bot_says_answers_what_is_pending() {
    let Some(mut server) = SOCKETIO.start() else {
        return;
    };
    let bot = answers_everybody(&server);
    let options = alone(SOCKETIO, &server);
    // Who is gone without a word keeps a slot, since nothing ends such a chat: nobody is.
    let changes = ["customers.silent=0", "arrivals.rate=540 per hour"];
    let plan = SOCKETIO.changed(&options, &changes);
    let outcome = Run::start(plan, options).wait().expect("the run starts");
    server.kill();
    let answered = bot.join().unwrap();

    let result = &outcome.result;
    let verdict = &result.verdict;
    sound(result);
    add_up(result);
    for fate in [Fate::Failed, Fate::Broken, Fate::Dropped, Fate::OpenAtEnd] {
        assert_eq!(count(result, fate.name()), 0, "{fate:?}: {verdict:#?}");
    }
    // A slot is free once its customer is through: most are served by those few.
    let handled = count(result, "handled");
    assert!(handled * 10 > count(result, "offered") * 7, "{verdict:#?}");
    let replies = outcome.records[0].iter().map(|record| record.replies);
    let replies: u32 = replies.sum();
    assert!(replies > 0 && answered >= replies, "{answered}, {replies}");
    for fault in Fault::ALL.map(Fault::measure) {
        assert_eq!(result.value(fault), None, "{fault}");
    }
    let mut reasons = reasons(result);
    // Customers close their chats themselves.
    reasons.retain(|reason| !reason.ends_with("took nothing: on.closed"));
    let [reason] = reasons[..] else {
        panic!("{:#?}", verdict.reasons)
    };
    assert!(reason.ends_with("are not measured"), "{reason}");
}

/// Nobody ends the chat of one who is gone without a word, and the run does not wait for that.
#[test]
#[ignore = "needs a real server"]
fn a_run_does_not_wait_for_those_whom_nobody_sees_out() {
    let Some(server) = SOCKETIO.start() else {
        return;
    };
    let options = alone(SOCKETIO, &server);
    let changes = [
        "customers.silent=1",
        "calendar.horizon=1m",
        "run.drain_limit=20m",
    ];
    let plan = SOCKETIO.changed(&options, &changes);
    let (most, speed) = (plan.end(), plan.live.speed);
    let outcome = Run::start(plan, options).wait().expect("the run starts");
    let result = &outcome.result;
    add_up(result);
    assert_eq!(count(result, "abandoned_queue"), count(result, "offered"));
    assert!(count(result, "abandoned_silent") > 0);
    let took = Time::from_secs_f64(result.environment.duration_s * speed);
    assert!(took < most, "{took:?} of {most:?}");
}

/// Where this program gives out the chats, there is nobody to give them to.
#[test]
#[ignore = "needs a real server"]
fn where_this_program_gives_out_the_chats_customers_are_not_played_alone() {
    for spoken in [XMPP, HEXLET] {
        let Some(server) = spoken.start() else {
            return;
        };
        let options = alone(spoken, &server);
        let plan = spoken.plan(&options);
        let error = Run::start(plan, options).wait().unwrap_err();
        assert!(error.plain().contains("gives out the chats"), "{error:?}");
    }
}
