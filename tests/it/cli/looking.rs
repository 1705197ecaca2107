//! Who looks in at a live run: metrics for Prometheus, and by OTLP.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::collector::{Sink, count, histogram, metric};
use super::program::{Program, Running};

/// A few minutes in a few seconds.
const SHORT: [&str; 11] = [
    "load",
    "small.toml",
    "--set",
    "calendar.horizon=4m",
    "--set",
    "run.drain_limit=1m",
    "--set",
    "name=\"A \\\"small\\\" one\"",
    "--speed",
    "120",
    "--no-prediction",
];

/// Head and body of what is answered to a request for a path, of a server at this address.
fn ask(addr: &str, path: &str, host: &str) -> (String, String) {
    let mut stream = TcpStream::connect(addr).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// The metrics that are served at this address.
pub fn scrape(addr: &str) -> String {
    let (head, text) = ask(addr, "/metrics", addr);
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    text
}

/// Values by name and labels.
fn values(text: &str) -> BTreeMap<&str, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let values = lines.map(|line| line.rsplit_once(' ').unwrap());
    values
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect()
}

/// Waits until so many customers have come to a run with `--metrics`, of which nothing was read yet.
pub fn until_so_many_came(running: &mut Running, customers: f64) {
    let line = running.error_line();
    let addr = line.strip_prefix("metrics: http://").unwrap();
    let addr = addr.strip_suffix("/metrics").unwrap();
    let began = Instant::now();
    while values(&scrape(addr))["busyhour_chats_offered_total"] < customers {
        assert!(began.elapsed() < Duration::from_secs(20), "few come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Counts at or below rising bounds do not fall, and the last is all.
fn is_cumulative(text: &str, name: &str) {
    let bucket = format!("{name}_bucket{{le=");
    let counts: Vec<f64> = text
        .lines()
        .filter(|line| line.starts_with(&bucket))
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect();
    assert!(counts.len() > 10, "{name}: {text}");
    assert!(counts.is_sorted(), "{name}: {counts:?}");
    let all = values(text)[format!("{name}_count").as_str()];
    assert_eq!(counts.last(), Some(&all), "{name}");
}

#[test]
fn prometheus_finds_metrics_while_the_run_lasts() {
    let program = Program::new();
    let mut running = program.start(&[&SHORT[..], &["--metrics", "127.0.0.1:0"]].concat());
    let line = running.error_line();
    let addr = line.strip_prefix("metrics: http://").unwrap();
    let addr = addr.strip_suffix("/metrics").unwrap().to_owned();
    let began = Instant::now();
    let text = loop {
        let (head, text) = ask(&addr, "/metrics", &addr);
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert!(
            head.contains("content-type: text/plain; version=0.0.4"),
            "{head}"
        );
        if values(&text)["busyhour_delivery_seconds_count"] > 0.0 {
            break text;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{text}");
        std::thread::sleep(Duration::from_millis(50));
    };
    for words in [
        "# HELP busyhour_chats_total Chats that have ended, by how.",
        "# TYPE busyhour_chats_total counter",
        "busyhour_chats_total{fate=\"handled\"} ",
        "busyhour_integrity_faults_total{fault=\"misdelivered\"} 0",
        "busyhour_messages_total{from=\"agent\"} ",
        "# TYPE busyhour_chats_waiting gauge",
        "busyhour_agents_online 8",
        "busyhour_speed_ratio 120",
        concat!(
            "busyhour_build_info{version=\"",
            env!("CARGO_PKG_VERSION"),
            "\"} 1"
        ),
        "busyhour_run_info{scenario=\"A \\\"small\\\" one\",seed=\"5\",replication=\"0\"} 1",
        "# TYPE busyhour_wait_scenario_seconds histogram",
        "busyhour_wait_scenario_seconds_bucket{le=\"30\"} ",
        "busyhour_schedule_lag_seconds_bucket{le=\"0.0001\"} ",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for name in [
        "wait_scenario",
        "inter_message_scenario",
        "delivery",
        "connect",
        "schedule_lag",
    ] {
        is_cumulative(&text, &format!("busyhour_{name}_seconds"));
    }
    let (forbidden, _) = ask(&addr, "/metrics", "evil.example");
    assert!(forbidden.starts_with("HTTP/1.1 403"), "{forbidden}");
    let (elsewhere, _) = ask(&addr, "/", "localhost");
    assert!(elsewhere.starts_with("HTTP/1.1 404"), "{elsewhere}");
    let ended = running.wait();
    assert!([Some(0), Some(4)].contains(&ended.code), "{}", ended.stderr);
    assert!(
        TcpStream::connect(&addr).is_err(),
        "they are gone with the run"
    );
}

#[test]
fn metrics_are_refused_where_they_cannot_be_served() {
    let program = Program::new();
    let run = |more: &[&str]| program.run(&[&SHORT[..], more].concat());
    run(&["--metrics", "0.0.0.0:0"]).fails_with(2, &["not loopback", "--metrics-allow-remote"]);
    run(&["--metrics", "localhost"]).fails_with(2, &["--metrics <IP:PORT>"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    run(&["--metrics", &addr]).fails_with(3, &["cannot serve metrics on", "another port"]);
}

/// What was exported last is what the result says.
#[test]
fn a_collector_gets_what_the_run_has_come_to() {
    let program = Program::new();
    let sink = Sink::new(true);
    let run = program.shell(&format!(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://{} OTEL_METRIC_EXPORT_INTERVAL=400 \
         OTEL_EXPORTER_OTLP_HEADERS='api-key=canary%2D4711' OTEL_SERVICE_NAME=night \
         $BUSYHOUR load small.toml --set calendar.horizon=3m --set run.drain_limit=1m --speed 120 \
         --workers 2 --otlp",
        sink.addr
    ));
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    let heads = sink.heads();
    assert!(heads.len() > 2, "{heads:?}");
    for head in &heads {
        assert!(head.starts_with("POST /v1/metrics HTTP/1.1\r\n"), "{head}");
        assert!(
            head.contains("content-type: application/x-protobuf\r\n"),
            "{head}"
        );
        assert!(head.contains("api-key: canary-4711\r\n"), "{head}");
    }
    let (last, result) = (sink.last(), program.result("run.json"));
    let resource = format!("{:?}", last.resource_metrics[0].resource);
    assert!(
        resource.contains("service.name") && resource.contains("night"),
        "{resource}"
    );
    let value = |measure: &str| result.value(measure).unwrap() as i64;
    assert_eq!(
        count(&last, "busyhour_chats_offered_total", ""),
        value("offered")
    );
    for fate in [
        "handled",
        "abandoned_queue",
        "abandoned_chat",
        "open_at_end",
        "failed",
    ] {
        assert_eq!(
            count(&last, "busyhour_chats_total", fate),
            value(fate),
            "{fate}"
        );
    }
    assert_eq!(count(&last, "busyhour_integrity_faults_total", ""), 0);
    for (name, measure) in [
        ("wait_scenario", "wait_s_mean"),
        ("first_response_scenario", "first_response_s_mean"),
        ("inter_message_scenario", "inter_message_s_mean"),
        ("delivery", "delivery_ms_mean"),
        ("connect", "connect_ms_mean"),
        ("schedule_lag", "schedule_lag_ms_mean"),
    ] {
        let (got, told) = (
            histogram(&last, &format!("busyhour_{name}_seconds")),
            &result.measures[measure],
        );
        assert_eq!(got.count, told.samples, "{name}");
        assert_eq!(got.bucket_counts.iter().sum::<u64>(), got.count, "{name}");
        let of_a_second = if measure.contains("_ms_") { 1e3 } else { 1.0 };
        let mean = got.sum.unwrap() / got.count as f64 * of_a_second;
        let expected = told.value.unwrap();
        assert!(
            (mean - expected).abs() <= 1e-6 * expected,
            "{name}: {mean}, {expected}"
        );
    }
    let reasons = result.verdict.reasons.join("\n");
    assert!(!reasons.contains("exports"), "{reasons}");
}

/// The metrics exported last of a run that plays one side at the built-in server: those of the first
/// names are among them, those of the others are not.
fn one_side_measures(side: &str, seen: &[&str], unseen: &[&str]) {
    let program = Program::new();
    let sink = Sink::new(true);
    let mut server = program.start(&["serve", "--listen", "127.0.0.1:0"]);
    let line = server.line();
    let port = line.rsplit(':').next().unwrap().to_owned();
    let run = program.shell(&format!(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://{} $BUSYHOUR load small.toml --speed 120 --otlp \
         --set calendar.horizon=2m --set run.drain_limit=1m --only {side} --no-prediction \
         --target ws://127.0.0.1:{port}",
        sink.addr
    ));
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    let last = sink.last();
    for (names, is_there) in [(seen, true), (unseen, false)] {
        for name in names {
            let found = metric(&last, &format!("busyhour_{name}"));
            assert_eq!(found.is_some(), is_there, "{name}");
        }
    }
    let offered = count(&last, "busyhour_chats_offered_total", "");
    assert_eq!(offered > 0, side == "customers");
}

/// Of a staff that is the server's own nothing is measured that only agents know.
#[test]
fn customers_alone_measure_what_they_can() {
    let seen = ["chats_offered_total", "connect_seconds"];
    let unseen = [
        "slots_in_use",
        "agents_online",
        "integrity_faults_total",
        "delivery_seconds",
    ];
    one_side_measures("customers", &seen, &unseen);
}

/// Of visitors nothing is measured that only customers of the run know.
#[test]
fn agents_alone_measure_what_they_can() {
    let seen = [
        "slots_in_use",
        "agents_online",
        "chats_offered_total",
        "agent_online_seconds",
        "integrity_faults_total",
    ];
    let unseen = [
        "customers_arrived_total",
        "customers_present",
        "chats_waiting",
        "wait_scenario_seconds",
        "connect_seconds",
        "delivery_seconds",
        "messages_undelivered_total",
    ];
    one_side_measures("agents", &seen, &unseen);
}

#[test]
fn a_collector_that_does_not_take_them_is_a_remark() {
    let program = Program::new();
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refusing = Sink::new(false);
    for (addr, words) in [
        (nobody, "exports of metrics failed: http://127.0.0.1"),
        (
            refusing.addr,
            "HTTP 401 Unauthorized POST /v1/metrics HTTP/1.1 &",
        ),
    ] {
        let run = program.shell(&format!(
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://{addr} OTEL_METRIC_EXPORT_INTERVAL=500 \
             OTEL_EXPORTER_OTLP_HEADERS='api-key=canaryotlp/4711' $BUSYHOUR load small.toml \
             --set calendar.horizon=1m --set run.drain_limit=1m --speed 120 --no-prediction --otlp"
        ));
        assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
        let reasons = program.result("run.json").verdict.reasons.join("\n");
        assert!(reasons.contains(words), "{reasons}");
        for text in [&run.stdout, &run.stderr, &reasons] {
            assert!(!text.contains("canaryotlp"), "{text}");
        }
    }
    assert!(
        refusing
            .heads()
            .iter()
            .all(|head| head.contains("canaryotlp/4711"))
    );
}

#[test]
fn an_environment_that_is_unfit_is_refused() {
    let program = Program::new();
    for (variables, words) in [
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://192.0.2.7:4318",
            "--allow-target 192.0.2.7",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318",
            "begin with http://",
        ),
    ] {
        let run = program.shell(&format!("{variables} $BUSYHOUR load small.toml --otlp"));
        run.fails_with(2, &[words]);
    }
}
