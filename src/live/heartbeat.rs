//! Owns `Heartbeat`: whether an event loop goes on.
//!
//! Law: it beats in the loop itself, so that whatever holds that up holds the beat up: another
//! process on its processor, a stop, too much work at once.

use std::time::Duration;

use tokio::time::Instant;

use crate::time::Span;

/// A beat that is so much later than it should be counts as a stand-still.
const LATE: Duration = Duration::from_millis(100);

/// The beat of an event loop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heartbeat {
    every: Duration,
    started: Option<Instant>,
    last: Option<Instant>,
    stood_still: Duration,
}

impl Heartbeat {
    /// It is to beat so often from now on.
    pub fn starting_now(every: Duration) -> Heartbeat {
        let now = Some(Instant::now());
        Heartbeat {
            every,
            started: now,
            last: now,
            stood_still: Duration::ZERO,
        }
    }

    /// Beats.
    pub fn beat(&mut self) {
        let now = Instant::now();
        let last = self.last.replace(now).unwrap_or(now);
        let late = (now - last).saturating_sub(self.every);
        if late >= LATE {
            self.stood_still += late;
        }
    }

    /// Wall time from the start to the last beat.
    pub fn played(&self) -> Span {
        let played = self
            .last
            .zip(self.started)
            .map(|(last, start)| last - start);
        Span(played.unwrap_or_default().as_nanos() as u64)
    }

    /// Wall time for which the loop stood still.
    pub fn stood_still(&self) -> Span {
        Span(self.stood_still.as_nanos() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_is_long_counts() {
        let mut heart = Heartbeat::starting_now(Duration::from_millis(100));
        for millis in [100, 180, 100, 600, 100] {
            tokio::time::advance(Duration::from_millis(millis)).await;
            heart.beat();
        }
        assert_eq!(heart.played(), Span::from_millis(1_080));
        assert_eq!(heart.stood_still(), Span::from_millis(500));
    }
}
