//! Owns `LiveClock`: between instants of the scenario and of the wall, at the run's speed.
//!
//! Law: plan times map to absolute wall instants, so that lateness never accumulates; when the
//! wall has come to the instant of a time, that time has come. The generator and the built-in
//! server's ageing and inactivity go by it.

use std::time::Duration;

use tokio::time::Instant;

use crate::time::{Span, Time};

/// A scenario time with its wall instant, and how fast the scenario's time goes.
#[derive(Clone, Copy, Debug)]
pub struct LiveClock {
    zero: Instant,
    origin: Time,
    speed: f64,
}

impl LiveClock {
    /// A clock that stands at `origin` now; `speed` scenario seconds a wall second.
    pub fn starting_now(origin: Time, speed: f64) -> LiveClock {
        LiveClock::starting(Instant::now(), origin, speed)
    }

    /// A clock that stands at `origin` until the instant `zero` and goes from then on.
    pub fn starting(zero: Instant, origin: Time, speed: f64) -> LiveClock {
        LiveClock {
            zero,
            origin,
            speed,
        }
    }

    /// The same clock after a jump: it stands at `to` now.
    #[must_use]
    pub fn jumped(self, to: Time) -> LiveClock {
        LiveClock::starting_now(to, self.speed)
    }

    /// The scenario's time at a wall instant; where the clock started for those before.
    pub fn at(&self, instant: Instant) -> Time {
        let wall = instant.saturating_duration_since(self.zero);
        self.origin + Span((wall.as_nanos() as u64 as f64 * self.speed) as u64)
    }

    /// The scenario's time now.
    pub fn now(&self) -> Time {
        self.at(Instant::now())
    }

    /// The wall instant of a time that comes; for a time before the clock started, that of its
    /// start.
    pub fn instant(&self, time: Time) -> Instant {
        self.zero + self.wall(time.since(self.origin))
    }

    /// The wall time that a length of scenario time takes, at least.
    pub fn wall(&self, span: Span) -> Duration {
        // A hundred years stand for anything longer: beyond, the sum with an instant overflows.
        let exact = (span.0 as f64 / self.speed).min(3.2e18);
        // Everybody asks whenever woken, and `ceil` is a call of the C library's.
        let whole = exact as u64;
        Duration::from_nanos(whole + u64::from((whole as f64) < exact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn scenario_time_goes_at_the_speed() {
        let at = |secs| Time::ZERO + Span::from_secs(secs);
        let clock = LiveClock::starting_now(at(30), 60.0);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(clock.now(), at(150));
        assert_eq!(
            clock.instant(at(210)) - Instant::now(),
            Duration::from_secs(1)
        );
        assert!(clock.instant(Time::NEVER) > Instant::now() + Duration::from_secs(86_400));
        let clock = clock.jumped(at(3_600));
        assert_eq!(clock.now(), at(3_600));
        assert_eq!(
            clock.instant(at(150)),
            Instant::now(),
            "what was due before the jump was due then"
        );
    }
}
