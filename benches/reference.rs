//! The reference model, a 12-hour day on one core, in customers a second at three sizes; what of
//! its loop is recording; and the single server, in arrivals and departures a second.
//!
//! `cargo bench --bench reference` prints the median of several runs by size. With
//! `-- --against 'PROGRAM --size {size} --reps {reps}'` it runs another program in turn (A B A B),
//! reads `"customers_per_s":N` from what that prints, and gives the ratio of medians.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use busyhour::center::fate::Fate;
use busyhour::measure::recorder::Recorder;
use busyhour::scenario::{self, plan::Plan};
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::study::validate::center::Center;
use busyhour::time::{Span, Time};

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

/// Nanoseconds that the notes of one chat of the reference model take, by themselves: five
/// exchanges, an agent who begins and leaves off with each.
fn recording(plan: &Plan) -> f64 {
    let mut recorder = Recorder::new(&plan.outline, false, false);
    let (chats, apart) = (1_000_000u32, Span(43_200_000_000_000 / 1_000_000));
    let began = Instant::now();
    for number in 0..chats {
        let mut now = Time::ZERO + Span(apart.0 * u64::from(number));
        recorder.advance(now);
        let visit = &mut recorder.offered(number, 0, 0, now);
        recorder.assigned(visit, number % 140, now);
        recorder.slot_taken(1, now);
        for exchange in 0..5u64 {
            if exchange > 0 {
                recorder.sent(visit, now);
            }
            recorder.attends(true, now);
            // Anything but the same place of the histogram each time.
            now = now
                + Span(
                    20_000_000_000 + (u64::from(number) * 7_919 + exchange) % 60 * 1_000_000_000,
                );
            recorder.composed(visit, Span(30_000_000_000));
            recorder.replied(visit, now);
            recorder.attends(false, now);
        }
        recorder.ended(visit, Fate::Handled, now);
        recorder.slot_freed(0, now);
        recorder.handled(visit, now);
        recorder.keep(visit, now);
    }
    let took = began.elapsed().as_secs_f64();
    std::hint::black_box(recorder.finish(plan.end(), false));
    took * 1e9 / f64::from(chats)
}

/// M/M/1 at a utilization of two thirds, 600,000 customers a run: arrivals and departures a second.
fn single_server() -> f64 {
    let center = Center {
        hours: 10_000.0,
        warm_up_hours: 0.0,
        interval_hours: 24.0,
        replications: 2,
        ..Center::default()
    };
    2.0 * ours(&center.plan()).0
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
        if size == "M" {
            let notes = median((0..runs).map(|_| recording(&plan)).collect());
            let share = notes * rate * 1e-9;
            println!(
                "recording at M: {notes:.0} ns a chat, {:.1} % of the loop",
                share * 100.0
            );
        }
    }
    if only.as_ref().is_none_or(|only| only == "mm1") {
        let events = median((0..runs).map(|_| single_server()).collect());
        println!("M/M/1: {:.2} M events/s", events / 1e6);
    }
}
