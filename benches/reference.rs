//! The reference model, a 12-hour day on one core, in customers a second at three sizes.
//!
//! `cargo bench --bench reference` prints the median of several runs by size. With
//! `-- --against 'PROGRAM --size {size} --reps {reps}'` it runs another program in turn (A B A B),
//! reads `"customers_per_s":N` from what that prints, and gives the ratio of medians.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use busyhour::scenario::{self, plan::Plan};
use busyhour::simulation::{Options, Watch, simulate};

fn plan(per_hour: u32, agents: u32, replications: u32) -> Plan {
    let changes = [
        format!("arrivals.rate={per_hour} per hour"),
        format!("agents.count={agents}"),
        format!("run.replications={replications}"),
    ];
    let file = Path::new("scenarios/reference.toml");
    scenario::read(file, &changes).expect("the shipped scenario and its changes are sound")
}

/// Customers and events a second of one run on one thread.
fn ours(plan: &Plan) -> (f64, f64) {
    let watch = Watch::default();
    let began = Instant::now();
    let outcome = simulate(
        plan,
        &Options {
            threads: 1,
            records: false,
            ..Options::default()
        },
        &watch,
    );
    let took = began.elapsed().as_secs_f64();
    let chats = outcome.result.measures["offered"].samples as f64;
    let events = watch.events.load(std::sync::atomic::Ordering::Relaxed) as f64;
    (chats / took, events / took)
}

/// Customers a second of the other program.
fn theirs(command: &str, size: &str, reps: u32) -> Option<f64> {
    let command = command
        .replace("{size}", size)
        .replace("{reps}", &reps.to_string());
    let mut words = command.split_whitespace();
    let output = Command::new(words.next()?).args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let after = text.split("\"customers_per_s\":").nth(1)?;
    after.split([',', '}']).next()?.trim().parse().ok()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[allow(clippy::print_stdout)]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| {
        arguments
            .iter()
            .position(|a| a == name)
            .and_then(|i| arguments.get(i + 1))
            .cloned()
    };
    let against = after("--against");
    let only = after("--size");
    let runs = after("--runs")
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(7);
    for (size, per_hour, agents, reps) in [
        ("S", 60, 8, 1_000),
        ("M", 1_200, 140, 60),
        ("L", 60_000, 7_000, 2),
    ] {
        if only.as_ref().is_some_and(|only| only != size) {
            continue;
        }
        let plan = plan(per_hour, agents, reps);
        let (mut rates, mut events, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            let (rate, event) = ours(&plan);
            rates.push(rate);
            events.push(event);
            others.extend(
                against
                    .as_ref()
                    .and_then(|command| theirs(command, size, reps)),
            );
        }
        let (rate, events) = (median(rates), median(events));
        print!(
            "{size}: {:.3} M customers/s, {:.2} M events/s",
            rate / 1e6,
            events / 1e6
        );
        if !others.is_empty() {
            let other = median(others);
            print!(
                "; the other {:.3} M customers/s, ratio {:.3}",
                other / 1e6,
                rate / other
            );
        }
        println!();
    }
}
