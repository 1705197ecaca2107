//! Owns `Breaker`: whether so much fails at the server's door that a run had better stop.
//!
//! Law: a run is not stopped for a bad moment. What counts is what was seen in the last half of the
//! time that is given, at every look; one look that is good begins the time anew.

use std::collections::VecDeque;
use std::time::Duration;

/// A run is not stopped for fewer failures than this.
const LEAST: u64 = 10;

/// Watches over a run.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// How many failures there may be for a try.
    share: f64,
    /// How long more may fail; zero for ever.
    after: Duration,
    /// What was seen at each look of late: when, and how many failures and tries there were so far.
    looks: VecDeque<(Duration, u64, u64)>,
    /// Since when more fails, and what had failed by then.
    since: Option<(Duration, u64)>,
}

/// Why a run was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tripped {
    /// How much failed since it began.
    pub failures: u64,
    /// How long it went on.
    pub lasted: Duration,
}

impl Breaker {
    /// One that trips when there are more failures than `share` of the tries for so long; never where
    /// that is zero.
    pub fn new(share: f64, after: Duration) -> Breaker {
        Breaker {
            share,
            after,
            looks: VecDeque::from([(Duration::ZERO, 0, 0)]),
            since: None,
        }
    }

    /// Looks at `now`, on the wall since the start, when there were so many failures and so many tries;
    /// says whether it trips.
    pub fn look(&mut self, now: Duration, failures: u64, tries: u64) -> Option<Tripped> {
        if self.after.is_zero() {
            return None;
        }
        self.looks.push_back((now, failures, tries));
        // The last look before the window stays: what was seen since then counts.
        let old = now.saturating_sub(self.after / 2);
        while self.looks.get(1).is_some_and(|look| look.0 < old) {
            self.looks.pop_front();
        }
        let (_, failed, tried) = self.looks[0];
        let (failed, tried) = (failures - failed, tries - tried);
        if failed as f64 <= self.share * tried as f64 {
            self.since = None;
            return None;
        }
        let (began, before) = *self.since.get_or_insert((now, failures - failed));
        let tripped = Tripped {
            failures: failures - before,
            lasted: now - began,
        };
        let trips = tripped.lasted >= self.after && tripped.failures >= LEAST;
        trips.then_some(tripped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks ten times a second at what fails and what does not in each second; says in which it trips.
    fn trips(seconds: &[(u64, u64)], share: f64, after_s: u64) -> Option<u64> {
        let mut breaker = Breaker::new(share, Duration::from_secs(after_s));
        let (mut failures, mut outcomes) = (0, 0);
        for tick in 0..seconds.len() as u64 * 10 {
            let (bad, good) = seconds[tick as usize / 10];
            if tick % 10 == 0 {
                (failures, outcomes) = (failures + bad, outcomes + bad + good);
            }
            let now = Duration::from_millis(tick * 100);
            if breaker.look(now, failures, outcomes).is_some() {
                return Some(tick / 10);
            }
        }
        None
    }

    #[test]
    fn it_trips_where_more_than_the_share_fails_for_so_long() {
        assert_eq!(trips(&[(3, 2); 30], 0.5, 10), Some(10));
        assert_eq!(
            trips(&[(2, 2); 30], 0.5, 10),
            None,
            "no more than the share"
        );
        assert_eq!(trips(&[(3, 2); 30], 0.7, 10), None);
        assert_eq!(trips(&[(3, 2); 30], 0.5, 0), None, "never");
    }

    #[test]
    fn a_bad_moment_does_not_trip_it() {
        // All who were there are cut, and then come back.
        let mut seconds = vec![(0, 10); 5];
        seconds.push((1_000, 0));
        seconds.extend([(0, 10); 30]);
        assert_eq!(trips(&seconds, 0.5, 10), None);
        let mut seconds = vec![(9, 0); 9];
        seconds.extend([(0, 100); 3]);
        seconds.extend([(9, 0); 9]);
        seconds.extend([(0, 100); 3]);
        assert_eq!(trips(&seconds, 0.5, 10), None);
    }

    #[test]
    fn a_few_failures_do_not_trip_it() {
        let mut seconds = vec![(0, 0); 60];
        seconds.iter_mut().step_by(3).take(9).for_each(|s| s.0 = 1);
        assert_eq!(trips(&seconds, 0.5, 10), None);
        seconds.iter_mut().step_by(3).for_each(|s| s.0 = 1);
        assert_eq!(trips(&seconds, 0.5, 10), Some(27));
    }
}
