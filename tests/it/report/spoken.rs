//! What a report says of the protocol that was spoken.

use busyhour::measure::result::{ProtocolEcho, RunResult};
use busyhour::report::terminal::render;

use super::live;

#[test]
fn what_the_server_spoke_is_told_and_older_files_do_not_say() {
    let mut run = live();
    run.scenario.target = Some("ws://127.0.0.1:5280".into());
    let of_old = serde_json::to_string(&run).unwrap();
    assert!(!of_old.contains("\"protocol\""), "{of_old}");
    let old: RunResult = serde_json::from_str(&of_old).unwrap();
    assert_eq!(old.scenario.protocol, None);
    let told = |run: &RunResult| render(run, 100, false).replace('\n', " ");
    assert!(told(&old).contains("played live against ws://127.0.0.1:5280 at speed 240"));
    run.scenario.protocol = Some(ProtocolEcho {
        name: "xm\u{1b}pp".into(),
        dispatched_here: true,
        draft: false,
    });
    let words = "played live against ws://127.0.0.1:5280 in xmpp at speed 240";
    assert!(told(&run).contains(words), "{}", told(&run));
    let text = serde_json::to_string(&run).unwrap();
    let read: RunResult = serde_json::from_str(&text).unwrap();
    assert_eq!(read.scenario, run.scenario);
}
