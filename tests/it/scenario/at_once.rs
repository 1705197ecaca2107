//! All that is wrong at once: one mistake hides no other, and none is made up of it.

use std::path::Path;

use busyhour::scenario::read_text;

use super::refused;

/// `[calendar]`, then mistakes that are there whenever it is.
fn beside(calendar: &str) -> String {
    format!(
        r#"
[calendar]
{calendar}
[arrivals]
rate = "6 per hour"
surges = [{{ at = 2026-03-29T02:30:00, factor = 2, hold = "1h" }}]
[customers]
exchanges = "geometric(mean=5)"
silent = 0.5
[queue]
age_after = "5m"
[agents]
concurrency = 2
count = 5
reply = "constant(30s)"
[run]
warm_up = "2h"
"#
    )
}

/// The titles of what is wrong, in the order of the text.
fn titles(text: &str) -> Vec<String> {
    let message = refused(text, &[]);
    let titles = message
        .lines()
        .filter_map(|line| line.strip_prefix("error: "));
    let mut titles: Vec<String> = titles.map(String::from).collect();
    titles.pop();
    titles
}

const SURGE: &str = "the local time 2026-03-29T02:30:00 does not exist";
const ALWAYS: [&str; 3] = [
    "customers with several exchanges think between them",
    "nobody abandons, silently or not",
    "`age_after` raises nobody: all customers have the same priority",
];
const WARM_UP: &str = "`warm_up` is not before the horizon";

#[test]
fn a_fault_of_the_calendar_hides_no_other() {
    let zone = "time_zone = \"Europe/Madrid\"";
    // What is wrong, and whether the hours of the horizon are known.
    let cases = [
        ("start = 2026-03-29T02:30:00\nhorizon = \"1h\"", true),
        ("start = 2026-03-29T02:30:00\nhorizon = \"1d\"", false),
        ("start = \"tomorrow\"\nhorizon = \"1h\"", true),
        ("start = 9999-12-31T23:00:00\nhorizon = \"9h\"", false),
        ("horizon = \"an hour\"", false),
        ("horizon = \"0h\"", false),
        ("horizon = \"1101d\"", false),
        ("", false),
    ];
    for (calendar, hours) in cases {
        let found = titles(&beside(&format!("{zone}\n{calendar}")));
        let mut expected = vec![SURGE];
        expected.extend(ALWAYS);
        expected.extend(hours.then_some(WARM_UP));
        let (own, others) = found.split_at(found.len() - expected.len());
        assert_eq!(own.len(), 1, "{calendar}: {found:?}");
        assert_eq!(sorted(others), sorted(&expected), "{calendar}");
    }
    // In a zone that is not known no time is known not to exist.
    for calendar in [
        "time_zone = \"Europe/Madird\"\nhorizon = \"1h\"",
        "time_zone = \"Europe/Madird\"\nstart = \"2026-11-23T08:00+01:00\"\nhorizon = \"1h\"",
    ] {
        let found = titles(&beside(calendar));
        let expected = [&["`time_zone` is no time zone"][..], &ALWAYS, &[WARM_UP]].concat();
        assert_eq!(sorted(&found), sorted(&expected), "{calendar}");
    }
}

fn sorted(titles: &[impl ToString]) -> Vec<String> {
    let mut titles: Vec<String> = titles.iter().map(ToString::to_string).collect();
    titles.sort();
    titles
}

/// Whatever of the calendar cannot be read, what is right beside it stays right.
#[test]
fn a_fault_of_the_calendar_makes_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("calls.csv"), "at\n2026-11-24 09:30\n").unwrap();
    let around = |calendar: &str, arrivals: &str| {
        format!(
            "{calendar}\n[arrivals]\n{arrivals}\n[queue]\nat_closing = \"sent-away\"
age_after = \"5m\"\n[customers.a]\nshare = 1\npriority = 1\n[customers.b]\nshare = 1
[agents]\nconcurrency = 2\nreply = \"constant(30s)\"
roster = [{{ days = \"holiday\", shift = \"00:00-24:00\", agents = 3 }}]"
        )
    };
    let right = "[calendar]\ntime_zone = \"Europe/Madrid\"\nstart = 2026-11-24T09:00:00+01:00
horizon = \"8h\"\nopening_hours = { holiday = \"09:00-17:00\" }\nholidays = [2026-11-24]";
    let weekday = "rate = \"6 per hour\"\nweekday = { mon = 0, tue = 0, holiday = 1 }";
    let replay = "replay = { file = \"calls.csv\", time = \"at\" }";
    for arrivals in [weekday, replay] {
        let read = |text: &str| read_text("x", text, folder.path(), &[]);
        read(&around(right, arrivals)).unwrap_or_else(|error| panic!("{error}"));
        for (key, wrong) in [
            ("\"Europe/Madrid\"", "\"Europe/Madird\""),
            ("2026-11-24T09:00:00+01:00", "\"the 24th\""),
            ("\"8h\"", "\"8 ours\""),
            ("{ holiday = \"09:00-17:00\" }", "\"09:00-17:00\""),
            ("holiday = \"09:00-17:00\"", "holidays = \"09:00-17:00\""),
            ("[2026-11-24]", "[\"24 November\"]"),
        ] {
            let text = around(&right.replace(key, wrong), arrivals);
            let error = read(&text).expect_err(wrong);
            let message = error.message(false);
            assert!(message.contains("has 1 problem;"), "{wrong}: {message}");
        }
        let error = read(&around("calendar = 3", arrivals)).unwrap_err();
        let message = error.message(false);
        assert!(message.contains("has 1 problem;"), "{message}");
        let text = around(right, arrivals).replace("priority = 1", "priority = \"high\"");
        let message = read(&text).unwrap_err().message(false);
        assert!(message.contains("has 1 problem;"), "{message}");
    }
}

const CLASSES: &str = r#"
[calendar]
horizon = "1h"
[arrivals]
rate = "60 per hour"
[agents]
concurrency = 2
count = 4
reply = "constant(30s)"
[customers]
queue_patience = "constant(60s)"
"#;

#[test]
fn a_misspelt_key_with_a_table_is_no_class() {
    for (line, slip, meant) in [
        (
            "retri = { abandoned = 0.3, after = \"constant(60s)\" }",
            "retri",
            "retry",
        ),
        (
            "retries = { abandoned = 0.3, after = \"constant(60s)\" }",
            "retries",
            "retry",
        ),
        ("thnik = { mean = \"60s\" }", "thnik", "think"),
        ("slient = {}", "slient", "silent"),
    ] {
        let unknown = format!("error: unknown key `{slip}`");
        let help = format!("help: did you mean `{meant}`?");
        let place = format!("test.toml:{}:1", CLASSES.lines().count() + 1);
        // Alone, and beside classes.
        for classes in ["", "\n[customers.a]\nshare = 1\n[customers.b]\nshare = 2"] {
            let message = refused(&format!("{CLASSES}{line}{classes}"), &[]);
            for words in [
                &unknown,
                "not a key of [customers]",
                &help,
                &place,
                "has 1 problem;",
            ] {
                assert!(message.contains(words), "{words} is not in\n{message}");
            }
        }
    }
    let change = "customers.retri.abandoned=0.3";
    let message = refused(CLASSES, &[change]);
    assert!(message.contains("did you mean `retry`?"), "{message}");
}

/// A name like a key's is a name all the same, where a class stands under it.
#[test]
fn classes_may_have_names_like_keys() {
    for name in ["silver", "retail", "shared", "thin", "retri", "priority-1"] {
        let text = format!("{CLASSES}[customers.{name}]\nshare = 1\n[customers.b]\nshare = 2\n");
        let plan = read_text("x", &text, Path::new(""), &[]);
        let plan = plan.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(plan.outline.classes, [name, "b"]);
        // What it lacks is told of the class.
        let text = text.replacen("share = 1", "priority = 3", 1);
        let message = refused(&text, &[]);
        let words = format!("[customers.{name}] has no `share`");
        assert!(message.contains(&words), "{message}");
    }
}
