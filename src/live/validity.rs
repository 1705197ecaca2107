//! Owns the validity of a live run: whether the generator did what the plan said, when it said.
//!
//! Law: validity is about the generator alone; what the server did wrong is for gates to judge. Who
//! reads the report learns of each bound that was not kept, with what to do.

use crate::scenario::plan::Plan;
use crate::time::Span;

/// What is known of the generator at the end of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conduct {
    /// The 99th percentile of the schedule lag in wall milliseconds; none when nothing was due.
    pub lag_ms_p99: Option<f64>,
    /// The 99th percentile of the delivery in wall milliseconds; none when nothing came.
    pub delivery_ms_p99: Option<f64>,
    /// Arrivals that this machine could not start.
    pub not_started: u32,
    /// The share of its time for which the worst event loop stood still.
    pub stood_still_ratio: f64,
    /// Which workers were lost, and how, a sentence each.
    pub lost: Vec<String>,
}

/// The bounds on the 99th percentile of the lag, in wall milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LagBounds {
    /// In itself, and of the delivery where that is known.
    pub of_itself: f64,
    /// By the times that people take, at the plan's speed; infinite where they take none.
    pub by_people: f64,
}

impl LagBounds {
    /// The bounds for a run in which 99 of 100 deliveries took no longer than that.
    pub fn of(plan: &Plan, delivery_ms_p99: Option<f64>) -> LagBounds {
        let validity = &plan.validity;
        let of_delivery = delivery_ms_p99.unwrap_or(0.0) * validity.lag_of_delivery;
        let human = plan.median_human_time();
        LagBounds {
            of_itself: validity.lag_ms_p99.max(of_delivery),
            by_people: validity.lag_share * human / plan.live.speed * 1e3,
        }
    }

    /// The one that counts.
    pub fn least(self) -> f64 {
        self.of_itself.min(self.by_people)
    }
}

/// Why the run is not valid; empty when it is.
pub fn faults(plan: &Plan, conduct: Conduct) -> Vec<String> {
    let lag = late(plan, &conduct);
    let mut faults = conduct.lost;
    faults.extend(lag);
    let bound = plan.validity.stood_still_ratio;
    if conduct.stood_still_ratio > bound {
        faults.push(format!(
            "an event loop of the generator stood still for {:.1} % of the time, over {} %: give the \
             generator more of the machine",
            conduct.stood_still_ratio * 100.0,
            bound * 100.0
        ));
    }
    faults.extend(not_started(conduct.not_started));
    faults
}

/// What is to be said of arrivals that this machine could not start; nothing where there are none.
pub fn not_started(count: u32) -> Option<String> {
    (count > 0).then(|| {
        format!("{count} arrivals were not started: descriptors or ports of this machine ran out")
    })
}

/// What is to be said of the lag where that is over a bound.
fn late(plan: &Plan, conduct: &Conduct) -> Option<String> {
    let bounds = LagBounds::of(plan, conduct.delivery_ms_p99);
    let bound = bounds.least();
    let lag = conduct.lag_ms_p99.filter(|lag| *lag > bound)?;
    let why = if bounds.by_people <= bounds.of_itself {
        let share = plan.validity.lag_share * 100.0;
        let speed = plan.live.speed;
        format!("{share} % of the median human time at speed {speed}: lower the speed")
    } else {
        "the scenario's bound: give the generator more of the machine".to_string()
    };
    Some(format!(
        "schedule lag p99 is {lag:.1} ms, over {bound:.1} ms, {why}"
    ))
}

/// Wall times that what waits for a delayed acknowledgement takes: Linux delays it by 40 ms from the
/// frame before, which was some milliseconds earlier.
const DELAYED_ACK: (Span, Span) = (Span::from_millis(25), Span::from_millis(47));

/// Wall times before those, and beyond them: few take the first for that, and nothing the second.
const BEFORE: (Span, Span) = (Span::from_millis(18), Span::from_millis(25));
/// As [`BEFORE`].
const BEYOND: (Span, Span) = (Span::from_millis(47), Span::from_millis(94));

/// The least share of deliveries of those times that is no chance, and the fewest.
const CLUSTERED: f64 = 0.005;
const FEWEST: u64 = 8;

/// The most that may have come before and beyond, in terms of those. Who waits from any instant on until
/// the 40 ms are over is as often a little late as much, so that 7 ms before have a third of what 22 ms
/// have, and then it ends at once. Of times that get rarer the longer they are, as of a slow server's or
/// busy machine's, those of which no more come before have two fifths beyond.
const ALONE: (f64, f64) = (0.65, 0.15);

/// Deliveries that took so long are short.
const SHORT_MS: f64 = 10.0;

/// How many deliveries took about as long as what waits for a delayed acknowledgement.
#[derive(Clone, Copy, Debug)]
pub struct Hill {
    before: u64,
    clustered: u64,
    beyond: u64,
    all: u64,
}

impl Hill {
    /// By how many took at least one time and less than another.
    pub fn of(count: impl Fn((Span, Span)) -> u64) -> Hill {
        Hill {
            before: count(BEFORE),
            clustered: count(DELAYED_ACK),
            beyond: count(BEYOND),
            all: count((Span::ZERO, Span::ENDLESS)),
        }
    }

    /// The share of those of the times above.
    fn share(self) -> f64 {
        self.clustered as f64 / self.all.max(1) as f64
    }

    /// Whether their share is half of another's, or more.
    pub fn is_as_high_as(self, other: Hill) -> bool {
        self.clustered > 0 && self.share() >= other.share() / 2.0
    }

    /// Whether they are a hill of their own, of some size.
    fn stands_out(self) -> bool {
        let at_most = |share: f64| self.clustered as f64 * share;
        let is_alone =
            self.before as f64 <= at_most(ALONE.0) && self.beyond as f64 <= at_most(ALONE.1);
        self.clustered >= FEWEST && self.share() >= CLUSTERED && is_alone
    }
}

/// A warning about the server where deliveries are short but for some that end at 40 ms: each side
/// waits for the other, the server to fill a packet (Nagle's algorithm, RFC 896), this machine to
/// acknowledge the one before.
pub fn delayed_ack(hill: Hill, delivery_ms_p50: Option<f64>) -> Option<String> {
    let short = delivery_ms_p50.filter(|median| *median < SHORT_MS);
    short.filter(|_| hill.stands_out()).map(|median| {
        format!(
            "{:.1} % of deliveries took 25 to 47 ms, more than somewhat less or more, where half of \
             all take under {:.0} ms: the server waits to fill packets (Nagle's algorithm) while this machine \
             delays its acknowledgement; set TCP_NODELAY at the server",
            hill.share() * 100.0,
            median.ceil()
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::read_text;
    use crate::stats::law::Law;

    fn plan(more: &str) -> Plan {
        let text = [
            "[calendar]\nstart = 2026-01-05T09:00:00\nhorizon = \"1h\"",
            "[arrivals]\nrate = \"10 per hour\"",
            "[customers]\nthink = \"constant(60s)\"\nexchanges = \"constant(2)\"",
            "[agents]\ncount = 1\nconcurrency = 1\nreply = \"constant(60s)\"",
            more,
        ];
        let text = text.join("\n");
        read_text("test", &text, Path::new(""), &[]).unwrap()
    }

    fn late(lag: f64, delivery: f64) -> Conduct {
        Conduct {
            lag_ms_p99: Some(lag),
            delivery_ms_p99: Some(delivery),
            ..Conduct::default()
        }
    }

    #[test]
    fn lag_is_held_against_itself_the_delivery_and_what_people_take() {
        let slow = plan("[live]\nspeed = 1\n");
        for (lag, delivery, kept) in [
            (19.9, 1.0, true),
            (20.1, 1.0, false),
            (49.0, 500.0, true),
            (51.0, 500.0, false),
            (700.0, 9_000.0, false),
        ] {
            let faults = faults(&slow, late(lag, delivery));
            assert_eq!(faults.is_empty(), kept, "{lag} {delivery}: {faults:?}");
        }
        let fast = plan("[live]\nspeed = 60\n");
        let told = faults(&fast, late(10.1, 1.0));
        assert!(told[0].contains("lower the speed"), "{told:?}");
        assert!(faults(&fast, late(9.9, 1.0)).is_empty());
    }

    #[test]
    fn who_takes_no_time_is_not_held_up() {
        let mut instant = plan("");
        instant.agents.reply = Law::constant(0.0).unwrap();
        let of_thinking = LagBounds::of(&instant, None).by_people;
        assert!((of_thinking - 600.0 / instant.live.speed).abs() < 1e-9);
        instant.customers.rules_mut().for_each(|rules| {
            rules.think = Law::constant(0.0).unwrap();
        });
        assert_eq!(LagBounds::of(&instant, None).least(), 20.0);
    }

    #[test]
    fn every_other_fault_is_told() {
        let plan = plan("");
        let conduct = Conduct {
            not_started: 3,
            stood_still_ratio: 0.25,
            lost: vec!["worker 2 of 3 was lost".into()],
            ..Conduct::default()
        };
        let told = faults(&plan, conduct).join("; ");
        for words in ["worker 2", "25.0 % of the time", "3 arrivals"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(faults(&plan, Conduct::default()).is_empty());
    }

    #[test]
    fn a_cluster_at_forty_milliseconds_is_named() {
        let told = |before, clustered, beyond, median_ms| {
            let hill = Hill {
                before,
                clustered,
                beyond,
                all: 1_000,
            };
            delayed_ack(hill, Some(median_ms))
        };
        assert!(told(1, 20, 1, 0.4).unwrap().contains("Nagle"));
        // As at Prosody, in 680 deliveries, five times.
        for (before, clustered) in [(7, 17), (8, 17), (4, 17), (6, 16), (3, 18)] {
            assert!(told(before, clustered, 0, 0.5).is_some(), "{before}");
        }
        assert_eq!(told(0, 4, 0, 0.4), None, "chance");
        assert_eq!(told(0, 20, 4, 0.4), None, "a pause has no edge");
        assert_eq!(
            told(0, 400, 0, 39.0),
            None,
            "a slow server is no such thing"
        );
        for mean_ms in [1.0, 3.0, 8.0, 14.0, 18.0, 40.0] {
            let above = |at: Span| (-at.as_secs_f64() * 1e3 / mean_ms).exp();
            let share = |(from, to)| above(from) - above(to);
            let hill = Hill::of(|within| (share(within) * 1e6) as u64);
            assert!(!hill.stands_out(), "{mean_ms} {hill:?}");
        }
    }

    /// What a server's acknowledgements say of whether it stands still.
    #[test]
    fn a_hill_is_held_against_another_by_its_share() {
        let high = |clustered| Hill {
            before: 0,
            clustered,
            beyond: 0,
            all: 100,
        };
        assert!(high(8).is_as_high_as(high(15)) && !high(7).is_as_high_as(high(15)));
        assert!(!high(0).is_as_high_as(high(0)));
    }
}
