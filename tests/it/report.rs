//! The terminal report of fixed results, word for word.

mod spoken;

use busyhour::measure::attribution::{Attribution, Parts};
use busyhour::measure::classes::ClassRow;
use busyhour::measure::gate::{Gate, Judgement, Outcome, Relation};
use busyhour::measure::precision::Precise;
use busyhour::measure::result::{
    Environment, FORMAT, Found, Measure, Row, RunKind, RunResult, ScenarioEcho, Spread, VERSION,
    Verdict,
};
use busyhour::report::terminal::render;
use jiff::{SignedDuration, Zoned};

fn measure(value: f64, half: Option<f64>) -> Measure {
    Measure {
        value: Some(value),
        low: half.map(|half| value - half),
        high: half.map(|half| value + half),
        samples: 14_210,
    }
}

/// An S-shaped day: nothing at night, most at noon.
fn busy(hour: f64) -> f64 {
    let phase = (hour - 8.0) / 12.0 * std::f64::consts::PI;
    if (8.0..20.0).contains(&hour) {
        phase.sin()
    } else {
        0.0
    }
}

fn spread(count: f64, mean: f64) -> Spread {
    let some = |factor: f64| (count > 0.0).then_some(mean * factor);
    Spread {
        count,
        mean: some(1.0),
        p50: some(0.4),
        p95: some(4.0),
        max: some(9.0),
    }
}

fn row(start: &Zoned, seconds: i64, length: i64, arrived: f64) -> Row {
    let at = start + SignedDuration::from_secs(seconds);
    Row {
        start: at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        start_s: seconds as f64,
        length_s: length as f64,
        arrived,
        offered: arrived,
        handled: arrived * 0.95,
        abandoned_queue: Some(arrived * 0.04),
        abandoned_chat: arrived * 0.01,
        service_level: (arrived > 0.0).then_some(0.843),
        wait_s: spread(arrived * 0.96, arrived / 3.0),
        inter_message_s: spread(arrived * 4.0, 48.0),
        active_chats_mean: Some(arrived / length as f64 * 600.0),
        occupancy_ratio: (arrived > 0.0).then_some(0.7),
        ..Row::default()
    }
}

fn rows(start: &str, interval: i64, count: i64, peak: f64) -> Vec<Row> {
    let start: Zoned = start.parse().unwrap();
    let row = |index| {
        let at = &start + SignedDuration::from_secs(index * interval);
        let hour = f64::from(at.hour()) + f64::from(at.minute()) / 60.0;
        row(&start, index * interval, interval, peak * busy(hour))
    };
    (0..count).map(row).collect()
}

fn gate(name: &str, relation: Relation, bound: f64, m: Option<Measure>, o: Outcome) -> Judgement {
    Judgement {
        gate: Gate {
            measure: name.into(),
            relation,
            bound,
            implied: false,
        },
        measured: m,
        outcome: o,
    }
}

/// One week, simulated, with intervals and a gate of each outcome.
fn week() -> RunResult {
    let counts = [
        ("arrived", 14_310.2, 55.0),
        ("closed", 100.2, 9.0),
        ("offered", 14_210.0, 55.0),
        ("handled", 13_511.4, 52.0),
        ("abandoned_queue", 598.3, 21.0),
        ("abandoned_chat", 80.3, 5.0),
        ("rejected", 20.0, 11.0),
        ("open_at_end", 0.0, 0.0),
        ("abandoned_queue_ratio", 0.0421, 0.0014),
        ("rejected_ratio", 0.0014, 0.0008),
        ("occupancy_ratio", 0.832, 0.0031),
        ("utilisation_ratio", 0.613, 0.0025),
        ("active_chats_mean", 203.4, 1.2),
        ("queue_mean", 6.71, 0.44),
        ("queue_max", 88.1, 7.3),
        ("service_level_30s", 0.843, 0.012),
        ("service_level_30s_of_answered", 0.881, 0.011),
        ("service_level_30s_less_short_abandons", 0.851, 0.012),
        ("service_level_30s_with_short_abandons", 0.856, 0.012),
    ];
    let mut measures = counts
        .map(|(name, value, half)| (name.to_string(), measure(value, Some(half))))
        .into_iter()
        .collect();
    let times = [
        ("wait_s", 12.34, 0.43, 17.0),
        ("first_response_s", 71.5, 0.9, 6.0),
        ("inter_message_s", 48.21, 0.3, 5.0),
        ("handle_s", 412.0, 4.4, 4.0),
    ];
    for (name, mean, half, tail) in times {
        for (statistic, at) in [
            ("mean", 1.0),
            ("p50", 0.6),
            ("p90", 0.2 * tail),
            ("p95", 0.3 * tail),
            ("p99", 0.6 * tail),
            ("max", 2.0 * tail),
        ] {
            let half = (statistic != "max").then_some(half * at);
            let value = measure(mean * at, half);
            let _: &mut indexmap::IndexMap<String, Measure> = &mut measures;
            measures.insert(format!("{name}_{statistic}"), value);
        }
    }
    let p95 = measures["wait_s_p95"];
    let level = measures["service_level_30s"];
    let start = "2026-11-23T00:00:00+01:00[Europe/Madrid]";
    let mut result = RunResult {
        format: FORMAT.into(),
        version: VERSION,
        busyhour: "0.1.0".into(),
        kind: RunKind::Simulate,
        scenario: ScenarioEcho {
            name: "Online shop, Black Friday week".into(),
            file: "scenarios/online-shop-week.toml".into(),
            overrides: vec!["agents.concurrency=3".into()],
            seed: 42,
            start: start.into(),
            horizon_s: 604_800.0,
            interval_s: 1_800.0,
            agents: 140,
            concurrency: 3,
            replications: 10,
            ..ScenarioEcho::default()
        },
        verdict: Verdict::default(),
        gates: vec![
            gate(
                "service_level_30s",
                Relation::AtLeast,
                0.8,
                Some(level),
                Outcome::Pass,
            ),
            gate(
                "wait_s_p95",
                Relation::Below,
                60.0,
                Some(p95),
                Outcome::Undecided,
            ),
            gate(
                "abandoned_ratio",
                Relation::Below,
                0.05,
                None,
                Outcome::Fail,
            ),
            gate(
                "delivery_ms_p99",
                Relation::Below,
                250.0,
                None,
                Outcome::NotApplicable,
            ),
        ],
        faults: Vec::new(),
        attribution: None,
        precision: Vec::new(),
        classes: Vec::new(),
        measures,
        intervals: rows(start, 1_800, 336, 120.0),
        days: rows(start, 86_400, 7, 0.0),
        histograms: indexmap::IndexMap::new(),
        environment: Environment {
            duration_s: 1.234,
            ..Environment::default()
        },
    };
    for (index, day) in result.days.iter_mut().enumerate() {
        let start: Zoned = start.parse().unwrap();
        *day = row(&start, 86_400 * index as i64, 86_400, 340.0 * index as f64);
    }
    result.settle();
    result
}

/// Two hours, live, without intervals.
fn live() -> RunResult {
    let mut result = week();
    result.kind = RunKind::Load;
    result.scenario = ScenarioEcho {
        name: "Quickstart".into(),
        start: "2026-11-23T09:00:00+01:00[Europe/Madrid]".into(),
        horizon_s: 7_200.0,
        warm_up_s: 600.0,
        interval_s: 900.0,
        seed: 7,
        agents: 12,
        concurrency: 3,
        replications: 1,
        replication: Some(0),
        speed: Some(240.0),
        target: Some("built-in".into()),
        ..ScenarioEcho::default()
    };
    for measure in result.measures.values_mut() {
        (measure.low, measure.high) = (None, None);
    }
    for (name, mean) in [("delivery_ms", 0.213), ("schedule_lag_ms", 1.1)] {
        for (at, statistic) in ["mean", "p50", "p90", "p95", "p99", "max"]
            .iter()
            .enumerate()
        {
            let value = measure(mean * (1.0 + at as f64), None);
            result.measures.insert(format!("{name}_{statistic}"), value);
        }
    }
    for name in [
        "failed",
        "broken",
        "not_started",
        "over_limit",
        "duplicated",
    ] {
        result.measures.insert(name.into(), measure(0.0, None));
    }
    result.measures.insert("lost".into(), measure(2.0, None));
    result.faults.push(Found {
        measure: "lost".into(),
        count: 2,
        examples: vec![
            "bh-00c0ffee-c17-0-u-3 to agent 4, Mon 23 Nov 09:12:07".into(),
            "bh-00c0ffee-c21-1-a-1 to customer 21, attempt 1, Mon 23 Nov 09:12:09".into(),
        ],
    });
    result.gates.truncate(1);
    result.verdict.valid = Some(true);
    result.intervals = rows("2026-11-23T09:00:00+01:00[Europe/Madrid]", 900, 8, 120.0);
    result.days.truncate(1);
    result.settle();
    result
}

/// The week with two classes, what few centers have, a precision reached and one not, and its first
/// day and a half left out.
fn rich() -> RunResult {
    let mut result = week();
    result.scenario.warm_up_s = 129_600.0;
    result.scenario.short_abandon_s = 5.0;
    let rare = [
        ("retried", 410.2, 20.0),
        ("short_abandoned", 82.4, 6.0),
        ("abandoned_silent", 31.5, 4.0),
        ("dropped", 12.25, 2.0),
        ("orbit_mean", 3.21, 0.2),
        ("wasted_slot_s", 8_130.0, 240.0),
        ("requeue_wait_s_mean", 41.0, 5.0),
        ("requeue_wait_s_p95", 120.0, 15.0),
    ];
    for (name, value, half) in rare {
        result
            .measures
            .insert(name.into(), measure(value, Some(half)));
    }
    let names = [
        "offered",
        "handled",
        "abandoned_ratio",
        "service_level_30s",
        "wait_s_mean",
        "first_response_s_mean",
        "inter_message_s_mean",
        "handle_s_mean",
    ];
    let class = |(name, factor): (&str, f64)| ClassRow {
        name: name.into(),
        measures: names
            .iter()
            .map(|name| {
                let of_all = result.measures.get(*name).copied();
                let m = of_all.unwrap_or(measure(0.05, Some(0.01)));
                let times = |value: Option<f64>| value.map(|value| value * factor);
                let (value, low, high) = (times(m.value), times(m.low), times(m.high));
                (
                    name.to_string(),
                    Measure {
                        value,
                        low,
                        high,
                        ..m
                    },
                )
            })
            .collect(),
    };
    result.classes = [("private", 0.8), ("business \u{1b}[2J", 0.2)]
        .map(class)
        .into();
    result.precision = vec![
        Precise::of("wait_s_mean", 0.05, 0.0, result.measures.get("wait_s_mean")),
        Precise::of(
            "rejected_ratio",
            0.1,
            0.000_5,
            result.measures.get("rejected_ratio"),
        ),
    ];
    result
}

#[test]
fn a_run_with_everything_at_100_columns() {
    insta::assert_snapshot!(render(&rich(), 100, false));
}

#[test]
fn a_run_with_everything_at_160_columns() {
    insta::assert_snapshot!(render(&rich(), 160, false));
}

#[test]
fn a_simulated_week_at_100_columns() {
    insta::assert_snapshot!(render(&week(), 100, false));
}

#[test]
fn a_simulated_week_at_80_columns() {
    insta::assert_snapshot!(render(&week(), 80, false));
}

#[test]
fn a_simulated_week_at_160_columns() {
    insta::assert_snapshot!(render(&week(), 160, false));
}

#[test]
fn a_live_run_at_100_columns() {
    insta::assert_snapshot!(render(&live(), 100, false));
}

#[test]
fn what_went_wrong_stands_first() {
    let mut run = live();
    run.verdict.valid = Some(false);
    run.verdict.reasons = vec!["schedule lag p99 31.2 ms, over 20 ms: lower live.speed".into()];
    run.verdict.failed = Some("the server \u{1b}[2Jhung up".into());
    run.verdict.stopped_by = Some("SIGINT".into());
    run.settle();
    let text = render(&run, 100, false);
    let head: Vec<&str> = text.lines().take(4).collect();
    insta::assert_snapshot!(head.join("\n"));
}

#[test]
fn no_line_is_wider_than_asked_and_colours_change_nothing_else() {
    for run in [week(), live(), rich()] {
        for width in [80, 100, 160] {
            let text = render(&run, width, false);
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
            let coloured = render(&run, width, true);
            assert!(coloured.contains("\u{1b}["));
            assert_eq!(without_colours(&coloured), text);
        }
    }
}

fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_string();
    pieces.fold(first, |out, piece| {
        out + piece.split_once('m').map_or(piece, |(_, rest)| rest)
    })
}

/// An empty run (stopped at once) has a report too.
#[test]
fn a_run_without_customers_reads_well() {
    let mut run = week();
    run.measures.clear();
    run.intervals.clear();
    run.days.clear();
    run.gates.clear();
    run.settle();
    let text = render(&run, 100, false);
    assert!(text.starts_with("NO GATES"), "{text}");
}

/// A figure of the attribution, as it was measured.
fn parts(predicted: f64, generator: (f64, f64), server: (f64, f64)) -> Parts {
    let part = |(value, half): (f64, f64)| measure(value, Some(half));
    let with_lag = predicted + generator.0;
    Parts {
        predicted: measure(predicted, None),
        predicted_with_lag: measure(with_lag, None),
        measured: measure(with_lag + server.0, None),
        generator: part(generator),
        server: part(server),
    }
}

/// A live run with what its figures are due to.
fn attributed(wait: Parts) -> RunResult {
    let mut result = live();
    let measures = [
        ("wait_s_mean", wait),
        (
            "first_response_s_mean",
            parts(98.0, (0.1, 0.2), (0.9, 0.31)),
        ),
        (
            "inter_message_s_mean",
            parts(48.0, (0.03, 0.04), (-0.1, 0.3)),
        ),
        (
            "abandoned_ratio",
            parts(0.0321, (0.0, 0.0), (0.0012, 0.004)),
        ),
    ];
    let measures = measures.map(|(name, parts)| (name.to_string(), parts));
    result.attribution = Some(Attribution {
        reasons: Vec::new(),
        blocks: 18,
        failed: 3,
        broken: 1_200,
        broken_by_plan: Some(1_150),
        measures: measures.into_iter().collect(),
    });
    result
}

/// The section of what the server added, by itself.
fn attribution(result: &RunResult, width: usize) -> String {
    let text = render(result, width, false);
    let from = text.find("What the server added").expect("it is told");
    let section = &text[from..];
    section[..section.find("\n\n").unwrap_or(section.len())].to_string()
}

#[test]
fn what_the_server_added_is_told() {
    let queued = attributed(parts(52.0, (0.02, 0.03), (0.21, 0.19)));
    insta::assert_snapshot!("attribution", attribution(&queued, 100));
    insta::assert_snapshot!("attribution_72", attribution(&queued, 72));
}

#[test]
fn what_chance_does_is_not_the_servers() {
    let mut chance = attributed(parts(52.0, (0.02, 0.03), (0.21, 0.4)));
    let found = chance.attribution.as_mut().unwrap();
    found.measures["first_response_s_mean"] = parts(98.0, (0.1, 0.2), (0.3, 0.31));
    let told = |result: &RunResult| attribution(result, 100).lines().nth(1).map(String::from);
    let words = told(&chance).unwrap();
    assert!(words.contains("nothing beyond what chance does"), "{words}");
    let faster = attributed(parts(52.0, (0.0, 0.1), (-2.0, 0.5)));
    let words = told(&faster).unwrap();
    assert!(
        words.contains("the server took 2.00 s off the wait (1.50 s .. 2.50 s)"),
        "{words}"
    );
    let mut short = chance.clone();
    short.attribution.as_mut().unwrap().blocks = 0;
    let words = told(&short).unwrap();
    assert!(words.contains("too few chats"), "{words}");
    short.attribution = Some(Attribution {
        reasons: vec!["the server's routing policy is not the scenario's".into()],
        ..Attribution::default()
    });
    let words = attribution(&short, 100);
    assert_eq!(words.lines().count(), 2, "{words}");
    assert!(
        words.contains("not attributable: the server's routing policy"),
        "{words}"
    );
}
