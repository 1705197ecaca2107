//! Owns `LiveClock`: between instants of the scenario and of the wall, at the run's speed.
//!
//! Law: plan times map to absolute wall instants, so that lateness never accumulates.

use std::time::Duration;

use tokio::time::Instant;

use crate::time::{Span, Time};

/// When the scenario's time zero was, and how fast its time goes.
#[derive(Clone, Copy, Debug)]
pub struct LiveClock {
    zero: Instant,
    speed: f64,
}

impl LiveClock {
    /// A clock that stands at the scenario's start now; `speed` scenario seconds a wall second.
    pub fn starting_now(speed: f64) -> LiveClock {
        LiveClock {
            zero: Instant::now(),
            speed,
        }
    }

    /// The scenario's time at a wall instant; zero before the start.
    pub fn at(&self, instant: Instant) -> Time {
        let wall = instant.saturating_duration_since(self.zero);
        Time((wall.as_nanos() as f64 * self.speed) as u64)
    }

    /// The scenario's time now.
    pub fn now(&self) -> Time {
        self.at(Instant::now())
    }

    /// The wall instant of a time that comes.
    pub fn instant(&self, time: Time) -> Instant {
        self.zero + self.wall(time.since(Time::ZERO))
    }

    /// The wall time that a length of scenario time takes.
    pub fn wall(&self, span: Span) -> Duration {
        // A hundred years stand for anything longer: beyond, the sum with an instant overflows.
        let nanos = (span.0 as f64 / self.speed).min(3.2e18);
        Duration::from_nanos(nanos as u64)
    }

    /// Scenario seconds a wall second.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn scenario_time_goes_at_the_speed() {
        let clock = LiveClock::starting_now(60.0);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.now(), Time::ZERO + Span::from_secs(120));
        let later = clock.instant(Time::ZERO + Span::from_secs(180));
        assert_eq!(later - Instant::now(), Duration::from_secs(1));
        assert!(clock.instant(Time::NEVER) > Instant::now() + Duration::from_secs(86_400));
    }
}
