//! A short busy time at each server: who waits, gives up and goes away is counted as it is where the
//! same people are simulated, and every message comes through.

use busyhour::center::fate::Fate;
use busyhour::live::Outcome;
use busyhour::live::journal::Fault;
use busyhour::measure::recorder::Recorder;
use busyhour::measure::result::RunResult;
use busyhour::scenario::plan::Plan;
use busyhour::simulation::world::{Watcher, World};

use super::spoken::{
    HEXLET, MATRIX, SCENARIO, SOCKETIO, Spoken, XMPP, add_up, count, reasons, samples, sound,
};
use crate::cli::program::Program;
use crate::servers::Server;

/// Remarks that are no fault of a run: of who has gone, an XMPP server says so to who still speaks to
/// it; and on a busy machine some deliveries take by chance as long as with Nagle's algorithm.
const EXPECTED: [&str; 4] = [
    "the chats were given out by this program",
    "recipient-unavailable",
    "service-unavailable",
    "deliveries took 25 to 47 ms",
];

/// By how many chats in a hundred a fate may differ from the simulation: nothing takes any time there
/// but what people do. Here the server's time counts as often as the speed says; whoever is late by it may
/// have another agent, and with that another fate.
const APART: u64 = 15;

/// Nothing failed, nothing was lost, both sides heard each other.
fn flawless(spoken: Spoken, result: &RunResult) {
    sound(result);
    let mut strange = reasons(result);
    strange.retain(|reason| !EXPECTED.iter().any(|words| reason.contains(words)));
    assert!(strange.is_empty(), "{strange:#?}");

    add_up(result);
    for fate in [Fate::Failed, Fate::Broken, Fate::OpenAtEnd] {
        assert_eq!(count(result, fate.name()), 0, "{fate:?}");
    }
    for fault in Fault::ALL.map(Fault::measure) {
        assert_eq!(count(result, fault), 0, "{fault}: {:?}", result.faults);
    }
    for fate in [Fate::Handled, Fate::AbandonedQueue, Fate::AbandonedChat] {
        assert!(count(result, fate.name()) > 0, "{fate:?}");
    }
    assert!(count(result, "abandoned_silent") > 0);
    assert!(count(result, "queue_max") > 0);

    let acknowledged = samples(result, "acknowledged_ms_max");
    assert!(acknowledged > 0);
    // A round trip is a message that came to one side, and a reply that came to the other.
    assert!(samples(result, "round_trip_ms_max") > 0);
    let (dispatch, assignment) = match spoken.dispatches {
        true => ("dispatch_ms_max", "assignment_ms_max"),
        false => ("assignment_ms_max", "dispatch_ms_max"),
    };
    assert!(samples(result, dispatch) > 0, "{dispatch}");
    assert_eq!(samples(result, assignment), 0, "{assignment}");
    assert_eq!(result.value(assignment), None);
}

/// The same people, simulated, come to much the same.
fn like_simulated(spoken: Spoken, plan: &Plan, result: &RunResult) {
    struct Nobody;
    impl Watcher for Nobody {
        fn look(&mut self, _: u64, _: u64) -> bool {
            false
        }
    }
    let mut recorder = Recorder::new(&plan.outline, false, true);
    let (end, stopped) = World::new(plan).play(0, &mut recorder, &mut Nobody);
    let (_, records) = recorder.finish(end, stopped);
    let offered = count(result, "offered");
    assert_eq!(offered, records.len() as u64, "the same people come");
    for fate in Fate::ALL {
        let had = count(result, fate.name());
        let expected = records.iter().filter(|r| r.fate == Some(fate)).count() as u64;
        assert!(
            had.abs_diff(expected) * 100 <= APART * offered,
            "{}: {fate:?} of {offered}: {had}, simulated {expected}",
            spoken.protocol
        );
    }
}

/// What was said came, both ways.
fn came(plan: &Plan, outcome: &Outcome) {
    let (sent, result) = (outcome.evidence.sent, &outcome.result);
    // The first message of a chat waits for an agent and is not timed; what is said in the drain is
    // not in `sent`.
    let timed = sent.by_customers + sent.by_agents
        - count(result, "offered") * u64::from(plan.messages.parts);
    let came = samples(result, "delivery_ms_max") + count(result, "undelivered");
    assert!(came >= timed, "{came} of {sent:?}");
    let handled = outcome.records[0]
        .iter()
        .filter(|record| record.fate == Some(Fate::Handled));
    let mut most = 0;
    for record in handled {
        assert_eq!(record.messages, record.replies, "{record:?}");
        assert!(record.agent != u32::MAX, "{record:?}");
        most = most.max(record.replies);
    }
    // Who is answered a second time has been heard and has heard.
    assert!(most > 1);
}

/// Plays it at a server; gives that.
fn plays(spoken: Spoken) -> Option<Server> {
    let mut server = spoken.start()?;
    let outcome = spoken.play(&mut server, |_| {});
    flawless(spoken, &outcome.result);
    let plan = spoken.plan(&spoken.options(&server));
    came(&plan, &outcome);
    like_simulated(spoken, &plan, &outcome.result);
    Some(server)
}

/// The same, and once more from outside.
fn plays_twice(spoken: Spoken) {
    if let Some(server) = plays(spoken) {
        from_outside(spoken, &server);
    }
}

/// The same by the program, in two processes.
fn from_outside(spoken: Spoken, server: &Server) {
    let program = Program::new();
    std::fs::write(program.path("busy.toml"), SCENARIO).unwrap();
    let (protocol, address) = (spoken.protocol, server.address());
    let changes = spoken.changes.iter();
    let changes: String = changes.map(|change| format!(" --set {change}")).collect();
    let ended = program.shell(&format!(
        "timeout -s KILL 75 $BUSYHOUR load busy.toml --target ws://{address} --protocol {protocol} \
         --workers 2{changes}"
    ));
    let result = program.result("run.json");
    flawless(spoken, &result);
    let code = match result.verdict.valid {
        Some(true) => 0,
        _ => 4,
    };
    ended.ends_with(code);
    assert_eq!(result.environment.threads, 2);
    let plan = spoken.plan(&spoken.options(server));
    like_simulated(spoken, &plan, &result);
}

#[test]
#[ignore = "needs a real server"]
fn at_prosody() {
    plays_twice(XMPP);
}

#[test]
#[ignore = "needs a real server"]
fn at_the_socketio_server() {
    plays_twice(SOCKETIO);
}

#[test]
#[ignore = "needs a real server"]
fn at_hexlet() {
    plays_twice(HEXLET);
}

#[test]
#[ignore = "needs a real server"]
fn at_synapse() {
    // Once: it takes longer than the others, at a lower speed.
    plays(MATRIX);
}
