//! What is refused, and how it is said.

use std::path::Path;

use busyhour::scenario::read_text;
use proptest::prelude::*;

use super::refused;

const WRONG: &str = r#"name = "Ten mistakes"

[calendar]
time_zone = "Europe/Madird"
start = 2026-11-23T08:00:00
horizon = "0s"
opening_hours = { mon-fry = "08:00-20:00", sat = "20:00-08:00" }

[arrivals]
volume = "14000 per weak"
rate = "1200 per hour"
intraday = { from = "08:00", until = "20:00", every = "30m", weights = [1, 2, 3] }

[customers]
queue_patience = "exponential(mean=3 min)"
think = "lognormal(mean=60s, cv=-1)"
exchanges = "geometric(mean=0.5)"

[agents]
concurency = 3
count = "140"
reply = "lognorm(mean=40s, cv=0.8)"

[run]
warm_up = 15

[gate]
wait_s_p96 = "< 60"
abandoned_ratio = "less than 5 %"
"#;

#[test]
fn all_errors_of_a_file_come_at_once() {
    insta::assert_snapshot!(refused(WRONG, &[]));
}

const GOOD: &str = r#"
[calendar]
horizon = "1h"
[arrivals]
rate = "60 per hour"
[agents]
concurrency = 2
roster = [{ days = "mon", shift = "00:00-12:00", agents = 3 }]
reply = "constant(30s)"
"#;

#[test]
fn syntax_errors_come_at_once() {
    insta::assert_snapshot!(refused(
        "[calendar]\nstart = \nhorizon = 1h\n[agents\nreply = \"constant(3s)\nreply = 3\n",
        &[]
    ));
}

#[test]
fn changes_from_the_command_line_are_checked_like_the_file() {
    let changes = [
        "agents.concurency=4",
        "agents.reply=lognormal(mean=40, cv=0.8)",
        "arrivals.rate=600 per hours",
        "agents.roster.3.agents=5",
        "agents.roster.0.days=\"mon-fry\"",
        "run.interval=[15",
        "seed",
        "a..b=1",
        "calendar.horizon.days=1",
    ];
    insta::assert_snapshot!(refused(GOOD, &changes));
}

#[test]
fn contradictions_are_named() {
    let says = |changes: &[&str], what: &str| {
        let message = refused(GOOD, changes);
        assert!(message.contains(what), "{what} is not in\n{message}");
    };
    says(
        &["agents.count=3"],
        "[agents] takes one of `count`, `roster`, not several",
    );
    says(
        &["agents.roster="],
        "[agents] needs one of `count`, `roster`",
    );
    says(&["arrivals.volume=1 per week"], "contradicts `volume`");
    says(
        &["arrivals.rate="],
        "[arrivals] needs one of `volume`, `rate`, `replay`",
    );
    says(
        &["arrivals="],
        "[arrivals] needs one of `volume`, `rate`, `replay`",
    );
    says(
        &["arrivals.intraday.file=a.csv"],
        "`file` needs `column` beside it",
    );
    says(
        &[
            "arrivals.replay={file=\"a.csv\", time=\"t\"}",
            "arrivals.rate=",
            "arrivals.month.jan=2",
        ],
        "`month` does not go with `replay`",
    );
    says(
        &[
            "arrivals.rate=",
            "arrivals.volume=7 per week",
            "arrivals.weekday.mon=1",
        ],
        "`weekday` does not say what share `tue`, `wed`, `thu`, `fri`, `sat`, `sun` have",
    );
    says(
        &[
            "arrivals.rate=",
            "arrivals.volume=7 per week",
            "arrivals.weekday={mon=0,tue=0,wed=0,thu=0,fri=0,sat=0,sun=0}",
        ],
        "the weights of `weekday` sum to zero",
    );
    says(
        &["arrivals.weekday.mon=0"],
        "no chat is expected between start and horizon",
    );
    says(
        &["arrivals.intraday={every=\"5h\", weights=[1,1,1,1,1]}"],
        "`intraday` has 5 weights, not 4",
    );
    says(&["run.warm_up=1h"], "`warm_up` is not before the horizon");
    says(
        &["run.replications=0"],
        "a whole number from 1 to 1000000 is expected",
    );
    says(
        &["agents.concurrency=65001"],
        "a whole number from 1 to 65000 is expected",
    );
    says(&["agents.concurrency=0"], "`concurrency` is out of range");
    says(
        &["agents.concurrency=2.5"],
        "`concurrency` is not a whole number",
    );
    says(
        &["customers.exchanges=geometric(mean=5)"],
        "`think` is missing",
    );
    says(&["agents.reply=never"], "work that never ends");
    says(
        &["calendar.start=2026-01-06"],
        "no shift falls within the horizon",
    );
    says(
        &["calendar.start=\"2026-01-05T00:00:00[Europe/Madrid]\""],
        "without a zone: it is local",
    );
    says(
        &[
            "calendar.start=2026-01-05T00:00:00Z",
            "calendar.time_zone=Europe/Madrid",
        ],
        "Europe/Madrid has +01 then",
    );
    says(
        &[
            "calendar.start=2026-03-29T02:30:00",
            "calendar.time_zone=Europe/Madrid",
        ],
        "the local time 2026-03-29T02:30:00 does not exist",
    );
    says(
        &["arrivals.rate=1000000 per second", "arrivals.scale=9"],
        "32400000000 chats are expected: too many for one run",
    );
    says(
        &["arrivals.busyness={ cv=0.1, day_correlation=1.1 }"],
        "a number from -1 up to 1 is expected",
    );
    says(
        &[
            "agents.roster=",
            "agents.count={ every=\"1h\", values=[0, 0] }",
        ],
        "no agent is ever there",
    );
    says(
        &[
            "agents.roster=",
            "agents.count={ every=\"1s\", values=[1] }",
        ],
        "at least 1m is expected",
    );
    says(&["calendar.horizon=9999d"], "longer than 1100 days");
    says(&["live.speed=0"], "`speed` is out of range");
    says(&["gate.waits=\"< 1\""], "`waits` is no measure");
    says(&["gate=3"], "`gate` is a table, not a number");
    says(&["agents=3"], "[agents] is a table, not a number");
    says(&["arrivals.busyness={}"], "`busyness` has no `cv`");
}

/// Times that the clocks skip, breaks that are none, counts that end too early, nobody there.
#[test]
fn contradictions_of_time_are_shown_where_they_stand() {
    let madrid = |start: &str, rest: &str| {
        format!(
            "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = {start}\n{rest}
[agents]\nconcurrency = 2\nreply = \"constant(30s)\"\n"
        )
    };
    let plain = "horizon = \"1d\"\n[arrivals]\nrate = \"6 per hour\"";
    let skipped = madrid("2026-03-29T02:30:00", plain) + "count = 3\n";
    insta::assert_snapshot!("a_start_that_is_skipped", refused(&skipped, &[]));
    let surge =
        format!("{plain}\nsurges = [{{ at = 2026-03-29T02:00:00, factor = 2, hold = \"1h\" }}]");
    let surge = madrid("2026-03-28", &surge) + "count = 3\n";
    insta::assert_snapshot!("a_surge_that_is_skipped", refused(&surge, &[]));
    let roster = madrid("2026-03-27", plain)
        + r#"roster = [
  { days = "mon-fri", shift = "08:00-16:00", agents = 3, breaks = [{ at = "15:45", for = "30m" }] },
  { days = "mon-fri", shift = "22:00-06:00", agents = 3, breaks = [
    { at = "02:00", for = "45m" },
    { at = "01:30", for = "40m" },
    { at = "22:00", for = "10m" },
  ] },
]
"#;
    insta::assert_snapshot!("breaks_that_are_none", refused(&roster, &[]));
    let counts = madrid(
        "2026-03-27",
        "horizon = \"3d\"\n[arrivals]\nrate = \"6 per hour\"",
    ) + "count = { every = \"30m\", values = [1, 2, 3] }\n";
    insta::assert_snapshot!("counts_that_end_too_early", refused(&counts, &[]));
}

/// The first stretch, and how long it is in all.
#[test]
fn a_desk_that_is_open_without_anybody_is_refused() {
    let text = r#"
[calendar]
start = 2026-11-27
horizon = "4d"
opening_hours = { mon-sun = "08:00-18:00" }
[arrivals]
rate = "60 per hour"
intraday = { from = "06:00", every = "1h", weights = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1] }
[agents]
concurrency = 2
reply = "constant(30s)"
roster = [
  { days = "mon-fri", shift = "08:00-16:00", agents = 3 },
  { days = "sat-sun", shift = "09:00-14:00", agents = 1, breaks = [{ at = "12:00", for = "30m" }] },
]
"#;
    // Sat and Sun 08:00-09:00, 12:00-12:30, 14:00-16:00 (from 16:00 on nobody comes but an hour from
    // 17:00), every day 17:00-18:00: 2 x 3.5 h + 4 x 1 h.
    insta::assert_snapshot!("nobody_is_there", refused(text, &[]));
    let message = refused(
        text,
        &[
            "agents.roster=",
            "agents.count={ every=\"12h\", values=[0, 1] }",
        ],
    );
    assert!(
        message.contains("first from Fri 2026-11-27 08:00 to 12:00, 16h in all"),
        "{message}"
    );
    // One who is there all the time is enough, and so is a desk that is closed.
    for change in [
        "agents.roster.0={ days=\"mon-sun\", shift=\"07:00-18:00\", agents=1 }",
        "calendar.opening_hours={ fri=\"08:00-16:00\", sat=\"16:00-17:00\" }",
    ] {
        read_text("x", text, Path::new(""), &[change.into()])
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

/// The list of wrong weights of a curve in a file: which file, which line.
#[test]
fn a_curve_in_a_csv_is_checked_like_one_in_the_scenario() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("curve.csv"),
        "hour,chats\n0,3\n1,\"many\"\n2,-4\n",
    )
    .unwrap();
    let text = format!(
        "{GOOD}[arrivals.intraday]\nevery = \"8h\"\nfile = \"curve.csv\"\ncolumn = \"chats\"\n"
    );
    let error = read_text("test.toml", &text, folder.path(), &[]).unwrap_err();
    let message = error.message(false);
    assert!(message.contains("curve.csv:3:3"), "{message}");
    assert!(message.contains("curve.csv:4:3"), "{message}");
    assert!(message.contains("a number from 0 up to"), "{message}");
}

/// A day has at most a row a minute; a file that goes on is not read on.
#[test]
fn a_curve_that_is_longer_than_a_day_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "1\n".repeat(1_500);
    std::fs::write(folder.path().join("curve.csv"), format!("chats\n{rows}")).unwrap();
    let text = format!(
        "{GOOD}[arrivals.intraday]\nevery = \"1m\"\nfile = \"curve.csv\"\ncolumn = \"chats\"\n"
    );
    let error = read_text("test.toml", &text, folder.path(), &[]).unwrap_err();
    let message = error.message(false);
    assert!(message.contains("curve.csv:1442:1"), "{message}");
    assert!(message.contains("a day has at most 1440 bins"), "{message}");
}

#[test]
fn a_file_that_is_not_there_or_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.toml");
    let error = busyhour::scenario::read(&file, &[]).unwrap_err();
    assert_eq!(error.exit().code(), 2);
    assert!(error.message(false).contains("no such file"), "{error}");
    std::fs::write(&file, [0xff, 0xfe, 0x00]).unwrap();
    let error = busyhour::scenario::read(&file, &[]).unwrap_err();
    assert!(
        error.message(false).contains("is not UTF-8 text"),
        "{error}"
    );
}

/// A key can be replaced, added and taken out; quotes are optional.
#[test]
fn changes_from_the_command_line_change_the_plan() {
    let changes = [
        "agents.concurrency=4",
        "arrivals.rate=600 per hour",
        "agents.roster=",
        "agents.count = 7",
        "customers.queue_patience=\"exponential(mean=1m)\"",
        "name=Changed",
        "run.interval=10m",
    ]
    .map(String::from);
    let plan = read_text("x", GOOD, Path::new(""), &changes).unwrap();
    assert_eq!(
        (plan.agents.concurrency, plan.team, plan.name.as_str()),
        (4, 7, "Changed")
    );
    assert!((plan.arrivals.expected() - 600.0).abs() < 1e-6);
    assert_eq!(plan.customers.rules(0).queue_patience.mean().round(), 60.0);
    assert_eq!(plan.source.overrides, changes);
    assert_eq!(plan.outline.intervals(), 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever is done to a scenario's text, reading ends with a plan or an error.
    #[test]
    fn reading_never_panics(
        cuts in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..4, "[\\PC\"]{0,3}"),
            1..4,
        ),
        set in "[a-z.]{0,12}=?[\\PC]{0,12}",
    ) {
        let mut text: Vec<char> = super::schema::FULL[0].chars().collect();
        for (at, length, put) in cuts {
            let from = at.index(text.len());
            let until = (from + length).min(text.len());
            text.splice(from..until, put.chars());
        }
        let text: String = text.into_iter().collect();
        for set in [vec![], vec![set]] {
            if let Err(error) = read_text("x", &text, Path::new(""), &set) {
                prop_assert!(error.message(true).contains("nothing was run"));
            }
        }
    }
}

/// A scenario of a few hours, with lines added to some of its sections.
fn with(arrivals: &str, customers: &str, start: &str) -> String {
    format!(
        r#"name = "With"
[calendar]
time_zone = "Europe/Madrid"
start = {start}
horizon = "4h"
[arrivals]
rate = "60 per hour"
{arrivals}
[customers]
queue_patience = "exponential(mean=3m)"
{customers}
[agents]
concurrency = 2
count = 4
reply = "exponential(mean=40s)"
"#
    )
}

#[test]
fn what_has_no_effect_or_no_end_is_refused() {
    let start = "2026-11-23T08:00:00";
    let told = |arrivals, customers, start: &str| refused(&with(arrivals, customers, start), &[]);
    let shape = told("shape = \"linear\"", "", start);
    assert!(shape.contains("`shape` has no curve"), "{shape}");
    let retry = told("", "retry = { after = \"exponential(mean=10m)\" }", start);
    assert!(retry.contains("names nobody who comes again"), "{retry}");
    let think = told("", "think = \"hyperexponential(nan=30s)\"", start);
    assert!(think.contains("the chances must be above zero"), "{think}");
    let late = told("", "", "9999-12-31T21:00:00");
    assert!(late.contains("beyond the calendar"), "{late}");
}
