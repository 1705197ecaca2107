//! A canary in every place where a secret can stand, and a server that repeats it.

use std::time::{Duration, Instant};

use super::parrot::{Parrot, WAYS, parrot};
use crate::cli::collector::Sink;
use crate::cli::looking::scrape;
use crate::cli::program::{Ended, Program};

/// Of each secret; none may be seen anywhere.
const CANARIES: [&str; 5] = [
    "canaryenv",
    "canarycustomer",
    "canaryagent",
    "canarytext",
    "canaryotlp",
];

/// The environment's secret holds what JSON and addresses escape.
const ENVIRONMENT: &str = "CANARY='canaryenv-4711/+canaryenv=' $BUSYHOUR ";

/// Every way in which a secret can be given.
const FLAGS: &str = "--header X-Env=env:CANARY --header X-Row=feeder:token --feeder customers.csv \
                     --agent-feeder agents.csv --header 'Authorization=Bearer canarytext-0815'";

const SHORT: &str =
    "load small.toml --scale 2 --set calendar.horizon=2m --set run.drain_limit=1m --speed 120";

fn folder() -> Program {
    let program = Program::new();
    let customers = "name,token\nann,canarycustomer-0\nbob,canarycustomer-1\n";
    std::fs::write(program.path("customers.csv"), customers).unwrap();
    std::fs::write(program.path("agents.csv"), "token\ncanaryagent-0\n").unwrap();
    program
}

fn play(program: &Program, parrot: &Parrot, more: &str) -> Ended {
    let addr = parrot.addr;
    program.shell(&format!(
        "{ENVIRONMENT} {SHORT} --target ws://{addr} {FLAGS} {more}"
    ))
}

#[track_caller]
fn sees_no_secret(text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{canary}: {text}");
    }
}

#[test]
fn what_the_server_repeats_is_masked_wherever_it_is_told() {
    is_masked("--workers 1");
}

/// Worker processes get the secrets by their pipes, and mask them where they tell.
#[test]
fn what_it_repeats_to_a_worker_is_masked_as_well() {
    is_masked("--workers 2");
}

fn is_masked(more: &str) {
    let program = folder();
    let parrot = parrot(true);
    let more = format!("{more} --records chats.csv --trace customer:0");
    let run = play(&program, &parrot, &more);
    // A parrot is no chat server: what it says to customers is a fault of its, which gates judge.
    assert!([Some(1), Some(4)].contains(&run.code), "{}", run.stderr);
    let shown = parrot.shown.lock().unwrap().join("\n");
    // The parrot has seen them all, each person its own, and used all its ways.
    for canary in [
        "4711/+canaryenv=",
        "customer-0",
        "customer-1",
        "agent-0",
        "Bearer canarytext-0815",
    ] {
        assert!(shown.contains(canary), "{canary}: {shown}");
    }
    assert!(shown.matches("canarycustomer").count() >= WAYS);
    let file = |name: &str| std::fs::read_to_string(program.path(name)).unwrap();
    let result = file("run.json");
    for text in [&run.stdout, &run.stderr, &result, &file("chats.csv")] {
        sees_no_secret(text);
    }
    // What it said of them is told, without them.
    for words in [
        "HTTP 403 Forbidden no: *** & *** & ***",
        "leads elsewhere: HTTP 307 Temporary Redirect, to wss://elsewhere.example/?token=***",
        "the server `*** & *** & ***` speaks version 99",
        "not a frame of the protocol: unknown variant `*** & *** & ***`",
        "the server to a customer: éé",
        "the server to an agent: *** & *** & ***",
        "the server routes by *** & *** & ***",
    ] {
        assert!(result.contains(words), "{words}: {result}");
    }
    let headers = program.result("run.json").scenario.headers;
    assert_eq!(headers, ["x-env", "x-row", "authorization"]);
}

#[test]
fn an_error_before_the_start_holds_none() {
    let program = folder();
    let run = play(&program, &parrot(false), "");
    sees_no_secret(&run.stderr);
    run.fails_with(
        3,
        &[
            "HTTP 401 Unauthorized no: *** & *** & ***",
            "--header NAME=env:",
        ],
    );
}

/// Command lines of the processes that a run has started.
fn command_lines(id: u32, workers: usize) -> Vec<String> {
    let began = Instant::now();
    loop {
        let children = format!("/proc/{id}/task/{id}/children");
        let text = std::fs::read_to_string(children).unwrap_or_default();
        let ids: Vec<&str> = text.split_whitespace().collect();
        if ids.len() == workers {
            let line = |id: &&str| std::fs::read(format!("/proc/{id}/cmdline")).unwrap();
            let lines = ids.iter().map(line);
            return lines.map(|line| String::from_utf8(line).unwrap()).collect();
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{text}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A canary in every place a secret can stand appears in no result, records, log, trace, metric,
/// report or command line of the processes that a run starts.
#[test]
fn no_canary_is_seen_anywhere() {
    let program = folder();
    let parrot = parrot(true);
    let (sink, refusing) = (Sink::new(true), Sink::new(false));
    let mut all = String::new();
    // Each customer of the parrot hears it in another way; the fourth gets no frame of the protocol,
    // with escapes, and the fifth a message.
    for (customer, workers, collector) in [(4, 1, &sink), (5, 2, &refusing)] {
        let flags = "--header X-Env=env:CANARY --header X-Row=feeder:token --feeder customers.csv \
                     --agent-feeder agents.csv --header Authorization=env:CANARY_TOO --otlp \
                     --metrics 127.0.0.1:0 --records chats.csv --no-prediction";
        let line = format!(
            "{SHORT} {flags} --target ws://{} --trace customer:{customer} --workers {workers}",
            parrot.addr
        );
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut running = program.start_with(
            &words,
            &[
                ("CANARY", "canaryenv-4711/+canaryenv="),
                ("CANARY_TOO", "Bearer canarytext-0815"),
                (
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    &format!("http://{}", collector.addr),
                ),
                ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=canaryotlp-2342"),
                ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
            ],
        );
        let said = running.error_line();
        let addr = said.strip_prefix("metrics: http://").unwrap();
        let addr = addr.strip_suffix("/metrics").unwrap();
        if workers > 1 {
            all += &command_lines(running.id(), workers).join("\n");
        }
        let began = Instant::now();
        let metrics = loop {
            let text = scrape(addr);
            if !text.contains("busyhour_connect_seconds_count 0\n") {
                break text;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{text}");
            std::thread::sleep(Duration::from_millis(20));
        };
        all += &metrics;
        let run = running.wait();
        assert!([Some(1), Some(4)].contains(&run.code), "{}", run.stderr);
        let trace = "customer > GET /customer HTTP/1.1, with host,";
        assert!(run.stdout.contains(trace), "{}", run.stdout);
        assert!(run.stdout.contains("authorization"), "{}", run.stdout);
        assert!(run.stdout.contains("***"), "{}", run.stdout);
        all += &(said + &run.stdout + &run.stderr);
        for file in ["run.json", "chats.csv"] {
            all += &std::fs::read_to_string(program.path(file)).unwrap();
        }
        all += &collector.text();
    }
    sees_no_secret(&all);
    for words in [
        "worker",
        "busyhour_chats_offered_total",
        "HTTP 401 Unauthorized",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
    let shown = parrot.shown.lock().unwrap().join("\n");
    let heads = (sink.heads().join("\n"), refusing.heads().join("\n"));
    for (canary, text) in [
        ("canaryenv-4711/+", &shown),
        ("canarycustomer-", &shown),
        ("canaryagent-0", &shown),
        ("Bearer canarytext-0815", &shown),
        ("canaryotlp-2342", &heads.0),
        ("canaryotlp-2342", &heads.1),
    ] {
        assert!(text.contains(canary), "{canary}: {text}");
    }
}

/// What is wrong with a secret is said without it.
#[test]
fn a_secret_that_is_refused_is_not_told() {
    let program = folder();
    std::fs::write(
        program.path("bad.csv"),
        "token\nfine\n\"canarycustomer\ntwo\"\n",
    )
    .unwrap();
    std::fs::write(program.path("bare.csv"), "canarycustomer\ncanarycustomer\n").unwrap();
    for (flags, words) in [
        ("--header canarytext", "no `=`"),
        ("--header 'X-A: canarytext='", "no name of a header"),
        ("--header X-A=env:canarytext-0815", "names no variable"),
        (
            "--header X-A=env:CANARY_NONE",
            "CANARY_NONE, which is not set",
        ),
        (
            "--header X-A=\"$(printf 'canarytext\\nX-B: 1')\"",
            "does not fit",
        ),
        ("--header Host=canarytext", "handshake's own"),
        ("--header X-A=feeder:token", "--feeder FILE.csv"),
        (
            "--header X-A=feeder:token --feeder none.csv",
            "cannot read none.csv",
        ),
        (
            "--header X-A=feeder:token --feeder bare.csv",
            "no column `token` among its 1",
        ),
        ("--header X-A=feeder:token --feeder bad.csv", "value 2"),
        (
            "--header X-A=canarytext --feeder agents.csv",
            "nothing takes anything",
        ),
        ("--subprotocol 'a, canarytext'", "no name of a subprotocol"),
        (
            "--target ws://ann:canarytext@127.0.0.1:9",
            "holds a user name",
        ),
        (
            "--records customers.csv --feeder customers.csv --header X-A=feeder:token",
            "overwrite",
        ),
    ] {
        let run = program.shell(&format!("{ENVIRONMENT} {SHORT} {flags}"));
        sees_no_secret(&run.stderr);
        sees_no_secret(&run.stdout);
        run.fails_with(2, &[words]);
    }
}

/// The built-in server lets headers pass that it does not know.
#[test]
fn the_built_in_server_takes_no_offence() {
    let program = folder();
    let run = program.shell(&format!("{ENVIRONMENT} {SHORT} {FLAGS}"));
    assert!([Some(0), Some(4)].contains(&run.code), "{}", run.stderr);
    assert_eq!(program.result("run.json").value("failed"), Some(0.0));
    let refused = program.shell(&format!("{ENVIRONMENT} {SHORT} --subprotocol chat.v9"));
    refused.fails_with(
        3,
        &[
            "does not agree to the subprotocol `chat.v9`",
            "--subprotocol",
        ],
    );
}
