//! Owns the telemetry of a live run: which metrics there are, by what names, from one snapshot.
//!
//! Law: names, helps and labels are ours; of what others have written only the scenario's name gets
//! in, cleaned, so that no secret can. What is not measured is left out, and units end names.

pub mod otlp;
pub mod prometheus;

use crate::center::fate::Fate;
use crate::live::journal::Fault;
use crate::live::snapshot::Snapshot;
use crate::measure::cast::Cast;
use crate::measure::catalogue::{tells_of_agents, tells_of_customers};
use crate::measure::meter::{Buckets, METERED};
use crate::measure::tally::Latency;
use crate::wire::clean;

/// What is known of a run before it starts.
#[derive(Clone, Debug)]
pub struct Run {
    /// The scenario's name.
    pub scenario: String,
    /// The seed of all draws.
    pub seed: u64,
    /// Which replication's people are played.
    pub replication: u32,
    /// Scenario seconds a wall second.
    pub speed: f64,
    /// Who is played, by which it goes what is measured.
    pub cast: Cast,
}

/// Metrics of one name.
#[derive(Clone, Debug)]
pub struct Family<'s> {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// The values, by what tells them apart.
    pub values: Values<'s>,
}

/// The values of a family.
#[derive(Clone, Debug)]
pub enum Values<'s> {
    /// Counts that only grow.
    Counters(Vec<(Labels, u64)>),
    /// What goes up and down.
    Gauges(Vec<(Labels, f64)>),
    /// Counts of a latency, in seconds.
    Histogram(&'s Buckets),
}

/// Names and values.
pub type Labels = Vec<(&'static str, String)>;

/// Where there is one value.
const NONE: Labels = Labels::new();

/// All metrics of a run as it stands.
pub fn families<'s>(run: &Run, snapshot: &'s Snapshot) -> Vec<Family<'s>> {
    let mut families = about(run).to_vec();
    families.extend(counters(run, snapshot));
    families.extend(gauges(run, snapshot));
    let metered = METERED
        .into_iter()
        .filter(|latency| is_seen(*latency, run.cast));
    families.extend(metered.filter_map(|latency| {
        let (name, help) = histogram(latency)?;
        let values = Values::Histogram(snapshot.meter.buckets(latency)?);
        Some(Family { name, help, values })
    }));
    families
}

/// What runs.
fn about(run: &Run) -> [Family<'static>; 2] {
    let build = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    let this = vec![
        ("scenario", clean(&run.scenario)),
        ("seed", run.seed.to_string()),
        ("replication", run.replication.to_string()),
    ];
    let info = |name, help, labels| Family {
        name,
        help,
        values: Values::Gauges(vec![(labels, 1.0)]),
    };
    [
        info("busyhour_build_info", "The program, by its version.", build),
        info("busyhour_run_info", "What is played.", this),
    ]
}

fn counters<'s>(run: &Run, snapshot: &Snapshot) -> Vec<Family<'s>> {
    let meter = &snapshot.meter;
    let counter = |name, help, values| Family {
        name,
        help,
        values: Values::Counters(values),
    };
    let one = |count: u64| vec![(NONE, count)];
    let fates = Fate::ALL.map(|fate| (vec![("fate", fate.name().to_owned())], meter.fate(fate)));
    let said = [("customer", meter.messages), ("agent", meter.replies)];
    let said = said.map(|(who, count)| (vec![("from", who.to_owned())], count));
    let mut counters = vec![
        counter(
            "busyhour_chats_offered_total",
            "Chats that have asked for an agent.",
            one(meter.offered),
        ),
        counter(
            "busyhour_chats_total",
            "Chats that have ended, by how.",
            fates.to_vec(),
        ),
        counter(
            "busyhour_messages_total",
            "Messages of customers that an agent had to answer, and replies that were delivered.",
            said.to_vec(),
        ),
        counter(
            "busyhour_arrivals_not_started_total",
            "Customers whose connection this machine could not start.",
            one(snapshot.not_started.into()),
        ),
    ];
    if run.cast.plays_customers() {
        let help = "Customers who have come, each attempt counted.";
        let arrived = one(meter.arrived);
        counters.insert(
            0,
            counter("busyhour_customers_arrived_total", help, arrived),
        );
    }
    if run.cast.plays_agents() {
        let seen = |fault: &Fault| run.cast.is_everybody() || !tells_of_customers(fault.measure());
        let faults = Fault::ALL.into_iter().filter(seen).map(|fault| {
            let name = fault.measure().to_owned();
            (vec![("fault", name)], snapshot.faults(fault))
        });
        counters.push(counter(
            "busyhour_integrity_faults_total",
            "What the server did and must not.",
            faults.collect(),
        ));
    }
    if run.cast.is_everybody() {
        counters.push(counter(
            "busyhour_messages_undelivered_total",
            "Messages that did not come, since one of the two had gone.",
            one(snapshot.undelivered),
        ));
    }
    counters
}

fn gauges<'s>(run: &Run, snapshot: &Snapshot) -> Vec<Family<'s>> {
    let of_all = [
        (
            "busyhour_scenario_time_seconds",
            "The scenario's time since its start.",
            snapshot.now.as_secs_f64(),
        ),
        (
            "busyhour_speed_ratio",
            "Scenario seconds in a second on the wall.",
            run.speed,
        ),
    ];
    let of_customers = [
        (
            "busyhour_customers_present",
            "Customers who are connected, or about to be.",
            snapshot.customers.into(),
        ),
        (
            "busyhour_chats_waiting",
            "Chats that wait for an agent.",
            snapshot.queue.into(),
        ),
    ];
    let of_agents = [
        (
            "busyhour_slots_in_use",
            "Chats that agents hold, wrap-up included.",
            snapshot.slots.into(),
        ),
        (
            "busyhour_agents_online",
            "Agents online.",
            snapshot.online.into(),
        ),
        (
            "busyhour_agents_busy",
            "Agents with a chat at least.",
            snapshot.busy.into(),
        ),
    ];
    let gauge = |(name, help, value)| Family {
        name,
        help,
        values: Values::Gauges(vec![(NONE, value)]),
    };
    let of_agents = of_agents.into_iter().filter(|_| run.cast.plays_agents());
    let customers = run.cast.plays_customers();
    let of_customers = of_customers.into_iter().filter(|_| customers);
    let of_both = of_all.into_iter().chain(of_customers).chain(of_agents);
    of_both.map(gauge).collect()
}

/// Whether those who are played can measure it.
fn is_seen(latency: Latency, cast: Cast) -> bool {
    let name = format!("{}_mean", latency.name());
    match cast {
        Cast::Everybody => true,
        Cast::Customers => !tells_of_agents(&name),
        Cast::Agents => !tells_of_customers(&name),
    }
}

/// Name and help of a latency's histogram.
fn histogram(latency: Latency) -> Option<(&'static str, &'static str)> {
    Some(match latency {
        Latency::Wait => (
            "busyhour_wait_scenario_seconds",
            "Offer to assignment of chats that got an agent, in scenario seconds.",
        ),
        Latency::FirstResponse => (
            "busyhour_first_response_scenario_seconds",
            "Offer to the first reply delivered, in scenario seconds.",
        ),
        Latency::InterMessage => (
            "busyhour_inter_message_scenario_seconds",
            "A message pending to its reply delivered, in scenario seconds.",
        ),
        Latency::Handle => (
            "busyhour_handle_scenario_seconds",
            "Assignment to slot free, in scenario seconds.",
        ),
        Latency::Delivery => (
            "busyhour_delivery_seconds",
            "A message written to read by the other side, in seconds on the wall.",
        ),
        Latency::Connect => (
            "busyhour_connect_seconds",
            "A customer's dialling to the server's hello, in seconds on the wall.",
        ),
        Latency::Assignment => (
            "busyhour_assignment_seconds",
            "Opening a chat to its assignment where nobody waited, in seconds on the wall.",
        ),
        Latency::AgentOnline => (
            "busyhour_agent_online_seconds",
            "An agent's dialling to the server's confirmation, in seconds on the wall.",
        ),
        Latency::ScheduleLag => (
            "busyhour_schedule_lag_seconds",
            "How late the generator was, due to written, in seconds on the wall.",
        ),
        _ => return None,
    })
}
