//! Words the verdict, and what was run.
//!
//! Law: the first line tells a reader in a hurry whether to read on.

use super::{gates, local, precision, wrapped};
use crate::measure::cast::Cast;
use crate::measure::gate::Outcome;
use crate::measure::result::{RunKind, RunResult, ScenarioEcho};
use crate::report::figure::grouped;
use crate::report::paint::Paint;
use crate::time::Span;
use crate::wire::clean;

/// The verdict with its reasons, the scenario, the run.
pub fn render(result: &RunResult, width: usize, paint: Paint) -> String {
    let mut out = format!("{}\n", verdict(result, paint));
    for reason in reasons(result) {
        for (index, line) in wrapped(&reason, width - 4).iter().enumerate() {
            out.push_str(if index == 0 { "  ! " } else { "    " });
            out.push_str(line);
            out.push('\n');
        }
    }
    out.push('\n');
    let echo = &result.scenario;
    for line in wrapped(&echo.name, width) {
        out.push_str(&format!("{}\n", paint.heading(&line)));
    }
    let changed = match echo.overrides.as_slice() {
        [] => String::new(),
        changes => format!("; changed: {}", changes.join(", ")),
    };
    for line in wrapped(&(ran(result) + &changed), width) {
        out.push_str(&format!("{line}\n"));
    }
    out
}

/// `PASSED  3 gates kept`, `VALID, FAILED  1 of 3 gates not kept`, ...
fn verdict(result: &RunResult, paint: Paint) -> String {
    let verdict = &result.verdict;
    let mut words = Vec::new();
    if let Some(signal) = &verdict.stopped_by {
        words.push(paint.doubtful(&format!("STOPPED by {}", clean(signal))));
    }
    if verdict.failed.is_some() {
        words.push(paint.bad("BROKEN OFF"));
    }
    match verdict.valid {
        Some(true) => words.push(paint.good("VALID")),
        Some(false) => words.push(paint.bad("INVALID")),
        None => {}
    }
    words.push(match verdict.passed {
        Some(true) => paint.good("PASSED"),
        Some(false) => paint.bad("FAILED"),
        None => paint.heading("NO GATES"),
    });
    let gates = verdict.passed.map(|_| gates_in_words(result));
    let rest: Vec<String> = gates
        .into_iter()
        .chain(precision::in_words(result))
        .collect();
    format!("{}  {}", words.join(", "), rest.join("; "))
        .trim_end()
        .to_string()
}

fn gates_in_words(result: &RunResult) -> String {
    let shown = || result.gates.iter().filter(|gate| gates::is_shown(gate));
    let outcomes = || shown().map(|gate| gate.outcome);
    let all = outcomes().filter(|o| *o != Outcome::NotApplicable).count();
    let failing = outcomes().filter(|outcome| outcome.fails()).count();
    let noun = if all == 1 { "gate" } else { "gates" };
    if all == 0 {
        "no gates of the scenario's".into()
    } else if outcomes().any(|outcome| outcome == Outcome::NotJudged) {
        format!("{all} {noun} not judged")
    } else if failing == 0 {
        format!("{all} {noun} kept")
    } else {
        format!("{failing} of {all} {noun} not kept")
    }
}

fn reasons(result: &RunResult) -> Vec<String> {
    let verdict = &result.verdict;
    let stopped = verdict
        .stopped_by
        .as_ref()
        .map(|_| "what follows is of the part that was run".to_string());
    let reasons = verdict.failed.iter().chain(&verdict.reasons).cloned();
    stopped.into_iter().chain(reasons).collect()
}

/// What was run, in one sentence.
fn ran(result: &RunResult) -> String {
    let echo = &result.scenario;
    let length = Span::from_secs_f64(echo.horizon_s);
    let agents = format!(
        "{} agent{}, {} chat{} each",
        grouped(f64::from(echo.agents), 0),
        plural(echo.agents),
        echo.concurrency,
        plural(echo.concurrency)
    );
    let people = match echo.cast {
        Cast::Everybody => agents,
        Cast::Customers => "the customers alone, to a staff of the server's own".into(),
        Cast::Agents => format!("the agents alone, for visitors of the server's own: {agents}"),
    };
    let warm_up = match echo.warm_up_s {
        0.0 => String::new(),
        secs => format!(", the first {} left out", Span::from_secs_f64(secs)),
    };
    let start = local::start(&echo.start);
    let stretch = match &echo.window {
        Some(window) => format!("{}, of what begins {start}", clean(window)),
        None => format!("{length} from {start}{warm_up}"),
    };
    let scaled = match &echo.scaled {
        Some(scaled) => format!("; {}", clean(scaled)),
        None => String::new(),
    };
    let early = match echo.short_abandon_s {
        0.0 => String::new(),
        secs => {
            let short = Span::from_secs_f64(secs);
            format!("; who left the queue in under {short} is left out")
        }
    };
    let from = format!("{stretch}; {people}{scaled}{early}");
    match result.kind {
        RunKind::Simulate => format!(
            "simulated {}: {from}; seed {}{}",
            replications(echo.replications),
            echo.seed,
            match echo.replication {
                None => String::new(),
                Some(replication) => format!(", replication {replication}"),
            }
        ),
        RunKind::Load => format!(
            "{} against {} at speed {}: {from}; seed {}, replication {}",
            played(echo),
            server(echo),
            at_speed(echo.speed.unwrap_or(1.0)),
            echo.seed,
            echo.replication.unwrap_or(0)
        ),
    }
}

/// What was played, and when it began where that was agreed on.
fn played(echo: &ScenarioEcho) -> String {
    let part = echo.part.as_deref().map(clean);
    let part = part.map_or(String::new(), |part| {
        format!("part {}, ", part.replace('/', " of "))
    });
    let parts = match echo.parts {
        Some(parts) => format!(" in {parts} part{}", plural(parts)),
        None => String::new(),
    };
    let began = match &echo.start_at {
        Some(at) => format!(", begun at {},", clean(at)),
        None => String::new(),
    };
    format!("{part}played live{parts}{began}")
}

/// The speed, and what it does to what server and network take.
fn at_speed(speed: f64) -> String {
    match speed > 1.0 {
        true => format!("{speed} (what the server takes is magnified {speed} x)"),
        false => speed.to_string(),
    }
}

fn server(echo: &ScenarioEcho) -> String {
    let address = match echo.target.as_deref() {
        None | Some("built-in") => return "the built-in server".into(),
        Some(address) => clean(address),
    };
    let spoken = match &echo.protocol {
        Some(protocol) => format!(" in {}", clean(&protocol.name)),
        None => String::new(),
    };
    match echo.separate {
        true => format!("{address}, centers of their own,{spoken}"),
        false => address + &spoken,
    }
}

fn replications(count: u32) -> String {
    let count_in_words = grouped(f64::from(count), 0);
    match count {
        0 | 1 => "once".into(),
        _ => format!("{count_in_words} times (± is the 95 % interval over them)"),
    }
}

fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}
