//! Owns the measurement of what an exchange costs the generator in processor time.

use std::process::Stdio;
use std::time::Duration;

use crate::asked::Asked;
use crate::process::{Counted, Process, count};
use crate::stage::{
    CLIENTS, answering, at, free_port, generator, result, temporary, their_answering,
};

/// Seconds until as many go as come: ten exchanges with a second of thought between them.
const RAMP_S: u32 = 11;

/// Microseconds of processor time an exchange in the steady part.
pub fn cost_us(server: &mut Process, client: &Process, seconds: u32) -> Option<f64> {
    let mut lines = server.lines();
    let mut next = || {
        let Counted { accepted, messages } = count(&mut lines)?;
        Some((accepted, messages, client.cpu_s()))
    };
    // The generator looks in before anybody comes.
    while next()?.0 < 2.0 {}
    let mut steady = Vec::new();
    for _ in 0..=RAMP_S + seconds {
        let (_, messages, cpu) = next()?;
        steady.push((messages, cpu));
    }
    let ((began, before), (ended, after)) = (steady[RAMP_S as usize], *steady.last()?);
    (ended > began).then(|| (after - before) * 1e6 / (ended - began))
}

/// One run of ours: what an exchange costs, and what the run says of itself.
fn ours(rate: u32, seconds: u32) -> Option<(f64, String)> {
    let (out, port) = (temporary(), free_port());
    let mut server = answering(port);
    let rate = format!("arrivals.rate={rate} per second");
    let told = ["--only", "customers", "--set", &rate];
    let client = generator(CLIENTS, &at(port), &told, out.path());
    let cost = cost_us(&mut server, &client, seconds)?;
    client.stop(Duration::from_secs(10));
    let result = result(out.path())?;
    let valid = match result.verdict.valid? {
        true => "VALID",
        false => "INVALID",
    };
    let lag = result.value("schedule_lag_ms_p99")?;
    let gone = result.value("failed")? + result.value("broken")?;
    let words = format!("{valid}, lag p99 {lag:.2} ms, {gone} failed or broken");
    Some((cost, words))
}

/// One run of the other client.
fn theirs(asked: &Asked, rate: u32, seconds: u32) -> Option<f64> {
    let (secs, port) = (RAMP_S + seconds + 3, free_port());
    let places = [("rate", rate), ("secs", secs), ("port", port.into())];
    let words = asked.command("--against", &places)?;
    let mut server = their_answering(asked, port)?;
    let client = Process::start(CLIENTS, &words, Stdio::null());
    cost_us(&mut server, &client, seconds)
}

/// Measures it, for each rate. What the machine's neighbours take of it changes from minute to minute
/// and weighs on both clients alike, so each run of ours is held against the one just after it.
pub fn measure(asked: &Asked) {
    let seconds = asked.number("--seconds", 20);
    let rates = asked.after("--rates").unwrap_or("500,1500").split(',');
    for rate in rates.map(|rate| rate.parse().expect("a rate is a whole number")) {
        let (mut own, mut others, mut words) = (Vec::new(), Vec::new(), String::new());
        for _ in 0..asked.number("--runs", 2) {
            let (cost, said) = ours(rate, seconds).expect(
                "the run gets so far: `busyhour load scenarios/bench.toml` says why it does not",
            );
            own.push(cost);
            words = said;
            others.extend(theirs(asked, rate, seconds));
        }
        print!(
            "cost at {rate}/s: {} us an exchange ({words})",
            several(&own, 1)
        );
        if !others.is_empty() {
            let pairs = own.iter().zip(&others);
            let ratios: Vec<f64> = pairs.map(|(own, other)| own / other).collect();
            print!("; the other {}", several(&others, 1));
            print!("; ratio {}", several(&ratios, 2));
        }
        println!();
    }
}

/// The median, with what it is of, to so many places.
pub fn several(values: &[f64], places: usize) -> String {
    let each: Vec<String> = values
        .iter()
        .map(|value| format!("{value:.places$}"))
        .collect();
    let median = median(values.to_vec());
    format!("{median:.places$} [{}]", each.join(" "))
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    let lower = (values.len() - 1) / 2;
    (values[lower] + values[upper]) / 2.0
}
