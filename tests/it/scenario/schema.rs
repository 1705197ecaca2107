//! The JSON Schema and the reader accept the same.

use std::path::Path;

use busyhour::scenario::{read_text, schema};
use serde_json::{Value as Json, json};

/// Scenarios that together hold every key there is.
pub const FULL: [&str; 2] = [
    r#"
name = "Everything"
seed = 3
[calendar]
time_zone = "Europe/Madrid"
start = 2026-11-23T08:00:00
horizon = "1d12h"
opening_hours = { mon-fri = "08:00-12:00, 13:00-20:00", "sat,holiday" = "10:00-14:00" }
holidays = [2026-12-08]
[arrivals]
volume = "14_000 per week"
month = { jan = 1, feb = 1, mar = 1, apr = 1, may = 1, jun = 1, jul = 1, aug = 1, sep = 1, oct = 1, nov = 1.15, dec = 1.4 }
weekday = { mon = 1.2, tue = 1, wed = 1, thu = 1, fri = 1, sat = 0.5, sun = 0, holiday = 0.3 }
intraday = { from = "08:00", until = "20:00", every = "6h", weights = [2, 5], sat = { from = "10:00", until = "14:00", every = "4h", weights = [1] } }
shape = "linear"
busyness = { cv = 0.08, day_correlation = 0.6 }
surges = [{ name = "newsletter", at = 2026-11-23T09:00:00, factor = 3.0, rise = "10m", hold = "1h", fall = "2h" }]
scale = 1.3
[customers]
share = 1
priority = 3
queue_patience = "never"
reply_patience = "lognormal(median=90s, p90=4m)"
think = "gamma(mean=60s, cv=1)"
exchanges = "geometric(mean=5)"
silent = 0.2
retry = { abandoned = 0.3, rejected = 1.0, unresolved = { chance = 0.2, after = "erlang(shape=2, mean=1h)" }, after = "exponential(mean=10m)" }
disconnect = { every = "exponential(mean=20m)", away = "exponential(mean=15s)", kept_for = "1m" }
[queue]
limit = 200
at_closing = "sent-away"
[agents]
concurrency = 3
roster = [{ days = "mon-fri", shift = "22:00-06:00", agents = 30 }, { days = "mon-tue", shift = "08:00-20:00", agents = 1 }, { days = "mon-fri", shift = "12:00-20:00", agents = 2, breaks = [{ at = "15:00", for = "30m" }] }]
reply = "weibull(mean=40s, cv=0.8)"
slow_down = [1.0, 1.1]
wrap_up = "uniform(low=10s, high=30s)"
wrap_up_holds = "attention"
attention = "shared"
shift_end = "hand-over"
routing = "random"
closes = { customer = 0.3 }
inactivity = "5m"
[run]
warm_up = "1h"
drain_limit = "12h"
replications = 4
interval = "15m"
[messages]
bytes = "lognormal(mean=120, cv=1)"
reply_bytes = "empirical(file=curve.csv, column=chats)"
texts = "texts.txt"
parts = 2
typing = "10s"
[live]
speed = 60
connect_lead = "5s"
inactivity = "agent"
closing_deadline = "10s"
start_deadline = "10s"
reconnect_for = "20s"
max_connect_rate = 400
breaker_share = 0.4
breaker_after = "15s"
[validity]
lag_ms_p99 = 20
lag_of_delivery = 0.1
lag_share = 0.01
stood_still_ratio = 0.01
[gate]
service_level_45s_of_answered = ">= 0.80"
wait_s_p95 = "< 60"
"#,
    r#"
[calendar]
start = 2026-11-23
horizon = "2h"
[arrivals]
rate = "1200.5 per hour"
[arrivals.intraday]
every = "1h"
file = "curve.csv"
column = "chats"
[arrivals.intraday.sat]
every = "1h"
file = "curve.csv"
column = "chats"
[agents]
concurrency = 1
count = { every = "1h", values = [3, 1, 5] }
reply = "constant(30s)"
slow_down = 0.05
"#,
];

const REPLAY: &str = r#"
[calendar]
start = 2026-11-23
horizon = "2h"
[arrivals.replay]
file = "calls.csv"
time = "at"
count = "n"
every = "1h"
zone = "as-written"
resample = "poisson"
[agents]
concurrency = 1
count = 140
reply = "constant(30s)"
"#;

const CLASSES: &str = r#"
[calendar]
horizon = "2h"
[arrivals]
rate = "60 per hour"
[customers]
think = "empirical(file=pauses.csv, column=seconds)"
exchanges = "poisson(mean=4)"
[customers.business]
share = 0.3
priority = 1
queue_patience = "hyperexponential(0.9=30s, 0.1=5m)"
retry = { rejected = 0.5, after = "triangular(low=1m, mode=2m, high=9m)" }
[customers.private]
share = 0.7
[queue]
age_after = "5m"
[agents]
concurrency = 2
count = 14
reply = "constant(30s)"
closes = "customer"
[run]
short_abandon = "5s"
precision = { wait_s_mean = "2%", abandoned_ratio = 0.005, handle_s_p90 = { relative = "2%", absolute = 0.5 }, at_most = 100 }
"#;

const LEVELS: &str = r#"
[calendar]
horizon = "2h"
[arrivals]
rate = "60 per hour"
[agents]
concurrency = 2
count = 14
level_handle_time = ["400s", "8m"]
"#;

/// A folder with the files that the scenarios name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("curve.csv"), "chats\n3\n5\n").unwrap();
    std::fs::write(folder.path().join("texts.txt"), "Hello.\n").unwrap();
    std::fs::write(folder.path().join("pauses.csv"), "seconds\n30\n1m\n").unwrap();
    std::fs::write(
        folder.path().join("calls.csv"),
        "at,n\n2026-11-23T00:00:00Z,7\n",
    )
    .unwrap();
    folder
}

fn scenarios() -> [&'static str; 5] {
    [FULL[0], FULL[1], REPLAY, CLASSES, LEVELS]
}

/// TOML as JSON, with dates as strings.
fn json_of(value: &toml::Value) -> Json {
    match value {
        toml::Value::Table(table) => Json::Object(
            table
                .iter()
                .map(|(key, value)| (key.clone(), json_of(value)))
                .collect(),
        ),
        toml::Value::Array(items) => items.iter().map(json_of).collect(),
        toml::Value::Datetime(moment) => json!(moment.to_string()),
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => json!(truth),
    }
}

fn document(text: &str) -> Json {
    json_of(&toml::Value::Table(text.parse().unwrap()))
}

/// Every path to a key, tables included.
fn paths(value: &Json, at: &str) -> Vec<String> {
    let children: Vec<(String, &Json)> = match value {
        Json::Object(table) => table.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    let below = children.iter().flat_map(|(key, value)| {
        let path = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}/{key}")
        };
        let mut all = paths(value, &path);
        all.push(path);
        all
    });
    below.collect()
}

#[test]
fn the_reader_and_the_schema_accept_every_key() {
    let (folder, validator) = (folder(), jsonschema::validator_for(&schema()).unwrap());
    for text in scenarios() {
        read_text("full.toml", text, folder.path(), &[]).unwrap_or_else(|error| panic!("{error}"));
        let document = document(text);
        let wrong: Vec<String> = validator
            .iter_errors(&document)
            .map(|e| e.to_string())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
    // No key of the schema was left out above.
    let used: Vec<String> = scenarios()
        .iter()
        .flat_map(|text| paths(&document(text), ""))
        .collect();
    for key in described(&schema(), "") {
        // The curves of all days have the same keys.
        let day = ["mon", "tue", "wed", "thu", "fri", "sun", "holiday"];
        let days = day.map(|day| format!("arrivals/intraday/{day}"));
        let own = days.iter().find(|prefix| key.starts_with(*prefix));
        let key = own.map_or(key.clone(), |own| key.replace(own, "arrivals/intraday/sat"));
        assert!(
            used.iter().any(|path| without_indices(path) == key),
            "{key} is not tried"
        );
    }
}

/// Every key that a schema describes, as a path.
fn described(schema: &Json, at: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let below = schema
        .get("items")
        .map(|items| described(items, at))
        .unwrap_or_default();
    keys.extend(below);
    for (key, property) in schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        let path = if at.is_empty() {
            key.clone()
        } else {
            format!("{at}/{key}")
        };
        keys.extend(described(property, &path));
        keys.push(path);
    }
    keys
}

fn without_indices(path: &str) -> String {
    let names = path
        .split('/')
        .filter(|step| step.parse::<usize>().is_err());
    names.collect::<Vec<_>>().join("/")
}

/// Each value in turn is made `true`, which no key is; an unknown key is put beside each: the
/// reader and the schema refuse both.
#[test]
fn the_reader_and_the_schema_refuse_the_same() {
    let (folder, validator) = (folder(), jsonschema::validator_for(&schema()).unwrap());
    for text in scenarios() {
        let good = document(text);
        for path in paths(&good, "") {
            let quoted = path.contains(',');
            for (beside, name) in [(false, path.clone()), (true, unknown_beside(&path))] {
                let mut changed = good.clone();
                let pointer = format!("/{path}");
                if beside {
                    let (parent, _) = pointer.rsplit_once('/').unwrap();
                    let Some(Json::Object(table)) = changed.pointer_mut(parent) else {
                        continue;
                    };
                    table.insert("nonsense".into(), json!(1));
                } else {
                    *changed.pointer_mut(&pointer).unwrap() = json!(true);
                }
                assert!(!validator.is_valid(&changed), "the schema accepts {name}");
                if quoted {
                    continue;
                }
                let value = if beside { "1" } else { "true" };
                let set = format!("{}={value}", name.replace('/', "."));
                let read = read_text("full.toml", text, folder.path(), std::slice::from_ref(&set));
                assert!(read.is_err(), "the reader accepts {set}");
            }
        }
    }
}

fn unknown_beside(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((parent, _)) => format!("{parent}/nonsense"),
        None => "nonsense".into(),
    }
}

/// Rules over several keys are described as well.
#[test]
fn the_schema_knows_contradictions() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let folder = folder();
    for (text, change) in [
        (FULL[0], "arrivals.rate = \"1 per hour\""),
        (FULL[0], "agents.count = 3"),
        (FULL[1], "arrivals.intraday.weights = [1]"),
        (REPLAY, "arrivals.month = { jan = 1 }"),
        (FULL[1], "agents.shift_end = \"drop\""),
        (FULL[1], "agents.level_handle_time = [\"400s\"]"),
        (LEVELS, "agents.wrap_up = \"constant(3s)\""),
        (CLASSES, "run.replications = 7"),
        (CLASSES, "customers.private = {}"),
    ] {
        let (path, value) = change.split_once(" = ").unwrap();
        let mut changed = document(text);
        let value: toml::Table = format!("x = {value}").parse().unwrap();
        let (parent, key) = path.rsplit_once('.').unwrap();
        let parent = changed
            .pointer_mut(&format!("/{}", parent.replace('.', "/")))
            .unwrap();
        parent[key] = json_of(&value["x"]);
        assert!(!validator.is_valid(&changed), "{change}");
        let set = [change.replace(" = ", "=")];
        assert!(
            read_text("full.toml", text, folder.path(), &set).is_err(),
            "{change}"
        );
    }
}

/// The file that editors read is the reader's own. `INSTA_UPDATE=always` writes it.
#[test]
fn the_schema_in_docs_is_the_readers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/scenario.schema.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let text = std::fs::read_to_string(file).expect("docs/scenario.schema.json is there");
    let stored: Json = serde_json::from_str(&text).unwrap();
    assert!(
        stored == schema(),
        "write `busyhour schema` to docs/scenario.schema.json"
    );
}

/// Values that are odd almost everywhere.
const ODD: [&str; 20] = [
    "0",
    "-1",
    "1",
    "2.5",
    "1e300",
    "nan",
    "inf",
    "99999999999999999999",
    "\"\"",
    "\"x\"",
    "\"1h\"",
    "\"36500d\"",
    "\"never\"",
    "\"constant(0s)\"",
    "\"00:00-24:00\"",
    "\"mon-sun\"",
    "[]",
    "{}",
    "1979-01-01",
    "[1, 0]",
];

/// Whatever stands in a key's place, reading ends; and what the reader accepts, the schema does.
#[test]
fn odd_values_never_panic_and_pass_the_reader_only_with_the_schema() {
    let (folder, validator) = (folder(), jsonschema::validator_for(&schema()).unwrap());
    for text in scenarios() {
        let good = document(text);
        for path in paths(&good, "")
            .into_iter()
            .filter(|path| !path.contains(','))
        {
            for odd in ODD {
                let set = [format!("{}={odd}", path.replace('/', "."))];
                if read_text("full.toml", text, folder.path(), &set).is_err() {
                    continue;
                }
                let value: toml::Table = format!("x = {odd}").parse().unwrap();
                let mut changed = good.clone();
                *changed.pointer_mut(&format!("/{path}")).unwrap() = json_of(&value["x"]);
                assert!(
                    validator.is_valid(&changed),
                    "the schema refuses {}",
                    set[0]
                );
            }
        }
    }
}
