//! Owns `LiveOutlook`: what a live run of a plan asks of the machine, and how fast it may go.
//!
//! Law: on the side of too much: a run refused for want of ports costs a minute, one that fails
//! in the middle costs the run.

use super::backlog::Collected;
use super::pace::Pace;
use super::staff::Staff;
use crate::measure::cast::Cast;
use crate::scenario::plan::Plan;

/// A live run of a plan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveOutlook {
    /// Scenario seconds a wall second.
    pub speed: f64,
    /// Wall seconds to the horizon.
    pub wall_s: f64,
    /// Wall seconds that the chats still open are likely to take after it: see
    /// [`Pace::draining`].
    pub drain_s: f64,
    /// Wall seconds after which the drain is cut off.
    pub drain_most_s: f64,
    /// The highest speed at which timer grain and round trip, [`GRAIN_S`] in all, are at most 1 %
    /// of the shortest mean human time; none where people take no time.
    pub sound_speed: Option<f64>,
    /// Customers connected at once, at most, where the server keeps going.
    pub customers: u64,
    /// Customers more than that where the server stands still: for as long as somebody waits to be
    /// let in.
    pub stalled: u64,
    /// Agents connected at once, at most: those of the next shift connect ahead, those of the last
    /// finish their chats.
    pub agents: u64,
    /// What each of them has of connections of its own.
    pub own: u64,
    /// Connections more, for requests that are answered at once: as many as may be made at a time.
    pub shared: u64,
    /// Connections of agents for a chat each, at most, at a server where each chat has its own.
    pub apart: u64,
    /// All connections.
    pub connections: u64,
    /// File descriptors for a server elsewhere: one a connection and a margin of 64.
    pub descriptors: u64,
    /// File descriptors with the built-in server in the same process: two a connection and a
    /// margin of 64.
    pub descriptors_with_server: u64,
    /// Customers who come back in a wall second after a cut, when most are there.
    pub returns: f64,
    /// Local ports: one a connection, and one for each that was closed in the last 60 wall seconds
    /// at the peak, in case the client's side holds it in TIME_WAIT; for one that was cut by plan it
    /// does.
    pub ports: u64,
}

/// Timer grain and round trip, in wall seconds, with some margin. On Linux, with the alarm that a
/// live run has there, 99 of 100 acts are done within 0.45 ms unless more than five hundred a second
/// are due, and what is written is read within 0.15 ms, twice for the round trip; elsewhere a timer
/// may be 2 ms late.
pub const GRAIN_S: f64 = if cfg!(target_os = "linux") {
    0.001
} else {
    0.0025
};
/// The share of the shortest mean human time that they may be.
const GRAIN_SHARE: f64 = 0.01;
/// Descriptors for everything but connections.
const MARGIN: u64 = 64;
/// Wall seconds for which a customer waits to be let in by a server that stands still.
pub const LET_IN_S: f64 = 10.0;
/// Wall seconds that a port stays in TIME_WAIT.
const TIME_WAIT_S: f64 = 60.0;

impl LiveOutlook {
    /// The outlook for a run at the plan's speed, with so many chats an hour at the peak and so
    /// many open at once.
    pub fn of(plan: &Plan, pace: &Pace, peak_per_hour: f64, chats: &Collected) -> LiveOutlook {
        let speed = plan.live.speed;
        let (holding, drain_most) = (pace.holding_full(), plan.drain_limit.as_secs_f64());
        let drain = pace.draining(chats.at_end);
        let customers = whole(chats.open);
        let lead = plan.live.connect_lead.as_secs_f64() * speed;
        let agents = Staff::widened(plan, lead, holding).greatest(plan.outline.horizon);
        let agents = u64::from(agents.min(plan.team));
        let per_wall_second = peak_per_hour / 3_600.0 * speed;
        let waits = longest_patience(plan) / speed;
        let stalled = whole((per_wall_second * waits.min(LET_IN_S)).min(plan.arrivals.expected()));
        let connections = customers.saturating_add(stalled).saturating_add(agents);
        let closed = per_wall_second * TIME_WAIT_S;
        let returns = customers as f64 * cuts_a_second(plan) * speed;
        let closed = whole(closed.min(plan.arrivals.expected()) + returns * TIME_WAIT_S);
        LiveOutlook {
            speed,
            wall_s: plan.outline.horizon.since(plan.begin).as_secs_f64() / speed,
            drain_s: drain.min(drain_most) / speed,
            drain_most_s: drain_most / speed,
            sound_speed: shortest_human_time(plan).map(|secs| GRAIN_SHARE * secs / GRAIN_S),
            customers,
            stalled,
            agents,
            own: 1,
            shared: 0,
            apart: 0,
            connections,
            descriptors: connections.saturating_add(MARGIN),
            descriptors_with_server: connections.saturating_mul(2).saturating_add(MARGIN),
            returns,
            ports: connections.saturating_add(closed),
        }
    }

    /// The same at a server where each person has so many connections of its own, and more for
    /// `requests`: a customer has one under way at a time, and an agent one, and one in each chat; and
    /// agents one for each of so many chats at most that have one `apart`, 0 where none has.
    #[must_use]
    pub fn spoken(self, own: u64, requests: bool, apart: u64) -> LiveOutlook {
        let people = self.customers.saturating_add(self.stalled);
        let people = people.saturating_add(self.agents);
        let shared = match requests {
            true => people.saturating_add(self.customers),
            false => 0,
        };
        let closed = self.ports - self.connections;
        let connections = people.saturating_mul(own).saturating_add(shared);
        let connections = connections.saturating_add(apart);
        // One that a chat has of its agent is closed as often as its customer's.
        let ends = own + u64::from(apart > 0);
        LiveOutlook {
            own,
            shared,
            apart,
            connections,
            descriptors: connections.saturating_add(MARGIN),
            descriptors_with_server: connections.saturating_mul(2).saturating_add(MARGIN),
            ports: connections.saturating_add(closed.saturating_mul(ends)),
            ..self
        }
    }

    /// The same of a run in which these people are played: customers who are strangers' connections
    /// are not this machine's. Those of a staff that is the server's own stay on the safe side.
    pub fn played_by(self, cast: Cast) -> LiveOutlook {
        if cast.plays_customers() {
            return self;
        }
        let connections = self.agents;
        LiveOutlook {
            customers: 0,
            stalled: 0,
            connections,
            descriptors: connections.saturating_add(MARGIN),
            descriptors_with_server: connections.saturating_mul(2).saturating_add(MARGIN),
            returns: 0.0,
            ports: connections,
            ..self
        }
    }
}

/// How often in a scenario second a customer who is there is cut by plan.
fn cuts_a_second(plan: &Plan) -> f64 {
    let classes = plan.customers.iter();
    let cuts = classes.filter_map(|(share, class)| Some((share, class.disconnect.as_ref()?)));
    let cuts = cuts.map(|(share, cut)| share / (cut.every.mean() + cut.away.mean()));
    cuts.sum()
}

/// How long customers wait in the queue, but for one in a hundred, in scenario seconds; infinite
/// where somebody waits for ever.
fn longest_patience(plan: &Plan) -> f64 {
    let classes = plan.customers.iter();
    let patience = classes.map(|(_, class)| class.queue_patience.quantile(0.99));
    patience.fold(0.0, f64::max)
}

fn whole(value: f64) -> u64 {
    value.ceil() as u64
}

/// The shortest mean time that people of the plan take for anything, in scenario seconds.
fn shortest_human_time(plan: &Plan) -> Option<f64> {
    let agents = [plan.agents.reply.mean(), plan.agents.wrap_up.mean()];
    let customers = plan.customers.iter().flat_map(|(_, class)| {
        let several = class.exchanges.mean() > 1.0;
        [
            class.queue_patience.mean(),
            class.reply_patience.mean(),
            if several { class.think.mean() } else { 0.0 },
        ]
    });
    let times = customers.chain(agents);
    let real = times.filter(|secs| *secs > 0.0 && secs.is_finite());
    real.min_by(f64::total_cmp)
}
