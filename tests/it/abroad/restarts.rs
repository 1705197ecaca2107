//! A server that is killed and comes back in the middle of a run: whoever was there is cut and
//! counted, agents come back, and who comes after that is served.

use std::time::Duration;

use busyhour::center::fate::Fate;
use busyhour::live::journal::Fault;

use super::spoken::{HEXLET, SOCKETIO, Spoken, XMPP, add_up, count, sound};

/// Into the run, when some wait and all slots are in use; two shifts end while the server is down.
const UP: Duration = Duration::from_millis(2_600);

/// The same after those shifts. Who is back too late for a shift is online for an instant: a server that
/// cannot be told that an agent goes gives chats to it, and what is said in those is lost.
const LATER: Duration = Duration::from_millis(3_400);

/// So short that agents are back while customers still come.
const DOWN: Duration = Duration::from_millis(500);

fn survives(spoken: Spoken, up: Duration) {
    let Some(mut server) = spoken.start() else {
        return;
    };
    let outcome = spoken.play(&mut server, |server| {
        std::thread::sleep(up);
        server.kill();
        std::thread::sleep(DOWN);
        server.restart();
    });
    let result = &outcome.result;
    let verdict = &result.verdict;
    sound(result);
    add_up(result);
    assert!(count(result, "broken") > 0, "{verdict:#?}");
    assert_eq!(count(result, "open_at_end"), 0, "{verdict:#?}");
    for fault in Fault::ALL.map(Fault::measure) {
        assert_eq!(count(result, fault), 0, "{fault}: {:?}", result.faults);
    }

    let told = |words: &str| verdict.reasons.iter().any(|reason| reason.contains(words));
    assert!(told("an agent's connection was lost"), "{verdict:#?}");
    assert!(told("a customer's chat was cut"), "{verdict:#?}");

    let records = &outcome.records[0];
    let cut = records.iter().filter(|r| r.fate == Some(Fate::Broken));
    let cut = cut
        .map(|record| record.closed)
        .max()
        .expect("some were cut");
    let later = records
        .iter()
        .filter(|record| record.assigned.comes() && record.assigned > cut);
    let later = later
        .filter(|record| record.fate == Some(Fate::Handled))
        .count();
    assert!(later > 0, "nobody is served once it is back: {verdict:#?}");
}

#[test]
#[ignore = "needs a real server"]
fn of_prosody() {
    survives(XMPP, UP);
}

#[test]
#[ignore = "needs a real server"]
fn of_the_socketio_server() {
    survives(SOCKETIO, LATER);
}

#[test]
#[ignore = "needs a real server"]
fn of_hexlet() {
    survives(HEXLET, UP);
}
