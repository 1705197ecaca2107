//! Owns `Start`: the instant at which the scenario's time begins, where it was agreed on beforehand.
//!
//! Law: the time of day is read once, to find the instant; from then on the run goes by the clock
//! that nobody sets.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::monotonic::{Tick, tick_of};
use super::watch::Watch;
use crate::error::{Error, Result};
use crate::time::Span;

/// How often it is looked whether somebody asks for a stop.
const LOOK: Duration = Duration::from_millis(100);

/// Wall time that agents need at least to gather.
const LEAST: Duration = Duration::from_secs(1);

/// The start of a run, as it was agreed on and as it is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// By the time of day, the same everywhere.
    pub agreed: Timestamp,
    /// By this process's clock.
    pub instant: Instant,
    /// By the clock of all processes of this machine.
    pub tick: Tick,
}

impl Start {
    /// Reads a time of day with its offset, as in `2026-11-27T21:30:00Z`, that is still to come.
    ///
    /// # Errors
    /// Refused: it is none, is over, or leaves agents no time to gather.
    pub fn parse(text: &str) -> Result<Start> {
        let agreed: Timestamp = text.parse().map_err(|_| {
            Error::refused(format!("`{text}` is no time at which to start"))
                .with_remedy("write date, time and offset, as in 2026-11-27T21:30:00Z or ...+01:00")
        })?;
        let now = Timestamp::now();
        let start = Start::of(agreed, now);
        if agreed.duration_since(now) < LEAST.try_into().unwrap_or_default() {
            return Err(Error::refused(format!(
                "the start at {agreed} is over, or in less than a second: it is {now:.0}"
            ))
            .with_remedy("agree on a later --start-at, and name the same to every shard"));
        }
        Ok(start)
    }

    /// By when everybody has to be there, so long ahead.
    pub fn gathered_by(self, ahead: Duration) -> Instant {
        self.instant.checked_sub(ahead).unwrap_or(self.instant)
    }

    /// Waits until agents are to gather, so long before the start, or somebody asks for a stop.
    pub async fn wait_to_gather(self, ahead: Span, watch: &Watch) {
        let from = self.gathered_by(Duration::from_nanos(ahead.0));
        while Instant::now() < from && !watch.stops() {
            tokio::time::sleep_until(from.min(Instant::now() + LOOK)).await;
        }
    }

    /// The start that was agreed on, where it is that time of day now.
    pub fn of(agreed: Timestamp, now: Timestamp) -> Start {
        let ahead = Duration::try_from(agreed.duration_since(now)).unwrap_or_default();
        let instant = Instant::now() + ahead;
        Start {
            agreed,
            instant,
            tick: tick_of(instant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_still_to_come() {
        let ahead = |secs: i64| {
            let at = Timestamp::now() + jiff::SignedDuration::from_secs(secs);
            Start::parse(&at.to_string())
        };
        let start = ahead(100).unwrap();
        let wait = start.instant - Instant::now();
        assert!((90..=100).contains(&wait.as_secs()), "{wait:?}");
        for late in [-5, 0] {
            assert!(ahead(late).unwrap_err().plain().contains("is over"));
        }
        for none in ["", "21:30", "2026-11-27T21:30:00", "tomorrow"] {
            let told = Start::parse(none).unwrap_err().message(false);
            assert!(told.contains("2026-11-27T21:30:00Z"), "{told}");
        }
        let zoned = "2099-11-27T21:30:00+01:00";
        let agreed = Start::parse(zoned).unwrap().agreed;
        assert_eq!(agreed.to_string(), "2099-11-27T20:30:00Z");
    }
}
