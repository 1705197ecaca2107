//! Owns `Outcome`: what a live run gives, drawn up from its ledger and its course.
//!
//! Law: figures are the recorder's; here they are joined with what only the run itself knows, how it
//! went and whether the generator did its part, and judged.

use super::Options;
use super::coordinator::Course;
use super::journal::Fault;
use super::ledger::{Ledger, SKEW, Sent};
use super::shard::Kept;
use super::target::Target;
use super::terms::Differences;
use super::tls::Trust;
use super::validity::{self, Conduct, Hill, delayed_ack};
use crate::measure::cast::Cast;
use crate::measure::cells::Cells;
use crate::measure::gate::Gate;
use crate::measure::kpi::Findings;
use crate::measure::record::Record;
use crate::measure::result::{RunKind, RunResult, ScenarioEcho};
use crate::measure::sight::Sight;
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
    /// What is kept for the merge of a part of a run.
    pub kept: Option<Kept>,
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

/// What must be known of a part of a run in which one side alone is played.
const PART_OF_ONE_SIDE: Option<&str> = Some(
    "this is one part of a run: its gates are for `busyhour merge` to judge, of all parts together",
);

/// Of a server that only carries what is said.
const DISPATCHED_HERE: Option<&str> = Some(
    "the chats were given out by this program, by the scenario's rules: the server only carried \
     what was said",
);

/// Of a protocol that nobody has tried.
const DRAFT: Option<&str> =
    Some("the protocol is a draft that was never run against a real server");

/// What is said of a run besides its figures.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// What was asked.
    echo: ScenarioEcho,
    /// What of it was seen.
    sight: Sight,
    /// How many centers of their own there were.
    centers: u32,
    /// On how many machines it was played.
    pub machines: usize,
    /// Whether a story is told.
    pub traced: bool,
    /// What the reader should know before anything else.
    pub notes: Vec<String>,
}

impl Terms {
    /// Of a run that was played here, or a part of one.
    pub fn of_run(plan: &Plan, options: &Options) -> Terms {
        let mut terms = Terms::echoing(echo(plan, options));
        terms.traced = options.trace.is_some();
        if !options.slice().is_whole() && options.start.is_none() {
            let words = "it began by itself, not together with the other parts, so that it cannot be \
                         merged with them: that takes the same --start-at for all";
            terms.notes.push(words.into());
        }
        terms
    }

    /// Of a run of which that is said.
    pub fn echoing(echo: ScenarioEcho) -> Terms {
        let doors = echo
            .target
            .as_deref()
            .map_or(0, |doors| doors.split(", ").count());
        let centers = if echo.separate { doors as u32 } else { 1 };
        let sight = match (&echo.part, echo.cast) {
            (_, Cast::Customers) => Sight::Customers,
            (_, Cast::Agents) => Sight::Agents,
            (Some(_), Cast::Everybody) => Sight::Part,
            (None, Cast::Everybody) => Sight::Whole,
        };
        let unchecked = Trust::Anybody.remark().filter(|_| echo.insecure);
        let of_part = PART_OF_ONE_SIDE.filter(|_| echo.part.is_some() && !echo.cast.is_everybody());
        let of_protocol = echo.protocol.iter().flat_map(|protocol| {
            let here = DISPATCHED_HERE.filter(|_| protocol.dispatched_here);
            let draft = DRAFT.filter(|_| protocol.draft);
            here.into_iter().chain(draft)
        });
        Terms {
            sight,
            centers,
            machines: 1,
            traced: false,
            notes: unchecked
                .into_iter()
                .chain(of_part)
                .chain(of_protocol)
                .map(str::to_owned)
                .collect(),
            echo,
        }
    }
}

/// What the run comes to.
pub(super) fn of_run(plan: &Plan, terms: &Terms, ledger: &mut Ledger, course: &Course) -> Outcome {
    let mut reasons = soundness(plan, ledger, course);
    let valid = reasons.is_empty();
    let median = ledger.millis_so_far(Latency::Delivery, 0.5);
    let hill = Hill::of(|within| ledger.count_within(Latency::Delivery, within));
    // Of a generator that was late itself nobody knows what the server did.
    let late = delayed_ack(hill, median).filter(|_| valid);
    // A server that stands still is as late with its own word that it has a message.
    let words = Hill::of(|within| ledger.count_within(Latency::Acknowledged, within));
    let late = late.filter(|_| !words.is_as_high_as(hill));
    reasons.extend(late.filter(|_| terms.sight.knows("delivery_ms_p50")));
    let (tally, mut records) = ledger.finish(course.end, course.stopped);
    if !terms.sight.sees_slots() {
        let unseen = |record: &mut Record| record.composed = Span::ENDLESS;
        records.iter_mut().for_each(unseen);
    }
    let throttled = ledger.ceilings().in_words();
    reasons.extend(throttled.filter(|_| terms.sight.knows("delivery_ms_p50")));
    reasons.extend(remarks(terms, ledger, course));
    let mut result = result(plan, terms, ledger, course, &[tally]);
    let verdict = &mut result.verdict;
    verdict.valid = Some(valid);
    verdict.reasons.extend(reasons);
    verdict.failed.clone_from(&course.failure);
    Outcome {
        result,
        records: vec![records],
        story: terms.traced.then(|| ledger.take_story()),
        evidence: evidence(plan, terms, ledger, course),
        kept: None,
    }
}

/// Why the run is not valid; empty when it is.
fn soundness(plan: &Plan, ledger: &Ledger, course: &Course) -> Vec<String> {
    let mut unsound = course.unsound.clone();
    let conduct = Conduct {
        lag_ms_p99: ledger.millis_so_far(Latency::ScheduleLag, 0.99),
        delivery_ms_p99: ledger.millis_so_far(Latency::Delivery, 0.99),
        not_started: course.not_started,
        stood_still_ratio: course.stood_still_ratio,
        lost: course.lost.clone(),
    };
    let apart = ledger.integrity().apart();
    if apart > SKEW {
        unsound.push(format!(
            "the clocks of the machines were at least {apart} apart, over {SKEW}: what one side did is \
             held against the other's at the wrong time; set the clocks by NTP"
        ));
    }
    unsound.extend(validity::faults(plan, conduct));
    unsound
}

/// What else the reader should know.
fn remarks(terms: &Terms, ledger: &Ledger, course: &Course) -> Vec<String> {
    let mut remarks = terms.notes.clone();
    if terms.machines > 1 {
        remarks.push(format!(
            "the parts were played on {} machines, whose clocks are not compared (they were at least \
             {} apart): delivery is of messages whose two sides were on one of them, round_trip_ms of \
             all",
            terms.machines,
            ledger.integrity().apart()
        ));
    }
    remarks.extend(course.remarks.each().map(|(words, times)| match times {
        1 => words.into(),
        times => format!("{words} ({times} times)"),
    }));
    let invented = ledger.integrity().invented();
    // Of a worker that was lost, and of other parts, it is not known what they have sent.
    if invented > 0 && course.lost.is_empty() && terms.sight != Sight::Part {
        let words = "that nobody had sent, by the markers of this run";
        remarks.push(match invented {
            1 => format!("a message came {words}"),
            several => format!("{several} messages came {words}"),
        });
    }
    remarks
}

fn evidence(plan: &Plan, terms: &Terms, ledger: &Ledger, course: &Course) -> Evidence {
    Evidence {
        cells: ledger.cells().clone(),
        sent: ledger.sent(),
        differences: course.differences,
        // The end of the drain is the plan's.
        stopped: course.stopped && course.end < plan.end(),
        centers: terms.centers,
    }
}

fn result(
    plan: &Plan,
    terms: &Terms,
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
        sight: terms.sight,
    };
    let label = |instant| plan.calendar.label(instant);
    let gates = gates(plan, terms);
    let gates = (&gates[..], plan.judge);
    let echo = terms.echo.clone();
    let mut result = RunResult::new(RunKind::Load, echo, &findings, gates, label);
    if terms.sight != Sight::Part {
        result.faults = integrity.found(label);
    }
    result
}

/// The plan's gates, and those on what a server must not do. A part of a run is judged with the
/// others.
fn gates(plan: &Plan, terms: &Terms) -> Vec<Gate> {
    if terms.echo.part.is_some() {
        return Vec::new();
    }
    let mut gates = plan.gates.clone();
    let measures = Fault::ALL.map(Fault::measure).into_iter();
    let seen = measures.filter(|measure| terms.sight.knows(measure));
    let asked = |measure: &&str| plan.gates.iter().any(|gate| gate.measure == *measure);
    gates.extend(seen.filter(|m| !asked(m)).map(Gate::none_of));
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
    echo.protocol = options.protocol_echo();
    echo.separate = options.separate;
    echo.cast = options.cast;
    let part = Some(options.slice()).filter(|slice| !slice.is_whole());
    echo.part = part.map(|slice| slice.to_string());
    echo.start_at = options.start.map(|start| start.agreed.to_string());
    if let Some(access) = &options.access {
        echo.insecure = access.trust == Trust::Anybody;
        let names = access.credentials.names();
        echo.headers = names.map(str::to_owned).collect();
        echo.subprotocol = access.credentials.subprotocol().map(str::to_owned);
    }
    echo
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::result::ProtocolEcho;

    #[test]
    fn what_the_server_spoke_is_remarked_on_where_it_matters() {
        let notes = |dispatched_here, draft| {
            let protocol = Some(ProtocolEcho {
                name: "mine".into(),
                dispatched_here,
                draft,
            });
            let echo = ScenarioEcho {
                protocol,
                ..ScenarioEcho::default()
            };
            Terms::echoing(echo).notes
        };
        let (here, draft) = (DISPATCHED_HERE.unwrap(), DRAFT.unwrap());
        assert!(notes(false, false).is_empty());
        assert_eq!(notes(true, false), [here]);
        assert_eq!(notes(false, true), [draft]);
        assert_eq!(notes(true, true), [here, draft]);
    }
}
