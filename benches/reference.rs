//! The reference model, a 12-hour day on one core, in customers a second at three sizes.
//!
//! `cargo bench --bench reference` prints the median of several runs by size. With
//! `-- --against 'PROGRAM --size {size} --reps {reps}'` it runs another program in turn (A B A B),
//! reads `"customers_per_s":N` from what that prints, and gives the ratio of medians.

use std::process::Command;
use std::time::Instant;

use busyhour::center::rules::{AgentRules, CustomerRules, Policy, RouterRules};
use busyhour::measure::gate::Judge;
use busyhour::measure::outline::Outline;
use busyhour::scenario::calendar::Calendar;
use busyhour::scenario::plan::{
    Arrivals, Live, Period, Piece, Plan, RateCurve, Shift, Source, Validity,
};
use busyhour::simulation::{Options, Watch, simulate};
use busyhour::stats::law::{CountLaw, Law};
use busyhour::time::{Span, Time};

const HORIZON: u64 = 12 * 3600;

fn plan(per_hour: f64, agents: u32, replications: u32) -> Plan {
    let piece = |i: u64| {
        let factor = 0.4 + 1.2 * (std::f64::consts::PI * (i as f64 + 0.5) / 48.0).sin();
        let rate = per_hour * factor / 3600.0 * 1e-9;
        let until = Time(Span::from_secs((i + 1) * 900).0);
        Piece {
            until,
            from_rate: rate,
            to_rate: rate,
            day: 0,
        }
    };
    let horizon = Time(Span::from_secs(HORIZON).0);
    let law = |law: Result<Law, String>| law.expect("possible parameters");
    let slow = |n: u32| 1.0 + 0.05 * f64::from(n);
    let shift = |agent| Shift {
        agent,
        from: Time::ZERO,
        until: Time::NEVER,
    };
    Plan {
        name: "reference".into(),
        source: Source::default(),
        seed: 1,
        calendar: Calendar::new("2026-01-05T00:00:00[UTC]".parse().expect("a date")),
        outline: Outline {
            warm_up: Time::ZERO,
            horizon,
            end: horizon + Span::from_secs(86_400),
            interval: Span::from_secs(1_800),
            days: vec![Time::ZERO],
            service_levels: vec![Span::from_secs(30)],
            concurrency: 3,
        },
        drain_limit: Span::from_secs(86_400),
        replications,
        arrivals: Arrivals::Rate(RateCurve {
            pieces: (0..48).map(piece).collect(),
            busyness_cv: 0.0,
        }),
        open: vec![Period {
            from: Time::ZERO,
            until: Time::NEVER,
        }],
        customers: CustomerRules {
            queue_patience: law(Law::exponential(180.0)),
            reply_patience: law(Law::lognormal(400.0, 0.6)),
            think: law(Law::lognormal(60.0, 1.0)),
            exchanges: CountLaw::geometric(5.0).expect("a mean over one"),
        },
        agents: AgentRules {
            concurrency: 3,
            reply: law(Law::lognormal(40.0, 0.8)),
            wrap_up: law(Law::exponential(30.0)),
            slow_down: (0..3).map(slow).collect(),
        },
        router: RouterRules {
            queue_limit: u32::MAX,
            policy: Policy::FewestActive,
        },
        team: agents,
        shifts: (0..agents).map(shift).collect(),
        live: Live {
            speed: 60.0,
            connect_lead: Span::from_secs(5),
            closing_deadline: Span::from_secs(10),
            start_deadline: Span::from_secs(30),
        },
        validity: Validity {
            lag_ms_p99: 20.0,
            lag_share: 0.01,
        },
        gates: Vec::new(),
        judge: Judge::Interval,
    }
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
        ("S", 60.0, 8, 1_000),
        ("M", 1_200.0, 140, 60),
        ("L", 60_000.0, 7_000, 2),
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
