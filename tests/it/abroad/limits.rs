//! What the report says of a server that limits sessions, or waits to fill packets; and of one that
//! does neither.

use std::path::Path;

use busyhour::live::target::Target;
use busyhour::live::{Options, load, watch::Watch};
use busyhour::measure::result::RunResult;
use busyhour::scenario::read_text;
use busyhour::wire::protocols;

use crate::servers::{Prosody, Server, prosody};

/// Four agents of twenty chats each, who say 2 kB as soon as they are asked, more than 10 kB a second.
const EAGER: &str = r#"
[calendar]
start = 2026-01-05T09:00:00
horizon = "20s"
[arrivals]
rate = "14400 per hour"
[customers]
think = "exponential(mean=2s)"
exchanges = "constant(6)"
[agents]
count = 4
concurrency = 20
reply = "exponential(mean=100ms)"
wrap_up = "constant(0s)"
[messages]
bytes = "constant(2000)"
"#;

/// People who are seen typing just before they say something.
const TYPING: &str = r#"
[calendar]
start = 2026-01-05T09:00:00
horizon = "30s"
[arrivals]
rate = "5400 per hour"
[customers]
think = "exponential(mean=1s)"
exchanges = "constant(8)"
[agents]
count = 6
concurrency = 4
reply = "exponential(mean=500ms)"
wrap_up = "constant(0s)"
[messages]
typing = "20ms"
"#;

/// How often something is played until the run is VALID.
const TRIES: u32 = 3;

/// The most milliseconds by which people may be late of themselves, one in a hundred of them: what a
/// busy machine does to the schedule is not the question, unless it blurs what is looked for.
const LOOSE: f64 = 10_000.0;
const STRICT: f64 = 10.0;

/// Plays it at a server, until the run is VALID.
fn played(scenario: &str, lag_ms: f64, server: &Server) -> RunResult {
    let common = "[run]\ndrain_limit = \"10s\"\n[live]\nspeed = 1\n";
    let text = format!("{scenario}{common}");
    let mut plan = read_text("test", &text, Path::new(""), &[]).unwrap();
    (plan.validity.lag_ms_p99, plan.validity.lag_share) = (lag_ms, 1e6);
    plan.validity.stood_still_ratio = 1.0;
    let options = Options {
        targets: vec![Target::from(server.address())],
        protocol: protocols::open(protocols::XMPP).unwrap(),
        ..Options::default()
    };
    for _ in 0..TRIES {
        let result = load(&plan, &options, &Watch::default()).unwrap().result;
        assert!(result.value("handled") > Some(0.0), "{}", server.log());
        if result.verdict.valid == Some(true) {
            return result;
        }
    }
    panic!("this machine is too busy: {TRIES} runs were INVALID");
}

fn says(result: &RunResult, words: &str) -> bool {
    let mut reasons = result.verdict.reasons.iter();
    reasons.any(|reason| reason.contains(words))
}

#[test]
#[ignore = "needs a real server"]
fn a_limit_of_prosody_is_named() {
    for limits in [true, false] {
        let options = Prosody {
            limits,
            ..Prosody::default()
        };
        let Some(server) = prosody(options) else {
            return;
        };
        let result = played(EAGER, LOOSE, &server);
        let reasons = &result.verdict.reasons;
        let told = says(
            &result,
            "throttled: 4 of 4 agents' sessions got no more than",
        );
        assert_eq!(told, limits, "{reasons:?}");
        assert_eq!(says(&result, "throttled"), limits, "{reasons:?}");
    }
}

#[test]
#[ignore = "needs a real server"]
fn packets_that_prosody_fills_are_named() {
    for nagle in [true, false] {
        let options = Prosody {
            nagle,
            ..Prosody::default()
        };
        let Some(server) = prosody(options) else {
            return;
        };
        // It is some messages in a hundred, of a thousand.
        let tries = if nagle { TRIES } else { 1 };
        let told = (0..tries).any(|_| {
            let result = played(TYPING, STRICT, &server);
            assert!(!says(&result, "throttled"));
            says(&result, "TCP_NODELAY")
        });
        assert_eq!(told, nagle);
    }
}
