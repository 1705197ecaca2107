//! Runs at a server that is polled: chats are given out, waited for, held and ended as on a stream.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use busyhour::center::fate::Fate;
use busyhour::live::journal::Fault;
use busyhour::live::target::Target;
use busyhour::live::watch::Watch;
use busyhour::live::{Options, Outcome, load};
use busyhour::scenario::read_text;
use busyhour::wire::declared;

use crate::cli::program::Program;
use crate::long_poll::LongPoll;

/// Longer than any of these runs takes.
const LONG: Duration = Duration::from_secs(60);

/// What both protocols have.
const POLLED: &str = r#"
[transport]
kind = "poll"

[transport.poll]
get = "/poll?as=${connection.name}&since=${connection.since}"
hold = "60s"
capture = { "connection.since" = "/next" }
throttled = { retry = "/retry_ms:ms" }

[connection]
name = "${party}-${n}-${hex16}"
since = "0"

[customer]
before_connect = [{ post = "/in", json = { as = "${connection.name}" } }]
connect = [{ expect = { "/events/*/t" = "welcome" } }]
bye = [{ post = "/bye", json = { as = "${connection.name}" } }]
"#;

/// The server gives out the chats.
const ROUTED: &str = r#"
name = "routed"
evidence = "Run against the server of these tests."
tried = true
POLLED
open = [{ post = "/open", json = { as = "${connection.name}" }, capture = { "chat.id" = "/chat" } }]
say = [{ post = "/say", json = { as = "${connection.name}", chat = "${chat.id}", text = "${text}" }, ack = { id = "/id" } }]
close = [{ post = "/close", json = { as = "${connection.name}", chat = "${chat.id}" } }]
[agent]
before_connect = "customer.before_connect"
connect = "customer.connect"
online = [{ post = "/online", json = { as = "${connection.name}", most = "${max_chats:int}" } }]
offline = [{ post = "/online", json = { as = "${connection.name}", most = 0 } }]
say = "customer.say"
close = "customer.close"
bye = "customer.bye"
[on]
queued = { each = "/events", when = { "/t" = "queued" }, chat = "/chat", position = "/place" }
assigned = { each = "/events", when = { "/t" = "assigned" }, chat = "/chat" }
message = { each = "/events", when = { "/t" = "said" }, chat = "/chat", text = "/text" }
closed = { each = "/events", when = { "/t" = "closed" }, chat = "/chat" }
"#;

/// The server only carries what is said.
const CARRIED: &str = r#"
name = "carried"
evidence = "Run against the server of these tests."
tried = true
dispatch = "busyhour"
address = "${connection.name}"
POLLED
say = [{ post = "/mail", json = { as = "${connection.name}", to = "${chat.peer}", text = "${text}" }, ack = true }]
[agent]
before_connect = "customer.before_connect"
connect = "customer.connect"
say = "customer.say"
bye = "customer.bye"
[on]
message = { each = "/events", when = { "/t" = "said" }, from = "/from", text = "/text" }
"#;

/// Three minutes at forty times the speed; there are more customers than slots.
const SCENARIO: &str = r#"
name = "A few busy minutes"
seed = 7

[calendar]
time_zone = "Europe/Madrid"
start = 2026-11-23T09:00:00
horizon = "3m"

[arrivals]
rate = "540 per hour"

[customers]
queue_patience = "exponential(mean=80s)"
reply_patience = "lognormal(mean=60s, cv=0.6)"
think = "lognormal(mean=15s, cv=0.5)"
exchanges = "geometric(mean=2)"

[agents]
concurrency = 2
reply = "lognormal(mean=15s, cv=0.6)"
wrap_up = "exponential(mean=12s)"
roster = [{ days = "mon-fri", shift = "09:00-09:20", agents = 2 }]

[run]
drain_limit = "8m"

[live]
speed = 40

# What a busy machine does to the schedule is not the question here.
[validity]
lag_ms_p99 = 5000
lag_share = 1
stood_still_ratio = 1
"#;

fn played(protocol: &str, server: &LongPoll) -> Outcome {
    let text = protocol.replace("POLLED\n", POLLED);
    let protocol = declared::read_text("polled.toml", &text, Path::new(""));
    let options = Options {
        targets: vec![Target::from(server.address())],
        protocol: Some(Arc::new(protocol.unwrap_or_else(|error| panic!("{error}")))),
        records: true,
        ..Options::default()
    };
    let mut plan = read_text("busy", SCENARIO, Path::new(""), &[]).unwrap();
    options.fit(&mut plan);
    load(&plan, &options, &Watch::default()).expect("the run starts")
}

fn count(outcome: &Outcome, name: &str) -> u64 {
    let value = outcome.result.value(name);
    value.unwrap_or_else(|| panic!("{name} is not measured")) as u64
}

/// Every chat has one fate, and nothing was lost or mixed up.
fn in_order(outcome: &Outcome) {
    let verdict = &outcome.result.verdict;
    assert_eq!(verdict.failed, None, "{verdict:#?}");
    let fates = Fate::ALL.map(|fate| count(outcome, fate.name()));
    let offered = count(outcome, "offered");
    assert_eq!(offered, fates.iter().sum::<u64>(), "{fates:?}");
    assert!(offered > 10, "{offered}");
    for fault in Fault::ALL.map(Fault::measure) {
        let found = &outcome.result.faults;
        assert_eq!(count(outcome, fault), 0, "{fault}: {found:#?}");
    }
    assert_eq!(count(outcome, "open_at_end"), 0, "{verdict:#?}");
}

fn reasons(outcome: &Outcome, words: &str) -> usize {
    let reasons = outcome.result.verdict.reasons.iter();
    reasons.filter(|reason| reason.contains(words)).count()
}

/// A short busy time at a server that holds each poll for longer than that takes: whoever goes gives up
/// the poll.
fn is_flawless(protocol: &str, throttles: u64) -> Outcome {
    let server = LongPoll::start(LONG, throttles);
    let outcome = played(protocol, &server);
    in_order(&outcome);
    for fate in [Fate::Failed, Fate::Broken] {
        let verdict = &outcome.result.verdict;
        assert_eq!(count(&outcome, fate.name()), 0, "{fate:?} {verdict:#?}");
    }
    assert!(count(&outcome, Fate::Handled.name()) > 0);
    assert!(count(&outcome, Fate::AbandonedQueue.name()) > 0);
    assert!(count(&outcome, "queue_max") > 0);
    for name in ["acknowledged_ms_max", "round_trip_ms_max"] {
        assert!(outcome.result.measures[name].samples > 0, "{name}");
    }
    let handled = outcome.records[0].iter();
    let handled = handled.filter(|record| record.fate == Some(Fate::Handled));
    let mut most = 0;
    for record in handled {
        assert_eq!(record.messages, record.replies, "{record:?}");
        most = most.max(record.replies);
    }
    assert!(most > 1);
    let (people, counts) = (count(&outcome, "offered") + 2, server.counts());
    // Not each: who has no patience is gone before it is let in, or was answered just before.
    assert!(
        counts.goodbyes <= people && counts.goodbyes > people / 2,
        "{counts:?}"
    );
    assert!(counts.given_up > people / 2, "{counts:?}");
    assert_eq!(counts.throttled > 0, throttles > 0, "{counts:?}");
    assert!(counts.polls > 2 * people, "{counts:?}");
    let told = reasons(&outcome, "too much is asked of it: poll: 429");
    assert_eq!(told > 0, throttles > 0, "{:#?}", outcome.result.verdict);
    outcome
}

#[test]
fn a_server_that_routes_is_polled() {
    let outcome = is_flawless(ROUTED, 0);
    assert!(outcome.result.measures["assignment_ms_max"].samples > 0);
}

#[test]
fn who_polls_too_often_now_and_then_loses_nothing() {
    is_flawless(ROUTED, 5);
}

#[test]
fn a_server_that_only_carries_what_is_said_is_polled() {
    let outcome = is_flawless(CARRIED, 7);
    assert!(outcome.result.measures["dispatch_ms_max"].samples > 0);
}

/// A poll that meets a connection which the server just closes is made once more.
#[test]
fn a_connection_that_was_closed_meanwhile_costs_nobody() {
    let server = LongPoll::start(LONG, 0);
    server.hangs_up(2);
    let outcome = played(ROUTED, &server);
    in_order(&outcome);
    assert_eq!(count(&outcome, Fate::Broken.name()), 0);
    assert!(count(&outcome, Fate::Handled.name()) > 0);
    assert!(server.counts().hung_up > 5, "{:?}", server.counts());
}

/// What is said goes out on a stream; what is heard, with the word that it was taken, comes by polls.
#[test]
fn a_stream_is_polled_beside() {
    let say = r#"say = [{ send = { as = "${connection.name}", chat = "${chat.id}", text = "${text}", id = "${seq}" }, ack = { by = "/events/*/id", equals = "${seq}" } }]"#;
    let lines = ROUTED
        .lines()
        .map(|line| match line.strip_prefix("say = [") {
            Some(_) => say,
            None => line,
        });
    let lines: Vec<&str> = lines.collect();
    let stream = "kind = \"both\"\npath = \"/ws\"";
    let polled = POLLED.replace("kind = \"poll\"", stream);
    let text = (lines.join("\n") + "\n").replace("POLLED\n", &polled);
    let server = LongPoll::start(LONG, 0);
    let outcome = played(&text, &server);
    in_order(&outcome);
    assert_eq!(count(&outcome, Fate::Broken.name()), 0);
    assert!(count(&outcome, Fate::Handled.name()) > 0);
    let counts = server.counts();
    let acknowledged = outcome.result.measures["acknowledged_ms_max"].samples;
    assert!(
        acknowledged > 0 && counts.streamed >= acknowledged,
        "{counts:?}"
    );
    assert!(counts.given_up > counts.goodbyes / 2, "{counts:?}");
}

/// A server that holds nothing back and is asked again and again.
#[test]
fn a_server_that_answers_at_once_is_polled_in_intervals() {
    let server = LongPoll::start(Duration::ZERO, 0);
    let outcome = played(&ROUTED.replace("POLLED\n", &paused()), &server);
    in_order(&outcome);
    assert_eq!(count(&outcome, Fate::Broken.name()), 0);
    assert!(count(&outcome, Fate::Handled.name()) > 0);
}

fn paused() -> String {
    POLLED.replace("hold = \"60s\"", "hold = \"1s\"\npause = \"50ms\"")
}

/// Whoever was there is cut off and counted; agents come back, and who comes after that is served.
#[test]
fn a_server_that_falls_costs_those_who_were_there() {
    let server = Arc::new(LongPoll::start(LONG, 0));
    let falls = server.clone();
    let falling = std::thread::spawn(move || {
        let began = Instant::now();
        // Once some have come and chats are under way, whenever this machine gets so far.
        while falls.counts().polls < 60 && began.elapsed() < LONG {
            std::thread::sleep(Duration::from_millis(5));
        }
        falls.falls(Duration::from_millis(300));
    });
    let outcome = played(ROUTED, &server);
    falling.join().unwrap();
    in_order(&outcome);
    let verdict = &outcome.result.verdict;
    assert!(count(&outcome, Fate::Broken.name()) > 0, "{verdict:#?}");
    assert!(
        reasons(&outcome, "an agent's connection was lost") > 0,
        "{verdict:#?}"
    );
    assert!(
        reasons(&outcome, "a customer's chat was cut") > 0,
        "{verdict:#?}"
    );
    let records = &outcome.records[0];
    let broken = records.iter().filter(|r| r.fate == Some(Fate::Broken));
    let cut = broken.map(|record| record.closed).max().unwrap();
    let later = records.iter().filter(|record| {
        let is_handled = record.fate == Some(Fate::Handled);
        is_handled && record.assigned.comes() && record.assigned > cut
    });
    assert!(
        later.count() > 0,
        "nobody is served once it is back: {verdict:#?}"
    );
}

/// What a rehearsal shows of polls, and that it comes to its end.
#[test]
fn a_chat_is_rehearsed_by_polls() {
    let server = LongPoll::start(LONG, 6);
    let program = Program::new();
    for protocol in [ROUTED, CARRIED] {
        let text = protocol.replace("POLLED\n", POLLED);
        std::fs::write(program.path("polled.toml"), text).unwrap();
        let target = format!("ws://{}", server.address());
        let args = ["protocol", "try", "polled.toml", "--target", &target];
        let told = program.run(&args).ends_with(0).stdout;
        for words in [
            "GET /poll?as=customer-0-",
            "GET /poll?as=agent-0-",
            "\"t\":\"said\"",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}

/// Nobody is let in at a server that is not there: it is asked for a connection before anything else.
#[test]
fn nobody_is_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let text = r#"
        name = "bare"
        evidence = "none"
        [transport]
        kind = "poll"
        [transport.poll]
        get = "/"
        [on]
        message = { when = { "/t" = "said" }, text = "/text" }
        assigned = { when = { "/t" = "assigned" } }
    "#;
    let protocol = declared::read_text("bare.toml", text, Path::new("")).unwrap();
    let options = Options {
        targets: vec![Target::from(address)],
        protocol: Some(Arc::new(protocol)),
        ..Options::default()
    };
    let mut plan = read_text("busy", SCENARIO, Path::new(""), &[]).unwrap();
    options.fit(&mut plan);
    let error = load(&plan, &options, &Watch::default()).unwrap_err();
    assert!(error.message(false).contains("cannot reach"), "{error}");
}
