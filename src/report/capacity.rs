//! Words a search for a server's capacity, and a sweep over a key.
//!
//! Law: the first line says what holds and what breaks it, and no more than is known: a search that
//! ended early says at least, and why.

mod cause;
mod sweep;

use super::figure::{Unit, grouped, say_some};
use super::paint::Paint;
use super::terminal::grid::Grid;
use super::terminal::wrapped;
use crate::study::capacity::bounds::Cause;
use crate::study::capacity::findings::{End, Findings, Level, Searched};
use crate::study::capacity::probe::Probe;
use crate::study::capacity::search::Vote;
use crate::time::Span;
use crate::wire::clean;
pub use cause::why;

/// The narrowest text that still reads well, and the widest that does.
const WIDTHS: (usize, usize) = (72, 180);
/// Columns of the longest bar.
const BAR: usize = 40;
const DELIVERY: &str = "delivery_ms_p99";

/// The report, `width` columns wide.
pub fn render(findings: &Findings, width: usize, colour: bool) -> String {
    let (width, paint) = (width.clamp(WIDTHS.0, WIDTHS.1), Paint::new(colour));
    let parts = match (&findings.search, &findings.sweep) {
        (Some(searched), _) => vec![
            verdict(findings, searched, width, paint),
            heading(findings, width, paint),
            probes(searched, width, paint),
            chart(searched, paint),
            remarks(searched, width, paint),
        ],
        (None, Some(found)) => vec![
            sweep::verdict(findings, found, width, paint),
            heading(findings, width, paint),
            sweep::table(found, width, paint),
            sweep::notes(found, width, paint),
        ],
        (None, None) => Vec::new(),
    };
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// What is known, a line or two each.
fn verdict(findings: &Findings, searched: &Searched, width: usize, paint: Paint) -> String {
    let word = match (&findings.end, &searched.holds, &searched.breaks) {
        (End::Done, Some(_), Some(_)) => paint.good("FOUND"),
        (_, Some(_), Some(_)) => paint.doubtful("BETWEEN"),
        (_, Some(_), None) => paint.doubtful("AT LEAST"),
        (_, None, Some(_)) => paint.bad("DOES NOT HOLD"),
        (_, None, None) => paint.bad("UNKNOWN"),
    };
    let holds = match &searched.holds {
        Some(level) => format!("holds {}", said(level, true)),
        None => "no scale was seen to hold".to_string(),
    };
    let mut lines = vec![holds];
    if let Some(level) = &searched.breaks {
        lines.push(format!(
            "breaks at {}: {}",
            said(level, false),
            why(&level.causes)
        ));
    }
    lines.extend(ended(&findings.end));
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (part, line) in wrapped(line, width - 12).into_iter().enumerate() {
            out += &match (index, part) {
                (0, 0) => format!("{word}  {line}\n"),
                (_, 0) => format!("  {line}\n"),
                _ => format!("    {line}\n"),
            };
        }
    }
    out
}

/// `4,512 customers/min (scale 1.05, 44 agents, 289 messages/s, 144 exchanges/s)`.
fn said(level: &Level, agents: bool) -> String {
    let scale = format!("scale {}", level.scale);
    let Some(load) = level.load else {
        return scale;
    };
    let rate = |value: f64| grouped(value, if value < 99.95 { 1 } else { 0 });
    let mut within = vec![scale];
    if agents {
        within.push(format!("{} agents", grouped(level.agents.into(), 0)));
    }
    within.push(format!("{} messages/s", rate(load.messages_per_s)));
    if agents {
        within.push(format!("{} exchanges/s", rate(load.exchanges_per_s)));
    }
    let customers = rate(load.customers_per_min);
    format!("{customers} customers/min ({})", within.join(", "))
}

/// Why it ended before all was known; nothing where it did not.
fn ended(end: &End) -> Option<String> {
    Some(match end {
        End::Done => return None,
        End::BelowLeast => "not even the least scale holds".into(),
        End::BeyondMost => "the greatest scale that is looked at holds".into(),
        End::Generator { words } => format!("bound by the generator: {words}"),
        End::Budget { words } => format!("out of time: {words}"),
        End::NotRecovered { words } => format!("the server did not recover: {words}"),
        End::Stopped { signal } => format!("stopped by {signal}"),
    })
}

/// What became of a probe, in a line.
pub fn in_a_line(probe: &Probe) -> String {
    let rate = match probe.load {
        Some(load) => format!(", {} messages/s", grouped(load.messages_per_s, 1)),
        None => String::new(),
    };
    format!("{}{rate}", vote(probe))
}

/// What was played, where.
fn heading(findings: &Findings, width: usize, paint: Paint) -> String {
    let echo = &findings.scenario;
    let length = Span::from_secs_f64(echo.horizon_s);
    let speed = echo.speed.unwrap_or(1.0);
    let target = match echo.target.as_deref() {
        None | Some("built-in") => "the built-in server: this measures this machine".to_string(),
        Some(target) => match &echo.protocol {
            Some(protocol) => format!("{target} in {}", clean(&protocol.name)),
            None => target.to_string(),
        },
    };
    let changed = match echo.overrides.as_slice() {
        [] => String::new(),
        changes => format!("; changed: {}", changes.join(", ")),
    };
    // A sweep may be over how many there are.
    let people = match findings.sweep {
        Some(_) => String::new(),
        None => format!("{} agents, {} chats each; ", echo.agents, echo.concurrency),
    };
    let words = format!(
        "live at speed {speed} against {target}; up to {length} a run; {people}seed {}{changed}",
        echo.seed
    );
    let mut out = String::new();
    for line in wrapped(&echo.name, width) {
        out += &format!("{}\n", paint.heading(&line));
    }
    for line in wrapped(&words, width) {
        out += &format!("{line}\n");
    }
    out
}

fn probes(searched: &Searched, width: usize, paint: Paint) -> String {
    let mut grid = Grid::new(width);
    grid.heading([
        "Scale",
        "seed",
        "agents",
        "customers/min",
        "messages/s",
        "delivery p99",
        "added wait",
        "took",
        "verdict",
    ]);
    for probe in &searched.probes {
        let load = |of: fn(&Probe) -> Option<f64>| {
            of(probe).map_or_else(|| "-".into(), |value| grouped(value, 1))
        };
        let added = probe.added_wait_ms;
        grid.row([
            probe.scale.to_string(),
            probe.seed.to_string(),
            grouped(probe.agents.into(), 0),
            load(|probe| Some(probe.load?.customers_per_min)),
            load(|probe| Some(probe.load?.messages_per_s)),
            say_some(Unit::Millis, probe.value(DELIVERY)),
            added.map_or_else(|| "-".into(), |added| Unit::Millis.say_measure(&added)),
            Unit::Seconds.say(probe.took_s),
            vote(probe),
        ]);
    }
    grid.render(paint)
}

/// `held`, `broke: delivery_ms_p99 and 2 more`.
fn vote(probe: &Probe) -> String {
    let first = probe.causes.first().map(|cause| match cause {
        Cause::Gate { gate, .. } => gate.measure.clone(),
        Cause::Failures { .. } => "failures".into(),
        Cause::Silence { .. } => "nobody got an agent".into(),
        Cause::Abandoned { .. } => "made people leave".into(),
        Cause::AddedWait { .. } => "added wait".into(),
        Cause::Run { .. } => "the run failed".into(),
        Cause::Generator { .. } => "it fell short".into(),
    });
    let more = match probe.causes.len() {
        0 | 1 => String::new(),
        several => format!(" and {} more", several - 1),
    };
    let first = first.map_or_else(String::new, |first| format!(": {first}{more}"));
    match probe.vote {
        Vote::Held => "held".into(),
        Vote::Broke => format!("broke{first}"),
        Vote::Bound => format!("generator{first}"),
    }
}

/// A bar a scale: the longest delivery p99 of its probes.
fn chart(searched: &Searched, paint: Paint) -> String {
    let mut scales: Vec<(f64, f64)> = Vec::new();
    for probe in &searched.probes {
        let Some(delivery) = probe.value(DELIVERY) else {
            continue;
        };
        match scales.iter_mut().find(|(scale, _)| *scale == probe.scale) {
            Some((_, most)) => *most = most.max(delivery),
            None => scales.push((probe.scale, delivery)),
        }
    }
    if scales.len() < 2 {
        return String::new();
    }
    scales.sort_by(|one, other| one.0.total_cmp(&other.0));
    let most = scales
        .iter()
        .map(|(_, delivery)| *delivery)
        .fold(0.0, f64::max);
    let mut out = format!(
        "{}\n",
        paint.heading(" Delivery p99 by scale, the longest of its probes")
    );
    for (scale, delivery) in scales {
        let columns = (delivery / most.max(f64::MIN_POSITIVE) * BAR as f64).ceil() as usize;
        let bar = paint.bar(&"█".repeat(columns.clamp(1, BAR)));
        out += &format!(" {scale:>9} {bar} {}\n", Unit::Millis.say(delivery));
    }
    out
}

/// That the added wait was not judged, with the first reason, and whether it was in no probe; nothing
/// where it was in each.
fn unjudged(searched: &Searched) -> Option<(String, bool)> {
    let not = |probe: &&Probe| probe.added_wait_not_judged.is_some();
    let unjudged = searched.probes.iter().filter(not).count();
    let why = searched
        .probes
        .iter()
        .find_map(|probe| probe.added_wait_not_judged.as_ref())?;
    let judged = |probe: &&Probe| probe.vote != Vote::Bound && probe.load.is_some();
    let played = searched.probes.iter().filter(judged).count();
    let all = unjudged >= played;
    let of = match all {
        true => String::new(),
        false => format!(" in {unjudged} of {played} probes"),
    };
    Some((format!("wait added: not judged{of}, {why}"), all))
}

/// What the reader should know besides.
fn remarks(searched: &Searched, width: usize, paint: Paint) -> String {
    let mut notes: Vec<String> = Vec::new();
    for pair in &searched.contradictions {
        notes.push(match pair.broke == pair.held {
            true => format!(
                "contradictory at scale {}: one seed broke, another held",
                pair.broke
            ),
            false => format!(
                "contradictory: a seed broke at scale {}, and one held at {}",
                pair.broke, pair.held
            ),
        });
    }
    let bounds = &searched.bounds;
    if !bounds.not_judged.is_empty() {
        notes.push(format!(
            "not judged, since it is the people's matter and alike at each scale: {}",
            bounds.not_judged.join(", ")
        ));
    }
    let asked = |gate: &&crate::measure::gate::Gate| gate.bound > 0.0;
    let gates = bounds.gates.iter().filter(asked).map(|gate| {
        let bound = Unit::of(&gate.measure).say_bound(gate.bound);
        format!("{} {} {bound}", gate.measure, gate.relation.symbol())
    });
    let unjudged = unjudged(searched);
    let added = match &unjudged {
        Some((_, true)) => String::new(),
        _ => format!(
            "wait added <= {}; ",
            Unit::Millis.say_bound(bounds.added_wait_ms)
        ),
    };
    notes.push(format!(
        "held to: {}; failed, cut, turned away <= {}; {added}no fault of integrity; two of three \
         seeds decide",
        gates.collect::<Vec<_>>().join(", "),
        Unit::Ratio.say_bound(bounds.failures_ratio),
    ));
    notes.extend(unjudged.map(|(words, _)| words));
    let mut out = String::new();
    for note in notes {
        for (part, line) in wrapped(&note, width - 4).into_iter().enumerate() {
            let indent = if part == 0 { "  " } else { "    " };
            out += &format!("{indent}{}\n", paint.faint(&line));
        }
    }
    out
}
