//! Owns `Outcome`: what a live run gives, drawn up from its ledger and its course.
//!
//! Law: figures are the recorder's; here they are joined with what only the run itself knows, how it
//! went and whether the generator did its part, and judged.

use super::Options;
use super::coordinator::Course;
use super::journal::Fault;
use super::ledger::{Ledger, Sent};
use super::target::Target;
use super::terms::Differences;
use super::tls::Trust;
use super::validity::{self, Conduct};
use crate::measure::cells::Cells;
use crate::measure::gate::Gate;
use crate::measure::kpi::Findings;
use crate::measure::record::Record;
use crate::measure::result::{RunKind, RunResult, ScenarioEcho};
use crate::measure::story::Story;
use crate::measure::tally::{Latency, Tally};
use crate::scenario::plan::Plan;
use crate::time::Span;

/// What a live run gives.
#[derive(Debug)]
pub struct Outcome {
    /// The result, not yet settled: who asked for a stop is for the caller to say.
    pub result: RunResult,
    /// Rows by customer, one list; empty unless asked for.
    pub records: Vec<Vec<Record>>,
    /// The story of the customer who was traced.
    pub story: Option<Story>,
    /// What its figures can be explained by.
    pub evidence: Evidence,
}

/// What the figures of a live run can be explained by.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What customers found by the time of their offer.
    pub cells: Cells,
    /// What people sent.
    pub sent: Sent,
    /// By which rules the server goes otherwise than the scenario.
    pub differences: Differences,
    /// Whether it was stopped before its end.
    pub stopped: bool,
    /// How many centers of their own there were.
    pub centers: u32,
}

/// What the run comes to.
pub fn of_run(plan: &Plan, options: &Options, ledger: &mut Ledger, course: &Course) -> Outcome {
    let mut reasons = soundness(plan, ledger, course);
    let valid = reasons.is_empty();
    let clustered = ledger.share_within(Latency::Delivery, validity::DELAYED_ACK);
    let median = ledger.millis_so_far(Latency::Delivery, 0.5);
    reasons.extend(validity::delayed_ack(clustered, median));
    let (tally, mut records) = ledger.finish(course.end, course.stopped);
    if options.only_customers {
        let unseen = |record: &mut Record| record.composed = Span::ENDLESS;
        records.iter_mut().for_each(unseen);
    }
    reasons.extend(remarks(options, ledger, course));
    let mut result = result(plan, options, ledger, course, &[tally]);
    let verdict = &mut result.verdict;
    verdict.valid = Some(valid);
    verdict.reasons.extend(reasons);
    let failure = course.failure.as_ref();
    verdict.failed = failure.map(|error| error.plain().to_string());
    Outcome {
        result,
        records: vec![records],
        story: options.trace.map(|_| ledger.take_story()),
        evidence: evidence(plan, options, ledger, course),
    }
}

/// Why the run is not valid; empty when it is.
fn soundness(plan: &Plan, ledger: &Ledger, course: &Course) -> Vec<String> {
    let conduct = Conduct {
        lag_ms_p99: ledger.millis_so_far(Latency::ScheduleLag, 0.99),
        delivery_ms_p99: ledger.millis_so_far(Latency::Delivery, 0.99),
        not_started: course.not_started,
        stood_still_ratio: course.stood_still_ratio,
        lost: course.lost.clone(),
    };
    validity::faults(plan, conduct)
}

/// What else the reader should know.
fn remarks(options: &Options, ledger: &Ledger, course: &Course) -> Vec<String> {
    let access = options.access.as_deref();
    let unchecked = access.and_then(|access| access.trust.remark());
    let mut remarks: Vec<String> = unchecked.map(str::to_owned).into_iter().collect();
    remarks.extend(course.remarks.iter().map(|(words, times)| match times {
        1 => words.clone(),
        times => format!("{words} ({times} times)"),
    }));
    let invented = ledger.integrity().invented();
    // Of a worker that was lost it is not known what it has sent.
    if invented > 0 && course.lost.is_empty() {
        let words = "that nobody had sent, by the markers of this run";
        remarks.push(match invented {
            1 => format!("a message came {words}"),
            several => format!("{several} messages came {words}"),
        });
    }
    remarks
}

fn evidence(plan: &Plan, options: &Options, ledger: &Ledger, course: &Course) -> Evidence {
    Evidence {
        cells: ledger.cells().clone(),
        sent: ledger.sent(),
        differences: course.differences,
        // The end of the drain is the plan's.
        stopped: course.stopped && course.end < plan.end(),
        centers: match options.separate {
            true => options.targets.len() as u32,
            false => 1,
        },
    }
}

fn result(
    plan: &Plan,
    options: &Options,
    ledger: &Ledger,
    course: &Course,
    tallies: &[Tally],
) -> RunResult {
    let integrity = ledger.integrity();
    let mut counts = vec![("not_started", u64::from(course.not_started))];
    counts.extend(Fault::ALL.map(|fault| (fault.measure(), integrity.count(fault))));
    counts.push(("undelivered", integrity.undelivered()));
    let findings = Findings {
        outline: &plan.outline,
        tallies,
        pool: ledger.pool(),
        live: Some(&counts),
        agents: !options.only_customers,
    };
    let label = |instant| plan.calendar.label(instant);
    let gates = gates(plan, options);
    let gates = (&gates[..], plan.judge);
    let echo = echo(plan, options);
    let mut result = RunResult::new(RunKind::Load, echo, &findings, gates, label);
    result.faults = integrity.found(label);
    result
}

/// The plan's gates, and those on what a server must not do.
fn gates(plan: &Plan, options: &Options) -> Vec<Gate> {
    let mut gates = plan.gates.clone();
    if !options.only_customers {
        let measures = Fault::ALL.map(Fault::measure).into_iter();
        let asked = |measure: &&str| plan.gates.iter().any(|gate| gate.measure == *measure);
        gates.extend(measures.filter(|m| !asked(m)).map(Gate::none_of));
    }
    gates
}

fn echo(plan: &Plan, options: &Options) -> ScenarioEcho {
    let mut echo = plan.echo();
    echo.replications = 1;
    echo.replication = Some(options.replication);
    echo.speed = Some(plan.live.speed);
    let doors: Vec<String> = options.targets.iter().map(Target::to_string).collect();
    echo.target = Some(match doors.is_empty() {
        true => "built-in".into(),
        false => doors.join(", "),
    });
    echo.separate = options.separate;
    echo.only_customers = options.only_customers;
    if let Some(access) = &options.access {
        echo.insecure = access.trust == Trust::Anybody;
        let names = access.credentials.names();
        echo.headers = names.map(str::to_owned).collect();
        echo.subprotocol = access.credentials.subprotocol().map(str::to_owned);
    }
    echo
}
