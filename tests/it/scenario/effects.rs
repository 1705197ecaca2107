//! What could have no effect is refused where it stands, or told by the outlook; one error each.

use std::path::Path;

use busyhour::scenario::outlook::Outlook;
use busyhour::scenario::read_text;
use busyhour::scenario::window::Window;

use super::refused;

/// Monday; people who wait for ever, and nothing that could be wrong.
const PLAIN: &str = r#"
[calendar]
start = 2026-11-23T08:00:00
horizon = "4h"
[arrivals]
rate = "60 per hour"
[customers]
think = "constant(20s)"
exchanges = "constant(2)"
[agents]
concurrency = 2
count = 4
reply = "exponential(mean=40s)"
"#;

/// The changes are refused with these words, and nothing else is.
#[track_caller]
fn says(changes: &[&str], words: &[&str]) {
    let message = refused(PLAIN, changes);
    for word in words {
        assert!(message.contains(word), "{word} is not in\n{message}");
    }
    assert!(message.contains("has 1 problem;"), "{message}");
}

#[track_caller]
fn warnings(changes: &[&str]) -> String {
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    let plan = read_text("test.toml", PLAIN, Path::new(""), &changes);
    Outlook::of(&plan.unwrap_or_else(|error| panic!("{error}")))
        .warnings
        .join("\n")
}

#[test]
fn a_gate_that_no_run_keeps_or_misses_is_refused() {
    let gate = |gate: &str, words: &[&str]| says(&[&format!("gate.{gate}")], words);
    gate(
        "abandoned_ratio=\"< 5\"",
        &[
            "goes from 0 to 1",
            "every run keeps this",
            "for 5 % write `< 0.05`",
        ],
    );
    gate(
        "service_level_30s=\"> 90\"",
        &[
            "goes from 0 to 1",
            "no run can keep this",
            "for 90 % write `> 0.9`",
        ],
    );
    gate(
        "occupancy_ratio=\"<= 1\"",
        &["every run keeps this", "0.9 for 90 %"],
    );
    gate("rejected_ratio=\"> 200\"", &["0.9 for 90 %"]);
    gate(
        "wait_s_p95=\"< 0\"",
        &["is never below zero", "no run can keep this"],
    );
    gate(
        "handled=\">= 0\"",
        &["is never below zero", "every run keeps this"],
    );
    for fine in [
        "gate.service_level_30s=\">= 1\"",
        "gate.rejected=\"<= 0\"",
        "gate.composing_total_ratio=\"< 1.2\"",
    ] {
        assert_eq!(warnings(&[fine]), "");
    }
}

#[test]
fn who_cannot_leave_or_be_turned_away_does_not_come_again() {
    let again = "customers.retry={ abandoned=0.3, after=\"constant(5m)\" }";
    says(
        &[again],
        &[
            "nobody comes again after leaving",
            "both patiences are `never`",
        ],
    );
    warnings(&[again, "customers.reply_patience=exponential(mean=3m)"]);
    // One class of two is enough.
    let two = [
        again,
        "customers.hasty={ share=1, queue_patience=\"constant(1m)\" }",
        "customers.calm={ share=1 }",
    ];
    warnings(&two);
    says(
        &[again, "customers.reply_patience=exponental(mean=3m)"],
        &["no distribution of times"],
    );
    says(
        &[again, "customers.reply_patence=constant(3m)"],
        &["unknown key"],
    );
    let turned = "customers.retry={ rejected=0.3, after=\"constant(5m)\" }";
    assert!(warnings(&[turned]).contains("`retry.rejected` moves nobody"));
    assert_eq!(warnings(&[turned, "queue.limit=9"]), "");
}

#[test]
fn a_retry_without_a_cause_is_told_once() {
    let retry = |table: &str, words: &[&str]| says(&[&format!("customers.retry={table}")], words);
    retry(
        "{}",
        &["`retry` names nobody who comes again", "nothing here"],
    );
    retry("{ after=\"constant(5m)\" }", &["a time without a cause"]);
    retry(
        "{ abandoned=1.5, after=\"constant(5m)\" }",
        &["`abandoned` is out of range"],
    );
    retry(
        "{ abandond=0.5, after=\"constant(5m)\" }",
        &["unknown key `abandond`"],
    );
    retry(
        "{ unresolved=0.5, after=\"constant(5)\" }",
        &["is not a distribution of times"],
    );
}

#[test]
fn shares_factors_and_wrap_up_have_something_to_act_on() {
    says(
        &["customers.one.share=0", "customers.other.share=1"],
        &["`share` is out of range"],
    );
    // Factors for more chats than an agent may hold are for other limits, to be tried by `--set`.
    warnings(&["agents.slow_down=[1, 1.2, 1.5]"]);
    says(
        &["agents.wrap_up_holds=attention"],
        &[
            "no wrap-up that could take attention",
            "`wrap_up` is missing",
        ],
    );
    warnings(&[
        "agents.wrap_up_holds=attention",
        "agents.wrap_up=constant(9s)",
    ]);
}

#[test]
fn a_surge_outside_the_horizon_is_warned_of() {
    let surge =
        |at: &str| format!("arrivals.surges=[{{ name=\"mail\", at={at}, factor=3, hold=\"1h\" }}]");
    let warned = warnings(&[&surge("2026-11-23T12:00:00")]);
    assert!(
        warned.contains("the surge \"mail\" at 2026-11-23T12:00:00 lies outside"),
        "{warned}"
    );
    assert!(warnings(&[&surge("2026-11-23T07:00:00")]).contains("brings nobody"));
    assert!(!warnings(&[&surge("2026-11-23T07:30:00")]).contains("surge"));
}

#[test]
fn nobody_leaves_early_who_never_leaves() {
    let words = [
        "`short_abandon` leaves nobody out",
        "`queue_patience` is `never`",
    ];
    says(
        &[
            "run.short_abandon=5s",
            "customers.reply_patience=constant(1m)",
        ],
        &words,
    );
    assert_eq!(warnings(&["run.short_abandon=0s"]), "");
    let patience = "customers.queue_patience=exponential(mean=1m)";
    assert_eq!(warnings(&["run.short_abandon=5s", patience]), "");
    let always = [
        "`short_abandoned` is always 0",
        "write `short_abandon = \"5s\"`",
    ];
    says(&["gate.short_abandoned=\"< 9\""], &always);
    says(&["run.precision={ short_abandoned=\"2%\" }"], &always);
    // Patience that cannot be read may end, and a time that cannot be may be any.
    says(
        &["run.short_abandon=5", "gate.short_abandoned=\"< 9\""],
        &["is a length of time"],
    );
    says(
        &["run.short_abandon=5s", "customers.queue_patience=soon"],
        &["soon"],
    );
}

#[test]
fn a_desk_that_never_opens_is_refused() {
    for hours in ["{}", "{ sun=\"08:00-20:00\" }", "{ mon=\"12:00-20:00\" }"] {
        says(
            &[&format!("calendar.opening_hours={hours}")],
            &["the desk is never open", "no hours fall within the horizon"],
        );
    }
    // In a window while the desk is closed nobody has to be there.
    let week = [
        "calendar.horizon=7d",
        "calendar.opening_hours={ tue=\"08:00-20:00\" }",
        "agents.count=",
        "agents.roster=[{ days=\"tue\", shift=\"08:00-20:00\", agents=2 }]",
    ]
    .map(String::from);
    let mut plan = read_text("test.toml", PLAIN, Path::new(""), &week).unwrap();
    let window = Window::Written("wed 09:00/10:00".into());
    window.narrow(&mut plan).unwrap();
    let closed = Outlook::of(&plan).warnings;
    assert_eq!(closed, ["60 of 60 customers meet the closed desk"]);
    let late = warnings(&["calendar.opening_hours={ mon=\"11:00-20:00\" }"]);
    assert!(
        late.contains("180 of 240 customers meet the closed desk"),
        "{late}"
    );
    assert!(!late.contains("no agent is there"), "{late}");
}

#[test]
fn one_slip_is_one_error() {
    says(
        &["agents.count=", "agents.roster=[]"],
        &["`roster` is empty"],
    );
    says(
        &["run.interval=0s"],
        &["`interval` is too short", "at least 1s"],
    );
    says(&["arrivals.shape=cubic"], &["`shape`"]);
    says(
        &["agents.reply=exponential(mean=5s)x"],
        &["nothing is expected behind"],
    );
    let greatest = "agents.reply=hyperexponential(mean=10s, cv=1000)";
    says(&[greatest], &["a cv from 0.001 to 100"]);
    assert!(!refused(PLAIN, &[greatest]).contains("constant("));
}
